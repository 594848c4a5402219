//! Breakers and health know of each other.

use super::world::{Server, World};
use super::*;
use crate::config::Name;
use crate::{BreakerState, CallOutcome, Command, Health, Permit, Refusal, Route};

impl World {
    pub(super) fn acquire(&mut self, route: &Route) -> Result<Permit, Refusal> {
        let acquired = self.engine.try_acquire(self.now, route);
        self.tell(Input::Wake);
        acquired
    }

    pub(super) fn end(&mut self, permit: Permit, outcome: CallOutcome) {
        self.tell(Input::CallEnded { permit, outcome, latency: Millis::new(5) });
    }

    /// Makes a request of `name` that fails, if its breaker lets it.
    fn fail(&mut self, name: &str) {
        if let Ok(permit) = self.acquire(&Route::To(name.into())) {
            self.end(permit, CallOutcome::Failed);
        }
    }

    pub(super) fn breaker(&self, name: &str) -> BreakerState {
        self.state(name).breaker
    }

    pub(super) fn health(&self, name: &str) -> Health {
        self.state(name).health
    }

    pub(super) fn state(&self, name: &str) -> crate::EndpointState {
        let endpoints = self.engine.snapshot().endpoints;
        endpoints.into_iter().find(|endpoint| endpoint.name.as_str() == name).unwrap()
    }
}

/// How long the breaker of `name` refuses.
fn refusal(world: &mut World, name: &str) -> u32 {
    world.acquire(&Route::To(name.into())).unwrap_err().retry_after_ms.unwrap()
}

#[test]
fn a_verdict_opens_the_breaker_and_a_breaker_that_opens_is_evidence() {
    let mut world = World::settled();
    (0..5).for_each(|_| world.fail("e0"));
    assert_eq!(world.engine.explain(None).unwrap().evidence[0].what, "circuit breaker opened");
    assert_eq!((world.breaker("e0"), world.health("e0")), (BreakerState::Open, Health::Suspect));
    // Its checks fail as well: the verdict moves the app, whose requests may go elsewhere.
    world.serve("e0", Server::Refuses);
    world.run(4_000);
    assert!(world.acquire(&Route::Active).is_ok());
    let first = Name::from("e0");
    let refused = world.acquire(&Route::To(first.clone())).unwrap_err();
    assert_eq!(refused.state, BreakerState::Open);
    assert_eq!(world.acquire(&Route::Excluding(first)).unwrap().endpoint.as_str(), "e1");
}

#[test]
fn the_end_of_an_isolation_does_not_close_the_breaker_of_an_unhealthy_endpoint() {
    let mut world = World::settled();
    world.serve("e0", Server::Refuses);
    world.command(Command::Isolate("e0".into()));
    world.run(10_000);
    assert_eq!(world.health("e0"), Health::Unhealthy);
    world.command(Command::Release("e0".into()));
    assert_eq!(world.breaker("e0"), BreakerState::Open);
    world.command(Command::Isolate("e1".into()));
    world.command(Command::Release("e1".into()));
    assert_eq!(world.breaker("e1"), BreakerState::Closed, "nothing speaks against this one");
}

#[test]
fn what_is_unhealthy_and_goes_into_maintenance_is_not_tried_by_requests() {
    for commanded in [false, true] {
        let mut world = World::settled();
        world.serve("e0", Server::Refuses);
        world.run(4_000);
        assert_eq!(world.health("e0"), Health::Unhealthy);
        if commanded {
            world.command(Command::BeginMaintenance("e0".into()));
        } else {
            world.serve("e0", Server::Rests(600));
            world.run(60_000);
        }
        assert_eq!(world.health("e0"), Health::Maintenance);
        assert_eq!(world.breaker("e0"), BreakerState::Open, "commanded: {commanded}");
    }
}

#[test]
fn verdicts_alone_do_not_make_the_breaker_stay_open_for_longer() {
    let mut world = World::settled();
    for round in 0..4 {
        world.serve("e0", Server::Refuses);
        while world.health("e0") != Health::Unhealthy {
            world.run(100);
        }
        let wait = refusal(&mut world, "e0");
        assert!((4_800..=6_000).contains(&wait), "round {round}: {wait} ms");
        world.serve("e0", Server::Says(200));
        world.run(40_000);
        assert_eq!(world.health("e0"), Health::Healthy);
    }
}

#[test]
fn requests_that_may_go_elsewhere_go_where_the_breaker_lets_them() {
    let mut config = Config::new(Preset::Default, endpoints(3));
    config.jitter_percent = 0;
    let mut world = World::settled_with(config);
    let elsewhere = Route::Excluding("e0".into());
    assert_eq!(world.acquire(&elsewhere).unwrap().endpoint.as_str(), "e1");
    world.command(Command::Isolate("e1".into()));
    assert_eq!(world.acquire(&elsewhere).unwrap().endpoint.as_str(), "e2");
    world.command(Command::Isolate("e2".into()));
    let refused = world.acquire(&elsewhere).unwrap_err();
    assert_eq!(refused.endpoint.as_str(), "e1", "the best, if all refuse");
}

#[test]
fn after_failback_every_request_is_let_through() {
    let mut world = World::settled();
    world.serve("e0", Server::Refuses);
    world.run(10_000);
    assert_eq!(world.engine.active().name.as_str(), "e1");
    world.serve("e0", Server::Says(200));
    while world.engine.active().name.as_str() == "e1" {
        world.run(1_000);
    }
    world.run(60_000);
    let let_through = (0..10).filter(|_| world.acquire(&Route::Active).is_ok()).count();
    assert_eq!((let_through, world.breaker("e0")), (10, BreakerState::Closed));
}

#[test]
fn a_breaker_that_was_isolated_stays_so_through_verdict_recovery_and_failback() {
    let mut world = World::settled();
    world.command(Command::Isolate("e0".into()));
    world.serve("e0", Server::Refuses);
    world.run(10_000);
    world.serve("e0", Server::Says(200));
    world.run(600_000);
    assert_eq!(world.engine.active().name.as_str(), "e0");
    assert_eq!(world.breaker("e0"), BreakerState::Isolated);
}
