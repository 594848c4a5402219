//! What the app wants.

use super::Engine;
use super::roster::{Origin, origins};
use crate::config::{Name, ValidEndpoints};
use crate::failover::Failover;
use crate::health::Exclusion;
use crate::protocol::event::{CheckReport, Event, SwitchReason};
use crate::protocol::input::Command;
use crate::protocol::outcome::FailureKind;
use std::sync::Arc;

impl Engine {
    pub(super) fn command(&mut self, command: Command) {
        let now = self.cx.now;
        // What is said of an unknown name changes nothing.
        let Some(index) = self.meant(&command) else { return };
        match command {
            Command::CheckNow => {
                let request = self.checks.count_request();
                self.check_for_app(index, request);
                // Where nobody is usable, whoever answers first is of interest.
                if self.failover.is_in_outage() {
                    for other in (0..self.cx.endpoints.len()).filter(|other| *other != index) {
                        self.checks.ask_despite_rest(&self.cx, other);
                    }
                }
            }
            Command::Prefer(None) => self.failover.prefer(&self.cx, None),
            Command::Prefer(_) => {
                self.failover.prefer(&self.cx, Some(index));
                if !self.checks.of(index).health().is_usable() {
                    self.checks.ask_despite_rest(&self.cx, index);
                }
            }
            Command::BeginMaintenance(_) => self.exclude(index, Exclusion::Commanded),
            Command::EndMaintenance(_) => {
                let change = self.checks.end_maintenance(&self.cx, index);
                self.exclusion_changed(index, change);
            }
            Command::Drain(_, duration) => self.exclude(index, Exclusion::Drained(now + duration)),
            Command::Remove(_, duration) => self.exclude(index, Exclusion::Removed(now + duration)),
            Command::PutBack(_) => self.exclude(index, Exclusion::Removed(now)),
            #[cfg(feature = "breaker")]
            Command::Isolate(_) => self.breakers.isolate(&mut self.cx, index),
            #[cfg(feature = "breaker")]
            Command::Release(_) => {
                let health = self.checks.of(index).health().health();
                self.breakers.release(&mut self.cx, index, health);
            }
            Command::SetEndpoints(endpoints) => self.set_endpoints(endpoints),
            Command::Connect(socket) => {
                self.session.hold(&self.cx, socket);
                if self.is_running() {
                    let fact = self.session.lead(&mut self.cx, socket, index);
                    self.session_facts(fact);
                }
            }
            Command::Reconnect(socket) => {
                if self.is_running() {
                    self.session.renew(&mut self.cx, socket);
                }
            }
            Command::Disconnect(socket) => self.session.let_go(&mut self.cx, socket),
            Command::Stop => self.stop(),
        }
    }

    /// Has an endpoint checked for the app. One without a health check is as well as its connection:
    /// that is reported at once.
    fn check_for_app(&mut self, index: usize, request: u32) {
        let endpoint = &self.cx.endpoints[index];
        if endpoint.is_checked() {
            self.checks.ask_for_app(&self.cx, index, request);
            return;
        }
        let failure = (!self.session.is_alive_to(endpoint)).then_some(FailureKind::Unreachable);
        let report = CheckReport {
            endpoint: endpoint.name.clone(),
            failure,
            status: None,
            latency_ms: 0,
            failures: self.session.reach(index).failures(),
            message: failure.map(|kind| kind.advice().to_owned()),
            failing: Vec::new(),
            request: Some(request),
            headers: Vec::new(),
        };
        self.cx.emit(Event::Check(report));
    }

    /// The endpoint that a command is about: the one that it names, if it is known, or the active
    /// one.
    fn meant(&self, command: &Command) -> Option<usize> {
        match command {
            Command::Prefer(Some(name))
            | Command::BeginMaintenance(name)
            | Command::EndMaintenance(name)
            | Command::Drain(name, _)
            | Command::Remove(name, _)
            | Command::PutBack(name) => self.cx.index_of(name),
            #[cfg(feature = "breaker")]
            Command::Isolate(name) | Command::Release(name) => self.cx.index_of(name),
            _ => Some(self.failover.active()),
        }
    }

    fn set_endpoints(&mut self, endpoints: ValidEndpoints) {
        let origins = origins(&self.cx.endpoints, &endpoints);
        let before = self.active().clone();
        let request = self.abandon_checks(&origins);
        self.cx.endpoints.clear();
        for endpoint in endpoints.into_vec() {
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
            self.check_for_app(self.failover.active(), request);
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
            let stays = |origin: &Origin| {
                origin.before == Some(index) && origin.same_host && origin.same_check
            };
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
            if !(origin.same_host && origin.same_check)
                && (index == active || self.cx.config.standby_interval.is_some())
            {
                self.checks.ask(&self.cx, index);
            }
        }
    }
}
