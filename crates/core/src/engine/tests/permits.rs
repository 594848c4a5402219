//! Permits: what is reported with one counts once, and only while it means something.

use super::happening::{Change, changed};
use super::world::{Server, World};
use super::*;
use crate::{BreakerState, CallOutcome, Clock, Command, Permit, Route};

/// Permits for so many requests of the active endpoint, all under way.
fn under_way(world: &mut World, count: usize) -> Vec<Permit> {
    (0..count).map(|_| world.acquire(&Route::Active).unwrap()).collect()
}

fn all_fail(world: &mut World, permits: Vec<Permit>) {
    for permit in permits {
        world.end(permit, CallOutcome::Failed);
    }
}

fn is_blamed(world: &World) -> bool {
    let failures = world.engine.snapshot().endpoints[0].failures;
    world.breaker("e0") != BreakerState::Closed || failures > 0
}

/// One whose breaker has opened by requests that failed; its checks go on passing.
fn opened() -> World {
    let mut world = World::settled();
    let permits = under_way(&mut world, 5);
    all_fail(&mut world, permits);
    assert_eq!(world.breaker("e0"), BreakerState::Open);
    world
}

fn half_open() -> World {
    let mut world = opened();
    world.run(6_000);
    world
}

/// How many requests are let through at once.
fn room(world: &mut World) -> usize {
    (0..10).filter(|_| world.acquire(&Route::Active).is_ok()).count()
}

fn set(world: &mut World, endpoints: Vec<Endpoint>) {
    world.command(Command::SetEndpoints(valid(endpoints)));
}

#[test]
fn five_requests_that_fail_are_blamed_on_the_server() {
    let mut world = World::settled();
    let permits = under_way(&mut world, 5);
    all_fail(&mut world, permits);
    assert!(is_blamed(&world), "what the tests below would not see otherwise");
}

#[test]
fn a_permit_is_good_for_one_report() {
    let mut world = World::settled();
    let permit = world.acquire(&Route::Active).unwrap();
    (0..5).for_each(|_| world.end(permit.clone(), CallOutcome::Failed));
    assert_eq!(world.breaker("e0"), BreakerState::Closed);
    let permits = under_way(&mut world, 4);
    all_fail(&mut world, permits);
    assert_eq!(world.breaker("e0"), BreakerState::Open, "but each of five others is");
}

#[test]
fn requests_under_way_when_the_device_sleeps_say_nothing() {
    let mut world = World::settled();
    let permits = under_way(&mut world, 5);
    world.now = world.now + Millis::from_secs(600);
    all_fail(&mut world, permits);
    assert!(!is_blamed(&world));
}

#[test]
fn requests_under_way_when_the_network_changes_say_nothing() {
    let mut world = World::settled();
    let permits = under_way(&mut world, 5);
    world.tell(Input::Network(Network::Changed));
    all_fail(&mut world, permits);
    assert!(!is_blamed(&world));
}

#[test]
fn requests_made_without_a_network_say_nothing() {
    let mut world = World::settled();
    world.tell(Input::Network(Network::Offline));
    let permits = under_way(&mut world, 5);
    world.run(5_000);
    world.tell(Input::Network(Network::Online));
    all_fail(&mut world, permits);
    assert!(!is_blamed(&world), "they fail just after");
    world.tell(Input::Network(Network::Offline));
    let permits = under_way(&mut world, 5);
    all_fail(&mut world, permits);
    assert!(!is_blamed(&world), "they fail meanwhile");
}

#[test]
fn trials_that_end_without_a_network_give_their_room_back() {
    let mut world = half_open();
    let permits = under_way(&mut world, 3);
    assert_eq!(room(&mut world), 0);
    world.tell(Input::Network(Network::Offline));
    all_fail(&mut world, permits);
    world.tell(Input::Network(Network::Online));
    assert_eq!(room(&mut world), 3);
}

#[test]
fn a_trial_that_is_given_up_gives_its_room_back() {
    let mut world = half_open();
    let mut permits = under_way(&mut world, 3);
    assert_eq!(room(&mut world), 0);
    world.end(permits.pop().unwrap(), CallOutcome::Released);
    assert_eq!((room(&mut world), world.breaker("e0")), (1, BreakerState::HalfOpen));
    let mut world = World::settled();
    let permits = under_way(&mut world, 20);
    for permit in permits {
        world.end(permit, CallOutcome::Released);
    }
    assert!(!is_blamed(&world), "it counts for nothing");
}

#[test]
fn a_wall_clock_that_is_set_forward_does_not_end_the_break() {
    let mut world = opened();
    let mut clock = Clock::default();
    let start = world.now - clock.read(0, 1_000_000);
    world.now = clock.read(10, 1_000_010) + start;
    assert!(world.acquire(&Route::Active).is_err());
    world.now = clock.read(20, 1_000_020 + 3_600_000) + start;
    let refusal = world.acquire(&Route::Active).unwrap_err();
    let wait = refusal.retry_after_ms.unwrap();
    assert!(wait > 4_000, "{wait} ms of five seconds are left");
    world.run(6_000);
    assert!(world.acquire(&Route::Active).is_ok(), "its time passes as ever");
}

#[test]
fn an_isolation_is_the_names_and_outlives_a_new_list() {
    for change in Change::ALL {
        let mut world = World::settled();
        world.command(Command::Isolate("e0".into()));
        let mut new = changed(endpoints(2), change);
        new[0].priority = 3;
        new.reverse();
        set(&mut world, new);
        assert_eq!(world.breaker("e0"), BreakerState::Isolated, "{change:?}");
        assert_eq!(world.breaker("e1"), BreakerState::Closed, "{change:?}");
    }
}

#[test]
fn permits_for_a_host_that_was_replaced_say_nothing_of_the_new_one() {
    let mut world = World::settled();
    let permits = under_way(&mut world, 5);
    set(&mut world, changed(endpoints(2), Change::Host));
    all_fail(&mut world, permits);
    assert_eq!(world.breaker("e0"), BreakerState::Closed);
}

#[test]
fn permits_for_an_endpoint_that_was_taken_out_say_nothing_when_it_is_back() {
    for changes in 0..4 {
        let mut world = World::settled();
        (0..changes).for_each(|_| world.tell(Input::Network(Network::Changed)));
        let old = under_way(&mut world, 5);
        set(&mut world, vec![endpoint("e1")]);
        set(&mut world, endpoints(2));
        let to = Route::To("e0".into());
        let new: Vec<_> = (0..5).map(|_| world.acquire(&to).unwrap()).collect();
        all_fail(&mut world, old);
        assert_eq!(world.breaker("e0"), BreakerState::Closed, "after {changes} changes");
        all_fail(&mut world, new);
        assert_eq!(world.breaker("e0"), BreakerState::Open, "after {changes} changes");
    }
}

#[test]
fn timeouts_beside_much_traffic_open_the_breaker() {
    let mut world = World::settled();
    let hanging = under_way(&mut world, 5);
    // Far more requests than the breaker remembers begin before those five run out of time.
    let begun_since = under_way(&mut world, 200);
    all_fail(&mut world, hanging);
    assert_eq!(world.breaker("e0"), BreakerState::Open);
    drop(begun_since);
}

#[test]
fn an_answer_from_before_a_sleep_is_no_proof_of_the_network() {
    let mut world = World::settled();
    let before = under_way(&mut world, 1);
    world.now = world.now + Millis::from_secs(600);
    world.serve("e0", Server::UnknownName);
    world.serve("e1", Server::UnknownName);
    world.run(30_000);
    assert_eq!((world.told("offline").len(), world.told("online").len()), (1, 0));
    for permit in before {
        world.end(permit, CallOutcome::Succeeded);
    }
    assert_eq!(world.told("online").len(), 0, "it was sent before the sleep");
    let permit = world.acquire(&Route::Active).unwrap();
    world.end(permit, CallOutcome::Succeeded);
    assert_eq!(world.told("online").len(), 1, "what is sent now is proof");
}
