//! What does not change in a walk, and the view that a decision gets of a world.

use super::endpoint::{Endpoint, Exclusion, Truth};
use super::mind::Mind;
use super::time::{LATER, Moment, NOW, when};
use super::world::{MAX, Network, Probe, Second, Socket, Told, World};
use crate::base::random::Random;
use crate::base::time::{Millis, Timestamp};
use crate::base::url::Url;
use crate::checks::Pace;
use crate::config::{self, Config};
use crate::failover::rank::Ranking;
use crate::failover::strategy::{Strategy, strategy};
use crate::failover::view::{ConnectionView, EndpointView, KnownBy, ProbesView, View};
use crate::failover::{FIRST_HOLD, Watch, pace};
use crate::health::share::FailureShare;
use std::sync::Arc;

/// What does not change in a walk.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Setup {
    pub(super) name: &'static str,
    pub(super) endpoints: usize,
    pub(super) config: Arc<Config>,
    /// What all endpoints have in common; their place in the list tells them apart.
    pub(super) ranking: Ranking,
    /// Which truths an endpoint may turn to.
    pub(super) truths: &'static [Truth],
    /// What may become of the way to the endpoints.
    pub(super) networks: &'static [Network],
    /// The platform reports networks, and the device sleeps.
    pub(super) platform: bool,
    /// The app prefers endpoints, takes them out, and connects and disconnects.
    pub(super) app: bool,
    /// The app wants a connection from the beginning.
    pub(super) wanted: bool,
    /// The app is in the background, where only its connection is mended.
    pub(super) background: bool,
    /// Messages arrive on a connection that works.
    pub(super) messages: bool,
    /// There are connectivity URLs.
    pub(super) probes: bool,
    /// Outages, and moves in need, follow each other soon.
    pub(super) relapses: bool,
    /// How often the truth changes at most.
    pub(super) changes: u8,
}

impl Setup {
    /// A walk with so many endpoints and changes, in which no connection is wanted.
    pub(super) fn new(
        name: &'static str,
        strategy: config::Strategy,
        endpoints: usize,
        changes: u8,
    ) -> Self {
        let mut config = Config { strategy, ..Config::default() };
        config.failback.successes = 2;
        let url = || Url::unparsed(String::new());
        let endpoint = config::Endpoint::new("", url(), url());
        let ranking = Ranking::new(&endpoint, &config, &mut Random::new(1));
        Self {
            name,
            endpoints,
            config: Arc::new(config),
            ranking,
            truths: &[],
            networks: &[],
            platform: false,
            app: false,
            wanted: false,
            background: false,
            messages: false,
            probes: false,
            relapses: false,
            changes,
        }
    }

    pub(super) fn strategy(&self) -> &'static dyn Strategy {
        strategy(self.config.strategy)
    }

    pub(super) fn is_cyclic(&self) -> bool {
        self.config.strategy == config::Strategy::Cyclic
    }

    pub(super) const fn has_sockets(&self) -> bool {
        self.wanted || self.app
    }

    /// All is well. With a connection, that is known; without one, nothing is.
    pub(super) fn start(&self) -> World {
        let endpoint = if self.wanted { Endpoint::known() } else { Endpoint::new() };
        World {
            mind: Mind::Steady,
            active: 0,
            endpoints: [endpoint; MAX],
            network: Network::Up,
            lost: false,
            wanted: self.wanted,
            socket: if self.wanted { Socket::Open(0) } else { Socket::None },
            second: Second::None,
            retry: false,
            postponed: false,
            answered: Moment::BEFORE,
            heard: Moment::BEFORE,
            just_heard: false,
            talking: false,
            probe: Probe::None,
            probing: None,
            prefers: None,
            pending: false,
            relapsed: false,
            forced: 0,
            told: Told::Served,
        }
    }

    /// Lends the view that a decision gets of the world.
    pub(super) fn look<T>(&self, world: &World, see: impl FnOnce(&View) -> T) -> T {
        let watch = self.watch(world);
        see(&View {
            now: NOW,
            config: self.config.clone(),
            retry: self.config.retry.clone(),
            active: world.active.into(),
            watch,
            endpoints: self.views(world)[..self.endpoints].to_vec(),
            connection: ConnectionView {
                wanted: world.wanted,
                broken: world.is_broken(),
                open: world.socket == Socket::Open(world.active),
                trying: matches!(world.second, Second::Trial(_)),
                lasts_to: None,
                following: matches!(world.second, Second::Follow(_)),
                talking: world.is_talking(),
                last_message: Some(if world.just_heard { NOW } else { world.heard.timestamp() }),
            },
            probes: ProbesView {
                any: self.probes && watch == Watch::Full,
                last_pass: match world.probe {
                    Probe::Passed(at) => Some(at.timestamp()),
                    _ => None,
                },
                all_asked_at: world.probe.moment().map(Moment::timestamp),
                captive: matches!(world.probe, Probe::Foreign(_)),
            },
            wish: world.prefers.filter(|_| world.pending).map(usize::from),
            outage_told: self.is_cyclic() && world.told == Told::AllDown,
            hold: if world.relapsed { FIRST_HOLD } else { Millis::ZERO },
            forced_moves: world.forced.into(),
        })
    }

    fn views(&self, world: &World) -> [EndpointView; MAX] {
        let mut index = 0;
        world.endpoints.map(|it| {
            let preferred = world.prefers == Some(index);
            // Checks of the same moment are taken as if the active endpoint's came last: the others
            // may always be asked once more.
            let passed = if world.active == index {
                it.passed.a_little_later()
            } else {
                it.passed.timestamp()
            };
            index += 1;
            EndpointView {
                health: it.health,
                since: when(it.long),
                known_by: KnownBy::Checks,
                failures: it.failures.into(),
                successes: it.successes.into(),
                down: it.is_down(),
                flaky_only: false,
                commanded: it.exclusion == Exclusion::Commanded,
                unreachable: world.wanted && it.refuses,
                retry_at: match it.rested {
                    _ if !it.refuses => Timestamp::default(),
                    None => LATER,
                    Some(at) => at.timestamp(),
                },
                last_pass: Some(passed),
                first_pass: Some(it.passed_first.timestamp()),
                last_failure: Some(it.failed.timestamp()),
                last_answer: Some(world.answered.timestamp()),
                failure: it.failure,
                checking: it.is_checking(),
                attempts: [0, 1, 6][usize::from(it.attempts)],
                interval: Millis::from_secs(3),
                rtt: None,
                deviation: Millis::ZERO,
                failure_share: FailureShare::default(),
                rests_until: None,
                spread: Millis::ZERO,
                rank: self.ranking.rank(it.health, preferred),
                proof: 1,
                flaps: 0,
                free_at: Timestamp::default(),
                ready_at: LATER,
            }
        })
    }

    /// How much is checked without being asked for.
    fn watch(&self, world: &World) -> Watch {
        match () {
            () if !self.background => Watch::Full,
            () if world.is_broken() => Watch::Mending,
            () if world.wanted && world.mind.outage().is_some() => Watch::Mending,
            () => Watch::Off,
        }
    }

    pub(super) fn pace(&self, world: &World, index: usize) -> Pace {
        let state = world.mind.state();
        self.look(world, |view| pace::pace(&state, view, self.strategy(), index))
    }

    /// Whether a decision waits for a time that the engine will wake up for.
    pub(super) fn is_awaited(&self, world: &World) -> bool {
        let well = world.endpoints[..self.endpoints].iter().filter(|it| it.passes());
        pace::due(&world.mind.state(), NOW, well.map(|it| when(it.long))).is_some()
    }
}
