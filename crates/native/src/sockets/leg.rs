//! One WebSocket of a socket, from its handshake to its end.

use super::candidate::Candidate;
use super::end::LegEnd;
use super::event::Farewell;
use super::face::{Before, Face, LegHandle, Stage, Turn};
use super::handshake::{self, Stream};
use super::reading::Reading;
use super::signs::Signs;
use super::writing::Writing;
use crate::Message;
use futures_util::StreamExt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use steadfast::{ConnectionId, Endpoint, Input};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;

/// How long the end of a connection may take, once either side has said that it closes.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// A connection in the making.
pub(super) struct Leg {
    id: ConnectionId,
    endpoint: Arc<Endpoint>,
    face: Arc<Face>,
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
    let handle = LegHandle {
        endpoint: endpoint.clone(),
        stage: Stage::Opening,
        let_go,
        turn: Some(Turn { promoted, own }),
    };
    let Some(slot) = face.begin(id, handle) else { return };
    let leg = Leg {
        id,
        endpoint,
        face: face.clone(),
        reading: Reading::new(face.clone(), id, slot, turn, signs.clone()),
        signs,
        let_go: released,
        cut,
        done: done_sender,
    };
    let whole = Whole { face: face.clone(), id };
    tokio::spawn(async move {
        let _whole = whole;
        leg.run().await;
    });
}

/// Reports the end of a connection whose task ends before it has: a function of the app's panicked.
struct Whole {
    face: Arc<Face>,
    id: ConnectionId,
}

impl Drop for Whole {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.face.ended(self.id, &LegEnd::by_app("a function of the app's panicked"));
        }
    }
}

impl Leg {
    async fn run(mut self) {
        let opening = handshake::open(&self.face, self.id, &self.endpoint, &self.signs);
        let opened = tokio::select! {
            _ = &mut self.let_go => return,
            opened = opening => opened,
        };
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(end) => return self.face.ended(self.id, &end),
        };
        let prepared = tokio::select! {
            _ = &mut self.let_go => None,
            prepared = prepare(&self.face, self.id, &self.endpoint, &mut stream) => Some(prepared),
        };
        match prepared {
            Some(Ok(rest)) => {
                self.reading.begin_with(rest);
                self.face.link.send(Input::ConnectionOpened { id: self.id });
                return self.carry(stream).await;
            }
            Some(Err(end)) => self.face.ended(self.id, &end),
            None => {}
        }
        let _ = timeout(CLOSE_WITHIN, stream.close(None)).await;
    }

    /// Sends and receives until either side closes.
    async fn carry(self, stream: Stream) {
        let Self { id, face, mut reading, signs, mut let_go, cut, done, .. } = self;
        let (mut sink, mut incoming) = stream.split();
        let mut writing = Writing::new(&face, id, &mut sink);
        let farewell = {
            let mut sending = pin!(writing.write(signs));
            tokio::select! {
                end = reading.until_end(&mut incoming) => {
                    // The app hears of it at once; the server's close is answered meanwhile.
                    face.ended(id, &end);
                    let delivering = async {
                        reading.deliver_rest().await;
                        drop(done);
                    };
                    let answering = async { while let Some(Ok(_)) = incoming.next().await {} };
                    let _ = tokio::join!(delivering, timeout(CLOSE_WITHIN, answering));
                    return;
                }
                farewell = &mut let_go => farewell.unwrap_or_default(),
                // It writes until it is let go of, or its connection is another's.
                () = &mut sending => (&mut let_go).await.unwrap_or_default(),
            }
        };
        // What was accepted goes out first, and what arrives meanwhile is the app's.
        let goodbye = async {
            writing.send_rest().await;
            if writing.close(farewell).await.is_ok() {
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
    stream: &mut Stream,
) -> Result<Vec<Message>, LegEnd> {
    let Some(hook) = &face.options.hook else { return Ok(Vec::new()) };
    let Some(from) = face.carried_by_other(id) else { return Ok(Vec::new()) };
    face.await_app(id, Stage::Preparing);
    let (candidate, prepared) = Candidate::new(from, endpoint.name.clone());
    prepared.until(hook(candidate), stream).await
}
