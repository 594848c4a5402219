//! Which endpoint is the active one: suspicion, verdict, switch, outage.

use super::{Engine, Tracked};
use crate::backoff::Backoff;
use crate::config::Strategy;
use crate::effect::Effect;
use crate::event::{Event, SwitchReason};
use crate::health::Maintenance;
use crate::outcome::FailureKind;
use crate::situation::{Outage, Situation, Suspicion};
use crate::time::{Millis, Timestamp};

/// Refused connections in a row after which the app looks elsewhere, though the checks pass.
const UNCONNECTABLE: u32 = 3;
/// The widest spread of a forced move that a server can ask for.
const MOST_FORCED_SPREAD: Millis = Millis::from_secs(30);
/// Failures in a row after which silence on all sides is taken for an outage.
const SILENCES: u32 = 3;

impl Engine {
    pub(super) fn is_cyclic(&self) -> bool {
        self.config.strategy == Strategy::Cyclic
    }

    /// Draws the conclusions from the evidence as it now is.
    pub(super) fn decide(&mut self) {
        match self.situation {
            Situation::Steady if self.is_cyclic() => self.consider_attempt(),
            Situation::Steady if self.in_doubt() => self.begin_suspicion(),
            Situation::Steady => self.consider_voluntary_move(),
            Situation::Suspicion(_) => self.investigate(),
            Situation::AllDown(_) | Situation::PresumedOffline(_) => self.consider_recovery(),
            Situation::Attempt { .. } | Situation::ToldOffline => {}
        }
    }

    /// When a decision is due that waits for nothing but time.
    pub(super) fn decision_due(&self) -> Option<Timestamp> {
        match &self.situation {
            Situation::Suspicion(suspicion) => suspicion.verdict.map(|at| at + suspicion.spread).filter(|at| *at > self.now),
            Situation::Steady => self.planned_due(),
            _ => None,
        }
    }

    /// The connection was refused so often in a row that the checks, which pass, must be missing something.
    fn unconnectable(&self) -> bool {
        self.connection.refusals() >= self.config.failure_threshold.unwrap_or(UNCONNECTABLE)
    }

    fn in_doubt(&self) -> bool {
        self.endpoints[self.active].condition.detector.suspects() || self.unconnectable()
    }

    fn begin_suspicion(&mut self) {
        // A check found it on its own schedule, which is spread already; a closed socket a whole crowd sees at once.
        let found_by_check = self.endpoints[self.active].failure.is_some();
        let spread = if found_by_check { Millis::ZERO } else { self.random.within(self.forced_spread()) };
        self.planned = None;
        self.situation = Situation::Suspicion(Suspicion::new(self.now, spread));
        for index in 0..self.endpoints.len() {
            if index != self.active {
                self.endpoints[index].schedule.tries = 0;
            }
        }
        self.investigate();
    }

    /// Over how long a time a crowd spreads that must leave the active endpoint: a server that asks for more than it gets from the config gets it
    /// within reason, for meanwhile the app is cut off.
    pub(super) fn forced_spread(&self) -> Millis {
        self.config.spread.forced.max(self.endpoints[self.active].spread.min(MOST_FORCED_SPREAD))
    }

    /// Gathers evidence about the standbys while the active endpoint is suspected, and acts when it suffices.
    fn investigate(&mut self) {
        let Situation::Suspicion(mut suspicion) = self.situation else { return };
        if !self.in_doubt() {
            self.situation = Situation::Steady;
            return;
        }
        let down = self.endpoints[self.active].condition.detector.is_down();
        let convicted = down || self.unconnectable();
        if convicted && suspicion.verdict.is_none() {
            suspicion.verdict = Some(self.now);
            self.situation = Situation::Suspicion(suspicion);
        }
        let alone = self.alone_with_silence();
        let active = self.active;
        if let Some(standby) = self.best(&|index| index != active && self.is_fresh(index, suspicion.since)) {
            suspicion.decided = suspicion.verdict.is_some() && (!down || self.tells_apart(standby));
            self.situation = Situation::Suspicion(suspicion);
            if suspicion.decided && suspicion.verdict.is_some_and(|at| at + suspicion.spread <= self.now) {
                let reason = if down { SwitchReason::Unhealthy } else { SwitchReason::Unconnectable };
                self.switch(standby, reason);
            }
            return;
        }
        // The best one first, so that at the verdict the alternative is known; at the verdict all that are left, side by side.
        while convicted || alone || !self.awaits_standbys() {
            let unasked = |index: usize| {
                let Tracked { schedule, condition, .. } = &self.endpoints[index];
                index != active && schedule.tries == 0 && condition.maintenance() != Some(Maintenance::Commanded)
            };
            let Some(standby) = self.best(&unasked) else { break };
            self.begin(standby, 0);
        }
        if (convicted || alone) && !self.awaits_standbys() {
            self.no_alternative(down || alone);
        }
    }

    /// Whether the active endpoint is silent and so is everything else that was asked: no evidence against an endpoint, however long it
    /// lasts, but an outage all the same.
    fn alone_with_silence(&self) -> bool {
        let Situation::Suspicion(Suspicion { others, .. }) = self.situation else { return false };
        let active = &self.endpoints[self.active];
        let silent = active.failure.is_some_and(FailureKind::is_no_answer);
        silent && active.condition.detector.failures() >= SILENCES && others.total > 0 && others.lost == others.total
    }

    /// Whether the endpoint passed a check that began no earlier than `since`.
    pub(super) fn is_fresh(&self, index: usize, since: Timestamp) -> bool {
        let tracked = &self.endpoints[index];
        tracked.condition.is_usable() && tracked.passed.is_some_and(|at| at >= since)
    }

    /// Whether the active endpoint has failed since the standby passed: one that fell silent together with everything else, and has not been
    /// asked since, may well be back with it.
    fn tells_apart(&self, standby: usize) -> bool {
        self.config.failure_threshold.is_some() || self.endpoints[self.active].failed >= self.endpoints[standby].passed
    }

    /// Whether the answer of a standby is still to be had.
    fn awaits_standbys(&self) -> bool {
        (0..self.endpoints.len())
            .any(|index| index != self.active && (self.endpoints[index].schedule.is_checking() || self.is_being_asked(index)))
    }

    fn no_alternative(&mut self, down: bool) {
        if !down {
            // Its checks pass and nothing better is there: the connection's own back-off goes on.
            self.connection.forgive_refusals();
            self.situation = Situation::Steady;
            return;
        }
        let silent = self.nothing_answers();
        if silent && self.asking_neutrals() {
            return;
        }
        let offline = self.presumed_offline();
        let outage = Outage { since: self.in_doubt_since().unwrap_or(self.now), round: None, backoff: Backoff::default(), silent };
        if let Some(reason) = offline {
            self.situation = Situation::PresumedOffline(outage);
            self.emit(Event::Offline { reason });
        } else {
            self.situation = Situation::AllDown(outage);
            self.emit(Event::AllDown { active: self.active().name.clone() });
        }
        self.consider_recovery();
    }

    /// In an outage: ends it as soon as an endpoint is healthy, and otherwise plans the next round of retries.
    fn consider_recovery(&mut self) {
        let usable = |index: usize| self.endpoints[index].condition.is_usable();
        let back = if usable(self.active) { Some(self.active) } else { self.best(&usable) };
        let (Situation::AllDown(outage) | Situation::PresumedOffline(outage)) = self.situation else { return };
        let presumed_offline = matches!(self.situation, Situation::PresumedOffline(_));
        if back.is_some() || (presumed_offline && self.network_works()) {
            // If nothing at all had answered, it was the network, and what it did is not held against the endpoints: the app stays where it
            // is unless that is found to fail now.
            let doubtful = outage.silent && !self.is_cyclic();
            let to = back.filter(|_| !doubtful).unwrap_or(self.active);
            let event = if presumed_offline { Event::Online } else { Event::Recovered { active: self.endpoints[to].name() } };
            self.situation = Situation::Steady;
            self.emit(event);
            if doubtful {
                self.void_verdicts();
            }
            if to != self.active {
                self.switch(to, SwitchReason::Recovered);
            }
            self.connection.hurry(self.now, &self.config.retry, self.config.spread.forced, &mut self.random);
            return;
        }
        let in_flight = self.endpoints.iter().any(|tracked| tracked.schedule.is_checking());
        let (now, retry, random) = (self.now, &self.config.retry, &mut self.random);
        if let Some(outage) = self.situation.outage() {
            outage.silent &= self.endpoints.iter().all(|tracked| tracked.failure.is_none_or(FailureKind::is_no_answer));
            if outage.round.is_none() && !in_flight {
                outage.round = Some(now + outage.backoff.wait(retry, random));
            }
        }
    }

    /// The network was to blame: every endpoint that failed gets a new trial, the active one at once.
    fn void_verdicts(&mut self) {
        for index in 0..self.endpoints.len() {
            if !self.endpoints[index].condition.is_usable() {
                self.change_condition(index, &|condition, _, now| condition.void_verdict(now));
                self.endpoints[index].schedule.tries = 0;
                if !self.endpoints[index].schedule.is_checking() {
                    self.ask(index);
                }
            }
        }
    }

    /// The strategy `cyclic`: at the threshold the next endpoint in the list is asked, at the moment at which the failing check ended.
    fn consider_attempt(&mut self) {
        if self.endpoints[self.active].condition.detector.is_down() {
            let target = (self.active + 1) % self.endpoints.len();
            if target == self.active {
                return self.attempt_failed();
            }
            self.situation = Situation::Attempt { target };
            self.cancel(target);
            self.begin(target, 0);
        } else {
            self.consider_voluntary_move();
        }
    }

    /// What follows from the one check of the strategy `cyclic`, if it was that check.
    pub(super) fn conclude_attempt(&mut self, index: usize, passed: bool) {
        if !matches!(self.situation, Situation::Attempt { target } if target == index) {
            return;
        }
        self.situation = Situation::Steady;
        if passed {
            self.endpoints[self.active].condition.restart_count();
            self.switch(index, SwitchReason::Unhealthy);
        } else {
            self.attempt_failed();
        }
    }

    fn attempt_failed(&mut self) {
        let active = &mut self.endpoints[self.active];
        active.condition.restart_count();
        // The pause follows the attempt, unless the app has asked for a check meanwhile: then it follows that.
        if !active.schedule.is_checking() {
            active.schedule.pause_from(self.now, self.config.jitter_percent, &mut self.random);
        }
        self.emit(Event::AllDown { active: self.active().name.clone() });
    }

    /// Makes another endpoint the active one.
    pub(super) fn switch(&mut self, to: usize, reason: SwitchReason) {
        let (now, failback) = (self.now, &self.config.failback);
        match reason {
            SwitchReason::Failback => self.endpoints[to].hold.returned(now),
            SwitchReason::Unhealthy | SwitchReason::Unconnectable => self.endpoints[self.active].hold.left(failback, now),
            _ => {}
        }
        let from = self.endpoints[self.active].name();
        self.active = to;
        self.endpoints[to].history.arrive(self.config.history, now);
        self.planned = None;
        self.situation = Situation::Steady;
        self.connection.forgive_refusals();
        self.emit(Event::Switched { from, to: self.endpoints[to].name(), reason });
        self.effects.push(Effect::Persist);
        self.follow();
    }
}
