//! The engine for Swift and Kotlin. It converts and forwards, and decides nothing.
//!
//! The platform does the I/O through a [`PlatformTransport`]; its own executor polls [`Core::run`],
//! in which the core's driver runs. There is no thread and no runtime of ours.

mod attempt;
mod config;
mod core;
mod error;
mod platform;
mod socket;

pub use attempt::{Attempt, AttemptEnd, Begun, Requested};
pub use config::{
    AnswerLimits, answer_limits, config_from_json, config_to_json, event_to_json,
    is_health_document, preset_config, url_without_secrets,
};
pub use core::Core;
pub use error::{CallbackError, ConfigError, PathError, RunError};
pub use platform::{Checked, ClockReading, Listener, PlatformTransport};
pub use socket::{Offer, Outbox, PingStep, Pinger, by_app_code, is_final, stop_codes};

uniffi::setup_scaffolding!();
// The core's own exports must be in this library too.
steadfast::uniffi_reexport_scaffolding!();
