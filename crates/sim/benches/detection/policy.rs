//! Policies by which a client chooses between endpoints.

use crate::peers::{Ably, Prober, ReconnectingSocket};
use crate::setting::name;
use steadfast::{Command, Config, Endpoint, Event, Millis, Preset, SocketId, Timestamp};
use steadfast_sim::{Happening, Simulation, World};

/// When a client went to which endpoint.
pub(crate) type Moves = Vec<(Timestamp, usize)>;

/// What happens in the world, in order.
pub(crate) type Happenings = Vec<(Timestamp, Happening)>;

/// What a client lives through. Its endpoints are `e0`, where it starts, `e1` and so on.
pub(crate) struct Life {
    pub(crate) world: World,
    pub(crate) happenings: Happenings,
    pub(crate) endpoints: usize,
    /// From message to message on an open connection.
    pub(crate) messages: Option<Millis>,
    pub(crate) end: Timestamp,
    pub(crate) seed: u64,
}

/// What a client did in its life.
#[derive(Default)]
pub(crate) struct Lived {
    pub(crate) moves: Moves,
    /// Checks of the first endpoint that have ended.
    pub(crate) checks: u64,
}

impl Lived {
    /// Of a client that checks nothing.
    pub(crate) fn without_checks(moves: Moves) -> Self {
        Self { moves, checks: 0 }
    }
}

/// A policy by which a client chooses between endpoints.
pub(crate) trait Policy: Sync {
    fn name(&self) -> &'static str;

    fn is_ours(&self) -> bool {
        false
    }

    fn live(&self, life: Life) -> Lived;
}

/// All that are compared, each with the defaults that its documentation gives.
pub(crate) fn policies() -> Vec<Box<dyn Policy>> {
    let prober = |name, interval, timeout, fall, rise| {
        let (interval, timeout) = (Millis::from_secs(interval), Millis::from_secs(timeout));
        Box::new(Prober { name, interval, timeout, fall, rise })
    };
    vec![
        Box::new(steadfast()),
        Box::new(Steadfast { name: "published script", preset: Preset::AppServices }),
        Box::new(haproxy()),
        prober("Kubernetes", 10, 1, 3, 1),
        prober("Envoy", 5, 1, 3, 2),
        Box::new(ReconnectingSocket),
        Box::new(Ably),
    ]
}

/// The policy that is measured.
pub(crate) fn steadfast() -> impl Policy {
    Steadfast { name: "Steadfast", preset: Preset::Default }
}

/// The peer that everything is compared with.
pub(crate) fn haproxy() -> impl Policy {
    let secs = Millis::from_secs;
    Prober { name: "HAProxy", interval: secs(2), timeout: secs(2), fall: 3, rise: 2 }
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

    fn live(&self, life: Life) -> Lived {
        let names: Vec<_> = (0..life.endpoints).map(name).collect();
        let url = |scheme: &str, name: &str| {
            format!("{scheme}://{name}.example/").parse().expect("a URL")
        };
        let endpoint = |name: &String| Endpoint::new(name, url("wss", name), url("https", name));
        let config = Config::new(self.preset, names.iter().map(endpoint).collect());
        let config = config.validate().expect("a valid config");
        let simulation = Simulation::new(config, life.seed, life.world);
        let mut all =
            vec![(Timestamp::default(), Happening::Command(Command::Connect(SocketId::default())))];
        all.extend(life.happenings);
        let mut lived = Lived::default();
        simulation.with_messages(life.messages).run(life.end, &all, &mut |at, event| match event {
            Event::Switched { to, .. } => {
                let to = names.iter().position(|name| name == to.as_str());
                lived.moves.push((at, to.expect("a known endpoint")));
            }
            Event::Check(check) if check.endpoint.as_str() == names[0] => lived.checks += 1,
            _ => {}
        });
        lived
    }
}
