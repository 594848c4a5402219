//! The engine: decides which endpoint the app should be connected to. It does no I/O and reads no
//! clock.
//!
//! Here stands the order of the steps, and nothing else: an input goes to its owner
//! (`inputs.rs`), its facts to the failover, and what follows from a decision to those that it
//! concerns (`consequences.rs`).

#[cfg(feature = "breaker")]
mod calls;
mod commands;
mod consequences;
pub(crate) mod context;
mod inputs;
mod presence;
mod queries;
pub(crate) mod roster;
mod saving;
#[cfg(test)]
#[cfg(feature = "url")]
mod tests;
mod wakeup;

pub use saving::RestoreError;
#[cfg(feature = "recovery")]
use wakeup::sooner;
pub use wakeup::{Timer, Wakeup};

#[cfg(not(feature = "breaker"))]
use crate::absent::Breakers;
#[cfg(not(feature = "reports"))]
use crate::absent::Observers;
use crate::base::time::{Millis, Timestamp};
#[cfg(feature = "breaker")]
use crate::breaker::Breakers;
use crate::checks::Checks;
use crate::checks::connectivity::Connectivity;
use crate::config::{Config, Endpoint, Retry, ValidConfig};
use crate::failover::{Failover, View, World};
#[cfg(feature = "reports")]
use crate::observe::Observers;
#[cfg(feature = "recovery")]
use crate::operate::Operator;
use crate::protocol::effect::Effect;
use crate::protocol::event::{Event, OfflineReason};
use crate::protocol::input::{Command, Input, Network};
use crate::session::Session;
use context::Context;
use presence::Presence;
use std::sync::Arc;

/// Decides which endpoint the app should be connected to.
///
/// The contract: after each [`handle`](Self::handle), drain [`poll_effect`](Self::poll_effect) and
/// execute what it returns; call `handle` again when something has happened, and with
/// [`Input::Wake`] when [`next_wakeup`](Self::next_wakeup) has come. The same seed and the same
/// inputs at the same times give the same effects, on every platform.
///
/// State changes by `&mut self` only: `handle`; [`restore`](Self::restore) before the start; and,
/// with the feature `breaker`, `try_acquire` and `begin_call`, which decide at once and are followed
/// by a `handle`.
///
/// ```
/// # #[cfg(feature = "url")] {
/// use steadfast::{Answer, Config, Effect, Endpoint, Engine, Input, Outcome, Preset, Timestamp};
///
/// let endpoint = |name: &str| {
///     let connect = format!("wss://{name}.example/").parse().unwrap();
///     Endpoint::new(name, connect, format!("https://{name}.example/_ping").parse().unwrap())
/// };
/// let endpoints = vec![endpoint("primary"), endpoint("secondary")];
/// let mut now = Timestamp::from_millis(0);
/// let config = Config::new(Preset::Default, endpoints).validate().unwrap();
/// let mut engine = Engine::new(config, 7, now);
///
/// engine.handle(now, Input::Started);
/// for _ in 0..10 {
///     while let Some(effect) = engine.poll_effect() {
///         if let Effect::StartCheck { id, endpoint, .. } = effect {
///             println!("{now:?}: check {}", endpoint.name);
///             let answer = Answer { status: Some(200), ..Answer::default() };
///             let outcome = Outcome::Answer(answer);
///             engine.handle(now, Input::CheckFinished { id, outcome });
///         }
///     }
///     now = engine.next_wakeup().expect("a started engine always has something ahead");
///     engine.handle(now, Input::Wake);
/// }
/// assert_eq!(engine.active().name.as_str(), "primary");
/// # }
/// ```
#[derive(Debug)]
pub struct Engine {
    cx: Context,
    checks: Checks,
    failover: Failover,
    session: Session,
    breakers: Breakers,
    observers: Observers,
    #[cfg(feature = "recovery")]
    operator: Operator,
    phase: Phase,
    presence: Presence,
    wakeup: Option<Wakeup>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Running,
    Stopped,
}

impl Engine {
    /// An engine that has not started.
    ///
    /// `seed` should differ from client to client: it spreads a crowd. `now` is the present on the
    /// shell's clock.
    pub fn new(config: ValidConfig, seed: u64, now: Timestamp) -> Self {
        let mut config = config.into_config();
        let mut endpoints = Vec::new();
        for endpoint in std::mem::take(&mut config.endpoints.0) {
            endpoints.push(Arc::new(endpoint));
        }
        let connectivity = Connectivity::new(std::mem::take(&mut config.connectivity.0));
        Self::of(Arc::new(config), endpoints, connectivity, seed, now)
    }

    /// An engine for another client with the same config: one that has not started and knows
    /// nothing. They share what does not change, so that a million of them fit into a simulator.
    #[must_use]
    pub fn sibling(&self, seed: u64, now: Timestamp) -> Self {
        let connectivity = self.checks.connectivity().anew();
        let Context { config, endpoints, .. } = &self.cx;
        Self::of(config.clone(), endpoints.clone(), connectivity, seed, now)
    }

    fn of(
        config: Arc<Config>,
        endpoints: Vec<Arc<Endpoint>>,
        connectivity: Connectivity,
        seed: u64,
        now: Timestamp,
    ) -> Self {
        let mut cx = Context::new(config, endpoints, seed, now);
        let mut engine = Self {
            checks: Checks::new(&cx, connectivity),
            failover: Failover::new(&mut cx),
            session: Session::new(&cx),
            breakers: Breakers::new(cx.endpoints.len()),
            observers: Observers::new(&cx),
            #[cfg(feature = "recovery")]
            operator: Operator::default(),
            phase: Phase::Idle,
            presence: Presence::Foreground,
            wakeup: None,
            cx,
        };
        let best = Failover::best_of_all(&engine.gather(), &engine.cx);
        engine.failover.set_active(&engine.cx, best);
        engine
    }

    /// Takes in what has happened. A `now` earlier than the last one is taken for the last one.
    pub fn handle(&mut self, now: Timestamp, input: Input) {
        if matches!(input, Input::Command(Command::Stop)) {
            // Whatever has been missed is of no interest any more.
            self.wakeup = None;
        }
        self.advance(now);
        match (self.phase, input) {
            (Phase::Running, Input::Started) | (Phase::Stopped, Input::Command(Command::Stop)) => {}
            (_, Input::Started) => self.start(),
            // What the platform reports and the app wants before the start holds from then on.
            (Phase::Idle | Phase::Stopped, Input::Lifecycle(lifecycle)) => {
                self.presence = lifecycle.into();
            }
            (Phase::Idle | Phase::Stopped, Input::Network(network)) => {
                self.failover.set_reported_offline(self.cx.now, network == Network::Offline);
            }
            (Phase::Idle | Phase::Stopped, Input::Command(command)) => self.command(command),
            (Phase::Idle | Phase::Stopped, _) => {}
            (Phase::Running, input) => self.take(input),
        }
        self.settle();
    }

    /// Decides, and lets the observers see what was reported.
    fn settle(&mut self) {
        if self.is_running() {
            self.decide();
        }
        self.observe();
        #[cfg(feature = "recovery")]
        self.operate();
        if !self.is_running() {
            self.wakeup = None;
        }
    }

    /// Returns what the shell is to do next; call it until there is nothing more.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.cx.pop_effect()
    }

    /// When to call [`handle`](Self::handle) with [`Input::Wake`] if nothing else happens; never
    /// before the last `now`.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.wakeup.map(|wakeup| wakeup.at)
    }

    /// What the next wake-up is for.
    pub fn next_timer(&self) -> Option<Wakeup> {
        self.wakeup
    }

    fn start(&mut self) {
        self.phase = Phase::Running;
        self.cx.running = true;
        self.failover.restart();
        self.checks.restart(&self.cx);
        let active = self.failover.active();
        self.cx.emit(Event::Started { active: self.cx.name(active) });
        self.forget_verdicts();
        if self.failover.is_reported_offline() {
            self.cx.emit(Event::Offline { reason: OfflineReason::Told });
        } else if self.watches() {
            let delay = self.cx.config.initial_delay;
            self.checks.ask_all(&mut self.cx, active, delay);
        }
        self.lead_to(active);
    }

    /// Forgets the verdicts of an earlier run, and tells the app.
    fn forget_verdicts(&mut self) {
        self.session.reset_failures();
        for index in 0..self.cx.endpoints.len() {
            let change = self.checks.discard_verdict(&self.cx, index);
            self.health_changed(index, change);
        }
    }

    fn stop(&mut self) {
        self.discard_checks();
        self.session.stop(&mut self.cx);
        self.cx.push(Effect::Persist);
        self.cx.emit(Event::Stopped);
        self.phase = Phase::Stopped;
        self.cx.running = false;
    }

    /// What the failover may look at.
    fn world(&self) -> World<'_> {
        World { checks: &self.checks, session: &self.session }
    }

    fn gather(&self) -> View {
        self.failover.gather(self.world(), &self.cx, self.retry(), self.watch())
    }

    /// How retries wait for each other: in the background less often, for they wake the radio.
    fn retry(&self) -> Retry {
        const IN_THE_BACKGROUND: Millis = Millis::from_secs(600);
        let mut retry = self.cx.config.retry.clone();
        if !self.watches() {
            retry.max = retry.max.max(IN_THE_BACKGROUND);
        }
        retry
    }

    /// Lets the observers see what has been reported.
    fn observe(&mut self) {
        while self.cx.has_unseen() {
            let (effects, seen) = self.cx.take_effects();
            for effect in &effects[seen..] {
                if let Effect::Emit { event, .. } = effect {
                    self.observers.see(&self.cx, event);
                    #[cfg(feature = "recovery")]
                    self.operator.see(&mut self.cx, &self.checks, event);
                }
            }
            self.cx.put_back(effects);
        }
    }

    /// Does what recovery asks for: it sends commands as any app could.
    #[cfg(feature = "recovery")]
    fn operate(&mut self) {
        // What is done about a failure may fail, and the next thing be tried.
        for _ in 0..2 * self.cx.endpoints.len() + 8 {
            if !self.is_running() {
                break;
            }
            let Some(command) =
                self.operator.poll_command(&mut self.cx, &self.checks, &self.session)
            else {
                break;
            };
            self.command(command);
            self.decide();
            self.observe();
        }
        let due = self.operator.due(&self.cx).map(|at| at.max(self.cx.now));
        self.wakeup = sooner(self.wakeup, due, Timer::Recovery);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }
}
