//! One step of the world: facts go to the real transition function, and what it decides is done in
//! the order of `engine/consequences.rs` and `engine/presence.rs`.

use super::mind::{Mind, Round};
use super::setup::Setup;
use super::time::Moment;
use super::world::{Probe, Second, Socket, Told, World};
use crate::base::random::Random;
use crate::checks::Pace;
use crate::failover::transition::{Decision, Fact, next};
use crate::protocol::event::SwitchReason;
use std::ops::Range;

/// One step of the world.
pub(super) struct Play<'a> {
    pub(super) setup: &'a Setup,
    pub(super) world: World,
    /// The place of the present among the moments.
    pub(super) now: Moment,
    /// The app is told of something, or moved.
    pub(super) tells: bool,
    /// What must never happen has happened.
    pub(super) fault: Option<&'static str>,
}

impl<'a> Play<'a> {
    pub(super) fn new(setup: &'a Setup, world: &World) -> Self {
        let now = Moment(world.last_moment().0 + 1);
        Self { setup, world: *world, now, tells: false, fault: None }
    }

    pub(super) const fn all(&self) -> Range<u8> {
        0..self.setup.endpoints as u8
    }

    // ----- the failover -----

    /// Takes a fact to the failover, and does what follows. True if it has decided something.
    pub(super) fn fact(&mut self, fact: Fact) -> bool {
        let (setup, before) = (self.setup, self.world.mind);
        let (state, decision) = setup.look(&self.world, |view| {
            next(before.state(), view, fact, setup.strategy(), &mut Random::new(1))
        });
        let after = Mind::of(state);
        self.world.mind = after;
        // Of a network that is presumed down, only what comes from then on shows the contrary.
        let anew = matches!((before, after), (Mind::Suspecting { .. }, Mind::Presumed(_)));
        if anew || before.is_in_doubt() != after.is_in_doubt() {
            // Only what happens at this very moment is not over when doubt begins.
            let now = self.now;
            self.world.place_moments(|at| if at == now { Moment::DOUBT } else { Moment::BEFORE });
            self.now = Moment::DOUBT;
        }
        if let Some(decision) = decision {
            self.follow(decision);
        }
        decision.is_some()
    }

    /// Decides until there is nothing more to decide, and begins the round that is due.
    pub(super) fn decide(&mut self) {
        let enough = 2 * self.setup.endpoints + 8;
        if !(0..enough).any(|_| !self.fact(Fact::Observed)) {
            self.fault = Some("decides for ever");
        }
        self.abandon_pointless_trial();
        self.plan_attempt();
        self.begin_round();
        if self.world.mind.outage().is_some() {
            self.fact(Fact::Observed);
        }
    }

    pub(super) fn abandon_pointless_trial(&mut self) {
        let wanted = matches!(self.world.mind, Mind::Opening { .. } | Mind::Suspecting { .. });
        if matches!(self.world.second, Second::Trial(_)) && !wanted {
            self.world.second = Second::None;
            self.make_up_for_trial();
        }
    }

    /// In an outage, endpoints whose checks pass are attempted in turn.
    fn plan_attempt(&mut self) {
        let world = &self.world;
        let opening = matches!(world.socket, Socket::Opening(_));
        let outage = world.mind.outage().is_some();
        if !world.wanted || !outage || opening || world.second != Second::None {
            return;
        }
        let mut passing = self.all().filter(|index| world.of(*index).passes()).peekable();
        let any = passing.peek().is_some();
        if any && !passing.any(|index| world.socket == Socket::Open(index)) {
            self.world.retry = true;
        }
    }

    fn begin_round(&mut self) {
        let (Mind::AllDown(outage) | Mind::Presumed(outage)) = self.world.mind else { return };
        if outage.round != Round::Due {
            return;
        }
        for index in self.all() {
            let pace = self.setup.pace(&self.world, index.into());
            if matches!(pace, Pace::Round(_)) && !self.world.of(index).is_checking() {
                self.world.of_mut(index).begin(self.now);
            }
        }
        if self.all().any(|index| self.world.of(index).is_checking()) {
            self.world.mind = self.world.mind.with_round(Round::UnderWay);
        }
    }

    // ----- consequences -----

    fn follow(&mut self, decision: Decision) {
        let from = self.world.active;
        let told = self.world.told;
        match decision {
            Decision::Suspect => {
                for index in self.all().filter(|index| *index != from) {
                    self.world.of_mut(index).begin_as_alternative();
                }
            }
            Decision::Check(index) => self.world.of_mut(index as u8).begin(self.now),
            Decision::Try(index) => {
                self.world.of_mut(index as u8).cancel();
                self.world.of_mut(index as u8).begin(self.now);
            }
            Decision::TryFailed => {
                self.world.of_mut(from).restart_count();
                self.world.told = Told::AllDown;
            }
            Decision::Open(index) => {
                self.world.postponed = self.world.second != Second::None;
                self.world.second = Second::Trial(index as u8);
            }
            Decision::Postpone(_) => {}
            Decision::Switch { to, reason } => {
                use SwitchReason::{Unconnectable, Unhealthy};
                if self.setup.relapses && matches!(reason, Unhealthy | Unconnectable) {
                    self.world.forced = (self.world.forced + 1).min(2);
                }
                self.switched(to as u8);
            }
            Decision::AllDown => self.tell(Told::AllDown),
            Decision::Offline(_) => self.tell(Told::Offline),
            Decision::Recover { to, void } => {
                self.expect(told == Told::AllDown, "recovers from no outage");
                self.tell(Told::Served);
                self.world.relapsed |= self.setup.relapses;
                self.back_from_outage(to as u8, void);
            }
            Decision::BackOnline { to, void } => {
                self.expect(told == Told::Offline, "is back online without having been offline");
                self.tell(Told::Served);
                self.reset_failures();
                self.back_from_outage(to as u8, void);
            }
            Decision::Online => {
                self.expect(told == Told::Offline, "is online without having been offline");
                self.tell(Told::Served);
                self.reset_failures();
                self.awaken();
            }
        }
    }

    fn expect(&mut self, holds: bool, fault: &'static str) {
        if !holds {
            self.fault = Some(fault);
        }
    }

    fn tell(&mut self, told: Told) {
        self.tells = true;
        self.expect(self.world.told != told, "tells the same again");
        self.world.told = told;
    }

    fn switched(&mut self, to: u8) {
        let from = self.world.active;
        self.expect(from != to, "moves to where it is");
        if self.setup.is_cyclic() {
            self.world.of_mut(from).restart_count();
        }
        self.tells = true;
        self.world.active = to;
        self.world.pending &= self.world.prefers != Some(to);
        self.connect(to);
    }

    fn back_from_outage(&mut self, to: u8, void: bool) {
        for index in self.all().filter(|_| void) {
            if !self.world.of(index).passes() {
                let endpoint = self.world.of_mut(index);
                endpoint.attempts = 0;
                let change = endpoint.discard_verdict();
                endpoint.asked |= !endpoint.is_checking();
                self.health_changed(index, change);
            }
        }
        if to != self.world.active {
            self.switched(to);
        }
    }

    // ----- presence -----

    pub(super) fn discard_checks(&mut self) {
        for index in self.all() {
            let endpoint = self.world.of_mut(index);
            endpoint.cancel();
            (endpoint.asked, endpoint.attempts) = (false, 0);
            let change = endpoint.discard_suspicion();
            self.health_changed(index, change);
        }
        (self.world.probe, self.world.probing) = (Probe::None, None);
        self.fact(Fact::Discarded);
        self.abandon_pointless_trial();
    }

    pub(super) fn awaken(&mut self) {
        self.discard_checks();
        let calm = self.world.mind.outage().is_none() && !self.world.is_reported();
        let watched = self.setup.config.standby_interval.is_some();
        for index in self.all().filter(|_| calm && !self.setup.background) {
            if index == self.world.active || watched {
                self.world.of_mut(index).asked = true;
            }
        }
    }

    pub(super) fn reset_failures(&mut self) {
        for index in self.all() {
            self.world.of_mut(index).reset_failures();
        }
    }
}
