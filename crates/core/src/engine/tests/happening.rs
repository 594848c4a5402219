//! Something that can happen, drawn at random, and an engine that is watched while it does.

use super::*;
use crate::config::{
    Check, Headers, HealthCheck, MAX_ENDPOINTS, Name, StatusPattern, StatusPatterns,
    Strategy as Choice,
};
use crate::protocol::effect::{CheckId, ConnectionId};
use crate::{CallOutcome, Command, DocumentStatus, Header, HealthDocument, Lifecycle, Route};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

/// In what the endpoints of a new list differ from those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Nothing,
    Token,
    Header,
    Host,
    Path,
    Check,
}

impl Change {
    pub(super) const ALL: [Self; 6] =
        [Self::Nothing, Self::Token, Self::Header, Self::Host, Self::Path, Self::Check];

    /// Whether they are the same hosts as before.
    pub(super) fn keeps_hosts(self) -> bool {
        matches!(self, Self::Nothing | Self::Token | Self::Header)
    }
}

/// Something that can happen, in terms that fit any state the engine may be in.
#[derive(Clone, Debug)]
pub(super) enum Happening {
    After(u32),
    OnTime,
    Finish { which: usize, kind: u8, latency: u32 },
    Stale,
    Connection { which: usize, kind: u8 },
    Traffic { endpoint: usize, ok: bool },
    Call(CallOutcome),
    Network(Network),
    Lifecycle(Lifecycle),
    Command(u8),
    SetEndpoints { count: usize, change: Change },
    Start,
    Stop,
}

pub(super) fn happening() -> impl Strategy<Value = Happening> {
    use Lifecycle::{Background, Foreground, Frozen, Resumed};
    let networks = [Network::Online, Network::Offline, Network::Changed];
    let lives = [Foreground, Background, Frozen, Resumed];
    let outcomes = [CallOutcome::Succeeded, CallOutcome::Failed, CallOutcome::Released];
    let finish = |(which, kind, latency)| Happening::Finish { which, kind, latency };
    prop_oneof![
        4 => (0_u32..10_000).prop_map(Happening::After),
        8 => Just(Happening::OnTime),
        12 => (any::<usize>(), 0_u8..9, 0_u32..400).prop_map(finish),
        1 => Just(Happening::Stale),
        4 => (any::<usize>(), 0_u8..8)
            .prop_map(|(which, kind)| Happening::Connection { which, kind }),
        1 => (0_usize..6, any::<bool>())
            .prop_map(|(endpoint, ok)| Happening::Traffic { endpoint, ok }),
        3 => select(outcomes.to_vec()).prop_map(Happening::Call),
        1 => select(networks.to_vec()).prop_map(Happening::Network),
        1 => select(lives.to_vec()).prop_map(Happening::Lifecycle),
        2 => (0_u8..16).prop_map(Happening::Command),
        1 => (1_usize..6, select(Change::ALL.to_vec()))
            .prop_map(|(count, change)| Happening::SetEndpoints { count, change }),
        2 => Just(Happening::Start),
        1 => Just(Happening::Stop),
    ]
}

/// Lets things happen to an engine and watches what must always hold.
pub(super) struct Watched {
    pub(super) engine: Engine,
    pub(super) now: Timestamp,
    checks: Vec<(CheckId, Name)>,
    connections: Vec<ConnectionId>,
    pub(super) log: Vec<Effect>,
}

impl Watched {
    pub(super) fn new(config: Config, seed: u64) -> Self {
        let engine = Engine::new(config.validate().unwrap(), seed, at(0));
        let (checks, connections, log) = (Vec::new(), Vec::new(), Vec::new());
        Self { engine, now: at(0), checks, connections, log }
    }

    fn input(&mut self, happening: &Happening) -> Option<Input> {
        Some(match *happening {
            Happening::After(millis) => {
                self.now = self.now + Millis::new(millis);
                Input::Wake
            }
            Happening::OnTime => {
                self.now = self.engine.next_wakeup()?;
                Input::Wake
            }
            Happening::Finish { which, kind, latency } => {
                if self.checks.is_empty() {
                    return None;
                }
                let (id, _) = self.checks.swap_remove(which % self.checks.len());
                let latency = Millis::new(latency);
                self.now = self.now + latency;
                Input::CheckFinished { id, outcome: outcome(kind, latency) }
            }
            Happening::Stale => Input::CheckFinished { id: CheckId(0), outcome: passed() },
            Happening::Connection { which, kind } => self.socket(which, kind)?,
            Happening::Traffic { endpoint, ok } => {
                Input::Traffic { endpoint: format!("e{endpoint}").as_str().into(), ok }
            }
            Happening::Call(outcome) => {
                let permit = self.engine.try_acquire(self.now, &Route::Active).ok()?;
                Input::CallEnded { permit, outcome, latency: Millis::new(5) }
            }
            Happening::Network(network) => Input::Network(network),
            Happening::Lifecycle(lifecycle) => Input::Lifecycle(lifecycle),
            Happening::Command(kind) => Input::Command(command(kind)),
            Happening::SetEndpoints { count, change } => {
                let endpoints = valid(changed(endpoints(count), change));
                Input::Command(Command::SetEndpoints(endpoints))
            }
            Happening::Start => Input::Started,
            Happening::Stop => Input::Command(Command::Stop),
        })
    }

    fn socket(&mut self, which: usize, kind: u8) -> Option<Input> {
        let at = which.checked_rem(self.connections.len())?;
        let id = self.connections[at];
        if matches!(kind, 1 | 2) {
            self.connections.swap_remove(at);
        }
        Some(match kind {
            0 => Input::ConnectionOpened { id },
            1 => Input::ConnectionClosed { id, code: None },
            2 => Input::ConnectionClosed { id, code: Some([4_001, 1_012][which % 2]) },
            3 => Input::ConnectionActive { id },
            4 => Input::ConnectionSent { id },
            5 => Input::ConnectionAwaitsApp { id },
            6 => Input::ConnectionBegun { id },
            _ => Input::ConnectionSilent { id },
        })
    }

    pub(super) fn happen(&mut self, happening: &Happening) {
        let Some(input) = self.input(happening) else { return };
        let (was_stopped, starting) = (self.engine.is_stopped(), input == Input::Started);
        self.engine.handle(self.now, input);
        let effects = drain(&mut self.engine);
        let silent = !was_stopped || starting || effects.is_empty();
        assert!(silent, "effects after a stop: {effects:?}");
        for effect in &effects {
            self.watch(effect);
        }
        if self.engine.is_stopped() {
            let nothing = self.checks.is_empty() && self.connections.is_empty();
            assert!(nothing, "left open at the stop");
            assert_eq!(self.engine.next_wakeup(), None);
        }
        let past = self.engine.next_wakeup().is_some_and(|wakeup| wakeup < self.now);
        assert!(!past, "a wake-up in the past");
        let snapshot = self.engine.snapshot();
        let active = snapshot.endpoints.iter().filter(|it| it.name == snapshot.active).count();
        assert_eq!(active, 1, "exactly one endpoint is active");
        let sockets = &self.connections;
        assert!(sockets.len() <= 2, "more than the old and the new connection: {sockets:?}");
        assert!(effects.len() <= 8 * MAX_ENDPOINTS);
        self.log.extend(effects);
    }

    fn watch(&mut self, effect: &Effect) {
        match effect {
            Effect::StartCheck { id, endpoint, timeout } => {
                let at_once = self.checks.iter().filter(|(_, it)| *it == endpoint.name).count();
                // One may run on after its timeout, for what its answer teaches.
                let most = crate::checks::schedule::MAX_ATTEMPTS as usize;
                assert!(at_once <= most, "{at_once} checks of {} at once", endpoint.name);
                assert!(*timeout <= endpoint.check().timeout);
                self.checks.push((*id, endpoint.name.clone()));
            }
            Effect::CancelCheck { id } => self.checks.retain(|(check, _)| check != id),
            Effect::Connect { id, .. } => self.connections.push(*id),
            Effect::Disconnect { id, .. } => self.connections.retain(|socket| socket != id),
            Effect::Promote { id } => {
                assert!(self.connections.contains(id), "promoted what is not open");
            }
            Effect::Persist => {}
            Effect::Emit { at, event } => {
                assert!(*at <= self.now);
                if let Event::Switched { from, to, .. } = event {
                    assert_ne!(from, to, "nobody moves to where he is");
                }
            }
        }
    }
}

fn outcome(kind: u8, latency: Millis) -> Outcome {
    let answer = |status| Answer { latency, ..answer(status) };
    Outcome::Answer(match kind {
        0 | 1 => answer(200),
        2 => answer(503),
        3 => return refused(),
        4 => Answer { headers: vec![Header::new("Retry-After", "20")], ..answer(503) },
        5 => {
            let status = DocumentStatus::Warn;
            let document = Some(HealthDocument { status, ..HealthDocument::default() });
            Answer { document, ..answer(200) }
        }
        6 => return Outcome::Failure(FailureKind::Unreachable),
        7 => answer(429),
        _ => return Outcome::Failure(FailureKind::Timeout),
    })
}

pub(super) fn command(kind: u8) -> Command {
    let (first, minute) = ("e0".into(), Millis::from_secs(60));
    match kind {
        0 => Command::CheckNow,
        1 | 2 => Command::Connect(SOCKET),
        3 => Command::Disconnect(SOCKET),
        4 => Command::Prefer(None),
        5 => Command::BeginMaintenance(first),
        6 => Command::EndMaintenance(first),
        7 => Command::Reconnect(None),
        8 => Command::Drain(first, minute),
        9 => Command::Remove(first, minute),
        10 => Command::Isolate(first),
        11 => Command::Release(first),
        other => Command::Prefer(Some(format!("e{}", other - 12).as_str().into())),
    }
}

/// The same endpoints, changed in this way.
pub(super) fn changed(mut endpoints: Vec<Endpoint>, change: Change) -> Vec<Endpoint> {
    for endpoint in &mut endpoints {
        let name = endpoint.name.clone();
        match change {
            Change::Nothing => {}
            Change::Token => {
                endpoint.connect = format!("ws://{name}.example/?token=2").parse().unwrap();
            }
            Change::Header => {
                let headers = Headers(vec![Header::new("X-Token", "2")]);
                endpoint.health.as_mut().unwrap().check =
                    Some(Check { headers, ..Check::default() });
            }
            Change::Host => {
                endpoint.connect = format!("ws://{name}.elsewhere.example/").parse().unwrap();
            }
            Change::Path => {
                endpoint.health.as_mut().unwrap().url =
                    format!("http://{name}.example/_ping").parse().unwrap();
            }
            Change::Check => {
                let expect_status = StatusPatterns(vec![StatusPattern::Code(200)]);
                endpoint.health.as_mut().unwrap().check =
                    Some(Check { expect_status, ..Check::default() });
            }
        }
    }
    endpoints
}

/// A config of any preset and strategy, with odd settings.
pub(super) fn config() -> impl Strategy<Value = Config> {
    use Choice::{Cyclic, Latency, Priority, Sticky, Weighted};
    let presets = [Preset::Default, Preset::Default, Preset::AppServices, Preset::Orchestrator];
    let strategies = [None, None, Some(Priority), Some(Latency), Some(Weighted), Some(Sticky)];
    let strategies = [&strategies[..], &[Some(Cyclic)]].concat();
    (1_usize..6, select(presets.to_vec()), select(strategies), 0_u32..3, any::<[bool; 6]>())
        .prop_map(|(count, preset, strategy, retries, odd)| {
            let mut config = Config::new(preset, endpoints(count));
            config.strategy = strategy.unwrap_or(config.strategy);
            config.check.retries = retries;
            let [background, neutral, no_haste, no_standbys, counts, recovers] = odd;
            config.background_checks = background;
            if neutral {
                let url = "http://neutral.example/".parse().unwrap();
                config.connectivity.0.push(HealthCheck { url, check: None });
            }
            if no_haste {
                config.suspect_interval = None;
            }
            if no_standbys {
                config.standby_interval = None;
            }
            if counts {
                config.failure_threshold = Some(2);
            }
            #[cfg(feature = "recovery")]
            {
                config.failure_events.enabled = recovers;
                config.recovery.enabled = recovers;
            }
            config
        })
}
