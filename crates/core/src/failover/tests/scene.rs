//! What a test gives to the transition function: endpoints that are well, and what differs from it.

use crate::base::random::Random;
use crate::base::time::{Millis, Timestamp};
use crate::base::url::Url;
use crate::config::{self, Config, Endpoint, Retry};
use crate::failover::Watch;
use crate::failover::rank::{Rank, Ranking};
use crate::failover::state::{Offline, Outage, PlannedMove, Stage, State, Suspicion};
use crate::failover::strategy::{Strategy, strategy};
use crate::failover::transition::{Decision, Fact, next};
use crate::failover::view::{ConnectionView, EndpointView, KnownBy, ProbesView, View};
use crate::health::Health;
use crate::health::share::FailureShare;
use crate::protocol::event::SwitchReason;
use crate::protocol::outcome::FailureKind;
use crate::session::backoff::Backoff;
use std::sync::Arc;

/// The present of every test.
pub(super) const NOW: Timestamp = Timestamp::from_millis(10_000_000);
/// When the suspicions and outages of the tests began.
pub(super) const SINCE: Timestamp = ago(10);

/// So many seconds before now.
pub(super) const fn ago(secs: u64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() - secs * 1_000)
}

/// So many seconds after now.
pub(super) const fn ahead(secs: u64) -> Timestamp {
    Timestamp::from_millis(NOW.as_millis() + secs * 1_000)
}

/// All that a decision may look at, to be changed at will.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) now: Timestamp,
    pub(super) config: Config,
    pub(super) retry: Retry,
    pub(super) active: usize,
    pub(super) watch: Watch,
    pub(super) endpoints: Vec<EndpointView>,
    pub(super) connection: ConnectionView,
    pub(super) probes: ProbesView,
    pub(super) wish: Option<usize>,
    pub(super) outage_told: bool,
    pub(super) hold: Millis,
    pub(super) forced_moves: u32,
}

impl Scene {
    /// Endpoints that are well, the first of them active; no connection is wanted.
    pub(super) fn of<const N: usize>(endpoints: [EndpointView; N]) -> Self {
        Self {
            now: NOW,
            config: Config::default(),
            retry: Retry::default(),
            active: 0,
            watch: Watch::Full,
            endpoints: endpoints.to_vec(),
            connection: ConnectionView::default(),
            probes: ProbesView::default(),
            wish: None,
            outage_told: false,
            hold: Millis::ZERO,
            forced_moves: 0,
        }
    }

    /// The same, changed.
    pub(super) fn but(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn by(self, strategy: config::Strategy) -> Self {
        self.but(|scene| scene.config.strategy = strategy)
    }

    /// The app wants a connection, and has one.
    pub(super) fn connected(self) -> Self {
        self.but(|scene| scene.connection.wanted = true)
    }

    /// Messages arrive from the active endpoint.
    pub(super) fn talking(self) -> Self {
        self.connected().but(|scene| {
            scene.connection.talking = true;
            scene.connection.last_message = Some(NOW);
        })
    }

    pub(super) fn view(&self) -> View {
        View {
            now: self.now,
            config: Arc::new(self.config.clone()),
            retry: self.retry.clone(),
            active: self.active,
            watch: self.watch,
            endpoints: self.endpoints.clone(),
            connection: self.connection,
            probes: self.probes,
            wish: self.wish,
            outage_told: self.outage_told,
            hold: self.hold,
            forced_moves: self.forced_moves,
        }
    }

    pub(super) fn strategy(&self) -> &'static dyn Strategy {
        strategy(self.config.strategy)
    }

    pub(super) fn next(&self, state: State, fact: Fact) -> (State, Option<Decision>) {
        next(state, &self.view(), fact, self.strategy(), &mut Random::new(1))
    }

    /// What follows when the view is looked at.
    pub(super) fn observe(&self, state: State) -> (State, Option<Decision>) {
        self.next(state, Fact::Observed)
    }
}

// ----- endpoints -----

pub(super) fn well() -> EndpointView {
    EndpointView {
        health: Health::Healthy,
        since: ago(1_000),
        known_by: KnownBy::Checks,
        failures: 0,
        successes: 10,
        down: false,
        flaky_only: false,
        commanded: false,
        unreachable: false,
        retry_at: Timestamp::default(),
        last_pass: Some(ago(20)),
        first_pass: None,
        last_failure: None,
        last_answer: None,
        failure: None,
        checking: false,
        attempts: 0,
        rtt: None,
        deviation: Millis::ZERO,
        failure_share: FailureShare::default(),
        rests_until: None,
        flaps: 0,
        free_at: Timestamp::default(),
        interval: Millis::from_secs(3),
        spread: Millis::ZERO,
        rank: rank(0, Health::Healthy, false),
        proof: 1,
        ready_at: ago(100),
    }
}

pub(super) fn degraded() -> EndpointView {
    EndpointView { health: Health::Degraded, rank: rank(0, Health::Degraded, false), ..well() }
}

pub(super) fn in_maintenance() -> EndpointView {
    EndpointView { health: Health::Maintenance, since: ago(5), successes: 0, ..well() }
}

/// It has failed once, and the evidence does not suffice.
pub(super) fn suspected(failure: FailureKind) -> EndpointView {
    EndpointView {
        health: Health::Suspect,
        since: ago(1),
        failures: 1,
        successes: 0,
        last_failure: Some(ago(1)),
        failure: Some(failure),
        attempts: 1,
        ..well()
    }
}

/// The evidence suffices.
pub(super) fn down(failure: FailureKind) -> EndpointView {
    EndpointView { health: Health::Unhealthy, failures: 3, down: true, ..suspected(failure) }
}

/// A standby that has passed a check since the suspicion began.
pub(super) fn fresh() -> EndpointView {
    EndpointView { last_pass: Some(ago(2)), first_pass: Some(ago(2)), ..well() }
}

/// A standby that has been asked often enough, and is down.
pub(super) fn given_up(failure: FailureKind) -> EndpointView {
    EndpointView { attempts: 6, ..down(failure) }
}

/// The app wants a connection to it, and cannot get one.
pub(super) fn unreachable() -> EndpointView {
    EndpointView { unreachable: true, ..well() }
}

pub(super) fn rank(priority: u32, health: Health, preferred: bool) -> Rank {
    let url = || Url::unparsed(String::new());
    let endpoint = Endpoint { priority, ..Endpoint::new("a", url(), url()) };
    let ranking = Ranking::new(&endpoint, &Config::default(), &mut Random::new(1));
    ranking.rank(health, preferred)
}

// ----- states -----

pub(super) const STEADY: State = State::Steady(None);

pub(super) fn waiting(to: usize, reason: SwitchReason, at: Timestamp) -> State {
    State::Steady(Some(PlannedMove { to, reason, stage: Stage::Waiting(at) }))
}

pub(super) fn opening(to: usize, reason: SwitchReason) -> State {
    State::Steady(Some(PlannedMove { to, reason, stage: Stage::Opening }))
}

pub(super) fn suspicion() -> Suspicion {
    Suspicion::new(SINCE, Millis::ZERO)
}

pub(super) fn suspecting() -> State {
    State::Suspecting(suspicion())
}

pub(super) fn outage() -> Outage {
    Outage {
        since: SINCE,
        round: Some(ahead(5)),
        backoff: Backoff::default(),
        silent: false,
        hold: Millis::ZERO,
    }
}

pub(super) fn all_down() -> State {
    State::AllDown(outage())
}

pub(super) fn presumed() -> State {
    State::Offline(Offline::Presumed(Outage { silent: true, ..outage() }))
}

pub(super) fn reported() -> State {
    State::Offline(Offline::Reported(SINCE))
}

/// A state without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Steady,
    Waiting,
    Opening,
    Suspecting,
    Trying,
    AllDown,
    Presumed,
    Reported,
}

pub(super) fn kind(state: &State) -> Kind {
    match state {
        State::Steady(None) => Kind::Steady,
        State::Steady(Some(PlannedMove { stage: Stage::Waiting(_), .. })) => Kind::Waiting,
        State::Steady(Some(PlannedMove { stage: Stage::Opening, .. })) => Kind::Opening,
        State::Suspecting(_) => Kind::Suspecting,
        State::Trying { .. } => Kind::Trying,
        State::AllDown(_) => Kind::AllDown,
        State::Offline(Offline::Presumed(_)) => Kind::Presumed,
        State::Offline(Offline::Reported(_)) => Kind::Reported,
    }
}
