//! The connections that carry one socket of the app: moves it by opening the new one before the
//! old one closes.
//!
//! Messages never pass through here.

mod socket;

pub(crate) use socket::Late;

use crate::base::time::{Millis, Timestamp, earliest};
use crate::config::Endpoint;
use crate::engine::context::Context;
use crate::protocol::effect::{ConnectionId, DisconnectReason, Effect, SocketId};
use crate::session::reach::STABLE;
use socket::{Closed, Socket};
use std::sync::Arc;

/// What carries a socket that the app holds.
#[derive(Debug)]
pub(crate) struct Connection {
    id: SocketId,
    current: Option<Socket>,
    /// Opening, to take over from `current`.
    candidate: Option<Candidate>,
    renewal: Option<Renewal>,
}

/// A socket that is to take over.
#[derive(Debug)]
struct Candidate {
    socket: Socket,
    purpose: Purpose,
}

/// Why a second socket is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Another endpoint is the active one.
    Follow,
    /// Another endpoint becomes the active one if this socket opens.
    Trial,
    /// The open socket may be dead.
    Renew,
}

/// Why the open socket is to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// It may be dead; a message shows the contrary.
    Presumed,
    /// The app wants it.
    Requested,
    /// The app wants it, and it may be dead.
    RequestedAndPresumed,
}

impl Renewal {
    /// Both reasons together.
    fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::RequestedAndPresumed }
    }

    /// What is left of it when a message has arrived.
    fn refuted(self) -> Option<Self> {
        (self != Self::Presumed).then_some(Self::Requested)
    }
}

/// Where a connection is to lead.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) endpoint: Arc<Endpoint>,
    /// How long the server may take to open it.
    pub(crate) within: Millis,
}

/// A socket that has opened.
pub(crate) struct Opened {
    /// How long the server took.
    pub(crate) took: Millis,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) purpose: Option<Purpose>,
    /// It carries the app's messages from now on.
    pub(crate) promoted: bool,
}

impl Connection {
    pub(crate) const fn new(id: SocketId) -> Self {
        Self { id, current: None, candidate: None, renewal: None }
    }

    /// Closes everything.
    pub(crate) fn close(&mut self, cx: &mut Context) {
        self.renewal = None;
        self.drop_candidate(cx, DisconnectReason::Stopped);
        if let Some(Socket { id, .. }) = self.current.take() {
            cx.push(Effect::Disconnect { id, reason: DisconnectReason::Stopped });
        }
    }

    /// Whether none is open.
    pub(crate) fn is_broken(&self) -> bool {
        self.open_endpoint().is_none()
    }

    /// The endpoint to which a socket is open that carries the app's messages.
    pub(crate) fn open_endpoint(&self) -> Option<&Arc<Endpoint>> {
        let open = |socket: &&Socket| socket.is_open();
        self.current.as_ref().filter(open).map(|socket| &socket.endpoint)
    }

    /// Whether a second socket is being opened for this purpose.
    pub(crate) fn is_opening_for(&self, purpose: Purpose) -> bool {
        self.candidate.as_ref().is_some_and(|candidate| candidate.purpose == purpose)
    }

    /// Sees to it that a socket to `target`, the active endpoint, is open or opening. True if one
    /// that was open takes over.
    pub(crate) fn follow(&mut self, cx: &mut Context, target: &Target) -> bool {
        if let Some(candidate) =
            self.candidate.as_mut().filter(|it| it.socket.heads_to(&target.endpoint))
        {
            if candidate.purpose == Purpose::Trial {
                candidate.purpose = Purpose::Follow;
            }
            let open = candidate.socket.is_open();
            if open {
                self.promote(cx);
            }
            return open;
        }
        self.drop_candidate(cx, DisconnectReason::Replaced);
        if self.current.as_ref().is_some_and(|socket| socket.heads_to(&target.endpoint)) {
            return false;
        }
        if let Some(pointless) = self.current.take_if(|socket| !socket.is_open()) {
            let (id, reason) = (pointless.id, DisconnectReason::Replaced);
            cx.push(Effect::Disconnect { id, reason });
        }
        self.open(cx, target, Purpose::Follow);
        false
    }

    /// Makes the attempt that is due: to `target`, if there is no socket or the one there is leads
    /// elsewhere or is to be replaced. False if another one stands in the way.
    pub(crate) fn attempt(&mut self, cx: &mut Context, target: &Target) -> bool {
        let heading =
            self.candidate.as_ref().is_some_and(|it| it.socket.heads_to(&target.endpoint));
        if heading {
            return true;
        }
        let purpose = match &self.current {
            Some(socket) if socket.heads_to(&target.endpoint) && self.renewal.is_none() => {
                return true;
            }
            Some(socket) if socket.heads_to(&target.endpoint) => Purpose::Renew,
            _ => Purpose::Follow,
        };
        let free = self.current.is_none() || self.candidate.is_none();
        if free {
            self.open(cx, target, purpose);
        }
        free
    }

    /// Opens a second socket to an endpoint that becomes the active one if it opens. True if it
    /// takes the place of another one.
    pub(crate) fn try_out(&mut self, cx: &mut Context, target: &Target) -> bool {
        let displaces = self.candidate.is_some();
        self.drop_candidate(cx, DisconnectReason::Replaced);
        let socket = self.new_socket(cx, target);
        self.candidate = Some(Candidate { socket, purpose: Purpose::Trial });
        displaces
    }

    /// The move that a second socket was opened for is not wanted any more.
    pub(crate) fn abandon_trial(&mut self, cx: &mut Context) {
        if self.is_opening_for(Purpose::Trial) {
            self.drop_candidate(cx, DisconnectReason::Replaced);
        }
    }

    /// The open socket is to be replaced by another one to the same endpoint. True if there is an
    /// open one.
    pub(crate) fn renew(&mut self, renewal: Renewal) -> bool {
        let open = self.open_endpoint().is_some();
        if open {
            self.renewal = Some(self.renewal.map_or(renewal, |before| before.and(renewal)));
        }
        open
    }

    /// Whether the open socket is to be replaced because it may be dead.
    pub(crate) fn is_presumed_dead(&self) -> bool {
        matches!(self.renewal, Some(Renewal::Presumed | Renewal::RequestedAndPresumed))
    }

    /// Whether the open socket is to be replaced by another one to the same endpoint.
    pub(crate) const fn is_to_be_renewed(&self) -> bool {
        self.renewal.is_some()
    }

    /// Whether the app wants the open socket to be replaced.
    pub(crate) fn is_renewal_requested(&self) -> bool {
        self.renewal.is_some_and(|renewal| renewal != Renewal::Presumed)
    }

    /// A message has arrived on the open socket: it is not dead.
    pub(crate) fn refute_renewal(&mut self, cx: &mut Context) {
        let Some(renewal) = self.renewal else { return };
        self.renewal = renewal.refuted();
        if self.renewal.is_none() && self.is_opening_for(Purpose::Renew) {
            self.drop_candidate(cx, DisconnectReason::Replaced);
        }
    }

    fn open(&mut self, cx: &mut Context, target: &Target, purpose: Purpose) {
        let socket = self.new_socket(cx, target);
        if self.current.is_some() {
            self.candidate = Some(Candidate { socket, purpose });
        } else {
            self.current = Some(socket);
        }
    }

    fn new_socket(&self, cx: &mut Context, target: &Target) -> Socket {
        let (id, endpoint) = (cx.next_connection(), target.endpoint.clone());
        cx.push(Effect::Connect { id, socket: self.id, endpoint: endpoint.clone() });
        Socket::opening(id, endpoint, cx.now, target.within)
    }

    fn drop_candidate(&mut self, cx: &mut Context, reason: DisconnectReason) {
        if let Some(Candidate { socket: Socket { id, .. }, .. }) = self.candidate.take() {
            cx.push(Effect::Disconnect { id, reason });
        }
    }

    /// Where the socket of this number leads.
    pub(crate) fn target(&self, id: ConnectionId) -> Option<&Arc<Endpoint>> {
        let candidate = self.candidate.as_ref().map(|candidate| &candidate.socket);
        let mut sockets = candidate.into_iter().chain(&self.current);
        sockets.find(|socket| socket.id == id).map(|socket| &socket.endpoint)
    }

    /// A socket is open. It takes over, unless it is a trial to an endpoint that has to show first
    /// that its connections last. `None` for one that is not ours any more.
    pub(crate) fn opened(
        &mut self,
        cx: &mut Context,
        id: ConnectionId,
        lasts: bool,
    ) -> Option<Opened> {
        if let Some(Candidate { socket, purpose }) =
            self.candidate.as_mut().filter(|it| it.socket.id == id)
        {
            let (endpoint, purpose) = (socket.endpoint.clone(), *purpose);
            let took = socket.opened(cx.now);
            let promoted = purpose != Purpose::Trial || lasts;
            if promoted {
                self.promote(cx);
            }
            return Some(Opened { took, endpoint, purpose: Some(purpose), promoted });
        }
        let opening = |socket: &&mut Socket| socket.id == id && !socket.is_open();
        let socket = self.current.as_mut().filter(opening)?;
        cx.push(Effect::Promote { id });
        let (took, endpoint) = (socket.opened(cx.now), socket.endpoint.clone());
        Some(Opened { took, endpoint, purpose: None, promoted: true })
    }

    /// Lets the open candidate take over.
    pub(crate) fn promote(&mut self, cx: &mut Context) {
        let Some(Candidate { socket, .. }) = self.candidate.take() else { return };
        self.renewal = None;
        cx.push(Effect::Promote { id: socket.id });
        if let Some(old) = self.current.replace(socket) {
            let (id, reason) = (old.id, DisconnectReason::Replaced);
            cx.push(Effect::Disconnect { id, reason });
        }
    }

    /// A socket has closed, or did not open. `None` for one that is not ours any more.
    pub(crate) fn closed(&mut self, id: ConnectionId) -> Option<Closed> {
        if let Some(Candidate { socket, purpose }) = self.candidate.take_if(|it| it.socket.id == id)
        {
            return Some(socket.ended(Some(purpose)));
        }
        let socket = self.current.take_if(|socket| socket.id == id)?;
        self.renewal = None;
        // What is open already is a trial, which has to show that it lasts.
        let takes_over = |it: &mut Candidate| it.purpose != Purpose::Trial;
        self.current = self.candidate.take_if(takes_over).map(|candidate| candidate.socket);
        Some(socket.ended(None))
    }

    /// Whether an attempt is under way that may give the app its connection.
    pub(crate) fn is_opening(&self) -> bool {
        self.current.as_ref().is_some_and(|socket| !socket.is_open())
    }

    /// The endpoint of the socket that carries the app's messages, if it has this number.
    pub(crate) fn endpoint(&self, id: ConnectionId) -> Option<&Arc<Endpoint>> {
        self.current.as_ref().filter(|socket| socket.id == id).map(|socket| &socket.endpoint)
    }

    /// When a socket that is opening has taken too long.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let candidate = self.candidate.as_ref().and_then(|it| it.socket.deadline());
        earliest([candidate, self.current.as_ref().and_then(Socket::deadline)])
    }

    /// A socket that has not opened in time, and whose doing that is.
    pub(crate) fn overdue(&self, now: Timestamp) -> Option<(ConnectionId, Late)> {
        let candidate = self.candidate.as_ref().map(|it| &it.socket);
        let mut sockets = candidate.into_iter().chain(&self.current);
        sockets.find_map(|socket| Some((socket.id, socket.late(now)?)))
    }

    /// Whether a socket is open or opening that leads elsewhere.
    pub(crate) fn leads_away_from(&self, target: &Endpoint) -> bool {
        let candidate = self.candidate.as_ref().map(|it| &it.socket);
        candidate.into_iter().chain(&self.current).any(|socket| !socket.heads_to(target))
    }

    /// Whether the socket that carries the app's messages leads there, and nothing speaks against
    /// it.
    pub(crate) fn has_lasted(&self, target: &Endpoint, now: Timestamp) -> bool {
        let lasted = |socket: &Socket| {
            socket.heads_to(target)
                && socket.open_since().is_some_and(|(_, since)| since + STABLE <= now)
        };
        self.renewal.is_none() && self.current.as_ref().is_some_and(lasted)
    }

    /// Since when the socket of a trial has been open, which has to show that it lasts.
    pub(crate) fn trial_since(&self) -> Option<(&Arc<Endpoint>, Timestamp)> {
        self.candidate.as_ref().and_then(|candidate| candidate.socket.open_since())
    }

    /// Since when the app's connection has been open.
    pub(crate) fn open_since(&self) -> Option<(&Arc<Endpoint>, Timestamp)> {
        self.current.as_ref().and_then(Socket::open_since)
    }

    /// The device slept: what is opening gets its time again.
    pub(crate) fn extend(&mut self, now: Timestamp) {
        self.sockets_mut().for_each(|socket| socket.extend(now));
    }

    /// For the socket of this number, the app is asked, which has so long.
    pub(crate) fn await_app(&mut self, id: ConnectionId, now: Timestamp, within: Millis) {
        self.sockets_mut().filter(|it| it.id == id).for_each(|it| it.await_app(now, within));
    }

    /// The socket of this number is opened now that the app has answered.
    pub(crate) fn begin(&mut self, id: ConnectionId, now: Timestamp) {
        self.sockets_mut().filter(|it| it.id == id).for_each(|it| it.begin(now));
    }

    fn sockets_mut(&mut self) -> impl Iterator<Item = &mut Socket> {
        let candidate = self.candidate.as_mut().map(|candidate| &mut candidate.socket);
        candidate.into_iter().chain(&mut self.current)
    }
}

#[cfg(test)]
#[cfg(feature = "url")]
mod tests;
