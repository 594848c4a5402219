//! Failure events, and what is done about them.

use super::Engine;
use crate::config::Name;
use crate::event::{Event, SwitchReason};
use crate::health::Maintenance;
use crate::outcome::FailureKind;
use crate::recovery::{RecoveryAction, RecoveryStrategy, Step};
use crate::situation::Situation;
use crate::time::{Millis, Timestamp};

impl Engine {
    /// What is and was done about failures: the last 32 actions, oldest first.
    pub fn recoveries(&self) -> Vec<RecoveryAction> {
        self.recoveries.list(self.now)
    }

    /// Tells of failures that a check shows, and does something about them.
    pub(super) fn tell_failures(&mut self, index: usize, failure: Option<FailureKind>, latency: Millis) {
        let rules = &self.config.failure_events;
        let offline = matches!(self.situation, Situation::ToldOffline | Situation::PresumedOffline(_));
        if !rules.enabled || offline {
            return;
        }
        let tracked = &mut self.endpoints[index];
        let events = tracked.failures.get_or_insert_default().check(rules, &tracked.endpoint.name, failure, latency, self.now);
        for event in events {
            let step = if self.config.recovery.enabled { self.recoveries.begin(&self.config.recovery, &event, self.now) } else { None };
            self.emit(Event::Failure(event));
            self.act(step);
        }
    }

    /// Someone else reports how an action ended.
    pub(super) fn recovery_ended(&mut self, id: u32, ok: bool, error: Option<String>) {
        let result = if ok { Ok(()) } else { Err(error.unwrap_or_default()) };
        let next = self.recoveries.end(&self.config.recovery, id, result, self.now);
        self.act(next);
    }

    pub(super) fn expire_recoveries(&mut self) {
        while let Some(id) = self.recoveries.overdue(&self.config.recovery, self.now) {
            self.recovery_ended(id, false, Some("nobody has reported in time".to_owned()));
        }
    }

    pub(super) fn recoveries_due(&self) -> Option<Timestamp> {
        self.recoveries.due(&self.config.recovery)
    }

    /// Does what a client can do by itself, and asks for the rest.
    fn act(&mut self, mut step: Option<Step>) {
        while let Some(Step { id, strategy, endpoint }) = step.take() {
            let done = strategy.is_client_side().then(|| self.recover(strategy, &endpoint));
            if let Some(result) = done.clone() {
                step = self.recoveries.end(&self.config.recovery, id, result, self.now);
            }
            if let Some(action) = self.recoveries.list(self.now).into_iter().find(|action| action.id == id) {
                self.emit(Event::Recovery(action));
            }
        }
    }

    fn recover(&mut self, strategy: RecoveryStrategy, endpoint: &Name) -> Result<(), String> {
        let index = self.index_of(endpoint).ok_or("the endpoint is gone")?;
        let other = self.best(&|other| other != index && self.endpoints[other].condition.is_usable());
        match strategy {
            RecoveryStrategy::Reconnect => {
                self.connection.hurry(self.now, &self.config.retry, self.config.spread.forced, &mut self.random);
                Ok(())
            }
            // Never the last one: an endpoint that fails is better than none.
            _ if other.is_none() => Err("no other endpoint is healthy".to_owned()),
            RecoveryStrategy::Drain | RecoveryStrategy::RemoveFromLoadBalancer => {
                let end = self.now + self.config.recovery.out_of_rotation;
                if matches!(self.endpoints[index].condition.maintenance(), Some(Maintenance::Removed(_))) {
                    return Err("it is out of rotation already".to_owned());
                }
                self.announce(index, Maintenance::Removed(end));
                // Draining leaves gently, as from any endpoint in maintenance.
                if let Some(other) = other.filter(|_| index == self.active && strategy == RecoveryStrategy::RemoveFromLoadBalancer) {
                    self.switch(other, SwitchReason::Unhealthy);
                }
                Ok(())
            }
            _ => {
                if let Some(other) = other.filter(|_| index == self.active) {
                    self.switch(other, SwitchReason::Unhealthy);
                }
                Ok(())
            }
        }
    }
}
