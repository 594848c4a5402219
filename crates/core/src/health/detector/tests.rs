//! When the evidence suffices, and what a row of failures teaches.

use super::*;
use crate::base::cases::cases;
use crate::base::time::Millis;
use crate::protocol::outcome::FailureKind::{Refused, Status, Timeout, Tls};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(0);
const TIMEOUT: Evidence = Evidence::Check(Timeout, None);
const ERROR: Evidence = Evidence::Check(Status, Some(500));
const NOBODY: Witnesses = Witnesses { answered: 0, lost: 0 };
const REFUTED: Row = Row::Refuted { overtaken: 0 };

fn accruing() -> Detector {
    Detector::new(Rule::Accrue(Weight::decades(8)))
}

fn fail(detector: &mut Detector, evidence: Evidence, times: u32) {
    (0..times).for_each(|_| detector.failure(evidence, NOBODY, NOW));
}

fn needed(detector: &mut Detector, evidence: Evidence, witnesses: Witnesses) -> u32 {
    (1..1_000)
        .find(|_| {
            detector.failure(evidence, witnesses, NOW);
            detector.is_down()
        })
        .unwrap()
}

/// One that has seen so many checks, of which one in `every` came to `sample`.
fn experienced(checks: u32, every: u32, sample: Sample) -> Detector {
    let mut detector = accruing();
    for check in 0..checks {
        let passed = check % every != 0;
        detector.observe(if passed { Sample::Passed } else { sample });
    }
    detector
}

fn clean() -> Detector {
    experienced(2_000, 100_000, Sample::Lost)
}

#[test]
fn counting_needs_the_threshold_in_a_row() {
    let mut detector = Detector::new(Rule::Count(3));
    fail(&mut detector, TIMEOUT, 2);
    assert!(detector.suspects() && !detector.is_down());
    detector.success(REFUTED, NOW);
    assert!(!detector.suspects());
    assert_eq!(needed(&mut detector, TIMEOUT, NOBODY), 3);
}

#[test]
fn a_lossy_network_asks_for_more_timeouts() {
    let lossy = |every| experienced(2_000, every, Sample::Lost);
    assert_eq!(needed(&mut accruing(), TIMEOUT, NOBODY), 6, "nothing is known");
    assert_eq!(needed(&mut clean(), TIMEOUT, NOBODY), 3, "a clean network");
    assert_eq!(needed(&mut lossy(10), TIMEOUT, NOBODY), 8, "10 % loss");
    assert_eq!(needed(&mut lossy(5), TIMEOUT, NOBODY), 12, "20 % loss");
}

#[test]
fn a_server_that_answers_with_errors_now_and_then_needs_more_of_them() {
    assert_eq!(needed(&mut clean(), ERROR, NOBODY), 3, "it never did");
    let erring = &mut experienced(2_000, 10, Sample::Error);
    assert_eq!(needed(erring, ERROR, NOBODY), 8, "one in ten");
    let erring = &mut experienced(2_000, 10, Sample::Error);
    assert_eq!(needed(erring, TIMEOUT, NOBODY), 3, "an error is an answer");
}

#[test]
fn what_everybody_loses_is_not_held_against_the_endpoint() {
    let silent = Witnesses { answered: 0, lost: 1 };
    assert!(needed(&mut clean(), TIMEOUT, silent) > 20);
    let error = Evidence::Check(Status, Some(503));
    assert_eq!(needed(&mut accruing(), error, silent), 3, "an answer is an answer");
}

#[test]
fn one_witness_that_answers_outweighs_all_that_do_not() {
    let most_are_lost = Witnesses { answered: 1, lost: 62 };
    assert_eq!(needed(&mut clean(), TIMEOUT, most_are_lost), 3);
    let mut detector = clean();
    detector.failure(TIMEOUT, Witnesses { answered: 0, lost: 1 }, NOW);
    assert_eq!((detector.suspicion(), detector.failures()), (Weight::of_chance(500_000), 1));
}

#[test]
fn any_number_of_witnesses_can_be_counted() {
    for lost in [4_294, 4_295, 1_000_000, u32::MAX] {
        let mut detector = clean();
        detector.failure(TIMEOUT, Witnesses { answered: 0, lost }, NOW);
        assert_eq!(detector.suspicion(), Weight::ZERO, "{lost} were lost as well");
        detector.failure(TIMEOUT, Witnesses { answered: u32::MAX, lost }, NOW);
        assert!(detector.suspicion() > Weight::decades(2), "somebody answers");
    }
}

#[test]
fn suspicion_ends_at_twice_the_level_and_with_a_reset() {
    let mut detector = accruing();
    fail(&mut detector, Evidence::Check(Refused, None), 20);
    assert_eq!((detector.suspicion(), detector.failures()), (Weight::decades(16), 20));
    assert!(detector.is_dead() && detector.is_flaky());
    detector.reset();
    assert_eq!((detector.suspicion(), detector.failures()), (Weight::ZERO, 0));
}

#[test]
fn counting_anew_keeps_what_was_taught() {
    let mut detector = accruing();
    fail(&mut detector, ERROR, 4);
    detector.restart();
    assert_eq!(detector.failures(), 0);
    assert!(detector.suspicion() > Weight::ZERO && !detector.is_down(), "it may still be flaky");
}

#[test]
fn a_row_that_is_discarded_leaves_what_was_before() {
    let mut detector = accruing();
    fail(&mut detector, ERROR, 1);
    detector.success(REFUTED, NOW);
    let before = detector.suspicion();
    assert!(before > Weight::ZERO);
    fail(&mut detector, ERROR, 2);
    detector.discard_row();
    assert_eq!((detector.suspicion(), detector.failures()), (before, 0));
    detector.discard_row();
    assert_eq!(detector.suspicion(), before, "there is none to discard");
}

#[test]
fn an_unfounded_suspicion_teaches_how_bursts_go() {
    let (mut detector, mut taught) = (accruing(), LossEstimator::default());
    detector.success(Row::Refuted { overtaken: 7 }, NOW);
    assert_eq!(*detector.loss(), taught, "nothing was suspected");
    for _ in 0..10 {
        fail(&mut detector, TIMEOUT, 4);
        detector.success(Row::Refuted { overtaken: 2 }, NOW);
        // Three that followed the first, and two that were overtaken.
        taught.observe_burst(5, NOW);
    }
    assert_eq!(*detector.loss(), taught);
}

#[test]
fn what_was_a_real_outage_or_everybodys_teaches_nothing() {
    let mut detector = clean();
    let before = *detector.loss();
    for _ in 0..10 {
        fail(&mut detector, TIMEOUT, 12);
        detector.success(Row::Confirmed, NOW);
        let silent = Witnesses { answered: 0, lost: 2 };
        (0..12).for_each(|_| detector.failure(TIMEOUT, silent, NOW));
        detector.success(REFUTED, NOW);
    }
    assert_eq!(*detector.loss(), before);
    detector.reset();
    assert_eq!(needed(&mut detector, TIMEOUT, NOBODY), 3, "as quickly as the first time");
}

#[test]
fn bursts_are_forgotten_within_a_day() {
    let day = NOW + Millis::from_secs(86_400);
    let mut detector = clean();
    for _ in 0..20 {
        fail(&mut detector, TIMEOUT, 10);
        detector.success(REFUTED, NOW);
    }
    detector.reset();
    let mut later = detector.clone();
    assert!(needed(&mut detector, TIMEOUT, NOBODY) > 6, "losses come in bursts here");
    (0..3).for_each(|_| later.failure(TIMEOUT, NOBODY, day));
    assert!(later.is_down());
}

#[test]
fn kinds_differ_in_weight() {
    let needed = |evidence| needed(&mut accruing(), evidence, NOBODY);
    assert_eq!(needed(Evidence::Check(Tls, None)), 2);
    assert_eq!(needed(Evidence::Check(Refused, None)), 3);
    assert_eq!(needed(ERROR), 3);
    assert_eq!(needed(Evidence::Closed(Some(1006))), 4);
    assert_eq!(needed(Evidence::Silent), 8);
}

#[test]
fn failing_every_other_time_is_found_out_and_one_in_ten_is_not() {
    let mut detector = accruing();
    let rounds = (1..100).find(|_| {
        detector.success(REFUTED, NOW);
        fail(&mut detector, ERROR, 1);
        detector.is_down()
    });
    assert_eq!(rounds, Some(4));
    assert!(!detector.is_dead(), "it answers in between");
    let mut detector = experienced(2_000, 10, Sample::Lost);
    for _ in 0..1_000 {
        fail(&mut detector, TIMEOUT, 1);
        assert!(!detector.is_down());
        (0..9).for_each(|_| detector.success(REFUTED, NOW));
    }
}

#[test]
fn evidence_is_kept_for_an_explanation_but_not_for_ever() {
    let mut detector = accruing();
    fail(&mut detector, TIMEOUT, 40);
    assert_eq!(detector.evidence().len(), KEPT);
    detector.success(REFUTED, NOW);
    assert_eq!(detector.evidence().len(), KEPT, "still to be asked for");
    fail(&mut detector, TIMEOUT, 1);
    assert_eq!(detector.evidence().len(), 1);
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let kinds = [
        TIMEOUT,
        Evidence::Check(Refused, None),
        Evidence::Check(Status, Some(503)),
        Evidence::Closed(Some(1006)),
        Evidence::Silent,
        Evidence::Reported,
    ];
    proptest::sample::select(kinds.to_vec())
}

fn steps() -> impl Strategy<Value = Vec<Option<Evidence>>> {
    prop::collection::vec(prop::option::weighted(0.7, evidence()), 0..200)
}

#[test]
fn a_check_that_was_only_late_is_taken_back() {
    let ends = [Some(true), Some(false), None].map(|answered| {
        let mut detector = experienced(3_000, 1_000, Sample::Lost);
        for _ in 0..4 {
            detector.failure(TIMEOUT, NOBODY, NOW);
        }
        for answered in answered.iter().cycle().take(4 * usize::from(answered.is_some())) {
            detector.late_check_ended(*answered, NOW);
        }
        detector.flaky
    });
    let [answered, lost, unknown] = ends;
    assert!(answered < unknown && unknown < lost, "{ends:?}");
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn bad_evidence_never_lowers_suspicion_and_a_success_never_raises_it(
        steps in steps(),
        checks in 0_u32..3_000,
        every in 2_u32..50,
    ) {
        let mut detector = experienced(checks, every, Sample::Lost);
        for step in steps {
            let before = detector.suspicion();
            match step {
                Some(evidence) => detector.failure(evidence, NOBODY, NOW),
                None => detector.success(REFUTED, NOW),
            }
            let after = detector.suspicion();
            let as_it_should = if step.is_some() { after >= before } else { after <= before };
            prop_assert!(as_it_should, "{:?}: {} to {}", step, before, after);
        }
    }

    #[test]
    fn more_evidence_is_never_better_for_the_endpoint(
        evidence in prop::collection::vec(evidence(), 1..20),
        at in any::<prop::sample::Index>(),
    ) {
        let (mut with, mut without) = (accruing(), accruing());
        let left_out = at.index(evidence.len());
        for (index, evidence) in evidence.into_iter().enumerate() {
            fail(&mut with, evidence, 1);
            if index != left_out {
                fail(&mut without, evidence, 1);
            }
        }
        prop_assert!(with.suspicion() >= without.suspicion());
    }

    #[test]
    fn any_failing_goes_down_in_the_end_and_success_ends_it(evidence in evidence()) {
        let mut detector = accruing();
        prop_assert!(needed(&mut detector, evidence, NOBODY) <= 12);
        detector.success(REFUTED, NOW);
        prop_assert!(!detector.is_down() && !detector.suspects());
    }
}
