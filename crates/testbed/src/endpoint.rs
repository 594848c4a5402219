//! One endpoint: its listener, its health check and its sockets, each obeying the fault of the
//! moment.

use crate::fault::Fault;
use axum::Router;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// An endpoint that is being served.
#[derive(Clone, Debug)]
pub struct Served {
    name: String,
    address: SocketAddr,
    fault: watch::Sender<Fault>,
}

impl Served {
    pub(crate) fn start(name: String, address: SocketAddr) -> anyhow::Result<Self> {
        let listener = listen(address)?;
        let address = listener.local_addr()?;
        let (fault, watched) = watch::channel(Fault::default());
        let served = Self { name, address, fault };
        tokio::spawn(served.clone().serve(listener, watched));
        Ok(served)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// URL of its WebSocket.
    pub fn connect_url(&self) -> String {
        format!("ws://{}/live", self.address)
    }

    /// URL of its health check.
    pub fn health_url(&self) -> String {
        format!("http://{}/_ping", self.address)
    }

    /// How it behaves now.
    pub fn fault(&self) -> Fault {
        *self.fault.borrow()
    }

    /// Makes it behave so from now on.
    pub fn set_fault(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    async fn serve(self, listener: TcpListener, mut fault: watch::Receiver<Fault>) {
        let router = Router::new()
            .route("/_ping", any(ping))
            .route("/live", get(live))
            .layer(middleware::from_fn_with_state(self.clone(), allow_origins))
            .with_state(self.clone());
        let mut listener = Some(listener);
        let mut connections = JoinSet::new();
        loop {
            let now = *fault.borrow_and_update();
            if now == Fault::Kill {
                connections.abort_all();
            }
            if now.refuses() {
                listener = None;
            } else if listener.is_none() {
                listener = listen(self.address).ok();
            }
            let accept = async {
                match &listener {
                    Some(listener) => listener.accept().await.ok(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = fault.changed() => if changed.is_err() { return },
                Some((stream, _)) = accept => {
                    // Small messages must not wait for each other.
                    let _ = stream.set_nodelay(true);
                    let service = TowerToHyperService::new(router.clone());
                    connections.spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service).with_upgrades());
                }
                Some(_) = connections.join_next() => {}
            }
        }
    }

    /// Waits out a hang.
    async fn answering(&self) {
        let mut fault = self.fault.subscribe();
        // The sender is ours, so the wait cannot fail.
        let _ = fault.wait_for(|fault| *fault != Fault::Hang).await;
    }
}

fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // The port must be ours again right after a kill.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(1024)
}

/// Lets pages of any origin ask and see the answer, unless that is the fault.
async fn allow_origins(State(served): State<Served>, request: Request, next: Next) -> Response {
    served.answering().await;
    let preflight = request.method() == Method::OPTIONS;
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    if served.fault() != Fault::NoCors {
        let any = HeaderValue::from_static("*");
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any.clone());
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, any.clone());
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_METHODS, any);
        response
            .headers_mut()
            .insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("retry-after"));
    }
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn ping(State(served): State<Served>) -> Response {
    match served.fault() {
        Fault::Status(code) => {
            StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        Fault::Maintenance => (
            StatusCode::SERVICE_UNAVAILABLE,
            [(header::RETRY_AFTER, "30")],
            "Under maintenance, back in 30 seconds",
        )
            .into_response(),
        Fault::Slow(millis) => {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            "OK".into_response()
        }
        _ => "OK".into_response(),
    }
}

async fn live(State(served): State<Served>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| talk(served, socket))
}

/// Greets with the endpoint's name, then echoes, until the fault of the moment forbids it.
async fn talk(served: Served, mut socket: WebSocket) {
    let mut fault = served.fault.subscribe();
    if !served.fault().silences() && socket.send(Message::text(served.name.as_str())).await.is_err()
    {
        return;
    }
    loop {
        tokio::select! {
            changed = fault.changed() => {
                let now = *fault.borrow_and_update();
                match now {
                    _ if changed.is_err() => return,
                    // Dropped without a close frame, as by a server that died.
                    Fault::Kill => return,
                    Fault::Close(code) => {
                        let frame = CloseFrame { code, reason: "as told".into() };
                        let _ = socket.send(Message::Close(Some(frame))).await;
                        return;
                    }
                    _ => {}
                }
            }
            message = socket.recv() => match message {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                    if !served.fault().silences() && socket.send(message).await.is_err() {
                        return;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            }
        }
    }
}
