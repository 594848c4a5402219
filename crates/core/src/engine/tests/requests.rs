//! `checkNow` is answered, whatever happens meanwhile, by a check that began after the call.

use super::world::{Server, World};
use super::*;
use crate::{Command, Lifecycle};

/// Longest time that an answer may take: the wait for a check in flight, and a timeout each.
const IN_TIME: u64 = 11_000;

fn check_now(world: &mut World) -> u64 {
    world.command(Command::CheckNow);
    world.now.as_millis()
}

/// Lets the request be answered; by a check that began after it was made, at the active endpoint
/// of one of the two moments.
fn expect_answer(world: &mut World, asked: u64, what: &str) {
    let before = world.answered().len();
    world.run(IN_TIME);
    let answered = world.answered();
    assert_eq!(answered.len(), before + 1, "{what}: one answer to one request");
    let answer = &answered[before];
    assert!(answer.began >= asked, "{what}: asked at {asked}, answered by {answer:?}");
    assert_eq!(answer.report.request, Some(before as u32 + 1), "{what}");
}

fn unseen(mut world: World) -> World {
    world.tell(Input::Lifecycle(Lifecycle::Background));
    world.run(120_000);
    world
}

/// Everything that discards a check which is under way.
fn discards() -> Vec<(&'static str, Vec<Input>)> {
    let lifecycle = |lifecycle| vec![Input::Lifecycle(lifecycle)];
    let network = |network| vec![Input::Network(network)];
    let set = |endpoints| vec![Input::Command(Command::SetEndpoints(valid(endpoints)))];
    let elsewhere = happening::changed(endpoints(2), happening::Change::Host);
    let (offline, online) = (Input::Network(Network::Offline), Input::Network(Network::Online));
    vec![
        ("the network changes", network(Network::Changed)),
        ("the network goes", network(Network::Offline)),
        ("the network comes", network(Network::Online)),
        ("the network goes and comes", vec![offline, online]),
        ("the app is resumed", lifecycle(Lifecycle::Resumed)),
        ("the app goes to the background", lifecycle(Lifecycle::Background)),
        ("the app is seen", lifecycle(Lifecycle::Foreground)),
        (
            "the app is frozen and wakes",
            vec![Input::Lifecycle(Lifecycle::Frozen), Input::Lifecycle(Lifecycle::Foreground)],
        ),
        ("the endpoints are at other hosts", set(elsewhere)),
        ("the endpoints are others", set(vec![endpoint("new")])),
        ("the endpoint is gone", set(vec![endpoint("e1")])),
        ("maintenance begins", vec![Input::Command(Command::BeginMaintenance("e0".into()))]),
    ]
}

#[test]
fn check_now_is_answered_whatever_discards_the_check() {
    for (what, inputs) in discards() {
        for background in [false, true] {
            let mut world = if background { unseen(World::settled()) } else { World::settled() };
            let asked = check_now(&mut world);
            world.run(10);
            world.tell_all(&inputs);
            expect_answer(&mut world, asked, &format!("{what}, background: {background}"));
        }
    }
}

#[test]
fn check_now_is_answered_at_servers_that_hang_too() {
    for (what, inputs) in discards() {
        let mut world = World::settled();
        for name in ["e0", "e1", "new"] {
            world.serve(name, Server::Hangs);
        }
        let mut world = unseen(world);
        let asked = check_now(&mut world);
        world.run(10);
        world.tell_all(&inputs);
        expect_answer(&mut world, asked, what);
    }
}

#[test]
fn check_now_is_answered_by_a_check_that_began_after_the_call() {
    let mut world = World::settled();
    world.serve("e0", Server::Hangs);
    let checks = world.checks.len();
    while world.checks.len() == checks {
        world.run(1);
    }
    world.run(100);
    let asked = check_now(&mut world);
    expect_answer(&mut world, asked, "a check was under way");
}

#[test]
fn check_now_is_answered_after_a_sleep() {
    for background in [false, true] {
        let mut world = if background { unseen(World::settled()) } else { World::settled() };
        check_now(&mut world);
        world.now = world.now + Millis::from_secs(3_600);
        let woken = world.now.as_millis();
        expect_answer(&mut world, woken - 3_600_000, "an hour of sleep");
    }
}

#[test]
fn two_calls_while_a_check_is_under_way_have_one_answer() {
    let mut world = World::settled();
    check_now(&mut world);
    world.run(5);
    world.command(Command::CheckNow);
    world.command(Command::CheckNow);
    world.run(IN_TIME);
    let requests: Vec<_> = world.answered().iter().map(|it| it.report.request).collect();
    assert_eq!(requests, [Some(1), Some(3)], "the last call's answer is the one of all before it");
}

#[test]
fn three_pushes_in_a_row_are_answered_though_the_app_moves() {
    let mut world = unseen(World::settled());
    world.serve("e0", Server::Refuses);
    for push in 1..=3 {
        let asked = check_now(&mut world);
        expect_answer(&mut world, asked, &format!("push {push}"));
        world.run(600_000);
    }
    let asked_of: Vec<_> =
        world.answered().iter().map(|it| it.report.endpoint.to_string()).collect();
    assert_eq!(asked_of, ["e0", "e0", "e0"], "the third failure is the verdict");
}

#[test]
fn a_repeated_check_answers_when_it_counts() {
    let mut config = Config::new(Preset::Default, endpoints(1));
    config.check.retries = 2;
    let mut world = World::settled_with(config);
    world.serve("e0", Server::Refuses);
    let asked = check_now(&mut world);
    expect_answer(&mut world, asked, "two repetitions");
    assert_eq!(world.answered()[0].report.failures, 1, "three attempts are one failure");
}
