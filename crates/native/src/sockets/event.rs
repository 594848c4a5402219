//! What an app sees of a socket beside its messages.

use crate::Message;
use steadfast::Name;

/// How a socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketState {
    /// No connection carries it; what is sent waits in the queue.
    Connecting,
    /// A connection carries it.
    Open,
    /// It is over, for good: the app has closed it, the link has ended, or it has
    /// [stopped](SocketEvent::Stopped).
    Closed,
}

/// What has happened to a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SocketEvent {
    /// It is open: messages go to this endpoint, and those that had waited have gone before.
    Opened {
        /// Which one.
        endpoint: Name,
    },
    /// The connection is lost, or an attempt has failed while there was none. Another one follows.
    Lost {
        /// Where it went to.
        endpoint: Name,
        /// The close code, if the server has closed it.
        code: Option<u16>,
        /// What the server gave as its reason, or what went wrong.
        reason: String,
    },
    /// Another connection has taken over while the old one was open.
    Moved {
        /// From this endpoint.
        from: Name,
        /// To this one, which is the same if the connection was replaced.
        to: Name,
    },
    /// A connection that was to take over did not come about, by the app's own doing: a function of its
    /// own failed, or took too long. The socket stays where it is, and tries again later.
    MoveFailed {
        /// The endpoint that it was to go to.
        to: Name,
        /// What went wrong.
        reason: String,
    },
    /// What waits for a connection has changed.
    Queue {
        /// How many messages wait.
        messages: usize,
        /// How many bytes.
        bytes: u64,
        /// How many messages have been lost just now, for there was no room.
        dropped: u32,
    },
    /// It attempts no more: every attempt would meet the same.
    Stopped {
        /// Why.
        reason: StopReason,
    },
}

/// Why a socket has stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// The server has closed it with this code, one of the socket's stop codes.
    CloseCode(u16),
    /// The server has refused the connection with this HTTP status: 401 or 403.
    Unauthorized(u16),
}

/// What became of a message that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It goes out over the open connection, after those before it. A server that dies takes with it
    /// what is under way.
    Now,
    /// It waits for a connection.
    Queued,
    /// There was no room: it is lost.
    Dropped,
}

/// A message was not taken; it comes back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The socket is closed.
    #[error("the socket is closed; open another one")]
    Closed(Message),
    /// As many messages wait as may, and the queue refuses more.
    #[error("the queue is full; wait until the socket is open, or raise its limits")]
    Full(Message),
}

/// What no socket may be closed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    /// The code is the protocol's own.
    #[error("a socket is closed with the code 1000 or one of 3000 to 4999, and not with {0}")]
    Code(u16),
    /// The reason is too long.
    #[error("the reason of a close has at most 123 bytes, and not {0}")]
    Reason(usize),
}

/// A code and a reason to close with, which the protocol allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Farewell {
    pub(super) code: u16,
    pub(super) reason: String,
}

impl Farewell {
    pub(super) fn new(code: u16, reason: &str) -> Result<Self, CloseError> {
        if code != 1000 && !(3000..=4999).contains(&code) {
            return Err(CloseError::Code(code));
        }
        if reason.len() > 123 {
            return Err(CloseError::Reason(reason.len()));
        }
        Ok(Self { code, reason: reason.to_owned() })
    }
}

impl Default for Farewell {
    fn default() -> Self {
        Self { code: 1000, reason: String::new() }
    }
}
