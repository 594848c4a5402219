//! What the platform says of the network, the app and the passing of time: none of it is a server's fault.

use super::{Engine, Presence};
use crate::effect::Effect;
use crate::event::{Event, OfflineReason};
use crate::input::{Lifecycle, Network};
use crate::loss::Loss;
use crate::situation::{Outage, Situation};
use crate::time::Millis;

impl Engine {
    pub(super) fn network(&mut self, network: Network) {
        match network {
            Network::Offline => {
                if matches!(self.situation, Situation::ToldOffline) {
                    return;
                }
                if !matches!(self.situation, Situation::PresumedOffline(_)) {
                    self.emit(Event::Offline { reason: OfflineReason::Told });
                }
                self.void_checks();
                self.situation = Situation::ToldOffline;
            }
            Network::Online => match self.situation {
                Situation::ToldOffline => self.online(),
                Situation::AllDown(_) | Situation::PresumedOffline(_) => self.begin_round_now(),
                _ => {}
            },
            Network::Changed => {
                for tracked in &mut self.endpoints {
                    tracked.rtt.forget();
                    tracked.condition.detector.loss = Loss::default();
                }
                if matches!(self.situation, Situation::ToldOffline) {
                    self.online();
                } else {
                    self.awaken();
                }
            }
        }
    }

    /// The platform says that the network is back: what was before it went counts no more.
    pub(super) fn online(&mut self) {
        self.situation = Situation::Steady;
        self.emit(Event::Online);
        self.awaken();
    }

    pub(super) fn set_presence(&mut self, lifecycle: Lifecycle) {
        self.presence = match lifecycle {
            Lifecycle::Foreground | Lifecycle::Resumed => Presence::Foreground,
            Lifecycle::Background => Presence::Background,
            Lifecycle::Frozen => Presence::Frozen,
        };
    }

    pub(super) fn lifecycle(&mut self, lifecycle: Lifecycle) {
        let before = self.checking();
        let resumed = lifecycle == Lifecycle::Resumed;
        self.set_presence(lifecycle);
        if matches!(lifecycle, Lifecycle::Background | Lifecycle::Frozen) {
            // The app may not live to see the foreground again.
            self.effects.push(Effect::Persist);
        }
        match (before, self.checking()) {
            (true, false) => self.void_checks(),
            (false, true) => self.awaken(),
            _ if resumed => self.awaken(),
            _ => {}
        }
    }

    /// After a sleep, a freeze or a change of network nothing that was under way means anything: the active endpoint is checked afresh.
    pub(super) fn awaken(&mut self) {
        self.void_checks();
        self.connection.extend(self.now);
        self.connection.hurry(self.now, &self.config.retry, self.config.spread.forced, &mut self.random);
        if self.situation.outage().is_some() {
            self.begin_round_now();
        } else if !matches!(self.situation, Situation::ToldOffline) {
            self.ask_all(Millis::ZERO);
        }
    }

    /// Cancels the checks under way and forgets the suspicions that rest on such.
    pub(super) fn void_checks(&mut self) {
        for index in 0..self.endpoints.len() {
            self.cancel(index);
            self.endpoints[index].schedule.asked = None;
            self.endpoints[index].schedule.tries = 0;
            self.change_condition(index, &|condition, _, now| condition.void_suspicion(now));
        }
        if matches!(self.situation, Situation::Suspicion(_) | Situation::Attempt { .. }) {
            self.situation = Situation::Steady;
        }
        self.cancel_neutrals();
        self.talk.pause();
        self.planned = None;
    }

    pub(super) fn begin_round_now(&mut self) {
        let now = self.now;
        if let Some(outage) = self.situation.outage() {
            *outage = Outage { round: Some(now), ..*outage };
        }
    }
}
