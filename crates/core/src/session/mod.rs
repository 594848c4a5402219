//! The sockets that the app holds: which connection carries each, when the next attempt is made,
//! whether one has fallen silent, and which endpoints can be connected to. It judges no server: it
//! reports facts.

mod answers;
mod attempts;
pub(crate) mod backoff;
pub(crate) mod close_code;
mod connection;
mod held;
pub(crate) mod idle;
pub(crate) mod reach;
pub(crate) mod rules;
mod timers;

pub(crate) use connection::{Late, Renewal};

use crate::base::time::{Millis, Timestamp};
use crate::config::{Endpoint, Retry};
use crate::engine::context::Context;
use crate::engine::roster::{Origin, rearrange_hosts};
use crate::protocol::effect::{ConnectionId, DisconnectReason, Effect, SocketId};
use connection::Purpose;
use held::Held;
use reach::Reach;

/// What has happened to a socket of the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionFact {
    /// A connection to this endpoint carries the app's messages from now on.
    Opened(usize),
    /// The connection for a planned move is open: the move can be committed.
    TrialOpened(usize),
    /// The connection for a planned move did not open, or did not last.
    TrialFailed { endpoint: usize, code: Option<u16> },
    /// The connection closed, or did not open.
    Closed { endpoint: usize, code: Option<u16>, end: End },
    /// The connection that was to replace the open one did not open.
    RenewalFailed { endpoint: usize, code: Option<u16> },
    /// The connection to this endpoint has been silent for longer than it ever is.
    Silent(usize),
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// It did not open.
    Refused,
    /// It opened, and broke off at once.
    Dropped,
    /// It had been open for a while.
    Broken,
}

/// The sockets that the app holds.
#[derive(Debug)]
pub(crate) struct Session {
    sockets: Vec<Held>,
    /// Of each endpoint, whether it can be connected to.
    reach: Vec<Reach>,
}

impl Session {
    pub(crate) fn new(cx: &Context) -> Self {
        Self { sockets: Vec::new(), reach: vec![Reach::default(); cx.endpoints.len()] }
    }

    // What the app wants.

    /// The app holds a socket of this number from now on.
    pub(crate) fn hold(&mut self, cx: &Context, id: SocketId) {
        if !self.sockets.iter().any(|held| held.id == id) {
            self.sockets.push(Held::new(cx, id));
        }
    }

    /// The app holds it no more.
    pub(crate) fn let_go(&mut self, cx: &mut Context, id: SocketId) {
        if let Some(place) = self.sockets.iter().position(|held| held.id == id) {
            self.sockets.remove(place).close(cx);
        }
    }

    /// The engine stops: everything is closed. What the app holds is kept for the next start.
    pub(crate) fn stop(&mut self, cx: &mut Context) {
        self.sockets.iter_mut().for_each(|held| held.close(cx));
    }

    /// Whether the app holds a socket.
    pub(crate) const fn is_wanted(&self) -> bool {
        !self.sockets.is_empty()
    }

    // How its sockets are.

    /// Whether a socket of the app has no open connection.
    pub(crate) fn is_broken(&self) -> bool {
        self.sockets.iter().any(|held| held.connection.is_broken())
    }

    /// Whether a socket of the app has no open connection, or one that may be dead.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.sockets.iter().any(Held::is_in_doubt)
    }

    /// Whether a connection to this endpoint is open that carries messages of the app.
    pub(crate) fn is_open_to(&self, endpoint: &Endpoint) -> bool {
        self.sockets.iter().any(|held| held.is_open_to(endpoint))
    }

    /// Whether one is open to it that is not presumed to be dead.
    pub(crate) fn is_alive_to(&self, endpoint: &Endpoint) -> bool {
        self.sockets.iter().any(|held| held.is_open_to(endpoint) && !held.is_in_doubt())
    }

    /// Whether a connection is open to another endpoint, and none to this.
    #[cfg(feature = "recovery")]
    pub(crate) fn is_open_elsewhere(&self, endpoint: &Endpoint) -> bool {
        let open = |held: &Held| !held.connection.is_broken();
        !self.is_open_to(endpoint) && self.sockets.iter().any(open)
    }

    /// The endpoint to which a connection is open that has lasted, and nothing speaks against it.
    pub(crate) fn lasts_to(&self, cx: &Context) -> Option<usize> {
        self.sockets.iter().find_map(|held| held.lasts_to(cx))
    }

    /// Whether messages arrive from this endpoint as often as they are used to.
    pub(crate) fn is_talking(&self, endpoint: &Endpoint, now: Timestamp) -> bool {
        self.sockets.iter().any(|held| held.is_open_to(endpoint) && held.idle.is_talking(now))
    }

    /// When the last message arrived or a connection opened.
    pub(crate) fn last_message(&self) -> Option<Timestamp> {
        self.sockets.iter().filter_map(|held| held.heard_at).max()
    }

    pub(crate) fn reach(&self, index: usize) -> &Reach {
        &self.reach[index]
    }

    /// Whether the app holds a socket, and attempts to connect to this endpoint failed.
    pub(crate) fn is_unreachable(&self, cx: &Context, index: usize) -> bool {
        self.is_wanted() && self.reach[index].is_unreachable(cx.config.failure_threshold)
    }

    pub(crate) fn is_trying(&self) -> bool {
        self.sockets.iter().any(|held| held.connection.is_opening_for(Purpose::Trial))
    }

    /// Whether a second connection is opening because another endpoint has become the active one.
    pub(crate) fn is_following(&self) -> bool {
        self.sockets.iter().any(|held| held.connection.is_opening_for(Purpose::Follow))
    }

    // Connections that are to be opened.

    /// Sees to it that a connection to the active endpoint is open or opening for each socket.
    pub(crate) fn follow(&mut self, cx: &mut Context, index: usize) -> Vec<SessionFact> {
        let reach = &self.reach[index];
        self.sockets.iter_mut().filter_map(|held| held.follow(cx, index, reach)).collect()
    }

    /// As [`Session::follow`], for one socket: the others keep their attempts, waits and trials.
    pub(crate) fn lead(
        &mut self,
        cx: &mut Context,
        id: SocketId,
        index: usize,
    ) -> Option<SessionFact> {
        let held = self.sockets.iter_mut().find(|held| held.id == id)?;
        held.follow(cx, index, &self.reach[index])
    }

    /// As [`Session::follow`], for an endpoint that stays the active one: attempts of an outage may
    /// have led elsewhere. Without any connection, the attempt that waits is made in its time.
    pub(crate) fn come_back(&mut self, cx: &mut Context, index: usize) -> Vec<SessionFact> {
        let target = cx.endpoints[index].clone();
        let away = self.sockets.iter_mut().filter(|held| held.connection.leads_away_from(&target));
        away.filter_map(|held| held.follow(cx, index, &self.reach[index])).collect()
    }

    /// Makes the attempts that are due. While the server asks to be left alone (`rests_until`), one
    /// is made only if the app has asked for it, and once.
    pub(crate) fn attempt(
        &mut self,
        cx: &mut Context,
        index: usize,
        rests_until: Option<Timestamp>,
    ) {
        let reach = &self.reach[index];
        let now = cx.now;
        for held in self.sockets.iter_mut().filter(|held| held.retry_is_due(now)) {
            match rests_until.filter(|_| !held.is_attempt_requested(reach)) {
                Some(at) => held.retry_at = Some(at),
                None => held.attempt(cx, index, reach),
            }
        }
    }

    /// Opens a second connection to an endpoint that becomes the active one if it opens, for the
    /// socket that needs it most. False if none is needed: messages still come from there.
    pub(crate) fn try_out(&mut self, cx: &mut Context, index: usize) -> bool {
        let target = &cx.endpoints[index];
        let needed = !self.sockets.iter().any(|held| held.connection.has_lasted(target, cx.now));
        let neediest = self.sockets.iter_mut().min_by_key(|held| !held.is_in_doubt());
        if let Some(held) = neediest.filter(|_| needed) {
            held.try_out(cx, index, &self.reach[index]);
        }
        needed
    }

    pub(crate) fn abandon_trial(&mut self, cx: &mut Context) {
        self.sockets.iter_mut().for_each(|held| held.abandon_trial(cx));
    }

    /// The app wants another connection for a socket, or for each.
    pub(crate) fn renew(&mut self, cx: &mut Context, id: Option<SocketId>) {
        for held in self.sockets.iter_mut().filter(|held| id.is_none_or(|id| held.id == id)) {
            held.renew(cx, Renewal::Requested);
        }
    }

    /// The open connections have outlived a sleep or their network.
    pub(crate) fn renew_open(&mut self, cx: &Context) {
        self.sockets.iter_mut().for_each(|held| held.renew_open(cx.now));
    }

    // What connections do.

    /// The app is asked for something that a connection needs, or prepares it. What it takes is
    /// held against no server.
    pub(crate) fn await_app(&mut self, cx: &Context, id: ConnectionId) {
        let within = cx.config.connect_timeout;
        self.sockets.iter_mut().for_each(|held| held.connection.await_app(id, cx.now, within));
    }

    /// A connection is opened now that the app has answered.
    pub(crate) fn begin(&mut self, now: Timestamp, id: ConnectionId) {
        self.sockets.iter_mut().for_each(|held| held.connection.begin(id, now));
    }

    pub(crate) fn opened(&mut self, cx: &mut Context, id: ConnectionId) -> Option<SessionFact> {
        self.sockets.iter_mut().find_map(|held| held.opened(cx, id, &mut self.reach))
    }

    pub(crate) fn closed(
        &mut self,
        cx: &mut Context,
        id: ConnectionId,
        code: Option<u16>,
        retry: &Retry,
    ) -> Option<SessionFact> {
        self.sockets.iter_mut().find_map(|held| held.closed(cx, id, code, retry, &mut self.reach))
    }

    /// Something has arrived on a connection: the endpoint that it came from, if the connection
    /// carries messages of the app.
    pub(crate) fn heard(&mut self, cx: &mut Context, id: ConnectionId) -> Option<usize> {
        self.sockets.iter_mut().find_map(|held| held.heard(cx, id))
    }

    /// Something was sent on a connection that carries messages of the app.
    pub(crate) fn sent(&mut self, now: Timestamp, id: ConnectionId) {
        let mut sockets = self.sockets.iter_mut();
        if let Some(held) = sockets.find(|held| held.connection.endpoint(id).is_some()) {
            held.answers.sent(now);
            held.idle.sent(now);
        }
    }

    /// Something was due on a connection and did not arrive: the endpoint of the connection, if that
    /// carries messages of the app. It may be dead.
    pub(crate) fn missed(&mut self, cx: &mut Context, id: ConnectionId) -> Option<usize> {
        let carries = |held: &&mut Held| held.connection.endpoint(id).is_some();
        let held = self.sockets.iter_mut().find(carries)?;
        let index = cx.index_of(&held.connection.endpoint(id)?.name);
        held.renew(cx, Renewal::Presumed);
        index
    }

    // What the passing of time does.

    /// When something is to be done; `attempts` says whether any are made at present.
    pub(crate) fn due(&self, cx: &Context, attempts: bool) -> Option<Timestamp> {
        self.sockets.iter().filter_map(|held| held.due(cx, attempts, &self.reach)).min()
    }

    /// When the next message or answer is overdue.
    pub(crate) fn idle_due(&self) -> Option<Timestamp> {
        self.sockets.iter().filter_map(Held::idle_due).min()
    }

    /// A connection that has not opened in time, and whose doing that is; it is given up.
    pub(crate) fn overdue(&self, cx: &mut Context) -> Option<(ConnectionId, Late)> {
        let late = self.sockets.iter().find_map(|held| held.connection.overdue(cx.now))?;
        let reason = DisconnectReason::Timeout;
        cx.push(Effect::Disconnect { id: late.0, reason });
        Some(late)
    }

    /// Takes notice of the messages and answers that have just become overdue.
    pub(crate) fn notice_silence(&mut self, cx: &mut Context) -> Vec<SessionFact> {
        self.sockets.iter_mut().filter_map(|held| held.notice_silence(cx)).collect()
    }

    /// Takes in that connections have lasted.
    pub(crate) fn lasted(&mut self, cx: &mut Context) -> Vec<SessionFact> {
        let reach = &mut self.reach;
        self.sockets.iter_mut().filter_map(|held| held.lasted(cx, reach)).collect()
    }

    /// Whether the time for an attempt has come.
    pub(crate) fn retry_is_due(&self, now: Timestamp) -> bool {
        self.sockets.iter().any(|held| held.retry_is_due(now))
    }

    /// Attempts are made by this moment, unless they are under way.
    pub(crate) fn retry_by(&mut self, at: Timestamp) {
        self.sockets.iter_mut().for_each(|held| held.retry_by(at));
    }

    /// Attempts that wait need not wait long.
    pub(crate) fn hurry(&mut self, cx: &mut Context, spread: Millis) {
        // What was put off in the background waits no longer than in the foreground.
        let until = cx.now + cx.config.retry.max;
        self.reach.iter_mut().for_each(|reach| reach.wait_at_most(until));
        self.sockets.iter_mut().for_each(|held| held.hurry(cx, spread));
    }

    /// As [`Session::hurry`], where a crowd has waited for the same moment.
    pub(crate) fn hurry_in_a_crowd(&mut self, cx: &mut Context, spread: Millis) {
        self.sockets.iter_mut().for_each(|held| held.hurry_in_a_crowd(cx, spread));
    }

    /// Nobody could have heard anything until now.
    pub(crate) fn awake(&mut self, cx: &Context) {
        self.sockets.iter_mut().for_each(|held| held.awake(cx.now));
    }

    // What is known of the endpoints.

    /// The endpoint's checks pass again.
    pub(crate) fn recovered(&mut self, index: usize) {
        self.reach[index].recovered();
    }

    /// The last attempt failed while the endpoint's checks passed.
    pub(crate) fn failed_despite_checks(&mut self, index: usize) {
        self.reach[index].hold();
    }

    /// The network was to blame: attempts that failed say nothing.
    pub(crate) fn reset_failures(&mut self) {
        self.reach.iter_mut().for_each(Reach::reset_failures);
    }

    /// The endpoints are others.
    pub(crate) fn replace(&mut self, origins: &[Origin]) {
        rearrange_hosts(&mut self.reach, origins);
        self.sockets.iter_mut().for_each(|held| held.replace(origins));
    }
}

#[cfg(test)]
#[cfg(feature = "url")]
mod tests;
