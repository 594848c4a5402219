//! What the engine asks of its shell. A shell executes an effect or reports why it could not; it
//! never drops one.

use crate::base::keyword::keywords;
use crate::base::time::{Millis, Timestamp};
use crate::config::Endpoint;
use crate::protocol::event::Event;
use std::sync::Arc;

/// Number of a check, unique within an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct CheckId(pub(crate) u64);

/// Number of a connection, unique within an engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "number"))]
pub struct ConnectionId(pub(crate) u64);

impl ConnectionId {
    /// The number itself, for shells whose platform has no type for it.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The connection of that number.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }
}

/// Number of a socket that the app holds, chosen by the shell. One connection after the other carries
/// it, and for a moment two do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "number"))]
pub struct SocketId(pub u32);

/// What the engine asks of its shell.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Check the endpoint as its `health` says; report
    /// [`Input::CheckFinished`](crate::Input::CheckFinished). The engine itself ends a check that
    /// is not reported within `timeout`.
    StartCheck {
        /// Number to report under.
        id: CheckId,
        /// What is checked.
        endpoint: Arc<Endpoint>,
        /// The longest that the check may take, name look-up included.
        timeout: Millis,
    },
    /// Give up the check; its outcome no longer matters.
    CancelCheck {
        /// Which one.
        id: CheckId,
    },
    /// Open a connection; report [`ConnectionOpened`](crate::Input::ConnectionOpened) or
    /// [`ConnectionClosed`](crate::Input::ConnectionClosed).
    Connect {
        /// Number to report under.
        id: ConnectionId,
        /// The app's socket that it is to carry.
        socket: SocketId,
        /// Where to.
        endpoint: Arc<Endpoint>,
    },
    /// The connection is the one that carries its socket's messages from now on.
    Promote {
        /// Which one.
        id: ConnectionId,
    },
    /// Close the connection; nothing need be reported.
    Disconnect {
        /// Which one.
        id: ConnectionId,
        /// Why.
        reason: DisconnectReason,
    },
    /// A good moment to keep what [`Engine::save`](crate::Engine::save) gives, for the next start.
    /// A shell without a place for it need not.
    Persist,
    /// Tell the app.
    Emit {
        /// When it happened.
        at: Timestamp,
        /// What happened.
        event: Event,
    },
}

keywords! {
    /// Why the engine closes a connection.
    pub enum DisconnectReason {
        /// Another one has taken over.
        Replaced = "replaced",
        /// It did not open in time.
        Timeout = "timeout",
        /// The app does not want one any more.
        Stopped = "stopped",
    }
}
