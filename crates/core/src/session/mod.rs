//! The app's connection: which socket carries it, when the next attempt is made, whether it has
//! fallen silent, and which endpoints can be connected to. It judges no server: it reports facts.

mod attempts;
pub(crate) mod backoff;
pub(crate) mod close_code;
mod connection;
pub(crate) mod idle;
pub(crate) mod reach;
mod timers;

pub(crate) use connection::Renewal;

use crate::base::time::{Millis, Timestamp};
use crate::config::{Endpoint, Retry};
use crate::engine::context::Context;
use crate::engine::roster::{Origin, rearrange};
use crate::protocol::effect::ConnectionId;
use close_code::is_about_client;
use connection::{Connection, Purpose};
use idle::IdleDetector;
use reach::{Reach, STABLE};

/// What has happened to the app's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionFact {
    /// A socket to this endpoint carries the app's messages from now on.
    Opened(usize),
    /// The socket for a planned move is open: the move can be committed.
    TrialOpened(usize),
    /// The socket for a planned move did not open, or did not last.
    TrialFailed(usize),
    /// The app's socket closed, or did not open.
    Closed { endpoint: usize, code: Option<u16>, end: End },
    /// The socket that was to replace the open one did not open.
    RenewalFailed { endpoint: usize, code: Option<u16> },
    /// The connection to this endpoint has been silent for longer than it ever is.
    Silent(usize),
    /// It has been silent for as long again.
    Dead,
}

/// How a socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It did not open.
    Refused,
    /// It opened, and broke off at once.
    Dropped,
    /// It had been open for a while.
    Broken,
}

/// The app's connection.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Connection,
    idle: IdleDetector,
    /// Of each endpoint, whether it can be connected to.
    reach: Vec<Reach>,
    retry_at: Option<Timestamp>,
    /// When the last attempt began.
    attempted_at: Timestamp,
    /// When the last message arrived or a socket opened.
    heard_at: Option<Timestamp>,
    /// A trial stands in the way of an attempt, which is made when the trial has failed.
    postponed: bool,
    /// The app, which has no socket, has asked for an attempt that has not been made yet.
    requested: bool,
}

impl Session {
    pub(crate) fn new(cx: &Context) -> Self {
        Self {
            connection: Connection::default(),
            idle: IdleDetector::default(),
            reach: vec![Reach::default(); cx.endpoints.len()],
            retry_at: None,
            attempted_at: Timestamp::default(),
            heard_at: None,
            postponed: false,
            requested: false,
        }
    }

    // What the app wants.

    pub(crate) fn want(&mut self) {
        self.connection.want();
    }

    pub(crate) fn unwant(&mut self, cx: &mut Context) {
        self.connection.unwant(cx);
        self.retry_at = None;
        self.postponed = false;
        self.requested = false;
        self.idle.pause();
    }

    /// The engine stops: everything is closed. What the app wants is kept for the next start.
    pub(crate) fn stop(&mut self, cx: &mut Context) {
        let wanted = self.connection.is_wanted();
        self.unwant(cx);
        if wanted {
            self.connection.want();
        }
    }

    pub(crate) const fn is_wanted(&self) -> bool {
        self.connection.is_wanted()
    }

    /// Whether the app wants a connection and has none.
    pub(crate) fn is_broken(&self) -> bool {
        self.connection.is_broken()
    }

    /// Whether the app wants a connection, and has none or one that may be dead.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.is_broken() || self.connection.is_presumed_dead()
    }

    /// The endpoint to which a socket is open that carries the app's messages.
    #[cfg(feature = "recovery")]
    pub(crate) fn open_endpoint(&self) -> Option<&Endpoint> {
        self.connection.open_endpoint().map(|open| &**open)
    }

    /// Whether a socket is open to this endpoint that carries the app's messages.
    pub(crate) fn is_open_to(&self, endpoint: &Endpoint) -> bool {
        self.connection.open_endpoint().is_some_and(|open| open.name == endpoint.name)
    }

    /// The endpoint to which a socket is open that has lasted, and nothing speaks against it.
    pub(crate) fn lasts_to(&self, cx: &Context) -> Option<usize> {
        let index = cx.index_of(&self.connection.open_endpoint()?.name)?;
        self.connection.has_lasted(&cx.endpoints[index], cx.now).then_some(index)
    }

    /// Whether messages arrive from this endpoint as often as they are used to.
    pub(crate) fn is_talking(&self, endpoint: &Endpoint, now: Timestamp) -> bool {
        self.is_open_to(endpoint) && self.idle.is_talking(now)
    }

    /// When the last message arrived or a socket opened.
    pub(crate) const fn last_message(&self) -> Option<Timestamp> {
        self.heard_at
    }

    pub(crate) fn reach(&self, index: usize) -> &Reach {
        &self.reach[index]
    }

    /// Whether the app wants a connection, and attempts to connect to this endpoint failed.
    pub(crate) fn is_unreachable(&self, cx: &Context, index: usize) -> bool {
        self.is_wanted() && self.reach[index].is_unreachable(cx.config.failure_threshold)
    }

    // Sockets that are to be opened.

    /// Sees to it that a socket to the active endpoint is open or opening.
    pub(crate) fn follow(&mut self, cx: &mut Context, index: usize) -> Option<SessionFact> {
        if !self.is_wanted() {
            return None;
        }
        let waiting = self.retry_at.take();
        self.postponed = false;
        self.attempted_at = cx.now;
        let target = cx.endpoints[index].clone();
        let opened = self.connection.follow(cx, &target);
        if opened {
            self.begin_listening(cx.now);
        }
        if self.connection.is_to_be_renewed()
            && self.is_open_to(&target)
            && !self.connection.is_opening_for(Purpose::Renew)
        {
            self.retry_at = waiting.or(Some(cx.now));
        }
        opened.then_some(SessionFact::Opened(index))
    }

    /// Another socket carries the app's messages from now on.
    fn begin_listening(&mut self, now: Timestamp) {
        self.idle.pause();
        self.heard_at = Some(now);
    }

    /// As [`Session::follow`], for an endpoint that stays the active one: attempts of an outage may
    /// have led elsewhere. Without any socket, the attempt that waits is made in its time.
    pub(crate) fn come_back(&mut self, cx: &mut Context, index: usize) -> Option<SessionFact> {
        if self.connection.leads_away_from(&cx.endpoints[index]) {
            self.follow(cx, index)
        } else {
            None
        }
    }

    /// Makes the attempt that is due.
    pub(crate) fn attempt(&mut self, cx: &mut Context, index: usize) {
        self.retry_at = None;
        self.requested = false;
        self.attempted_at = cx.now;
        let target = cx.endpoints[index].clone();
        let made = self.connection.attempt(cx, &target);
        self.postponed = !made && self.is_trying();
    }

    /// Opens a second socket to an endpoint that becomes the active one if it opens. False if none
    /// is needed: the app's messages still come from there.
    pub(crate) fn try_out(&mut self, cx: &mut Context, index: usize) -> bool {
        let target = cx.endpoints[index].clone();
        let needed = !self.connection.has_lasted(&target, cx.now);
        if needed {
            self.postponed = self.connection.try_out(cx, &target);
        }
        needed
    }

    /// Whether the app has asked for another socket, and no attempt at one has been made in vain.
    pub(crate) fn is_attempt_requested(&self, index: usize) -> bool {
        let renews = self.connection.is_renewal_requested() && self.reach[index].failures() == 0;
        self.requested || renews
    }

    pub(crate) fn is_trying(&self) -> bool {
        self.connection.is_opening_for(Purpose::Trial)
    }

    /// Whether a second socket is opening because another endpoint has become the active one.
    pub(crate) fn is_following(&self) -> bool {
        self.connection.is_opening_for(Purpose::Follow)
    }

    pub(crate) fn abandon_trial(&mut self, cx: &mut Context) {
        self.connection.abandon_trial(cx);
        self.make_up_for_trial(cx.now);
    }

    /// The open socket may be dead, or the app wants another one. Without an open one, or where one
    /// is to replace it already, the attempt that waits is made soon.
    pub(crate) fn renew(&mut self, cx: &mut Context, renewal: Renewal) {
        let pending = self.connection.is_to_be_renewed();
        if self.connection.renew(renewal) && !pending {
            self.retry_at = Some(cx.now);
        } else {
            self.requested |= renewal == Renewal::Requested && self.is_broken();
            self.hurry(cx, Millis::ZERO);
        }
    }

    /// The open socket, if there is one, has outlived a sleep or its network.
    pub(crate) fn renew_open(&mut self, cx: &mut Context) {
        if self.connection.renew(Renewal::Presumed) {
            self.retry_at = Some(cx.now);
        }
    }

    // What sockets do.

    pub(crate) fn opened(&mut self, cx: &mut Context, id: ConnectionId) -> Option<SessionFact> {
        let target = self.connection.target(id)?.name.clone();
        let place = cx.index_of(&target);
        let lasts = place.is_none_or(|index| self.reach[index].failures() == 0);
        let opened = self.connection.opened(cx, id, lasts)?;
        let index = cx.index_of(&opened.endpoint.name)?;
        if !opened.promoted {
            return None;
        }
        if opened.purpose == Some(Purpose::Renew) {
            self.idle.take_over(cx.now);
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

    pub(crate) fn closed(
        &mut self,
        cx: &mut Context,
        id: ConnectionId,
        code: Option<u16>,
        retry: &Retry,
    ) -> Option<SessionFact> {
        let closed = self.connection.closed(id)?;
        let index = cx.index_of(&closed.endpoint.name);
        // One that closes at once, and not by the app's own word, is as good as none.
        let lasted = closed.open_since.map(|since| cx.now - since);
        let broke_off = |lasted: Millis| lasted <= STABLE && !is_about_client(code);
        let failed = lasted.is_none_or(broke_off);
        let mut next = cx.now + retry.initial;
        if let Some(reach) = index.map(|index| &mut self.reach[index]) {
            if let Some(since) = closed.open_since.filter(|since| cx.now - *since > STABLE) {
                reach.lasted(since, cx.now);
            }
            next = if failed {
                reach.failed(cx.now, retry, &mut cx.random)
            } else {
                reach.wait(cx.now, retry, &mut cx.random)
            };
        }
        if closed.purpose == Some(Purpose::Trial) {
            self.make_up_for_trial(next);
            return index.map(SessionFact::TrialFailed);
        }
        if closed.purpose.is_none() {
            self.idle.pause();
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

    /// Something has arrived on a socket: the endpoint that it came from, if the socket is ours.
    pub(crate) fn heard(&mut self, cx: &mut Context, id: ConnectionId) -> Option<usize> {
        let name = self.connection.endpoint(id)?.name.clone();
        self.idle.heard(cx.now);
        self.heard_at = Some(cx.now);
        // An attempt that waits may lead to another endpoint: it stays.
        self.connection.refute_renewal(cx);
        cx.index_of(&name)
    }

    /// The endpoint of the socket of this number, if it carries the app's messages.
    pub(crate) fn endpoint(&self, cx: &Context, id: ConnectionId) -> Option<usize> {
        cx.index_of(&self.connection.endpoint(id)?.name)
    }

    // What is known of the endpoints.

    /// The endpoint's checks pass again.
    pub(crate) fn recovered(&mut self, index: usize) {
        self.reach[index].recovered();
    }

    /// The last attempt failed while the endpoint's checks passed.
    pub(crate) fn hold(&mut self, index: usize) {
        self.reach[index].hold();
    }

    /// The network was to blame: attempts that failed say nothing.
    pub(crate) fn reset_failures(&mut self) {
        self.reach.iter_mut().for_each(Reach::reset_failures);
    }

    /// The endpoints are others.
    pub(crate) fn replace(&mut self, origins: &[Origin]) {
        rearrange(&mut self.reach, origins, |_| Reach::default());
        for (reach, origin) in self.reach.iter_mut().zip(origins) {
            if !origin.same_host {
                *reach = Reach::default();
            }
        }
    }
}

#[cfg(test)]
#[cfg(feature = "url")]
mod tests;
