//! An endpoint and all that is known of it.

use super::explain::Verdict;
use crate::breaker::Circuit;
use crate::config::{Config, Endpoint, Name, Strategy};
use crate::detector::Rule;
use crate::evidence::Weight;
use crate::health::Condition;
use crate::history::History;
use crate::hold::Hold;
use crate::outcome::FailureKind;
use crate::random::Random;
use crate::rtt::Rtt;
use crate::schedule::Schedule;
use crate::time::{Millis, Timestamp};
use std::sync::Arc;

/// An endpoint and all that is known of it.
#[derive(Debug)]
pub(super) struct Tracked {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) condition: Condition,
    pub(super) rtt: Rtt,
    pub(super) schedule: Schedule,
    pub(super) hold: Hold,
    /// Over how long a time the server asks its clients to spread their moves.
    pub(super) spread: Millis,
    /// This client's own number for it, by which the strategy `weighted` chooses.
    pub(super) lot: u32,
    pub(super) circuit: Circuit,
    /// Kept only if they are told of.
    #[cfg(feature = "recovery")]
    pub(super) failures: Option<Box<crate::failures::Failures>>,
    #[cfg(feature = "metrics")]
    pub(super) totals: super::metrics::Totals,
    pub(super) history: History,
    /// The evidence by which it was last found unhealthy.
    pub(super) verdict: Option<Box<Verdict>>,
    /// When the last check that failed began.
    pub(super) failed: Option<Timestamp>,
    /// When the last check that passed began.
    pub(super) passed: Option<Timestamp>,
    /// Why the last check failed, if it did.
    pub(super) failure: Option<FailureKind>,
}

impl Tracked {
    pub(super) fn new(endpoint: Arc<Endpoint>, config: &Config, random: &mut Random, now: Timestamp) -> Self {
        let rule = config.failure_threshold.map_or(Rule::Accrue(Weight::decades(config.suspicion_level as u16)), Rule::Count);
        let lot = if config.strategy == Strategy::Weighted { super::selection::lot(endpoint.weight, random) } else { 0 };
        Self {
            endpoint,
            condition: Condition::new(rule, now),
            spread: Millis::ZERO,
            lot,
            circuit: Circuit::default(),
            #[cfg(feature = "recovery")]
            failures: None,
            #[cfg(feature = "metrics")]
            totals: super::metrics::Totals::default(),
            history: History::new(now),
            verdict: None,
            failed: None,
            rtt: Rtt::default(),
            schedule: Schedule::new(now),
            hold: Hold::default(),
            passed: None,
            failure: None,
        }
    }

    pub(super) fn name(&self) -> Name {
        self.endpoint.name.clone()
    }
}
