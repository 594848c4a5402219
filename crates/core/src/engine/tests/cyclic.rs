//! The strategy `cyclic`: at the threshold the next in the list is asked, once.

use super::world::{Server, World};
use super::*;
use crate::Command;
use crate::config::Strategy;

/// Two endpoints, of which neither answers, after a minute in which both did.
fn both_down(preset: Preset) -> World {
    let mut config = Config::new(preset, endpoints(2));
    config.strategy = Strategy::Cyclic;
    config.jitter_percent = 0;
    let mut world = World::settled_with(config);
    world.serve("e0", Server::Refuses);
    world.serve("e1", Server::Refuses);
    world
}

#[test]
fn counting_starts_anew_when_nobody_answers_whatever_the_rule() {
    for (preset, failures) in [(Preset::Default, 3), (Preset::AppServices, 10)] {
        let mut world = both_down(preset);
        world.run(600_000);
        let told = world.told("allDown");
        assert!(told.len() > 5, "{preset}: {told:?}");
        for pair in told.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            let active = |(at, name): &&(u64, _)| (from..to).contains(at) && *name == "e0".into();
            let checks = world.checks.iter().filter(active).count();
            assert_eq!(checks, failures, "{preset}: from {from} to {to}");
        }
    }
}

#[test]
fn one_that_was_taken_out_of_rotation_does_not_make_a_flood_of_checks() {
    for preset in [Preset::Default, Preset::AppServices] {
        for count in [1, 2] {
            let mut config = Config::new(preset, endpoints(count));
            config.strategy = Strategy::Cyclic;
            let mut world = World::settled_with(config);
            world.serve("e1", Server::Refuses);
            world.run(10_000);
            world.command(Command::Remove("e0".into(), Millis::from_secs(300)));
            let before = world.checks.len();
            world.run(290_000);
            let checks = world.checks.len() - before;
            assert!(checks <= 220, "{preset}, {count}: {checks} checks in five minutes");
            world.serve("e1", Server::Says(200));
            world.run(9_000);
            let active = if count == 1 { "e0" } else { "e1" };
            assert_eq!(world.engine.active().name.as_str(), active, "{preset}");
        }
    }
}

#[test]
fn the_end_of_an_outage_is_told() {
    for preset in [Preset::Default, Preset::AppServices] {
        for back in ["e0", "e1"] {
            let mut world = both_down(preset);
            world.run(200_000);
            assert!(!world.told("allDown").is_empty());
            assert_eq!(world.engine.snapshot().state, crate::State::AllDown);
            world.serve(back, Server::Says(200));
            world.run(60_000);
            assert_eq!(world.told("recovered").len(), 1, "{preset}, {back}");
            assert!(world.told("allDown").last() < world.told("recovered").last());
            assert_eq!(world.engine.active().name.as_str(), back);
        }
    }
}

#[test]
fn nothing_is_counted_of_an_endpoint_that_was_left() {
    let mut world = both_down(Preset::AppServices);
    world.serve("e1", Server::Says(200));
    let failures = |world: &World| world.engine.checks.of(0).health().detector().failures();
    let mut most = 0;
    while world.moves().is_empty() {
        most = most.max(failures(&world));
        world.run(10);
    }
    assert!(most > 0);
    assert_eq!(failures(&world), 0);
}

#[test]
fn a_whole_pause_follows_an_attempt_that_failed() {
    let mut world = both_down(Preset::Default);
    world.serve("e1", Server::Hangs);
    while world.told("allDown").is_empty() {
        world.run(10);
    }
    world.run(10_000);
    let told = world.told("allDown")[0];
    let next = |(at, name): &&(u64, _)| *at >= told && *name == "e0".into();
    let (next, _) = world.checks.iter().find(next).unwrap();
    assert_eq!(next - told, 3_000);
}
