//! What follows from a decision, in one place and one order.

use super::Engine;
use crate::base::time::{Millis, Timestamp, earliest};
use crate::checks::{Pace, Start};
use crate::failover::{Decision, Fact, View};
use crate::protocol::effect::Effect;
use crate::protocol::event::{Event, SwitchReason};

impl Engine {
    /// Decides until there is nothing more to decide, begins the checks that are due, and finds out
    /// when there is something to do next.
    pub(super) fn decide(&mut self) {
        let mut view = self.gather();
        // Each endpoint is asked once, and one decision may follow another.
        for _ in 0..2 * self.cx.endpoints.len() + 8 {
            if !self.step(&view, Fact::Observed) {
                break;
            }
            view = self.gather();
        }
        self.abandon_pointless_trial();
        if let Some(at) = self.failover.attempt_due(self.world(), &self.cx) {
            self.session.retry_by(at.max(self.cx.now));
        }
        let mut next = self.start_due_checks(&mut view);
        if self.failover.is_in_outage() {
            // Where all that the round is for asks for rest, the next one is planned.
            self.fact(Fact::Observed);
            view = self.gather();
            next =
                (0..self.cx.endpoints.len()).filter_map(|index| self.check_due(&view, index)).min();
        }
        self.wakeup = self.find_wakeup(next);
    }

    /// Gives up the connection for a move that is planned no more.
    pub(super) fn abandon_pointless_trial(&mut self) {
        if self.session.is_trying() && !self.failover.may_be_opening() {
            self.session.abandon_trial(&mut self.cx);
        }
    }

    /// Begins the checks that are due. Returns when there is something to do next for a check.
    fn start_due_checks(&mut self, view: &mut View) -> Option<Timestamp> {
        let (mut next, mut begun) = (None, false);
        for index in 0..self.cx.endpoints.len() {
            let pace = self.failover.pace(view, &self.cx, index);
            match self.checks.start(&mut self.cx, index, pace) {
                Start::Begun => begun = true,
                Start::At(at) => next = earliest([next, at]),
            }
        }
        for index in 0..self.cx.endpoints.len() {
            if self.checks.of(index).schedule().is_checking() {
                // If everybody rests, the round waits for the first of them.
                self.failover.round_begun(self.cx.now);
                if begun {
                    self.failover.look_again(self.world(), &self.cx, view, index);
                    next = earliest([next, self.check_due(view, index)]);
                }
            }
        }
        let doubt = self.doubt();
        self.checks.start_probes(&mut self.cx, doubt);
        next
    }

    /// When there is something to do next for the checks of an endpoint.
    fn check_due(&self, view: &View, index: usize) -> Option<Timestamp> {
        self.checks.due(&self.cx, index, self.failover.pace(view, &self.cx, index))
    }

    /// Takes a fact to the failover, and does what follows.
    pub(super) fn fact(&mut self, fact: Fact) {
        if self.failover.heeds(fact) {
            let view = self.gather();
            self.step(&view, fact);
        }
    }

    /// Takes a fact to the failover, and does what follows. True if it has decided something.
    fn step(&mut self, view: &View, fact: Fact) -> bool {
        let from = self.failover.active();
        let decision = self.failover.step(view, &mut self.cx, fact);
        if let Some(decision) = decision {
            self.follow(decision, from);
        }
        decision.is_some()
    }

    fn follow(&mut self, decision: Decision, from: usize) {
        let cx = &mut self.cx;
        match decision {
            Decision::Suspect => {
                for index in (0..cx.endpoints.len()).filter(|index| *index != from) {
                    self.checks.begin_as_alternative(cx, index);
                }
            }
            Decision::Check(index) => {
                self.checks.begin(cx, index, Pace::Haste(0, Millis::ZERO));
            }
            Decision::Try(index) => {
                self.checks.cancel(cx, index);
                self.checks.begin(cx, index, Pace::Wait);
            }
            Decision::TryFailed => {
                self.checks.restart_count(from);
                // The pause follows the attempt, unless a check is in flight: then it follows that.
                self.checks.pause(cx, from);
                cx.emit(Event::AllDown { active: cx.name(from) });
            }
            Decision::Open(index) => {
                if !self.session.try_out(cx, index) {
                    self.fact(Fact::TrialOpened(index));
                }
            }
            Decision::Postpone(_) => {}
            Decision::Switch { to, reason } => self.switched(from, to, reason),
            Decision::AllDown => cx.emit(Event::AllDown { active: cx.name(from) }),
            Decision::Offline(reason) => cx.emit(Event::Offline { reason }),
            Decision::Recover { to, void } => {
                cx.emit(Event::Recovered { active: cx.name(to) });
                self.back_from_outage(from, to, void);
            }
            Decision::BackOnline { to, void } => {
                cx.emit(Event::Online);
                self.session.reset_failures();
                self.breakers.renew();
                self.back_from_outage(from, to, void);
            }
            Decision::Online => {
                cx.emit(Event::Online);
                self.session.reset_failures();
                self.lead_back_to(from);
                self.awaken_in_a_crowd();
                self.session.renew_open(&self.cx);
            }
        }
    }

    fn switched(&mut self, from: usize, to: usize, reason: SwitchReason) {
        let cx = &mut self.cx;
        if !cx.strategy().heeds_servers() {
            self.checks.restart_count(from);
        }
        if reason == SwitchReason::Failback {
            self.breakers.close(cx, to);
        }
        cx.emit(Event::Switched { from: cx.name(from), to: cx.name(to), reason });
        cx.push(Effect::Persist);
        self.lead_to(to);
    }

    fn back_from_outage(&mut self, from: usize, to: usize, void: bool) {
        if void {
            self.discard_verdicts();
            self.session.renew_open(&self.cx);
        }
        if to == from {
            self.lead_back_to(to);
        } else {
            self.switched(from, to, SwitchReason::Recovered);
        }
        let spread = self.cx.config.spread.forced;
        self.session.hurry_in_a_crowd(&mut self.cx, spread);
    }

    /// The network was to blame: every endpoint that failed gets a new trial, the active one at
    /// once.
    fn discard_verdicts(&mut self) {
        for index in 0..self.cx.endpoints.len() {
            if !self.checks.of(index).health().is_usable() {
                let change = self.checks.discard_verdict(&self.cx, index);
                self.health_changed(index, change);
                if !self.checks.of(index).schedule().is_checking() {
                    self.checks.ask(&self.cx, index);
                }
            }
        }
    }
}
