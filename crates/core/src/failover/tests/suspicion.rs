//! What is learnt while the active endpoint is suspected, and when that suffices.

use super::scene::{
    Kind, NOW, SINCE, STEADY, Scene, ago, ahead, down, fresh, given_up, in_maintenance, kind,
    suspected, suspecting, suspicion, unreachable, well,
};
use crate::base::time::{Millis, Timestamp};
use crate::failover::Watch;
use crate::failover::state::{State, Suspicion};
use crate::failover::suspicion::{asked_in_haste, is_in_doubt};
use crate::failover::transition::Decision;
use crate::failover::view::EndpointView;
use crate::health::Health;
use crate::health::share::FailureShare;
use crate::protocol::event::{OfflineReason, SwitchReason};
use crate::protocol::outcome::FailureKind::{
    self, Dns, Redirect, Refused, Status, Timeout, Unreachable,
};

const SWITCHED: Decision = Decision::Switch { to: 1, reason: SwitchReason::Unhealthy };

/// What follows in a suspicion.
fn decides<const N: usize>(endpoints: [EndpointView; N]) -> Option<Decision> {
    Scene::of(endpoints).observe(suspecting()).1
}

/// One that was taken out of rotation, and whose checks pass.
fn removed() -> EndpointView {
    EndpointView { health: Health::Unhealthy, down: true, flaky_only: true, ..well() }
}

fn passed_at(at: Timestamp) -> EndpointView {
    EndpointView { last_pass: Some(at), first_pass: Some(at), attempts: 1, ..well() }
}

fn failed_at(at: Timestamp, failure: FailureKind) -> EndpointView {
    EndpointView { last_failure: Some(at), ..given_up(failure) }
}

#[test]
fn doubt_comes_from_failures_from_lost_connections_and_from_maintenance_of_all() {
    let in_doubt = |scene: Scene| is_in_doubt(&scene.view());
    assert!(!in_doubt(Scene::of([well(), well()])));
    assert!(in_doubt(Scene::of([suspected(Timeout), well()])));
    assert!(in_doubt(Scene::of([in_maintenance(), down(Refused)])));
    assert!(!in_doubt(Scene::of([in_maintenance(), well()])), "there is somewhere to go");
    assert!(in_doubt(Scene::of([unreachable(), well()]).connected()));
}

#[test]
fn a_socket_that_a_crowd_lost_spreads_the_move_and_a_failed_check_does_not() {
    let spread = |ours: EndpointView| {
        let scene = Scene::of([ours, well()]);
        match scene.observe(STEADY).0 {
            State::Suspecting(Suspicion { since, spread, verdict: None, .. }) => {
                Some((since, spread))
            }
            _ => None,
        }
    };
    assert_eq!(spread(suspected(Refused)), Some((NOW, Millis::ZERO)));
    let closed = EndpointView { failure: None, ..suspected(Refused) };
    let (_, wide) = spread(closed).unwrap();
    assert!(wide > Millis::ZERO && wide <= Millis::from_secs(1));
    let asked = EndpointView { spread: Millis::from_secs(600), ..closed };
    let (_, wider) = spread(asked).unwrap();
    assert!(
        wider > wide && wider <= Millis::from_secs(30),
        "what a server asks for, within reason"
    );
}

#[test]
fn a_standby_counts_only_if_it_passed_a_check_that_began_since() {
    assert_eq!(decides([down(Refused), passed_at(SINCE)]), Some(SWITCHED));
    let stale = EndpointView { checking: true, ..passed_at(ago(11)) };
    assert_eq!(decides([down(Refused), stale]), None);
    let unreached = EndpointView { unreachable: true, checking: true, ..fresh() };
    assert_eq!(decides([down(Refused), unreached]), None);
}

#[test]
fn a_standby_that_had_to_be_left_must_prove_itself() {
    let standby = |successes| EndpointView { successes, proof: 3, attempts: 1, ..fresh() };
    assert_eq!(decides([down(Refused), standby(2)]), None);
    assert_eq!(decides([down(Refused), standby(3)]), Some(SWITCHED));
}

#[test]
fn a_silent_endpoint_is_left_only_if_it_failed_after_the_standby_passed() {
    let ours = |at| failed_at(at, Timeout);
    assert_eq!(decides([ours(ago(2)), passed_at(ago(3))]), Some(SWITCHED));
    assert_eq!(decides([ours(ago(3)), passed_at(ago(3))]), Some(SWITCHED));
    assert_eq!(decides([ours(ago(4)), passed_at(ago(3))]), None, "both may be back");
    let counting = Scene::of([ours(ago(4)), passed_at(ago(3))]);
    let counting = counting.but(|scene| scene.config.failure_threshold = Some(3));
    assert_eq!(counting.observe(suspecting()).1, Some(SWITCHED), "whoever counts has counted");
}

#[test]
fn one_that_fails_now_and_then_is_left_only_for_one_that_does_so_less() {
    let ours = |failed| EndpointView {
        flaky_only: true,
        failure_share: FailureShare::of(failed, 1_000),
        ..down(Status)
    };
    let standby = |failed, total| EndpointView {
        failure_share: FailureShare::of(failed, total),
        ..passed_at(ago(3))
    };
    assert_eq!(decides([ours(300), standby(250, 1_000)]), None);
    assert_eq!(
        decides([ours(300), standby(50, 1_000)]),
        Some(SWITCHED),
        "certainly less than half as often"
    );
    assert_eq!(decides([ours(30), standby(1, 60)]), Some(SWITCHED), "hardly ever");
    assert_eq!(decides([ours(30), standby(0, 59)]), None, "too little is known");
    let dead = EndpointView { flaky_only: false, ..ours(300) };
    assert_eq!(decides([dead, standby(250, 1_000)]), Some(SWITCHED));
}

#[test]
fn one_that_was_taken_out_of_rotation_is_left_though_its_checks_pass() {
    assert_eq!(decides([removed(), passed_at(ago(3))]), Some(SWITCHED));
}

#[test]
fn a_decided_move_waits_only_for_its_spread() {
    let spread = Suspicion { spread: Millis::from_secs(60), ..suspicion() };
    let decided = |endpoints: [EndpointView; 2]| match Scene::of(endpoints)
        .observe(State::Suspecting(spread))
        .0
    {
        State::Suspecting(suspicion) => (suspicion.verdict, suspicion.decided),
        other => panic!("{other:?}"),
    };
    assert_eq!(decided([suspected(Refused), fresh()]), (None, false));
    assert_eq!(decided([down(Refused), fresh()]), (Some(NOW), true));
    assert_eq!(decided([down(Refused), passed_at(ago(0))]), (Some(NOW), false), "not told apart");
}

#[test]
fn the_wish_is_followed_in_a_suspicion_if_it_is_usable() {
    let wish = |endpoint| Scene::of([suspected(Timeout), endpoint]).but(|it| it.wish = Some(1));
    let wished = Decision::Switch { to: 1, reason: SwitchReason::Preferred };
    assert_eq!(wish(well()).observe(suspecting()).1, Some(wished));
    assert_eq!(wish(unreachable()).observe(suspecting()).1, Some(Decision::Check(1)));
}

#[test]
fn an_endpoint_that_the_app_took_out_is_not_asked() {
    let commanded = EndpointView { commanded: true, ..in_maintenance() };
    assert_eq!(decides([down(Refused), commanded]), Some(Decision::AllDown));
    assert_eq!(decides([down(Refused), commanded, well()]), Some(Decision::Check(2)));
}

#[test]
fn a_standby_is_asked_again_in_haste_as_long_as_it_may_have_been_lost_on_the_way() {
    let limit = |endpoint| {
        let scene = Scene::of([down(Refused), endpoint]);
        asked_in_haste(&suspicion(), &scene.view(), 1)
    };
    let asked = |attempts, failure| EndpointView { failure, attempts, ..suspected(Timeout) };
    assert_eq!(limit(asked(0, None)), None, "it has not been asked");
    assert_eq!(limit(asked(1, None)), Some(6));
    assert_eq!(limit(asked(5, Some(Timeout))), Some(6));
    assert_eq!(limit(asked(6, Some(Timeout))), None);
    for failure in [Unreachable, Dns] {
        assert_eq!(limit(asked(1, Some(failure))), Some(2));
        assert_eq!(limit(asked(2, Some(failure))), None);
    }
    assert_eq!(limit(asked(1, Some(Refused))), None, "it has answered");
    let before = EndpointView { last_failure: Some(ago(11)), ..asked(1, Some(Refused)) };
    assert_eq!(limit(before), Some(6), "it has not answered since");
    assert_eq!(limit(EndpointView { unreachable: true, ..asked(1, None) }), None);
    assert_eq!(limit(fresh()), None, "it has passed");
    assert_eq!(limit(EndpointView { proof: 20, ..fresh() }), Some(6), "it must prove itself");
    for excluded in [in_maintenance(), removed()] {
        let passed = EndpointView { last_pass: Some(ago(2)), ..excluded };
        assert_eq!(limit(passed), None, "it passes, and is not to be used");
    }
    let calm = Scene::of([down(Refused), asked(1, None)]);
    let calm = calm.but(|scene| scene.config.suspect_interval = None);
    assert_eq!(asked_in_haste(&suspicion(), &calm.view(), 1), None, "nothing is done in haste");
    assert_eq!(asked_in_haste(&suspicion(), &calm.view(), 0), None);
}

#[test]
fn silence_on_all_sides_is_an_outage_after_three_failures_though_no_evidence() {
    let silent = |failures| EndpointView { failures, ..suspected(Timeout) };
    let other = || EndpointView { last_failure: Some(ago(2)), ..given_up(Timeout) };
    assert_eq!(decides([silent(3), other()]), Some(Decision::AllDown));
    assert_eq!(decides([silent(2), other()]), None);
    let refusing = EndpointView { last_failure: Some(ago(2)), ..given_up(Refused) };
    assert_eq!(decides([silent(3), refusing]), None, "somebody has answered");
    let before = EndpointView { last_failure: Some(ago(11)), last_pass: None, ..given_up(Timeout) };
    assert_eq!(decides([silent(3), before]), None, "nobody was asked since");
    let refused = EndpointView { failures: 3, ..suspected(Refused) };
    assert_eq!(decides([refused, other()]), None, "it has answered itself");
}

#[test]
fn connectivity_urls_are_witnesses_of_the_network() {
    let alone = |last_pass| {
        let ours = EndpointView { failures: 3, ..suspected(Timeout) };
        Scene::of([ours]).but(|scene| {
            scene.probes.any = true;
            scene.probes.last_pass = last_pass;
            scene.probes.all_asked_at = Some(ago(2));
        })
    };
    let unreachable = Decision::Offline(OfflineReason::Unreachable);
    assert_eq!(alone(None).observe(suspecting()).1, Some(unreachable));
    assert_eq!(alone(Some(ago(11))).observe(suspecting()).1, Some(unreachable), "before");
    assert_eq!(alone(Some(ago(2))).observe(suspecting()).1, None, "the network works");
    let asking = alone(None).but(|scene| scene.probes.all_asked_at = None);
    assert_eq!(asking.observe(suspecting()).1, None, "their answer is to be had");
    let unasked = alone(None).but(|scene| scene.probes.all_asked_at = Some(ago(11)));
    assert_eq!(unasked.observe(suspecting()).1, None, "they are going to be asked");
}

#[test]
fn whether_a_portal_has_answered_is_waited_for() {
    let answered = || {
        Scene::of([down(Redirect), given_up(Redirect)]).but(|scene| {
            scene.probes.any = true;
            scene.endpoints[1].last_answer = Some(ago(1));
        })
    };
    let probed = |probes: fn(&mut Scene)| answered().but(probes).observe(suspecting()).1;
    assert_eq!(probed(|scene| scene.probes.all_asked_at = None), None);
    assert_eq!(
        probed(|scene| scene.probes.all_asked_at = Some(ago(11))),
        None,
        "they will be asked"
    );
    let passed = probed(|scene| {
        scene.probes.all_asked_at = Some(ago(1));
        scene.probes.last_pass = Some(ago(1));
    });
    assert_eq!(passed, Some(Decision::AllDown), "there is none");
    let portal = probed(|scene| {
        scene.probes.all_asked_at = Some(ago(1));
        scene.probes.captive = true;
    });
    assert_eq!(portal, Some(Decision::Offline(OfflineReason::CaptivePortal)));
}

#[test]
fn a_network_that_works_makes_an_outage_the_servers_own() {
    let scene = || Scene::of([down(Unreachable), given_up(Unreachable)]);
    let offline = Decision::Offline(OfflineReason::Unreachable);
    assert_eq!(scene().observe(suspecting()).1, Some(offline));
    let works = scene().but(|scene| scene.probes.last_pass = Some(ago(1)));
    assert_eq!(works.observe(suspecting()).1, Some(Decision::AllDown));
    let heard = |at| scene().but(|scene| scene.connection.last_message = Some(at));
    assert_eq!(heard(ago(2)).observe(suspecting()).1, Some(Decision::AllDown));
    assert_eq!(heard(ago(1)).observe(suspecting()).1, None, "whether it has gone is seen soon");
    let answered = scene().but(|scene| scene.endpoints[1].last_answer = Some(ago(1)));
    assert_eq!(answered.observe(suspecting()).1, Some(Decision::AllDown));
}

#[test]
fn an_outage_remembers_its_beginning_and_whether_anybody_answered() {
    let outage = |failure| {
        let scene = Scene::of([down(Refused), given_up(failure)]);
        let scene = scene.but(|scene| scene.hold = Millis::from_secs(5));
        scene.observe(suspecting()).0.outage().copied().unwrap()
    };
    assert_eq!((outage(Refused).since, outage(Refused).round), (SINCE, None));
    assert!(!outage(Timeout).silent, "one has refused");
    assert_eq!(outage(Refused).hold, Millis::from_secs(5));
}

#[test]
fn one_that_has_been_well_for_a_while_is_better_than_nobody_though_it_must_prove_itself() {
    let well = EndpointView { successes: 1, proof: 9, attempts: 6, ..fresh() };
    let standby = |secs| EndpointView { since: ago(secs), ..well };
    assert_eq!(decides([down(Refused), standby(50)]), Some(SWITCHED));
    assert_eq!(decides([down(Refused), standby(49)]), None, "it is proving itself");
    let failing = EndpointView { last_failure: Some(ago(1)), ..suspected(Refused) };
    assert_eq!(decides([down(Refused), failing]), Some(Decision::AllDown));
    assert_eq!(decides([suspected(Refused), standby(50)]), None, "there is no verdict");
}

#[test]
fn a_move_is_carried_through_though_a_check_passes_while_its_connection_opens() {
    let left = Suspicion { verdict: Some(ago(2)), ..suspicion() };
    let then = |ours, trying, suspicion| {
        let scene =
            Scene::of([ours, fresh()]).connected().but(|scene| scene.connection.trying = trying);
        kind(&scene.observe(State::Suspecting(suspicion)).0)
    };
    let back = EndpointView { since: ago(1), ..well() };
    assert_eq!(then(back, true, left), Kind::Suspecting);
    assert_eq!(then(back, false, left), Kind::Steady, "no connection is opening");
    assert_eq!(then(back, true, suspicion()), Kind::Steady, "there was no verdict");
    assert_eq!(then(well(), true, left), Kind::Steady, "its sockets were to blame, and open again");
}

#[test]
fn after_an_outage_that_a_message_ended_a_pause_between_messages_means_less() {
    let heard = |at| {
        let scene = Scene::of([down(Refused), given_up(Refused)]);
        scene.connected().but(|scene| {
            scene.connection.open = true;
            scene.connection.last_message = Some(at);
        })
    };
    let hold = |scene: &mut Scene| scene.hold = Millis::from_secs(5);
    let all_down = Some(Decision::AllDown);
    assert_eq!(heard(ago(4)).observe(suspecting()).1, all_down, "the first outage");
    assert_eq!(heard(ago(4)).but(hold).observe(suspecting()).1, None);
    assert_eq!(heard(ago(5)).but(hold).observe(suspecting()).1, all_down);
    let elsewhere = heard(ago(4)).but(hold).but(|scene| scene.connection.open = false);
    assert_eq!(elsewhere.observe(suspecting()).1, all_down, "messages of another endpoint");
}

/// A standby whose checks pass, and that refuses connections; its back-off ends at this moment.
fn refusing_until(retry_at: Timestamp) -> EndpointView {
    EndpointView { retry_at, last_pass: Some(ago(2)), ..unreachable() }
}

#[test]
fn before_nobody_is_left_a_connection_to_one_that_refused_is_tried_again() {
    let (open, all_down) = (Decision::Open(1), Decision::AllDown);
    assert_eq!(decides([down(Refused), refusing_until(SINCE)]), Some(open));
    assert_eq!(decides([down(Refused), refusing_until(ago(9))]), Some(all_down), "it was tried");
    let talking = Scene::of([down(Refused), refusing_until(ago(9))]).talking();
    assert_eq!(talking.observe(suspecting()).1, Some(open), "there is time");
    let trying = Scene::of([down(Refused), refusing_until(SINCE)]);
    let trying = trying.but(|scene| scene.connection.trying = true);
    assert_eq!(trying.observe(suspecting()).1, None, "until that is over");
}

#[test]
fn nothing_is_looked_into_while_nothing_is_checked() {
    let blind = Scene::of([down(Refused), fresh()]).but(|scene| scene.watch = Watch::Off);
    for state in [STEADY, suspecting()] {
        let (next, decision) = blind.observe(state);
        assert_eq!((kind(&next), decision), (kind(&state), None));
    }
}

#[test]
fn a_standby_whose_answer_is_on_its_way_is_waited_for() {
    let asked = |failure, attempts| {
        let checking = EndpointView { checking: true, attempts, ..down(failure) };
        Scene::of([down(Refused), checking]).observe(suspecting()).1
    };
    assert_eq!(asked(Timeout, 6), None, "the last of the checks in haste");
    let unasked = EndpointView { checking: true, last_failure: Some(ago(11)), ..down(Refused) };
    assert_eq!(decides([down(Refused), unasked]), None, "the first since the suspicion");
    // It is checked now and then as before, and where each check hangs one is always under way.
    assert_eq!(asked(Timeout, 7), Some(Decision::AllDown));
    assert_eq!(asked(Refused, 1), Some(Decision::AllDown));
}

#[test]
fn an_endpoint_that_refuses_is_tried_again_only_after_its_back_off() {
    let standby = |retry_at| EndpointView { retry_at, ..fresh() };
    let moved_twice = |retry_at| {
        let scene = Scene::of([unreachable(), standby(retry_at)]).connected();
        scene.but(|scene| scene.forced_moves = 2).observe(suspecting()).1
    };
    assert_eq!(moved_twice(ago(1)), Some(Decision::Open(1)));
    assert_eq!(moved_twice(ahead(1)), None);
}
