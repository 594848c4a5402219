//! The sockets of an app, which follow the active endpoint.

mod candidate;
mod end;
mod event;
mod face;
mod handshake;
mod host;
mod inbox;
mod leg;
mod message;
mod options;
mod reading;
mod signs;
mod socket;
mod writing;

pub use candidate::Candidate;
pub use event::{CloseError, SendError, Sent, SocketEvent, SocketState, StopReason};
pub use message::Message;
pub use options::{BoxError, Handshake, SocketOptions};
pub use socket::{SocketSender, SteadfastSocket};

use crate::{NativeTransport, TlsError, seed};
use event::Farewell;
use face::Face;
use host::{Book, Holding};
use std::fmt;
use std::sync::Arc;
use steadfast::socket::PathError;
use steadfast::{Command, Engine, Event, Input, Link, SocketId, Timestamp, Transport, ValidConfig};

/// A link, and the sockets that follow it: any number, each with its path.
///
/// ```no_run
/// # async fn example(config: steadfast::ValidConfig) -> Result<(), Box<dyn std::error::Error>> {
/// use steadfast_native::{SocketOptions, Sockets};
/// let sockets = Sockets::start(config, |_, event| println!("{event:?}"))?;
/// let mut chat = sockets.socket("/chat", SocketOptions::new())?;
/// chat.send("hello").await?;
/// while let Some(message) = chat.next_message().await {
///     println!("{message:?}");
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Sockets(Arc<Owner>);

/// Stops the engine when nobody holds it any more.
struct Owner {
    link: Link,
    book: Arc<Book>,
}

impl Sockets {
    /// Starts an engine as a task of the current tokio runtime. It runs until [`Link::stop`], or
    /// until this and each of its sockets are dropped.
    ///
    /// `on_event` is called for every event with the engine's time; it must not block.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(
        config: ValidConfig,
        on_event: impl Fn(Timestamp, &Event) + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        let transport = NativeTransport::new(on_event)?;
        let link = Link::new(Engine::new(config, seed(), transport.now()));
        let book = Arc::<Book>::default();
        let holding = Holding { transport, book: book.clone() };
        tokio::spawn(steadfast::drive(link.clone(), holding));
        Ok(Self(Arc::new(Owner { link, book })))
    }

    /// The engine, to look at and to tell what the app knows.
    pub fn link(&self) -> &Link {
        &self.0.link
    }

    /// Holds a WebSocket to the active endpoint, wherever that moves. `path` is relative to the
    /// endpoint's `connect` URL; empty, it is that URL itself. Once the engine has stopped, the
    /// socket is closed at once.
    pub fn socket(
        &self,
        path: &str,
        mut options: SocketOptions,
    ) -> Result<SteadfastSocket, PathError> {
        let Owner { link, book } = &*self.0;
        handshake::url(link, &link.active(), path)?;
        path.clone_into(&mut options.fixed.path);
        let (slot, inbox) = inbox::inbox();
        let face = Arc::new(Face::new(book.next_id(), link.clone(), options, slot));
        if book.hold(&face) {
            link.send(Input::Command(Command::Connect(face.id)));
        } else {
            face.close(&Farewell::default());
        }
        Ok(SteadfastSocket::new(face, self.clone(), inbox))
    }

    fn forget(&self, id: SocketId) {
        self.0.book.forget(id);
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.link.stop();
    }
}

impl fmt::Debug for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sockets").field("held", &self.0.book.len()).finish_non_exhaustive()
    }
}
