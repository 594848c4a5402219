//! Steadfast decides which endpoint an app should be connected to, and notices within a second or a few when that must be another one.
//!
//! This crate is the decision alone: it does no I/O, reads no clock, starts no thread and keeps no global state, so that the same decisions
//! can be replayed to the millisecond in a test, in a simulator, and in a bug report. Shells for browsers, phones and servers execute them.
//!
//! - [`Engine`] is the whole: [`Input`] in, [`Effect`] out, and when to wake it.
//! - [`Config`] says what it works by; [`Problems`] what is wrong with one.
//! - [`drive()`] connects an engine to a [`Transport`], on any async executor.

#![forbid(unsafe_code)]

#[cfg(feature = "uniffi")]
uniffi::setup_scaffolding!();

mod backoff;
mod breaker;
pub mod config;
mod connection;
mod detector;
mod document;
mod drive;
mod effect;
mod engine;
mod event;
mod evidence;
#[cfg(feature = "recovery")]
mod failures;
#[cfg(feature = "uniffi")]
mod foreign;
mod health;
mod history;
mod hold;
mod input;
mod keyword;
mod loss;
mod outcome;
mod random;
#[cfg(feature = "recovery")]
mod recovery;
mod report;
mod rtt;
mod schedule;
mod situation;
mod sliding;
mod snapshot;
mod talk;
mod time;
mod url;

pub use breaker::BreakerState;
pub use config::{Config, Endpoint, Name, Preset, Problem, Problems};
pub use document::{DocumentStatus, HealthDocument};
pub use drive::{Link, Transport, drive};
pub use effect::{CheckId, ConnectionId, DisconnectReason, Effect};
pub use engine::{Engine, Explanation, FIRST_SERVER_ERROR, NotRestored, Permit, REPEATABLE_METHODS, Refusal, Route, WeighedEvidence};
pub use event::{CheckReport, Event, OfflineReason, SwitchReason};
#[cfg(feature = "recovery")]
pub use failures::{FailureEvent, FailureEventKind, Severity};
pub use health::Health;
pub use input::{Command, Input, Lifecycle, Network};
pub use outcome::{Answer, BodySearch, FailureKind, Header, MAX_ANSWER_BYTES, MAX_ANSWER_HEADERS, MAX_TCP_BYTES, Outcome};
#[cfg(feature = "recovery")]
pub use recovery::{RecoveryAction, RecoveryStrategy, recovery_strategies};
pub use report::{EndpointReport, ErrorClass, ErrorCount, Report};
pub use snapshot::{EndpointState, Snapshot, State};
pub use time::{Clock, Millis, NotADuration, Timestamp};
#[cfg(feature = "url")]
pub use url::{NotAUrl, parse_url};
pub use url::{Scheme, Url, UrlParser};
