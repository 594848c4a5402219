//! Nothing is waited for that never comes: there is always a next step, and whoever matters is
//! checked again.

use super::happening::{Happening, Watched, config, happening};
use super::world::{Server, World};
use super::*;
use crate::base::cases::cases;
use crate::config::{Name, Strategy as Choice};
use crate::health::{Exclusion, Health};
use crate::{Command, Lifecycle, State};
use proptest::prelude::{prop, prop_assert, proptest};
use std::collections::HashMap;

/// The longest time without a check of an endpoint that matters. A standby is checked every 30 s,
/// half as often beside a busy connection, and half as often again if it limits rates; with jitter
/// that is 132 s. The rest is for what happens at random in between: steps of up to 10 s.
const LONGEST: Millis = Millis::from_secs(180);

/// An engine of which it is watched that it never gets stuck.
struct Vigil {
    watched: Watched,
    /// Since when each endpoint that matters has not been checked.
    unchecked: HashMap<Name, Timestamp>,
    prefers: bool,
}

impl Vigil {
    fn new(config: Config, seed: u64) -> Self {
        let watched = Watched::new(config, seed);
        Self { watched, unchecked: HashMap::new(), prefers: false }
    }

    fn happen(&mut self, happening: &Happening) {
        match happening {
            Happening::Command(4) => self.prefers = false,
            Happening::Command(12..) => self.prefers = true,
            _ => {}
        }
        self.watched.happen(happening);
        let engine = &self.watched.engine;
        if engine.is_running() && self.has_something_to_do() {
            let state = &engine.failover;
            assert!(
                engine.next_wakeup().is_some(),
                "nothing is ahead after {happening:?}: {state:?}"
            );
        }
        self.unchecked.retain(|name, _| engine.cx.index_of(name).is_some());
        for index in 0..engine.cx.endpoints.len() {
            let name = engine.cx.name(index);
            let checking = engine.checks.of(index).schedule().is_checking();
            if checking || !self.matters(index) {
                self.unchecked.remove(&name);
                continue;
            }
            let now = self.watched.now;
            let since = *self.unchecked.entry(name.clone()).or_insert(now);
            let state = &engine.failover;
            assert!(now - since <= LONGEST, "{name} is not checked any more: {state:#?}");
        }
    }

    /// In the background nothing is done but to mend a connection.
    fn has_something_to_do(&self) -> bool {
        let engine = &self.watched.engine;
        let mends = engine.presence == Presence::Background && engine.session.is_broken();
        engine.watches() || mends
    }

    /// Whether an endpoint is to be checked without being asked for.
    fn matters(&self, index: usize) -> bool {
        let engine = &self.watched.engine;
        let (active, strategy) = (engine.failover.active(), engine.cx.config.strategy);
        if !engine.is_running() || !engine.watches() || engine.failover.is_reported_offline() {
            return false;
        }
        let health = |index: usize| engine.checks.of(index).health();
        if index == active {
            return true;
        }
        // The strategy `cyclic` asks nobody but the next one, once.
        if health(index).exclusion(engine.cx.now) == Some(Exclusion::Commanded)
            || strategy == Choice::Cyclic
        {
            return false;
        }
        let rank = |index: usize| (health(index).health() == Health::Degraded, index);
        let better = strategy == Choice::Priority && !self.prefers && rank(index) < rank(active);
        better || engine.failover.state() != State::Steady
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn an_engine_is_never_stuck(
        config in config(),
        seed: u64,
        happenings in prop::collection::vec(happening(), 1..200),
        answer in prop::option::of(0_u8..9),
    ) {
        let mut vigil = Vigil::new(config, seed);
        for happening in &happenings {
            vigil.happen(happening);
        }
        // From now on nothing happens but that every check ends in the same way, or never.
        vigil.happen(&Happening::Start);
        vigil.happen(&Happening::Lifecycle(Lifecycle::Foreground));
        for round in 0..400 {
            if let Some(kind) = answer {
                vigil.happen(&Happening::Finish { which: round, kind, latency: 20 });
            }
            vigil.happen(&Happening::OnTime);
        }
    }

    #[test]
    fn in_the_background_nobody_is_asked_unless_a_connection_is_wanted(
        config in config(),
        seed: u64,
        happenings in prop::collection::vec(happening(), 1..200),
        lifecycle in proptest::sample::select(vec![Lifecycle::Background, Lifecycle::Frozen]),
    ) {
        let config = Config { background_checks: false, ..config };
        let mut watched = Watched::new(config, seed);
        for happening in &happenings {
            watched.happen(happening);
        }
        watched.happen(&Happening::Command(3));
        watched.happen(&Happening::Lifecycle(lifecycle));
        // What the app has asked for before is still answered.
        for _ in 0..40 {
            watched.happen(&Happening::After(1_000));
        }
        watched.log.clear();
        for _ in 0..200 {
            watched.happen(&Happening::OnTime);
            watched.happen(&Happening::After(600_000));
        }
        let asks = |effect: &&Effect| {
            matches!(effect, Effect::StartCheck { .. } | Effect::Connect { .. })
        };
        let asked: Vec<_> = watched.log.iter().filter(asks).collect();
        prop_assert!(asked.is_empty(), "{asked:?}");
    }
}

#[test]
fn an_outage_in_which_everybody_rests_ends_when_the_first_has_rested() {
    type Happens = fn(&mut World);
    let nothing: Happens = |_| {};
    let wake: Happens = |world| world.tell(Input::Wake);
    let changed: Happens = |world| world.tell(Input::Network(Network::Changed));
    let resumed: Happens = |world| world.tell(Input::Lifecycle(Lifecycle::Resumed));
    let asked: Happens = |world| world.command(Command::CheckNow);
    for (what, happens) in [nothing, wake, changed, resumed, asked].iter().enumerate() {
        for count in [1, 2] {
            let mut world = World::settled_with(Config::new(Preset::Default, endpoints(count)));
            world.serve("e0", Server::Rests(300));
            world.serve("e1", Server::Rests(600));
            world.run(60_000);
            assert_eq!(world.engine.snapshot().state, State::AllDown);
            happens(&mut world);
            world.run(60_000);
            world.serve("e0", Server::Says(200));
            world.run(400_000);
            let told = world.told("recovered").len();
            assert_eq!(told, 1, "{what}, {count}: {:?}", world.engine.failover);
        }
    }
}

#[test]
fn a_command_to_disconnect_is_one() {
    // The property above relies on its number.
    let mut watched = Watched::new(Config::new(Preset::Default, endpoints(1)), 1);
    watched.happen(&Happening::Start);
    watched.happen(&Happening::Command(1));
    assert!(watched.engine.session.is_wanted());
    watched.happen(&Happening::Command(3));
    assert!(!watched.engine.session.is_wanted());
    assert_eq!(super::happening::command(4), Command::Prefer(None));
}
