//! What recovery makes of the events that it sees.

use super::*;
use crate::base::url::Url;
use crate::checks::connectivity::Connectivity;
use crate::config::{Config, Endpoint, Retry};
use crate::protocol::effect::{ConnectionId, Effect, SocketId};
use crate::protocol::event::OfflineReason;
use crate::protocol::outcome::FailureKind;
use std::sync::Arc;

/// An operator under test, with the endpoints `a` and `b`.
struct Test {
    operator: Operator,
    checks: Checks,
    session: Session,
    cx: Context,
}

impl Test {
    fn new() -> Self {
        let url = || Url::unparsed(String::new());
        let endpoints = ["a", "b"].map(|name| Arc::new(Endpoint::new(name, url(), url())));
        let mut config = Config::default();
        config.failure_events.enabled = true;
        let now = Timestamp::default();
        let mut cx = Context::new(Arc::new(config), endpoints.to_vec(), 1, now);
        cx.running = true;
        let checks = Checks::new(&cx, Connectivity::new(Vec::new()));
        let (operator, session) = (Operator::default(), Session::new(&cx));
        Self { operator, checks, session, cx }
    }

    fn see(&mut self, event: &Event) {
        self.operator.see(&mut self.cx, &self.checks, event);
    }

    /// Lets a check of `a` fail. How many failures are reported.
    fn fail(&mut self) -> usize {
        self.see(&Event::Check(CheckReport {
            endpoint: "a".into(),
            failure: Some(FailureKind::Refused),
            status: None,
            latency_ms: 5,
            failures: 1,
            message: None,
            failing: Vec::new(),
            request: None,
            headers: Vec::new(),
        }));
        let failure =
            |effect: &Effect| matches!(effect, Effect::Emit { event: Event::Failure(_), .. });
        std::iter::from_fn(|| self.cx.pop_effect()).filter(failure).count()
    }

    fn poll_command(&mut self) -> Option<Command> {
        self.operator.poll_command(&mut self.cx, &self.checks, &self.session)
    }
}

#[test]
fn what_an_earlier_run_has_left_undone_is_dropped() {
    let mut test = Test::new();
    let endpoint: Name = "a".into();
    let strategy = RecoveryStrategy::RemoveFromLoadBalancer;
    test.operator.steps.push_back(Step { id: 1, strategy, endpoint: endpoint.clone() });
    test.see(&Event::Started { active: endpoint });
    assert!(test.operator.steps.is_empty());
}

#[test]
fn what_fails_while_the_network_is_down_is_no_failure_event() {
    let mut test = Test::new();
    assert_eq!(test.fail(), 1);
    test.see(&Event::Offline { reason: OfflineReason::Told });
    assert_eq!(test.fail(), 0);
    test.see(&Event::Online);
    assert_eq!(test.fail(), 1);
}

#[test]
fn one_that_cannot_be_connected_to_does_not_keep_another_one_out_of_rotation() {
    let mut test = Test::new();
    let until = Exclusion::Removed(test.cx.now + Millis::from_secs(300));
    test.checks.exclude(&test.cx, 0, until);
    test.operator.removed.push("a".into());
    test.session.hold(&test.cx, SocketId(0));
    assert_eq!(test.poll_command(), None, "b may work");
    for id in 1..=3 {
        test.session.follow(&mut test.cx, 1);
        test.session.closed(&mut test.cx, ConnectionId(id), None, &Retry::default());
    }
    assert_eq!(test.poll_command(), Some(Command::PutBack("a".into())));
}
