//! What the app itself takes over a connection, as for a token, is held against no server.

use super::world::{Server, Sockets, World};
use super::*;
use crate::Command;
use crate::config::Name;

/// A world whose app takes so long over each connection. Without health checks, an attempt to
/// connect is all that shows whether an endpoint works.
fn awaiting(millis: u32, has_checks: bool) -> World {
    let mut list = endpoints(2);
    if !has_checks {
        for endpoint in &mut list {
            endpoint.health = None;
        }
    }
    let mut world = World::new(Config::new(Preset::Default, list), 7);
    for name in ["e0", "e1"] {
        world.accept(name, Sockets::AwaitApp(millis));
    }
    world.tell(Input::Started);
    world.command(Command::Connect(SOCKET));
    world
}

#[test]
fn an_app_that_hangs_moves_nobody_and_asks_ever_more_seldom() {
    for has_checks in [true, false] {
        let mut world = awaiting(100_000_000, has_checks);
        world.run(7_200_000);
        assert_eq!(world.moves(), [], "checks: {has_checks}");
        assert_eq!(world.engine.snapshot().endpoints[0].failures, 0);
        let times: Vec<_> = world.attempts.iter().map(|(at, _)| *at).collect();
        assert!(times.windows(2).all(|pair| pair[1] >= pair[0] + 10_000), "{times:?}");
        assert!((150..700).contains(&times.len()), "{}", times.len());
        assert!(world.attempts.iter().all(|(_, name)| name.as_str() == "e0"));
    }
}

#[test]
fn an_app_that_is_slow_opens_its_connection_in_the_end_and_teaches_nothing() {
    for has_checks in [true, false] {
        let mut world = awaiting(9_000, has_checks);
        world.run(60_000);
        assert_eq!((world.attempts.len(), world.moves().len()), (1, 0));
        let reach = world.engine.session.reach(0);
        let limit = Millis::from_secs(10);
        assert_eq!(reach.patience(limit), Millis::from_secs(1), "it took 30 ms");
    }
}

/// How often an endpoint is attempted within a minute where the app fails at each attempt, from when
/// `happens` has happened to a world that is served by the other one.
fn attempts_in_a_minute(has_checks: bool, happens: impl Fn(&mut World)) -> usize {
    let mut world = awaiting(10, has_checks);
    world.run(60_000);
    assert_eq!(world.engine.active().name.as_str(), "e0");
    world.accept("e1", Sockets::AppFails);
    let before = world.attempts.len();
    happens(&mut world);
    world.run(60_000);
    let to_other = |(_, name): &&(u64, Name)| name.as_str() == "e1";
    world.attempts[before..].iter().filter(to_other).count()
}

#[test]
fn what_the_app_fails_at_is_attempted_again_after_a_wait() {
    let prefer = |world: &mut World| world.command(Command::Prefer(Some("e1".into())));
    let maintain = |world: &mut World| world.command(Command::BeginMaintenance("e0".into()));
    let refuse = |world: &mut World| {
        world.accept("e0", Sockets::Refused);
        let (open, _) = world.open[0].clone();
        world.tell(Input::ConnectionClosed { id: open, code: None });
    };
    for has_checks in [true, false] {
        for (what, happens) in [
            ("a wish", &prefer as &dyn Fn(&mut World)),
            ("maintenance", &maintain),
            ("a loss", &refuse),
        ] {
            let attempts = attempts_in_a_minute(has_checks, happens);
            assert!((2..30).contains(&attempts), "{what}, checks {has_checks}: {attempts}");
        }
    }
}

#[test]
fn an_app_that_fails_at_a_move_back_is_no_flap_of_the_endpoint() {
    let mut world = awaiting(10, true);
    world.run(60_000);
    world.serve("e0", Server::Hangs);
    world.run(60_000);
    assert_eq!(world.engine.active().name.as_str(), "e1");
    world.accept("e0", Sockets::AppFails);
    world.serve("e0", Server::Says(200));
    world.run(600_000);
    let flaps = world.engine.failover.flaps(0);
    assert_eq!(world.engine.active().name.as_str(), "e1");
    world.accept("e0", Sockets::Open);
    world.run(120_000);
    assert_eq!(world.engine.active().name.as_str(), "e0", "{flaps} flaps");
}
