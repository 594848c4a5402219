//! Timers that fire late, as those of hidden pages do: once a second, or once a minute.

use super::world::{Server, Sockets, World};
use super::*;
use crate::{Command, Lifecycle};

const GRIDS: [u64; 5] = [1_000, 3_000, 5_000, 10_000, 60_000];
/// The longest wait before an attempt: the cap of the back-off.
const BACKOFF: u64 = 30_000;
const CONNECT_TIMEOUT: u64 = 10_000;

/// One that is connected, and whose timers fire at multiples of `grid` from now on.
fn connected(count: usize, grid: u64) -> World {
    let mut world = World::settled_with(Config::new(Preset::Default, endpoints(count)));
    world.command(Command::Connect(SOCKET));
    world.run(20_000);
    assert_eq!(world.open.len(), 1);
    world.grid = grid;
    world.run(2 * grid);
    world
}

/// The longest time without an attempt between two moments.
fn longest_pause(world: &World, from: u64, to: u64) -> u64 {
    let attempts = world.attempts.iter().map(|(at, _)| *at).filter(|at| (from..=to).contains(at));
    let (mut last, mut longest) = (from, 0);
    for at in attempts.chain([to]) {
        longest = longest.max(at - last);
        last = at;
    }
    longest
}

#[test]
fn a_connection_that_broke_is_attempted_at_the_second_tick_at_the_latest() {
    for grid in GRIDS {
        for offset in 0..10 {
            let mut world = connected(2, grid);
            world.run(offset * grid / 10 + offset);
            let (broke, before) = (world.now.as_millis(), world.attempts.len());
            world.break_sockets();
            world.run(600_000);
            // The first wait is half a second at most.
            let waited = world.attempts[before].0 - broke;
            assert!(waited <= 500 + 2 * grid, "grid {grid}, offset {offset}: {waited} ms");
            assert_eq!(world.open.len(), 1, "and it is there again");
        }
    }
}

#[test]
fn a_hidden_app_gets_its_connection_back_too() {
    for grid in GRIDS {
        let mut world = connected(2, grid);
        world.tell(Input::Lifecycle(Lifecycle::Background));
        world.run(300_000);
        let (broke, before) = (world.now.as_millis(), world.attempts.len());
        world.break_sockets();
        world.run(600_000);
        let waited = world.attempts[before].0 - broke;
        assert!(waited <= 500 + 2 * grid, "grid {grid}: {waited} ms");
    }
}

#[test]
fn attempts_go_on_for_as_long_as_sockets_do_not_open() {
    for grid in GRIDS {
        for (sockets, each) in [(Sockets::Refused, 10), (Sockets::Hang, CONNECT_TIMEOUT)] {
            for count in [1, 2] {
                let mut world = connected(count, grid);
                world.accept("e0", sockets);
                world.accept("e1", sockets);
                let broke = world.now.as_millis();
                world.break_sockets();
                world.run(3 * 3_600_000);
                let pause = longest_pause(&world, broke, world.now.as_millis());
                let most = each + BACKOFF + 2 * grid;
                assert!(pause <= most, "grid {grid}, {sockets:?}, {count}: {pause} ms");
                world.accept("e0", Sockets::Open);
                world.accept("e1", Sockets::Open);
                world.run(most + grid);
                assert!(!world.engine.session.is_broken(), "grid {grid}, {sockets:?}, {count}");
            }
        }
    }
}

#[test]
fn a_network_that_swallowed_everything_is_found_to_be_back() {
    for grid in GRIDS {
        for count in [1, 2] {
            let mut world = connected(count, grid);
            for name in ["e0", "e1"] {
                world.serve(name, Server::Hangs);
                world.accept(name, Sockets::Hang);
            }
            world.break_sockets();
            world.run(600_000);
            for name in ["e0", "e1"] {
                world.serve(name, Server::Says(200));
                world.accept(name, Sockets::Open);
            }
            world.run(CONNECT_TIMEOUT + BACKOFF + 3 * grid);
            assert!(!world.engine.session.is_broken(), "grid {grid}, {count} endpoints");
        }
    }
}

#[test]
fn a_hang_is_found_out_however_late_the_timers_are() {
    for grid in GRIDS {
        for seed in 0..5 {
            let mut world = World::new(Config::new(Preset::Default, endpoints(2)), seed);
            world.tell(Input::Started);
            world.run(60_000);
            world.grid = grid;
            world.run(2 * grid + seed * 333);
            world.serve("e0", Server::Hangs);
            let hung = world.now.as_millis();
            world.run(3_600_000);
            let moved = world.moves().first().map(|(at, ..)| at - hung);
            // Three lost checks, each of which is excused once.
            let most = 10_000 + 12 * grid;
            assert!(moved.is_some_and(|took| took <= most), "grid {grid}: {moved:?} of {most}");
        }
    }
}

#[test]
fn an_outage_without_any_answer_is_told_however_late_the_timers_are() {
    for grid in GRIDS {
        for count in [1, 2, 5] {
            for wanted in [false, true] {
                let mut world = World::settled_with(Config::new(Preset::Default, endpoints(count)));
                if wanted {
                    world.command(Command::Connect(SOCKET));
                    world.run(20_000);
                }
                world.grid = grid;
                world.run(2 * grid);
                for index in 0..count {
                    world.serve(&format!("e{index}"), Server::Hangs);
                    world.accept(&format!("e{index}"), Sockets::Hang);
                }
                let hung = world.now.as_millis();
                world.run(3_600_000);
                let told = [world.told("allDown"), world.told("offline")].concat();
                let took = told.iter().min().map(|at| at - hung);
                let most = 15_000 + 20 * grid;
                let what = format!("grid {grid}, {count} endpoints, connection {wanted}");
                assert!(took.is_some_and(|took| took <= most), "{what}: {took:?} of {most}");
            }
        }
    }
}
