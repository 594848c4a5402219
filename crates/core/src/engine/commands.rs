//! What the app wants.

use super::selection::Preference;
use super::{Engine, Phase, Tracked};
use crate::config::{Endpoints, Name};
use crate::effect::Effect;
use crate::event::{Event, SwitchReason};
use crate::health::Maintenance;
use crate::input::Command;
use crate::situation::Situation;
use std::sync::Arc;

impl Engine {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::CheckNow => self.endpoints[self.active].schedule.asked = Some(self.now),
            Command::Prefer(None) => self.preference = None,
            Command::Prefer(Some(name)) => {
                if let Some(index) = self.index_of(&name) {
                    self.preference = Some(Preference { name, pending: index != self.active });
                    self.planned = None;
                    if !self.endpoints[index].condition.is_usable() {
                        self.ask(index);
                    }
                }
            }
            Command::Maintenance(name, begins) => self.command_maintenance(&name, begins),
            Command::Isolate(name, isolated) => self.isolate(&name, isolated),
            Command::SetEndpoints(endpoints) => self.set_endpoints(endpoints),
            Command::Connect => {
                self.connection.want();
                if self.phase == Phase::Running {
                    self.follow();
                }
            }
            Command::Disconnect => self.connection.unwant(&mut self.effects),
            Command::Stop => self.stop(),
        }
    }

    fn command_maintenance(&mut self, name: &Name, begins: bool) {
        let Some(index) = self.index_of(name) else { return };
        if begins {
            self.announce(index, Maintenance::Commanded);
        } else {
            self.change_condition(index, &|condition, _, now| condition.end_maintenance(now));
            self.ask(index);
        }
    }

    fn stop(&mut self) {
        self.void_checks();
        self.connection.unwant(&mut self.effects);
        self.effects.push(Effect::Persist);
        self.emit(Event::Stopped);
        self.phase = Phase::Stopped;
    }

    fn set_endpoints(&mut self, endpoints: Endpoints) {
        // The list may have been built by hand; what is not valid changes nothing.
        let Ok(endpoints) = self.config.validated_endpoints(endpoints) else { return };
        for index in 0..self.endpoints.len() {
            if !endpoints.0.contains(&self.endpoints[index].endpoint) {
                self.cancel(index);
            }
        }
        let before = self.active().clone();
        let mut known = std::mem::take(&mut self.endpoints);
        for endpoint in endpoints.0 {
            let same = known.iter().position(|tracked| *tracked.endpoint == endpoint);
            self.endpoints.push(match same {
                Some(at) => known.swap_remove(at),
                None => Tracked::new(Arc::new(endpoint), &self.config, &mut self.random, self.now),
            });
        }
        self.conditions_changed = true;
        self.planned = None;
        if matches!(self.situation, Situation::Suspicion(_) | Situation::Attempt { .. }) {
            self.situation = Situation::Steady;
        }
        self.active = self.index_of(&before.name).unwrap_or_else(|| {
            let healthy = self.best(&|index| self.endpoints[index].condition.is_usable());
            healthy.or_else(|| self.best(&|_| true)).unwrap_or(0)
        });
        if self.phase != Phase::Running {
            return;
        }
        let after = self.active();
        if after.name != before.name || after.connect != before.connect {
            let event = Event::Switched { from: before.name.clone(), to: after.name.clone(), reason: SwitchReason::Replaced };
            self.emit(event);
            self.follow();
        }
        if !matches!(self.situation, Situation::ToldOffline) {
            for index in 0..self.endpoints.len() {
                let fresh = self.endpoints[index].passed.is_none() && !self.endpoints[index].schedule.is_checking();
                if fresh && (index == self.active || self.config.standby_interval.is_some()) && self.checking() {
                    self.ask(index);
                }
            }
        }
    }
}
