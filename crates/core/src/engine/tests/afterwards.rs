//! What follows a sleep, a freeze, an outage, another network and another list: what was under way
//! is begun again, and soon.

use super::world::{Server, Sockets, World};
use super::*;
use crate::{Command, Health, Lifecycle};

/// An app that holds a connection on which messages arrive.
fn talking() -> World {
    let mut world = World::settled();
    world.accept("e0", Sockets::Talk);
    world.command(Command::Connect(SOCKET));
    world.run(30_000);
    assert_eq!(world.attempts.len(), 1);
    world
}

/// How many attempts to connect begin within so many milliseconds.
fn attempts_within(world: &mut World, millis: u64) -> usize {
    let before = world.attempts.len();
    world.run(millis);
    world.attempts.len() - before
}

#[test]
fn a_socket_that_has_outlived_a_freeze_is_replaced() {
    for woken in [Lifecycle::Foreground, Lifecycle::Resumed] {
        let mut world = talking();
        world.tell(Input::Lifecycle(Lifecycle::Frozen));
        world.run(20_000);
        assert_eq!(world.attempts.len(), 1, "nothing is done while it is frozen");
        world.tell(Input::Lifecycle(woken));
        assert_eq!(attempts_within(&mut world, 2_000), 1, "{woken:?}");
    }
}

#[test]
fn a_socket_that_has_outlived_its_network_is_replaced() {
    let mut world = talking();
    world.tell(Input::Network(Network::Changed));
    assert_eq!(attempts_within(&mut world, 2_000), 1);
    let mut world = World::settled();
    world.command(Command::Connect(SOCKET));
    world.run(30_000);
    for name in ["e0", "e1"] {
        world.serve(name, Server::Unreachable);
    }
    world.tell(Input::Network(Network::Offline));
    world.run(5_000);
    assert_eq!(world.attempts.len(), 1);
    world.tell(Input::Network(Network::Online));
    assert_eq!(attempts_within(&mut world, 2_000), 1);
}

#[test]
fn what_is_known_is_kept_when_the_app_may_be_ended() {
    let persists = |input: Input| {
        let mut engine = engine(Preset::Default, 2);
        engine.handle(at(0), Input::Started);
        drain(&mut engine);
        engine.handle(at(10), input);
        drain(&mut engine).contains(&Effect::Persist)
    };
    assert!(persists(Input::Lifecycle(Lifecycle::Background)));
    assert!(persists(Input::Lifecycle(Lifecycle::Frozen)));
    assert!(persists(Input::Command(Command::Stop)));
    assert!(!persists(Input::Lifecycle(Lifecycle::Foreground)));
    assert!(!persists(Input::Network(Network::Changed)));
}

#[test]
fn a_stop_that_comes_late_is_only_a_stop() {
    let mut engine = engine(Preset::Default, 2);
    engine.handle(at(0), Input::Started);
    drain(&mut engine);
    engine.handle(at(3_600_000), Input::Command(Command::Stop));
    let starts = |effect: &Effect| matches!(effect, Effect::StartCheck { .. });
    assert!(!drain(&mut engine).iter().any(starts), "it slept, and does not wake up first");
}

#[test]
fn what_could_not_be_connected_to_in_an_earlier_run_is_tried_again() {
    let mut world = World::settled();
    world.accept("e0", Sockets::Refused);
    world.command(Command::Connect(SOCKET));
    world.run(60_000);
    assert_eq!(world.engine.active().name.as_str(), "e1");
    assert!(world.engine.session.is_unreachable(&world.engine.cx, 0));
    world.command(Command::Stop);
    world.tell(Input::Started);
    assert!(!world.engine.session.is_unreachable(&world.engine.cx, 0));
}

#[test]
fn attempts_follow_soon_when_an_outage_ends() {
    let mut world = World::settled();
    world.command(Command::Connect(SOCKET));
    world.run(10_000);
    for name in ["e0", "e1"] {
        world.serve(name, Server::Refuses);
        world.accept(name, Sockets::Refused);
    }
    world.break_sockets();
    world.run(600_000);
    for name in ["e0", "e1"] {
        world.serve(name, Server::Says(200));
        world.accept(name, Sockets::Open);
    }
    while world.told("recovered").is_empty() {
        world.run(100);
    }
    world.run(2_000);
    assert_eq!(world.told("connected").len(), 2, "the back-off had come to half a minute");
}

#[test]
fn an_opening_connection_gets_its_time_again_after_a_sleep() {
    let mut world = World::settled();
    world.accept("e0", Sockets::Hang);
    world.command(Command::Connect(SOCKET));
    world.run(1_000);
    assert_eq!((world.attempts.len(), world.open.len()), (1, 1));
    // Nobody wakes the engine for ten minutes.
    world.now = at(world.now.as_millis() + 600_000);
    world.tell(Input::Wake);
    world.run(9_000);
    assert_eq!(world.attempts.len(), 1, "it has had ten seconds neither before nor after");
    world.run(3_000);
    assert!(world.attempts.len() > 1, "and no more than that");
}

#[test]
fn nothing_is_overdue_that_the_device_slept_through() {
    let mut world = talking();
    world.now = at(world.now.as_millis() + 600_000);
    world.tell(Input::Wake);
    assert_eq!(world.health("e0"), Health::Healthy);
    world.run(500);
    assert_eq!(world.health("e0"), Health::Healthy);
}

#[test]
fn a_connection_that_is_refused_announces_no_maintenance() {
    for (opened, health) in [(false, Health::Healthy), (true, Health::Maintenance)] {
        let mut world = World::settled();
        world.accept("e0", Sockets::Hang);
        world.command(Command::Connect(SOCKET));
        let (id, _) = world.open[0];
        if opened {
            world.tell(Input::ConnectionOpened { id });
            world.run(10_000);
        }
        world.tell(Input::ConnectionClosed { id, code: Some(1_012) });
        assert_eq!(world.health("e0"), health);
    }
}

#[test]
fn new_endpoints_are_checked_at_once() {
    let mut world = World::settled();
    world.command(Command::SetEndpoints(valid(endpoints(4))));
    let before = world.checks.len();
    world.run(100);
    let names: Vec<_> = world.checks[before - 2..].iter().map(|(_, name)| name.as_str()).collect();
    assert!(names.contains(&"e2") && names.contains(&"e3"), "{names:?}");
}

#[test]
fn those_that_failed_are_checked_at_once_when_the_network_is_back() {
    let mut world = World::settled();
    for name in ["e0", "e1"] {
        world.serve(name, Server::Unreachable);
    }
    world.run(120_000);
    assert_eq!(world.told("offline").len(), 1);
    world.serve("e0", Server::Says(200));
    world.serve("e1", Server::Says(200));
    while world.told("online").is_empty() {
        world.run(10);
    }
    world.run(100);
    assert_eq!((world.health("e0"), world.health("e1")), (Health::Healthy, Health::Healthy));
}

#[test]
fn rest_that_everyone_is_asked_for_ends_at_different_moments() {
    let ends = |seed| {
        let mut config = Config::new(Preset::Default, endpoints(1));
        config.spread.forced = Millis::from_secs(1);
        let mut world = World::new(config, seed);
        world.serve("e0", Server::Rests(30));
        world.tell(Input::Started);
        world.run(1_000);
        let rests = world.engine.checks.of(0).schedule().rests_until().unwrap();
        (rests - at(20)).get()
    };
    let ends: Vec<_> = (1..9).map(ends).collect();
    assert!(ends.iter().all(|end| (30_000..=31_000).contains(end)), "{ends:?}");
    assert!(ends.iter().any(|end| *end > 30_100) && ends.iter().any(|end| *end < 30_900));
}

#[test]
fn a_check_that_the_app_asks_for_holds_up_none_in_haste() {
    let mut world = World::settled();
    world.serve("e0", Server::Hangs);
    while world.health("e0") != Health::Suspect {
        world.run(10);
    }
    let before = world.checks.len();
    world.command(Command::CheckNow);
    world.run(300);
    let begun = &world.checks[before..];
    assert!(begun.iter().any(|(_, name)| *name == "e0".into()), "{begun:?}");
    world.run(10_000);
    assert_eq!(world.answered().len(), 1);
}

#[test]
fn a_passed_check_reports_no_failures_in_a_row() {
    let mut world = World::settled();
    world.serve("e0", Server::Refuses);
    world.run(30_000);
    world.serve("e0", Server::Says(200));
    let before = world.events.len();
    world.run(60_000);
    let mut passed = 0;
    for (_, event) in &world.events[before..] {
        if let Event::Check(report) = event
            && report.failure.is_none()
        {
            assert_eq!(report.failures, 0);
            passed += 1;
        }
    }
    assert!(passed > 0);
}

#[test]
fn what_flapped_and_what_was_drawn_is_restored() {
    let mut config = Config::new(Preset::Default, endpoints(2));
    config.strategy = crate::config::Strategy::Weighted;
    let mut world = World::settled_with(config.clone());
    let active = world.engine.active().name.clone();
    for _ in 0..3 {
        world.serve(active.as_str(), Server::Refuses);
        world.run(20_000);
        world.serve(active.as_str(), Server::Says(200));
        world.run(300_000);
    }
    let of = |engine: &Engine| {
        [0, 1].map(|index| (engine.failover.flaps(index), engine.failover.draw(index)))
    };
    let saved = world.engine.save(0);
    let mut restarted = Engine::new(config.validate().unwrap(), 99, at(0));
    assert_ne!(of(&restarted), of(&world.engine));
    restarted.restore(&saved, 0).unwrap();
    assert_eq!(of(&restarted), of(&world.engine));
    assert!(of(&restarted).iter().any(|(flaps, _)| *flaps > 0));
}

#[test]
fn attempts_are_counted_anew_after_a_sleep() {
    let mut world = World::settled();
    let attempts = |world: &World| world.engine.checks.of(0).schedule().attempts();
    world.serve("e0", Server::Hangs);
    while attempts(&world) < 3 {
        world.run(10);
    }
    world.now = at(world.now.as_millis() + 600_000);
    world.tell(Input::Wake);
    assert_eq!(attempts(&world), 1, "the check that has just begun");
}
