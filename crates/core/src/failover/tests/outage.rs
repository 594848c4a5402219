//! How an outage is sat out, and what ends it.

use super::scene::{
    Kind, NOW, Scene, ago, ahead, all_down, degraded, down, in_maintenance, kind, outage, presumed,
    unreachable, well,
};
use crate::base::time::Millis;
use crate::config::Strategy;
use crate::failover::state::{Offline, Outage, State};
use crate::failover::transition::Decision;
use crate::failover::view::EndpointView;
use crate::protocol::outcome::FailureKind::{Refused, Timeout, Unreachable};

fn silent() -> State {
    State::AllDown(Outage { silent: true, ..outage() })
}

fn after(scene: &Scene, state: State) -> Outage {
    scene.observe(state).0.outage().copied().unwrap()
}

#[test]
fn a_round_is_planned_when_all_checks_have_ended() {
    let under_way = State::AllDown(Outage { round: None, ..outage() });
    let none = Scene::of([down(Refused), down(Refused)]);
    let planned = after(&none, under_way).round.unwrap();
    assert!(planned > NOW && planned <= ahead(1), "within the first back-off");
    let busy = none.clone().but(|scene| scene.endpoints[0].checking = true);
    assert_eq!(after(&busy, under_way).round, None);
    assert_eq!(after(&none, all_down()).round, Some(ahead(5)), "one is planned already");
}

#[test]
fn rounds_follow_each_other_less_and_less_often() {
    let none = Scene::of([down(Refused)]).but(|scene| scene.retry.max = Millis::from_secs(3_600));
    let mut outage = Outage { round: None, ..outage() };
    let mut longest = Millis::ZERO;
    for _ in 0..12 {
        outage = after(&none, State::AllDown(Outage { round: None, ..outage }));
        longest = longest.max(outage.round.unwrap() - NOW);
    }
    assert!(longest > Millis::from_secs(60), "{longest}");
}

#[test]
fn an_endpoint_ends_the_outage_when_it_has_been_usable_for_long_enough() {
    let holding = State::AllDown(Outage { hold: Millis::from_secs(5), ..outage() });
    let since = |since| Scene::of([down(Refused), EndpointView { since, ..degraded() }]);
    let recovered = Decision::Recover { to: 1, void: false };
    assert_eq!(since(ago(5)).observe(holding).1, Some(recovered));
    assert_eq!(since(ago(4)).observe(holding).1, None);
    assert_eq!(since(ago(0)).observe(all_down()).1, Some(recovered), "nothing is to be held");
}

#[test]
fn where_moves_follow_each_other_another_endpoint_must_prove_itself() {
    let standby = |successes, since| EndpointView { successes, since, proof: 5, ..well() };
    let ends = |scene: Scene| scene.observe(all_down()).1.is_some();
    assert!(!ends(Scene::of([down(Refused), standby(4, ago(49))])));
    assert!(ends(Scene::of([down(Refused), standby(5, ago(2))])));
    assert!(ends(Scene::of([down(Refused), standby(1, ago(50))])), "it has been well for a while");
    assert!(ends(Scene::of([standby(1, ago(2)), down(Refused)])), "nothing moves");
}

#[test]
fn the_active_endpoint_is_stayed_with_if_it_is_back_and_else_the_best_is_taken() {
    let to = |scene: Scene| match scene.observe(all_down()).1 {
        Some(Decision::Recover { to, .. }) => Some(to),
        _ => None,
    };
    let on_second = Scene::of([well(), degraded()]).but(|scene| scene.active = 1);
    assert_eq!(to(on_second), Some(1));
    assert_eq!(to(Scene::of([down(Refused), degraded(), well()])), Some(2));
    assert_eq!(to(Scene::of([unreachable(), unreachable()])), None);
}

#[test]
fn if_nobody_had_answered_the_network_was_to_blame_and_the_app_stays() {
    let second = Scene::of([down(Timeout), well()]);
    let stays = Decision::Recover { to: 0, void: true };
    assert_eq!(second.observe(silent()).1, Some(stays));
    let cyclic = second.by(Strategy::Cyclic);
    let moves = Decision::Recover { to: 1, void: false };
    assert_eq!(cyclic.observe(silent()).1, Some(moves), "which knows of no such thing");
}

#[test]
fn an_outage_is_silent_no_more_when_somebody_refuses() {
    let silence = Scene::of([down(Timeout), down(Unreachable)]);
    assert!(after(&silence, silent()).silent);
    let refusal = Scene::of([down(Timeout), down(Refused)]);
    assert!(!after(&refusal, silent()).silent);
}

#[test]
fn a_network_that_is_proved_ends_only_being_offline() {
    let none = || Scene::of([down(Unreachable), down(Unreachable)]);
    let proofs: [fn(&mut Scene); 2] = [
        |scene| scene.probes.last_pass = Some(ago(10)),
        |scene| scene.connection.last_message = Some(ago(10)),
    ];
    for proof in proofs {
        let online = Decision::BackOnline { to: 0, void: true };
        assert_eq!(none().but(proof).observe(presumed()).1, Some(online));
        assert_eq!(none().but(proof).observe(silent()).1, None);
    }
    // A portal lets connections open as well. One that lasts is proof.
    let portal = || {
        none().but(|scene| {
            scene.probes.captive = true;
            scene.connection.last_message = Some(ago(10));
        })
    };
    assert_eq!(portal().observe(presumed()).1, None);
    let lasts = portal().but(|scene| scene.connection.lasts_to = Some(0));
    assert!(matches!(lasts.observe(presumed()).1, Some(Decision::BackOnline { .. })));
    let before = none().but(|scene| scene.probes.last_pass = Some(ago(11)));
    assert_eq!(before.observe(presumed()).1, None);
}

#[test]
fn being_offline_asks_for_the_same_hysteresis() {
    let holding =
        State::Offline(Offline::Presumed(Outage { hold: Millis::from_secs(5), ..outage() }));
    let back = |since| Scene::of([EndpointView { since, last_pass: None, ..well() }]);
    assert_eq!(kind(&back(ago(5)).observe(holding).0), Kind::Steady);
    assert_eq!(kind(&back(ago(4)).observe(holding).0), Kind::Presumed);
}

#[test]
fn whoever_answers_shows_that_the_network_is_back_however_bad_the_answer() {
    let answered_at = |at| {
        let second = EndpointView { last_answer: Some(at), ..down(Refused) };
        Scene::of([down(Unreachable), second])
    };
    let online = Decision::BackOnline { to: 0, void: true };
    assert_eq!(answered_at(ago(10)).observe(presumed()).1, Some(online));
    assert_eq!(answered_at(ago(11)).observe(presumed()).1, None, "that was before");
    let excluded = EndpointView { last_answer: Some(ago(1)), ..in_maintenance() };
    let excluded = Scene::of([down(Unreachable), excluded]);
    assert_eq!(excluded.observe(presumed()).1, Some(online), "it works, and is not to be used");
}
