//! A second run: what the app wanted stands, and what the first run suspected does not.

use super::world::{Server, Sockets, World};
use super::*;
use crate::{BreakerState, Command, Health, SwitchReason};

fn stop_and_start(world: &mut World) {
    if !world.engine.is_stopped() {
        world.command(Command::Stop);
    }
    assert_eq!(world.engine.next_wakeup(), None);
    world.run(3_600_000);
    world.tell(Input::Started);
}

#[test]
fn the_wish_for_a_connection_outlives_a_stop() {
    let mut world = World::settled();
    world.command(Command::Connect(SOCKET));
    world.run(1_000);
    assert_eq!(world.open.len(), 1);
    world.command(Command::Stop);
    assert!(world.open.is_empty());
    stop_and_start(&mut world);
    world.run(1_000);
    assert_eq!(world.open.len(), 1);
    world.command(Command::Disconnect(SOCKET));
    stop_and_start(&mut world);
    world.run(1_000);
    assert!(world.open.is_empty(), "and so does the wish for none");
}

#[test]
fn a_suspicion_of_an_earlier_run_is_void() {
    let mut world = World::settled();
    world.serve("e0", Server::Refuses);
    while world.state("e0").failures < 2 {
        world.run(10);
    }
    stop_and_start(&mut world);
    assert_eq!((world.state("e0").failures, world.health("e0")), (0, Health::Unknown));
    let evidence = world.engine.checks.of(0).health().detector().suspicion();
    assert_eq!(evidence.0, 0, "neither in a row nor now and then");
}

#[test]
fn a_verdict_of_an_earlier_run_is_void() {
    let mut world = World::settled();
    world.serve("e0", Server::Refuses);
    world.serve("e1", Server::Refuses);
    world.run(60_000);
    assert_eq!(world.told("allDown").len(), 1);
    world.command(Command::Stop);
    world.serve("e0", Server::Says(200));
    stop_and_start(&mut world);
    assert_eq!((world.health("e0"), world.health("e1")), (Health::Unknown, Health::Unknown));
    assert_ne!(world.breaker("e0"), BreakerState::Open, "requests may try it");
    let forgotten = |(_, event): &(u64, Event)| match event {
        Event::Health { from: Health::Unhealthy, to: Health::Unknown, endpoint } => {
            Some(endpoint.to_string())
        }
        _ => None,
    };
    let told: Vec<_> = world.events.iter().filter_map(forgotten).collect();
    assert_eq!(told, ["e0", "e1"], "and the app is told");
    let evidence = world.engine.checks.of(0).health().detector().suspicion();
    assert_eq!(evidence.0, 0, "one failure is no new verdict");
    world.run(10_000);
    assert_eq!(world.health("e0"), Health::Healthy);
    assert_eq!((world.told("allDown").len(), world.moves().len()), (1, 0));
}

#[test]
fn an_endpoint_that_could_not_be_connected_to_is_tried_anew() {
    let mut world = World::settled();
    world.accept("e0", Sockets::Refused);
    world.accept("e1", Sockets::Refused);
    world.command(Command::Connect(SOCKET));
    world.run(60_000);
    world.command(Command::Stop);
    world.accept("e0", Sockets::Open);
    world.accept("e1", Sockets::Open);
    stop_and_start(&mut world);
    world.events.clear();
    world.run(100);
    assert!(!world.told("connected").is_empty());
    let unconnectable = |(_, event): &(u64, Event)| {
        matches!(event, Event::Switched { reason: SwitchReason::Unconnectable, .. })
    };
    assert!(!world.events.iter().any(unconnectable), "{:?}", world.events);
}

#[test]
fn what_the_app_commanded_outlives_a_stop() {
    let mut world = World::settled();
    world.command(Command::BeginMaintenance("e0".into()));
    world.command(Command::Isolate("e1".into()));
    world.run(60_000);
    stop_and_start(&mut world);
    world.run(60_000);
    assert_eq!(world.health("e0"), Health::Maintenance);
    assert_eq!(world.breaker("e1"), BreakerState::Isolated);
    assert_eq!(world.engine.active().name.as_str(), "e1");
}

#[test]
fn what_was_suspected_before_a_sleep_says_nothing_after_it() {
    let mut world = World::settled();
    world.serve("e0", Server::Hangs);
    world.serve("e1", Server::Hangs);
    while world.state("e0").failures < 5 {
        world.run(10);
    }
    world.now = world.now + Millis::from_secs(3_600);
    world.tell(Input::Wake);
    let evidence = world.engine.checks.of(0).health().detector().suspicion();
    assert_eq!((world.state("e0").failures, evidence.0), (0, 0));
}

#[test]
fn nobody_goes_back_by_what_was_known_before_a_sleep() {
    let mut config = Config::new(Preset::Default, endpoints(2));
    config.failback.after = Millis::from_secs(600);
    config.spread.voluntary = Millis::ZERO;
    let mut world = World::settled_with(config);
    world.serve("e0", Server::Refuses);
    world.run(30_000);
    world.serve("e0", Server::Says(200));
    world.run(300_000);
    assert_eq!(world.engine.active().name.as_str(), "e1");
    world.serve("e0", Server::Hangs);
    world.now = world.now + Millis::from_secs(8 * 3_600);
    world.run(60_000);
    assert_eq!(world.moves().len(), 1, "{:?}", world.moves());
    world.serve("e0", Server::Says(200));
    world.run(700_000);
    assert_eq!(world.engine.active().name.as_str(), "e0", "but by what is known now");
}
