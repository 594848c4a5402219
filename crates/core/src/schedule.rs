//! When one endpoint is checked next, and the check that is under way.

use crate::config::{Check, Config};
use crate::effect::CheckId;
use crate::random::Random;
use crate::time::{Millis, Timestamp};

/// Most checks in a row that follow each other in haste: an app must not hammer a server that it cannot leave.
pub(crate) const MAX_TRIES: u32 = 12;

/// A check under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flight {
    pub(crate) id: CheckId,
    pub(crate) started: Timestamp,
    pub(crate) timeout: Millis,
    /// How many checks failed before this one without counting (`retries`).
    pub(crate) attempt: u32,
    /// Nothing spoke against the endpoint when it began.
    pub(crate) calm: bool,
}

impl Flight {
    pub(crate) fn deadline(&self) -> Timestamp {
        self.started + self.timeout
    }
}

/// The rhythm of one endpoint's checks.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Checks under way, oldest first; more than one only of an endpoint under suspicion.
    flights: Vec<Flight>,
    /// A check asked for outside the rhythm: the first one, by the app, after a sleep.
    pub(crate) asked: Option<Timestamp>,
    /// The server asked for rest until then.
    pub(crate) rest: Option<Timestamp>,
    /// Checks begun since the last that passed.
    pub(crate) tries: u32,
    last_start: Option<Timestamp>,
    last_end: Timestamp,
    last_traffic: Timestamp,
    /// What the next pause is multiplied by, in thousandths.
    permille: u32,
}

impl Schedule {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { flights: Vec::new(), asked: None, rest: None, tries: 0, last_start: None, last_end: now, last_traffic: now, permille: 1000 }
    }

    pub(crate) fn is_checking(&self) -> bool {
        !self.flights.is_empty()
    }

    /// The checks under way.
    pub(crate) fn flights(&self) -> &[Flight] {
        &self.flights
    }

    /// When the first of the checks under way will have taken too long.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.flights.iter().map(Flight::deadline).min()
    }

    pub(crate) fn begin(&mut self, flight: Flight) {
        self.last_start = Some(flight.started);
        self.asked = None;
        self.tries = self.tries.saturating_add(1);
        // Mostly there is only this one.
        self.flights.reserve_exact(1);
        self.flights.push(flight);
    }

    /// A check has ended, if it was under way. The pause begins, of a length that is drawn now.
    pub(crate) fn end(&mut self, id: CheckId, now: Timestamp, jitter_percent: u32, random: &mut Random) -> Option<Flight> {
        let at = self.flights.iter().position(|flight| flight.id == id)?;
        let ended = self.flights.remove(at);
        self.pause_from(now, jitter_percent, random);
        Some(ended)
    }

    pub(crate) fn pause_from(&mut self, now: Timestamp, jitter_percent: u32, random: &mut Random) {
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

    /// The next of the checks that follow each other in haste, side by side if they take longer than `gap`; `None` when there have been enough.
    pub(crate) fn hurried(&self, gap: Option<Millis>) -> Option<Timestamp> {
        let start = self.last_start.map_or(self.last_end, |start| start + gap.unwrap_or_default());
        gap.filter(|_| self.tries < MAX_TRIES).map(|_| start)
    }

    /// Next check of the active endpoint.
    pub(crate) fn active_due(&self, config: &Config, check: &Check, suspected: bool) -> Option<Timestamp> {
        if suspected && let Some(soon) = self.hurried(config.suspect_interval) {
            return Some(self.rested(soon));
        }
        if self.is_checking() {
            return None;
        }
        let interval = self.pause(check.interval);
        if suspected || self.last_traffic <= self.last_end {
            return Some(self.rested(self.last_end + interval));
        }
        let at_the_latest = self.last_end + self.pause(config.busy_interval).max(interval);
        Some(self.rested(at_the_latest.min(self.last_traffic + interval)))
    }

    /// Next check of an endpoint that is not the active one.
    pub(crate) fn standby_due(&self, config: &Config) -> Option<Timestamp> {
        let interval = config.standby_interval.filter(|_| !self.is_checking())?;
        Some(self.rested(self.last_end + self.pause(interval)))
    }

    /// No sooner than the server wants.
    pub(crate) fn rested(&self, due: Timestamp) -> Timestamp {
        self.rest.map_or(due, |rest| rest.max(due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn flight(id: u64, started: u64) -> Flight {
        Flight { id: CheckId(id), started: at(started), timeout: Millis::new(300), attempt: 0, calm: true }
    }

    fn checked_once() -> Schedule {
        let mut schedule = Schedule::new(at(0));
        schedule.begin(flight(1, 1_000));
        schedule.end(CheckId(1), at(1_020), 0, &mut Random::new(1));
        schedule
    }

    fn active_due(schedule: &Schedule, suspected: bool) -> Option<Timestamp> {
        schedule.active_due(&Config::default(), &Check::default(), suspected)
    }

    #[test]
    fn the_pause_begins_when_the_check_ends() {
        assert_eq!(active_due(&checked_once(), false), Some(at(4_020)));
        assert_eq!(checked_once().standby_due(&Config::default()), Some(at(31_020)));
    }

    #[test]
    fn suspicion_counts_from_start_to_start_side_by_side_and_gives_up_hurrying() {
        let mut schedule = checked_once();
        assert_eq!(active_due(&schedule, true), Some(at(1_250)));
        for round in 1..12 {
            schedule.begin(flight(1 + round, 1_000 + 250 * round));
        }
        assert_eq!(schedule.flights().len(), 11);
        assert_eq!(schedule.deadline(), Some(at(1_550)));
        assert_eq!(active_due(&schedule, true), None, "one at a time from here on");
        (2..13).for_each(|id| {
            schedule.end(CheckId(id), at(5_000), 0, &mut Random::new(1));
        });
        assert_eq!(active_due(&schedule, true), Some(at(8_000)));
    }

    #[test]
    fn traffic_postpones_a_check_but_not_for_ever() {
        let mut schedule = checked_once();
        schedule.traffic(at(3_000));
        assert_eq!(active_due(&schedule, false), Some(at(6_000)));
        schedule.traffic(at(45_000));
        assert_eq!(active_due(&schedule, false), Some(at(46_020)));
    }

    #[test]
    fn a_server_that_asked_for_rest_gets_it() {
        let mut schedule = checked_once();
        schedule.rest = Some(at(60_000));
        assert_eq!(active_due(&schedule, false), Some(at(60_000)));
        assert_eq!(schedule.standby_due(&Config::default()), Some(at(60_000)));
    }

    #[test]
    fn jitter_stays_within_its_percentage() {
        let mut random = Random::new(3);
        for _ in 0..1_000 {
            let mut schedule = checked_once();
            schedule.pause_from(at(0), 10, &mut random);
            assert!((900..=1_100).contains(&schedule.permille));
        }
    }
}
