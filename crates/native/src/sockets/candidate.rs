//! A connection that the app prepares before it takes over.

use super::end::LegEnd;
use super::handshake::Stream;
use super::options::BoxError;
use crate::Message;
use futures_util::{SinkExt, StreamExt};
use std::pin::pin;
use std::sync::Arc;
use steadfast::Name;
use tokio::sync::{Mutex, mpsc};
use tokio_tungstenite::tungstenite::Message as Frame;

/// Messages that wait on either way.
const WAITING: usize = 16;

/// An open connection that is about to take over from another one.
#[derive(Debug)]
pub struct Candidate {
    /// The endpoint that messages go to still.
    pub from: Name,
    /// The endpoint that this connection goes to.
    pub to: Name,
    outgoing: mpsc::Sender<Message>,
    incoming: Arc<Mutex<mpsc::Receiver<Message>>>,
}

/// The connection's end of it.
pub(super) struct Prepared {
    outgoing: mpsc::Receiver<Message>,
    incoming: mpsc::Sender<Message>,
    kept: Arc<Mutex<mpsc::Receiver<Message>>>,
}

impl Candidate {
    pub(super) fn new(from: Name, to: Name) -> (Self, Prepared) {
        let (outgoing, to_send) = mpsc::channel(WAITING);
        let (arrived, incoming) = mpsc::channel(WAITING);
        let incoming = Arc::new(Mutex::new(incoming));
        let kept = incoming.clone();
        let candidate = Self { from, to, outgoing, incoming };
        (candidate, Prepared { outgoing: to_send, incoming: arrived, kept })
    }

    /// Sends a message over it; false if it has broken.
    pub async fn send(&self, message: Message) -> bool {
        self.outgoing.send(message).await.is_ok()
    }

    /// The next message over it; `None` if it has broken. Those that nobody takes here are delivered
    /// to the app once it has taken over.
    pub async fn receive(&self) -> Option<Message> {
        self.incoming.lock().await.recv().await
    }
}

impl Prepared {
    /// Sends and receives for the app until its `work` is done. Returns what has arrived and was not
    /// taken.
    pub(super) async fn until(
        mut self,
        work: impl Future<Output = Result<(), BoxError>>,
        stream: &mut Stream,
    ) -> Result<Vec<Message>, LegEnd> {
        let mut work = pin!(work);
        loop {
            let arriving = async {
                // What the app does not take holds the server back.
                let room = self.incoming.reserve().await;
                (room, stream.next().await)
            };
            tokio::select! {
                done = &mut work => break done.map_err(LegEnd::by_app)?,
                Some(message) = self.outgoing.recv() => stream.send(message.into()).await?,
                (room, frame) = arriving => {
                    let frame = frame.ok_or(LegEnd::broken())??;
                    if let Frame::Close(close) = frame {
                        return Err(LegEnd::closed(close));
                    }
                    if let (Ok(room), Some(message)) = (room, Message::of(frame)) {
                        room.send(message);
                    }
                }
            }
        }
        while let Ok(message) = self.outgoing.try_recv() {
            stream.send(message.into()).await?;
        }
        // Whoever still waits there for a message gets none.
        let Ok(mut kept) = self.kept.try_lock() else { return Ok(Vec::new()) };
        Ok(std::iter::from_fn(|| kept.try_recv().ok()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use steadfast::socket::BY_APP;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::tungstenite::protocol::CloseFrame;
    use tokio_tungstenite::{MaybeTlsStream, accept_async, client_async};
    use tokio_util::io::InspectWriter;

    /// What is reported where the server ends the connection, or the app's hook fails.
    async fn reported(close: Option<u16>, hook_fails: bool) -> Option<u16> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let mut stream = accept_async(listener.accept().await.unwrap().0).await.unwrap();
            if let Some(code) = close {
                let reason = "".into();
                let _ = stream.close(Some(CloseFrame { code: code.into(), reason })).await;
            } else if hook_fails {
                let _ = stream.next().await;
            }
        });
        let tcp = TcpStream::connect(address).await.unwrap();
        let tcp = MaybeTlsStream::Plain(InspectWriter::new(tcp, Box::new(|_: &[u8]| {}) as _));
        let (mut stream, _) = client_async(format!("ws://{address}"), tcp).await.unwrap();
        let (_candidate, prepared) = Candidate::new("a".into(), "b".into());
        let work = async {
            if hook_fails { Err("not today".into()) } else { std::future::pending().await }
        };
        let end = prepared.until(work, &mut stream).await.unwrap_err();
        drop(stream);
        server.await.unwrap();
        end.reported()
    }

    #[tokio::test]
    async fn whoever_ends_it_is_told_to_the_engine() {
        assert_eq!(reported(Some(1011), false).await, Some(1011));
        assert_eq!(reported(None, false).await, None);
        assert_eq!(reported(None, true).await, Some(BY_APP));
    }
}
