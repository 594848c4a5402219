//! When one endpoint is checked next, and the check that is under way.

use crate::config::{Check, Config};
use crate::effect::CheckId;
use crate::random::Random;
use crate::time::{Millis, Timestamp};

/// After so many failures in a row the suspicion checks slow down to the ordinary interval: an app must not hammer a server that it cannot leave.
const MAX_SUSPICION_CHECKS: u32 = 12;

/// A check under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight {
    pub(crate) id: CheckId,
    pub(crate) started: Timestamp,
    pub(crate) timeout: Millis,
    /// How many checks failed before this one without counting (`retries`).
    pub(crate) attempt: u32,
}

impl Flight {
    pub(crate) fn deadline(&self) -> Timestamp {
        self.started + self.timeout
    }
}

/// The rhythm of one endpoint's checks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    /// At most one check of an endpoint is under way.
    pub(crate) flight: Option<Flight>,
    /// A check asked for outside the rhythm: the first one, by the app, after a sleep.
    pub(crate) asked: Option<Timestamp>,
    last_start: Option<Timestamp>,
    last_end: Timestamp,
    last_traffic: Timestamp,
    /// What the next pause is multiplied by, in thousandths.
    permille: u32,
}

impl Schedule {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { flight: None, asked: None, last_start: None, last_end: now, last_traffic: now, permille: 1000 }
    }

    pub(crate) fn begin(&mut self, flight: Flight) {
        self.last_start = Some(flight.started);
        self.asked = None;
        self.flight = Some(flight);
    }

    /// The pause begins, of a length that is drawn now.
    pub(crate) fn end(&mut self, now: Timestamp, jitter_percent: u32, random: &mut Random) {
        self.flight = None;
        self.last_end = now;
        self.permille = 1000 - 10 * jitter_percent + random.up_to(20 * jitter_percent);
    }

    /// The app's own traffic shows that the endpoint answers.
    pub(crate) fn traffic(&mut self, now: Timestamp) {
        self.last_traffic = now;
    }

    /// Asks for a check at once, but no sooner than `gap` after the last one started: a flapping network must not become a flood of checks.
    pub(crate) fn ask(&mut self, now: Timestamp, gap: Millis) {
        self.asked = Some(self.last_start.map_or(now, |start| now.max(start + gap)));
    }

    fn pause(&self, pause: Millis) -> Millis {
        pause.scaled(self.permille, 1000)
    }

    /// Next check of the active endpoint, with so many `failures` in a row.
    pub(crate) fn active_due(&self, config: &Config, check: &Check, failures: u32) -> Timestamp {
        if let Some(gap) = config.suspect_interval
            && (1..MAX_SUSPICION_CHECKS).contains(&failures)
        {
            return self.last_start.map_or(self.last_end, |start| self.last_end.max(start + gap));
        }
        let interval = self.pause(check.interval);
        if failures > 0 || self.last_traffic <= self.last_end {
            return self.last_end + interval;
        }
        let at_the_latest = self.last_end + self.pause(config.busy_interval).max(interval);
        at_the_latest.min(self.last_traffic + interval)
    }

    /// Next check of an endpoint that is not the active one.
    pub(crate) fn standby_due(&self, config: &Config) -> Option<Timestamp> {
        config.standby_interval.map(|interval| self.last_end + self.pause(interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn checked_once() -> Schedule {
        let mut schedule = Schedule::new(at(0));
        schedule.begin(Flight { id: CheckId::default(), started: at(1_000), timeout: Millis::new(300), attempt: 0 });
        schedule.end(at(1_020), 0, &mut Random::new(1));
        schedule
    }

    #[test]
    fn the_pause_begins_when_the_check_ends() {
        assert_eq!(checked_once().active_due(&Config::default(), &Check::default(), 0), at(4_020));
        assert_eq!(checked_once().standby_due(&Config::default()), Some(at(31_020)));
    }

    #[test]
    fn suspicion_counts_from_start_to_start_and_gives_up_hurrying() {
        assert_eq!(checked_once().active_due(&Config::default(), &Check::default(), 1), at(1_250));
        assert_eq!(checked_once().active_due(&Config::default(), &Check::default(), 12), at(4_020));
    }

    #[test]
    fn traffic_postpones_a_check_but_not_for_ever() {
        let mut schedule = checked_once();
        schedule.traffic(at(3_000));
        assert_eq!(schedule.active_due(&Config::default(), &Check::default(), 0), at(6_000));
        schedule.traffic(at(45_000));
        assert_eq!(schedule.active_due(&Config::default(), &Check::default(), 0), at(46_020));
    }

    #[test]
    fn jitter_stays_within_its_percentage() {
        let mut random = Random::new(3);
        for _ in 0..1_000 {
            let mut schedule = checked_once();
            schedule.end(at(0), 10, &mut random);
            assert!((900..=1_100).contains(&schedule.permille));
        }
    }
}
