//! What a socket is at a moment: which connection carries it, and what waits for one.

use super::end::LegEnd;
use super::event::{Farewell, SendError, Sent, SocketEvent, SocketState};
use super::inbox::Slot;
use super::options::SocketOptions;
use super::signs::Signs;
use crate::Message;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steadfast::socket::{Offer, Outbox};
use steadfast::{Command, ConnectionId, DisconnectReason, Endpoint, Input, Link, Name, SocketId};
use tokio::sync::{Notify, broadcast, oneshot, watch};

/// So many messages are accepted ahead of an open connection, and so many bytes.
const AHEAD: usize = 64;
const BYTES_AHEAD: u64 = 1024 * 1024;
/// Events that wait for a reader; of one that falls behind further, the oldest are lost.
const EVENTS: usize = 256;
/// Nothing waits any more.
const EMPTY: SocketEvent = SocketEvent::Queue { messages: 0, bytes: 0, dropped: 0 };

/// A socket of the app.
pub(super) struct Face {
    pub(super) id: SocketId,
    pub(super) link: Link,
    pub(super) options: SocketOptions,
    pub(super) state: watch::Sender<SocketState>,
    pub(super) events: broadcast::Sender<SocketEvent>,
    held: Mutex<Held>,
    /// Whoever sends waits here for those who came before.
    sending: tokio::sync::Mutex<()>,
    /// Something waits to be sent, or there is room again, or another connection carries it.
    changed: Notify,
}

#[derive(Default)]
struct Held {
    /// The sizes of what waits; none before the socket is made and none after it is closed.
    outbox: Option<Outbox>,
    waiting: VecDeque<Message>,
    /// What carries it.
    current: Option<ConnectionId>,
    /// What carries it has not been given yet what had waited for it.
    is_flushing: bool,
    legs: HashMap<ConnectionId, LegHandle>,
    /// What carried it last.
    last: Option<Before>,
    slot: Option<Slot>,
}

/// A connection, as far as the socket knows it. Letting go of it closes it.
pub(super) struct LegHandle {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) stage: Stage,
    pub(super) let_go: oneshot::Sender<Farewell>,
    /// Taken when it comes to carry the socket.
    pub(super) turn: Option<Turn>,
}

/// What a connection that is not open yet waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The app is asked what it is opened with.
    Asking,
    /// The server is to open it.
    Opening,
    /// The app prepares it.
    Preparing,
}

impl Stage {
    /// What went wrong if the time for it was not enough.
    const fn lateness(self) -> &'static str {
        match self {
            Self::Asking => "the app's function for the handshake took too long",
            Self::Opening => "the connection took too long",
            Self::Preparing => "the app's function on_migrate took too long",
        }
    }
}

/// What a connection is told, and what is left of it, when it comes to carry the socket.
pub(super) struct Turn {
    /// Tells it which one delivers before it.
    pub(super) promoted: oneshot::Sender<Option<Before>>,
    /// It, for the one that comes after it.
    pub(super) own: Before,
}

/// A connection that delivers before another one does.
pub(super) struct Before {
    pub(super) endpoint: Name,
    pub(super) signs: Signs,
    /// Resolves when it delivers no more.
    pub(super) done: oneshot::Receiver<()>,
    /// Notified, it reads no more.
    pub(super) cut: Arc<Notify>,
}

impl Face {
    pub(super) fn new(id: SocketId, link: Link, options: SocketOptions, slot: Slot) -> Self {
        let outbox = Some(Outbox::new(options.queue));
        Self {
            id,
            link,
            options,
            state: watch::Sender::new(SocketState::Connecting),
            events: broadcast::Sender::new(EVENTS),
            held: Mutex::new(Held { outbox, slot: Some(slot), ..Held::default() }),
            sending: tokio::sync::Mutex::default(),
            changed: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // A panic elsewhere leaves a state that is at worst old.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, event: SocketEvent) {
        // Nobody may listen.
        let _ = self.events.send(event);
    }

    /// Where messages go, while they go anywhere.
    pub(super) fn endpoint(&self) -> Option<Arc<Endpoint>> {
        let held = self.lock();
        Some(held.legs.get(&held.current?)?.endpoint.clone())
    }

    // What the app does.

    /// Takes a message, once there is room before the open connection.
    pub(super) async fn send(&self, message: Message) -> Result<Sent, SendError> {
        let _turn = self.sending.lock().await;
        let mut message = message;
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            match self.offer(message) {
                Err(waits) => message = waits,
                Ok(sent) => return sent,
            }
            changed.await;
        }
    }

    /// Takes a message at once, unless the open connection has to take others first.
    fn offer(&self, message: Message) -> Result<Result<Sent, SendError>, Message> {
        let mut held = self.lock();
        let held = &mut *held;
        let Some(outbox) = &mut held.outbox else { return Ok(Err(SendError::Closed(message))) };
        if held.current.is_some() {
            if outbox.len() >= AHEAD || outbox.bytes() >= BYTES_AHEAD {
                return Err(message);
            }
            outbox.insert(message.size());
            held.waiting.push_back(message);
            self.changed.notify_waiters();
            return Ok(Ok(Sent::Now));
        }
        let (sent, dropped) = match outbox.offer(message.size()) {
            Offer::Refused => return Ok(Err(SendError::Full(message))),
            Offer::Dropped => (Sent::Dropped, 1),
            Offer::Queued { dropped } => {
                held.waiting.drain(..dropped as usize);
                held.waiting.push_back(message);
                (Sent::Queued, dropped)
            }
        };
        self.tell(SocketEvent::Queue { messages: outbox.len(), bytes: outbox.bytes(), dropped });
        Ok(Ok(sent))
    }

    /// Takes back what waits.
    pub(super) fn take_unsent(&self) -> Vec<Message> {
        let mut held = self.lock();
        if let Some(outbox) = &mut held.outbox {
            *outbox = Outbox::new(self.options.queue);
        }
        let unsent: Vec<_> = held.waiting.drain(..).collect();
        if !unsent.is_empty() && held.current.is_none() {
            self.tell(EMPTY);
        }
        self.flushed(&mut held);
        drop(held);
        self.changed.notify_waiters();
        unsent
    }

    fn opened(&self, endpoint: Name) {
        self.state.send_replace(SocketState::Open);
        self.tell(SocketEvent::Opened { endpoint });
    }

    /// If nothing waits any more, whatever carries the socket since is open to the app.
    fn flushed(&self, held: &mut Held) {
        let Some(leg) = held.current.and_then(|id| held.legs.get(&id)) else { return };
        if held.is_flushing && held.waiting.is_empty() {
            held.is_flushing = false;
            self.tell(EMPTY);
            self.opened(leg.endpoint.name.clone());
        }
    }

    /// Closes it for good. Returns the connection that carries it, which sends what was accepted.
    pub(super) fn close(&self, farewell: &Farewell) -> Option<oneshot::Receiver<()>> {
        let mut held = self.lock();
        held.outbox.take()?;
        held.slot = None;
        for (_, leg) in held.legs.drain() {
            let _ = leg.let_go.send(farewell.clone());
        }
        let last = held.last.take();
        let carried = held.current.is_some();
        self.state.send_replace(SocketState::Closed);
        drop(held);
        self.changed.notify_waiters();
        self.link.send(Input::Command(Command::Disconnect(self.id)));
        last.filter(|_| carried).map(|last| last.done)
    }

    // What the engine does.

    /// A connection is about to be opened; `None` once the socket is closed.
    pub(super) fn begin(&self, id: ConnectionId, leg: LegHandle) -> Option<Slot> {
        let mut held = self.lock();
        let slot = held.slot.clone()?;
        held.legs.insert(id, leg);
        Some(slot)
    }

    /// A connection carries the socket from now on.
    pub(super) fn promote(&self, id: ConnectionId) {
        let mut locked = self.lock();
        let held = &mut *locked;
        let from = held.current.and_then(|id| Some(held.legs.get(&id)?.endpoint.name.clone()));
        let Some(leg) = held.legs.get_mut(&id) else { return };
        let to = leg.endpoint.name.clone();
        if let Some(Turn { promoted, own }) = leg.turn.take() {
            // One that has just broken need not know.
            let _ = promoted.send(held.last.replace(own));
        }
        held.current = Some(id);
        match from {
            Some(from) if !held.is_flushing => self.tell(SocketEvent::Moved { from, to }),
            _ if held.waiting.is_empty() => self.opened(to),
            _ => held.is_flushing = true,
        }
        drop(locked);
        self.changed.notify_waiters();
    }

    /// The engine wants a connection no more.
    pub(super) fn release(&self, id: ConnectionId, reason: DisconnectReason) {
        let mut held = self.lock();
        let Some(leg) = held.legs.remove(&id) else { return };
        self.lose(&mut held, id);
        if reason == DisconnectReason::Timeout {
            let reason = leg.stage.lateness().to_owned();
            let endpoint = leg.endpoint.name.clone();
            if held.current.is_none() {
                self.tell(SocketEvent::Lost { endpoint, code: None, reason });
            } else if leg.stage != Stage::Opening {
                self.tell(SocketEvent::MoveFailed { to: endpoint, reason });
            }
        }
        drop(held);
        self.changed.notify_waiters();
    }

    /// A connection carries the socket no more, if it did.
    fn lose(&self, held: &mut Held, id: ConnectionId) {
        if held.current == Some(id) {
            held.current = None;
            held.is_flushing = false;
            self.state.send_if_modified(reconnecting);
        }
    }

    // What a connection does.

    /// The app is asked for something, and its time is not the server's.
    pub(super) fn await_app(&self, id: ConnectionId, stage: Stage) {
        self.enter(id, stage);
        self.link.send(Input::ConnectionAwaitsApp { id });
    }

    /// The app has answered, and the server is asked to open it.
    pub(super) fn begin_opening(&self, id: ConnectionId) {
        self.enter(id, Stage::Opening);
        self.link.send(Input::ConnectionBegun { id });
    }

    fn enter(&self, id: ConnectionId, stage: Stage) {
        if let Some(leg) = self.lock().legs.get_mut(&id) {
            leg.stage = stage;
        }
    }

    /// The endpoint of the connection that carries the socket, if that is another one.
    pub(super) fn carried_by_other(&self, id: ConnectionId) -> Option<Name> {
        let held = self.lock();
        let current = held.current.filter(|current| *current != id)?;
        Some(held.legs.get(&current)?.endpoint.name.clone())
    }

    /// The next message to send over this connection; `None` once that carries the socket no more,
    /// or has sent everything of a socket that is closed.
    pub(super) async fn next_to_send(&self, id: ConnectionId) -> Option<Message> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            {
                let mut held = self.lock();
                let held = &mut *held;
                if held.current == Some(id) {
                    if let Some(message) = held.waiting.pop_front() {
                        if let Some(outbox) = &mut held.outbox {
                            outbox.take();
                        }
                        self.flushed(held);
                        self.changed.notify_waiters();
                        return Some(message);
                    }
                    held.outbox.as_ref()?;
                } else {
                    // Its turn may come; once it has been, or is let go of, there is none.
                    held.legs.get(&id)?.turn.as_ref()?;
                }
            }
            changed.await;
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// A connection has ended, or could not be opened; one that was let go of ended before.
    pub(super) fn ended(&self, id: ConnectionId, end: &LegEnd) {
        let mut held = self.lock();
        let Some(leg) = held.legs.remove(&id) else { return };
        self.lose(&mut held, id);
        let nothing_else = held.current.is_none();
        drop(held);
        self.changed.notify_waiters();
        self.link.send(Input::ConnectionClosed { id, code: end.reported() });
        let (endpoint, reason) = (leg.endpoint.name.clone(), end.reason.clone());
        if !nothing_else {
            if end.is_by_app() {
                self.tell(SocketEvent::MoveFailed { to: endpoint, reason });
            }
            return;
        }
        self.tell(SocketEvent::Lost { endpoint, code: end.code(), reason });
        if let Some(reason) = end.stop_reason(&self.options.stop_codes) {
            self.close(&Farewell::default());
            self.tell(SocketEvent::Stopped { reason });
        }
    }
}

/// A connection that carried the socket is gone; what is closed stays so.
fn reconnecting(state: &mut SocketState) -> bool {
    let was_open = *state == SocketState::Open;
    if was_open {
        *state = SocketState::Connecting;
    }
    was_open
}
