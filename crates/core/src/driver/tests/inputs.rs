//! What is sent to the engine arrives, and what is wrong is reported.

use super::*;
use crate::config::Headers;
use crate::{Call, CallOutcome, Header, Network, Route};

#[test]
fn no_input_is_lost_between_polls() {
    let mut driven = Driven::new();
    assert!(driven.turn().is_pending());
    for round in 1..=100 {
        let network = if round % 2 == 0 { Network::Online } else { Network::Offline };
        driven.link.send(Input::Network(network));
        assert_eq!(
            driven.wakes.0.swap(0, Ordering::Relaxed),
            1,
            "each input wakes a waiting driver"
        );
        assert!(driven.turn().is_pending());
    }
    let count = driven
        .events()
        .iter()
        .filter(|event| matches!(event, Event::Online | Event::Offline { .. }))
        .count();
    assert_eq!(count, 100);
}

#[test]
fn no_fact_is_lost_however_much_is_sent_at_once() {
    let mut driven = Driven::new();
    driven.transport.answer.set(Some(200));
    assert!(driven.turn().is_pending());
    let connects = |driven: &Driven| {
        let mut ids = Vec::new();
        for effect in driven.transport.applied.borrow().iter() {
            if let Effect::Connect { id, .. } = effect {
                ids.push(*id);
            }
        }
        ids
    };
    let noise = |driven: &Driven| {
        let now = driven.transport.now();
        for _ in 0..2_000 {
            let permit = driven.link.try_acquire(now, &Route::Active).unwrap();
            driven.link.call_ended(permit, CallOutcome::Succeeded, Millis::new(1));
        }
    };
    driven.link.send(Input::Command(Command::Connect(SocketId::default())));
    noise(&driven);
    assert!(driven.turn().is_pending());
    let opening = connects(&driven);
    assert_eq!(opening.len(), 1, "the wish was heard");
    driven.link.send(Input::ConnectionOpened { id: opening[0] });
    assert!(driven.turn().is_pending());
    driven.link.send(Input::ConnectionClosed { id: opening[0], code: Some(4_000) });
    noise(&driven);
    assert!(driven.turn().is_pending());
    driven.advance(10_000);
    assert_eq!(connects(&driven).len(), 2, "so was the end of the socket");
}

#[test]
fn the_next_question_sees_what_was_delivered_and_the_platform_what_follows() {
    let mut driven = Driven::new();
    let (now, transport) = (Timestamp::from_millis(0), driven.transport.clone());
    let names = |link: &Link| {
        link.snapshot().endpoints.iter().map(|it| it.name.to_string()).collect::<String>()
    };
    let replace = |names: &[&str]| {
        let endpoints = names.iter().map(|name| endpoint(name)).collect();
        Input::Command(Command::SetEndpoints(valid(endpoints)))
    };
    driven.link.deliver(now, replace(&["a", "x"]));
    assert_eq!(names(&driven.link), "ab", "it has not started");
    assert!(driven.turn().is_pending());
    assert_eq!(names(&driven.link), "ax");
    // What was sent before comes before.
    driven.link.send(replace(&["a"]));
    driven.link.deliver(now, replace(&["a", "c"]));
    assert_eq!(names(&driven.link), "ac");
    driven.link.send(replace(&["d"]));
    let attempt = driven.link.begin_call(now, Call::new("GET", true)).unwrap();
    assert_eq!(attempt.endpoint().as_str(), "d");
    driven.link.send(replace(&["a", "c"]));
    assert!(driven.link.attempt_ended(now, attempt, CallOutcome::Released).is_none());
    assert_eq!(names(&driven.link), "ac");
    driven.link.deliver(now, Input::Command(Command::Connect(SocketId::default())));
    let is_connect = |effect: &Effect| matches!(effect, Effect::Connect { .. });
    assert!(!transport.applied.borrow().iter().any(is_connect));
    assert!(driven.turn().is_pending());
    assert!(transport.applied.borrow().iter().any(is_connect));
    driven.link.deliver(now, Input::Command(Command::Stop));
    assert!(driven.turn().is_ready());
}

#[test]
fn an_app_that_panics_at_each_event_ends_its_engine_and_not_the_process() {
    let mut driven = Driven::new();
    driven.link.send(Input::Command(Command::Connect(SocketId::default())));
    assert!(driven.turn().is_pending());
    driven.transport.panics.set(true);
    driven.link.send(Input::Network(Network::Offline));
    let mut future = driven.future.take().unwrap();
    let waker = driven.wakes.clone().into();
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _ = future.as_mut().poll(&mut Context::from_waker(&waker));
    }));
    assert!(unwound.is_err());
    assert!(driven.link.with_engine(Engine::is_stopped));
    let closes = |effect: &Effect| matches!(effect, Effect::Disconnect { .. });
    assert!(driven.transport.applied.borrow().iter().any(closes), "nothing is left open");
}

#[test]
fn permits_alone_leave_one_input() {
    let driven = Driven::new();
    for _ in 0..2_000 {
        assert!(driven.link.try_acquire(driven.transport.now(), &Route::Active).is_ok());
    }
    assert_eq!(driven.link.lock().inbox.len(), 1);
}

#[test]
fn what_nobody_drives_keeps_a_bounded_number_of_inputs() {
    let driven = Driven::new();
    for _ in 0..5_000 {
        driven.link.send(Input::Network(Network::Changed));
    }
    assert_eq!(driven.link.lock().inbox.len(), MAX_INBOX_AT_REST);
}

#[test]
fn a_list_that_is_wrong_is_reported_and_changes_nothing() {
    let mut driven = Driven::new();
    assert!(driven.turn().is_pending());
    let twins = vec![endpoint("c"), endpoint("c")];
    let problems = driven.link.set_endpoints(twins).unwrap_err();
    assert!(problems.to_string().starts_with("endpoints[1].name: must be unique"), "{problems}");
    let none = driven.link.set_endpoints(Vec::new()).unwrap_err();
    assert_eq!(none.to_string(), "endpoints: allowed: 1 to 64 endpoints");
    assert!(driven.turn().is_pending());
    assert_eq!(driven.link.active().name.as_str(), "a");
    driven.link.set_endpoints(vec![endpoint("c")]).unwrap();
    assert!(driven.turn().is_pending());
    assert_eq!(driven.link.active().name.as_str(), "c");
}

#[test]
fn the_debug_text_of_a_link_shows_no_header_values() {
    let mut config = Config::new(Preset::Default, vec![endpoint("a")]);
    config.check.headers = Headers(vec![Header::new("Authorization", "Bearer s3cr3t")]);
    let link = Link::new(Engine::new(config.validate().unwrap(), 1, Timestamp::from_millis(0)));
    let text = format!("{link:?}");
    assert!(text.contains("Authorization") && !text.contains("s3cr3t"), "{text}");
}
