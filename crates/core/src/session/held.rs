//! One socket that the app holds: which connection carries it, when the next attempt is made, and
//! whether it has fallen silent.

use super::answers::AnswerDetector;
use super::backoff::Backoff;
use super::close_code::is_about_client;
use super::connection::{Connection, Purpose, Renewal, Target};
use super::idle::IdleDetector;
use super::reach::{Reach, STABLE};
use super::{End, SessionFact};
use crate::base::time::{Millis, Timestamp};
use crate::config::{Endpoint, Retry};
use crate::engine::context::Context;
use crate::engine::roster::{Origin, rearrange_hosts};
use crate::protocol::effect::{ConnectionId, SocketId};

/// Connections that are taken for dead within less than this follow closely on each other.
const OFTEN: Millis = Millis::from_secs(60);

/// One socket that the app holds.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) id: SocketId,
    pub(super) connection: Connection,
    pub(super) idle: IdleDetector,
    pub(super) answers: AnswerDetector,
    /// How far the waits between attempts have got, for each endpoint.
    backoffs: Vec<Backoff>,
    pub(super) retry_at: Option<Timestamp>,
    /// When the last attempt began.
    pub(super) attempted_at: Timestamp,
    /// When the last message arrived or a connection opened.
    pub(super) heard_at: Option<Timestamp>,
    /// When the open connection was last taken for dead, and how far the waits have got before another
    /// one is opened that follows closely on such a one.
    presumed: Option<(Timestamp, Backoff)>,
    /// A trial stands in the way of an attempt, which is made when the trial has failed.
    pub(super) postponed: bool,
    /// The app has asked for an attempt while no connection was open, and it has not been made yet.
    pub(super) requested: bool,
}

impl Held {
    pub(super) fn new(cx: &Context, id: SocketId) -> Self {
        Self {
            id,
            connection: Connection::new(id),
            idle: IdleDetector::default(),
            answers: AnswerDetector::default(),
            backoffs: vec![Backoff::default(); cx.endpoints.len()],
            retry_at: None,
            attempted_at: Timestamp::default(),
            heard_at: None,
            presumed: None,
            postponed: false,
            requested: false,
        }
    }

    /// Closes its connections. The app holds it still.
    pub(super) fn close(&mut self, cx: &mut Context) {
        self.connection.close(cx);
        self.retry_at = None;
        self.postponed = false;
        self.requested = false;
        self.expect_nothing();
    }

    /// Whether no connection is open, or one that may be dead.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.connection.is_broken() || self.connection.is_presumed_dead()
    }

    /// Whether a connection to this endpoint is open that carries the app's messages.
    pub(super) fn is_open_to(&self, endpoint: &Endpoint) -> bool {
        self.connection.open_endpoint().is_some_and(|open| open.name == endpoint.name)
    }

    /// The endpoint to which a connection is open that has lasted, and nothing speaks against it.
    pub(super) fn lasts_to(&self, cx: &Context) -> Option<usize> {
        let index = cx.index_of(&self.connection.open_endpoint()?.name)?;
        self.connection.has_lasted(&cx.endpoints[index], cx.now).then_some(index)
    }

    /// Sees to it that a connection to the active endpoint is open or opening.
    pub(super) fn follow(
        &mut self,
        cx: &mut Context,
        index: usize,
        reach: &Reach,
    ) -> Option<SessionFact> {
        let waiting = self.retry_at.take();
        self.postponed = false;
        self.attempted_at = cx.now;
        let target = target(cx, index, reach);
        let opened = self.connection.follow(cx, &target);
        if opened {
            self.begin_listening(cx.now);
        }
        if self.connection.is_to_be_renewed()
            && self.is_open_to(&target.endpoint)
            && !self.connection.is_opening_for(Purpose::Renew)
        {
            self.retry_at = waiting.or(Some(cx.now));
        }
        opened.then_some(SessionFact::Opened(index))
    }

    /// Another connection carries the app's messages from now on.
    fn begin_listening(&mut self, now: Timestamp) {
        self.expect_nothing();
        self.heard_at = Some(now);
    }

    /// No silence means anything until something is sent or arrives on the connection there is now.
    pub(super) fn expect_nothing(&mut self) {
        self.idle.pause();
        self.answers.begin(self.connection.open_endpoint());
    }

    /// Makes the attempt that is due.
    pub(super) fn attempt(&mut self, cx: &mut Context, index: usize, reach: &Reach) {
        self.retry_at = None;
        self.requested = false;
        self.attempted_at = cx.now;
        let target = target(cx, index, reach);
        let made = self.connection.attempt(cx, &target);
        self.postponed = !made && self.connection.is_opening_for(Purpose::Trial);
    }

    /// Opens a second connection to an endpoint that becomes the active one if it opens.
    pub(super) fn try_out(&mut self, cx: &mut Context, index: usize, reach: &Reach) {
        let target = target(cx, index, reach);
        self.postponed = self.connection.try_out(cx, &target);
    }

    pub(super) fn abandon_trial(&mut self, cx: &mut Context) {
        self.connection.abandon_trial(cx);
        self.make_up_for_trial(cx.now);
    }

    /// Whether the app has asked for another connection, and no attempt at one was made in vain.
    pub(super) fn is_attempt_requested(&self, reach: &Reach) -> bool {
        let renews = self.connection.is_renewal_requested() && reach.failures() == 0;
        self.requested || renews
    }

    /// The open connection may be dead, or the app wants another one. Without an open one, or where
    /// one is to replace it already, the attempt that waits is made soon, unless it waits for what may
    /// still arrive.
    pub(super) fn renew(&mut self, cx: &mut Context, renewal: Renewal) {
        let pending = self.connection.is_to_be_renewed();
        if self.connection.renew(renewal) && !pending {
            let presumed = renewal == Renewal::Presumed;
            let wait = if presumed { self.presume(cx) } else { Millis::ZERO };
            self.retry_at = Some(cx.now + wait);
        } else {
            let requested = renewal == Renewal::Requested;
            self.requested |= requested && self.connection.is_broken();
            let tried = self.presumed.is_none_or(|(at, _)| self.attempted_at >= at);
            if requested || tried {
                self.hurry(cx, Millis::ZERO);
            }
        }
    }

    /// The open connection is taken for dead: how long that may still be refuted. Where one after the
    /// other is, the network may be slow only, and each new connection makes it slower.
    fn presume(&mut self, cx: &mut Context) -> Millis {
        let again = self.presumed.filter(|(at, _)| cx.now - *at < OFTEN);
        let mut backoff = again.map_or_else(Backoff::default, |(_, backoff)| backoff);
        let wait = again.map(|_| backoff.wait(&cx.config.retry, &mut cx.random));
        self.presumed = Some((cx.now, backoff));
        wait.unwrap_or_default()
    }

    /// The open connection, if there is one, has outlived a sleep or its network.
    pub(super) fn renew_open(&mut self, now: Timestamp) {
        if self.connection.renew(Renewal::Presumed) {
            self.retry_at = Some(now);
        }
    }

    /// One of its connections is open. `None` if nothing follows from it for the others.
    pub(super) fn opened(
        &mut self,
        cx: &mut Context,
        id: ConnectionId,
        reach: &mut [Reach],
    ) -> Option<SessionFact> {
        let target = self.connection.target(id)?.name.clone();
        let place = cx.index_of(&target);
        let lasts = place.is_none_or(|index| {
            // Without a health check, a connection is all that shows that an endpoint works.
            let shows = !cx.endpoints[index].is_checked() && !reach[index].is_unreachable(None);
            reach[index].failures() == 0 || shows
        });
        let opened = self.connection.opened(cx, id, lasts)?;
        let index = cx.index_of(&opened.endpoint.name)?;
        reach[index].opened(opened.took);
        if !opened.promoted {
            return None;
        }
        if opened.purpose == Some(Purpose::Renew) {
            self.idle.take_over(cx.now);
            self.answers.pause();
            self.heard_at = Some(cx.now);
        } else {
            self.begin_listening(cx.now);
        }
        Some(if opened.purpose == Some(Purpose::Trial) {
            SessionFact::TrialOpened(index)
        } else {
            SessionFact::Opened(index)
        })
    }

    /// One of its connections has closed, or did not open.
    pub(super) fn closed(
        &mut self,
        cx: &mut Context,
        id: ConnectionId,
        code: Option<u16>,
        retry: &Retry,
        reach: &mut [Reach],
    ) -> Option<SessionFact> {
        let closed = self.connection.closed(id)?;
        let index = cx.index_of(&closed.endpoint.name);
        let lasted = closed.open_since.map(|since| cx.now - since);
        let mut next = cx.now + retry.initial;
        if let Some(index) = index {
            let reach = &mut reach[index];
            if let Some(since) = closed.open_since.filter(|since| cx.now - *since > STABLE)
                && reach.lasted(since, cx.now)
            {
                self.backoffs[index].reset();
            }
            // One that closes at once, and not by the app's own word, is as good as none.
            if lasted.is_none_or(|lasted| lasted <= STABLE) {
                if is_about_client(code) {
                    reach.excused();
                } else {
                    reach.failed(closed.began, cx.now);
                }
            }
            next = cx.now + self.backoffs[index].wait(retry, &mut cx.random);
            reach.wait_until(closed.began, next);
        }
        if closed.purpose == Some(Purpose::Trial) {
            self.make_up_for_trial(next);
            return index.map(|endpoint| SessionFact::TrialFailed { endpoint, code });
        }
        if closed.purpose.is_none() {
            self.expect_nothing();
        }
        // What is still being opened beside one that follows the active endpoint leads elsewhere.
        if closed.purpose == Some(Purpose::Follow) || !self.connection.is_opening() {
            self.retry_at = Some(next);
        }
        let endpoint = index?;
        let end = match lasted {
            None => End::Refused,
            Some(lasted) if lasted <= STABLE => End::Dropped,
            Some(_) => End::Broken,
        };
        Some(match closed.purpose {
            Some(Purpose::Renew) => SessionFact::RenewalFailed { endpoint, code },
            _ => SessionFact::Closed { endpoint, code, end },
        })
    }

    /// Something has arrived on the connection of this number: the place of the endpoint that it came
    /// from, if the connection is the one that carries the app's messages.
    pub(super) fn heard(&mut self, cx: &mut Context, id: ConnectionId) -> Option<usize> {
        let name = self.connection.endpoint(id)?.name.clone();
        if self.answers.heard(cx.now) {
            self.idle.answered(cx.now);
        } else {
            self.idle.heard(cx.now);
        }
        self.heard_at = Some(cx.now);
        // An attempt that waits may lead to another endpoint: it stays.
        self.connection.refute_renewal(cx);
        cx.index_of(&name)
    }

    /// An endpoint's connection has lasted.
    pub(super) fn reset_backoff(&mut self, index: usize) {
        self.backoffs[index].reset();
    }

    /// The endpoints are others.
    pub(super) fn replace(&mut self, origins: &[Origin]) {
        rearrange_hosts(&mut self.backoffs, origins);
    }
}

/// The way to an endpoint. Without a health check, an attempt that takes much longer than usual is all
/// that shows that it hangs.
fn target(cx: &Context, index: usize, reach: &Reach) -> Target {
    let (endpoint, limit) = (cx.endpoints[index].clone(), cx.config.connect_timeout);
    let within = if endpoint.is_checked() { limit } else { reach.patience(limit) };
    Target { endpoint, within }
}
