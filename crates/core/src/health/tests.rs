//! What is taken for evidence, and what becomes of an endpoint by it.

use super::*;
use crate::base::time::Millis;
use crate::protocol::outcome::FailureKind;

const NOW: Timestamp = Timestamp::from_millis(0);

fn health() -> EndpointHealth {
    EndpointHealth::new(Rule::Count(2), NOW)
}

fn fail(health: &mut EndpointHealth, now: Timestamp) {
    health.failure(Evidence::Check(FailureKind::Refused, None), Witnesses::default(), now);
}

fn pass(health: &mut EndpointHealth, threshold: u32) {
    health.success(threshold, Pass::default(), NOW);
}

#[test]
fn the_first_success_ever_suffices_and_later_ones_need_the_threshold() {
    let mut health = health();
    pass(&mut health, 3);
    assert_eq!(health.health(), Health::Healthy);
    fail(&mut health, NOW);
    assert_eq!(health.health(), Health::Suspect);
    fail(&mut health, NOW);
    assert_eq!(health.health(), Health::Unhealthy);
    pass(&mut health, 3);
    pass(&mut health, 3);
    assert_eq!(health.health(), Health::Unhealthy);
    pass(&mut health, 3);
    assert_eq!(health.health(), Health::Healthy);
}

#[test]
fn an_unknown_endpoint_is_not_suspected_but_can_be_found_unhealthy() {
    let mut health = health();
    fail(&mut health, NOW);
    assert_eq!(health.health(), Health::Unknown);
    fail(&mut health, NOW);
    assert_eq!(health.health(), Health::Unhealthy);
}

#[test]
fn only_healthy_and_degraded_ones_are_usable() {
    let mut health = health();
    let seen = |health: &EndpointHealth| {
        (health.health() == Health::Healthy, health.is_usable(), health.successes())
    };
    assert_eq!(seen(&health), (false, false, 0));
    pass(&mut health, 1);
    pass(&mut health, 1);
    assert_eq!(seen(&health), (true, true, 2));
    health.success(1, Pass { poor: true, overtaken: 0 }, NOW);
    assert_eq!(seen(&health), (false, true, 3));
    fail(&mut health, NOW);
    assert_eq!(seen(&health), (false, false, 0), "not while it is suspected");
}

#[test]
fn failures_counted_anew_begin_at_none() {
    let mut health = health();
    pass(&mut health, 1);
    fail(&mut health, NOW);
    health.restart_count();
    fail(&mut health, NOW);
    assert_eq!((health.health(), health.detector().failures()), (Health::Suspect, 1));
}

#[test]
fn a_suspicion_that_is_void_leaves_nothing_and_a_verdict_stands() {
    let mut suspected = health();
    pass(&mut suspected, 1);
    fail(&mut suspected, NOW);
    suspected.discard_suspicion(NOW);
    assert_eq!((suspected.health(), suspected.detector().failures()), (Health::Unknown, 0));
    let mut confirmed = health();
    fail(&mut confirmed, NOW);
    fail(&mut confirmed, NOW);
    confirmed.discard_suspicion(NOW);
    assert_eq!((confirmed.health(), confirmed.detector().failures()), (Health::Unhealthy, 0));
    confirmed.discard_verdict(NOW);
    assert_eq!(confirmed.health(), Health::Unknown);
    let mut healthy = health();
    pass(&mut healthy, 1);
    healthy.discard_suspicion(NOW);
    healthy.discard_verdict(NOW);
    assert_eq!(healthy.health(), Health::Healthy);
}

#[test]
fn since_is_when_the_state_began() {
    let mut health = health();
    health.success(1, Pass::default(), Timestamp::from_millis(10));
    health.success(1, Pass::default(), Timestamp::from_millis(20));
    assert_eq!(health.since(), Timestamp::from_millis(10));
}

#[test]
fn a_poor_pass_degrades_and_a_good_one_restores() {
    let mut health = health();
    health.success(1, Pass { poor: true, overtaken: 0 }, NOW);
    assert_eq!(health.health(), Health::Degraded);
    pass(&mut health, 1);
    assert_eq!(health.health(), Health::Healthy);
}

#[test]
fn one_that_fails_every_other_time_is_degraded_before_it_is_confirmed() {
    let mut health =
        EndpointHealth::new(Rule::Accrue(crate::health::evidence::Weight::decades(8)), NOW);
    let mut seen = Vec::new();
    for _ in 0..4 {
        pass(&mut health, 1);
        seen.push(health.health());
        health.failure(Evidence::Check(FailureKind::Status, Some(500)), Witnesses::default(), NOW);
    }
    assert_eq!(seen, [Health::Healthy, Health::Healthy, Health::Healthy, Health::Degraded]);
    assert_eq!(health.health(), Health::Unhealthy);
    pass(&mut health, 1);
    assert_eq!(
        health.health(),
        Health::Degraded,
        "one success does not show that it fails no more"
    );
    (0..8).for_each(|_| pass(&mut health, 1));
    assert_eq!(health.health(), Health::Healthy);
}

#[test]
fn one_that_was_down_altogether_is_healthy_as_soon_as_it_passes() {
    for threshold in [1, 2] {
        let mut health =
            EndpointHealth::new(Rule::Accrue(crate::health::evidence::Weight::decades(8)), NOW);
        pass(&mut health, threshold);
        for _ in 0..6 {
            health.failure(
                Evidence::Check(FailureKind::Status, Some(500)),
                Witnesses::default(),
                NOW,
            );
        }
        assert_eq!(health.health(), Health::Unhealthy);
        (0..threshold).for_each(|_| pass(&mut health, threshold));
        assert_eq!(health.health(), Health::Healthy, "threshold {threshold}");
    }
}

#[test]
fn what_fails_in_announced_maintenance_is_not_held_against_it() {
    let mut health = health();
    let end = NOW + Millis::from_secs(30);
    health.exclude(Exclusion::Announced(end), NOW);
    (0..5).for_each(|_| fail(&mut health, NOW));
    assert_eq!((health.health(), health.detector().failures()), (Health::Maintenance, 0));
    fail(&mut health, end);
    assert_eq!(health.health(), Health::Suspect, "it has not kept its word");
    health.exclude(Exclusion::Announced(end), NOW);
    pass(&mut health, 1);
    assert_eq!(health.health(), Health::Healthy, "it is back early");
}

#[test]
fn what_was_taken_out_of_rotation_stays_out_for_its_time() {
    let mut health = health();
    let end = NOW + Millis::from_secs(30);
    health.exclude(Exclusion::Removed(end), NOW);
    pass(&mut health, 1);
    fail(&mut health, NOW);
    let later = end + Millis::from_secs(1);
    health.exclude(Exclusion::Announced(later), NOW);
    assert_eq!(health.exclusion(NOW), Some(Exclusion::Removed(end)));
    let mut commanded = health.clone();
    commanded.exclude(Exclusion::Commanded, NOW);
    assert!(commanded.is_removed(NOW) && !commanded.is_removed(end));
    assert_eq!(commanded.health(), Health::Maintenance, "the app's word counts for more");
    commanded.end_maintenance(NOW);
    assert_eq!(
        commanded.exclusion(NOW),
        Some(Exclusion::Removed(end)),
        "one does not end the other"
    );
    assert_eq!(commanded.health(), Health::Unhealthy);
    fail(&mut health, end);
    assert_eq!(health.exclusion(end), Some(Exclusion::Announced(later)), "its time is over");
    assert_eq!(health.health(), Health::Maintenance);
    health.success(1, Pass::default(), end);
    assert_eq!(health.health(), Health::Healthy);
}

#[test]
fn what_the_app_announced_the_app_ends() {
    let mut health = health();
    health.exclude(Exclusion::Commanded, NOW);
    pass(&mut health, 1);
    health.exclude(Exclusion::Announced(NOW), NOW);
    fail(&mut health, NOW);
    assert_eq!(health.health(), Health::Maintenance);
    health.exclude(Exclusion::Removed(NOW), NOW);
    assert_eq!(health.health(), Health::Maintenance, "it was not out of rotation");
    health.end_maintenance(NOW);
    assert_eq!(health.health(), Health::Unknown);
    assert_eq!(health.end_maintenance(NOW), None);
    pass(&mut health, 1);
    assert_eq!(health.health(), Health::Healthy);
}

#[test]
fn the_last_word_on_a_time_holds_and_each_ends_by_itself() {
    let mut health = health();
    let at = |seconds| NOW + Millis::from_secs(seconds);
    health.exclude(Exclusion::Removed(at(900)), NOW);
    health.exclude(Exclusion::Removed(at(10)), NOW);
    health.exclude(Exclusion::Drained(at(20)), NOW);
    assert_eq!(health.health(), Health::Unhealthy);
    health.success(1, Pass::default(), at(10));
    assert_eq!(health.health(), Health::Maintenance, "it is drained still");
    health.success(1, Pass::default(), at(20));
    assert_eq!(health.health(), Health::Healthy);
    health.exclude(Exclusion::Removed(at(30)), at(20));
    health.exclude(Exclusion::Removed(at(21)), at(21));
    assert_eq!((health.health(), health.exclusion(at(21))), (Health::Unknown, None));
}
