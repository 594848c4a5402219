//! Where the app's own requests go, and go again.

use super::world::World;
use super::*;
use crate::{Attempt, BreakerState, Call, CallOutcome, Command, Refusal, Route};
use CallOutcome::{Failed, Released, Succeeded, TimedOut, Unsent};

fn three() -> World {
    let mut config = Config::new(Preset::Default, endpoints(3));
    config.jitter_percent = 0;
    config.breaker.failures = Some(1);
    World::settled_with(config)
}

fn begin(world: &mut World, call: Call) -> Result<Attempt, Refusal> {
    let begun = world.engine.begin_call(world.now, call);
    world.tell(Input::Wake);
    begun
}

/// The endpoints that a request is sent to whose attempts end like this.
fn path(world: &mut World, call: Call, outcomes: &[CallOutcome]) -> String {
    let mut path = Vec::new();
    let mut next = begin(world, call).ok();
    let mut outcomes = outcomes.iter();
    while let Some(attempt) = next {
        path.push(attempt.endpoint().to_string());
        next = world.engine.attempt_ended(world.now, attempt, *outcomes.next().unwrap());
        world.tell(Input::Wake);
    }
    path.join(" ")
}

#[test]
fn a_request_is_sent_to_two_endpoints_at_most() {
    let get = Call::new("GET", true);
    let put_of_a_stream = Call::new("PUT", false);
    let post = Call::new("POST", true);
    let by_app = Call::by_app(Route::Active);
    for (call, outcomes, expected) in [
        (&get, &[Succeeded][..], "e0"),
        (&get, &[Failed, Succeeded], "e0 e1"),
        (&get, &[Failed, Failed], "e0 e1"),
        (&get, &[Unsent, Unsent], "e0 e1"),
        (&get, &[TimedOut], "e0"),
        (&get, &[Released], "e0"),
        (&put_of_a_stream, &[Failed], "e0"),
        (&put_of_a_stream, &[Unsent, Unsent], "e0 e1"),
        (&post, &[Failed], "e0"),
        (&post, &[Unsent, Failed], "e0 e1"),
        (&by_app, &[Unsent], "e0"),
    ] {
        let taken = path(&mut three(), call.clone(), outcomes);
        assert_eq!(taken, expected, "{call:?} {outcomes:?}");
    }
}

#[test]
fn a_request_that_a_breaker_refuses_is_offered_to_the_next_endpoint_whatever_its_method() {
    for method in ["GET", "POST"] {
        let mut world = three();
        world.command(Command::Isolate("e0".into()));
        let attempt = begin(&mut world, Call::new(method, false)).unwrap();
        assert_eq!((attempt.endpoint().as_str(), attempt.origin()), ("e1", "http://e1.example"));
        world.command(Command::Isolate("e1".into()));
        assert_eq!(path(&mut world, Call::new(method, false), &[Unsent]), "e2");
        world.command(Command::Isolate("e2".into()));
        let refusal = begin(&mut world, Call::new(method, true)).unwrap_err();
        assert_eq!(refusal.endpoint.as_str(), "e0", "the first to refuse is named");
        world.command(Command::Release("e2".into()));
        let refusal = begin(&mut world, Call::by_app(Route::Active)).unwrap_err();
        assert_eq!(refusal.endpoint.as_str(), "e0", "it is for that endpoint alone");
    }
}

#[test]
fn a_repeated_request_takes_the_next_endpoint_that_lets_it_through() {
    let mut world = three();
    world.command(Command::Isolate("e1".into()));
    assert_eq!(path(&mut world, Call::new("GET", true), &[Failed, Succeeded]), "e0 e2");
    world.command(Command::Isolate("e2".into()));
    world.run(60_000);
    assert_eq!(path(&mut world, Call::new("GET", true), &[Failed]), "e0", "all others refuse");
}

#[test]
fn the_end_of_an_attempt_counts_by_what_it_says_of_the_server() {
    for (outcome, expected) in [
        (Succeeded, BreakerState::Closed),
        (Released, BreakerState::Closed),
        (Failed, BreakerState::Open),
        (Unsent, BreakerState::Open),
        (TimedOut, BreakerState::Open),
    ] {
        let mut world = three();
        let attempt = begin(&mut world, Call::by_app(Route::Active)).unwrap();
        assert!(world.engine.attempt_ended(world.now, attempt, outcome).is_none());
        assert_eq!(world.breaker("e0"), expected, "{outcome}");
    }
}

#[test]
fn a_released_trial_is_free_again_at_once() {
    let mut world = three();
    path(&mut world, Call::by_app(Route::Active), &[Failed]);
    world.run(10_000);
    for _ in 0..10 {
        assert_eq!(path(&mut world, Call::by_app(Route::Active), &[Released]), "e0");
    }
    assert_eq!(world.breaker("e0"), BreakerState::HalfOpen);
}

#[test]
fn the_apps_own_calls_are_not_repeated() {
    let mut world = three();
    let call = Call::by_app(Route::Excluding("e0".into()));
    let attempt = world.engine.begin_call(world.now, call).unwrap();
    assert_eq!(attempt.endpoint().as_str(), "e1");
    assert!(world.engine.attempt_ended(world.now, attempt, Unsent).is_none());
}

#[test]
fn a_request_that_outlives_the_engine_is_not_repeated() {
    let mut world = three();
    let attempt = begin(&mut world, Call::new("GET", true)).unwrap();
    world.command(Command::Stop);
    assert!(world.engine.attempt_ended(world.now, attempt, Failed).is_none());
}
