//! The sockets of one connection: which is opened, promoted and closed in which order.

use super::*;
use crate::base::time::Millis;
use crate::config::Config;

fn endpoint(name: &str) -> Arc<Endpoint> {
    let (connect, health) = ("ws://a.example/".parse(), "http://a.example/".parse());
    Arc::new(Endpoint::new(name, connect.unwrap(), health.unwrap()))
}

fn target(name: &str) -> Target {
    Target { endpoint: endpoint(name), within: Config::default().connect_timeout }
}

/// A connection under test, and what it asks of the shell.
struct Test {
    connection: Connection,
    cx: Context,
}

impl Test {
    /// A connection that leads nowhere yet.
    fn new() -> Self {
        let cx = Context::new(Arc::new(Config::default()), Vec::new(), 1, Timestamp::default());
        Self { connection: Connection::new(SocketId(0)), cx }
    }

    /// A connection that is open to `name`, by socket 1.
    fn open_to(name: &str) -> Self {
        let mut test = Self::new();
        test.follow(name);
        test.opened(1);
        test.effects();
        test
    }

    fn follow(&mut self, name: &str) {
        self.connection.follow(&mut self.cx, &target(name));
    }

    fn attempt(&mut self, name: &str) {
        self.connection.attempt(&mut self.cx, &target(name));
    }

    fn try_out(&mut self, name: &str) {
        self.connection.try_out(&mut self.cx, &target(name));
    }

    fn renew(&mut self, renewal: Renewal) -> bool {
        self.connection.renew(renewal)
    }

    /// Whether the socket was ours, and whether it took over.
    fn opened(&mut self, id: u64) -> Option<bool> {
        self.opened_where(id, true)
    }

    fn opened_where(&mut self, id: u64, lasts: bool) -> Option<bool> {
        let opened = self.connection.opened(&mut self.cx, ConnectionId(id), lasts);
        opened.map(|opened| opened.promoted)
    }

    /// What the socket was for, and whether it had been open; `None` if it was not ours.
    fn closed(&mut self, id: u64) -> Option<(Option<Purpose>, bool)> {
        let closed = self.connection.closed(ConnectionId(id));
        closed.map(|closed| (closed.purpose, closed.open_since.is_some()))
    }

    fn wait(&mut self, millis: u32) {
        self.cx.now = self.cx.now + Millis::new(millis);
    }

    fn open_endpoint(&self) -> Option<&str> {
        self.connection.open_endpoint().map(|endpoint| endpoint.name.as_str())
    }

    /// What was asked of the shell since the last time, in words.
    fn effects(&mut self) -> Vec<String> {
        let words = |effect| match effect {
            Effect::Connect { id, endpoint, .. } => format!("connect {} {}", id.0, endpoint.name),
            Effect::Promote { id } => format!("promote {}", id.0),
            Effect::Disconnect { id, reason } => format!("disconnect {} {reason}", id.0),
            other => format!("{other:?}"),
        };
        std::iter::from_fn(|| self.cx.pop_effect()).map(words).collect()
    }
}

#[test]
fn the_new_one_opens_before_the_old_one_closes() {
    let mut test = Test::new();
    test.follow("a");
    assert!(test.connection.is_broken() && test.connection.is_opening());
    assert_eq!(test.opened(1), Some(true));
    test.follow("b");
    assert_eq!(test.effects(), ["connect 1 a", "promote 1", "connect 2 b"]);
    assert_eq!(test.open_endpoint(), Some("a"));
    assert_eq!(test.opened(2), Some(true));
    assert_eq!(test.effects(), ["promote 2", "disconnect 1 replaced"]);
    assert_eq!((test.opened(1), test.closed(1)), (None, None), "it is not ours any more");
    assert_eq!(test.open_endpoint(), Some("b"));
}

#[test]
fn changing_ones_mind_on_the_way_leaves_one_connection() {
    let mut test = Test::new();
    test.follow("a");
    test.follow("b");
    assert_eq!(test.effects(), ["connect 1 a", "disconnect 1 replaced", "connect 2 b"]);
    test.opened(2);
    test.follow("a");
    test.follow("b");
    assert_eq!(test.effects(), ["promote 2", "connect 3 a", "disconnect 3 replaced"]);
    test.attempt("b");
    assert!(test.effects().is_empty(), "b is where the connection is");
}

#[test]
fn an_old_socket_that_closes_leaves_its_place_to_the_one_that_follows() {
    let mut test = Test::open_to("a");
    test.follow("b");
    assert_eq!(test.closed(1), Some((None, true)));
    assert!(test.connection.is_broken() && test.connection.is_opening());
    assert_eq!(test.opened(2), Some(true));
    assert_eq!(test.effects(), ["connect 2 b", "promote 2"], "there is nothing left to close");
}

#[test]
fn nothing_is_left_of_what_is_closed() {
    let mut test = Test::open_to("a");
    test.follow("b");
    test.connection.close(&mut test.cx);
    let effects = test.effects();
    assert_eq!(effects, ["connect 2 b", "disconnect 2 stopped", "disconnect 1 stopped"]);
    assert!(test.connection.is_broken() && !test.connection.is_opening());
}

#[test]
fn a_socket_that_does_not_open_in_time_is_overdue() {
    let mut test = Test::open_to("a");
    assert_eq!(test.connection.deadline(), None);
    test.follow("b");
    test.wait(9_999);
    assert_eq!(test.connection.overdue(test.cx.now), None);
    test.connection.extend(test.cx.now);
    test.wait(9_999);
    assert_eq!(test.connection.overdue(test.cx.now), None, "the device slept meanwhile");
    test.wait(1);
    assert_eq!(test.connection.deadline(), Some(test.cx.now));
    assert_eq!(test.connection.overdue(test.cx.now), Some((ConnectionId(2), Late::Server)));
    assert_eq!(test.closed(2), Some((Some(Purpose::Follow), false)));
    assert_eq!((test.connection.overdue(test.cx.now), test.open_endpoint()), (None, Some("a")));
}

#[test]
fn the_apps_time_is_not_the_servers() {
    let mut test = Test::open_to("a");
    test.follow("b");
    let id = ConnectionId(2);
    test.connection.await_app(id, test.cx.now, Millis::from_secs(3));
    test.wait(2_999);
    assert_eq!(test.connection.overdue(test.cx.now), None);
    let late = |test: &Test| test.connection.overdue(test.cx.now + Millis::new(1));
    assert_eq!(late(&test), Some((id, Late::App)));
    test.connection.begin(id, test.cx.now);
    test.wait(9_998);
    assert_eq!(late(&test), None, "the server has the whole of its time");
    test.wait(1);
    assert_eq!(late(&test), Some((id, Late::Server)));
    // The app prepares it: what was told twice changes nothing.
    for _ in 0..2 {
        test.connection.await_app(id, test.cx.now, Millis::from_secs(3));
        test.wait(1_000);
    }
    let opened = test.connection.opened(&mut test.cx, id, true).unwrap();
    assert_eq!(opened.took, Millis::new(9_999));
    test.connection.await_app(id, test.cx.now, Millis::from_secs(3));
    assert_eq!((test.open_endpoint(), test.connection.deadline()), (Some("b"), None));
}

#[test]
fn a_trial_that_does_not_open_leaves_the_open_socket_alone() {
    let mut test = Test::open_to("a");
    test.try_out("b");
    assert!(test.connection.is_opening_for(Purpose::Trial));
    assert_eq!(test.closed(2), Some((Some(Purpose::Trial), false)));
    assert_eq!(test.effects(), ["connect 2 b"]);
    assert_eq!(test.open_endpoint(), Some("a"));
}

#[test]
fn a_trial_never_takes_the_place_of_the_open_socket_by_that_ones_end() {
    let mut test = Test::open_to("a");
    test.try_out("b");
    assert_eq!(test.closed(1), Some((None, true)));
    assert!(test.connection.is_broken() && !test.connection.is_opening());
    test.attempt("a");
    assert_eq!(test.effects(), ["connect 2 b", "connect 3 a"], "a is the active endpoint still");
    assert_eq!(test.opened(2), Some(true));
    assert_eq!(test.effects(), ["promote 2", "disconnect 3 replaced"]);
}

#[test]
fn a_trial_of_an_endpoint_whose_sockets_broke_off_has_to_last_first() {
    let mut test = Test::open_to("a");
    test.try_out("b");
    test.wait(100);
    assert_eq!(test.opened_where(2, false), Some(false));
    assert_eq!(test.effects(), ["connect 2 b"]);
    assert_eq!((test.open_endpoint(), test.connection.deadline()), (Some("a"), None));
    let (endpoint, since) = test.connection.trial_since().unwrap();
    assert_eq!((endpoint.name.as_str(), since), ("b", test.cx.now));
    test.connection.promote(&mut test.cx);
    assert_eq!(test.effects(), ["promote 2", "disconnect 1 replaced"]);
    assert_eq!(test.open_endpoint(), Some("b"));
}

#[test]
fn a_trial_becomes_the_connection_if_its_endpoint_becomes_the_active_one() {
    let mut test = Test::open_to("a");
    test.try_out("b");
    test.follow("b");
    assert_eq!(test.effects(), ["connect 2 b"], "the attempt under way is the one that is needed");
    test.connection.abandon_trial(&mut test.cx);
    assert!(test.effects().is_empty(), "it is no trial any more");
    assert_eq!(test.opened_where(2, false), Some(true));
}

#[test]
fn a_trial_that_is_not_wanted_any_more_is_closed() {
    let mut test = Test::open_to("a");
    test.try_out("b");
    test.try_out("c");
    test.connection.abandon_trial(&mut test.cx);
    let effects = test.effects();
    let closed = ["disconnect 2 replaced", "connect 3 c", "disconnect 3 replaced"];
    assert_eq!(effects, [&["connect 2 b"], &closed[..]].concat());
    assert_eq!((test.opened(3), test.open_endpoint()), (None, Some("a")));
}

#[test]
fn a_dead_socket_is_replaced_by_another_one_to_the_same_endpoint() {
    let mut test = Test::open_to("a");
    test.attempt("a");
    assert!(test.effects().is_empty() && !test.connection.is_presumed_dead());
    assert!(test.renew(Renewal::Presumed) && test.connection.is_presumed_dead());
    test.attempt("a");
    test.attempt("a");
    assert_eq!(test.effects(), ["connect 2 a"], "once is enough");
    assert_eq!(test.opened(2), Some(true));
    assert_eq!(test.effects(), ["promote 2", "disconnect 1 replaced"]);
    test.attempt("a");
    assert!(test.effects().is_empty(), "the new one is not in doubt");
    assert!(!Test::new().renew(Renewal::Requested), "there is none to replace");
}

#[test]
fn a_message_shows_that_a_socket_is_not_dead() {
    let mut test = Test::open_to("a");
    test.renew(Renewal::Presumed);
    test.attempt("a");
    test.connection.refute_renewal(&mut test.cx);
    assert!(!test.connection.is_presumed_dead());
    assert_eq!(test.effects(), ["connect 2 a", "disconnect 2 replaced"]);
    test.renew(Renewal::Requested);
    test.renew(Renewal::Presumed);
    test.attempt("a");
    test.connection.refute_renewal(&mut test.cx);
    assert_eq!(test.effects(), ["connect 3 a"], "the app wants another one");
}

#[test]
fn a_renewal_that_does_not_open_is_tried_again_beside_the_old_socket() {
    let mut test = Test::open_to("a");
    test.renew(Renewal::Requested);
    test.attempt("a");
    assert_eq!(test.closed(2), Some((Some(Purpose::Renew), false)));
    test.attempt("a");
    assert_eq!(test.effects(), ["connect 2 a", "connect 3 a"]);
    assert_eq!(test.open_endpoint(), Some("a"));
    test.follow("b");
    assert_eq!(test.effects(), ["disconnect 3 replaced", "connect 4 b"]);
    assert_eq!(test.opened(4), Some(true));
    assert_eq!(test.effects(), ["promote 4", "disconnect 1 replaced"]);
    test.attempt("b");
    assert!(test.effects().is_empty(), "the move has ended the renewal");
}
