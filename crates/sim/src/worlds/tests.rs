//! The judge notices each fault, and nothing where there is none.

use super::law::Rule;
use super::watch::Watch;
use super::{generate, judge, shrink};
use crate::entry::{Device, Fault, Happening, Health, NetworkState};
use crate::scenario::Scenario;
use crate::simulation::Observer;
use steadfast::{
    Command, Config, Effect, Endpoint, Event, Input, OfflineReason, Preset, SocketId, SwitchReason,
    Timestamp,
};

const A: &str = "a";
const B: &str = "b";

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn endpoint(name: &str) -> Endpoint {
    let url = |scheme: &str| format!("{scheme}://{name}.example/").parse().unwrap();
    Endpoint::new(name, url("wss"), url("https"))
}

fn engine() -> steadfast::Engine {
    let config = Config::new(Preset::Default, vec![endpoint(A)]);
    steadfast::Engine::new(config.validate().unwrap(), 1, Timestamp::default())
}

fn watch() -> Watch {
    let config = Config::new(Preset::Default, vec![endpoint(A), endpoint(B)]);
    Watch::new(config.validate().unwrap(), None, None)
}

fn switched(from: &str, to: &str, reason: SwitchReason) -> Event {
    Event::Switched { from: from.into(), to: to.into(), reason }
}

fn falls_ill(name: &str) -> Happening {
    Happening::Health(name.to_owned(), Health::Fails(Fault::Refused))
}

#[track_caller]
fn assert_found(watch: &Watch, rules: &[Rule]) {
    let found: Vec<_> = watch.found.iter().map(|broken| broken.rule).collect();
    assert_eq!(found, rules, "{:?}", watch.found);
}

#[test]
fn whoever_leaves_a_working_endpoint_needs_a_reason() {
    let mut fine = watch();
    fine.event(at(100), switched(A, B, SwitchReason::Unhealthy));
    fine.event(at(200), switched(B, A, SwitchReason::Failback));
    fine.event(at(300), switched(A, B, SwitchReason::Preferred));
    fine.happening(at(301), &falls_ill(B));
    fine.event(at(302), switched(B, A, SwitchReason::Unhealthy));
    assert_found(&fine, &[]);
    for reason in [SwitchReason::Unhealthy, SwitchReason::Failback, SwitchReason::Recovered] {
        let mut watch = watch();
        watch.event(at(200), switched(A, B, reason));
        assert_found(&watch, &[Rule::S1]);
    }
}

#[test]
fn an_outage_is_told_where_there_is_one() {
    let mut all_down = watch();
    all_down.happening(at(100), &falls_ill(A));
    all_down.event(at(110), Event::AllDown { active: A.into() });
    assert_found(&all_down, &[Rule::S3]);

    let mut offline = watch();
    offline.happening(at(100), &falls_ill(A));
    offline.event(at(110), Event::Offline { reason: OfflineReason::Unreachable });
    assert_found(&offline, &[Rule::S2]);

    let mut untold = watch();
    untold.event(at(1), Event::Offline { reason: OfflineReason::Told });
    assert_found(&untold, &[Rule::S2]);

    let mut true_words = watch();
    true_words.happening(at(100), &Happening::Network(NetworkState::Offline, false));
    true_words.event(at(100), Event::Offline { reason: OfflineReason::Told });
    true_words.event(at(110), Event::AllDown { active: A.into() });
    assert_found(&true_words, &[]);
}

#[test]
fn an_app_that_is_moved_again_and_again_swings() {
    let mut watch = watch();
    for turn in 0..5 {
        let (from, to) = if turn % 2 == 0 { (A, B) } else { (B, A) };
        watch.event(at(turn * 20), switched(from, to, SwitchReason::Unhealthy));
    }
    assert_found(&watch, &[Rule::S4]);
}

#[test]
fn an_app_is_not_told_of_one_outage_after_the_other() {
    let mut watch = watch();
    watch.happening(at(0), &falls_ill(A));
    watch.happening(at(0), &falls_ill(B));
    for turn in 0..5 {
        watch.event(at(turn * 20), Event::AllDown { active: A.into() });
        watch.event(at(turn * 20 + 10), Event::Recovered { active: A.into() });
    }
    assert_found(&watch, &[Rule::S6]);
}

#[test]
fn recovery_takes_out_of_rotation_only_what_another_stands_in_for() {
    let mut watch = watch();
    let well = |watch: &Watch, index: usize| watch.truth.is_well(&watch.truth.endpoints[index]);
    watch.truth.recovery(A, at(60));
    assert!(!well(&watch, 0) && well(&watch, 1));
    watch.happening(at(1), &falls_ill(B));
    assert!(well(&watch, 0), "nobody else is");
}

#[test]
fn nobody_is_checked_where_nobody_is_there() {
    let mut engine = engine();
    engine.handle(Timestamp::default(), Input::Started);
    let check = std::iter::from_fn(|| engine.poll_effect())
        .find(|effect| matches!(effect, Effect::StartCheck { .. }))
        .unwrap();
    let mut watch = watch();
    watch.effect(at(1), &check);
    watch.happening(at(2), &Happening::Device(Device::Background));
    assert_found(&watch, &[]);
    watch.effect(at(3), &check);
    assert_found(&watch, &[Rule::S5]);
    for _ in 0..10_000 {
        watch.effect(at(4), &check);
    }
    watch.end_phase(at(300));
    assert_found(&watch, &[Rule::S5, Rule::Busy]);
}

#[test]
fn nothing_follows_a_stop() {
    let mut watch = watch();
    watch.event(at(1), Event::Stopped);
    watch.effect(at(2), &Effect::Persist);
    assert_found(&watch, &[Rule::One]);
}

#[test]
fn fair_time_follows_from_the_config() {
    let patient = |preset| {
        let config = Config::new(preset, vec![endpoint(A), endpoint(B)]);
        let mut watch = Watch::new(config.validate().unwrap(), None, None);
        watch.happening(at(10), &falls_ill(A));
        let truth = &watch.truth;
        let (active, other) = (&truth.endpoints[0], &truth.endpoints[1]);
        watch.fair().left_for(active, false, other, false).unwrap()
    };
    let (usual, slow) = (patient(Preset::Default), patient(Preset::Orchestrator));
    assert!(usual < 120_000, "{usual} ms");
    assert!((120_000..300_000).contains(&slow), "{slow} ms: three checks, half a minute apart");
}

#[test]
fn a_world_without_change_is_without_fault() {
    let calm = r#"{ "base": "two-endpoints", "duration": "1h", "messages": "1s",
        "world": [{ "at": "1m", "command": "connect" }] }"#;
    assert_eq!(judge(&Scenario::from_json(calm).unwrap()).unwrap(), []);
}

#[test]
fn a_wish_for_another_connection_is_met_by_an_attempt() {
    let mut watch = watch();
    watch.happening(at(0), &Happening::Command(Command::Connect(SocketId::default())));
    watch.input(at(5), &Input::Command(Command::Reconnect(None)));
    assert_eq!(watch.reconnects, Some(at(5)));
    let mut engine = engine();
    engine.handle(Timestamp::default(), Input::Command(Command::Connect(SocketId::default())));
    engine.handle(Timestamp::default(), Input::Started);
    let attempt = std::iter::from_fn(|| engine.poll_effect())
        .find(|effect| matches!(effect, Effect::Connect { .. }))
        .unwrap();
    watch.effect(at(6), &attempt);
    assert_eq!(watch.reconnects, None);
    watch.input(at(7), &Input::Command(Command::Reconnect(None)));
    assert_eq!(watch.reconnects, None, "what is opening is another one already");
}

#[test]
fn what_is_shrunk_is_still_broken_and_no_larger() {
    let broken = (1..200).find_map(|seed| {
        let world = generate(seed);
        let scenario = Scenario::from_json(&world.to_string()).unwrap();
        let rule = judge(&scenario).unwrap().first()?.rule;
        Some((world, rule))
    });
    // An engine without fault leaves nothing to shrink.
    let Some((world, rule)) = broken else { return };
    let smallest = shrink(&world, rule).unwrap();
    assert!(smallest.to_string().len() <= world.to_string().len() + 300);
    let again = judge(&Scenario::from_json(&smallest.to_string()).unwrap()).unwrap();
    assert!(again.iter().any(|broken| broken.rule == rule), "{again:?}");
}
