//! What every machine works with: the settings, the endpoints, the time, chance, and the way out.

use crate::base::random::Random;
use crate::base::time::Timestamp;
use crate::config::{Config, Endpoint, Name};
use crate::failover::strategy::{Strategy, strategy};
use crate::protocol::effect::{ConnectionId, Effect};
use crate::protocol::event::Event;
use std::sync::Arc;

/// What every machine works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) config: Arc<Config>,
    /// The endpoints, in the order of the config; every machine knows them by their place here.
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    pub(crate) now: Timestamp,
    pub(crate) random: Random,
    /// Nothing is reported before the start and after the stop.
    pub(crate) running: bool,
    /// How many connections have been asked for.
    connections: u64,
    effects: Vec<Effect>,
    /// How many of the effects the observers have seen.
    seen: usize,
}

impl Context {
    pub(crate) fn new(
        config: Arc<Config>,
        endpoints: Vec<Arc<Endpoint>>,
        seed: u64,
        now: Timestamp,
    ) -> Self {
        let random = Random::new(seed);
        let effects = Vec::new();
        Self { config, endpoints, now, random, running: false, connections: 0, effects, seen: 0 }
    }

    /// The number of the next connection.
    pub(crate) fn next_connection(&mut self) -> ConnectionId {
        self.connections += 1;
        ConnectionId(self.connections)
    }

    /// Asks the shell for something.
    pub(crate) fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Reports something to the app.
    pub(crate) fn emit(&mut self, event: Event) {
        if self.running {
            self.effects.push(Effect::Emit { at: self.now, event });
        }
    }

    /// The strategy of the config.
    pub(crate) fn strategy(&self) -> &'static dyn Strategy {
        strategy(self.config.strategy)
    }

    /// Takes the effects out, for the observers to see those that they have not seen.
    pub(crate) fn take_effects(&mut self) -> (Vec<Effect>, usize) {
        (std::mem::take(&mut self.effects), self.seen)
    }

    /// Puts the effects back, before those that have come since.
    pub(crate) fn put_back(&mut self, mut effects: Vec<Effect>) {
        self.seen = effects.len();
        effects.append(&mut self.effects);
        self.effects = effects;
    }

    /// Whether there are effects that the observers have not seen.
    pub(crate) fn has_unseen(&self) -> bool {
        self.seen < self.effects.len()
    }

    /// The oldest effect.
    pub(crate) fn pop_effect(&mut self) -> Option<Effect> {
        if self.effects.is_empty() {
            // The room is given back: in a crowd hardly any engine has something to do.
            self.effects = Vec::new();
            return None;
        }
        self.seen = self.seen.saturating_sub(1);
        // There are rarely more than two.
        Some(self.effects.remove(0))
    }

    /// The name of an endpoint.
    pub(crate) fn name(&self, index: usize) -> Name {
        self.endpoints[index].name.clone()
    }

    /// The place of the endpoint of this name.
    pub(crate) fn index_of(&self, name: &Name) -> Option<usize> {
        self.endpoints.iter().position(|endpoint| endpoint.name == *name)
    }
}
