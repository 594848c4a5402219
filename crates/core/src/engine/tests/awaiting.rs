//! What the app itself takes over a connection, as for a token, is held against no server.

use super::world::{Sockets, World};
use super::*;

/// A world whose app takes so long over each connection. Without health checks, an attempt to
/// connect is all that shows whether an endpoint works.
fn awaiting(millis: u32, has_checks: bool) -> World {
    let mut list = endpoints(2);
    if !has_checks {
        list.iter_mut().for_each(|endpoint| endpoint.health = None);
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
