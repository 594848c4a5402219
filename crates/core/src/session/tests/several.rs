//! Several sockets beside each other.

use super::*;

const OTHER: SocketId = SocketId(7);

/// A session that holds two sockets, with one connection each: the numbers 1 and 2.
fn two_sockets() -> Test {
    let mut test = Test::new();
    test.session.hold(&test.cx, OTHER);
    test.follow(0);
    test
}

/// What is asked of the shell: which connections are opened for which socket, and so on.
fn asked(test: &mut Test) -> Vec<String> {
    let words = |effect| match effect {
        Effect::Connect { id, socket, endpoint } => {
            format!("connect {} of {} to {}", id.0, socket.0, endpoint.name)
        }
        Effect::Promote { id } => format!("promote {}", id.0),
        Effect::Disconnect { id, reason } => format!("disconnect {} {}", id.0, reason.as_str()),
        other => format!("{other:?}"),
    };
    std::iter::from_fn(|| test.cx.pop_effect()).map(words).collect()
}

fn closed(test: &mut Test, id: u64) -> Option<SessionFact> {
    test.session.closed(&mut test.cx, ConnectionId(id), None, &Retry::default())
}

#[test]
fn each_socket_follows_with_a_connection_of_its_own() {
    let mut test = two_sockets();
    assert_eq!(asked(&mut test), ["connect 1 of 0 to a", "connect 2 of 7 to a"]);
    for id in [1, 2] {
        assert!(test.session.opened(&mut test.cx, ConnectionId(id)).is_some());
    }
    test.follow(1);
    let moves = ["promote 1", "promote 2", "connect 3 of 0 to b", "connect 4 of 7 to b"];
    assert_eq!(asked(&mut test), moves);
    test.session.opened(&mut test.cx, ConnectionId(4));
    assert!(test.session.is_open_to(&endpoint("a")) && test.session.is_open_to(&endpoint("b")));
    assert_eq!(asked(&mut test), ["promote 4", "disconnect 2 replaced"]);
    test.session.let_go(&mut test.cx, SOCKET);
    assert_eq!(asked(&mut test), ["disconnect 3 stopped", "disconnect 1 stopped"]);
    assert!(test.session.is_wanted() && !test.session.is_broken());
    test.session.let_go(&mut test.cx, OTHER);
    assert!(!test.session.is_wanted());
}

#[test]
fn a_new_socket_is_led_alone() {
    let mut test = two_sockets();
    test.session.opened(&mut test.cx, ConnectionId(1));
    closed(&mut test, 2);
    test.session.try_out(&mut test.cx, 1);
    asked(&mut test);
    let waits = |test: &Test| -> Vec<_> {
        test.session.sockets.iter().map(|held| held.retry_at).take(2).collect()
    };
    let before = waits(&test);
    let new = SocketId(9);
    test.session.hold(&test.cx, new);
    assert_eq!(test.session.lead(&mut test.cx, new, 0), None);
    assert_eq!(asked(&mut test), ["connect 4 of 9 to a"]);
    assert!(test.session.is_trying(), "the trial of another goes on");
    assert_eq!(waits(&test), before);
}

#[test]
fn a_socket_with_a_short_back_off_does_not_shorten_the_endpoints() {
    let mut test = two_sockets();
    test.session.let_go(&mut test.cx, OTHER);
    closed(&mut test, 1);
    for last in 3..20 {
        test.retry(0);
        test.wait(10);
        closed(&mut test, last);
    }
    let until = test.session.reach(0).retry_at();
    assert_eq!(until, test.retry_at());
    assert!(until > Some(test.cx.now + Millis::from_secs(10)), "{until:?}");
    test.session.hold(&test.cx, OTHER);
    test.session.lead(&mut test.cx, OTHER, 0);
    test.wait(10);
    closed(&mut test, 20);
    assert_eq!(test.session.reach(0).retry_at(), until);
    assert!(test.session.sockets[1].retry_at < until, "its own wait is its own");
    test.cx.now = until.unwrap();
    test.attempt(0);
    test.wait(10);
    closed(&mut test, 21);
    assert!(test.session.reach(0).retry_at() > until, "that wait was over");
}

#[test]
fn what_ends_for_all_sockets_at_once_counts_once() {
    let mut test = two_sockets();
    test.wait(10);
    for id in [1, 2] {
        assert!(closed(&mut test, id).is_some());
    }
    assert_eq!(test.session.reach(0).failures(), 1);
    test.wait(60_000);
    test.attempt(0);
    test.wait(10);
    for id in [3, 4] {
        assert!(closed(&mut test, id).is_some());
    }
    assert_eq!(test.session.reach(0).failures(), 2);
}

#[test]
fn a_socket_that_nobody_accepts_puts_off_no_other() {
    let mut test = two_sockets();
    test.session.opened(&mut test.cx, ConnectionId(1));
    for last in 2..22 {
        closed(&mut test, last);
        test.wait(60_000);
        test.attempt(0);
        test.session.lasted(&mut test.cx);
    }
    assert!(!test.session.is_unreachable(&test.cx, 0), "the other one lasts");
    closed(&mut test, 1);
    assert!(test.retry_at() <= Some(test.cx.now + Retry::default().initial));
}

#[test]
fn the_socket_that_has_no_connection_tries_the_other_endpoint() {
    let mut test = two_sockets();
    test.session.opened(&mut test.cx, ConnectionId(1));
    closed(&mut test, 2);
    asked(&mut test);
    assert!(test.session.try_out(&mut test.cx, 1));
    assert_eq!(asked(&mut test), ["connect 3 of 7 to b"]);
}

#[test]
fn the_app_asks_for_another_connection_for_one_socket_or_for_each() {
    for (id, connections) in [(Some(OTHER), 1), (None, 2)] {
        let mut test = two_sockets();
        for id in [1, 2] {
            test.session.opened(&mut test.cx, ConnectionId(id));
        }
        asked(&mut test);
        test.session.renew(&mut test.cx, id);
        test.attempt(0);
        assert_eq!(asked(&mut test).len(), connections);
    }
}
