//! Another list of endpoints: what is kept of those whose names are in both.

use super::happening::{Change, changed};
use super::world::{Server, Sockets, World};
use super::*;
use crate::config::Strategy;
use crate::{BreakerState, Command, Health, SwitchReason};

fn set(world: &mut World, change: Change) {
    let endpoints = valid(changed(endpoints(2), change));
    world.command(Command::SetEndpoints(endpoints));
}

/// Moves of an app from an endpoint to the one that it is at.
fn moves_nowhere(world: &World) -> usize {
    world.moves().iter().filter(|(_, from, to)| from == to).count()
}

#[test]
fn what_the_app_commanded_of_a_name_outlives_a_new_list() {
    for change in Change::ALL {
        let mut world = World::settled();
        world.command(Command::BeginMaintenance("e0".into()));
        world.command(Command::Isolate("e0".into()));
        world.run(60_000);
        assert_eq!(world.engine.active().name.as_str(), "e1");
        set(&mut world, change);
        world.run(600_000);
        let first = world.state("e0");
        let commanded = (Health::Maintenance, BreakerState::Isolated);
        assert_eq!((first.health, first.breaker), commanded, "{change:?}");
        assert_eq!(world.engine.active().name.as_str(), "e1", "{change:?}");
        assert_eq!((world.moves().len(), moves_nowhere(&world)), (1, 0), "{change:?}");
        world.command(Command::EndMaintenance("e0".into()));
        world.run(600_000);
        assert_eq!(world.engine.active().name.as_str(), "e0", "its end still means something");
    }
}

#[test]
fn what_is_forgotten_of_an_endpoint_is_told() {
    for change in Change::ALL {
        let told = !change.keeps_hosts();
        let mut world = World::settled();
        world.serve("e1", Server::Refuses);
        world.run(300_000);
        let state = world.state("e1");
        assert_eq!((state.health, state.breaker), (Health::Unhealthy, BreakerState::Open));
        let before = world.events.len();
        set(&mut world, change);
        let says = |wanted: &Event| world.events[before..].iter().any(|(_, event)| event == wanted);
        let endpoint = || "e1".into();
        let health =
            Event::Health { endpoint: endpoint(), from: Health::Unhealthy, to: Health::Unknown };
        let breaker = Event::Breaker {
            endpoint: endpoint(),
            from: BreakerState::Open,
            to: BreakerState::Closed,
        };
        assert_eq!((says(&health), says(&breaker)), (told, told), "{change:?}");
    }
}

#[test]
fn a_new_token_is_no_new_host() {
    for change in Change::ALL {
        let same = change.keeps_hosts();
        let mut world = World::settled();
        let before = world.engine.checks.of(0).health().detector().loss().to_numbers();
        assert!(world.state("e0").rtt_ms.is_some() && before != [0; 5]);
        let health = world.health("e0");
        set(&mut world, change);
        let first = world.state("e0");
        let loss = world.engine.checks.of(0).health().detector().loss().to_numbers();
        let kept = (first.rtt_ms.is_some(), loss == before, first.health == health);
        assert_eq!(kept, (same, same, same), "{change:?}");
        world.run(60_000);
        assert_eq!((world.moves().len(), world.health("e0")), (0, Health::Healthy));
    }
}

#[test]
fn what_a_name_did_to_the_app_is_not_forgiven_by_a_new_list() {
    for change in Change::ALL {
        let mut world = World::settled();
        for _ in 0..3 {
            world.serve("e0", Server::Refuses);
            world.run(30_000);
            world.serve("e0", Server::Says(200));
            while world.engine.active().name.as_str() == "e1" {
                world.run(1_000);
            }
        }
        world.serve("e0", Server::Refuses);
        world.run(30_000);
        let flaps = world.engine.failover.flaps(0);
        assert!(flaps >= 2, "{flaps}");
        set(&mut world, change);
        assert_eq!(world.engine.failover.flaps(0), flaps, "{change:?}");
    }
}

#[test]
fn a_draw_is_the_names_and_its_weight_is_the_lists() {
    let mut config = Config::new(Preset::Default, endpoints(2));
    config.strategy = Strategy::Weighted;
    let mut world = World::settled_with(config);
    let draws = [0, 1].map(|index| world.engine.failover.draw(index));
    let active = world.engine.active().name.clone();
    let mut new = endpoints(2);
    new.reverse();
    world.command(Command::SetEndpoints(valid(new.clone())));
    assert_eq!([1, 0].map(|index| world.engine.failover.draw(index)), draws);
    world.run(600_000);
    assert_eq!(world.engine.active().name, active);
    for endpoint in new.iter_mut().filter(|endpoint| endpoint.name == active) {
        endpoint.weight = 0;
    }
    world.command(Command::SetEndpoints(valid(new)));
    world.run(600_000);
    assert_ne!(world.engine.active().name, active, "a weight of 0 drains it");
}

#[test]
fn an_app_whose_endpoint_is_gone_goes_to_the_best_one_that_is_usable() {
    let mut world = World::settled_with(Config::new(Preset::Default, endpoints(3)));
    world.serve("e1", Server::Refuses);
    world.run(120_000);
    let left: Vec<_> = endpoints(3).into_iter().skip(1).collect();
    world.command(Command::Connect(SOCKET));
    world.run(1_000);
    world.command(Command::SetEndpoints(valid(left)));
    let replaced = |(_, event): &(u64, Event)| match event {
        Event::Switched { from, to, reason: SwitchReason::Replaced } => {
            Some((from.to_string(), to.to_string()))
        }
        _ => None,
    };
    let moves: Vec<_> = world.events.iter().filter_map(replaced).collect();
    assert_eq!(moves, [("e0".into(), "e2".into())], "e1 does not answer");
    world.run(1_000);
    assert_eq!(world.open.len(), 1);
    assert_eq!(world.open[0].1.as_str(), "e2");
}

#[test]
fn a_wish_for_another_connection_outlives_a_new_list() {
    let mut world = World::settled();
    world.command(Command::Connect(SOCKET));
    world.run(60_000);
    let attempts = world.attempts.len();
    world.command(Command::Reconnect(None));
    set(&mut world, Change::Nothing);
    world.run(60_000);
    assert_eq!(world.attempts.len(), attempts + 1, "in the same moment");
    world.accept("e0", Sockets::Refused);
    world.command(Command::Reconnect(None));
    world.run(20);
    world.accept("e0", Sockets::Open);
    let attempts = world.attempts.len();
    set(&mut world, Change::Nothing);
    world.run(60_000);
    assert_eq!(world.attempts.len(), attempts + 1, "while it waits for the next attempt");
}

#[test]
fn what_a_server_announced_is_not_said_of_another_one() {
    let mut world = World::settled();
    world.serve("e0", Server::Rests(3_600));
    world.run(60_000);
    assert_eq!(world.health("e0"), Health::Maintenance);
    world.serve("e0", Server::Says(200));
    set(&mut world, Change::Host);
    world.run(1_000);
    assert_eq!(world.health("e0"), Health::Healthy);
}
