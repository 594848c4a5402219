//! What a platform gives the engine, and does for it.

use crate::base::time::{Millis, Timestamp};
use crate::config::Endpoint;
use crate::protocol::effect::{ConnectionId, DisconnectReason, SocketId};
use crate::protocol::event::Event;
use crate::protocol::outcome::Outcome;
use std::sync::Arc;

/// What a platform gives the engine: a clock, a timer, and a way to ask.
///
/// Nothing here needs to be `Send`: the future of [`drive`](crate::drive()) is, if the transport and its futures
/// are.
pub trait Transport {
    /// The present, on a monotonic clock that also counts sleep; see [`Clock`](crate::Clock).
    fn now(&self) -> Timestamp;

    /// Checks an endpoint as its `health` says. The future is dropped when the outcome no longer
    /// matters, after `timeout` at the latest.
    fn check(&self, endpoint: Arc<Endpoint>, timeout: Millis) -> impl Future<Output = Outcome>;

    /// Waits until the clock reads `at`; a little early does no harm.
    fn sleep_until(&self, at: Timestamp) -> impl Future<Output = ()>;
}

/// What executes the effects that are not about checks. None of it may block.
pub trait Host {
    /// Opens a connection for a socket that the app holds; report [`Input::ConnectionOpened`](crate::Input::ConnectionOpened) or
    /// [`Input::ConnectionClosed`](crate::Input::ConnectionClosed).
    fn connect(&self, id: ConnectionId, socket: SocketId, endpoint: Arc<Endpoint>);

    /// Makes a connection the one that carries its socket's messages.
    fn promote(&self, id: ConnectionId);

    /// Closes a connection.
    fn disconnect(&self, id: ConnectionId, reason: DisconnectReason);

    /// Keeps what [`Link::save`](crate::Link::save) gives, for the next start.
    fn persist(&self);

    /// Tells the app.
    fn emit(&self, at: Timestamp, event: Event);
}

impl<T: Transport> Transport for &T {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn check(&self, endpoint: Arc<Endpoint>, timeout: Millis) -> impl Future<Output = Outcome> {
        (**self).check(endpoint, timeout)
    }

    fn sleep_until(&self, at: Timestamp) -> impl Future<Output = ()> {
        (**self).sleep_until(at)
    }
}

impl<H: Host> Host for &H {
    fn connect(&self, id: ConnectionId, socket: SocketId, endpoint: Arc<Endpoint>) {
        (**self).connect(id, socket, endpoint);
    }

    fn promote(&self, id: ConnectionId) {
        (**self).promote(id);
    }

    fn disconnect(&self, id: ConnectionId, reason: DisconnectReason) {
        (**self).disconnect(id, reason);
    }

    fn persist(&self) {
        (**self).persist();
    }

    fn emit(&self, at: Timestamp, event: Event) {
        (**self).emit(at, event);
    }
}
