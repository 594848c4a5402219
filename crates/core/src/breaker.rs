//! A circuit breaker for the app's own requests: it keeps them from a server that fails them, and lets a few try whether it still does.
//!
//! Closed, it counts failures in a row, or shares of a sliding window; open, it refuses; half-open, it lets a limited number of trials
//! through. A permit carries the generation of the state that gave it: what is reported with an older one changes nothing.

use crate::config::reader_settings;
use crate::keyword::keywords;
use crate::random::Random;
use crate::sliding::Sliding;
use crate::time::{Millis, Timestamp};

reader_settings! {
    /// When an endpoint's circuit breaker opens and closes. It guards the app's own requests, as far as the app asks it to.
    pub struct Breaker {
        /// Failures in a row at which it opens; `null`: only the shares below count.
        failures: Option<u32> = Some(5), "1" ..= "1000";
        /// Percentage of failed requests within `window` at which it opens; `null`: it does not matter.
        failure_percent: Option<u32> = None, "1" ..= "100";
        /// Percentage of slow requests within `window` at which it opens; `null`: it does not matter.
        slow_percent: Option<u32> = None, "1" ..= "100";
        /// How long a request takes that is slow.
        slow_after: Millis = Millis::from_secs(5), "1ms" ..= "10m";
        /// How far back shares are counted. Old requests leave it a tenth at a time, also when no new ones come.
        window: Millis = Millis::from_secs(60), "1s" ..= "1h";
        /// Requests in the window below which shares mean nothing.
        minimum: u32 = 10, "1" ..= "10000";
        /// How long it stays open at first. Twice as long each time that a trial fails, and up to a fifth more at random.
        open: Millis = Millis::from_secs(5), "10ms" ..= "1h";
        /// The longest that it stays open, but for the fifth.
        open_max: Millis = Millis::from_secs(60), "10ms" ..= "1d";
        /// Most requests under way at a time while half-open.
        trials: u32 = 3, "1" ..= "100";
        /// Successes after which it closes.
        successes: u32 = 3, "1" ..= "100";
        /// A trial that has not been reported by then has given its permit back.
        trial_timeout: Millis = Millis::from_secs(30), "10ms" ..= "1h";
    }
}

keywords! {
    /// What a circuit breaker does with requests.
    pub enum BreakerState {
        /// Lets them through.
        Closed = "closed",
        /// Refuses them, for a time.
        Open = "open",
        /// Lets a few through, to see.
        HalfOpen = "halfOpen",
        /// Refuses them until the app says otherwise.
        Isolated = "isolated",
    }
}

/// Leave to make one request. Report its end with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) generation: u32,
    pub(crate) number: u32,
}

/// One endpoint's circuit breaker.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circuit {
    state: State,
    /// Counts changes of state.
    generation: u32,
    last_number: u32,
    /// Times in a row that it opened without having been closed.
    openings: u32,
}

#[derive(Clone, Debug)]
enum State {
    Closed { failures: u32, window: Option<Box<Window>> },
    Open { until: Timestamp },
    HalfOpen { trials: Vec<(u32, Timestamp)>, successes: u32 },
    Isolated,
}

impl Default for State {
    fn default() -> Self {
        Self::Closed { failures: 0, window: None }
    }
}

impl Circuit {
    pub(crate) const fn state(&self) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
            State::Isolated => BreakerState::Isolated,
        }
    }

    /// Leave for a request, or how long to wait before asking again, as far as that is known.
    pub(crate) fn try_acquire(&mut self, rules: &Breaker, now: Timestamp) -> Result<Ticket, Option<Millis>> {
        if let State::Open { until } = self.state
            && until <= now
        {
            self.half_open();
        }
        self.last_number = self.last_number.wrapping_add(1);
        let number = self.last_number;
        match &mut self.state {
            State::Closed { .. } => {}
            State::Open { until } => return Err(Some(*until - now)),
            State::Isolated => return Err(None),
            State::HalfOpen { trials, .. } => {
                trials.retain(|(_, deadline)| *deadline > now);
                if trials.len() >= rules.trials as usize {
                    return Err(trials.iter().map(|(_, deadline)| *deadline - now).min());
                }
                trials.push((number, now + rules.trial_timeout));
            }
        }
        Ok(Ticket { generation: self.generation, number })
    }

    /// A request has ended.
    pub(crate) fn record(&mut self, rules: &Breaker, ticket: Ticket, ok: bool, took: Millis, random: &mut Random, now: Timestamp) {
        if ticket.generation != self.generation {
            return;
        }
        let slow = took >= rules.slow_after;
        match &mut self.state {
            State::Closed { failures, window } => {
                *failures = if ok { 0 } else { failures.saturating_add(1) };
                let in_a_row = rules.failures.is_some_and(|most| *failures >= most);
                let by_share = (rules.failure_percent.is_some() || rules.slow_percent.is_some()) && {
                    let window = window.get_or_insert_default();
                    window.add([true, !ok, slow], rules.window, now);
                    reaches_a_share(window, rules, now)
                };
                if in_a_row || by_share {
                    self.open(rules, random, now);
                }
            }
            State::HalfOpen { trials, successes } => {
                // One that has given its permit back has nothing to say any more.
                let Some(at) = trials.iter().position(|(number, deadline)| *number == ticket.number && *deadline > now) else { return };
                trials.swap_remove(at);
                if !ok || (slow && rules.slow_percent.is_some()) {
                    self.open(rules, random, now);
                } else {
                    *successes += 1;
                    if *successes >= rules.successes {
                        self.close();
                    }
                }
            }
            State::Open { .. } | State::Isolated => {}
        }
    }

    /// Opens it, whatever its counts say; one that is open already stays so for as long as it would.
    pub(crate) fn open(&mut self, rules: &Breaker, random: &mut Random, now: Timestamp) {
        if matches!(self.state, State::Open { .. } | State::Isolated) {
            return;
        }
        let open = rules.open.scaled(1 << self.openings.min(20), 1).min(rules.open_max);
        self.openings += 1;
        self.turn(State::Open { until: now + open + random.within(open.scaled(1, 5)) });
    }

    /// Lets trials through from now on, if it is open.
    pub(crate) fn half_open(&mut self) {
        if matches!(self.state, State::Open { .. }) {
            self.turn(State::HalfOpen { trials: Vec::new(), successes: 0 });
        }
    }

    /// Refuses everything, or begins anew.
    pub(crate) fn isolate(&mut self, isolated: bool) {
        if isolated {
            self.turn(State::Isolated);
        } else if matches!(self.state, State::Isolated) {
            self.close();
        }
    }

    fn close(&mut self) {
        self.openings = 0;
        self.turn(State::default());
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.generation = self.generation.wrapping_add(1);
    }
}

/// Requests, failed ones and slow ones.
type Window = Sliding<3>;

fn reaches_a_share(window: &mut Window, rules: &Breaker, now: Timestamp) -> bool {
    let [calls, failed, slow] = window.sums(rules.window, now);
    let reaches = |count: u32, percent: Option<u32>| percent.is_some_and(|percent| count * 100 >= percent * calls);
    calls >= rules.minimum && (reaches(failed, rules.failure_percent) || reaches(slow, rules.slow_percent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// A circuit under test and its clock.
    struct Test {
        circuit: Circuit,
        rules: Breaker,
        random: Random,
        now: Timestamp,
    }

    impl Test {
        fn new(rules: Breaker) -> Self {
            Self { circuit: Circuit::default(), rules, random: Random::new(1), now: at(1_000_000) }
        }

        fn acquire(&mut self) -> Result<Ticket, Option<Millis>> {
            self.circuit.try_acquire(&self.rules, self.now)
        }

        fn report(&mut self, ticket: Ticket, ok: bool, took: u32) {
            self.circuit.record(&self.rules, ticket, ok, Millis::new(took), &mut self.random, self.now);
        }

        fn call(&mut self, ok: bool) -> BreakerState {
            self.call_for(ok, 10)
        }

        fn call_for(&mut self, ok: bool, took: u32) -> BreakerState {
            if let Ok(ticket) = self.acquire() {
                self.report(ticket, ok, took);
            }
            self.circuit.state()
        }

        fn wait(&mut self, millis: u32) {
            self.now = self.now + Millis::new(millis);
        }

        fn opened() -> Self {
            let mut test = Self::new(Breaker::default());
            (0..5).for_each(|_| {
                test.call(false);
            });
            test
        }
    }

    #[test]
    fn opens_at_the_fifth_failure_in_a_row_and_not_before() {
        let mut test = Test::new(Breaker::default());
        (0..4).for_each(|_| {
            test.call(false);
        });
        assert_eq!(test.call(true), BreakerState::Closed);
        (0..4).for_each(|_| {
            test.call(false);
        });
        assert_eq!(test.circuit.state(), BreakerState::Closed);
        assert_eq!(test.call(false), BreakerState::Open);
        let wait = test.acquire().unwrap_err().unwrap();
        assert!((5_000..=6_000).contains(&wait.get()), "{wait}");
    }

    #[test]
    fn half_open_really_limits_its_trials_and_closes_after_its_successes() {
        let mut test = Test::opened();
        test.wait(6_000);
        let tickets: Vec<_> = (0..1_000).filter_map(|_| test.acquire().ok()).collect();
        assert_eq!((tickets.len(), test.circuit.state()), (3, BreakerState::HalfOpen));
        for (count, ticket) in tickets.into_iter().enumerate() {
            assert_eq!(test.circuit.state(), BreakerState::HalfOpen, "after {count}");
            test.report(ticket, true, 10);
        }
        assert_eq!(test.circuit.state(), BreakerState::Closed);
    }

    #[test]
    fn one_failed_trial_opens_it_for_twice_as_long_up_to_the_limit() {
        let mut test = Test::opened();
        for most in [5_000, 10_000, 20_000, 40_000, 60_000, 60_000] {
            assert!(test.acquire().is_err());
            let wait = test.acquire().unwrap_err().unwrap().get();
            assert!((most..=most * 6 / 5).contains(&wait), "{wait} of {most}");
            test.wait(wait - 1);
            assert!(test.acquire().is_err(), "a millisecond early");
            test.wait(1);
            assert_eq!(test.call(false), BreakerState::Open);
        }
        test.wait(72_000);
        (0..3).for_each(|_| {
            test.call(true);
        });
        (0..5).for_each(|_| {
            test.call(false);
        });
        assert!(test.acquire().unwrap_err().unwrap().get() <= 6_000, "closing forgives");
    }

    #[test]
    fn a_result_from_an_older_state_changes_nothing() {
        let mut test = Test::new(Breaker::default());
        let (late_success, late_failure) = (test.acquire().unwrap(), test.acquire().unwrap());
        (0..5).for_each(|_| {
            test.call(false);
        });
        test.report(late_success, true, 10);
        assert_eq!(test.circuit.state(), BreakerState::Open);
        test.wait(6_000);
        let trial = test.acquire().unwrap();
        test.report(late_failure, false, 10);
        test.report(late_success, true, 10);
        assert_eq!(test.circuit.state(), BreakerState::HalfOpen);
        test.report(trial, true, 10);
        test.report(trial, true, 10);
        test.report(trial, true, 10);
        assert_eq!(test.circuit.state(), BreakerState::HalfOpen, "a permit is good for one report");
    }

    #[test]
    fn a_trial_that_never_reports_gives_its_permit_back() {
        let mut test = Test::opened();
        test.wait(6_000);
        let lost: Vec<_> = (0..3).map(|_| test.acquire().unwrap()).collect();
        assert_eq!(test.acquire(), Err(Some(Millis::from_secs(30))));
        test.wait(30_000);
        assert!(test.acquire().is_ok());
        test.report(lost[0], false, 10);
        assert_eq!(test.circuit.state(), BreakerState::HalfOpen, "too late to say anything");
    }

    #[test]
    fn a_share_of_failures_opens_it_once_there_are_enough_requests() {
        let rules = || Breaker { failures: None, failure_percent: Some(50), ..Breaker::default() };
        let mut test = Test::new(rules());
        (0..9).for_each(|call| {
            test.call(call % 2 == 0);
        });
        assert_eq!(test.circuit.state(), BreakerState::Closed, "four of nine");
        assert_eq!(test.call(false), BreakerState::Open, "five of ten is the share itself");
        let mut test = Test::new(rules());
        (0..9).for_each(|_| {
            test.call(false);
        });
        assert_eq!(test.circuit.state(), BreakerState::Closed, "nine are too few");
    }

    #[test]
    fn a_share_of_slow_requests_opens_it() {
        let mut test = Test::new(Breaker { slow_percent: Some(30), ..Breaker::default() });
        (0..7).for_each(|_| {
            test.call_for(true, 4_999);
        });
        (0..2).for_each(|_| {
            test.call_for(true, 5_000);
        });
        assert_eq!(test.circuit.state(), BreakerState::Closed);
        assert_eq!(test.call_for(true, 5_000), BreakerState::Open);
        test.wait(6_000);
        assert_eq!(test.call_for(true, 5_000), BreakerState::Open, "a slow trial has failed");
    }

    #[test]
    fn an_idle_window_empties_with_time() {
        let mut test = Test::new(Breaker { failures: None, failure_percent: Some(50), ..Breaker::default() });
        (0..9).for_each(|_| {
            test.call(false);
        });
        test.wait(60_000);
        assert_eq!(test.call(false), BreakerState::Closed, "the nine have left");
        (0..8).for_each(|_| {
            test.call(false);
        });
        test.wait(53_000);
        assert_eq!(test.call(false), BreakerState::Open, "nine of them are still there");
    }

    #[test]
    fn isolated_it_refuses_until_told_otherwise() {
        let mut test = Test::new(Breaker::default());
        let ticket = test.acquire().unwrap();
        test.circuit.isolate(true);
        test.wait(u32::MAX);
        assert_eq!(test.acquire(), Err(None));
        test.report(ticket, true, 1);
        test.circuit.half_open();
        test.circuit.open(&Breaker::default(), &mut Random::new(1), test.now);
        assert_eq!(test.circuit.state(), BreakerState::Isolated);
        test.circuit.isolate(false);
        assert!(test.acquire().is_ok());
    }

    proptest! {
        #[test]
        fn what_must_hold_whatever_happens(
            steps in prop::collection::vec((0_u8..8, any::<prop::sample::Index>(), 0_u32..8_000), 1..400),
            share in any::<bool>(),
        ) {
            let rules = Breaker { failure_percent: share.then_some(40), slow_percent: share.then_some(40), ..Breaker::default() };
            let mut test = Test::new(rules);
            let mut held: Vec<(Ticket, Timestamp)> = Vec::new();
            for (kind, which, millis) in steps {
                let before = (test.circuit.state(), test.circuit.generation);
                match kind {
                    0..=2 => {
                        if let Ok(ticket) = test.acquire() {
                            prop_assert!(matches!(test.circuit.state(), BreakerState::Closed | BreakerState::HalfOpen));
                            held.push((ticket, test.now));
                        } else {
                            prop_assert!(test.circuit.state() != BreakerState::Closed, "closed, it lets everything through");
                        }
                    }
                    3..=5 if !held.is_empty() => {
                        let (ticket, _) = held.swap_remove(which.index(held.len()));
                        test.report(ticket, kind != 3, millis);
                        if ticket.generation != before.1 {
                            prop_assert_eq!((test.circuit.state(), test.circuit.generation), before);
                        }
                    }
                    6 => test.wait(millis * 4),
                    7 if millis < 400 => test.circuit.isolate(millis < 200),
                    _ => {}
                }
                if test.circuit.state() == BreakerState::HalfOpen {
                    let (generation, now) = (test.circuit.generation, test.now);
                    let running = held.iter().filter(|(ticket, at)| ticket.generation == generation && now - *at < Millis::from_secs(30));
                    prop_assert!(running.count() <= 3);
                }
            }
        }
    }
}
