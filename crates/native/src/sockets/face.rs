//! What a socket is at a moment: which connection carries it, and what waits for one.

use super::event::{Farewell, SendError, Sent, SocketEvent, SocketState, StopReason};
use super::inbox::Slot;
use super::options::SocketOptions;
use super::signs::Signs;
use crate::Message;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steadfast::socket::{Offer, Outbox, is_final};
use steadfast::{Command, ConnectionId, Endpoint, Input, Link, Name, SocketId};
use tokio::sync::{Notify, broadcast, oneshot, watch};

/// So many messages are accepted ahead of an open connection, and so many bytes.
const AHEAD: usize = 64;
const BYTES_AHEAD: u64 = 1024 * 1024;
/// Events that wait for a reader; of one that falls behind further, the oldest are lost.
const EVENTS: usize = 256;

/// A socket of the app.
pub(super) struct Face {
    pub(super) id: SocketId,
    pub(super) link: Link,
    pub(super) options: SocketOptions,
    pub(super) state: watch::Sender<SocketState>,
    pub(super) events: broadcast::Sender<SocketEvent>,
    held: Mutex<Held>,
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
    legs: HashMap<ConnectionId, LegHandle>,
    /// What carried it last.
    last: Option<Before>,
    slot: Option<Slot>,
}

/// A connection, as far as the socket knows it. Letting go of it closes it.
pub(super) struct LegHandle {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) let_go: oneshot::Sender<Farewell>,
    /// Taken when it comes to carry the socket.
    pub(super) turn: Option<Turn>,
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
        held.waiting.drain(..).collect()
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
        self.state.send_replace(SocketState::Open);
        drop(locked);
        self.changed.notify_waiters();
        match from {
            None => self.tell(SocketEvent::Opened { endpoint: to }),
            Some(from) if from != to => self.tell(SocketEvent::Moved { from, to }),
            Some(_) => {}
        }
    }

    /// The engine wants a connection no more.
    pub(super) fn release(&self, id: ConnectionId) {
        let mut held = self.lock();
        if held.legs.remove(&id).is_none() {
            return;
        }
        if held.current == Some(id) {
            held.current = None;
            self.state.send_if_modified(reconnecting);
        }
        drop(held);
        self.changed.notify_waiters();
    }

    // What a connection does.

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
                if held.current == Some(id) {
                    if let Some(message) = held.waiting.pop_front() {
                        if let Some(outbox) = &mut held.outbox {
                            outbox.take();
                        }
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
    pub(super) fn ended(&self, id: ConnectionId, code: Option<u16>, end: &LegEnd) {
        let mut held = self.lock();
        let Some(leg) = held.legs.remove(&id) else { return };
        let was_current = held.current == Some(id);
        if was_current {
            held.current = None;
            self.state.send_if_modified(reconnecting);
        }
        let nothing_else = held.current.is_none();
        drop(held);
        self.changed.notify_waiters();
        self.link.send(Input::ConnectionClosed { id, code });
        if nothing_else {
            let endpoint = leg.endpoint.name.clone();
            self.tell(SocketEvent::Lost { endpoint, code: end.code, reason: end.reason.clone() });
        }
        if is_final(end.code, end.status, &self.options.stop_codes) && nothing_else {
            let reason = match (end.status, end.code) {
                (Some(status), _) => StopReason::Unauthorized(status),
                (None, code) => StopReason::CloseCode(code.unwrap_or_default()),
            };
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

/// How a connection ended.
#[derive(Debug, Default)]
pub(super) struct LegEnd {
    /// The server's close code, if there was one.
    pub(super) code: Option<u16>,
    /// The HTTP status by which it refused the upgrade, if it did.
    pub(super) status: Option<u16>,
    pub(super) reason: String,
}
