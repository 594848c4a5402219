//! When one endpoint is checked next, and its checks in flight.

use super::service::Service;
use crate::base::random::Random;
use crate::base::time::{Millis, Timestamp, earliest};
use crate::config::{Check, Config};
use crate::protocol::effect::CheckId;

/// Maximum number of checks that follow each other in haste: an app must not hammer a server that
/// it cannot leave.
pub(crate) const MAX_ATTEMPTS: u32 = 16;
/// The longest pause between checks of an endpoint that has failed now and then lately.
const DOUBTFUL_INTERVAL: Millis = Millis::new(500);
/// The longest time for which the active endpoint is left unchecked because it asked for rest: a
/// server that is busy may also hang.
const MAX_REST_WHILE_ACTIVE: Millis = Millis::from_secs(60);

/// A check in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InFlightCheck {
    pub(crate) id: CheckId,
    pub(crate) started: Timestamp,
    /// How long it may take to pass, as learnt.
    pub(crate) timeout: Millis,
    /// Checks before this one that failed without counting (`retries`).
    pub(crate) attempt: u32,
    /// Nothing spoke against the endpoint when it began.
    pub(crate) baseline: bool,
    /// The last `checkNow` that it answers.
    pub(crate) request: Option<u32>,
}

impl InFlightCheck {
    pub(crate) fn deadline(&self) -> Timestamp {
        self.started + self.timeout
    }
}

/// The rhythm of one endpoint's checks.
#[derive(Clone, Debug)]
pub(crate) struct Schedule {
    /// Checks in flight, oldest first; more than one only of an endpoint under suspicion.
    in_flight: Vec<InFlightCheck>,
    /// A check that has failed by its learnt timeout and runs on, for what its answer teaches.
    late: Option<InFlightCheck>,
    /// A check outside the rhythm: the first one, after a sleep, after a closed socket.
    requested: Option<Timestamp>,
    /// The app's last `checkNow` for which no check has begun.
    request: Option<u32>,
    /// The server asked to be left alone until then.
    retry_after: Option<Timestamp>,
    /// The server limits our rate: pauses are doubled.
    rate_limited: bool,
    /// Checks begun since the last that passed.
    attempts: u32,
    last_start: Option<Timestamp>,
    last_end: Timestamp,
    last_traffic: Option<Timestamp>,
    service: Service,
    /// The factor of the next pause, in thousandths.
    jitter: u32,
}

impl Schedule {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            in_flight: Vec::new(),
            late: None,
            requested: None,
            request: None,
            retry_after: None,
            rate_limited: false,
            attempts: 0,
            last_start: None,
            last_end: now,
            last_traffic: None,
            service: Service::default(),
            jitter: 1000,
        }
    }

    pub(crate) fn is_checking(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// The checks in flight, oldest first.
    pub(crate) fn in_flight(&self) -> &[InFlightCheck] {
        &self.in_flight
    }

    /// Checks begun since the last that passed.
    pub(crate) const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether a check is in flight, or has failed by its learnt timeout and runs on.
    pub(crate) fn awaits_answer(&self) -> bool {
        self.late.is_some() || self.is_checking()
    }

    /// When the first of the checks in flight will have taken too long.
    pub(crate) fn deadline(&self, limit: Millis) -> Option<Timestamp> {
        let mut first = self.late.map(|check| check.started + limit);
        for check in &self.in_flight {
            first = earliest([first, Some(check.deadline())]);
        }
        first
    }

    /// Begins a check, which answers the request of the app if there is one.
    pub(crate) fn begin(&mut self, check: InFlightCheck) {
        self.last_start = Some(check.started);
        self.requested = None;
        self.request = None;
        self.attempts = self.attempts.saturating_add(1);
        // Mostly there is only this one.
        self.in_flight.reserve_exact(1);
        self.in_flight.push(check);
    }

    /// The request of the app that the next check answers.
    pub(crate) const fn request(&self) -> Option<u32> {
        self.request
    }

    /// Ends a check, if it is in flight. The pause begins, of a length that is drawn now.
    pub(crate) fn end(
        &mut self,
        id: CheckId,
        now: Timestamp,
        jitter_percent: u32,
        random: &mut Random,
    ) -> Option<InFlightCheck> {
        let at = self.in_flight.iter().position(|check| check.id == id)?;
        let ended = self.in_flight.remove(at);
        self.pause_from(now, jitter_percent, random);
        Some(ended)
    }

    /// Lets a check that has failed by its timeout run on. False if another one does already.
    pub(crate) fn run_on(&mut self, check: InFlightCheck) -> bool {
        let free = self.late.is_none();
        if free {
            self.late = Some(check);
        }
        free
    }

    /// The check that runs on.
    pub(crate) const fn late(&self) -> Option<InFlightCheck> {
        self.late
    }

    /// Ends the check that runs on.
    pub(crate) fn end_late(&mut self) -> Option<InFlightCheck> {
        self.late.take()
    }

    pub(crate) fn pause_from(&mut self, now: Timestamp, jitter_percent: u32, random: &mut Random) {
        self.last_end = now;
        self.jitter = 1000 - 10 * jitter_percent + random.up_to(20 * jitter_percent);
    }

    /// The app's own traffic shows that the endpoint answers.
    pub(crate) fn traffic(&mut self, now: Timestamp) {
        self.last_traffic = Some(now);
    }

    /// A request of the app's own has succeeded.
    pub(crate) fn served(&mut self, now: Timestamp) {
        self.traffic(now);
        self.service.succeeded(now);
    }

    /// A request of the app's own has failed.
    pub(crate) fn not_served(&mut self) {
        self.service.failed();
    }

    /// Until when a request of the app's own that succeeded shows that the app is served.
    pub(crate) fn served_until(&self) -> Option<Timestamp> {
        self.service.lasts_until()
    }

    /// The next checks follow each other in haste again.
    pub(crate) fn restart_attempts(&mut self) {
        self.attempts = 0;
    }

    /// What the server asked for with its last answer.
    pub(crate) fn set_rest(&mut self, retry_after: Option<Timestamp>, rate_limited: bool) {
        self.retry_after = retry_after;
        self.rate_limited = rate_limited;
    }

    /// A check at this moment.
    pub(crate) fn ask_at(&mut self, at: Timestamp) {
        self.requested = Some(at);
    }

    /// A check at once, but no sooner than `gap` after the last one started: a flapping network
    /// must not become a flood of checks.
    pub(crate) fn ask(&mut self, now: Timestamp, gap: Millis) {
        self.requested = Some(self.last_start.map_or(now, |start| now.max(start + gap)));
    }

    /// The server's wish to be left alone counts no more.
    pub(crate) fn end_rest(&mut self) {
        self.retry_after = None;
    }

    /// The app asks for a check that begins from now on.
    pub(crate) fn ask_for_app(&mut self, now: Timestamp, request: u32) {
        self.requested = Some(now);
        self.request = self.request.max(Some(request));
    }

    /// Forgets requests, but for the app's.
    pub(crate) fn discard_requests(&mut self, now: Timestamp) {
        self.requested = self.request.map(|_| now);
    }

    /// When a requested check begins: one in flight comes first.
    pub(crate) fn requested(&self, rests: bool) -> Option<Timestamp> {
        let at = self.requested.filter(|_| !self.is_checking())?;
        Some(if rests && self.request.is_none() { self.rested(at) } else { at })
    }

    fn pause(&self, pause: Millis) -> Millis {
        pause.scaled(self.jitter * if self.rate_limited { 2 } else { 1 }, 1000)
    }

    /// The next of the checks that follow each other in haste, side by side if they take longer
    /// than `gap`; `None` when there have been enough, or nothing is done in haste.
    pub(crate) fn in_haste(&self, gap: Option<Millis>, attempts: u32) -> Option<Timestamp> {
        let gap =
            gap.filter(|_| self.attempts < attempts && self.in_flight.len() < attempts as usize)?;
        Some(self.last_start.map_or(self.last_end, |start| start + gap))
    }

    /// Next check of the active endpoint.
    pub(crate) fn active_due(
        &self,
        config: &Config,
        check: &Check,
        haste: Haste,
    ) -> Option<Timestamp> {
        if haste == Haste::Suspected
            && let Some(soon) = self.in_haste(config.suspect_interval, MAX_ATTEMPTS)
        {
            return Some(self.rested_while_active(soon));
        }
        if self.is_checking() {
            return None;
        }
        let interval = match haste {
            Haste::Doubtful => check.interval.min(DOUBTFUL_INTERVAL),
            Haste::None | Haste::Suspected => check.interval,
        };
        let interval = self.pause(interval);
        let Some(traffic) =
            self.last_traffic.filter(|at| haste == Haste::None && *at > self.last_end)
        else {
            return Some(self.rested_while_active(self.last_end + interval));
        };
        let at_the_latest = self.last_end + self.pause(config.busy_interval).max(interval);
        Some(self.rested_while_active(at_the_latest.min(traffic + interval)))
    }

    /// Next check after a pause of `interval`.
    pub(crate) fn due_after(&self, interval: Millis) -> Option<Timestamp> {
        (!self.is_checking()).then(|| self.rested(self.last_end + self.pause(interval)))
    }

    /// Until when the server asked to be left alone.
    pub(crate) const fn rests_until(&self) -> Option<Timestamp> {
        self.retry_after
    }

    /// No sooner than the server wants.
    pub(crate) fn rested(&self, due: Timestamp) -> Timestamp {
        self.retry_after.map_or(due, |rest| rest.max(due))
    }

    fn rested_while_active(&self, due: Timestamp) -> Timestamp {
        self.rested(due).min(due.max(self.last_end + MAX_REST_WHILE_ACTIVE))
    }
}

/// How urgent it is to know more about the active endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Haste {
    /// Nothing speaks against it.
    None,
    /// It has failed now and then lately.
    Doubtful,
    /// The last check failed.
    Suspected,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn check(id: u64, started: u64) -> InFlightCheck {
        InFlightCheck {
            id: CheckId(id),
            started: at(started),
            timeout: Millis::new(300),
            attempt: 0,
            baseline: true,
            request: None,
        }
    }

    fn checked_once() -> Schedule {
        let mut schedule = Schedule::new(at(0));
        schedule.begin(check(1, 1_000));
        schedule.end(CheckId(1), at(1_020), 0, &mut Random::new(1));
        schedule
    }

    fn active_due(schedule: &Schedule, haste: Haste) -> Option<Timestamp> {
        schedule.active_due(&Config::default(), &Check::default(), haste)
    }

    #[test]
    fn the_pause_begins_when_the_check_ends() {
        assert_eq!(active_due(&checked_once(), Haste::None), Some(at(4_020)));
        assert_eq!(checked_once().due_after(Millis::from_secs(30)), Some(at(31_020)));
    }

    #[test]
    fn suspicion_counts_from_start_to_start_side_by_side_and_gives_up_hurrying() {
        let mut schedule = checked_once();
        assert_eq!(active_due(&schedule, Haste::Suspected), Some(at(1_250)));
        let most = u64::from(MAX_ATTEMPTS);
        for round in 1..most {
            schedule.begin(check(1 + round, 1_000 + 250 * round));
        }
        assert_eq!(schedule.in_flight().len() as u64, most - 1);
        assert_eq!(schedule.deadline(Millis::from_secs(5)), Some(at(1_550)));
        assert_eq!(active_due(&schedule, Haste::Suspected), None, "one at a time from here on");
        (2..=most).for_each(|id| {
            schedule.end(CheckId(id), at(5_000), 0, &mut Random::new(1));
        });
        assert_eq!(active_due(&schedule, Haste::Suspected), Some(at(8_000)));
    }

    #[test]
    fn traffic_postpones_a_check_but_not_for_ever() {
        let mut schedule = checked_once();
        schedule.traffic(at(3_000));
        assert_eq!(active_due(&schedule, Haste::None), Some(at(6_000)));
        schedule.traffic(at(45_000));
        assert_eq!(active_due(&schedule, Haste::None), Some(at(17_020)));
    }

    #[test]
    fn a_server_that_asked_for_rest_gets_it() {
        let mut schedule = checked_once();
        schedule.set_rest(Some(at(60_000)), false);
        assert_eq!(active_due(&schedule, Haste::None), Some(at(60_000)));
        assert_eq!(schedule.due_after(Millis::from_secs(30)), Some(at(60_000)));
    }

    #[test]
    fn a_server_that_limits_rates_is_asked_half_as_often() {
        let mut schedule = checked_once();
        schedule.set_rest(None, true);
        assert_eq!(active_due(&schedule, Haste::None), Some(at(7_020)));
        assert_eq!(schedule.due_after(Millis::from_secs(30)), Some(at(61_020)));
        schedule.set_rest(None, false);
        assert_eq!(active_due(&schedule, Haste::None), Some(at(4_020)), "until it does not");
    }

    #[test]
    fn jitter_stays_within_its_percentage() {
        let mut random = Random::new(3);
        for _ in 0..1_000 {
            let mut schedule = checked_once();
            schedule.pause_from(at(0), 10, &mut random);
            assert!((900..=1_100).contains(&schedule.jitter));
        }
    }
}
