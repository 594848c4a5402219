//! Where and when to connect: holds a connection to the active endpoint and moves it by opening the new one before the old one closes.
//!
//! Messages never pass through here.

use crate::backoff::Backoff;
use crate::config::{Endpoint, Retry};
use crate::effect::{ConnectionId, DisconnectReason, Effect};
use crate::random::Random;
use crate::time::{Millis, Timestamp, earliest};
use std::sync::Arc;

/// A connection that was open for so long has shown that it works: the back-off starts anew after it.
const STABLE: Millis = Millis::from_secs(5);

/// The connection that the app holds, if it wants one.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    wanted: bool,
    current: Option<Leg>,
    /// Opening, to take over from `current`.
    next: Option<Leg>,
    retry: Option<Timestamp>,
    /// When the last attempt began.
    attempted: Timestamp,
    backoff: Backoff,
    /// Attempts in a row that did not open.
    refusals: u32,
    last_id: u64,
}

/// One connection.
#[derive(Debug)]
struct Leg {
    id: ConnectionId,
    endpoint: Arc<Endpoint>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Opening { deadline: Timestamp },
    Open { since: Timestamp },
}

/// A connection that has ended.
pub(crate) struct Closed {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) was_open: bool,
}

type Effects = Vec<Effect>;

impl Connection {
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    pub(crate) fn unwant(&mut self, effects: &mut Effects) {
        self.wanted = false;
        self.retry = None;
        for leg in self.legs() {
            if let Some(Leg { id, .. }) = leg.take() {
                effects.push(Effect::Disconnect { id, reason: DisconnectReason::Stopped });
            }
        }
    }

    /// Whether the app wants a connection and has none.
    pub(crate) fn is_broken(&self) -> bool {
        self.wanted && !self.current.as_ref().is_some_and(|leg| matches!(leg.phase, Phase::Open { .. }))
    }

    /// Attempts in a row that did not open.
    pub(crate) const fn refusals(&self) -> u32 {
        self.refusals
    }

    pub(crate) fn forgive_refusals(&mut self) {
        self.refusals = 0;
    }

    /// Sees to it that a connection to `target` is open, opening, or due after a back-off.
    pub(crate) fn follow(&mut self, target: &Arc<Endpoint>, now: Timestamp, effects: &mut Effects) {
        if !self.wanted {
            return;
        }
        self.retry = None;
        let heads_there = |leg: &Leg| leg.endpoint.name == target.name && leg.endpoint.connect == target.connect;
        if self.next.as_ref().is_some_and(heads_there) {
            return;
        }
        if let Some(overtaken) = self.next.take() {
            effects.push(Effect::Disconnect { id: overtaken.id, reason: DisconnectReason::Replaced });
        }
        if self.current.as_ref().is_some_and(heads_there) {
            return;
        }
        if let Some(pointless) = self.current.take_if(|leg| matches!(leg.phase, Phase::Opening { .. })) {
            effects.push(Effect::Disconnect { id: pointless.id, reason: DisconnectReason::Replaced });
        }
        self.attempted = now;
        self.last_id += 1;
        let id = ConnectionId(self.last_id);
        effects.push(Effect::Connect { id, endpoint: target.clone() });
        let leg = Leg { id, endpoint: target.clone(), phase: Phase::Opening { deadline: now + target.health.check().timeout } };
        let place = if self.current.is_some() { &mut self.next } else { &mut self.current };
        *place = Some(leg);
    }

    /// The connection is open: it takes over. Returns its endpoint, or `None` for one that is not ours any more.
    pub(crate) fn opened(&mut self, id: ConnectionId, now: Timestamp, effects: &mut Effects) -> Option<&Arc<Endpoint>> {
        let is_next = self.next.as_ref().is_some_and(|leg| leg.id == id);
        if !is_next && !self.current.as_ref().is_some_and(|leg| leg.id == id && matches!(leg.phase, Phase::Opening { .. })) {
            return None;
        }
        effects.push(Effect::Promote { id });
        if is_next && let Some(old) = std::mem::replace(&mut self.current, self.next.take()) {
            effects.push(Effect::Disconnect { id: old.id, reason: DisconnectReason::Replaced });
        }
        self.refusals = 0;
        let leg = self.current.as_mut()?;
        leg.phase = Phase::Open { since: now };
        Some(&leg.endpoint)
    }

    /// The connection has closed, or did not open. `None` for one that is not ours any more.
    pub(crate) fn closed(&mut self, id: ConnectionId, now: Timestamp, retry: &Retry, random: &mut Random) -> Option<Closed> {
        let is = |leg: &Option<Leg>| leg.as_ref().is_some_and(|leg| leg.id == id);
        let leg = if is(&self.next) {
            self.next.take()
        } else if is(&self.current) {
            std::mem::replace(&mut self.current, self.next.take())
        } else {
            None
        }?;
        let was_open = match leg.phase {
            Phase::Open { since } => {
                if now - since > STABLE {
                    self.backoff.reset();
                }
                true
            }
            Phase::Opening { .. } => {
                self.refusals = self.refusals.saturating_add(1);
                false
            }
        };
        let another_opens = self.current.as_ref().is_some_and(|leg| matches!(leg.phase, Phase::Opening { .. }));
        self.retry = (!another_opens).then(|| now + self.backoff.wait(retry, random));
        Some(Closed { endpoint: leg.endpoint, was_open })
    }

    /// The endpoint of the connection that carries the app's messages, if it has this number.
    pub(crate) fn endpoint(&self, id: ConnectionId) -> Option<&Arc<Endpoint>> {
        self.current.as_ref().filter(|leg| leg.id == id).map(|leg| &leg.endpoint)
    }

    /// When something is to be done next.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        earliest(&[opening_deadline(self.next.as_ref()), opening_deadline(self.current.as_ref()), self.retry])
    }

    /// A connection that has not opened in time.
    pub(crate) fn overdue(&self, now: Timestamp) -> Option<ConnectionId> {
        let late = |leg: &&Leg| opening_deadline(Some(leg)).is_some_and(|deadline| deadline <= now);
        let leg = self.next.as_ref().filter(late).or_else(|| self.current.as_ref().filter(late));
        leg.map(|leg| leg.id)
    }

    /// Whether the time for the next attempt has come.
    pub(crate) fn retry_is_due(&self, now: Timestamp) -> bool {
        self.retry.is_some_and(|at| at <= now)
    }

    /// The network is back: an attempt that is waiting need not wait long, but the crowd that waits with it must not come all at once. How far
    /// the back-off has got is kept, and attempts keep their distance, for networks that flap.
    pub(crate) fn hurry(&mut self, now: Timestamp, retry: &Retry, spread: Millis, random: &mut Random) {
        let soon = (now + random.within(retry.initial.max(spread))).max(self.attempted + retry.initial);
        self.retry = self.retry.map(|at| if at > now { at.min(soon) } else { soon });
    }

    /// The device slept: what is opening gets its time again.
    pub(crate) fn extend(&mut self, now: Timestamp) {
        for leg in self.legs() {
            if let Some(Leg { phase: Phase::Opening { deadline }, endpoint, .. }) = leg {
                *deadline = now + endpoint.health.check().timeout;
            }
        }
    }

    fn legs(&mut self) -> [&mut Option<Leg>; 2] {
        [&mut self.next, &mut self.current]
    }
}

fn opening_deadline(leg: Option<&Leg>) -> Option<Timestamp> {
    match leg {
        Some(Leg { phase: Phase::Opening { deadline }, .. }) => Some(*deadline),
        _ => None,
    }
}

/// Whether a close code says that the server is going away for a while: going away, service restart, try again later.
pub(crate) fn announces_maintenance(code: Option<u16>) -> bool {
    matches!(code, Some(1001 | 1012 | 1013))
}

/// Whether a close code speaks against the server's health. Application codes (4xxx), normal closing, and complaints about the client do not.
pub(crate) fn blames_server(code: Option<u16>) -> bool {
    // RFC 6455, section 7.4.1, and the IANA registry of close codes: going away, abnormal, internal error, restart, try later, bad gateway, TLS.
    matches!(code, None | Some(1001 | 1006 | 1011..=1015))
}

#[cfg(test)]
#[cfg(feature = "url")]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn endpoint(name: &str) -> Arc<Endpoint> {
        Arc::new(Endpoint::new(name, "ws://a.example/".parse().unwrap(), "http://a.example/".parse().unwrap()))
    }

    fn names(effects: &mut Effects) -> Vec<String> {
        let name = |effect| match effect {
            Effect::Connect { id, endpoint } => format!("connect {} {}", id.0, endpoint.name),
            Effect::Promote { id } => format!("promote {}", id.0),
            Effect::Disconnect { id, reason } => format!("disconnect {} {reason}", id.0),
            other => format!("{other:?}"),
        };
        effects.drain(..).map(name).collect()
    }

    #[test]
    fn the_new_one_opens_before_the_old_one_closes() {
        let (mut connection, mut effects) = (Connection::default(), Effects::new());
        connection.follow(&endpoint("a"), NOW, &mut effects);
        assert!(names(&mut effects).is_empty(), "nobody asked for a connection");
        connection.want();
        connection.follow(&endpoint("a"), NOW, &mut effects);
        connection.opened(ConnectionId(1), NOW, &mut effects);
        connection.follow(&endpoint("b"), NOW, &mut effects);
        assert_eq!(names(&mut effects), ["connect 1 a", "promote 1", "connect 2 b"]);
        connection.opened(ConnectionId(2), NOW, &mut effects);
        assert_eq!(names(&mut effects), ["promote 2", "disconnect 1 replaced"]);
        assert!(connection.opened(ConnectionId(1), NOW, &mut effects).is_none());
    }

    #[test]
    fn changing_ones_mind_on_the_way_leaves_one_connection() {
        let (mut connection, mut effects) = (Connection::default(), Effects::new());
        connection.want();
        connection.follow(&endpoint("a"), NOW, &mut effects);
        connection.follow(&endpoint("b"), NOW, &mut effects);
        assert_eq!(names(&mut effects), ["connect 1 a", "disconnect 1 replaced", "connect 2 b"]);
        connection.opened(ConnectionId(2), NOW, &mut effects);
        connection.follow(&endpoint("a"), NOW, &mut effects);
        connection.follow(&endpoint("b"), NOW, &mut effects);
        assert_eq!(names(&mut effects), ["promote 2", "connect 3 a", "disconnect 3 replaced"]);
    }

    #[test]
    fn a_retry_that_has_lost_its_point_is_forgotten() {
        let (mut connection, mut effects) = (Connection::default(), Effects::new());
        connection.want();
        connection.follow(&endpoint("a"), NOW, &mut effects);
        connection.opened(ConnectionId(1), NOW, &mut effects);
        connection.follow(&endpoint("b"), NOW, &mut effects);
        connection.closed(ConnectionId(2), NOW, &Retry::default(), &mut Random::new(1));
        assert!(connection.due().is_some(), "the way to b is tried again");
        connection.follow(&endpoint("a"), NOW, &mut effects);
        assert_eq!(connection.due(), None, "a is where the connection is");
    }

    #[test]
    fn what_does_not_open_is_retried_ever_more_slowly() {
        let (mut connection, mut effects, mut random) = (Connection::default(), Effects::new(), Random::new(1));
        let retry = Retry::default();
        connection.want();
        let mut now = NOW;
        for round in 1..40 {
            connection.follow(&endpoint("a"), now, &mut effects);
            let closed = connection.closed(ConnectionId(round), now, &retry, &mut random).unwrap();
            assert!(!closed.was_open);
            now = connection.due().unwrap();
        }
        assert_eq!(connection.refusals(), 39);
        assert!(now - NOW > Millis::from_secs(120), "back-off reaches its cap: {now:?}");
    }

    #[test]
    fn a_network_that_flaps_does_not_defeat_the_back_off() {
        let (mut connection, mut effects, mut random) = (Connection::default(), Effects::new(), Random::new(1));
        let retry = Retry::default();
        connection.want();
        connection.follow(&endpoint("a"), NOW, &mut effects);
        let mut attempts = 1;
        for millis in (10..10_000).step_by(10) {
            let now = Timestamp::from_millis(millis);
            connection.closed(ConnectionId(attempts), now, &retry, &mut random);
            connection.hurry(now, &retry, Millis::ZERO, &mut random);
            if connection.retry_is_due(now) {
                connection.follow(&endpoint("a"), now, &mut effects);
                attempts += 1;
            }
        }
        assert!((2..=21).contains(&attempts), "{attempts} attempts in 10 s");
    }

    #[test]
    fn the_apps_own_close_codes_blame_nobody() {
        for code in [1000, 1002, 1005, 1008, 3000, 4000, 4999] {
            assert!(!blames_server(Some(code)), "{code}");
        }
        for code in [None, Some(1001), Some(1006), Some(1012), Some(1013)] {
            assert!(blames_server(code), "{code:?}");
        }
    }
}
