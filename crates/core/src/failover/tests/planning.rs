//! Which move is planned that nobody is forced to make, and when it is due.

use super::scene::{
    Kind, NOW, STEADY, Scene, ago, ahead, degraded, down, in_maintenance, kind, opening, rank,
    suspected, unreachable, waiting, well,
};
use crate::base::random::Random;
use crate::base::time::{Millis, Timestamp};
use crate::config::Strategy;
use crate::failover::Watch;
use crate::failover::selection::{is_due, plan};
use crate::failover::state::{PlannedMove, Stage, State};
use crate::failover::transition::{Decision, Fact};
use crate::failover::view::EndpointView;
use crate::health::Health;
use crate::health::share::FailureShare;
use crate::protocol::event::SwitchReason;
use crate::protocol::outcome::FailureKind::Refused;

fn planned(state: State) -> Option<PlannedMove> {
    match state {
        State::Steady(planned) => planned,
        _ => None,
    }
}

/// What is planned where nothing was, by its target and reason.
fn plans(scene: &Scene) -> Option<(usize, SwitchReason)> {
    plan_from(scene, STEADY).map(|planned| (planned.to, planned.reason))
}

fn plan_from(scene: &Scene, state: State) -> Option<PlannedMove> {
    plan(planned(state), &scene.view(), scene.strategy(), &mut Random::new(1))
}

fn ready(planned: Option<PlannedMove>) -> Option<Timestamp> {
    match planned?.stage {
        Stage::Waiting(at) => Some(at),
        Stage::Opening => None,
    }
}

/// Without spreads, so that a wait is to the millisecond.
fn scene<const N: usize>(endpoints: [EndpointView; N]) -> Scene {
    Scene::of(endpoints).but(|scene| {
        scene.config.spread.voluntary = Millis::ZERO;
        scene.config.spread.forced = Millis::ZERO;
    })
}

fn on_second(first: EndpointView, second: EndpointView) -> Scene {
    scene([first, second]).but(|scene| scene.active = 1)
}

#[test]
fn nothing_is_planned_where_the_best_is_active() {
    assert_eq!(plans(&scene([well(), well()])), None);
}

#[test]
fn a_better_endpoint_is_gone_back_to_when_flap_damping_lets() {
    let back = |ready_at| EndpointView { ready_at, ..well() };
    let scene = |ready_at| on_second(back(ready_at), well());
    assert_eq!(plans(&scene(ago(1))), Some((0, SwitchReason::Failback)));
    assert_eq!(ready(plan_from(&scene(ago(1)), STEADY)), Some(NOW));
    assert_eq!(ready(plan_from(&scene(ahead(7)), STEADY)), Some(ahead(7)));
}

#[test]
fn only_a_healthy_and_reliable_endpoint_is_gone_back_to() {
    let unreliable = EndpointView { failure_share: FailureShare::of(300, 1_000), ..well() };
    let reliable = EndpointView { failure_share: FailureShare::of(0, 1_000), ..well() };
    for worse in [down(Refused), suspected(Refused), degraded(), in_maintenance()] {
        assert_eq!(plans(&on_second(worse, well())), None, "{:?}", worse.health);
    }
    assert_eq!(plans(&on_second(unreliable, reliable)), None);
    // Whatever the active one: from a third one, of which little is known, it would be left again.
    let circle = scene([unreliable, reliable, well()]).but(|scene| scene.active = 2);
    assert_eq!(plans(&circle), Some((1, SwitchReason::Failback)));
}

#[test]
fn sticky_stays_and_cyclic_does_not_even_heed_maintenance() {
    let sticky = |ours| on_second(well(), ours).by(Strategy::Sticky);
    assert_eq!(plans(&sticky(well())), None);
    assert_eq!(plans(&sticky(degraded())), Some((0, SwitchReason::Degraded)));
    let cyclic = on_second(well(), in_maintenance()).by(Strategy::Cyclic);
    assert_eq!(plans(&cyclic), None);
}

#[test]
fn a_wish_comes_before_all_else_and_waits_only_for_checks_that_pass_well() {
    for strategy in [Strategy::Priority, Strategy::Sticky, Strategy::Cyclic] {
        let wish = |theirs| scene([well(), theirs]).by(strategy).but(|it| it.wish = Some(1));
        assert_eq!(plans(&wish(well())), Some((1, SwitchReason::Preferred)));
        assert_eq!(plans(&wish(degraded())), None, "it would be left again at once");
        let both = scene([degraded(), degraded()]).by(strategy).but(|it| it.wish = Some(1));
        assert_eq!(plans(&both), Some((1, SwitchReason::Preferred)), "neither is better");
        assert_eq!(plans(&wish(down(Refused))), None);
        let tried = EndpointView { retry_at: ahead(4), ..unreachable() };
        assert_eq!(ready(plan_from(&wish(tried), STEADY)), Some(ahead(4)), "the back-off");
    }
}

#[test]
fn maintenance_is_left_at_once_for_whoever_is_usable() {
    let second = degraded();
    let scene = |theirs| scene([in_maintenance(), theirs]);
    assert_eq!(plans(&scene(second)), Some((1, SwitchReason::Maintenance)));
    assert_eq!(plans(&scene(unreachable())), None);
    assert_eq!(ready(plan_from(&scene(second), STEADY)), Some(NOW));
}

#[test]
fn maintenance_is_left_within_the_voluntary_spread_or_the_forced_one_without_a_connection() {
    let window = |broken| {
        let scene = Scene::of([in_maintenance(), well()]).connected().but(|scene| {
            scene.connection.broken = broken;
            scene.config.spread.voluntary = Millis::from_secs(600);
        });
        let draw = |seed| {
            let planned = plan(None, &scene.view(), scene.strategy(), &mut Random::new(seed));
            ready(planned).map(|at| at - NOW)
        };
        (0..50).filter_map(draw).max()
    };
    assert!(window(true) <= Some(Millis::from_secs(1)), "the config's forced spread");
    assert!(window(false) > Some(Millis::from_secs(300)));
}

#[test]
fn a_degraded_endpoint_is_left_after_ten_seconds() {
    let ours = EndpointView { since: ago(4), ..degraded() };
    let to_second = |ours| scene([ours, well()]);
    assert_eq!(ready(plan_from(&to_second(ours), STEADY)), Some(ahead(6)));
    assert_eq!(plans(&scene([ours, degraded()])), None, "for one that is no better");
    let left = EndpointView { free_at: ahead(9), ..well() };
    assert_eq!(ready(plan_from(&scene([ours, left]), STEADY)), Some(ahead(9)), "flap damping");
}

#[test]
fn a_degraded_endpoint_is_left_for_whoever_may_be_gone_to_at_once() {
    let ours = EndpointView { since: ago(60), ..degraded() };
    let left = EndpointView { free_at: ahead(9), ..well() };
    let refusing = EndpointView { retry_at: ahead(9), ..unreachable() };
    let worse = EndpointView { rank: rank(1, Health::Healthy, false), ..well() };
    assert_eq!(plans(&scene([ours, left, worse])), Some((2, SwitchReason::Degraded)));
    assert_eq!(plans(&scene([ours, refusing, worse])), Some((2, SwitchReason::Degraded)));
    assert_eq!(plans(&scene([ours, left, down(Refused)])), Some((1, SwitchReason::Degraded)));
}

#[test]
fn a_degraded_endpoint_that_asked_for_rest_is_left_only_for_one_that_is_better_without_that() {
    let ours = EndpointView { rests_until: Some(ahead(60)), ..degraded() };
    assert_eq!(plans(&scene([ours, well()])), None);
    let back = scene([well(), ours]).but(|scene| scene.active = 1);
    assert_eq!(plans(&back), Some((0, SwitchReason::Failback)));
}

#[test]
fn an_unreliable_endpoint_is_left_for_a_reliable_one() {
    let failing =
        |failed| EndpointView { failure_share: FailureShare::of(failed, 1_000), ..well() };
    assert_eq!(plans(&scene([failing(300), failing(10)])), Some((1, SwitchReason::Degraded)));
    assert_eq!(plans(&scene([failing(300), failing(250)])), None, "it fails nearly as often");
}

#[test]
fn one_that_is_degraded_because_it_fails_now_and_then_is_left_only_for_one_that_is_known_not_to() {
    let ours =
        EndpointView { flaky_only: true, failure_share: FailureShare::of(20, 1_000), ..degraded() };
    let known = EndpointView { failure_share: FailureShare::of(0, 60), ..well() };
    assert_eq!(plans(&scene([ours, known])), Some((1, SwitchReason::Degraded)));
    assert_eq!(plans(&scene([ours, well()])), None);
}

#[test]
fn a_faster_endpoint_of_the_same_rank_is_moved_to_after_a_minute() {
    let answering = |rtt| EndpointView { rtt: Some(Millis::new(rtt)), ..well() };
    let latency = scene([answering(500), answering(100)]).by(Strategy::Latency);
    assert_eq!(plans(&latency), Some((1, SwitchReason::Faster)));
    assert_eq!(ready(plan_from(&latency, STEADY)), Some(ahead(60)));
    let worse = latency.but(|scene| scene.endpoints[1].rank = rank(1, Health::Healthy, false));
    assert_eq!(plans(&worse), None);
}

#[test]
fn a_plan_keeps_its_time_until_another_move_is_better() {
    let scene = scene([well(), well(), well()]).but(|scene| scene.active = 2);
    let kept = waiting(0, SwitchReason::Failback, ahead(33));
    assert_eq!(plan_from(&scene, kept), planned(kept));
    let other = waiting(1, SwitchReason::Failback, ahead(33));
    assert_eq!(ready(plan_from(&scene, other)), Some(NOW), "the first is the best");
}

#[test]
fn a_connection_that_is_opening_is_kept_while_its_endpoint_passes() {
    let kind_with = |first| {
        let scene = on_second(first, well()).connected().but(|it| it.connection.trying = true);
        kind(&scene.observe(opening(0, SwitchReason::Failback)).0)
    };
    assert_eq!(kind_with(well()), Kind::Opening);
    assert_eq!(kind_with(suspected(Refused)), Kind::Steady);
}

#[test]
fn a_planned_move_lets_the_app_arrive_first() {
    let scene = |following| {
        on_second(well(), well()).connected().but(|scene| scene.connection.following = following)
    };
    let due = waiting(0, SwitchReason::Failback, ago(1));
    assert_eq!(scene(false).observe(due).1, Some(Decision::Open(0)));
    let waits = scene(true).observe(due);
    assert_eq!((kind(&waits.0), waits.1), (Kind::Waiting, None));
}

#[test]
fn a_move_whose_connection_is_given_up_is_planned_anew() {
    let opening = || opening(0, SwitchReason::Preferred);
    let scene = || on_second(well(), well()).but(|scene| scene.wish = Some(0));
    let reopened = scene().connected().observe(opening());
    assert_eq!((kind(&reopened.0), reopened.1), (Kind::Opening, Some(Decision::Open(0))));
    let switched = Decision::Switch { to: 0, reason: SwitchReason::Preferred };
    let disconnected = scene().observe(opening());
    assert_eq!((kind(&disconnected.0), disconnected.1), (Kind::Steady, Some(switched)));
}

#[test]
fn a_plan_is_due_at_its_time_and_a_failback_after_as_many_checks_as_the_config_asks() {
    let due = |reason, at, successes| {
        let first = EndpointView { successes, ..well() };
        let scene = on_second(first, well());
        planned(waiting(0, reason, at)).is_some_and(|planned| is_due(&planned, &scene.view()))
    };
    assert!(due(SwitchReason::Failback, NOW, 3));
    assert!(!due(SwitchReason::Failback, ahead(1), 3));
    assert!(!due(SwitchReason::Failback, NOW, 2));
    let flapped = |successes| {
        let scene = on_second(EndpointView { successes, flaps: 1, ..well() }, well());
        planned(waiting(0, SwitchReason::Failback, NOW))
            .is_some_and(|it| is_due(&it, &scene.view()))
    };
    assert!(!flapped(8) && flapped(9), "three times as many");
    let poor = |successes, flaps| {
        let scene = on_second(EndpointView { successes, flaps, ..well() }, degraded());
        planned(waiting(0, SwitchReason::Degraded, NOW))
            .is_some_and(|it| is_due(&it, &scene.view()))
    };
    assert!(poor(1, 0) && !poor(8, 1) && poor(9, 1), "though the active one is poor");
    assert!(due(SwitchReason::Preferred, NOW, 1), "a wish asks for no proof");
    let open = planned(opening(0, SwitchReason::Failback)).unwrap();
    assert!(!is_due(&open, &on_second(well(), well()).view()), "it is being made");
}

#[test]
fn a_wish_that_waits_for_its_back_off_is_in_the_way_of_no_move_that_is_needed() {
    let wished = EndpointView { retry_at: ahead(4), ..unreachable() };
    let wishing =
        |ours| scene([ours, wished, well()]).connected().but(|scene| scene.wish = Some(1));
    assert_eq!(plans(&wishing(in_maintenance())), Some((2, SwitchReason::Maintenance)));
    assert_eq!(plans(&wishing(degraded())), Some((2, SwitchReason::Degraded)));
    assert_eq!(plans(&wishing(well())), Some((1, SwitchReason::Preferred)), "it has its turn");
    let alone = scene([in_maintenance(), wished]).connected().but(|scene| scene.wish = Some(1));
    assert_eq!(
        plans(&alone),
        Some((1, SwitchReason::Preferred)),
        "there is nobody else to move to"
    );
}

#[test]
fn the_best_endpoint_is_not_in_the_way_of_the_second_best_if_it_cannot_be_connected_to() {
    let on_third = |first| scene([first, well(), well()]).connected().but(|scene| scene.active = 2);
    assert_eq!(plans(&on_third(unreachable())), Some((1, SwitchReason::Failback)));
    let alone = scene([unreachable(), well()]).connected().but(|scene| scene.active = 1);
    assert_eq!(plans(&alone), Some((0, SwitchReason::Failback)), "it is tried now and then");
}

#[test]
fn where_nothing_is_checked_nobody_moves_who_has_not_wished_for_it() {
    let unseen = || scene([degraded(), well()]).but(|scene| scene.watch = Watch::Off);
    let (state, decision) = unseen().observe(STEADY);
    assert_eq!((planned(state).is_none(), decision), (true, None));
    let wished = unseen().but(|scene| scene.wish = Some(1));
    assert_eq!(
        wished.observe(STEADY).1,
        Some(Decision::Switch { to: 1, reason: SwitchReason::Preferred })
    );
}

#[test]
fn a_move_that_was_planned_before_a_suspicion_keeps_its_reason() {
    let scene = on_second(well(), suspected(Refused))
        .connected()
        .but(|scene| scene.connection.trying = true);
    let (suspecting, _) = scene.observe(opening(0, SwitchReason::Failback));
    let (_, decision) = scene.next(suspecting, Fact::TrialOpened(0));
    assert_eq!(decision, Some(Decision::Switch { to: 0, reason: SwitchReason::Failback }));
}
