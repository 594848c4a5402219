//! Which endpoint is the active one: suspicion, verdict, switch, outage.

use super::Engine;
use crate::config::Strategy;
use crate::event::{Event, SwitchReason};
use crate::situation::{Outage, Situation, Suspicion};
use crate::time::{Millis, Timestamp};

impl Engine {
    pub(super) fn is_cyclic(&self) -> bool {
        self.config.strategy == Strategy::Cyclic
    }

    /// Draws the conclusions from the evidence as it now is.
    pub(super) fn decide(&mut self) {
        match self.situation {
            Situation::Steady if self.is_cyclic() => self.consider_attempt(),
            Situation::Steady if self.in_doubt() => {
                // A check found it on its own schedule, which is spread already; a closed socket a whole crowd sees at once.
                let found_by_check = self.endpoints[self.active].failure.is_some();
                let spread = if found_by_check { Millis::ZERO } else { self.random.within(self.config.spread.forced) };
                self.planned = None;
                self.situation = Situation::Suspicion(Suspicion::new(self.now, spread));
                self.investigate();
            }
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

    fn unconnectable(&self) -> bool {
        self.connection.refusals() >= self.config.failure_threshold
    }

    fn in_doubt(&self) -> bool {
        self.endpoints[self.active].condition.detector.suspects() || self.unconnectable()
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
        let active = self.active;
        if let Some(standby) = self.best(|index| index != active && self.is_fresh(index, suspicion.since)) {
            if suspicion.verdict.is_some_and(|at| at + suspicion.spread <= self.now) {
                let reason = if down { SwitchReason::Unhealthy } else { SwitchReason::Unconnectable };
                self.switch(standby, reason);
            }
            return;
        }
        // The best one first, so that at the verdict the alternative is known; at the verdict all that are left, side by side.
        while convicted || !self.standby_in_flight() {
            let unasked =
                |index: usize| index != active && !suspicion.asked.contains(index) && self.endpoints[index].schedule.flight.is_none();
            let Some(standby) = self.best(unasked) else { break };
            suspicion.asked.insert(standby);
            self.begin(standby, 0);
        }
        if convicted && !self.standby_in_flight() {
            self.no_alternative(down);
        }
    }

    /// Whether the endpoint passed a check that began no earlier than `since`.
    fn is_fresh(&self, index: usize, since: Timestamp) -> bool {
        let tracked = &self.endpoints[index];
        tracked.condition.is_healthy() && tracked.passed.is_some_and(|at| at >= since)
    }

    fn standby_in_flight(&self) -> bool {
        self.endpoints.iter().enumerate().any(|(index, tracked)| index != self.active && tracked.schedule.flight.is_some())
    }

    fn no_alternative(&mut self, down: bool) {
        if !down {
            // Its checks pass and nothing better is there: the connection's own back-off goes on.
            self.connection.forgive_refusals();
            self.situation = Situation::Steady;
            return;
        }
        let outage = Outage::default();
        if self.nothing_reachable() {
            self.situation = Situation::PresumedOffline(outage);
            self.emit(Event::Offline);
        } else {
            self.situation = Situation::AllDown(outage);
            self.emit(Event::AllDown);
        }
        self.consider_recovery();
    }

    /// In an outage: ends it as soon as an endpoint is healthy, and otherwise plans the next round of retries.
    fn consider_recovery(&mut self) {
        let healthy = |index: usize| self.endpoints[index].condition.is_healthy();
        let back = if healthy(self.active) { Some(self.active) } else { self.best(healthy) };
        if let Some(back) = back {
            let event = match self.situation {
                Situation::PresumedOffline(_) => Event::Online,
                _ => Event::Recovered { active: self.endpoints[back].name() },
            };
            self.situation = Situation::Steady;
            self.emit(event);
            if back != self.active {
                self.switch(back, SwitchReason::Recovered);
            }
            self.connection.hurry(self.now, &self.config.retry, &mut self.random);
            return;
        }
        let in_flight = self.endpoints.iter().any(|tracked| tracked.schedule.flight.is_some());
        let (now, retry, random) = (self.now, &self.config.retry, &mut self.random);
        if let Some(outage) = self.situation.outage()
            && outage.round.is_none()
            && !in_flight
        {
            outage.round = Some(now + outage.backoff.wait(retry, random));
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
        if active.schedule.flight.is_none() {
            active.schedule.end(self.now, self.config.jitter_percent, &mut self.random);
        }
        self.emit(Event::AllDown);
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
        self.planned = None;
        self.situation = Situation::Steady;
        self.connection.forgive_refusals();
        self.emit(Event::Switched { from, to: self.endpoints[to].name(), reason });
        self.follow();
    }
}
