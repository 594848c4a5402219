//! A server that hangs is left, however often who is checked, and however late the timers are.

use super::world::{Server, Sockets, World};
use super::*;
use crate::Command;

/// How long it takes to leave the first endpoint after it has begun to hang; `None`: two hours
/// do not suffice.
fn time_to_leave(config: Config, grid: u64, sockets: Sockets) -> Option<u64> {
    let mut world = World::new(config, 7);
    world.accept("e0", sockets);
    world.tell(Input::Started);
    world.command(Command::Connect(SOCKET));
    world.run(120_000);
    world.grid = grid;
    world.run(180_000);
    let began = world.now.as_millis();
    world.serve("e0", Server::Hangs);
    world.run(7_200_000);
    world.moves().first().map(|(at, ..)| at - began)
}

fn two() -> Config {
    Config::new(Preset::Default, endpoints(2))
}

#[test]
fn a_standby_that_passes_more_often_than_a_hung_check_ends_is_moved_to() {
    for standby in [100, 250, 500, 1_000, 3_000] {
        for timeout in [300, 1_000, 3_000, 5_000] {
            let mut config = two();
            config.standby_interval = Some(Millis::new(standby));
            config.check.timeout = Millis::new(timeout);
            config.check.min_timeout = Millis::new(timeout);
            let took = time_to_leave(config, 1, Sockets::Open);
            let most = 3_500 + 3 * u64::from(timeout);
            assert!(
                took.is_some_and(|took| took <= most),
                "standby {standby}, timeout {timeout}: {took:?}"
            );
        }
    }
}

#[test]
fn late_timers_hide_no_hang_whatever_is_repeated() {
    for grid in [1, 1_000, 10_000, 60_000] {
        for retries in 0..=3 {
            for sockets in [Sockets::Open, Sockets::Talk] {
                let mut config = two();
                config.check.retries = retries;
                let took = time_to_leave(config, grid, sockets);
                let most = 30_000 + u64::from(8 + 6 * retries) * grid;
                assert!(
                    took.is_some_and(|took| took <= most),
                    "grid {grid}, retries {retries}, {sockets:?}: {took:?}"
                );
            }
        }
    }
}

#[test]
fn what_fails_while_the_platform_reports_no_network_teaches_nothing() {
    let mut world = World::settled();
    let learnt = |world: &World| {
        let detector = world.engine.checks.of(0).health().detector();
        (*detector.loss(), detector.share())
    };
    let before = learnt(&world);
    world.serve("e0", Server::Hangs);
    world.serve("e1", Server::Hangs);
    world.tell(Input::Network(Network::Offline));
    let checks = world.checks.len();
    world.run(3_600_000);
    assert!(world.checks.len() > checks + 50, "it is checked all the same");
    assert_eq!(learnt(&world), before);
}

#[test]
fn one_that_fails_every_other_time_is_left_though_little_is_known_of_the_standby() {
    for standby_interval in [None, Some(Millis::from_secs(30))] {
        for other_network in [false, true] {
            let mut world = World::settled_with(Config { standby_interval, ..two() });
            world.serve("e0", Server::Alternates);
            if other_network {
                world.tell(Input::Network(Network::Changed));
            }
            world.run(300_000);
            assert!(
                !world.moves().is_empty(),
                "{standby_interval:?}, another network: {other_network}"
            );
        }
    }
}
