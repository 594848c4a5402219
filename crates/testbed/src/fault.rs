//! The ways in which an endpoint can misbehave.

use serde::{Deserialize, Serialize};

/// How an endpoint behaves. As JSON: `"hang"`, `{"status":503}`, `{"slow":4000}` and so on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// Not at all: it works.
    #[default]
    Healthy,
    /// It is dead: connections are cut off without a word, new ones refused.
    Kill,
    /// New connections are refused; those that are open go on.
    Refuse,
    /// Accepts everything and says nothing, on open connections too.
    Hang,
    /// The health check answers this status; sockets stay open.
    Status(u16),
    /// The health check answers after so many milliseconds; sockets stay open.
    Slow(u64),
    /// Open sockets are closed with this code; otherwise it works.
    Close(u16),
    /// Sockets stay open and say nothing more; the health check works.
    Silent,
    /// Announced maintenance: the health check answers 503 with `Retry-After`.
    Maintenance,
    /// It works, but its answers allow no other origin to see them.
    NoCors,
}

impl Fault {
    /// Whether sockets get no answers.
    pub(crate) fn silences(self) -> bool {
        matches!(self, Self::Hang | Self::Silent)
    }

    /// Whether new connections are refused.
    pub(crate) fn refuses(self) -> bool {
        matches!(self, Self::Kill | Self::Refuse)
    }
}
