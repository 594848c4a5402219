//! How much an engine may fairly do: the bounds of its wake-ups, checks and connection attempts.

use super::fairness::Fair;
use super::grade::is_blind;
use std::collections::HashMap;
use steadfast::{Endpoint, Millis};

/// The most that a phase may hold.
pub(super) struct Bounds {
    checks: HashMap<String, u32>,
    neutral: u32,
    pub(super) wakes: u32,
    pub(super) attempts: u32,
}

/// So many times the calm rhythm: whoever has doubts half of the time, and repeats each check at
/// once, needs no more.
const TIMES: u64 = 3;
/// Checks in haste beside those, for a dozen verdicts.
const IN_HASTE: u64 = 200;

impl Bounds {
    /// The most checks of an endpoint.
    pub(super) fn checks(&self, name: &str) -> u32 {
        self.checks.get(name).copied().unwrap_or(self.neutral)
    }
}

impl Fair<'_> {
    /// What a phase of this length may hold, if so many messages arrive in it.
    pub(super) fn bounds(&self, long: Millis, messages: u32) -> Bounds {
        let requests = self.requests.map_or(0, |every| long.get() / every.get());
        let long = u64::from(long.get());
        let config = &self.truth.config;
        // Full jitter: a wait is half of the longest on average.
        let retries = long * 2 / u64::from(config.retry.max.get()).max(1);
        // The published script has no outage in which it would ask less often.
        let times = if is_blind(config) { TIMES + 1 } else { TIMES };
        let checks = |endpoint: &Endpoint| {
            let check = endpoint.check();
            let interval = check.interval.min(config.standby_interval.unwrap_or(check.interval));
            let calm = long / u64::from(interval.get()).max(1);
            (times * (calm + retries) * u64::from(1 + check.retries) + IN_HASTE) as u32
        };
        let checks: HashMap<_, _> = self
            .truth
            .endpoints
            .iter()
            .map(|endpoint| (endpoint.name.to_string(), checks(endpoint)))
            .collect();
        // Somebody else's URLs are asked once a second while there is doubt.
        let neutral = (long / 1_000 + IN_HASTE) as u32;
        let endpoints = self.truth.endpoints.len() as u64;
        // Each socket of the app has a back-off of its own.
        let sockets = self.truth.most_held as u64;
        let attempts = (sockets * (TIMES * retries * endpoints + IN_HASTE)) as u32;
        let neutrals = config.connectivity.len() as u32 * neutral;
        // Each check and each attempt begins and ends, and each message moves the moment at which
        // silence is due.
        let ended = checks.values().sum::<u32>() + neutrals + attempts;
        let wakes = 2 * ended + messages + requests + IN_HASTE as u32;
        Bounds { checks, neutral, wakes, attempts }
    }
}
