//! What a decision may look at: read-only data, gathered from those who own it.

use super::pace::Watch;
use super::rank::Rank;
use crate::base::time::{Millis, Timestamp};
use crate::config::{Config, Retry};
use crate::health::Health;
use crate::health::share::FailureShare;
use crate::protocol::outcome::FailureKind;
use std::sync::Arc;

/// For so long a message shows that its way is there.
pub(super) const A_MOMENT: Millis = Millis::from_secs(2);

/// Checks in a row that an endpoint which fails one in ten hardly ever passes.
const MANY_SUCCESSES: u32 = 75;

/// What a decision may look at.
#[derive(Clone, Debug)]
pub(crate) struct View {
    pub(crate) now: Timestamp,
    pub(crate) config: Arc<Config>,
    /// How retries wait for each other at present.
    pub(crate) retry: Retry,
    pub(crate) active: usize,
    /// Whether checks are made without being asked for.
    pub(crate) watch: Watch,
    pub(crate) endpoints: Vec<EndpointView>,
    pub(crate) connection: ConnectionView,
    pub(crate) probes: ProbesView,
    /// The endpoint that the app prefers and is not on yet.
    pub(crate) wish: Option<usize>,
    /// The strategy `cyclic` has told the app that nobody is usable.
    pub(crate) outage_told: bool,
    /// How long an endpoint must be usable to end an outage that begins now.
    pub(crate) hold: Millis,
    /// Moves in need that have followed each other.
    pub(crate) forced_moves: u32,
}

/// One endpoint.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub(crate) struct EndpointView {
    pub(crate) health: Health,
    pub(crate) since: Timestamp,
    pub(crate) known_by: KnownBy,
    /// Failures and successes in a row.
    pub(crate) failures: u32,
    pub(crate) successes: u32,
    /// The evidence against it suffices.
    pub(crate) down: bool,
    /// It fails now and then, too often for chance, and not always.
    pub(crate) flaky_only: bool,
    /// The app announced maintenance, or drains it.
    pub(crate) commanded: bool,
    /// The app wants a connection, and attempts to open one failed.
    pub(crate) unreachable: bool,
    /// No attempt to connect before this moment.
    pub(crate) retry_at: Timestamp,
    pub(crate) last_pass: Option<Timestamp>,
    /// When the first check began that passed since the active endpoint is suspected.
    pub(crate) first_pass: Option<Timestamp>,
    pub(crate) last_failure: Option<Timestamp>,
    /// When a check of it was last answered, in whatever way.
    pub(crate) last_answer: Option<Timestamp>,
    /// How the last check failed, if it did.
    pub(crate) failure: Option<FailureKind>,
    pub(crate) checking: bool,
    /// Checks begun since the last that passed.
    pub(crate) attempts: u32,
    /// Pause between its checks while it is the active one.
    pub(crate) interval: Millis,
    pub(crate) rtt: Option<Millis>,
    pub(crate) deviation: Millis,
    /// How often its checks fail.
    pub(crate) failure_share: FailureShare,
    /// Until when the server asked to be left alone, if no check has ended since.
    pub(crate) rests_until: Option<Timestamp>,
    /// Over how long a time the server asks its clients to spread their moves.
    pub(crate) spread: Millis,
    pub(crate) rank: Rank,
    /// How many checks in a row it must have passed to be moved to in need.
    pub(crate) proof: u32,
    /// Moves to it that did not last, less what good service wore off.
    pub(crate) flaps: u32,
    /// When flap damping lets the app go there for no need, if it had to be left.
    pub(crate) free_at: Timestamp,
    /// When flap damping lets the app go back to it.
    pub(crate) ready_at: Timestamp,
}

/// How it is known whether an endpoint works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KnownBy {
    /// By its checks.
    Checks,
    /// By the app's connections, for it has no health check.
    Connections {
        /// A connection to it is open, and not presumed to be dead.
        open: bool,
        /// Attempts in a row that failed.
        failures: u32,
    },
}

/// The app's connection.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub(crate) struct ConnectionView {
    pub(crate) wanted: bool,
    /// It is wanted, and none is open but one that may be dead.
    pub(crate) broken: bool,
    /// One to the active endpoint is open that is not presumed to be dead.
    pub(crate) open: bool,
    /// A connection is being opened for a move.
    pub(crate) trying: bool,
    /// One to the active endpoint is being opened beside an older one.
    pub(crate) following: bool,
    /// In an outage: the endpoint to which a connection is open that has lasted.
    pub(crate) lasts_to: Option<usize>,
    /// Messages arrive from the active endpoint.
    pub(crate) talking: bool,
    pub(crate) last_message: Option<Timestamp>,
}

/// The connectivity probes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProbesView {
    pub(crate) any: bool,
    /// When the last one began that passed.
    pub(crate) last_pass: Option<Timestamp>,
    /// The earliest start of the URLs' latest probes that have ended; none if one has never ended.
    pub(crate) all_asked_at: Option<Timestamp>,
    /// One is answered by somebody else.
    pub(crate) captive: bool,
}

/// Whether the checks of an endpoint of this health pass, if it is `checked`. Of one that is not,
/// nothing but somebody's word gives it another health than unknown.
pub(super) const fn passes(health: Health, checked: bool) -> bool {
    if checked { health.is_usable() } else { matches!(health, Health::Unknown) }
}

impl EndpointView {
    /// Whether the app may be connected to it: its checks pass, and it can be connected to.
    pub(crate) fn is_usable(&self) -> bool {
        self.passes() && !self.unreachable
    }

    /// Whether its checks pass, if it has any. Whether it can be connected to is seen by trying.
    pub(crate) const fn passes(&self) -> bool {
        passes(self.health, matches!(self.known_by, KnownBy::Checks))
    }

    /// Whether its last check, or the attempt to connect to it, ended without a sign that the network
    /// is there.
    pub(crate) fn is_silent(&self) -> bool {
        match self.known_by {
            KnownBy::Checks => self.failure.is_some_and(FailureKind::is_no_answer),
            KnownBy::Connections { .. } => self.unreachable,
        }
    }

    /// Whether it is seen by connecting to it whether it works.
    pub(crate) const fn is_seen_by_connecting(&self) -> bool {
        matches!(self.known_by, KnownBy::Connections { .. })
    }

    /// When its last check began.
    pub(crate) fn last_check(&self) -> Option<Timestamp> {
        self.last_failure.max(self.last_pass)
    }

    /// Whether it fails now and then, and so may the other one, as far as is known: two behind one
    /// lossy network do. One of which little is known must have passed many checks in a row.
    pub(crate) fn may_be_like(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.failure_share, other.failure_share);
        let known = theirs.is_reliable() || ours.is_worse_than(theirs);
        let differs = if theirs.is_known() { known } else { other.successes >= MANY_SUCCESSES };
        self.flaky_only && !differs
    }

    pub(crate) const fn is_suspected(&self) -> bool {
        self.failures > 0
    }
}

impl ConnectionView {
    /// Whether a second socket is being opened for a move, made or planned. It has one purpose at a
    /// time: two endpoints that hang would else take it from each other for ever.
    pub(crate) const fn is_busy(&self) -> bool {
        self.trying || self.following
    }
}

impl View {
    pub(crate) fn ours(&self) -> &EndpointView {
        &self.endpoints[self.active]
    }

    /// Whether an endpoint without a health check is taken to work: a connection shows it, or the app
    /// wants none that could.
    pub(crate) const fn is_shown_by_connection(&self, it: &EndpointView) -> bool {
        match it.known_by {
            KnownBy::Checks => false,
            KnownBy::Connections { open, .. } => open || !self.connection.wanted,
        }
    }

    /// Whether nothing is checked at present but what the app asks for: nothing is looked into
    /// either.
    pub(crate) const fn is_blind(&self) -> bool {
        matches!(self.watch, Watch::Off | Watch::Frozen)
    }

    /// Whether an endpoint other than the active one is usable.
    pub(crate) fn has_alternative(&self) -> bool {
        let others = self.endpoints.iter().enumerate().filter(|(index, _)| *index != self.active);
        others.into_iter().any(|(_, endpoint)| endpoint.is_usable())
    }

    /// Whether the app wants a connection and cannot get one from the active endpoint.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.ours().unreachable && !self.connection.open
    }

    /// Whether a connection to the active endpoint is open, which attempts before failed to reach,
    /// and has not yet shown that it lasts.
    pub(crate) fn is_on_trial(&self) -> bool {
        self.ours().unreachable && self.connection.open
    }

    /// Whether every endpoint's last check ended without a sign that the network is there.
    pub(crate) fn nothing_answers(&self) -> bool {
        self.endpoints.iter().all(EndpointView::is_silent)
    }

    /// Whether every endpoint's last check ended with the word that there is no network.
    pub(crate) fn nothing_reachable(&self) -> bool {
        self.endpoints.iter().all(|it| it.failure.is_some_and(FailureKind::is_no_network))
    }

    /// Whether a message arrived a moment ago.
    pub(crate) fn has_just_heard(&self) -> bool {
        self.connection.last_message.is_some_and(|at| at + A_MOMENT > self.now)
    }

    /// Whether the network has been shown to work since then.
    pub(crate) fn network_works_since(&self, since: Timestamp) -> bool {
        // Where a portal answers in the place of others, only what passes is an answer, and only a
        // connection that lasts.
        let captive = self.probes.captive;
        let answer = |it: &EndpointView| if captive { it.last_pass } else { it.last_answer };
        let answered = |it: &EndpointView| answer(it).is_some_and(|at| at >= since);
        let lasts = self.connection.talking || self.connection.lasts_to.is_some();
        let heard = self.connection.last_message.filter(|_| !captive || lasts);
        self.endpoints.iter().any(answered)
            || self.probes.last_pass.is_some_and(|at| at >= since)
            || heard.is_some_and(|at| at >= since)
    }

    /// Over how long a time a crowd spreads that must leave the active endpoint: a server that asks
    /// for more than the config gives gets it within reason, for meanwhile the app is cut off.
    pub(crate) fn forced_spread(&self) -> Millis {
        const MAX: Millis = Millis::from_secs(30);
        self.config.spread.forced.max(self.ours().spread.min(MAX))
    }

    /// Over how long a time a crowd spreads that leaves for a better endpoint.
    pub(crate) fn voluntary_spread(&self) -> Millis {
        self.config.spread.voluntary.max(self.ours().spread)
    }
}
