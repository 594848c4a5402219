//! Permission to make one of the app's own requests, and how the request ended.

use super::rules::BreakerState;
use crate::base::keyword::keywords;
use crate::config::Name;
use crate::config::writer::records;

/// Permission to make one request to an endpoint. Report its end with
/// [`Input::CallEnded`](crate::Input::CallEnded).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permit {
    /// Which endpoint.
    pub endpoint: Name,
    /// State of the breaker that gave it; what is reported with one of an older state changes
    /// nothing.
    pub generation: u32,
    /// Its number within that state.
    pub number: u32,
}

records! {
    /// Why a request may not be made.
    #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
    #[error("the circuit breaker of {endpoint} is {state}")]
    pub struct Refusal {
        /// Which endpoint's breaker refuses.
        pub endpoint: Name,
        /// The state that it is in.
        pub state: BreakerState,
        /// After how many milliseconds it is worth asking again; none if nobody knows.
        pub retry_after_ms: Option<u32>,
    }
}

keywords! {
    /// How a request ended.
    pub enum CallOutcome {
        /// The server did its part.
        Succeeded = "succeeded",
        /// The server did not, or the connection broke: what was sent may have arrived.
        Failed = "failed",
        /// No connection came about, so that nothing was sent. The server has failed.
        Unsent = "unsent",
        /// The request ran out of the time that the app allows it. The server has failed.
        TimedOut = "timedOut",
        /// It was given up before it showed either: it counts for nothing, and its permit is free
        /// again.
        Released = "released",
    }
}

/// From this HTTP status on it is the server that has failed a request: 5xx.
pub const FIRST_SERVER_ERROR: u16 = 500;

impl CallOutcome {
    /// What an answer with this HTTP status says of the server.
    pub const fn of_status(status: u16) -> Self {
        if status >= FIRST_SERVER_ERROR { Self::Failed } else { Self::Succeeded }
    }

    /// Whether it speaks against the server.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Unsent | Self::TimedOut)
    }
}

/// To which endpoint a request is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// To the active one.
    Active,
    /// To the endpoint of this name, or to the active one if no endpoint has that name.
    To(Name),
    /// To the best usable endpoint other than this one, or to the active one if there is no other.
    Excluding(Name),
}
