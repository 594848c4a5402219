//! What can go wrong, as types.

use steadfast::{Problem, Problems};

/// What an app hands in is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ConfigError {
    /// The config, or the endpoints, are wrong; nothing was changed.
    #[error("invalid config{}", lines(problems))]
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

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect::<Vec<_>>().concat()
}

/// A socket's path is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum PathError {
    /// It leads elsewhere, or cannot be read.
    #[error("{reason}")]
    Refused {
        /// What is wrong with it.
        reason: String,
    },
}

impl From<steadfast::socket::PathError> for PathError {
    fn from(error: steadfast::socket::PathError) -> Self {
        Self::Refused { reason: error.to_string() }
    }
}

/// A platform's transport or a listener has failed.
#[derive(Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum CallbackError {
    /// It threw.
    #[error("{reason}")]
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

/// Why a run has ended without a stop.
#[derive(Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum RunError {
    /// The transport cannot wait: without a timer there is no watching.
    #[error("the transport's sleep failed, so nothing is watched any more: {reason}")]
    Timer {
        /// What it said.
        reason: String,
    },
}
