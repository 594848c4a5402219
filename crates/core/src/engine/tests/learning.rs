//! What a check teaches of its endpoint, and what its report says.

use super::world::{Server, World};
use super::*;
use crate::{CheckReport, Command};

/// Losses and errors that are known of the first endpoint, in sixteenths, and of how many checks.
fn learnt(world: &World) -> (u32, u32, u32) {
    let detector = world.engine.checks.of(0).health().detector();
    let [lost, total, _, _, errors] = detector.loss().to_numbers();
    (lost, errors, total)
}

/// Lets the server answer one check in this way, and then as usual.
fn answers_one_check(server: Server) -> World {
    let mut world = World::settled();
    let checks =
        |world: &World| world.checks.iter().filter(|(_, name)| *name == "e0".into()).count();
    let before = checks(&world);
    while checks(&world) == before {
        // The answer to the check that begins now is decided as it begins.
        world.serve("e0", server);
        world.run(1);
    }
    world.serve("e0", Server::Says(200));
    world.run(300_000);
    world
}

fn reports(world: &World) -> impl Iterator<Item = &CheckReport> {
    world.events.iter().filter_map(|(_, event)| match event {
        Event::Check(report) if report.endpoint == "e0".into() => Some(report),
        _ => None,
    })
}

#[test]
fn an_answer_after_the_learnt_timeout_is_no_loss() {
    let calm = World::settled();
    assert_eq!(learnt(&calm).0, 0);
    let late = answers_one_check(Server::Takes(1_000));
    let failed: Vec<_> = reports(&late).filter(|report| report.failure.is_some()).collect();
    assert!(failed.len() == 1 && failed[0].failure == Some(FailureKind::Timeout), "{failed:?}");
    assert!(failed[0].latency_ms < 1_000, "it was not waited for");
    assert_eq!(learnt(&late).0, 0, "it has come after all");
    let never = answers_one_check(Server::Hangs);
    assert!(learnt(&never).0 > 0, "it was lost");
}

#[test]
fn an_error_is_learnt_as_one() {
    let error = answers_one_check(Server::Says(500));
    let (lost, errors, total) = learnt(&error);
    assert!(lost == 0 && errors > 0 && total > 0, "{lost} {errors} {total}");
}

#[test]
fn what_a_server_announces_is_no_error_of_it() {
    let announced = answers_one_check(Server::Rests(1));
    assert_eq!(learnt(&announced).1, 0);
}

#[test]
fn the_report_of_a_failure_says_how_long_it_took() {
    let refused = answers_one_check(Server::Refuses);
    let took: Vec<_> = reports(&refused)
        .filter(|report| report.failure == Some(FailureKind::Refused))
        .map(|report| report.latency_ms)
        .collect();
    assert_eq!(took, [5]);
}

#[test]
fn the_app_s_requests_for_checks_are_numbered() {
    let mut world = World::settled();
    for number in 1..=3 {
        world.command(Command::CheckNow);
        assert_eq!(world.engine.requests(), number);
        world.run(1_000);
        let last = reports(&world).last().and_then(|report| report.request);
        assert_eq!(last, Some(number));
    }
}
