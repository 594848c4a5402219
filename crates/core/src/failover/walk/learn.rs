//! What checks and connections teach about endpoints, in the order of `engine/inputs.rs`, and where
//! the app's sockets lead, as `session/` has it.

use super::endpoint::{Change, Exclusion, MAX_FAILURES, Truth};
use super::mind::Mind;
use super::play::Play;
use super::time::Moment;
use super::world::{Network, Probe, Second, Socket};
use crate::failover::transition::Fact;
use crate::health::Health;
use crate::protocol::outcome::FailureKind;

impl Play<'_> {
    // ----- checks -----

    /// How a check of an endpoint fails, if it does.
    fn failure(&self, index: u8) -> Option<FailureKind> {
        match (self.world.network, self.world.of(index).truth) {
            (Network::Gone, _) => Some(FailureKind::Unreachable),
            (Network::Portal, _) => Some(FailureKind::Redirect),
            (Network::Hole, _) | (_, Truth::Silent) => Some(FailureKind::Timeout),
            (_, Truth::Well | Truth::Slow | Truth::Shut) => None,
            (_, Truth::Ailing | Truth::Maintenance) => Some(FailureKind::Status),
            (_, Truth::Dead) => Some(FailureKind::Refused),
        }
    }

    /// A check of an endpoint ends that began at this moment.
    pub(super) fn check_ended(&mut self, index: u8, started: Moment) {
        let failure = self.failure(index);
        let passed = failure.is_none();
        if !failure.is_some_and(FailureKind::is_no_answer) {
            self.world.answered = self.now;
        }
        let endpoint = self.world.of_mut(index);
        endpoint.failure = failure;
        if passed {
            endpoint.passed_at(started);
        } else {
            endpoint.failed = started;
        }
        let change = self.weigh(index, failure);
        if passed {
            self.fact(Fact::Passed);
        }
        self.health_changed(index, change);
        self.fact(Fact::Tried { target: index.into(), passed });
    }

    fn weigh(&mut self, index: u8, failure: Option<FailureKind>) -> Change {
        let heeds = self.setup.strategy().heeds_servers();
        let threshold = self.setup.config.success_threshold as u8;
        let silent = failure == Some(FailureKind::Timeout) && self.are_witnesses_silent(index);
        let (network, reported) = (self.world.network, self.world.is_reported());
        let endpoint = self.world.of_mut(index);
        if failure.is_none() {
            endpoint.attempts = 0;
            endpoint.cancel();
            return endpoint.pass(endpoint.truth == Truth::Slow, threshold);
        }
        if reported {
            return None;
        }
        if heeds && network == Network::Up && endpoint.truth == Truth::Maintenance {
            return endpoint.exclude(Exclusion::Announced);
        }
        // What everybody loses is hardly evidence: it takes many failures to suffice.
        let counts = !silent || endpoint.failures >= MAX_FAILURES;
        endpoint.fail(counts.into())
    }

    /// Whether the others were asked since the suspicion began, and nobody answered.
    fn are_witnesses_silent(&self, suspect: u8) -> bool {
        let suspecting = matches!(self.world.mind, Mind::Suspecting { .. });
        if !suspecting || suspect != self.world.active {
            return false;
        }
        let (mut answered, mut lost) = (false, false);
        for index in self.all().filter(|index| *index != suspect) {
            let it = self.world.of(index);
            let at = if it.failure.is_some() { it.failed } else { it.passed };
            let silent = it.failure.is_some_and(FailureKind::is_no_answer);
            *if silent { &mut lost } else { &mut answered } |= at >= Moment::DOUBT;
        }
        match self.world.probe {
            Probe::Lost(at) => lost |= at >= Moment::DOUBT,
            Probe::Passed(at) => answered |= at >= Moment::DOUBT,
            Probe::None | Probe::Foreign(_) => {}
        }
        lost && !answered
    }

    /// Evidence against an endpoint that is no check.
    fn passive_failure(&mut self, index: u8, evidence: u8) {
        if self.setup.strategy().heeds_servers() && !self.world.is_reported() {
            self.world.of_mut(index).failed = self.now;
            let change = self.world.of_mut(index).fail(evidence);
            self.health_changed(index, change);
            self.world.of_mut(index).asked = true;
        }
    }

    pub(super) fn health_changed(&mut self, index: u8, change: Change) {
        use Health::{Maintenance, Unhealthy};
        let ended = matches!(change, Some((Unhealthy | Maintenance, to)) if to != Maintenance);
        let endpoint = self.world.of_mut(index);
        if ended && !endpoint.held {
            endpoint.reset_failures();
        }
    }

    // ----- connections -----

    /// Sees to it that a socket to the active endpoint is open or opening.
    pub(super) fn connect(&mut self, to: u8) {
        let world = &mut self.world;
        if !world.wanted {
            return;
        }
        (world.retry, world.postponed) = (false, false);
        if matches!(world.second, Second::Trial(second) | Second::Follow(second) if second == to) {
            world.second = Second::Follow(to);
            return;
        }
        world.second = Second::None;
        match world.socket {
            Socket::Open(socket) | Socket::Opening(socket) if socket == to => {}
            Socket::Open(_) => world.second = Second::Follow(to),
            Socket::None | Socket::Opening(_) => world.socket = Socket::Opening(to),
        }
    }

    /// Whether the next attempt to connect may go to this endpoint: to the active one, but in an
    /// outage to those in turn whose checks pass.
    pub(super) fn is_attempted(&self, index: u8) -> bool {
        let passes = |index: u8| self.world.of(index).passes();
        match self.world.mind.outage() {
            Some(_) if self.all().any(passes) => passes(index),
            _ => index == self.world.active,
        }
    }

    /// Makes the attempt to connect that is due, if there is no socket or it leads elsewhere.
    pub(super) fn attempt(&mut self, target: u8) {
        let world = &mut self.world;
        match (world.socket, world.second) {
            (_, Second::Trial(to) | Second::Follow(to)) if to == target => {}
            (Socket::Open(to) | Socket::Opening(to), _) if to == target => {}
            (Socket::None, _) => world.socket = Socket::Opening(target),
            (_, Second::None) => world.second = Second::Follow(target),
            (_, Second::Trial(_)) => world.postponed = true,
            (_, Second::Follow(_)) => {}
        }
    }

    /// What a trial stood in the way of is attempted.
    pub(super) fn make_up_for_trial(&mut self) {
        self.world.retry |= std::mem::take(&mut self.world.postponed);
    }

    /// A socket to an endpoint is open, and carries the app's messages from now on.
    pub(super) fn opened(&mut self, to: u8) {
        self.world.socket = Socket::Open(to);
        self.world.talking = false;
        (self.world.heard, self.world.just_heard) = (self.now, true);
    }

    /// The socket is no more. A second one that follows the active endpoint becomes the only one.
    pub(super) fn closed(&mut self) {
        if let Second::Follow(to) = self.world.second {
            (self.world.socket, self.world.second) = (Socket::Opening(to), Second::None);
        } else {
            (self.world.socket, self.world.retry) = (Socket::None, true);
        }
    }

    /// What the end of a connection says of its endpoint.
    pub(super) fn blame(&mut self, index: u8, was_open: bool) {
        let heeds = self.setup.strategy().heeds_servers();
        let truth = self.world.of(index).truth;
        let up = self.world.network == Network::Up;
        let outage = self.world.mind.outage().is_some();
        if was_open && up && truth == Truth::Maintenance && heeds {
            let change = self.world.of_mut(index).exclude(Exclusion::Announced);
            self.health_changed(index, change);
        } else if was_open && !self.world.of(index).refuses {
            // A server that dies closes its sockets; silence is hardly evidence.
            self.passive_failure(index, u8::from(up && truth == Truth::Dead));
        } else {
            let endpoint = self.world.of_mut(index);
            endpoint.held |= endpoint.passes();
            endpoint.asked |= !outage;
        }
    }
}
