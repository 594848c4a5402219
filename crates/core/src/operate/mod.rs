//! Recovery: sees what fails, and does something about it as any app could, by commands. What a
//! client cannot do is left to whoever listens.

pub(crate) mod recovery;

use crate::base::time::Timestamp;
use crate::checks::Checks;
use crate::config::Name;
use crate::engine::context::Context;
use crate::health::Exclusion;
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
    offline: bool,
}

impl Operator {
    /// Sees an event that has just been reported.
    pub(crate) fn see(&mut self, cx: &mut Context, checks: &Checks, event: &Event) {
        match event {
            Event::Check(report) => self.see_check(cx, checks, report),
            Event::Offline { .. } => self.offline = true,
            Event::Online => self.offline = false,
            Event::Started { .. } => {
                self.offline = false;
                // What an earlier run has left undone is of no interest any more.
                self.steps.clear();
            }
            _ => {}
        }
    }

    /// Reports the failures that a check shows, and begins to do something about them.
    fn see_check(&mut self, cx: &mut Context, checks: &Checks, report: &CheckReport) {
        let config = cx.config.clone();
        let Some(index) = cx.index_of(&report.endpoint) else { return };
        // It was said that it would fail; what recovery took out of rotation may need more than that.
        let exclusion = checks.of(index).health().exclusion();
        let announced = matches!(exclusion, Some(Exclusion::Announced(_) | Exclusion::Commanded));
        if !config.failure_events.enabled || self.offline || announced {
            return;
        }
        let known = self.failures.iter().position(|(name, _)| *name == report.endpoint);
        let place = known.unwrap_or_else(|| {
            self.failures.push((report.endpoint.clone(), Failures::default()));
            self.failures.len() - 1
        });
        let (name, failures) = &mut self.failures[place];
        let latency = crate::Millis::new(report.latency_ms);
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
    pub(crate) fn poll_command(&mut self, cx: &mut Context, checks: &Checks, session: &Session) -> Option<Command> {
        if cx.config.recovery.enabled
            && let Some(name) = needed(cx, checks, session)
        {
            return Some(Command::Maintenance(name, false));
        }
        while let Some(Step { id, strategy, endpoint }) = self.steps.pop_front() {
            if !strategy.is_client_side() {
                self.report(cx, id);
                continue;
            }
            match command(cx, checks, session, strategy, &endpoint) {
                Ok(command) => {
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

    fn report(&self, cx: &mut Context, id: u32) {
        let actions = self.recoveries.list(cx.now);
        if let Some(action) = actions.into_iter().find(|action| action.id == id) {
            cx.emit(Event::Recovery(action));
        }
    }
}

/// Whether an endpoint is usable that is one of these.
fn is_anyone_usable(cx: &Context, checks: &Checks, session: &Session, of: impl Fn(usize) -> bool) -> bool {
    let usable = |index: usize| of(index) && checks.of(index).health().is_usable() && !session.is_unreachable(cx, index);
    (0..cx.endpoints.len()).any(usable)
}

/// An endpoint that recovery has taken out of rotation, and that is needed because no other one is
/// usable any more.
fn needed(cx: &Context, checks: &Checks, session: &Session) -> Option<Name> {
    let is_removed = |index: &usize| match checks.of(*index).health().exclusion() {
        Some(Exclusion::Removed(end)) => cx.now < end,
        _ => false,
    };
    let removed = (0..cx.endpoints.len()).find(is_removed)?;
    (!is_anyone_usable(cx, checks, session, |_| true)).then(|| cx.name(removed))
}

/// What a client does to carry out a strategy, or why it cannot.
fn command(cx: &Context, checks: &Checks, session: &Session, strategy: RecoveryStrategy, endpoint: &Name) -> Result<Command, &'static str> {
    let index = cx.index_of(endpoint).ok_or("the endpoint is gone")?;
    if strategy == RecoveryStrategy::Reconnect {
        return Ok(Command::Reconnect);
    }
    if !is_anyone_usable(cx, checks, session, |other| other != index) {
        // Never the last one: an endpoint that fails is better than none.
        return Err("no other endpoint is healthy");
    }
    match checks.of(index).health().exclusion() {
        Some(Exclusion::Removed(end)) if cx.now < end => Err("it is out of rotation already"),
        Some(_) => Err("it is in maintenance"),
        None if strategy == RecoveryStrategy::Drain => Ok(Command::Drain(endpoint.clone(), cx.config.recovery.out_of_rotation)),
        None => Ok(Command::Remove(endpoint.clone(), cx.config.recovery.out_of_rotation)),
    }
}
