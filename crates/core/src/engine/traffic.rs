//! What the app's own connection and requests show: evidence that costs nothing.

use super::Engine;
use super::checks::MAINTENANCE;
use crate::config::Name;
use crate::connection::{announces_maintenance, blames_server};
use crate::effect::ConnectionId;
use crate::event::Event;
use crate::evidence::Evidence;
use crate::health::Maintenance;
use crate::situation::Situation;

impl Engine {
    pub(super) fn follow(&mut self) {
        let target = self.endpoints[self.active].endpoint.clone();
        self.connection.follow(&target, self.now, &mut self.effects);
    }

    pub(super) fn connection_opened(&mut self, id: ConnectionId) {
        if let Some(endpoint) = self.connection.opened(id, self.now, &mut self.effects) {
            let endpoint = endpoint.name.clone();
            self.talk.pause();
            self.traffic(&endpoint, true);
            self.emit(Event::Connected { endpoint });
        }
    }

    pub(super) fn connection_closed(&mut self, id: ConnectionId, code: Option<u16>) {
        let Some(closed) = self.connection.closed(id, self.now, &self.config.retry, &mut self.random) else {
            return;
        };
        self.talk.pause();
        let endpoint = closed.endpoint.name.clone();
        if let Some(index) = self.index_of(&endpoint) {
            if announces_maintenance(code) && closed.was_open && !self.is_cyclic() {
                self.announce(index, Maintenance::Until(self.now + MAINTENANCE));
            } else if blames_server(code) && closed.was_open {
                self.passive_failure(index, Evidence::Closed(code));
            } else if blames_server(code) {
                self.ask(index);
            }
        }
        self.emit(Event::Disconnected { endpoint, code });
    }

    /// Evidence from the app's own requests.
    pub(super) fn traffic(&mut self, endpoint: &Name, ok: bool) {
        let Some(index) = self.index_of(endpoint) else { return };
        if !ok {
            return self.passive_failure(index, Evidence::Reported);
        }
        self.endpoints[index].schedule.traffic(self.now);
        if let Situation::PresumedOffline(outage) = self.situation {
            // Something got through: the network is there after all, and it is the endpoints that fail.
            self.situation = Situation::AllDown(outage);
            self.emit(Event::Online);
            self.emit(Event::AllDown { active: self.active().name.clone() });
            self.begin_round_now();
        }
    }

    pub(super) fn passive_failure(&mut self, index: usize, evidence: Evidence) {
        // The published script knows nothing of the app's traffic.
        if !self.is_cyclic() && !matches!(self.situation, Situation::ToldOffline) {
            self.endpoints[index].failed = Some(self.now);
            self.hold_against(index, evidence);
            self.ask(index);
        }
    }

    /// Something has arrived on a connection.
    pub(super) fn connection_active(&mut self, id: ConnectionId) {
        if let Some(name) = self.connection.endpoint(id).map(|endpoint| endpoint.name.clone()) {
            self.talk.heard(self.now);
            self.traffic(&name, true);
        }
    }

    /// A connection has fallen silent, as its shell says.
    pub(super) fn connection_silent(&mut self, id: ConnectionId) {
        let index = self.connection.endpoint(id).map(|endpoint| endpoint.name.clone()).and_then(|name| self.index_of(&name));
        if let Some(index) = index {
            self.passive_failure(index, Evidence::Silent);
        }
    }

    /// The active endpoint's connection has been silent for longer than it ever is.
    pub(super) fn notice_silence(&mut self) {
        if self.checking() && self.talk.deadline().is_some_and(|at| at <= self.now) {
            self.talk.pause();
            self.passive_failure(self.active, Evidence::Silent);
        }
    }
}
