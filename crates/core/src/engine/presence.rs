//! What the platform reports of the network, the app and the passing of time: none of it is a
//! server's fault.

use super::{Engine, Phase};
use crate::base::time::{Millis, Timestamp};
use crate::failover::{Fact, Watch};
use crate::protocol::effect::Effect;
use crate::protocol::input::{Lifecycle, Network};

/// A wake-up that comes later than this is late: browsers delay the timers of hidden pages.
const LATE: Millis = Millis::from_secs(2);
/// A wake-up that comes later than this shows that the device slept: browsers delay timers by a
/// minute at most.
const SLEPT: Millis = Millis::from_secs(65);

/// Whether anyone is there to be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Foreground,
    Background,
    /// Suspended at this moment.
    Frozen,
}

impl From<Lifecycle> for Presence {
    fn from(lifecycle: Lifecycle) -> Self {
        match lifecycle {
            Lifecycle::Foreground | Lifecycle::Resumed => Self::Foreground,
            Lifecycle::Background => Self::Background,
            Lifecycle::Frozen => Self::Frozen,
        }
    }
}

impl Engine {
    /// Whether checks are made without being asked for.
    pub(super) fn watches(&self) -> bool {
        match self.presence {
            Presence::Foreground => true,
            Presence::Background => self.cx.config.background_checks,
            Presence::Frozen => false,
        }
    }

    /// How much is watched: in the background a connection that the app wants is mended, and an
    /// outage that it was told of is seen to its end.
    pub(super) fn watch(&self) -> Watch {
        match self.presence {
            Presence::Frozen => Watch::Frozen,
            _ if self.watches() => Watch::Full,
            Presence::Background if self.session.is_broken() => Watch::Mending,
            Presence::Background if self.session.is_wanted() && self.failover.is_in_outage() => {
                Watch::Mending
            }
            _ => Watch::Off,
        }
    }

    /// Whether the silence of the connection is of interest.
    pub(super) fn listens(&self) -> bool {
        self.watches() && !self.failover.is_reported_offline()
    }

    /// Whether attempts to connect are made. Without a network, only where no check would find out
    /// that the platform is wrong.
    pub(super) fn attempts(&self) -> bool {
        let checked = self.cx.endpoints[self.failover.active()].is_checked();
        self.presence != Presence::Frozen && !(checked && self.failover.is_reported_offline())
    }

    /// Time passes. A wake-up that is late is not sleep: what is due is done first.
    pub(super) fn advance(&mut self, now: Timestamp) {
        let due = self.wakeup.map(|wakeup| wakeup.at).filter(|_| self.phase == Phase::Running);
        let late = due.map_or(Millis::ZERO, |at| now - at);
        self.cx.now = self.cx.now.max(now);
        if late > LATE
            && let Some(wakeup) = &mut self.wakeup
        {
            // Lateness is noticed once, though a permit may be asked for before the wake-up.
            wakeup.at = self.cx.now;
        }
        if late > SLEPT {
            self.observers.slept(&self.cx, due.unwrap_or(now));
            self.breakers.slept(late);
            self.awaken(Millis::ZERO);
            self.session.renew_open(&self.cx);
        } else if late > LATE {
            self.checks.excuse_lateness(&mut self.cx);
        }
    }

    pub(super) fn network(&mut self, network: Network) {
        match network {
            Network::Offline => {
                if !self.failover.is_reported_offline() {
                    self.fact(Fact::NetworkLost);
                    self.discard_checks();
                    self.breakers.renew();
                }
            }
            Network::Online => {
                self.fact(Fact::NetworkFound);
            }
            Network::Changed => {
                self.checks.forget_paths();
                self.session.reset_failures();
                if self.failover.is_reported_offline() {
                    self.fact(Fact::NetworkFound);
                } else {
                    self.awaken(self.cx.config.spread.forced);
                }
                self.session.renew_open(&self.cx);
            }
        }
    }

    pub(super) fn lifecycle(&mut self, lifecycle: Lifecycle) {
        let (before, was_frozen) = (self.watches(), self.presence == Presence::Frozen);
        self.presence = lifecycle.into();
        if matches!(lifecycle, Lifecycle::Background | Lifecycle::Frozen) {
            // The app may not live to see the foreground again.
            self.cx.push(Effect::Persist);
        }
        self.observers.watch(&self.cx, self.watches());
        match (before, self.watches()) {
            (true, false) => self.discard_checks(),
            (false, true) => self.awaken(self.cx.config.spread.forced),
            _ if lifecycle == Lifecycle::Resumed => self.awaken(self.cx.config.spread.forced),
            _ => {}
        }
        if was_frozen && self.presence != Presence::Frozen {
            self.session.renew_open(&self.cx);
        }
    }

    /// After a sleep, a freeze or a change of network nothing that was under way means anything:
    /// the active endpoint is checked afresh.
    pub(super) fn awaken(&mut self, spread: Millis) {
        self.begin_afresh();
        self.session.hurry(&mut self.cx, spread);
        self.ask_afresh();
    }

    /// The network is back for a whole crowd.
    pub(super) fn awaken_in_a_crowd(&mut self) {
        self.begin_afresh();
        let spread = self.cx.config.spread.forced;
        self.session.hurry_in_a_crowd(&mut self.cx, spread);
        self.ask_afresh();
    }

    fn begin_afresh(&mut self) {
        self.discard_checks();
        self.breakers.renew();
        self.session.awake(&self.cx);
    }

    fn ask_afresh(&mut self) {
        let calm = !self.failover.is_in_outage() && !self.failover.is_reported_offline();
        if calm && self.watches() {
            let active = self.failover.active();
            self.checks.ask_all(&mut self.cx, active, Millis::ZERO);
        }
    }

    /// Gives up the checks in flight, and drops the suspicions that rest on such.
    pub(super) fn discard_checks(&mut self) {
        for index in 0..self.cx.endpoints.len() {
            let change = self.checks.discard(&mut self.cx, index);
            self.health_changed(index, change);
        }
        self.checks.discard_probes(&mut self.cx);
        self.fact(Fact::Discarded);
        // The late input may be the `ConnectionOpened` of this trial.
        self.abandon_pointless_trial();
    }
}
