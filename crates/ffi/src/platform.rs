//! What a platform gives the engine.

use crate::error::CallbackError;
use steadfast::{
    ConnectionId, DisconnectReason, Endpoint, Event, Millis, Outcome, SocketId, Timestamp,
};

/// A platform's hands: it asks endpoints and waits. Implemented in Swift or Kotlin.
///
/// Whatever it throws becomes a failed check, and whatever it reports after it was cancelled is
/// ignored.
#[uniffi::export(callback_interface)]
#[async_trait::async_trait]
pub trait PlatformTransport: Send + Sync {
    /// Checks the endpoint as its `health` says. It is cancelled when the outcome no longer
    /// matters, after `timeout` at the latest.
    async fn check(&self, endpoint: Endpoint, timeout: Millis) -> Result<Checked, CallbackError>;

    /// Waits; a little less or more does no harm.
    async fn sleep(&self, duration: Millis) -> Result<(), CallbackError>;

    /// Reads the clocks.
    fn now(&self) -> Result<ClockReading, CallbackError>;
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Checked {
    // A record of this crate: what UniFFI generates for Kotlin does not compile if an async foreign
    // method returns one of another crate.
    /// The answer, or why there was none.
    pub outcome: Outcome,
}

/// What a platform's clocks show, in milliseconds; where they start does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct ClockReading {
    /// A clock that never goes back. It may stop while the device sleeps.
    pub monotonic: i64,
    /// A clock that goes on while the device sleeps, by which a sleep is noticed. That may be the
    /// time of day; if it is set back or forward by less than a second, that does no harm.
    pub wall: i64,
    /// The time of day since 1970, by which what is kept is dated.
    pub date: i64,
}

/// Who is told what the engine does. Implemented in Swift or Kotlin; it must not block, and what it
/// throws is ignored.
#[uniffi::export(callback_interface)]
pub trait Listener: Send + Sync {
    /// Something has happened, `at` on the engine's clock.
    fn on_event(&self, at: Timestamp, event: Event) -> Result<(), CallbackError>;

    /// A good moment to keep what `save` gives, for the next start.
    fn on_persist(&self) -> Result<(), CallbackError>;

    /// A connection is to be opened, for this socket. Report `connection_opened` or
    /// `connection_closed`.
    fn on_connect(
        &self,
        id: ConnectionId,
        socket: SocketId,
        endpoint: Endpoint,
    ) -> Result<(), CallbackError>;

    /// The connection carries the app's messages from now on.
    fn on_promote(&self, id: ConnectionId) -> Result<(), CallbackError>;

    /// The connection is to be closed; nothing need be reported.
    fn on_disconnect(
        &self,
        id: ConnectionId,
        reason: DisconnectReason,
    ) -> Result<(), CallbackError>;
}
