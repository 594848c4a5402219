//! The circuit breakers of all endpoints. Breakers and health know of each other: a verdict opens a
//! breaker, and a breaker that opens is evidence.

pub(crate) mod call;
pub(crate) mod circuit;
pub(crate) mod permit;
pub(crate) mod rules;

use crate::base::time::Millis;
use crate::engine::context::Context;
use crate::engine::roster::{Origin, rearrange};
use crate::health::{Health, HealthChange};
use crate::protocol::event::Event;
use circuit::{Circuit, Ticket};
use permit::{CallOutcome, Permit, Refusal};
use rules::BreakerState;

/// The circuit breakers of all endpoints.
#[derive(Debug)]
pub(crate) struct Breakers {
    circuits: Vec<Circuit>,
    /// The latest generation of the circuits of earlier lists: permits of one that is gone say
    /// nothing of another one of its name.
    latest: u32,
}

/// What the end of a request means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallEnd {
    /// Nothing: its permit is one of another state, or was reported before.
    Ignored,
    /// It counts for or against the endpoint.
    Counted,
    /// It counts, and has opened the endpoint's breaker.
    Opening,
}

impl Breakers {
    pub(crate) fn new(count: usize) -> Self {
        Self { circuits: vec![Circuit::default(); count], latest: 0 }
    }

    pub(crate) fn state(&self, index: usize) -> BreakerState {
        self.circuits[index].state()
    }

    /// Whether an endpoint's breaker may let a request through.
    pub(crate) fn may_permit(&self, index: usize) -> bool {
        matches!(self.state(index), BreakerState::Closed | BreakerState::HalfOpen)
    }

    /// Asks for permission to make a request to an endpoint.
    pub(crate) fn try_acquire(
        &mut self,
        cx: &mut Context,
        index: usize,
    ) -> Result<Permit, Refusal> {
        let (config, now) = (cx.config.clone(), cx.now);
        let acquired =
            self.change(cx, index, |circuit, _| circuit.try_acquire(&config.breaker, now));
        let endpoint = cx.name(index);
        match acquired {
            Ok(Ticket { generation, number }) => Ok(Permit { endpoint, generation, number }),
            Err(wait) => Err(Refusal {
                endpoint,
                state: self.state(index),
                retry_after_ms: wait.map(Millis::get),
            }),
        }
    }

    /// Takes in how a request ended.
    pub(crate) fn ended(
        &mut self,
        cx: &mut Context,
        index: usize,
        permit: &Permit,
        outcome: CallOutcome,
        took: Millis,
    ) -> CallEnd {
        let ticket = Ticket { generation: permit.generation, number: permit.number };
        let (config, now) = (cx.config.clone(), cx.now);
        let before = self.state(index);
        let counts = self.change(cx, index, |circuit, cx| {
            circuit.record(&config.breaker, ticket, outcome, took, &mut cx.random, now)
        });
        let opened = before != BreakerState::Open && self.state(index) == BreakerState::Open;
        match () {
            () if !counts => CallEnd::Ignored,
            () if opened => CallEnd::Opening,
            () => CallEnd::Counted,
        }
    }

    /// A verdict opens the breaker; when the endpoint can be used again, requests try it.
    pub(crate) fn follow(&mut self, cx: &mut Context, index: usize, change: HealthChange) {
        match (change.from, change.to) {
            (_, Health::Unhealthy) => self.open(cx, index),
            (_, Health::Maintenance) => {}
            (Health::Unhealthy | Health::Maintenance, _) => {
                self.change(cx, index, |circuit, _| circuit.half_open());
            }
            _ => {}
        }
    }

    fn open(&mut self, cx: &mut Context, index: usize) {
        let (config, now) = (cx.config.clone(), cx.now);
        self.change(cx, index, |circuit, cx| {
            circuit.open(&config.breaker, &mut cx.random, now);
        });
    }

    /// The app has gone back to the endpoint after enough checks: requests need not try it first.
    pub(crate) fn close(&mut self, cx: &mut Context, index: usize) {
        if self.state(index) != BreakerState::Isolated {
            self.change(cx, index, |circuit, _| circuit.close());
        }
    }

    pub(crate) fn isolate(&mut self, cx: &mut Context, index: usize) {
        self.change(cx, index, |circuit, _| circuit.isolate());
    }

    /// Ends the isolation of an endpoint; of one that is unhealthy the breaker stays open.
    pub(crate) fn release(&mut self, cx: &mut Context, index: usize, health: Health) {
        let (config, now) = (cx.config.clone(), cx.now);
        self.change(cx, index, |circuit, cx| {
            circuit.release();
            if health == Health::Unhealthy {
                circuit.open(&config.breaker, &mut cx.random, now);
            }
        });
    }

    /// Requests under way say nothing any more: the device slept, or the network is another one.
    pub(crate) fn renew(&mut self) {
        self.circuits.iter_mut().for_each(Circuit::renew);
    }

    /// The device slept for so long.
    pub(crate) fn slept(&mut self, gap: Millis) {
        self.circuits.iter_mut().for_each(|circuit| circuit.slept(gap));
    }

    /// The endpoints are others. Isolation stays with the name.
    pub(crate) fn replace(&mut self, cx: &mut Context, origins: &[Origin]) {
        let latest = self.circuits.iter().map(Circuit::generation).max();
        self.latest = self.latest.max(latest.unwrap_or_default());
        let next = self.latest.wrapping_add(1);
        rearrange(&mut self.circuits, origins, |_| Circuit::of_generation(next));
        for (index, origin) in origins.iter().enumerate() {
            if !origin.same_host {
                self.close(cx, index);
            }
        }
    }

    /// Works on a circuit, and reports a change of its state.
    fn change<T>(
        &mut self,
        cx: &mut Context,
        index: usize,
        work: impl FnOnce(&mut Circuit, &mut Context) -> T,
    ) -> T {
        let circuit = &mut self.circuits[index];
        let from = circuit.state();
        let done = work(circuit, cx);
        let to = circuit.state();
        if from != to {
            cx.emit(Event::Breaker { endpoint: cx.name(index), from, to });
        }
        done
    }
}
