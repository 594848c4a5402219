//! The app's connection: a WebSocket that follows the active endpoint.

use crate::inbox::{Inbox, Slot, inbox};
use crate::socket::{self, Socket};
use crate::{NativeTransport, TlsError, seed};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steadfast::{
    Command, ConnectionId, DisconnectReason, Endpoint, Engine, Event, Host, Input, Link, Millis,
    Outcome, SocketId, Timestamp, Transport, ValidConfig,
};

/// A message over a [`Connection`].
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Message {
    /// Its number of bytes.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

// Without the content: it is the app's, and logs keep what they get.
impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
        }
    }
}

/// There is no open socket; the message comes back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no socket is open; wait for `connected`, or keep the message")]
pub struct NotOpen(pub Message);

/// Starts an engine as a task of the current tokio runtime, and a connection that follows the
/// active endpoint: it moves by opening the new socket before it closes the old one.
///
/// `on_event` is called for every event with the engine's time; it must not block. The engine runs
/// until [`Link::stop`], or until the connection is dropped.
///
/// ```no_run
/// # async fn example(config: steadfast::ValidConfig) -> Result<(), Box<dyn std::error::Error>> {
/// use steadfast_native::Message;
/// let mut connection = steadfast_native::connect(config, |_, event| println!("{event:?}"))?;
/// while let Some(message) = connection.next_message().await {
///     connection.send(message).await?;
/// }
/// # Ok(()) }
/// ```
///
/// # Panics
///
/// Outside a tokio runtime.
pub fn connect(
    config: ValidConfig,
    on_event: impl Fn(Timestamp, &Event) + Send + Sync + 'static,
) -> Result<Connection, TlsError> {
    let transport = NativeTransport::new(on_event)?;
    let link = Link::new(Engine::new(config, seed(), transport.now()));
    let (received, messages) = inbox();
    let open = Open::default();
    let sockets = Sockets { link: link.clone(), received, open: open.clone() };
    link.send(Input::Command(Command::Connect(SocketId::default())));
    tokio::spawn(steadfast::drive(link.clone(), Connecting { transport, sockets }));
    Ok(Connection { link, open, messages })
}

/// The app's connection. What is sent while no socket is open is not kept; [`send`](Self::send)
/// hands it back.
#[derive(Debug)]
pub struct Connection {
    link: Link,
    open: Open,
    messages: Inbox,
}

impl Connection {
    /// The engine, to look at and to tell what the app knows.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// The endpoint that messages go to, while there is one.
    pub fn endpoint(&self) -> Option<Arc<Endpoint>> {
        self.open.current(|socket| socket.endpoint.clone())
    }

    /// The next message, over whichever socket; `None` once the engine has stopped. Of those that
    /// nobody takes, at most 1,024 are kept, and at most 16 MiB.
    pub async fn next_message(&mut self) -> Option<Message> {
        self.messages.next().await
    }

    /// How many messages have been dropped, the oldest first, because the app did not take them.
    pub fn dropped(&self) -> u64 {
        self.messages.dropped()
    }

    /// Hands a message to the open socket. That it has been handed over does not mean that it has
    /// arrived: a server that dies takes with it what is under way.
    pub async fn send(&self, message: Message) -> Result<(), NotOpen> {
        let outgoing = self.open.current(|socket| socket.outgoing.clone());
        let Some(outgoing) = outgoing else { return Err(NotOpen(message)) };
        outgoing.send(message).await.map_err(|unsent| NotOpen(unsent.0))
    }

    /// Replaces the open socket by another one to the same endpoint, as when a heartbeat of the
    /// app's own goes unanswered.
    pub fn reconnect(&self) {
        self.link.reconnect();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.link.stop();
    }
}

/// The sockets that are open or about to be.
#[derive(Clone, Debug, Default)]
struct Open(Arc<Mutex<OpenSockets>>);

#[derive(Debug, Default)]
struct OpenSockets {
    sockets: HashMap<ConnectionId, Socket>,
    current: Option<ConnectionId>,
}

impl Open {
    fn lock(&self) -> MutexGuard<'_, OpenSockets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `look` sees of the socket that carries the app's messages, if there is one.
    fn current<T>(&self, look: impl FnOnce(&Socket) -> T) -> Option<T> {
        let open = self.lock();
        open.sockets.get(&open.current?).map(look)
    }
}

/// Where sockets report to. The last of them to go ends the app's messages.
#[derive(Clone, Debug)]
pub(crate) struct Sockets {
    link: Link,
    received: Slot,
    open: Open,
}

impl Sockets {
    pub(crate) fn opened(&self, id: ConnectionId) {
        self.link.send(Input::ConnectionOpened { id });
    }

    pub(crate) fn received(&self, message: Message) {
        self.received.put(message);
    }

    pub(crate) fn alive(&self, id: ConnectionId) {
        self.link.send(Input::ConnectionActive { id });
    }

    /// The socket has ended, or could not be opened; one that was let go of has ended already.
    pub(crate) fn closed(&self, id: ConnectionId, code: Option<u16>) {
        if self.open.lock().sockets.remove(&id).is_some() {
            self.link.send(Input::ConnectionClosed { id, code });
        }
    }
}

/// The engine's hands for an app with a connection.
struct Connecting {
    transport: NativeTransport,
    sockets: Sockets,
}

impl Transport for Connecting {
    fn now(&self) -> Timestamp {
        self.transport.now()
    }

    async fn check(&self, endpoint: Arc<Endpoint>, timeout: Millis) -> Outcome {
        self.transport.check(endpoint, timeout).await
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.transport.sleep_until(at).await;
    }
}

impl Host for Connecting {
    fn connect(&self, id: ConnectionId, _: SocketId, endpoint: Arc<Endpoint>) {
        // Under the lock: a socket that fails at once is known before it says so.
        let mut open = self.sockets.open.lock();
        open.sockets.insert(id, socket::open(id, endpoint, self.sockets.clone()));
    }

    fn promote(&self, id: ConnectionId) {
        self.sockets.open.lock().current = Some(id);
    }

    fn disconnect(&self, id: ConnectionId, _: DisconnectReason) {
        self.sockets.open.lock().sockets.remove(&id);
    }

    fn persist(&self) {
        self.transport.persist();
    }

    fn emit(&self, at: Timestamp, event: Event) {
        self.transport.emit(at, event);
    }
}
