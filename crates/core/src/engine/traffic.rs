//! What the app's own connection and requests show: evidence that costs nothing.

use super::Engine;
use crate::config::Name;
use crate::connection::blames_server;
use crate::effect::ConnectionId;
use crate::event::Event;
use crate::situation::Situation;

impl Engine {
    pub(super) fn follow(&mut self) {
        let target = self.endpoints[self.active].endpoint.clone();
        self.connection.follow(&target, self.now, &mut self.effects);
    }

    pub(super) fn connection_opened(&mut self, id: ConnectionId) {
        if let Some(endpoint) = self.connection.opened(id, self.now, &mut self.effects) {
            let endpoint = endpoint.name.clone();
            self.traffic(&endpoint, true);
            self.emit(Event::Connected { endpoint });
        }
    }

    pub(super) fn connection_closed(&mut self, id: ConnectionId, code: Option<u16>) {
        let Some(closed) = self.connection.closed(id, self.now, &self.config.retry, &mut self.random) else {
            return;
        };
        let endpoint = closed.endpoint.name.clone();
        if blames_server(code) {
            if closed.was_open {
                self.traffic(&endpoint, false);
            } else if let Some(index) = self.index_of(&endpoint) {
                self.ask(index);
            }
        }
        self.emit(Event::Disconnected { endpoint, code });
    }

    /// Evidence from the app's own traffic.
    pub(super) fn traffic(&mut self, endpoint: &Name, ok: bool) {
        let Some(index) = self.index_of(endpoint) else { return };
        if ok {
            self.endpoints[index].schedule.traffic(self.now);
            if let Situation::PresumedOffline(outage) = self.situation {
                // Something got through: the network is there after all, and it is the endpoints that fail.
                self.situation = Situation::AllDown(outage);
                self.emit(Event::Online);
                self.emit(Event::AllDown);
                self.begin_round_now();
            }
        } else if !self.is_cyclic() && !matches!(self.situation, Situation::ToldOffline) {
            // The published script knows nothing of the app's traffic.
            self.change_condition(index, |condition, _, now| condition.failure(now));
            self.ask(index);
        }
    }

    pub(super) fn connection_traffic(&mut self, id: ConnectionId, ok: bool) {
        if let Some(name) = self.connection.endpoint(id).map(|endpoint| endpoint.name.clone()) {
            self.traffic(&name, ok);
        }
    }
}
