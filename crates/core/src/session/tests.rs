//! When attempts to connect are made, and what the session reports.

use super::*;
use crate::config::Config;
use crate::protocol::effect::Effect;
use std::sync::Arc;

mod renewing;
mod several;

fn endpoint(name: &str) -> Arc<Endpoint> {
    let (connect, health) = ("ws://a.example/".parse(), "http://a.example/".parse());
    Arc::new(Endpoint::new(name, connect.unwrap(), health.unwrap()))
}

const SOCKET: SocketId = SocketId(0);

/// A session under test, with the endpoints `a` and `b`.
struct Test {
    session: Session,
    cx: Context,
    last_id: u64,
}

impl Test {
    fn new() -> Self {
        let endpoints = vec![endpoint("a"), endpoint("b")];
        let cx = Context::new(Arc::new(Config::default()), endpoints, 1, Timestamp::default());
        let mut session = Session::new(&cx);
        session.hold(&cx, SOCKET);
        Self { session, cx, last_id: 0 }
    }

    fn follow(&mut self, index: usize) {
        self.session.follow(&mut self.cx, index);
    }

    fn opened(&mut self) -> Option<SessionFact> {
        let id = self.latest();
        self.session.opened(&mut self.cx, id)
    }

    fn closed(&mut self, code: Option<u16>) -> Option<SessionFact> {
        let id = self.latest();
        self.session.closed(&mut self.cx, id, code, &Retry::default())
    }

    /// The socket that was opened last.
    fn latest(&mut self) -> ConnectionId {
        while let Some(effect) = self.cx.pop_effect() {
            if let Effect::Connect { id, .. } = effect {
                self.last_id = id.0;
            }
        }
        ConnectionId(self.last_id)
    }

    fn retry_at(&self) -> Option<Timestamp> {
        self.session.sockets[0].retry_at
    }

    fn attempt(&mut self, index: usize) {
        self.session.attempt(&mut self.cx, index, None);
    }

    fn wait(&mut self, millis: u32) {
        self.cx.now = self.cx.now + Millis::new(millis);
    }

    /// Waits for the next attempt and makes it; how long that took.
    fn retry(&mut self, index: usize) -> Millis {
        let before = self.cx.now;
        self.cx.now = self.retry_at().unwrap();
        assert!(self.session.retry_is_due(self.cx.now));
        self.attempt(index);
        self.cx.now - before
    }
}

#[test]
fn what_does_not_open_is_retried_ever_more_slowly() {
    let mut test = Test::new();
    test.follow(0);
    for round in 1..40 {
        let closed = SessionFact::Closed { endpoint: 0, code: None, end: End::Refused };
        assert_eq!(test.closed(None), Some(closed));
        assert_eq!(test.session.reach(0).failures(), round);
        assert!(test.retry(0) <= Retry::default().max);
    }
    assert!(test.cx.now.as_millis() > 120_000, "the back-off reaches its cap: {:?}", test.cx.now);
    assert_eq!(test.session.reach(1).failures(), 0, "each endpoint has a back-off of its own");
}

#[test]
fn a_network_that_flaps_does_not_defeat_the_back_off() {
    let mut test = Test::new();
    test.follow(0);
    let mut attempts = 1;
    for _ in 0..1_000 {
        test.wait(10);
        test.closed(None);
        test.session.hurry(&mut test.cx, Millis::ZERO);
        if test.session.retry_is_due(test.cx.now) {
            test.attempt(0);
            attempts += 1;
        }
    }
    assert!((2..=21).contains(&attempts), "{attempts} attempts in 10 s");
}

#[test]
fn hurrying_never_puts_off_an_attempt_that_is_due() {
    let mut test = Test::new();
    test.follow(0);
    test.closed(None);
    test.wait(60_000);
    assert!(test.session.retry_is_due(test.cx.now));
    test.session.hurry(&mut test.cx, Millis::from_secs(10));
    assert!(test.session.retry_is_due(test.cx.now), "late as it is");
    test.session.hurry_in_a_crowd(&mut test.cx, Millis::from_secs(10));
    assert!(!test.session.retry_is_due(test.cx.now), "a crowd that waited for this is spread");
}

#[test]
fn what_opens_is_given_its_own_time_again_after_a_sleep() {
    let mut test = Test::new();
    let mut unchecked = (*endpoint("a")).clone();
    unchecked.health = None;
    test.cx.endpoints[0] = Arc::new(unchecked);
    test.follow(0);
    test.wait(40);
    test.opened();
    test.wait(60_000);
    test.closed(None);
    test.retry(0);
    let learnt = test.session.due(&test.cx, false).unwrap() - test.cx.now;
    assert!(learnt < test.cx.config.connect_timeout, "{learnt}");
    test.wait(500);
    test.session.awake(&test.cx);
    assert_eq!(test.session.due(&test.cx, false), Some(test.cx.now + learnt));
}

#[test]
fn a_retry_that_has_lost_its_point_is_forgotten() {
    let mut test = Test::new();
    test.follow(0);
    assert_eq!(test.opened(), Some(SessionFact::Opened(0)));
    test.follow(1);
    test.closed(None);
    assert!(test.session.due(&test.cx, true).is_some(), "the way to b is tried again");
    assert_eq!(test.session.due(&test.cx, false), None, "but not while no attempts are made");
    test.follow(0);
    assert_eq!(test.session.due(&test.cx, true), None, "a is where the connection is");
}

#[test]
fn a_socket_that_breaks_off_at_once_is_as_good_as_none() {
    let mut test = Test::new();
    test.follow(0);
    for failures in 1..4 {
        test.opened();
        test.wait(4_999);
        let broke_off = SessionFact::Closed { endpoint: 0, code: Some(1_006), end: End::Dropped };
        assert_eq!(test.closed(Some(1_006)), Some(broke_off));
        assert_eq!(test.session.reach(0).failures(), failures);
        test.retry(0);
    }
    test.opened();
    test.wait(4_000);
    test.closed(Some(4_001));
    assert_eq!(test.session.reach(0).failures(), 3, "the app itself closed it");
    test.retry(0);
    test.closed(Some(4_000));
    assert_eq!(test.session.reach(0).failures(), 3, "the app itself did not open it");
    test.retry(0);
    test.opened();
    test.wait(5_000);
    assert_eq!(test.session.lasted(&mut test.cx), []);
    assert_eq!(test.session.reach(0).failures(), 0, "it has lasted");
}

#[test]
fn a_trial_opens_the_way_or_says_that_there_is_none() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    test.session.try_out(&mut test.cx, 1);
    assert!(test.session.is_trying());
    assert_eq!(
        test.closed(Some(1_006)),
        Some(SessionFact::TrialFailed { endpoint: 1, code: Some(1_006) })
    );
    assert_eq!(test.session.reach(1).failures(), 1);
    test.session.try_out(&mut test.cx, 1);
    assert_eq!(test.opened(), None, "the last one failed: this one has to last");
    assert!(test.session.is_open_to(&endpoint("a")));
    test.wait(5_000);
    assert_eq!(test.session.due(&test.cx, true), Some(test.cx.now));
    assert_eq!(test.session.lasted(&mut test.cx), [SessionFact::TrialOpened(1)]);
    assert!(test.session.is_open_to(&endpoint("b")));
}

#[test]
fn a_failed_renewal_leaves_the_old_socket_and_is_tried_again() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    test.wait(60_000);
    test.session.renew(&mut test.cx, Some(SOCKET));
    assert_eq!(test.retry(0), Millis::ZERO);
    let failed = SessionFact::RenewalFailed { endpoint: 0, code: None };
    assert_eq!(test.closed(None), Some(failed));
    assert!(!test.session.is_broken());
    test.retry(0);
    assert_eq!(test.opened(), Some(SessionFact::Opened(0)));
    test.wait(60_000);
    assert_eq!(test.session.lasted(&mut test.cx), []);
    assert_eq!(test.session.due(&test.cx, true), None, "all is well");
}

#[test]
fn what_the_app_wants_outlives_a_stop() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    test.latest();
    test.session.stop(&mut test.cx);
    let effects: Vec<_> = std::iter::from_fn(|| test.cx.pop_effect()).collect();
    assert!(matches!(effects[..], [Effect::Disconnect { .. }]), "{effects:?}");
    assert!(test.session.is_wanted() && test.session.is_broken());
    test.session.let_go(&mut test.cx, SOCKET);
    assert!(!test.session.is_wanted());
}

#[test]
fn an_attempt_that_a_trial_takes_the_place_of_is_made_up_for() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    test.follow(1);
    test.session.try_out(&mut test.cx, 0);
    assert_eq!(test.retry_at(), None);
    assert_eq!(test.closed(None), Some(SessionFact::TrialFailed { endpoint: 0, code: None }));
    test.retry(1);
    assert_eq!(test.opened(), Some(SessionFact::Opened(1)));
}

#[test]
fn an_attempt_that_is_due_during_a_trial_is_made_after_it() {
    for abandoned in [true, false] {
        let mut test = Test::new();
        test.follow(0);
        test.opened();
        test.follow(1);
        test.closed(None);
        test.session.try_out(&mut test.cx, 0);
        test.retry(1);
        assert_eq!(test.retry_at(), None);
        if abandoned {
            test.session.abandon_trial(&mut test.cx);
        } else {
            test.closed(None);
        }
        test.retry(1);
        assert_eq!(test.opened(), Some(SessionFact::Opened(1)));
    }
}

#[test]
fn nothing_is_attempted_after_a_trial_that_was_in_nobodys_way() {
    let mut test = Test::new();
    test.follow(1);
    test.opened();
    test.session.try_out(&mut test.cx, 0);
    test.closed(None);
    assert_eq!(test.retry_at(), None);
}

#[test]
fn the_active_endpoint_is_attempted_again_though_a_socket_to_another_one_is_opening() {
    let mut test = Test::new();
    test.follow(0);
    test.session.try_out(&mut test.cx, 1);
    test.follow(1);
    let refused = SessionFact::Closed { endpoint: 1, code: None, end: End::Refused };
    assert_eq!(test.closed(None), Some(refused));
    test.retry(1);
    assert_eq!(test.opened(), Some(SessionFact::Opened(1)));
}

#[test]
fn a_message_on_the_old_socket_does_not_end_the_way_to_another_endpoint() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    let old = test.latest();
    test.follow(1);
    test.session.renew_open(&test.cx);
    test.closed(None);
    assert_eq!(test.session.heard(&mut test.cx, old), Some(0));
    test.retry(1);
    assert_eq!(test.opened(), Some(SessionFact::Opened(1)));
}

#[test]
fn an_app_whose_socket_leads_elsewhere_comes_back() {
    let mut test = Test::new();
    test.session.come_back(&mut test.cx, 0);
    assert_eq!(test.latest(), ConnectionId(0), "the attempt that waits has its own time");
    test.follow(1);
    test.opened();
    test.session.come_back(&mut test.cx, 0);
    assert_eq!(test.opened(), Some(SessionFact::Opened(0)));
}

#[test]
fn no_second_socket_is_opened_to_where_the_messages_still_come_from() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    test.follow(1);
    test.closed(None);
    assert!(test.session.try_out(&mut test.cx, 0), "it has to last first");
    test.closed(None);
    test.wait(5_000);
    assert!(!test.session.try_out(&mut test.cx, 0));
    assert!(!test.session.is_trying());
    test.session.renew_open(&test.cx);
    assert!(test.session.try_out(&mut test.cx, 0), "it may be dead");
}

#[test]
fn an_open_trial_takes_over_when_its_endpoint_becomes_the_active_one() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    test.session.try_out(&mut test.cx, 1);
    test.closed(None);
    test.session.try_out(&mut test.cx, 1);
    assert_eq!(test.opened(), None, "it must show first that it lasts");
    assert_eq!(test.session.follow(&mut test.cx, 1), [SessionFact::Opened(1)]);
    let b = test.cx.endpoints[1].clone();
    assert!(test.session.is_open_to(&b));
    let promoted = std::iter::from_fn(|| test.cx.pop_effect())
        .any(|effect| matches!(effect, Effect::Promote { .. }));
    assert!(promoted, "the app is given it");
}

#[test]
fn silence_is_that_of_the_endpoint_at_the_other_end() {
    let mut test = Test::new();
    test.follow(0);
    test.opened();
    let id = ConnectionId(test.last_id);
    for _ in 0..20 {
        test.wait(1_000);
        test.session.heard(&mut test.cx, id);
    }
    test.follow(1);
    test.wait(5_000);
    assert_eq!(test.session.notice_silence(&mut test.cx), [SessionFact::Silent(0)]);
}

#[test]
fn the_back_off_begins_anew_after_a_connection_that_lasted() {
    let mut test = Test::new();
    test.follow(0);
    for _ in 0..20 {
        test.opened();
        test.wait(60_000);
        test.closed(Some(1_006));
        assert!(test.retry(0) <= Retry::default().initial);
    }
}
