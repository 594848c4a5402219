//! Policies by which a client chooses between two endpoints.

use crate::peers::{Ably, Prober, ReconnectingSocket};
use steadfast::{Command, Config, Endpoint, Event, Millis, Preset, Timestamp};
use steadfast_sim::{Happening, Simulation, World};

/// When a client went to which endpoint.
pub(crate) type Moves = Vec<(Timestamp, usize)>;

/// What happens in the world, in order.
pub(crate) type Happenings = [(Timestamp, Happening)];

/// A policy by which a client chooses between the endpoints `e0`, where it starts, and `e1`.
pub(crate) trait Policy: Sync {
    fn name(&self) -> &'static str;

    fn is_ours(&self) -> bool {
        false
    }

    /// Lives in this world until `end`.
    fn run(&self, world: World, happenings: &Happenings, end: Timestamp, seed: u64) -> Moves;
}

/// All that are compared, each with the defaults that its documentation gives.
pub(crate) fn policies() -> Vec<Box<dyn Policy>> {
    let secs = Millis::from_secs;
    vec![
        Box::new(Steadfast { name: "Steadfast", preset: Preset::Default }),
        Box::new(Steadfast { name: "published script", preset: Preset::AppServices }),
        Box::new(Prober { name: "HAProxy", interval: secs(2), timeout: secs(2), fall: 3, rise: 2 }),
        Box::new(Prober { name: "Kubernetes", interval: secs(10), timeout: secs(1), fall: 3, rise: 1 }),
        Box::new(Prober { name: "Envoy", interval: secs(5), timeout: secs(1), fall: 3, rise: 2 }),
        Box::new(ReconnectingSocket),
        Box::new(Ably),
    ]
}

/// An engine of ours.
struct Steadfast {
    name: &'static str,
    preset: Preset,
}

impl Policy for Steadfast {
    fn name(&self) -> &'static str {
        self.name
    }

    fn is_ours(&self) -> bool {
        self.preset == Preset::Default
    }

    fn run(&self, world: World, happenings: &Happenings, end: Timestamp, seed: u64) -> Moves {
        let url = |scheme: &str, name: &str| format!("{scheme}://{name}.example/").parse().expect("a URL");
        let endpoint = |name: &str| Endpoint::new(name, url("wss", name), url("https", name));
        let config = Config::new(self.preset, vec![endpoint("e0"), endpoint("e1")]);
        let mut simulation = Simulation::new(config, seed, world).expect("a valid config");
        let mut all = vec![(Timestamp::default(), Happening::Command(Command::Connect))];
        all.extend_from_slice(happenings);
        let mut moves = Vec::new();
        simulation.run(end, &all, &mut |at, event| {
            if let Event::Switched { to, .. } = event {
                moves.push((at, usize::from(to.as_str() == "e1")));
            }
        });
        moves
    }
}
