//! How a connection ended, and whose doing that was.

use super::event::StopReason;
use super::options::BoxError;
use steadfast::socket::{BY_APP, is_final};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// How a connection ended, or why it did not open.
#[derive(Debug)]
pub(super) struct LegEnd {
    cause: Cause,
    pub(super) reason: String,
}

#[derive(Clone, Copy, Debug)]
enum Cause {
    /// The server closed it with this code.
    Code(u16),
    /// The server refused the upgrade with this HTTP status.
    Status(u16),
    /// It broke off, or nobody answered.
    Broken,
    /// A function of the app's own failed.
    App,
}

impl LegEnd {
    /// The server has closed it.
    pub(super) fn closed(close: Option<CloseFrame>) -> Self {
        close.map_or_else(Self::broken, |close| Self {
            cause: Cause::Code(close.code.into()),
            reason: close.reason.as_str().to_owned(),
        })
    }

    /// It has broken off, and nothing says why.
    pub(super) const fn broken() -> Self {
        Self { cause: Cause::Broken, reason: String::new() }
    }

    /// A function of the app's own has failed.
    pub(super) fn by_app(error: impl Into<BoxError>) -> Self {
        Self { cause: Cause::App, reason: error.into().to_string() }
    }

    /// Whether a function of the app's own has failed.
    pub(super) const fn is_by_app(&self) -> bool {
        matches!(self.cause, Cause::App)
    }

    /// The server's close code, if there was one.
    pub(super) const fn code(&self) -> Option<u16> {
        match self.cause {
            Cause::Code(code) => Some(code),
            _ => None,
        }
    }

    /// With which close code the end is reported to the engine.
    pub(super) const fn reported(&self) -> Option<u16> {
        match self.cause {
            Cause::Code(code) => Some(code),
            // Who we are is refused, by a server that works: as a close code, by custom.
            Cause::Status(status @ (401 | 403)) => Some(4000 + status),
            Cause::Status(_) | Cause::Broken => None,
            Cause::App => Some(BY_APP),
        }
    }

    /// Why the socket stops for good, if it does.
    pub(super) fn stop_reason(&self, stop_codes: &[u16]) -> Option<StopReason> {
        match self.cause {
            Cause::Code(code) => {
                is_final(Some(code), None, stop_codes).then_some(StopReason::CloseCode(code))
            }
            Cause::Status(status) => {
                is_final(None, Some(status), stop_codes).then_some(StopReason::Unauthorized(status))
            }
            Cause::Broken | Cause::App => None,
        }
    }
}

impl From<Error> for LegEnd {
    fn from(error: Error) -> Self {
        let cause = match &error {
            Error::Http(answer) => Cause::Status(answer.status().as_u16()),
            _ => Cause::Broken,
        };
        Self { cause, reason: error.to_string() }
    }
}
