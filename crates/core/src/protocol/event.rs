//! What the app is told.

use crate::base::keyword::keywords;
#[cfg(feature = "breaker")]
use crate::breaker::rules::BreakerState;
use crate::config::writer::{Write, serialize_as_written, table};
use crate::config::{Name, Value};
use crate::health::Health;
#[cfg(feature = "recovery")]
use crate::observe::failures::FailureEvent;
#[cfg(feature = "recovery")]
use crate::operate::recovery::RecoveryAction;
use crate::protocol::outcome::{FailureKind, Header};

/// What the app is told.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")
)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[non_exhaustive]
pub enum Event {
    /// Watching has begun.
    Started {
        /// The active endpoint.
        active: Name,
    },
    /// A check has ended.
    Check(CheckReport),
    /// An endpoint's health has changed.
    Health {
        /// Which endpoint.
        endpoint: Name,
        /// Before.
        from: Health,
        /// Now.
        to: Health,
    },
    /// An endpoint's circuit breaker has changed its mind about the app's own requests.
    #[cfg(feature = "breaker")]
    Breaker {
        /// Which endpoint.
        endpoint: Name,
        /// Before.
        from: BreakerState,
        /// Now.
        to: BreakerState,
    },
    /// Another endpoint is the active one.
    Switched {
        /// The active endpoint before.
        from: Name,
        /// The active endpoint now.
        to: Name,
        /// Why.
        reason: SwitchReason,
    },
    /// No endpoint is healthy, though the network is up. The app stays where it is, and all of them
    /// are tried again.
    AllDown {
        /// The active endpoint.
        active: Name,
    },
    /// After `allDown`, an endpoint is healthy again.
    Recovered {
        /// The active endpoint.
        active: Name,
    },
    /// Our own network is down; no server is blamed.
    Offline {
        /// How that is known.
        reason: OfflineReason,
    },
    /// Our own network is back.
    Online,
    /// The connection to an endpoint is open and carries the app's messages.
    Connected {
        /// Which endpoint.
        endpoint: Name,
    },
    /// The connection has closed, or did not open.
    Disconnected {
        /// Which endpoint.
        endpoint: Name,
        /// The WebSocket close code, if there was one.
        code: Option<u16>,
    },
    /// Something is wrong with an endpoint, in the terms of those who run it.
    #[cfg(feature = "recovery")]
    Failure(FailureEvent),
    /// Something is or was done about a failure. If `ok` is none, it is for the app to do: let it
    /// report [`Input::RecoveryEnded`](crate::Input::RecoveryEnded).
    #[cfg(feature = "recovery")]
    Recovery(RecoveryAction),
    /// Watching has ended.
    Stopped,
}

/// What came of a check, and what that means.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename_all = "camelCase"))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[non_exhaustive]
pub struct CheckReport {
    /// Which endpoint was checked.
    pub endpoint: Name,
    /// Why it failed, if it did.
    pub failure: Option<FailureKind>,
    /// HTTP status, if there was one to see.
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u32,
    /// Failures in a row, this one included.
    pub failures: u32,
    /// What the failure means and what to do about it.
    pub message: Option<String>,
    /// The parts that the server itself reports as failing, by name.
    pub failing: Vec<String>,
    /// Number of the last `checkNow`, counted from 1, that this check answers: one that began after
    /// the call. `None` if the app did not ask.
    pub request: Option<u32>,
    /// The answer's headers. They may hold secrets, so they are in no serialized form; a log shows
    /// those that it names.
    #[cfg_attr(feature = "typescript", ts(skip))]
    pub headers: Vec<Header>,
}

impl Event {
    /// What it is called in a log, and for telemetry after `steadfast.`: `switched`, `allDown` and
    /// so on.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Check(_) => "check",
            Self::Health { .. } => "health",
            #[cfg(feature = "breaker")]
            Self::Breaker { .. } => "breaker",
            Self::Switched { .. } => "switched",
            Self::AllDown { .. } => "allDown",
            Self::Recovered { .. } => "recovered",
            Self::Offline { .. } => "offline",
            Self::Online => "online",
            Self::Connected { .. } => "connected",
            Self::Disconnected { .. } => "disconnected",
            #[cfg(feature = "recovery")]
            Self::Failure(_) => "failure",
            #[cfg(feature = "recovery")]
            Self::Recovery(_) => "recovery",
            Self::Stopped => "stopped",
        }
    }
}

impl Write for Event {
    fn write(&self) -> Value {
        let fields: &[(&str, &dyn Write)] = match self {
            #[cfg(feature = "recovery")]
            Self::Failure(event) => return self.tagged(event),
            #[cfg(feature = "recovery")]
            Self::Recovery(action) => return self.tagged(action),
            Self::Check(report) => return self.tagged(report),
            Self::Started { active } | Self::AllDown { active } | Self::Recovered { active } => {
                &[("active", active)]
            }
            Self::Health { endpoint, from, to } => {
                &[("endpoint", endpoint), ("from", from), ("to", to)]
            }
            #[cfg(feature = "breaker")]
            Self::Breaker { endpoint, from, to } => {
                &[("endpoint", endpoint), ("from", from), ("to", to)]
            }
            Self::Switched { from, to, reason } => {
                &[("from", from), ("to", to), ("reason", reason)]
            }
            Self::Offline { reason } => &[("reason", reason)],
            Self::Online | Self::Stopped => &[],
            Self::Connected { endpoint } => &[("endpoint", endpoint)],
            Self::Disconnected { endpoint, code } => &[("endpoint", endpoint), ("code", code)],
        };
        self.tagged(&fields)
    }
}

impl Event {
    /// What is told, under the event's name.
    fn tagged(&self, told: &dyn Write) -> Value {
        let mut entries = vec![("event".to_owned(), Value::Text(self.name().to_owned()))];
        if let Value::Table(fields) = told.write() {
            entries.extend(fields);
        }
        Value::Table(entries)
    }
}

serialize_as_written!(Event);

impl Write for CheckReport {
    fn write(&self) -> Value {
        let Self {
            endpoint,
            failure,
            status,
            latency_ms,
            failures,
            message,
            failing,
            request,
            headers: _,
        } = self;
        table(&[
            ("endpoint", endpoint),
            ("failure", failure),
            ("status", status),
            ("latency_ms", latency_ms),
            ("failures", failures),
            ("message", message),
            ("failing", failing),
            ("request", request),
        ])
    }
}

serialize_as_written!(CheckReport);

keywords! {
    /// Why another endpoint became the active one.
    pub enum SwitchReason {
        /// The checks of the active one failed.
        Unhealthy = "unhealthy",
        /// The active one could not be connected to, though its checks passed.
        Unconnectable = "unconnectable",
        /// All were down, and this one is back.
        Recovered = "recovered",
        /// A better one has been healthy for long enough.
        Failback = "failback",
        /// The one before has announced maintenance.
        Maintenance = "maintenance",
        /// The one before works, but slowly or not always.
        Degraded = "degraded",
        /// It has been answering faster for a while.
        Faster = "faster",
        /// The app prefers it.
        Preferred = "preferred",
        /// The app replaced the endpoints.
        Replaced = "replaced",
    }
}

keywords! {
    /// How it is known that our own network is down.
    pub enum OfflineReason {
        /// The platform says so.
        Told = "told",
        /// Nothing at all can be reached.
        Unreachable = "unreachable",
        /// A portal answers in the place of others, as where one has to log in first.
        CaptivePortal = "captivePortal",
    }
}
