//! Waiting for what comes of a check.

use super::*;
use crate::{Health, Network};

/// What a future has come to, without anyone to wake.
fn poll_once<T>(future: &mut Pin<Box<impl Future<Output = T>>>) -> Poll<T> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn who_asks_for_a_check_is_told_what_came_of_it() {
    let mut driven = Driven::new();
    driven.transport.answer.set(Some(200));
    assert!(driven.turn().is_pending());
    driven.transport.answer.set(Some(503));
    let mut check = Box::pin(driven.link.check_now());
    assert!(poll_once(&mut check).is_pending());
    // One that nobody waits for is made all the same.
    drop(driven.link.check_now());
    assert!(driven.turn().is_pending());
    let Poll::Ready(Some(report)) = poll_once(&mut check) else { panic!("nothing was told") };
    assert_eq!(
        (report.endpoint.as_str(), report.status, report.failure),
        ("a", Some(503), Some(FailureKind::Status))
    );
}

#[test]
fn who_asks_for_a_check_is_told_of_a_stop() {
    let mut driven = Driven::new();
    assert!(driven.turn().is_pending());
    let mut check = Box::pin(driven.link.check_now());
    assert!(driven.turn().is_pending());
    assert!(poll_once(&mut check).is_pending());
    driven.link.stop();
    assert!(driven.turn().is_ready());
    driven.future = None;
    assert_eq!(poll_once(&mut check), Poll::Ready(None));
    assert_eq!(poll_once(&mut Box::pin(driven.link.check_now())), Poll::Ready(None));
}

#[test]
fn who_asks_for_a_check_is_told_whatever_discards_it() {
    let replaced = Input::Command(Command::SetEndpoints(valid(vec![endpoint("c")])));
    let discards = [
        Input::Network(Network::Changed),
        Input::Network(Network::Offline),
        Input::Network(Network::Online),
        Input::Lifecycle(Lifecycle::Resumed),
        Input::Lifecycle(Lifecycle::Foreground),
        replaced,
    ];
    for discard in discards {
        let mut driven = Driven::unseen();
        driven.transport.answer.set(None);
        let mut check = Box::pin(driven.link.check_now());
        assert!(driven.turn().is_pending());
        driven.transport.now.set(driven.transport.now.get() + 100);
        driven.link.send(discard.clone());
        assert!(driven.turn().is_pending());
        driven.transport.answer.set(Some(204));
        driven.advance(11_000);
        let Poll::Ready(Some(report)) = poll_once(&mut check) else {
            panic!("still waiting after {discard:?}");
        };
        // The one that was discarded may have ended by its timeout first.
        assert!(matches!(report.status, Some(204) | None), "{discard:?}: {report:?}");
    }
}

#[test]
fn three_pushes_in_a_row_are_told_though_the_app_moves_at_the_third() {
    let mut driven = Driven::unseen();
    driven.transport.answer.set(Some(0));
    for push in 1..=3 {
        let mut check = Box::pin(driven.link.check_now());
        assert!(driven.turn().is_pending());
        driven.advance(600_000);
        let Poll::Ready(Some(report)) = poll_once(&mut check) else {
            panic!("push {push} still waits");
        };
        let told = (report.endpoint.as_str(), report.failure);
        assert_eq!(told, ("a", Some(FailureKind::Refused)), "push {push}");
    }
    assert_eq!(driven.link.snapshot().endpoints[0].health, Health::Unhealthy);
}

#[test]
fn who_asks_while_a_check_is_under_way_is_told_of_the_next() {
    let mut driven = Driven::new();
    assert!(driven.turn().is_pending());
    driven.advance(100);
    let mut check = Box::pin(driven.link.check_now());
    driven.transport.answer.set(Some(204));
    assert!(driven.turn().is_pending());
    driven.advance(4_000);
    assert!(poll_once(&mut check).is_pending(), "the one under way began before");
    driven.advance(2_000);
    let Poll::Ready(Some(report)) = poll_once(&mut check) else { panic!("nothing was told") };
    assert_eq!(report.status, Some(204));
}

#[test]
fn what_makes_room_in_a_full_inbox_is_no_command() {
    let mut driven = Driven::new();
    driven.transport.answer.set(Some(200));
    let mut check = Box::pin(driven.link.check_now());
    for _ in 0..5_000 {
        driven.link.report_success("a".into());
    }
    assert!(driven.turn().is_pending());
    assert!(matches!(poll_once(&mut check), Poll::Ready(Some(_))));
}
