//! What must hold whatever happens.

use super::happening::{Happening, Watched, config, happening};
use super::*;
use crate::base::cases::cases;
use proptest::prelude::{prop, prop_assert, prop_assert_eq, proptest};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::collections::HashMap;

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn invariants_hold_whatever_happens(
        config in config(),
        seed: u64,
        happenings in prop::collection::vec(happening(), 1..300),
    ) {
        let (mut one, mut other) =
            (Watched::new(config.clone(), seed), Watched::new(config, seed));
        for happening in &happenings {
            one.happen(happening);
            other.happen(happening);
        }
        let before = one.now;
        for _ in 0..500 {
            one.happen(&Happening::OnTime);
            other.happen(&Happening::OnTime);
        }
        let moves_on = one.engine.next_wakeup().is_none() || one.now > before;
        prop_assert!(moves_on, "the engine wakes over and over at the same moment");
        prop_assert_eq!(one.log, other.log, "the same seed and inputs give the same effects");
    }
}

#[test]
fn a_million_random_inputs_leave_memory_and_counters_bounded() {
    let mut runner = TestRunner::deterministic();
    let mut watched = Watched::new(Config::new(Preset::Default, endpoints(5)), 3);
    let mut any = || happening().new_tree(&mut runner).unwrap().current();
    let happenings: Vec<_> = (0..10_000).map(|_| any()).collect();
    let mut seen = HashMap::<&str, u32>::new();
    // All that an engine holds is in its `Debug` text.
    let mut longest = [0; 2];
    for round in 0..100 {
        for happening in &happenings {
            watched.happen(happening);
        }
        for effect in watched.log.drain(..) {
            if let Effect::Emit { event, .. } = effect {
                *seen.entry(event.name()).or_default() += 1;
            }
        }
        let longest = &mut longest[round / 50];
        *longest = (*longest).max(format!("{:?}", watched.engine).len());
        let endpoints = watched.engine.snapshot().endpoints;
        assert!(endpoints.iter().all(|endpoint| endpoint.failures < 100_000));
    }
    assert!(longest[1] <= longest[0] * 3 / 2, "the engine still grows: {longest:?} characters");
    for event in ["switched", "allDown", "offline", "recovered", "connected", "breaker"] {
        assert!(seen.contains_key(event), "{event} was not exercised: {seen:?}");
    }
}
