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
    /// When the attempt began.
    pub(super) began: Timestamp,
    /// How long the server may take to open it.
    within: Millis,
    /// How long the server took, once its turn is over.
    took: Millis,
    phase: Phase,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The server's turn, since then; after a sleep, since its end.
    Opening {
        since: Timestamp,
    },
    /// The app's turn, which has so long.
    AwaitingApp {
        since: Timestamp,
        within: Millis,
    },
    Open {
        since: Timestamp,
    },
}

/// Who has taken too long over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Late {
    Server,
    App,
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
    pub(super) const fn opening(
        id: ConnectionId,
        endpoint: Arc<Endpoint>,
        now: Timestamp,
        within: Millis,
    ) -> Self {
        let phase = Phase::Opening { since: now };
        Self { id, endpoint, began: now, within, took: Millis::ZERO, phase }
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    /// The app is asked, which has so long.
    pub(super) fn await_app(&mut self, now: Timestamp, within: Millis) {
        if let Phase::Opening { since } = self.phase {
            self.took = now - since;
            self.phase = Phase::AwaitingApp { since: now, within };
        }
    }

    /// The app has answered: it is the server's turn.
    pub(super) fn begin(&mut self, now: Timestamp) {
        if let Phase::AwaitingApp { .. } = self.phase {
            self.phase = Phase::Opening { since: now };
        }
    }

    /// It is open. Returns how long the server took.
    pub(super) fn opened(&mut self, now: Timestamp) -> Millis {
        self.await_app(now, Millis::ZERO);
        self.phase = Phase::Open { since: now };
        self.took
    }

    /// The device slept: whoever's turn it is has the whole time again.
    pub(super) fn extend(&mut self, now: Timestamp) {
        if let Phase::Opening { since } | Phase::AwaitingApp { since, .. } = &mut self.phase {
            *since = now;
        }
    }

    pub(super) fn heads_to(&self, target: &Endpoint) -> bool {
        self.endpoint.name == target.name && self.endpoint.connect == target.connect
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Opening { since } => Some(since + self.within),
            Phase::AwaitingApp { since, within } => Some(since + within),
            Phase::Open { .. } => None,
        }
    }

    /// Who has taken too long, if it is not open by now and should be.
    pub(super) fn late(&self, now: Timestamp) -> Option<Late> {
        self.deadline().filter(|deadline| *deadline <= now)?;
        let is_apps = matches!(self.phase, Phase::AwaitingApp { .. });
        Some(if is_apps { Late::App } else { Late::Server })
    }

    pub(super) fn open_since(&self) -> Option<(&Arc<Endpoint>, Timestamp)> {
        match self.phase {
            Phase::Opening { .. } | Phase::AwaitingApp { .. } => None,
            Phase::Open { since } => Some((&self.endpoint, since)),
        }
    }

    pub(super) fn ended(self, purpose: Option<Purpose>) -> Closed {
        let open_since = self.open_since().map(|(_, since)| since);
        Closed { open_since, purpose, began: self.began, endpoint: self.endpoint }
    }
}
