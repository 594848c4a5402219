//! What shows that an app is served: its own requests, and a connection that is open.

use super::world::{Server, Sockets, World};
use super::*;
use crate::protocol::input::Lifecycle;
use crate::{CallOutcome, Health, Input, Route};

/// An app whose own requests succeed, while each check ends like this.
fn served_while_checks(end: Server, mut request: impl FnMut(&mut World)) -> World {
    let mut world = World::settled();
    world.serve("e0", end);
    world.serve("e1", end);
    for _ in 0..600 {
        world.run(1_000);
        request(&mut world);
    }
    world
}

#[test]
fn requests_that_succeed_are_proof_that_lasts() {
    let reported =
        |world: &mut World| world.tell(Input::Traffic { endpoint: "e0".into(), ok: true });
    let permitted = |world: &mut World| {
        let now = world.now;
        if let Ok(permit) = world.engine.try_acquire(now, &Route::Active) {
            world.tell(Input::Wake);
            let (outcome, latency) = (CallOutcome::Succeeded, Millis::new(50));
            world.tell(Input::CallEnded { permit, outcome, latency });
        }
    };
    for request in [&reported as &dyn Fn(&mut World), &permitted] {
        let world = served_while_checks(Server::UnknownName, request);
        assert!(world.told("offline").len() <= 1, "it was told again and again");
        let world = served_while_checks(Server::Says(500), request);
        assert_eq!(world.told("allDown").len(), world.told("recovered").len());
    }
}

#[test]
fn requests_that_fail_together_ask_for_one_check_and_are_no_verdict() {
    let mut world = World::settled();
    for _ in 0..20 {
        world.tell(Input::Traffic { endpoint: "e0".into(), ok: false });
    }
    world.run(1_000);
    assert!(world.moves().is_empty(), "its check passes");
    world.serve("e0", Server::Refuses);
    world.tell(Input::Traffic { endpoint: "e0".into(), ok: false });
    world.run(1_500);
    assert_eq!(world.moves().len(), 1, "its checks fail too");
}

#[test]
fn an_outage_is_seen_to_its_end_in_the_background() {
    for seed in 0..25 {
        let mut world = World::new(Config::new(Preset::Default, endpoints(1)), seed);
        world.tell(Input::Started);
        world.command(Command::Connect(SOCKET));
        world.run(600_000);
        world.tell(Input::Lifecycle(Lifecycle::Background));
        world.serve("e0", Server::Refuses);
        world.accept("e0", Sockets::Refused);
        world.break_sockets();
        world.run(60_000);
        world.serve("e0", Server::Says(200));
        world.accept("e0", Sockets::Open);
        world.run(3_600_000);
        assert_eq!(world.told("allDown").len(), world.told("recovered").len(), "seed {seed}");
    }
}

#[test]
fn in_the_background_a_platform_that_is_wrong_about_the_network_is_found_out() {
    let mut world = World::settled();
    world.command(Command::Connect(SOCKET));
    world.tell(Input::Lifecycle(Lifecycle::Background));
    world.run(60_000);
    world.tell(Input::Network(crate::Network::Offline));
    world.break_sockets();
    world.run(20);
    let attempts = world.attempts.len();
    world.run(1_300_000);
    assert!(world.attempts.len() > attempts, "no attempt in 20 minutes");
}

#[test]
fn a_wish_and_a_check_now_end_a_rest() {
    for ends in [Command::Prefer(Some("e0".into())), Command::CheckNow] {
        let mut world = World::settled();
        for name in ["e0", "e1"] {
            world.serve(name, Server::Rests(3_600));
        }
        world.run(60_000);
        assert_eq!(world.told("allDown").len(), 1);
        for name in ["e0", "e1"] {
            world.serve(name, Server::Says(200));
        }
        world.run(60_000);
        assert_eq!(world.told("recovered").len(), 0, "they rest");
        world.command(ends);
        world.run(2_000);
        assert_eq!(world.told("recovered").len(), 1);
    }
}

#[test]
fn a_drained_endpoint_is_left_although_it_works() {
    for seed in 0..20 {
        let mut world = World::new(Config::new(Preset::Default, endpoints(2)), seed);
        world.tell(Input::Started);
        world.run(60_000);
        world.command(Command::Drain("e0".into(), Millis::from_secs(300)));
        world.run(60_000);
        assert_eq!(world.moves().len(), 1, "seed {seed}");
        world.run(1_200_000);
        assert_eq!(world.moves().len(), 2, "back after it, seed {seed}");
    }
}

#[test]
fn what_was_taken_out_of_rotation_is_put_back_by_name_alone() {
    let mut world = World::settled();
    world.command(Command::Remove("e1".into(), Millis::from_secs(3_600)));
    world.command(Command::EndMaintenance("e1".into()));
    world.run(120_000);
    assert_eq!(world.health("e1"), Health::Unhealthy, "still out of rotation");
    world.command(Command::PutBack("e1".into()));
    world.run(1_000);
    assert_eq!(world.health("e1"), Health::Healthy);
}
