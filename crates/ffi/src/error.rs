//! What can go wrong, as types.

use std::fmt;
use steadfast::{Problem, Problems};

/// What an app hands in is refused.
#[derive(Debug, PartialEq, Eq, uniffi::Error)]
pub enum ConfigError {
    /// The config, or the endpoints, are wrong; nothing was changed.
    Invalid {
        /// Everything that is wrong, each with its place and what is allowed there.
        problems: Vec<Problem>,
    },
}

impl From<Problems> for ConfigError {
    fn from(problems: Problems) -> Self {
        Self::Invalid { problems: problems.as_slice().to_vec() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Invalid { problems } = self;
        f.write_str("invalid config")?;
        problems.iter().try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for ConfigError {}

/// A platform's transport or a listener has failed.
#[derive(Debug, PartialEq, Eq, uniffi::Error)]
pub enum CallbackError {
    /// It threw.
    Failed {
        /// What it said.
        reason: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for CallbackError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed { reason: error.reason }
    }
}

impl fmt::Display for CallbackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Failed { reason } = self;
        f.write_str(reason)
    }
}

impl std::error::Error for CallbackError {}

/// Why a run has ended without a stop.
#[derive(Debug, PartialEq, Eq, uniffi::Error)]
pub enum RunError {
    /// The transport cannot wait: without a timer there is no watching.
    Timer {
        /// What it said.
        reason: String,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Timer { reason } = self;
        write!(f, "the transport's sleep failed, so nothing is watched any more: {reason}")
    }
}

impl std::error::Error for RunError {}
