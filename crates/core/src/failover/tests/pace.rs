//! How often each endpoint is checked, and that what a state waits for is always due.

use super::scene::{
    NOW, STEADY, Scene, ago, ahead, all_down, down, opening, outage, presumed, reported, suspected,
    suspecting, suspicion, waiting, well,
};
use crate::base::time::{Millis, Timestamp};
use crate::base::url::Url;
use crate::checks::connectivity::Connectivity;
use crate::checks::{Checks, Pace};
use crate::config::{Config, Endpoint, Strategy};
use crate::engine::context::Context;
use crate::failover::pace::{due, pace};
use crate::failover::state::{Outage, State, Suspicion};
use crate::failover::view::EndpointView;
use crate::failover::{Failover, Watch, World};
use crate::health::Exclusion;
use crate::protocol::event::SwitchReason;
use crate::protocol::outcome::FailureKind::{Refused, Timeout};
use crate::session::Session;
use std::sync::Arc;

fn full(scene: &Scene, state: State, index: usize) -> Pace {
    pace(&state, &scene.view(), scene.strategy(), index)
}

/// When the checks begin that a pace asks for, of an endpoint that was never checked.
fn begins(config: &Config, pace: Pace) -> Option<Timestamp> {
    let url = || Url::unparsed(String::new());
    let endpoint = Endpoint::new("a", url(), url());
    let cx = Context::new(Arc::new(config.clone()), vec![Arc::new(endpoint)], 1, NOW);
    Checks::new(&cx, Connectivity::default()).due(&cx, 0, pace)
}

/// Every config that leaves out a rhythm.
fn configs() -> Vec<Config> {
    let mut configs = Vec::new();
    for suspect_interval in [None, Some(Millis::new(250))] {
        for standby_interval in [None, Some(Millis::from_secs(30))] {
            for strategy in [Strategy::Priority, Strategy::Sticky, Strategy::Cyclic] {
                let config = Config::default();
                configs.push(Config { strategy, suspect_interval, standby_interval, ..config });
            }
        }
    }
    configs
}

fn assert_all_due(scene: &Scene, state: State, indices: &[usize]) {
    for config in configs() {
        let scene = scene.clone().but(|scene| scene.config = config.clone());
        for index in indices {
            let pace = full(&scene, state, *index);
            assert!(
                begins(&config, pace).is_some(),
                "{index}: {pace:?} in {state:?} by {config:?}"
            );
        }
    }
}

#[test]
fn the_active_endpoint_is_checked_in_every_state_but_while_the_next_is_tried() {
    let scene = Scene::of([suspected(Timeout), well()]);
    let planned = waiting(1, SwitchReason::Degraded, ahead(5));
    for state in [STEADY, planned, opening(1, SwitchReason::Degraded)] {
        assert_all_due(&scene, state, &[0]);
    }
    let trying = State::Trying { target: 1 };
    assert_eq!([full(&scene, trying, 0), full(&scene, trying, 1)], [Pace::OnRequest; 2]);
}

#[test]
fn everybody_is_checked_in_a_suspicion_and_in_a_round_whatever_the_config_says() {
    let asked = EndpointView { attempts: 1, ..suspected(Timeout) };
    let given_up = EndpointView { attempts: 9, ..down(Refused) };
    let scene = Scene::of([down(Timeout), well(), asked, given_up]);
    let decided = State::Suspecting(Suspicion { decided: true, ..suspicion() });
    for state in [suspecting(), decided, all_down(), presumed()] {
        assert_all_due(&scene, state, &[0, 1, 2, 3]);
    }
}

#[test]
fn everybody_is_tried_now_and_then_though_the_platform_reports_no_network() {
    assert_all_due(&Scene::of([down(Refused), well()]), reported(), &[0, 1]);
}

#[test]
fn an_endpoint_that_flapped_is_looked_at_closely_before_it_is_gone_back_to() {
    let back = |flaps, ready_at| {
        let first = EndpointView { flaps, ready_at, ..well() };
        let scene = Scene::of([first, well()]).but(|scene| scene.active = 1);
        full(&scene, STEADY, 0)
    };
    assert_eq!(back(1, ahead(30)), Pace::Every(Millis::from_secs(3)));
    assert_eq!(back(1, ahead(31)), Pace::Every(Millis::from_secs(30)), "there is time");
    assert_eq!(back(0, ahead(1)), Pace::Every(Millis::from_secs(30)), "it has not flapped");
}

#[test]
fn a_round_that_is_under_way_ends_with_the_checks_in_flight() {
    let scene = Scene::of([down(Refused), down(Refused)]);
    let under_way = State::AllDown(Outage { round: None, ..outage() });
    assert_eq!(full(&scene, under_way, 0), Pace::Wait);
    let (next, _) = scene.observe(under_way);
    assert!(matches!(full(&scene, next, 0), Pace::Round(at) if at > NOW), "{next:?}");
}

#[test]
fn an_endpoint_that_is_usable_in_an_outage_is_watched_like_the_active_one() {
    let scene = Scene::of([down(Refused), well()]);
    assert_eq!(full(&scene, all_down(), 0), Pace::Round(ahead(5)));
    assert_eq!(full(&scene, all_down(), 1), Pace::Active);
}

#[test]
fn a_standby_is_checked_in_haste_once_it_was_asked_and_the_active_one_no_more_once_decided() {
    let asked = EndpointView { attempts: 1, ..suspected(Timeout) };
    let scene = Scene::of([down(Refused), asked, well()]);
    let pause = Millis::from_secs(30);
    assert_eq!(full(&scene, suspecting(), 0), Pace::Active);
    assert_eq!(full(&scene, suspecting(), 1), Pace::Haste(6, pause));
    assert_eq!(full(&scene, suspecting(), 2), Pace::Every(pause));
    let decided = State::Suspecting(Suspicion { decided: true, ..suspicion() });
    assert_eq!(full(&scene, decided, 0), Pace::Leaving);
}

#[test]
fn standbys_are_watched_at_their_interval_and_half_as_often_while_messages_arrive() {
    let quiet = Scene::of([well(), well()]);
    assert_eq!(full(&quiet, STEADY, 1), Pace::Every(Millis::from_secs(30)));
    assert_eq!(full(&quiet.talking(), STEADY, 1), Pace::Every(Millis::from_secs(60)));
}

#[test]
fn unwatched_standbys_are_checked_only_if_the_app_would_go_back_to_them() {
    let scene = Scene::of([well(), well(), well()]).but(|scene| {
        scene.active = 1;
        scene.config.standby_interval = None;
    });
    let back = Pace::Every(Millis::from_secs(60));
    let paces = |scene: &Scene| [full(scene, STEADY, 0), full(scene, STEADY, 2)];
    assert_eq!(paces(&scene), [back, Pace::OnRequest]);
    let leaving = waiting(2, SwitchReason::Degraded, ahead(5));
    assert_eq!(
        full(&scene, leaving, 2),
        Pace::Every(scene.retry.max),
        "it may have to prove itself"
    );
    assert_eq!(paces(&scene.by(Strategy::Sticky)), [Pace::OnRequest, Pace::OnRequest]);
}

#[test]
fn an_endpoint_that_the_app_wishes_for_is_checked_whatever_the_config_says() {
    let wish = Scene::of([well(), down(Refused)]).but(|scene| scene.wish = Some(1));
    assert_all_due(&wish, STEADY, &[0, 1]);
}

#[test]
fn in_the_background_only_what_mends_the_connection_is_checked() {
    let scene = Scene::of([down(Refused), well()]);
    let at = |state: State, watch| full(&scene.clone().but(|scene| scene.watch = watch), state, 0);
    for state in [STEADY, suspecting(), all_down(), presumed(), reported()] {
        assert_eq!(at(state, Watch::Off), Pace::Off);
    }
    assert_eq!(at(STEADY, Watch::Mending), Pace::OnRequest);
    assert_eq!(at(reported(), Watch::Mending), Pace::InVain(scene.retry.max));
    assert_eq!(at(suspecting(), Watch::Mending), Pace::Active);
    assert_eq!(at(all_down(), Watch::Mending), Pace::Round(ahead(5)));
}

#[test]
fn a_decision_that_waits_for_time_has_its_wake_up() {
    let at = |state: State, well: &[Timestamp]| due(&state, NOW, well.iter().copied());
    assert_eq!(at(STEADY, &[]), None);
    assert_eq!(at(waiting(1, SwitchReason::Failback, ahead(9)), &[]), Some(ahead(9)));
    assert_eq!(at(waiting(1, SwitchReason::Failback, NOW), &[]), None, "it waits for checks");
    assert_eq!(at(opening(1, SwitchReason::Failback), &[]), None);
    let spread = |verdict| {
        let spread = Millis::from_secs(3);
        State::Suspecting(Suspicion { spread, verdict, ..suspicion() })
    };
    assert_eq!(at(spread(Some(ago(1))), &[]), Some(ahead(2)));
    assert_eq!(at(spread(Some(ago(3))), &[]), None);
    assert_eq!(at(spread(None), &[]), None);
    let well = [ago(48)];
    assert_eq!(at(spread(Some(ago(3))), &well), Some(ahead(2)), "it will have proved itself");
    let holding = State::AllDown(Outage { hold: Millis::from_secs(5), ..outage() });
    assert_eq!(at(holding, &[ago(2), ago(9), ago(4)]), Some(ahead(1)), "the first that is to come");
    assert_eq!(at(all_down(), &[ago(2)]), Some(ahead(48)), "it need not hold, but prove itself");
}

#[test]
fn attempts_go_to_those_that_pass_in_the_eyes_of_a_decision() {
    let endpoint = |name| Arc::new(Endpoint::without_check(name, Url::unparsed(String::new())));
    let endpoints = vec![endpoint("a"), endpoint("b")];
    let mut cx = Context::new(Arc::default(), endpoints, 1, NOW);
    let mut failover = Failover { state: all_down(), ..Failover::new(&mut cx) };
    failover.set_active(&cx, 1);
    let (mut checks, session) = (Checks::new(&cx, Connectivity::default()), Session::new(&cx));
    checks.exclude(&cx, 0, Exclusion::Drained(cx.now + Millis::from_secs(1)));
    for (seconds, passes) in [(0, false), (30, false), (61, true)] {
        cx.now = NOW + Millis::from_secs(seconds);
        let world = World { checks: &checks, session: &session };
        let view = failover.gather(world, &cx, cx.config.retry.clone(), Watch::Full);
        assert_eq!(view.endpoints[0].passes(), passes, "{seconds}");
        assert_eq!(failover.attempt_target(world, &cx) == 0, passes, "{seconds}");
    }
}
