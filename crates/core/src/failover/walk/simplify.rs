//! Forgets what no decision can tell apart, so that there are few worlds, and gives each its key.

use super::endpoint::{Bits, MAX_SUCCESSES};
use super::mind::Mind;
use super::setup::Setup;
use super::time::Moment;
use super::world::{MAX, Probe, Second, Socket, World};
use crate::protocol::outcome::FailureKind;

impl World {
    /// The latest moment that is of interest.
    pub(super) fn last_moment(&self) -> Moment {
        let mut last = Moment(u8::from(self.mind.is_in_doubt()));
        self.each_moment(|at| last = last.max(at));
        last
    }

    fn each_moment(mut self, mut see: impl FnMut(Moment)) {
        self.place_moments(|at| {
            see(at);
            at
        });
    }

    /// Gives every moment a place.
    pub(super) fn place_moments(&mut self, mut place: impl FnMut(Moment) -> Moment) {
        for endpoint in &mut self.endpoints {
            endpoint.passed = place(endpoint.passed);
            endpoint.passed_first = place(endpoint.passed_first);
            endpoint.failed = place(endpoint.failed);
            endpoint.rested = endpoint.rested.map(&mut place);
            endpoint.started = endpoint.started.map(&mut place);
            if endpoint.started == Some(Moment::BEFORE) {
                (endpoint.early, endpoint.started) = (true, None);
            }
        }
        self.answered = place(self.answered);
        self.heard = place(self.heard);
        self.probing = self.probing.map(&mut place);
        if let Some(at) = self.probe.moment() {
            self.probe = self.probe.at(place(at));
        }
    }

    /// Forgets what no decision can tell apart.
    pub(super) fn simplify(&mut self, setup: &Setup) {
        self.simplify_endpoints(setup);
        let doubt = self.mind.is_in_doubt();
        let mut known = self.endpoints[..setup.endpoints].iter();
        let gone = known.all(|it| it.failure.is_some_and(FailureKind::is_no_network));
        self.just_heard &= gone && matches!(self.mind, Mind::Suspecting { .. });
        self.answered = self.answered.coarse();
        self.heard = self.heard.coarse();
        if !setup.probes {
            // Then a message and an answer prove the same.
            self.answered = self.answered.max(self.heard);
            self.heard = Moment::BEFORE;
        }
        if matches!(self.mind, Mind::AllDown(_)) && !setup.messages {
            (self.answered, self.heard) = (Moment::BEFORE, Moment::BEFORE);
        }
        self.probing = self.probing.map(Moment::coarse);
        if let Some(at) = self.probe.moment() {
            self.probe = self.probe.at(at.coarse());
        }
        if doubt { self.close_ranks() } else { self.place_moments(|_| Moment::BEFORE) }
    }

    fn simplify_endpoints(&mut self, setup: &Setup) {
        let doubt = self.mind.is_in_doubt();
        let hold = self.mind.outage().is_some_and(|outage| outage.hold);
        // Where everybody is checked in time, a request for a check changes nothing.
        let paced = match self.mind {
            Mind::Suspecting { .. } => true,
            Mind::Steady | Mind::Waiting { .. } | Mind::Opening { .. } => {
                setup.config.standby_interval.is_some()
            }
            _ => false,
        };
        for (index, endpoint) in self.endpoints.iter_mut().enumerate() {
            let active = index == usize::from(self.active);
            endpoint.asked &= !paced;
            endpoint.held &= endpoint.refuses;
            endpoint.long &= hold && endpoint.passes();
            let retried = endpoint.refuses && endpoint.passes() && !active;
            endpoint.rested = endpoint.rested.filter(|_| retried).map(Moment::coarse);
            if active {
                (endpoint.passed, endpoint.passed_first) = (Moment::BEFORE, Moment::BEFORE);
                endpoint.successes = match endpoint.passes() {
                    true => MAX_SUCCESSES,
                    // With `cyclic` the active endpoint may have to pass more than once after an
                    // outage.
                    false if setup.is_cyclic() => endpoint.successes,
                    false => 0,
                };
            } else {
                endpoint.passed = endpoint.passed.coarse();
                endpoint.failed = endpoint.failed.coarse();
                endpoint.failures = endpoint.evidence;
            }
            if active || !doubt {
                endpoint.attempts = 0;
            }
        }
    }

    /// Leaves out the places of moments that nothing has happened at.
    fn close_ranks(&mut self) {
        let mut seen = [false; 16];
        self.each_moment(|at| seen[usize::from(at.0)] = true);
        (seen[0], seen[1]) = (false, true);
        let mut places = [Moment::BEFORE; 16];
        let mut count = 0;
        for (place, seen) in seen.into_iter().enumerate() {
            count += u8::from(seen);
            places[place] = Moment(count);
        }
        self.place_moments(|at| places[usize::from(at.0)]);
    }

    /// All of it, in few numbers.
    pub(super) fn key(&self) -> [u64; MAX + 1] {
        let moment = |at: Option<Moment>| at.map_or(0, |at| u64::from(at.0) + 1);
        let (socket, socket_to) = match self.socket {
            Socket::None => (0, 0),
            Socket::Opening(to) => (1, to),
            Socket::Open(to) => (2, to),
        };
        let (second, second_to) = match self.second {
            Second::None => (0, 0),
            Second::Follow(to) => (1, to),
            Second::Trial(to) => (2, to),
        };
        let probe = match self.probe {
            Probe::None => 0,
            Probe::Lost(_) => 1,
            Probe::Foreign(_) => 2,
            Probe::Passed(_) => 3,
        };
        let mut bits = Bits(self.mind.packed());
        bits.add(self.active.into(), 2);
        bits.add(self.network as u64, 2);
        bits.add(self.lost.into(), 1);
        bits.add(self.wanted.into(), 1);
        bits.add(socket, 2);
        bits.add(socket_to.into(), 2);
        bits.add(second, 2);
        bits.add(second_to.into(), 2);
        bits.add(self.retry.into(), 1);
        bits.add(self.postponed.into(), 1);
        bits.add(self.answered.0.into(), 1);
        bits.add(self.heard.0.into(), 1);
        bits.add(self.just_heard.into(), 1);
        bits.add(self.talking.into(), 1);
        bits.add(probe, 2);
        bits.add(moment(self.probe.moment()), 2);
        bits.add(moment(self.probing), 2);
        bits.add(self.prefers.map_or(0, |to| u64::from(to) + 1), 2);
        bits.add(self.pending.into(), 1);
        bits.add(self.relapsed.into(), 1);
        bits.add(self.forced.into(), 2);
        bits.add(self.told as u64, 2);
        let [a, b, c] = &self.endpoints;
        [a.packed(), b.packed(), c.packed(), bits.0]
    }
}
