//! What the engine makes of the whole: which evidence it is gathering, or which outage it is sitting out.

use crate::backoff::Backoff;
use crate::detector::Others;
use crate::snapshot::State;
use crate::time::{Millis, Timestamp};

/// Exactly one of these holds at any time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Situation {
    /// The active endpoint is believed to work.
    Steady,
    /// There is evidence against the active endpoint; the standbys are being asked.
    Suspicion(Suspicion),
    /// The strategy `cyclic` asks one other endpoint, and nothing else meanwhile.
    Attempt {
        /// The endpoint that is asked.
        target: usize,
    },
    /// Nothing is healthy, though the network is up.
    AllDown(Outage),
    /// Nothing is reachable; presumably it is our own network.
    PresumedOffline(Outage),
    /// The platform says that there is no network: nothing is checked until it says otherwise.
    ToldOffline,
}

impl Situation {
    pub(crate) const fn outage(&mut self) -> Option<&mut Outage> {
        match self {
            Self::AllDown(outage) | Self::PresumedOffline(outage) => Some(outage),
            _ => None,
        }
    }

    pub(crate) const fn state(&self) -> State {
        match self {
            Self::Steady => State::Steady,
            Self::Suspicion(_) | Self::Attempt { .. } => State::Suspicious,
            Self::AllDown(_) => State::AllDown,
            Self::PresumedOffline(_) | Self::ToldOffline => State::Offline,
        }
    }
}

/// Evidence being gathered against the active endpoint, and about the standbys meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Suspicion {
    /// A standby is freshly healthy if it passed a check that began no earlier.
    pub(crate) since: Timestamp,
    /// How checks of all but the active endpoint have gone since then.
    pub(crate) others: Others,
    /// How long the move waits after the verdict.
    pub(crate) spread: Millis,
    /// When the evidence sufficed.
    pub(crate) verdict: Option<Timestamp>,
    /// The move is decided, and waits for nothing but its spread.
    pub(crate) decided: bool,
}

impl Suspicion {
    pub(crate) fn new(since: Timestamp, spread: Millis) -> Self {
        Self { since, others: Others::default(), spread, verdict: None, decided: false }
    }
}

/// Rounds of retries in which all endpoints are asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    /// When the evidence began that led to it.
    pub(crate) since: Timestamp,
    /// When the next round begins; `None` while one is under way.
    pub(crate) round: Option<Timestamp>,
    pub(crate) backoff: Backoff,
    /// Nothing at all has answered: it may be the network after all.
    pub(crate) silent: bool,
}
