//! A server of the tests' own, for what the testbed does not do.

use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use steadfast::Endpoint;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

/// A connection to the server.
pub(crate) struct Accepted {
    /// Path and query, and the header `authorization`.
    pub(crate) path: String,
    pub(crate) authorization: String,
    /// The subprotocols that were offered.
    pub(crate) protocols: String,
    stream: WebSocketStream<TcpStream>,
}

/// A server that hands its connections to the test.
pub(crate) struct Server {
    pub(crate) endpoint: Endpoint,
    accepted: mpsc::UnboundedReceiver<Accepted>,
    status: watch::Sender<Option<u16>>,
    /// How many times it has answered with a status.
    refused: Arc<AtomicUsize>,
}

impl Server {
    /// One that answers with `status` instead of opening, if there is one. It has no health check.
    pub(crate) fn start(name: &str, status: Option<u16>) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // What a test does not read holds the client back soon.
        socket.set_recv_buffer_size(1 << 16).unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(16).unwrap();
        let url = format!("ws://{}/live", listener.local_addr().unwrap());
        let endpoint = Endpoint::without_check(name, url.parse().unwrap());
        let (sender, accepted) = mpsc::unbounded_channel();
        let sender = Arc::new(sender);
        let (changed, status) = watch::channel(status);
        let refused = Arc::<AtomicUsize>::default();
        let refusals = refused.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (sender, status) = (sender.clone(), *status.borrow());
                refusals.fetch_add(usize::from(status.is_some()), Ordering::SeqCst);
                tokio::spawn(async move {
                    let _ = sender.send(accept(stream, status).await?);
                    Ok::<_, Error>(())
                });
            }
        });
        Self { endpoint, accepted, status: changed, refused }
    }

    /// Waits until so many attempts were answered with a status.
    pub(crate) async fn has_refused(&self, times: usize) {
        while self.refused.load(Ordering::SeqCst) < times {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Answers with `status` from now on instead of opening, or opens.
    pub(crate) fn answer(&self, status: Option<u16>) {
        self.status.send_replace(status);
    }

    /// A connection that waits already.
    pub(crate) fn try_next(&mut self) -> Option<Accepted> {
        self.accepted.try_recv().ok()
    }

    /// The next connection.
    pub(crate) async fn next(&mut self) -> Accepted {
        crate::within("a connection", self.accepted.recv()).await.unwrap()
    }
}

async fn accept(stream: TcpStream, status: Option<u16>) -> Result<Accepted, Error> {
    let (mut path, mut authorization, mut protocols) = Default::default();
    #[expect(clippy::result_large_err, reason = "so the library has it")]
    let look = |request: &Request, answer: Response| {
        path = request.uri().to_string();
        let header = |name| {
            let value = request.headers().get(name)?.to_str().unwrap();
            Some(value.to_owned())
        };
        authorization = header("authorization").unwrap_or_default();
        protocols = header("sec-websocket-protocol").unwrap_or_default();
        let Some(status) = status else { return Ok(answer) };
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::from_u16(status).unwrap();
        Err(refusal)
    };
    let stream = tokio_tungstenite::accept_hdr_async(stream, look).await?;
    Ok(Accepted { path, authorization, protocols, stream })
}

impl Accepted {
    /// The next text; `None` once the client has closed.
    pub(crate) async fn text(&mut self) -> Option<String> {
        loop {
            match crate::within("a frame", self.stream.next()).await {
                Some(Ok(Frame::Text(text))) => return Some(text.as_str().to_owned()),
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next bytes; `None` once the client has closed.
    pub(crate) async fn binary(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.stream.next().await {
                Some(Ok(Frame::Binary(bytes))) => return Some(bytes.into()),
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Takes a message, and answers a ping. True if it was none.
    pub(crate) async fn answer(&mut self) -> bool {
        let frame = crate::within("a frame", self.stream.next()).await.unwrap().unwrap();
        let is_ping = frame.is_text();
        if is_ping {
            self.send("pong").await;
        }
        !is_ping
    }

    /// Reads so many bytes of the connection itself, at most `each` within 100 ms.
    pub(crate) async fn read_slowly(&mut self, total: usize, each: usize) {
        let mut piece = vec![0; each];
        for _ in 0..total / each {
            self.stream.get_mut().read_exact(&mut piece).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// With which code and reason the client closes.
    pub(crate) async fn close_frame(&mut self) -> Option<(u16, String)> {
        loop {
            match crate::within("a frame", self.stream.next()).await? {
                Ok(Frame::Close(close)) => {
                    return close
                        .map(|close| (close.code.into(), close.reason.as_str().to_owned()));
                }
                Ok(_) => {}
                Err(_) => return None,
            }
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.send(Frame::text(text)).await.unwrap();
    }

    /// Sends a text, if the client still listens.
    pub(crate) async fn try_send(&mut self, text: &str) -> Result<(), Error> {
        self.stream.send(Frame::text(text)).await
    }

    pub(crate) async fn close(&mut self, code: u16) {
        let close = CloseFrame { code: CloseCode::from(code), reason: "so it is".into() };
        self.stream.send(Frame::Close(Some(close))).await.unwrap();
    }

    /// Breaks off.
    pub(crate) fn kill(self) {
        drop(self);
    }
}
