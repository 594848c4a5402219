//! What must not leave an app where it is: each of these held a state for ever once, as a walk
//! through the states of the failover has found.

use super::world::{Server, Sockets, World};
use super::*;
use crate::config::Strategy;
use crate::{Command, Name};

const HOUR: Millis = Millis::from_secs(3_600);

fn name(name: &str) -> Name {
    name.into()
}

fn prefer(to: &str) -> Command {
    Command::Prefer(Some(name(to)))
}

fn active(world: &World) -> &str {
    world.engine.active().name.as_str()
}

fn connected() -> World {
    let mut world = World::settled();
    world.command(Command::Connect(SOCKET));
    world.run(10_000);
    world
}

#[test]
fn an_endpoint_that_was_taken_out_of_rotation_is_left_though_its_checks_pass() {
    let mut world = World::settled();
    world.command(Command::Remove(name("e0"), HOUR));
    world.run(10_000);
    assert_eq!(active(&world), "e1");
}

#[test]
fn a_planned_move_is_made_though_the_app_disconnects_meanwhile() {
    let mut world = connected();
    world.accept("e1", Sockets::Hang);
    world.command(prefer("e1"));
    world.run(1_000);
    assert_eq!(active(&world), "e0");
    world.command(Command::Disconnect(SOCKET));
    world.run(1_000);
    assert_eq!(active(&world), "e1");
}

#[test]
fn a_planned_move_is_made_though_the_app_asks_to_connect_meanwhile() {
    let mut world = connected();
    world.accept("e1", Sockets::Hang);
    world.command(prefer("e1"));
    world.run(1_000);
    world.accept("e1", Sockets::Open);
    world.command(Command::Connect(SOCKET));
    world.run(1_000);
    assert_eq!(active(&world), "e1");
}

#[test]
fn no_connection_is_taken_over_that_opened_while_the_device_slept() {
    let mut world = connected();
    world.command(prefer("e1"));
    let id = world.open.last().unwrap().0;
    world.now = world.now + Millis::from_secs(600);
    world.tell(Input::ConnectionOpened { id });
    let events = world.events.iter().map(|(_, event)| event.name());
    assert_eq!(events.filter(|event| *event == "connected").count(), 1, "the first one");
    world.run(60_000);
    assert_eq!(active(&world), "e1");
}

#[test]
fn a_server_that_refuses_shows_that_the_network_is_back() {
    let mut world = World::settled();
    for endpoint in ["e0", "e1"] {
        world.serve(endpoint, Server::Unreachable);
    }
    world.run(120_000);
    assert_eq!((world.told("offline").len(), world.told("online").len()), (1, 0));
    world.serve("e0", Server::Refuses);
    world.run(120_000);
    assert_eq!((world.told("online").len(), world.told("allDown").len()), (1, 1));
}

#[test]
fn a_wish_is_fulfilled_though_standbys_are_not_watched() {
    for strategy in [Strategy::Priority, Strategy::Sticky, Strategy::Cyclic] {
        let config = Config::new(Preset::Default, endpoints(2));
        let mut world = World::settled_with(Config { standby_interval: None, strategy, ..config });
        world.serve("e1", Server::Refuses);
        world.command(prefer("e1"));
        world.run(10_000);
        world.serve("e1", Server::Says(200));
        world.run(120_000);
        assert_eq!(active(&world), "e1", "{strategy:?}");
    }
}

#[test]
fn a_clients_own_removals_do_not_send_it_to_and_fro() {
    let mut world = World::settled_with(Config::new(Preset::AppServices, endpoints(2)));
    for endpoint in ["e0", "e1"] {
        world.command(Command::Remove(name(endpoint), HOUR));
    }
    world.run(600_000);
    assert!(world.moves().len() <= 1, "{:?}", world.moves());
    assert!(!world.told("allDown").is_empty());
}

#[test]
fn the_app_is_told_that_nobody_is_left_but_one_that_was_taken_out_of_rotation() {
    let mut world = World::settled();
    world.command(Command::Remove(name("e1"), HOUR));
    world.serve("e0", Server::Refuses);
    let before = world.checks.len();
    world.run(600_000);
    assert_eq!(world.told("allDown").len(), 1);
    assert!(world.checks.len() - before < 200, "{} checks", world.checks.len() - before);
}

#[test]
fn an_attempt_that_waits_for_the_servers_rest_is_made_when_the_server_is_back() {
    let mut config = Config::new(Preset::Default, endpoints(2));
    config.spread.voluntary = Millis::from_secs(600);
    config.spread.forced = Millis::from_secs(600);
    let mut world = World::settled_with(config);
    world.command(Command::Connect(SOCKET));
    world.run(10_000);
    world.serve("e0", Server::Rests(3_000));
    world.accept("e0", Sockets::Refused);
    world.run(20_000);
    world.break_sockets();
    world.run(20_000);
    world.serve("e0", Server::Says(200));
    world.accept("e0", Sockets::Open);
    world.command(Command::CheckNow);
    // The rest ends after 3,000 s.
    world.run(600_000);
    let open: Vec<_> = world.open.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(open, [active(&world)]);
}
