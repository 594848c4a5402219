//! One WebSocket of a socket, from its handshake to its end.

use super::candidate::Candidate;
use super::event::Farewell;
use super::face::{Before, Face, LegEnd, LegHandle, Turn};
use super::handshake;
use super::options::BoxError;
use super::reading::Reading;
use super::signs::Signs;
use super::writing::{send_rest, write};
use crate::Message;
use futures_util::{SinkExt, StreamExt};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};
use steadfast::socket::prepare_limit;
use steadfast::{ConnectionId, Endpoint, Input};
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub(super) type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What is reported where the app's own function has failed: an application's code, which blames no
/// server.
const APPS_OWN: u16 = 4000;
/// How long the end of a connection may take, once either side has said that it closes.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// A connection in the making.
pub(super) struct Leg {
    id: ConnectionId,
    endpoint: Arc<Endpoint>,
    face: Arc<Face>,
    begun: Instant,
    reading: Reading,
    signs: Signs,
    let_go: oneshot::Receiver<Farewell>,
    cut: Arc<Notify>,
    /// Dropped at the end, which tells the one that comes after it.
    done: oneshot::Sender<()>,
}

/// Opens a connection for a socket, in a task of its own that reports what becomes of it.
pub(super) fn open(face: &Arc<Face>, id: ConnectionId, endpoint: Arc<Endpoint>) {
    let (let_go, released) = oneshot::channel();
    let (promoted, turn) = oneshot::channel();
    let (done_sender, done) = oneshot::channel();
    let cut = Arc::new(Notify::new());
    let signs = Signs::default();
    let name = endpoint.name.clone();
    let own = Before { endpoint: name, signs: signs.clone(), done, cut: cut.clone() };
    let handle =
        LegHandle { endpoint: endpoint.clone(), let_go, turn: Some(Turn { promoted, own }) };
    let Some(slot) = face.begin(id, handle) else { return };
    let leg = Leg {
        id,
        endpoint,
        face: face.clone(),
        begun: Instant::now(),
        reading: Reading::new(face.clone(), id, slot, turn, signs.clone()),
        signs,
        let_go: released,
        cut,
        done: done_sender,
    };
    tokio::spawn(leg.run());
}

impl Leg {
    async fn run(mut self) {
        let opening = handshake::open(&self.face, &self.endpoint);
        let stream = tokio::select! {
            _ = &mut self.let_go => return,
            opened = opening => opened,
        };
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(handshake::Failure::Server(end)) => {
                // Who we are is refused, by a server that works: as a close code, by custom.
                let refused = end.status.filter(|status| matches!(status, 401 | 403));
                return self.face.ended(self.id, refused.map(|status| 4000 + status), &end);
            }
            Err(handshake::Failure::App(error)) => return self.fail_by_app(&*error),
        };
        let prepared = tokio::select! {
            _ = &mut self.let_go => return,
            prepared = prepare(&self.face, self.id, &self.endpoint, self.begun, &mut stream) => prepared,
        };
        match prepared {
            Ok(rest) => self.reading.begin_with(rest),
            Err(error) => {
                self.fail_by_app(&*error);
                let _ = timeout(CLOSE_WITHIN, stream.close(None)).await;
                return;
            }
        }
        self.face.link.send(Input::ConnectionOpened { id: self.id });
        self.carry(stream).await;
    }

    /// The app's own function has failed: no server is blamed.
    fn fail_by_app(&self, error: &dyn std::error::Error) {
        let end = LegEnd { reason: error.to_string(), ..LegEnd::default() };
        self.face.ended(self.id, Some(APPS_OWN), &end);
    }

    /// Sends and receives until either side closes.
    async fn carry(self, stream: Stream) {
        let Self { id, face, mut reading, signs, mut let_go, cut, done, .. } = self;
        let (mut sink, mut incoming) = stream.split();
        let farewell = {
            let mut writing = pin!(write(&mut sink, &face, id, signs));
            tokio::select! {
                end = reading.until_end(&mut incoming) => {
                    // The app hears of it at once; the server's close is answered meanwhile.
                    face.ended(id, end.code, &end);
                    drop(done);
                    let answering = async { while let Some(Ok(_)) = incoming.next().await {} };
                    let _ = timeout(CLOSE_WITHIN, answering).await;
                    return;
                }
                farewell = &mut let_go => farewell.unwrap_or_default(),
                // It writes until it is let go of, or its connection is another's.
                () = &mut writing => (&mut let_go).await.unwrap_or_default(),
            }
        };
        // What was accepted goes out first, and what arrives meanwhile is the app's.
        let goodbye = async {
            send_rest(&mut sink, &face, id).await;
            let code = CloseCode::from(farewell.code);
            let close = CloseFrame { code, reason: farewell.reason.into() };
            if sink.send(Frame::Close(Some(close))).await.is_ok() {
                reading.until_end(&mut incoming).await;
            }
        };
        tokio::select! {
            _ = timeout(CLOSE_WITHIN, goodbye) => {}
            () = cut.notified() => {}
        }
    }
}

/// Lets the app prepare a connection that is to take over from another one. Returns what has arrived
/// meanwhile.
async fn prepare(
    face: &Face,
    id: ConnectionId,
    endpoint: &Endpoint,
    begun: Instant,
    stream: &mut Stream,
) -> Result<Vec<Message>, BoxError> {
    let Some(hook) = &face.options.hook else { return Ok(Vec::new()) };
    let Some(from) = face.carried_by_other(id) else { return Ok(Vec::new()) };
    let timeout = face.link.with_engine(|engine| engine.config().connect_timeout);
    let limit = prepare_limit(timeout, endpoint.is_checked(), begun.elapsed().into());
    let (candidate, prepared) = Candidate::new(from, endpoint.name.clone());
    let late = |_| BoxError::from(format!("on_migrate was not done within {limit}"));
    let work = prepared.until(hook(candidate), stream);
    tokio::time::timeout(limit.into(), work).await.map_err(late)?
}
