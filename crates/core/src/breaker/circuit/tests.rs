//! What the circuit breaker must do, in time that the tests make pass.

use super::*;
use crate::base::cases::cases;
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
        let outcome = if ok { CallOutcome::Succeeded } else { CallOutcome::Failed };
        self.end(ticket, outcome, took);
    }

    fn end(&mut self, ticket: Ticket, outcome: CallOutcome, took: u32) {
        let (random, took) = (&mut self.random, Millis::new(took));
        self.circuit.record(&self.rules, ticket, outcome, took, random, self.now);
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
fn a_share_that_is_not_reached_does_not_open_it() {
    let mut test =
        Test::new(Breaker { failures: None, failure_percent: Some(50), ..Breaker::default() });
    (0..11).for_each(|_| {
        test.call(true);
    });
    (0..10).for_each(|_| {
        test.call(false);
    });
    assert_eq!(test.circuit.state(), BreakerState::Closed, "ten of twenty-one");
    assert_eq!(test.call(false), BreakerState::Open);
}

#[test]
fn a_share_is_right_however_many_requests_there_are() {
    let half = || Breaker { failures: None, failure_percent: Some(50), ..Breaker::default() };
    let mut test = Test::new(half());
    (0..70_000).for_each(|_| {
        test.call(true);
    });
    assert_eq!(test.circuit.state(), BreakerState::Closed);
    (0..80_000).for_each(|_| {
        test.call(false);
    });
    assert_eq!(test.circuit.state(), BreakerState::Open, "over half of 150,000 at one moment");
    let mut test = Test::new(half());
    (0..150_000).for_each(|call| {
        test.call(call % 3 > 0);
    });
    assert_eq!(test.circuit.state(), BreakerState::Closed, "a third of them");
}

#[test]
fn a_slow_trial_has_passed_where_slowness_does_not_matter() {
    let mut test = Test::opened();
    test.wait(6_000);
    assert_eq!(test.call_for(true, 60_000), BreakerState::HalfOpen);
}

#[test]
fn a_trial_that_reports_at_its_deadline_is_too_late() {
    let mut test = Test::opened();
    test.wait(6_000);
    let trial = test.acquire().unwrap();
    test.wait(30_000);
    test.report(trial, false, 10);
    assert_eq!(test.circuit.state(), BreakerState::HalfOpen);
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
    let mut test =
        Test::new(Breaker { failures: None, failure_percent: Some(50), ..Breaker::default() });
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
    test.circuit.isolate();
    test.wait(u32::MAX);
    assert_eq!(test.acquire(), Err(None));
    test.report(ticket, true, 1);
    test.circuit.half_open();
    test.circuit.open(&Breaker::default(), &mut Random::new(1), test.now);
    assert_eq!(test.circuit.state(), BreakerState::Isolated);
    test.circuit.release();
    assert!(test.acquire().is_ok());
}

proptest! {
    #![proptest_config(cases(256))]

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
                7 if millis < 200 => test.circuit.isolate(),
                7 if millis < 400 => test.circuit.release(),
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

#[test]
fn a_share_counts_nothing_from_before_a_sleep_or_another_network() {
    let mut test =
        Test::new(Breaker { failures: None, failure_percent: Some(50), ..Breaker::default() });
    for _ in 0..test.rules.minimum - 1 {
        test.call(false);
    }
    test.circuit.renew();
    assert_eq!(test.call(false), BreakerState::Closed);
}
