//! One socket of a connection: open, or opening.

use super::Purpose;
use crate::base::time::{Millis, Timestamp};
use crate::config::Endpoint;
use crate::protocol::effect::ConnectionId;
use std::sync::Arc;

/// One socket.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) id: ConnectionId,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) began: Timestamp,
    pub(super) phase: Phase,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Phase {
    /// It may take so long to open, counted anew after a sleep.
    Opening {
        deadline: Timestamp,
        within: Millis,
    },
    Open {
        since: Timestamp,
    },
}

impl Phase {
    pub(super) fn opening(now: Timestamp, within: Millis) -> Self {
        Self::Opening { deadline: now + within, within }
    }
}

/// A socket that has ended.
pub(crate) struct Closed {
    pub(crate) endpoint: Arc<Endpoint>,
    /// When the attempt began.
    pub(crate) began: Timestamp,
    /// Since when it was open, if it was.
    pub(crate) open_since: Option<Timestamp>,
    /// What it was opened for, if not as the only one.
    pub(crate) purpose: Option<Purpose>,
}

impl Socket {
    pub(super) fn heads_to(&self, target: &Endpoint) -> bool {
        self.endpoint.name == target.name && self.endpoint.connect == target.connect
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Opening { deadline, .. } => Some(deadline),
            Phase::Open { .. } => None,
        }
    }

    pub(super) fn open_since(&self) -> Option<(&Arc<Endpoint>, Timestamp)> {
        match self.phase {
            Phase::Opening { .. } => None,
            Phase::Open { since } => Some((&self.endpoint, since)),
        }
    }

    pub(super) fn ended(self, purpose: Option<Purpose>) -> Closed {
        let open_since = self.open_since().map(|(_, since)| since);
        Closed { open_since, purpose, began: self.began, endpoint: self.endpoint }
    }
}
