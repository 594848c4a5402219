//! One WebSocket of a connection.

use crate::connection::{Message, Sockets};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use steadfast::{ConnectionId, Endpoint};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::{Error, Message as Frame, protocol::WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// Messages that wait for a socket which is slow to take them.
const MESSAGES_UNDER_WAY: usize = 64;
/// Maximum number of bytes of a message that arrives.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// The engine need not know how many messages there are, only that there are some.
const REPORT_EVERY: Duration = Duration::from_millis(250);
/// How long the end of a socket may take, once either side has said that it closes.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A socket that is open or about to be. Letting go of it closes it.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) outgoing: mpsc::Sender<Message>,
    _held: oneshot::Sender<Infallible>,
}

/// Opens a socket, in a task of its own that reports what becomes of it.
pub(crate) fn open(id: ConnectionId, endpoint: Arc<Endpoint>, sockets: Sockets) -> Socket {
    let (outgoing, from_app) = mpsc::channel(MESSAGES_UNDER_WAY);
    let (held, let_go) = oneshot::channel();
    let url = endpoint.connect.as_str().to_owned();
    tokio::spawn(async move {
        run(id, &url, from_app, let_go, &sockets).await;
    });
    Socket { endpoint, outgoing, _held: held }
}

async fn run(
    id: ConnectionId,
    url: &str,
    from_app: mpsc::Receiver<Message>,
    mut let_go: oneshot::Receiver<Infallible>,
    sockets: &Sockets,
) {
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let stream = tokio::select! {
        _ = &mut let_go => return,
        connected = connect_async_with_config(url, Some(limits), true) => connected,
    };
    let Ok((stream, _)) = stream else { return sockets.closed(id, None) };
    sockets.opened(id);
    let (outgoing, mut incoming) = stream.split();
    let mut writing = pin!(write(outgoing, from_app));
    let written = tokio::select! {
        code = read(id, &mut incoming, sockets) => {
            // The app hears of it at once; the server's close is answered meanwhile.
            sockets.closed(id, code);
            let answering = async { while let Some(Ok(_)) = incoming.next().await {} };
            let _ = timeout(CLOSE_WITHIN, answering).await;
            return;
        }
        () = &mut writing => true,
        _ = let_go => false,
    };
    // What the app has sent goes out first, and what arrives meanwhile is the app's.
    let goodbye = async {
        if !written {
            writing.await;
        }
        while arrived(incoming.next().await, sockets).is_continue() {}
    };
    let _ = timeout(CLOSE_WITHIN, goodbye).await;
}

/// Sends what the app sends, and then closes: there is no more once the app has let go.
async fn write(mut outgoing: SplitSink<Stream, Frame>, mut from_app: mpsc::Receiver<Message>) {
    while let Some(message) = from_app.recv().await {
        if outgoing.send(frame(message)).await.is_err() {
            // The reader reports why.
            std::future::pending::<()>().await;
        }
    }
    let _ = outgoing.close().await;
}

/// Passes on what arrives, and reports the socket alive; returns the close code, if there is one.
async fn read(
    id: ConnectionId,
    incoming: &mut SplitStream<Stream>,
    sockets: &Sockets,
) -> Option<u16> {
    let mut reported = None::<Instant>;
    loop {
        if let ControlFlow::Break(code) = arrived(incoming.next().await, sockets) {
            return code;
        }
        if reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY) {
            reported = Some(Instant::now());
            sockets.alive(id);
        }
    }
}

/// Passes a frame on; breaks with the close code, if the server gave one, when it was the last.
fn arrived(frame: Option<Result<Frame, Error>>, sockets: &Sockets) -> ControlFlow<Option<u16>> {
    match frame {
        Some(Ok(Frame::Text(text))) => sockets.received(Message::Text(text.as_str().to_owned())),
        Some(Ok(Frame::Binary(bytes))) => sockets.received(Message::Binary(bytes.into())),
        Some(Ok(Frame::Close(close))) => {
            return ControlFlow::Break(close.map(|close| close.code.into()));
        }
        Some(Ok(_)) => {}
        Some(Err(_)) | None => return ControlFlow::Break(None),
    }
    ControlFlow::Continue(())
}

fn frame(message: Message) -> Frame {
    match message {
        Message::Text(text) => Frame::Text(text.into()),
        Message::Binary(bytes) => Frame::Binary(bytes.into()),
    }
}
