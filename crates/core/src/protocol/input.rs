//! What the engine can be told. Inputs are facts and commands; they carry no opinion on what should
//! follow.

use crate::base::keyword::keywords;
use crate::base::time::Millis;
#[cfg(feature = "breaker")]
use crate::breaker::permit::{CallOutcome, Permit};
use crate::config::{Name, ValidEndpoints};
use crate::protocol::effect::{CheckId, ConnectionId, SocketId};
use crate::protocol::outcome::Outcome;

/// What has happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Input {
    /// Begin. Also begins anew after a stop.
    Started,
    /// The time of [`Engine::next_wakeup`](crate::Engine::next_wakeup) has come.
    Wake,
    /// A check has ended.
    CheckFinished {
        /// As given by [`Effect::StartCheck`](crate::Effect::StartCheck).
        id: CheckId,
        /// What came of it.
        outcome: Outcome,
    },
    /// The app is asked for something that a connection needs, as a token, or prepares one that is
    /// about to take over. It has [`connect_timeout`](crate::Config::connect_timeout) for that, none
    /// of which is the server's.
    ConnectionAwaitsApp {
        /// As given by [`Effect::Connect`](crate::Effect::Connect).
        id: ConnectionId,
    },
    /// The app has answered, and the connection is being opened: the server's time begins.
    ConnectionBegun {
        /// As given by [`Effect::Connect`](crate::Effect::Connect).
        id: ConnectionId,
    },
    /// A connection is open, and may take over.
    ConnectionOpened {
        /// As given by [`Effect::Connect`](crate::Effect::Connect).
        id: ConnectionId,
    },
    /// A connection has closed, or could not be opened.
    ConnectionClosed {
        /// As given by [`Effect::Connect`](crate::Effect::Connect).
        id: ConnectionId,
        /// The WebSocket close code, if there was one.
        code: Option<u16>,
    },
    /// Something arrived on a connection.
    ConnectionActive {
        /// As given by [`Effect::Connect`](crate::Effect::Connect).
        id: ConnectionId,
    },
    /// Something was sent on a connection. It is told at most every 250 ms, and so is that something
    /// arrived; but what arrives first after something that was told is always told.
    ConnectionSent {
        /// As given by [`Effect::Connect`](crate::Effect::Connect).
        id: ConnectionId,
    },
    /// Something was due on a connection and did not arrive.
    ConnectionSilent {
        /// As given by [`Effect::Connect`](crate::Effect::Connect).
        id: ConnectionId,
    },
    /// How a request of the app's own to an endpoint went.
    Traffic {
        /// Which endpoint.
        endpoint: Name,
        /// Whether the server did its part.
        ok: bool,
    },
    /// A request of the app's own has ended that
    /// [`Engine::try_acquire`](crate::Engine::try_acquire) gave a permit for.
    #[cfg(feature = "breaker")]
    CallEnded {
        /// As given.
        permit: Permit,
        /// How it ended.
        outcome: CallOutcome,
        /// How long it took.
        latency: Millis,
    },
    /// An action of [`Event::Recovery`](crate::Event::Recovery) that was left to the app has ended.
    #[cfg(feature = "recovery")]
    RecoveryEnded {
        /// As given.
        id: u32,
        /// Whether it helped.
        ok: bool,
        /// Why it did not.
        error: Option<String>,
    },
    /// What the platform says of the network.
    Network(Network),
    /// What the platform says of the app.
    Lifecycle(Lifecycle),
    /// What the app wants.
    Command(Command),
}

keywords! {
    /// What the platform says of the network.
    pub enum Network {
        /// There is a network.
        Online = "online",
        /// There is no network.
        Offline = "offline",
        /// It is another one than before, as from Wi-Fi to mobile.
        Changed = "changed",
    }
}

keywords! {
    /// What the platform says of the app.
    pub enum Lifecycle {
        /// A person sees it.
        Foreground = "foreground",
        /// It runs unseen.
        Background = "background",
        /// It is about to be suspended.
        Frozen = "frozen",
        /// It was suspended, and runs again.
        Resumed = "resumed",
    }
}

/// What the app wants.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Command {
    /// Check the active endpoint at once, even in the background.
    CheckNow,
    /// Rank this endpoint first from now on and move to it as soon as it is healthy; `None` takes
    /// that back. An unknown name changes nothing.
    Prefer(Option<Name>),
    /// This endpoint is not to be used for a while. The app moves away from it gently.
    BeginMaintenance(Name),
    /// It may be used again, drained or not. The app goes back as after a failure.
    EndMaintenance(Name),
    /// Let this endpoint's connections end for so long, however its checks go: the app moves away
    /// from it gently. Afterwards it is used again as soon as a check passes.
    Drain(Name, Millis),
    /// Take this endpoint out of rotation for so long, however its checks go. The last word on the
    /// time holds.
    Remove(Name, Millis),
    /// Put an endpoint back into rotation that was removed.
    PutBack(Name),
    /// Let this endpoint's circuit breaker refuse every request.
    #[cfg(feature = "breaker")]
    Isolate(Name),
    /// Let the breaker of an isolated endpoint begin anew.
    #[cfg(feature = "breaker")]
    Release(Name),
    /// Replace the endpoints. What the app has said of a name stays with the name; what was learnt
    /// of a host stays if its URLs do, and its check but for what that sends.
    SetEndpoints(ValidEndpoints),
    /// Hold a socket of this number: see to it that a connection to the active endpoint carries it.
    Connect(SocketId),
    /// Replace the socket's open connection by another one to the same endpoint; without an open
    /// one, try again soon. `None` means each socket.
    Reconnect(Option<SocketId>),
    /// Hold the socket of this number no more.
    Disconnect(SocketId),
    /// End: every check is cancelled, every connection closed, and no effect follows.
    Stop,
}
