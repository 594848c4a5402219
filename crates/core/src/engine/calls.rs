//! The app's own requests, each endpoint's guarded by a circuit breaker. Breaker and detector know of each other: a breaker that opens is
//! evidence, and a verdict opens it.

use super::{Engine, Phase};
use crate::breaker::{BreakerState, Circuit, Ticket};
use crate::config::writer::records;
use crate::config::{Breaker, Name};
use crate::event::Event;
use crate::evidence::Evidence;
use crate::random::Random;
use crate::situation::Situation;
use crate::time::{Millis, Timestamp};

records! {
    /// Leave to make one request to an endpoint. Report its end with [`Input::CallEnded`](crate::Input::CallEnded).
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Permit {
        /// Which endpoint.
        pub endpoint: Name,
        /// State of the breaker that gave it; what is reported with one of an older state changes nothing.
        pub generation: u32,
        /// Its number within that state.
        pub number: u32,
    }
}

records! {
    /// Why there is no leave to make a request.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Refusal {
        /// Which endpoint's breaker refuses.
        pub endpoint: Name,
        /// The state that it is in.
        pub state: BreakerState,
        /// After how many milliseconds it is worth asking again; none if nobody knows.
        pub retry_after_ms: Option<u32>,
    }
}

/// Methods whose requests may be repeated elsewhere without harm (RFC 9110, section 9.2.2).
pub const REPEATABLE_METHODS: [&str; 6] = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"];

/// From this HTTP status on it is the server that has failed a request: 5xx.
pub const FIRST_SERVER_ERROR: u16 = 500;

/// To which endpoint a request is to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// To the active one.
    Active,
    /// To this one; to the active one if there is none of that name.
    To(Name),
    /// To the best usable one but this; to the active one if there is none.
    Besides(Name),
}

impl Engine {
    /// Asks for leave to make a request of the app's own. It costs nothing and decides at once.
    pub fn try_acquire(&mut self, now: Timestamp, route: &Route) -> Result<Permit, Refusal> {
        self.now = self.now.max(now);
        let index = match route {
            Route::Active => None,
            Route::To(name) => self.index_of(name),
            Route::Besides(name) => self.best(&|index| {
                let tracked = &self.endpoints[index];
                tracked.endpoint.name != *name && tracked.condition.is_usable() && tracked.circuit.state() != BreakerState::Isolated
            }),
        };
        let index = index.unwrap_or(self.active);
        let now = self.now;
        let acquired = self.with_circuit(index, |circuit, rules, _| circuit.try_acquire(rules, now));
        let tracked = &self.endpoints[index];
        match acquired {
            Ok(Ticket { generation, number }) => Ok(Permit { endpoint: tracked.name(), generation, number }),
            Err(wait) => Err(Refusal { endpoint: tracked.name(), state: tracked.circuit.state(), retry_after_ms: wait.map(Millis::get) }),
        }
    }

    pub(super) fn call_ended(&mut self, permit: &Permit, ok: bool, took: Millis) {
        let Some(index) = self.index_of(&permit.endpoint) else { return };
        if ok {
            self.traffic(&permit.endpoint, true);
        } else if matches!(self.situation, Situation::ToldOffline | Situation::PresumedOffline(_)) {
            // Not the server's fault.
            return;
        }
        let ticket = Ticket { generation: permit.generation, number: permit.number };
        let (before, now) = (self.endpoints[index].circuit.state(), self.now);
        self.with_circuit(index, |circuit, rules, random| circuit.record(rules, ticket, ok, took, random, now));
        if before != BreakerState::Open && self.endpoints[index].circuit.state() == BreakerState::Open {
            self.passive_failure(index, Evidence::BreakerOpened);
        }
    }

    /// The endpoint has been found unhealthy.
    pub(super) fn open_circuit(&mut self, index: usize) {
        let now = self.now;
        self.with_circuit(index, |circuit, rules, random| circuit.open(rules, random, now));
    }

    /// The endpoint is usable again.
    pub(super) fn try_circuit(&mut self, index: usize) {
        self.with_circuit(index, |circuit, _, _| circuit.half_open());
    }

    pub(super) fn isolate(&mut self, name: &Name, isolated: bool) {
        if let Some(index) = self.index_of(name) {
            self.with_circuit(index, |circuit, _, _| circuit.isolate(isolated));
        }
    }

    /// Works on an endpoint's circuit, and tells the app if its state is another one.
    fn with_circuit<T>(&mut self, index: usize, work: impl FnOnce(&mut Circuit, &Breaker, &mut Random) -> T) -> T {
        let tracked = &mut self.endpoints[index];
        let from = tracked.circuit.state();
        let done = work(&mut tracked.circuit, &self.config.breaker, &mut self.random);
        let to = tracked.circuit.state();
        if from != to && self.phase == Phase::Running {
            let endpoint = tracked.name();
            self.emit(Event::Breaker { endpoint, from, to });
        }
        done
    }
}
