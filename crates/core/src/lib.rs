//! Steadfast decides which endpoint an app should be connected to, and notices within a second or a
//! few when that must be another one.
//!
//! This crate is the decision alone: it does no I/O, reads no clock, starts no thread and keeps no
//! global state, so that the same decisions can be replayed to the millisecond in a test, in a
//! simulator, and in a bug report. Shells for browsers, phones and servers execute them.
//!
//! - [`Engine`] is the whole: [`Input`] in, [`Effect`] out, and when to wake it.
//! - [`ValidConfig`] says what it works by; [`Problems`] what is wrong with a [`Config`].
//! - [`drive()`] connects an engine to a [`Transport`] and a [`Host`], on any async executor.
//!
//! What an app can do without is a feature: `breaker` (circuit breakers and permits for the app's
//! own requests), `reports` (a history of each endpoint), `recovery` (failure events, and something
//! done about them), together `full`; and `metrics` for Prometheus.

#![forbid(unsafe_code)]

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

#[cfg(not(all(feature = "breaker", feature = "reports")))]
mod absent;
mod base;
#[cfg(feature = "breaker")]
mod breaker;
mod checks;
pub mod config;
mod driver;
mod engine;
mod failover;
#[cfg(feature = "uniffi")]
mod foreign;
mod health;
mod observe;
#[cfg(feature = "recovery")]
mod operate;
mod protocol;
mod session;
/// What a socket does that an app holds, for shells.
pub mod socket {
    pub use crate::session::rules::*;
}

pub use base::time::{Clock, Millis, ParseDurationError, Timestamp};
#[cfg(feature = "url")]
pub use base::url::{ParseUrlError, parse_url, resolve_url};
pub use base::url::{Scheme, Url, UrlParser};
#[cfg(feature = "breaker")]
pub use breaker::call::{Attempt, Call};
#[cfg(feature = "breaker")]
pub use breaker::permit::{CallOutcome, FIRST_SERVER_ERROR, Permit, Refusal, Route};
#[cfg(feature = "breaker")]
pub use breaker::rules::BreakerState;
pub use config::{Config, Endpoint, Name, Preset, Problem, Problems, ValidConfig};
pub use driver::{Host, Link, Transport, drive};
pub use engine::{Engine, RestoreError, Timer, Wakeup};
pub use health::Health;
pub use observe::explain::{Explanation, WeighedEvidence};
#[cfg(feature = "recovery")]
pub use observe::failures::{FailureEvent, FailureEventKind, Severity};
#[cfg(feature = "reports")]
pub use observe::report::{EndpointReport, ErrorClass, ErrorCount, Report};
#[cfg(feature = "recovery")]
pub use operate::recovery::{RecoveryAction, RecoveryStrategy, recovery_strategies};
pub use protocol::document::{DocumentStatus, HealthDocument};
pub use protocol::effect::{CheckId, ConnectionId, DisconnectReason, Effect, SocketId};
pub use protocol::event::{CheckReport, Event, OfflineReason, SwitchReason};
pub use protocol::input::{Command, Input, Lifecycle, Network};
pub use protocol::message::{Message, Query};
pub use protocol::outcome::{
    Answer, BodySearch, FailureKind, Header, MAX_ANSWER_BYTES, MAX_ANSWER_HEADERS, MAX_TCP_BYTES,
    Outcome,
};
pub use protocol::snapshot::{EndpointState, Snapshot, State};
