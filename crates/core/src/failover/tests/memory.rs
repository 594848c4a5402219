//! What is remembered of moves and outages, and for how long.

use super::scene::NOW;
use crate::base::time::Millis;
use crate::base::url::Url;
use crate::config::{Config, Endpoint};
use crate::engine::context::Context;
use crate::failover::state::{PlannedMove, Stage, State};
use crate::failover::{Decision, Failover, snapshot};
use crate::protocol::event::{OfflineReason, SwitchReason};
use std::sync::Arc;

fn failover() -> (Failover, Context) {
    let url = || Url::unparsed(String::new());
    let endpoints = ["a", "b"].map(|name| Arc::new(Endpoint::new(name, url(), url())));
    let mut cx = Context::new(Arc::new(Config::default()), endpoints.to_vec(), 1, NOW);
    (Failover::new(&mut cx), cx)
}

#[test]
fn moves_in_need_follow_each_other_within_ten_minutes() {
    let (mut failover, mut cx) = failover();
    for (to, count) in [(1, 1), (0, 2)] {
        failover.remember(&cx, Decision::Switch { to, reason: SwitchReason::Unhealthy });
        assert_eq!((failover.active(), failover.forced_moves(cx.now)), (to, count));
    }
    let minutes = |count: u32| NOW + Millis::from_secs(60 * count);
    assert_eq!(failover.forced_moves(minutes(9)), 2);
    assert_eq!(failover.forced_moves(minutes(10)), 0);
    cx.now = minutes(10);
    failover.remember(&cx, Decision::Switch { to: 1, reason: SwitchReason::Failback });
    assert_eq!(failover.forced_moves(cx.now), 0, "nobody had to");
}

#[test]
fn an_endpoint_that_the_end_of_an_outage_leaves_was_left() {
    let ends = [
        Decision::Recover { to: 1, void: false },
        Decision::BackOnline { to: 1, void: false },
        Decision::Switch { to: 1, reason: SwitchReason::Degraded },
    ];
    for end in ends {
        let (mut failover, cx) = failover();
        failover.remember(&cx, end);
        assert!(failover.remembered[0].damping.was_left(), "{end:?}");
        assert_eq!(failover.active(), 1);
    }
    let (mut failover, cx) = failover();
    failover.remember(&cx, Decision::Recover { to: 0, void: false });
    assert!(!failover.remembered[0].damping.was_left(), "the app stayed");
    failover.remember(&cx, Decision::Switch { to: 1, reason: SwitchReason::Preferred });
    assert!(!failover.remembered[0].damping.was_left(), "the app wished for it");
}

#[test]
fn an_outage_that_the_published_script_told_ends_with_another_word() {
    let ends = [Decision::Offline(OfflineReason::Told), Decision::Recover { to: 0, void: false }];
    for end in ends {
        let (mut failover, cx) = failover();
        failover.remember(&cx, Decision::TryFailed);
        assert_eq!(failover.state(), snapshot::State::AllDown);
        failover.remember(&cx, end);
        assert_eq!(failover.state(), snapshot::State::Steady, "{end:?}");
    }
}

#[test]
fn another_wish_drops_the_planned_move() {
    let (mut failover, cx) = failover();
    let planned = PlannedMove { to: 1, reason: SwitchReason::Failback, stage: Stage::Opening };
    failover.state = State::Steady(Some(planned));
    failover.prefer(&cx, Some(0));
    assert!(matches!(failover.state, State::Steady(None)));
    assert!(!failover.may_be_opening());
}

#[test]
fn relapses_are_counted_within_five_minutes_and_each_is_held_longer() {
    let (mut failover, mut cx) = failover();
    let mut holds = Vec::new();
    for _ in 0..6 {
        holds.push(failover.hold(cx.now).get() / 1_000);
        failover.remember(&cx, Decision::AllDown);
        failover.remember(&cx, Decision::Recover { to: 0, void: false });
        cx.now = cx.now + Millis::from_secs(299);
    }
    assert_eq!(holds, [0, 5, 10, 20, 40, 40]);
    cx.now = cx.now + Millis::from_secs(1);
    assert_eq!(failover.hold(cx.now), Millis::ZERO);
}
