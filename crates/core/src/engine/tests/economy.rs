//! How often the engine wakes and asks, in each state in which it may be for hours.

use super::world::{Server, Sockets, World};
use super::*;
use crate::config::{HealthCheck, Strategy};
use crate::{Command, Lifecycle};

const SERVERS: [Server; 8] = [
    Server::Says(200),
    Server::Says(500),
    Server::Says(429),
    Server::Alternates,
    Server::Rests(600),
    Server::Refuses,
    Server::Unreachable,
    Server::Hangs,
];
const SOCKETS: [Option<Sockets>; 5] =
    [None, Some(Sockets::Open), Some(Sockets::Talk), Some(Sockets::Refused), Some(Sockets::Hang)];
const PROBES: usize = 2;

/// A situation that lasts.
#[derive(Clone, Copy, Debug)]
struct Situation {
    count: usize,
    strategy: Strategy,
    /// How servers answer: all of them, or the first.
    server: Server,
    all: bool,
    /// What becomes of sockets, if the app wants one.
    sockets: Option<Sockets>,
}

impl Situation {
    fn all() -> Vec<Self> {
        let mut situations = Vec::new();
        for count in [1, 3] {
            for strategy in [Strategy::Priority, Strategy::Cyclic] {
                for server in SERVERS {
                    for (all, sockets) in SOCKETS.iter().flat_map(|it| [(false, *it), (true, *it)])
                    {
                        situations.push(Self { count, strategy, server, all, sockets });
                    }
                }
            }
        }
        situations
    }

    /// The world in which it has begun.
    fn begin(self) -> World {
        let mut config = Config::new(Preset::Default, endpoints(self.count));
        config.strategy = self.strategy;
        for probe in 0..PROBES {
            let url = format!("http://neutral{probe}.example/").parse().unwrap();
            config.connectivity.0.push(HealthCheck { url, check: None });
        }
        let mut world = World::settled_with(config);
        for index in 0..self.count {
            let name = format!("e{index}");
            world.accept(&name, self.sockets.unwrap_or(Sockets::Open));
            if self.all || index == 0 {
                world.serve(&name, self.server);
            }
        }
        if self.all && matches!(self.server, Server::Unreachable | Server::Hangs) {
            (0..PROBES).for_each(|it| world.serve(&format!("connectivity-{it}"), self.server));
        }
        if self.sockets.is_some() {
            world.command(Command::Connect(SOCKET));
        }
        world
    }
}

/// Wake-ups, checks and attempts to connect in an hour, after five minutes of the same.
fn an_hour(world: &mut World) -> [usize; 3] {
    let counts = |world: &World| [world.wakes as usize, world.checks.len(), world.attempts.len()];
    world.run(300_000);
    let before = counts(world);
    world.run(3_600_000);
    let after = counts(world);
    [0, 1, 2].map(|it| after[it] - before[it])
}

#[test]
fn what_is_done_in_an_hour_is_bounded_in_every_state() {
    // The active endpoint is checked every 3 s, less a tenth.
    const ACTIVE: usize = 1_350;
    // Rounds in an outage, and attempts to connect, wait 15 s on average: a part of 30 s at random.
    const OTHERS: usize = 280;
    // From start to start of the checks of an endpoint that fails every other time: 250 ms at
    // least.
    const IN_HASTE: usize = 3_600 * 4;
    for situation in Situation::all() {
        let mut world = situation.begin();
        let [wakes, checks, attempts] = an_hour(&mut world);
        let state = world.engine.snapshot().state;
        let what = format!("{wakes} {checks} {attempts} in {state:?}: {situation:?}");
        if situation.server == Server::Alternates {
            assert!(checks <= IN_HASTE * situation.count + OTHERS * PROBES, "{what}");
            continue;
        }
        let others = situation.count - 1 + PROBES;
        assert!(checks <= ACTIVE + OTHERS * others + attempts, "{what}");
        // Each endpoint that could be connected to has a back-off of its own.
        assert!(attempts <= OTHERS * situation.count, "{what}");
        // One to begin, and one each at the learnt and the longest timeout.
        assert!(wakes <= 3 * (checks + attempts) + 60, "{what}");
    }
}

#[test]
fn little_is_done_in_an_hour_of_the_background() {
    for situation in Situation::all() {
        let mut world = situation.begin();
        // A fulfilled wish needs no more work.
        world.run(1_000);
        let broken = world.engine.session.is_broken();
        world.tell(Input::Lifecycle(Lifecycle::Background));
        let [wakes, checks, attempts] = an_hour(&mut world);
        let state = world.engine.snapshot().state;
        let what = format!("{wakes} {checks} {attempts} in {state:?}: {situation:?}");
        if !broken {
            assert_eq!([wakes, checks, attempts], [0; 3], "{what}");
        } else if situation.server != Server::Alternates {
            // Attempts and rounds wait 5 min on average.
            assert!(attempts <= 15 * situation.count, "{what}");
            assert!(checks <= 30 * situation.count, "{what}");
            assert!(wakes <= 60 * situation.count, "{what}");
        }
    }
}
