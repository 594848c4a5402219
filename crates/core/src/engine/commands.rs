//! What the app wants.

use super::Engine;
use super::roster::{Origin, origins};
use crate::config::{Endpoints, Name};
use crate::failover::Failover;
use crate::health::{Exclusion, HealthChange};
use crate::protocol::event::{Event, SwitchReason};
use crate::protocol::input::Command;
use crate::session::Renewal;
use std::sync::Arc;

impl Engine {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::CheckNow => {
                let active = self.failover.active();
                self.checks.ask_for_app(&self.cx, active);
                // Where nobody is usable, whoever answers first is of interest.
                if self.failover.is_in_outage() {
                    for index in (0..self.cx.endpoints.len()).filter(|index| *index != active) {
                        self.checks.ask_despite_rest(&self.cx, index);
                    }
                }
            }
            Command::Prefer(None) => self.failover.prefer(&self.cx, None),
            Command::Prefer(Some(name)) => {
                if let Some(index) = self.cx.index_of(&name) {
                    self.failover.prefer(&self.cx, Some(index));
                    if !self.checks.of(index).health().is_usable() {
                        self.checks.ask_despite_rest(&self.cx, index);
                    }
                }
            }
            Command::BeginMaintenance(name) => self.exclude_named(&name, Exclusion::Commanded),
            Command::EndMaintenance(name) => {
                if let Some(index) = self.cx.index_of(&name) {
                    let change = self.checks.end_maintenance(&self.cx, index);
                    self.included(index, change);
                }
            }
            Command::Drain(name, duration) => {
                let until = self.cx.now + duration;
                self.exclude_named(&name, Exclusion::Drained(until));
            }
            Command::Remove(name, duration) => {
                let until = self.cx.now + duration;
                self.exclude_named(&name, Exclusion::Removed(until));
            }
            Command::PutBack(name) => {
                if let Some(index) = self.cx.index_of(&name) {
                    let change = self.checks.put_back(&self.cx, index);
                    self.included(index, change);
                }
            }
            Command::Isolate(name) => {
                if let Some(index) = self.cx.index_of(&name) {
                    self.breakers.isolate(&mut self.cx, index);
                }
            }
            Command::Release(name) => {
                if let Some(index) = self.cx.index_of(&name) {
                    let health = self.checks.of(index).health().health();
                    self.breakers.release(&mut self.cx, index, health);
                }
            }
            Command::SetEndpoints(endpoints) => self.set_endpoints(endpoints),
            Command::Connect => {
                self.session.want();
                if self.is_running() {
                    self.lead_to(self.failover.active());
                }
            }
            Command::Reconnect => {
                if self.is_running() {
                    self.session.renew(&mut self.cx, Renewal::Requested);
                }
            }
            Command::Disconnect => self.session.unwant(&mut self.cx),
            Command::Stop => self.stop(),
        }
    }

    /// An endpoint may be used again, or less speaks against it: it is checked.
    fn included(&mut self, index: usize, change: Option<HealthChange>) {
        if change.is_some() {
            self.health_changed(index, change);
            self.checks.ask(&self.cx, index);
        }
    }

    fn exclude_named(&mut self, name: &Name, exclusion: Exclusion) {
        if let Some(index) = self.cx.index_of(name) {
            self.exclude(index, exclusion);
        }
    }

    fn set_endpoints(&mut self, endpoints: Endpoints) {
        // The list may have been built by hand; what is not valid changes nothing.
        let Ok(endpoints) = self.cx.config.validated_endpoints(endpoints) else { return };
        let origins = origins(&self.cx.endpoints, &endpoints.0);
        let before = self.active().clone();
        let request = self.abandon_checks(&origins);
        self.cx.endpoints.clear();
        for endpoint in endpoints.0 {
            self.cx.endpoints.push(Arc::new(endpoint));
        }
        self.checks.replace(&self.cx, &origins);
        for (index, origin) in origins.iter().enumerate() {
            if !origin.same_host
                && let Some(change) = self.checks.forget(&self.cx, index)
            {
                self.report_health(index, change);
            }
        }
        self.session.replace(&origins);
        self.breakers.replace(&mut self.cx, &origins);
        self.observers.replace(&self.cx, &origins);
        #[cfg(feature = "recovery")]
        self.operator.replace(&self.cx, &origins);
        let active = self.cx.index_of(&before.name);
        self.failover.replace(&mut self.cx, &origins, active);
        if active.is_none() {
            let view = self.gather();
            let usable = Failover::best(&view, &self.cx, &|_| true);
            let best = usable.unwrap_or_else(|| Failover::best_of_all(&view, &self.cx));
            self.failover.set_active(&self.cx, best);
        }
        if let Some(request) = request {
            self.checks.pass_on(&self.cx, self.failover.active(), request);
        }
        if self.is_running() {
            self.follow_new_endpoints(&before.name, &origins);
        }
    }

    /// Gives up the checks of endpoints that are no more, or have become others. Returns the app's
    /// request for one.
    fn abandon_checks(&mut self, origins: &[Origin]) -> Option<u32> {
        let mut request = None;
        for index in 0..self.cx.endpoints.len() {
            // What is asked in another way now is asked anew.
            let stays = |origin: &Origin| origin.before == Some(index) && origin.identical;
            if !origins.iter().any(stays) {
                request = request.max(self.checks.abandon(&mut self.cx, index));
            }
        }
        request
    }

    fn follow_new_endpoints(&mut self, before: &Name, origins: &[Origin]) {
        let active = self.failover.active();
        if *before != self.cx.endpoints[active].name {
            let (from, to) = (before.clone(), self.cx.name(active));
            let reason = SwitchReason::Replaced;
            self.cx.emit(Event::Switched { from, to, reason });
        }
        self.lead_to(active);
        if self.failover.is_reported_offline() || !self.watches() {
            return;
        }
        for (index, origin) in origins.iter().enumerate() {
            if !origin.identical && (index == active || self.cx.config.standby_interval.is_some()) {
                self.checks.ask(&self.cx, index);
            }
        }
    }
}
