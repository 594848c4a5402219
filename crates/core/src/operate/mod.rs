//! Recovery: sees what fails, and does something about it as any app could, by commands. What a
//! client cannot do is left to whoever listens.

pub(crate) mod recovery;

use crate::base::time::{Millis, Timestamp};
use crate::checks::Checks;
use crate::config::Name;
use crate::engine::context::Context;
use crate::engine::roster::Origin;
use crate::health::{Exclusion, Health};
use crate::observe::failures::Failures;
use crate::protocol::event::{CheckReport, Event};
use crate::protocol::input::Command;
use crate::session::Session;
use recovery::{Recoveries, RecoveryAction, RecoveryStrategy, Step};
use std::collections::VecDeque;

/// Whoever runs the endpoints, as far as a client can stand in for them.
#[derive(Debug, Default)]
pub(crate) struct Operator {
    /// Kept only if they are reported.
    failures: Vec<(Name, Failures)>,
    recoveries: Recoveries,
    steps: VecDeque<Step>,
    /// Endpoints that it has taken out of rotation.
    removed: Vec<Name>,
    offline: bool,
    /// The app has been told that nobody can be used.
    all_down: bool,
}

impl Operator {
    /// Sees an event that has just been reported.
    pub(crate) fn see(&mut self, cx: &mut Context, checks: &Checks, event: &Event) {
        match event {
            Event::Check(report) => self.see_check(cx, checks, report),
            Event::Offline { .. } => self.offline = true,
            Event::AllDown { .. } => self.all_down = true,
            Event::Recovered { .. } => self.all_down = false,
            Event::Online => (self.offline, self.all_down) = (false, false),
            Event::Started { .. } => {
                (self.offline, self.all_down) = (false, false);
                // What an earlier run has left undone is of no interest any more.
                self.steps.clear();
            }
            _ => {}
        }
    }

    /// The endpoints are others. What is known of a host that is gone is forgotten.
    pub(crate) fn replace(&mut self, cx: &Context, origins: &[Origin]) {
        let stays = |name: &Name| cx.index_of(name).is_some_and(|index| origins[index].same_host);
        self.failures.retain(|(name, _)| stays(name));
        self.steps.retain(|step| cx.index_of(&step.endpoint).is_some());
        self.removed.retain(|name| cx.index_of(name).is_some());
    }

    /// The app has said itself how long an endpoint is out of rotation.
    pub(crate) fn leave_to_app(&mut self, endpoint: &Name) {
        self.removed.retain(|name| name != endpoint);
    }

    /// Reports the failures that a check shows, and begins to do something about them.
    fn see_check(&mut self, cx: &mut Context, checks: &Checks, report: &CheckReport) {
        if !cx.config.failure_events.enabled || self.offline {
            return;
        }
        let Some(index) = cx.index_of(&report.endpoint) else { return };
        // It was said that it would fail; what recovery took out of rotation may need more than
        // that.
        let exclusion = checks.of(index).health().exclusion(cx.now);
        let announced = exclusion.is_some_and(|it| !matches!(it, Exclusion::Removed(_)));
        // A failure that does not count yet is repeated at once.
        let counts = report.failure.is_none() || report.failures > 0 || exclusion.is_some();
        if announced || !counts {
            return;
        }
        let config = cx.config.clone();
        let known = self.failures.iter().position(|(name, _)| *name == report.endpoint);
        let place = known.unwrap_or_else(|| {
            self.failures.push((report.endpoint.clone(), Failures::default()));
            self.failures.len() - 1
        });
        let (name, failures) = &mut self.failures[place];
        let latency = Millis::new(report.latency_ms);
        let rules = &config.failure_events;
        for event in failures.observe(rules, name, report.failure, latency, cx.now) {
            if config.recovery.enabled {
                self.steps.extend(self.recoveries.begin(&config.recovery, &event, cx.now));
            }
            cx.emit(Event::Failure(event));
        }
    }

    /// Does the next thing. What a client can do by itself is a command; `None` if there is nothing
    /// left to do.
    pub(crate) fn poll_command(
        &mut self,
        cx: &mut Context,
        checks: &Checks,
        session: &Session,
    ) -> Option<Command> {
        if let Some(name) = self.needed(cx, checks, session) {
            return Some(Command::PutBack(name));
        }
        while let Some(Step { id, strategy, endpoint }) = self.steps.pop_front() {
            if !strategy.is_client_side() {
                self.report(cx, id);
                continue;
            }
            match command(cx, checks, session, strategy, &endpoint) {
                Ok(command) => {
                    if let Command::Remove(name, _) = &command {
                        self.removed.push(name.clone());
                    }
                    self.ended(cx, id, Ok(()));
                    return Some(command);
                }
                Err(reason) => self.ended(cx, id, Err(reason.to_owned())),
            }
        }
        None
    }

    /// An action has ended. If it did not help, the next one follows.
    pub(crate) fn ended(&mut self, cx: &mut Context, id: u32, result: Result<(), String>) {
        if !self.recoveries.end(id, result, cx.now) {
            return;
        }
        self.report(cx, id);
        if let Some(next) = self.recoveries.after(&cx.config.recovery, id, cx.now) {
            self.steps.push_front(next);
        }
    }

    /// Ends the actions that nobody has reported in time.
    pub(crate) fn expire(&mut self, cx: &mut Context) {
        while let Some(id) = self.recoveries.overdue(&cx.config.recovery, cx.now) {
            self.ended(cx, id, Err("nobody has reported in time".to_owned()));
        }
    }

    pub(crate) fn due(&self, cx: &Context) -> Option<Timestamp> {
        self.recoveries.due(&cx.config.recovery)
    }

    /// All actions that are remembered, oldest first.
    pub(crate) fn list(&self, now: Timestamp) -> Vec<RecoveryAction> {
        self.recoveries.list(now)
    }

    /// An endpoint that recovery has taken out of rotation, and that is needed because no other one
    /// works any more, as far as two failures in a row show.
    fn needed(&mut self, cx: &Context, checks: &Checks, session: &Session) -> Option<Name> {
        let health = |index: usize| checks.of(index).health();
        let is_removed =
            |name: &Name| cx.index_of(name).is_some_and(|index| health(index).is_removed(cx.now));
        self.removed.retain(is_removed);
        if self.removed.is_empty() {
            return None;
        }
        let may_work = |index: usize| match health(index).health() {
            Health::Unhealthy | Health::Maintenance => false,
            Health::Suspect => health(index).detector().failures() < 2,
            Health::Unknown | Health::Healthy | Health::Degraded => {
                !session.is_unreachable(cx, index)
            }
        };
        if !self.all_down && (0..cx.endpoints.len()).any(may_work) {
            return None;
        }
        // One that passes its checks before one that was removed later.
        let passes =
            |name: &Name| cx.index_of(name).is_some_and(|index| health(index).successes() > 0);
        let place = self.removed.iter().rposition(passes);
        Some(self.removed.remove(place.unwrap_or(self.removed.len() - 1)))
    }

    fn report(&self, cx: &mut Context, id: u32) {
        let actions = self.recoveries.list(cx.now);
        if let Some(action) = actions.into_iter().find(|action| action.id == id) {
            cx.emit(Event::Recovery(action));
        }
    }
}

/// What a client does to carry out a strategy, or why it cannot.
fn command(
    cx: &Context,
    checks: &Checks,
    session: &Session,
    strategy: RecoveryStrategy,
    endpoint: &Name,
) -> Result<Command, &'static str> {
    let index = cx.index_of(endpoint).ok_or("the endpoint is gone")?;
    if strategy == RecoveryStrategy::Reconnect {
        let endpoint = &cx.endpoints[index];
        return if session.is_open_elsewhere(endpoint) {
            Err("the app is connected to another endpoint")
        } else if session.is_talking(endpoint, cx.now) {
            Err("the app is served")
        } else {
            Ok(Command::Reconnect(None))
        };
    }
    // One that fails now and then is left only for one that does so less.
    let detector = |index: usize| checks.of(index).health().detector();
    let works = detector(index).failures() < cx.config.recovery.after;
    let gain = detector(index).share().gain().filter(|_| works);
    let usable = |other: usize| {
        other != index
            && checks.of(other).health().is_usable()
            && !session.is_unreachable(cx, other)
            && gain.is_none_or(|gain| detector(other).share().reaches(gain))
    };
    if !(0..cx.endpoints.len()).any(usable) {
        // Never the last one: an endpoint that fails is better than none.
        return Err("no other endpoint is healthy");
    }
    match checks.of(index).health().exclusion(cx.now) {
        Some(Exclusion::Removed(_)) => Err("it is out of rotation already"),
        Some(_) => Err("it is in maintenance"),
        None if strategy == RecoveryStrategy::Drain => {
            Ok(Command::Drain(endpoint.clone(), cx.config.recovery.out_of_rotation))
        }
        None => Ok(Command::Remove(endpoint.clone(), cx.config.recovery.out_of_rotation)),
    }
}

#[cfg(test)]
mod tests;
