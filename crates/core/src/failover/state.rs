//! The failover state: exactly one of these holds at any time.

use crate::base::time::{Millis, Timestamp};
use crate::protocol::event::SwitchReason;
use crate::protocol::snapshot;
use crate::session::backoff::Backoff;

/// The failover state.
#[derive(Clone, Copy, Debug)]
pub(crate) enum State {
    /// The active endpoint is believed to work. A move that nobody is forced to make may be
    /// planned.
    Steady(Option<PlannedMove>),
    /// There is evidence against the active endpoint; the standbys are checked.
    Suspecting(Suspicion),
    /// The strategy `cyclic` checks one other endpoint, and nothing else meanwhile.
    Trying {
        /// The endpoint that is checked.
        target: usize,
    },
    /// No endpoint is usable, though the network is up.
    AllDown(Outage),
    /// Our own network is down.
    Offline(Offline),
}

/// How it is known that our own network is down.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Offline {
    /// The platform has reported it, at this moment.
    Reported(Timestamp),
    /// Nothing can be reached.
    Presumed(Outage),
}

/// A move that nobody is forced to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PlannedMove {
    pub(crate) to: usize,
    pub(crate) reason: SwitchReason,
    pub(crate) stage: Stage,
}

/// How far a planned move has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// It begins at this moment, if the endpoint is well then.
    Waiting(Timestamp),
    /// A connection to the endpoint is being opened. The move is made when it is open.
    Opening,
}

/// Evidence against the active endpoint, and what is learnt of the standbys meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspicion {
    /// A standby is fresh if it passed a check that began no earlier.
    pub(crate) since: Timestamp,
    /// How long the move waits after the verdict.
    pub(crate) spread: Millis,
    /// When the evidence sufficed.
    pub(crate) verdict: Option<Timestamp>,
    /// The move is decided, and waits for nothing but its spread.
    pub(crate) decided: bool,
    /// What the connection that is being opened was planned for before the suspicion.
    pub(crate) trial: Option<SwitchReason>,
}

impl Suspicion {
    pub(crate) const fn new(since: Timestamp, spread: Millis) -> Self {
        Self { since, spread, verdict: None, decided: false, trial: None }
    }
}

/// Rounds of retries in which all endpoints are checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    /// When the evidence began that led to it.
    pub(crate) since: Timestamp,
    /// When the next round begins; `None` while one is under way.
    pub(crate) round: Option<Timestamp>,
    pub(crate) backoff: Backoff,
    /// Nothing at all has answered: it may be the network after all.
    pub(crate) silent: bool,
    /// How long an endpoint must have been usable before the outage is over.
    pub(crate) hold: Millis,
}

impl State {
    pub(crate) const fn outage(&self) -> Option<&Outage> {
        match self {
            Self::AllDown(outage) | Self::Offline(Offline::Presumed(outage)) => Some(outage),
            _ => None,
        }
    }

    pub(crate) const fn outage_mut(&mut self) -> Option<&mut Outage> {
        match self {
            Self::AllDown(outage) | Self::Offline(Offline::Presumed(outage)) => Some(outage),
            _ => None,
        }
    }

    /// Since when there has been reason to doubt that the network works.
    pub(crate) const fn in_doubt_since(&self) -> Option<Timestamp> {
        match self {
            Self::Suspecting(suspicion) => Some(suspicion.since),
            Self::AllDown(outage) | Self::Offline(Offline::Presumed(outage)) => Some(outage.since),
            _ => None,
        }
    }

    pub(crate) const fn is_reported_offline(&self) -> bool {
        matches!(self, Self::Offline(Offline::Reported(_)))
    }

    /// Whether a connection may be opened for a move.
    pub(crate) const fn may_be_opening(&self) -> bool {
        matches!(
            self,
            Self::Suspecting(_) | Self::Steady(Some(PlannedMove { stage: Stage::Opening, .. }))
        )
    }

    /// The state as the app sees it.
    pub(crate) const fn public(&self) -> snapshot::State {
        match self {
            Self::Steady(_) => snapshot::State::Steady,
            Self::Suspecting(_) | Self::Trying { .. } => snapshot::State::Suspicious,
            Self::AllDown(_) => snapshot::State::AllDown,
            Self::Offline(_) => snapshot::State::Offline,
        }
    }
}
