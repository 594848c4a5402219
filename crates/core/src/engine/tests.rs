//! What must hold whatever happens, and the contract of the engine. Behaviour over time stands in `tests/scenarios`.

use super::*;
#[cfg(feature = "recovery")]
use crate::RecoveryStrategy as Recovery;
use crate::config::{Endpoints, Preset, Strategy as Choice};
use crate::protocol::effect::{CheckId, ConnectionId};
use crate::{Answer, BreakerState, Command, Health, Lifecycle, Outcome};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::collections::{HashMap, HashSet};

fn endpoint(name: &str) -> Endpoint {
    let url = |scheme: &str| format!("{scheme}://{name}.example/").parse().unwrap();
    Endpoint::new(name, url("ws"), url("http"))
}

fn endpoints(count: usize) -> Vec<Endpoint> {
    (0..count).map(|index| endpoint(&format!("e{index}"))).collect()
}

fn engine(preset: Preset, count: usize) -> Engine {
    Engine::new(Config::new(preset, endpoints(count)), 7, Timestamp::from_millis(0)).unwrap()
}

fn drain(engine: &mut Engine) -> Vec<Effect> {
    std::iter::from_fn(|| engine.poll_effect()).collect()
}

fn passed() -> Outcome {
    Outcome::Answer(Answer { status: Some(200), latency: Millis::new(5), ..Answer::default() })
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

#[test]
fn a_bad_config_makes_no_engine() {
    let config = Config { failure_threshold: Some(0), ..Config::new(Preset::Default, endpoints(1)) };
    assert!(Engine::new(config, 0, at(0)).unwrap_err().to_string().starts_with("failureThreshold: 0 is out of range"));
    assert!(Engine::new(Config::default(), 0, at(0)).is_err());
}

#[test]
fn an_engine_that_has_not_started_does_nothing() {
    let mut engine = engine(Preset::Default, 2);
    engine.handle(at(5), Input::Wake);
    assert_eq!((engine.poll_effect(), engine.next_wakeup()), (None, None));
    assert_eq!(engine.snapshot().state, State::Idle);
    assert_eq!(engine.active().name.as_str(), "e0");
}

#[test]
fn a_result_from_before_a_stop_or_a_sleep_is_ignored() {
    let mut engine = engine(Preset::Default, 1);
    engine.handle(at(0), Input::Started);
    let first = CheckId(1);
    engine.handle(at(1), Input::Command(Command::Stop));
    drain(&mut engine);
    engine.handle(at(2), Input::Started);
    drain(&mut engine);
    engine.handle(at(3), Input::CheckFinished { id: first, outcome: passed() });
    assert_eq!(engine.snapshot().endpoints[0].health, Health::Unknown);
    // The second life's check is void as well once the device has slept.
    engine.handle(at(60_000), Input::CheckFinished { id: CheckId(2), outcome: passed() });
    let effects = drain(&mut engine);
    assert!(effects.contains(&Effect::CancelCheck { id: CheckId(2) }), "{effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::StartCheck { .. })), "{effects:?}");
    assert_eq!(engine.snapshot().endpoints[0].health, Health::Unknown);
}

#[test]
fn replacing_endpoints_keeps_what_is_known_of_those_that_stay() {
    let mut engine = engine(Preset::Default, 2);
    engine.handle(at(0), Input::Started);
    engine.handle(at(5), Input::CheckFinished { id: CheckId(1), outcome: passed() });
    drain(&mut engine);
    let set = |endpoints| Input::Command(Command::SetEndpoints(Endpoints(endpoints)));
    engine.handle(at(10), set(vec![endpoint("new"), endpoint("e0")]));
    assert_eq!(engine.active().name.as_str(), "e0");
    assert_eq!(engine.snapshot().endpoints[1].health, Health::Healthy);
    engine.handle(at(20), set(vec![endpoint("other")]));
    assert_eq!(engine.active().name.as_str(), "other");
    assert!(
        drain(&mut engine)
            .iter()
            .any(|effect| matches!(effect, Effect::Emit { event: Event::Switched { reason: crate::SwitchReason::Replaced, .. }, .. }))
    );
    engine.handle(at(30), set(vec![]));
    assert_eq!(engine.active().name.as_str(), "other", "nonsense changes nothing");
}

#[test]
fn an_engine_of_64_endpoints_is_small() {
    let of = |count| std::mem::size_of::<Engine>() + count * std::mem::size_of::<Tracked>();
    assert!(of(64) <= 64 * 1024, "{} bytes", of(64));
}

/// Something that can happen, in terms that fit any state the engine may be in.
#[derive(Clone, Debug)]
enum Happening {
    After(u32),
    OnTime,
    Finish { which: usize, kind: u8, latency: u32 },
    Stale,
    Connection { which: usize, kind: u8 },
    Traffic { endpoint: usize, ok: bool },
    Call { ok: bool },
    Network(Network),
    Lifecycle(Lifecycle),
    Command(u8),
    SetEndpoints(usize),
    Start,
    Stop,
}

fn happening() -> impl Strategy<Value = Happening> {
    let networks = [Network::Online, Network::Offline, Network::Changed];
    let lives = [Lifecycle::Foreground, Lifecycle::Background, Lifecycle::Frozen, Lifecycle::Resumed];
    prop_oneof![
        4 => (0_u32..10_000).prop_map(Happening::After),
        8 => Just(Happening::OnTime),
        12 => (any::<usize>(), 0_u8..8, 0_u32..400).prop_map(|(which, kind, latency)| Happening::Finish { which, kind, latency }),
        1 => Just(Happening::Stale),
        4 => (any::<usize>(), 0_u8..5).prop_map(|(which, kind)| Happening::Connection { which, kind }),
        1 => (0_usize..6, any::<bool>()).prop_map(|(endpoint, ok)| Happening::Traffic { endpoint, ok }),
        3 => any::<bool>().prop_map(|ok| Happening::Call { ok }),
        1 => proptest::sample::select(networks.to_vec()).prop_map(Happening::Network),
        1 => proptest::sample::select(lives.to_vec()).prop_map(Happening::Lifecycle),
        1 => (0_u8..10).prop_map(Happening::Command),
        1 => (1_usize..6).prop_map(Happening::SetEndpoints),
        2 => Just(Happening::Start),
        1 => Just(Happening::Stop),
    ]
}

/// Lets things happen to an engine and watches what must always hold.
struct Watched {
    engine: Engine,
    now: Timestamp,
    checks: Vec<(CheckId, Name)>,
    connections: Vec<ConnectionId>,
    log: Vec<Effect>,
}

impl Watched {
    fn new(config: Config, seed: u64) -> Self {
        let engine = Engine::new(config, seed, at(0)).unwrap();
        Self { engine, now: at(0), checks: Vec::new(), connections: Vec::new(), log: Vec::new() }
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
                self.now = self.now + Millis::new(latency);
                let answer = |status| Outcome::Answer(Answer { status: Some(status), latency: Millis::new(latency), ..Answer::default() });
                let outcome = match kind {
                    0 | 1 => answer(200),
                    2 => answer(503),
                    3 => Outcome::Failure(FailureKind::Refused),
                    4 => Outcome::Answer(Answer {
                        status: Some(503),
                        headers: vec![crate::Header::new("Retry-After", "20")],
                        ..Answer::default()
                    }),
                    5 => Outcome::Answer(Answer {
                        status: Some(200),
                        document: Some(crate::HealthDocument { status: crate::DocumentStatus::Warn, ..Default::default() }),
                        ..Answer::default()
                    }),
                    6 => Outcome::Failure(FailureKind::Unreachable),
                    _ => Outcome::Failure(FailureKind::Timeout),
                };
                Input::CheckFinished { id, outcome }
            }
            Happening::Stale => Input::CheckFinished { id: CheckId(0), outcome: passed() },
            Happening::Connection { which, kind } => {
                if self.connections.is_empty() {
                    return None;
                }
                let at = which % self.connections.len();
                let id = self.connections[at];
                if matches!(kind, 1 | 2) {
                    self.connections.swap_remove(at);
                }
                match kind {
                    0 => Input::ConnectionOpened { id },
                    1 => Input::ConnectionClosed { id, code: None },
                    2 => Input::ConnectionClosed { id, code: Some([4_001, 1_012][which % 2]) },
                    3 => Input::ConnectionActive { id },
                    _ => Input::ConnectionSilent { id },
                }
            }
            Happening::Traffic { endpoint, ok } => Input::Traffic { endpoint: format!("e{endpoint}").as_str().into(), ok },
            Happening::Call { ok } => {
                let permit = self.engine.try_acquire(self.now, &Route::Active).ok()?;
                Input::CallEnded { permit, ok, latency: Millis::new(5) }
            }
            Happening::Network(network) => Input::Network(network),
            Happening::Lifecycle(lifecycle) => Input::Lifecycle(lifecycle),
            Happening::Command(kind) => Input::Command(match kind {
                0 => Command::CheckNow,
                1 | 2 => Command::Connect,
                3 => Command::Disconnect,
                4 => Command::Prefer(None),
                5 => Command::Maintenance("e0".into(), true),
                6 => Command::Maintenance("e0".into(), false),
                other => Command::Prefer(Some(format!("e{other}").as_str().into())),
            }),
            Happening::SetEndpoints(count) => Input::Command(Command::SetEndpoints(Endpoints(endpoints(count)))),
            Happening::Start => Input::Started,
            Happening::Stop => Input::Command(Command::Stop),
        })
    }

    fn happen(&mut self, happening: &Happening) {
        let Some(input) = self.input(happening) else { return };
        let (was_stopped, starting) = (self.engine.is_stopped(), matches!(input, Input::Started));
        self.engine.handle(self.now, input);
        let effects = drain(&mut self.engine);
        assert!(!was_stopped || starting || effects.is_empty(), "effects after a stop: {effects:?}");
        for effect in &effects {
            self.watch(effect);
        }
        if self.engine.is_stopped() {
            assert!(self.checks.is_empty() && self.connections.is_empty(), "left open at the stop");
            assert_eq!(self.engine.next_wakeup(), None);
        }
        assert!(self.engine.next_wakeup().is_none_or(|wakeup| wakeup >= self.now), "a wake-up in the past");
        let snapshot = self.engine.snapshot();
        let active = snapshot.endpoints.iter().filter(|endpoint| endpoint.name == snapshot.active).count();
        assert_eq!(active, 1, "exactly one endpoint is active");
        assert!(self.connections.len() <= 2, "more than the old and the new connection: {:?}", self.connections);
        assert!(effects.len() <= 8 * crate::config::MAX_ENDPOINTS);
        self.log.extend(effects);
    }

    fn watch(&mut self, effect: &Effect) {
        match effect {
            Effect::StartCheck { id, endpoint, timeout } => {
                let at_once = self.checks.iter().filter(|(_, name)| *name == endpoint.name).count();
                assert!(at_once < crate::checks::schedule::MAX_TRIES as usize, "{at_once} checks of {} at once", endpoint.name);
                assert!(*timeout <= endpoint.health.check().timeout);
                self.checks.push((*id, endpoint.name.clone()));
            }
            Effect::CancelCheck { id } => self.checks.retain(|(check, _)| check != id),
            Effect::Connect { id, .. } => self.connections.push(*id),
            Effect::Disconnect { id, .. } => self.connections.retain(|connection| connection != id),
            Effect::Promote { id } => assert!(self.connections.contains(id), "promoted what is not open"),
            Effect::Persist => {}
            Effect::Emit { at, .. } => assert!(*at <= self.now),
        }
    }
}

fn config() -> impl Strategy<Value = Config> {
    let strategies = [Choice::Priority, Choice::Latency, Choice::Weighted, Choice::Sticky, Choice::Cyclic];
    (1_usize..6, any::<bool>(), proptest::sample::select(strategies.to_vec()), 0_u32..3, any::<bool>()).prop_map(
        |(count, published, strategy, retries, background_checks)| {
            let preset = if published { Preset::AppServices } else { Preset::Default };
            let mut config = Config { strategy, background_checks, ..Config::new(preset, endpoints(count)) };
            if retries == 1 {
                config.connectivity.0.push(crate::config::HealthCheck { url: "http://neutral.example/".parse().unwrap(), check: None });
            }
            config.check.retries = retries;
            config
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn invariants_hold_whatever_happens(config in config(), seed: u64, happenings in prop::collection::vec(happening(), 1..300)) {
        let (mut one, mut other) = (Watched::new(config.clone(), seed), Watched::new(config, seed));
        for happening in &happenings {
            one.happen(happening);
            other.happen(happening);
        }
        let before = one.now;
        for _ in 0..500 {
            one.happen(&Happening::OnTime);
            other.happen(&Happening::OnTime);
        }
        prop_assert!(one.engine.next_wakeup().is_none() || one.now > before, "the engine wakes over and over at the same moment");
        prop_assert_eq!(one.log, other.log, "the same seed and inputs give the same effects");
    }
}

#[test]
fn a_million_random_inputs_leave_memory_and_counters_bounded() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut watched = Watched::new(Config::new(Preset::Default, endpoints(5)), 3);
    let happenings: Vec<_> = (0..10_000).map(|_| happening().new_tree(&mut runner).unwrap().current()).collect();
    let mut capacity = HashSet::new();
    let mut seen = HashMap::<&str, u32>::new();
    for round in 0..100 {
        for happening in &happenings {
            watched.happen(happening);
        }
        for effect in watched.log.drain(..) {
            if let Effect::Emit { event, .. } = effect {
                let name = match event {
                    Event::Switched { .. } => "switched",
                    Event::AllDown { .. } => "allDown",
                    Event::Offline { .. } => "offline",
                    Event::Recovered { .. } => "recovered",
                    _ => continue,
                };
                *seen.entry(name).or_default() += 1;
            }
        }
        if round >= 50 {
            capacity.insert(watched.engine.effects.capacity());
        }
        assert!(watched.engine.snapshot().endpoints.iter().all(|endpoint| endpoint.failures < 100_000));
    }
    assert_eq!(capacity.len(), 1, "the queue still grows: {capacity:?}");
    assert_eq!(seen.len(), 4, "not everything was exercised: {seen:?}");
}

#[test]
fn a_verdict_opens_the_breaker_and_a_breaker_that_opens_is_evidence() {
    let mut engine = engine(Preset::Default, 2);
    engine.handle(at(0), Input::Started);
    engine.handle(at(5), Input::CheckFinished { id: CheckId(1), outcome: passed() });
    for _ in 0..5 {
        let permit = engine.try_acquire(at(100), &Route::Active).unwrap();
        engine.handle(at(100), Input::CallEnded { permit, ok: false, latency: Millis::new(5) });
    }
    assert_eq!(engine.explain(None).unwrap().evidence[0].what, "circuit breaker opened");
    let refused = engine.try_acquire(at(101), &Route::Active).unwrap_err();
    assert_eq!((refused.state, engine.snapshot().endpoints[0].health), (BreakerState::Open, Health::Suspect));
    // Its checks fail as well: the verdict moves the app, whose requests may go elsewhere.
    let mut now = 101;
    while engine.active().name.as_str() == "e0" {
        for effect in drain(&mut engine) {
            if let Effect::StartCheck { id, endpoint, .. } = effect {
                let outcome = if endpoint.name.as_str() == "e0" { Outcome::Failure(FailureKind::Refused) } else { passed() };
                engine.handle(at(now), Input::CheckFinished { id, outcome });
            }
        }
        now = engine.next_wakeup().unwrap().as_millis();
        engine.handle(at(now), Input::Wake);
    }
    assert!(engine.try_acquire(at(now), &Route::Active).is_ok());
    assert_eq!(engine.try_acquire(at(now), &Route::To("e0".into())).unwrap_err().state, BreakerState::Open);
    assert_eq!(engine.try_acquire(at(now), &Route::Besides("e0".into())).unwrap().endpoint.as_str(), "e1");
}

#[test]
#[cfg(feature = "json")]
fn what_was_learnt_survives_a_restart_and_stays_small() {
    let mut learnt = engine(Preset::Default, 2);
    let mut now = 0;
    learnt.handle(at(0), Input::Started);
    for round in 0..200_000_u32 {
        for effect in drain(&mut learnt) {
            if let Effect::StartCheck { id, endpoint, .. } = effect {
                let down = endpoint.name.as_str() == "e0" && round > 190_000;
                let latency = Millis::new(20 + round % 4_000);
                let outcome = Outcome::Answer(Answer { status: Some(if down { 503 } else { 200 }), latency, ..Answer::default() });
                learnt.handle(at(now), Input::CheckFinished { id, outcome });
            }
        }
        now = learnt.next_wakeup().unwrap().as_millis();
        learnt.handle(at(now), Input::Wake);
    }
    assert_eq!(learnt.active().name.as_str(), "e1");
    let saved = learnt.save(5_000_000);
    let json = serde_json::to_string(&saved).unwrap();
    assert!(json.len() < 2 * 4_096, "{} bytes", json.len());
    assert!(json.len() > 2_000, "a day's history is in it");

    let read = serde_json::from_str(&json).unwrap();
    let mut restarted = engine(Preset::Default, 2);
    restarted.restore(&read, 5_060_000).unwrap();
    assert_eq!(restarted.active().name.as_str(), "e1", "begins with the last good endpoint");
    assert_eq!(restarted.snapshot().endpoints[1].rtt_ms, learnt.snapshot().endpoints[1].rtt_ms);
    let checks = |engine: &mut Engine| engine.report(Millis::from_secs(86_400)).endpoints[1].checks;
    let (before, after) = (checks(&mut learnt), checks(&mut restarted));
    assert!(after > 0 && after <= before);
    restarted.handle(at(0), Input::Started);
    assert_eq!(restarted.restore(&read, 0).unwrap_err().to_string(), "nothing was restored: the engine has started already");
}

#[test]
#[cfg(feature = "json")]
fn foreign_or_damaged_memories_are_refused_and_do_no_harm() {
    let refused = |json: &str| {
        let mut engine = engine(Preset::Default, 2);
        let refused = engine.restore(&serde_json::from_str(json).unwrap(), 0).is_err();
        assert_eq!(engine.active().name.as_str(), "e0");
        refused
    };
    for json in ["null", "[]", "{}", r#"{"steadfast":2,"at":0,"endpoints":[]}"#, r#"{"steadfast":1,"at":0}"#] {
        assert!(refused(json), "{json}");
    }
    let odd = r#"{"steadfast":1,"at":-5,"active":"gone","endpoints":[7,{"name":"e0","rtt":["x",4000000000,9],"loss":[1,2,3,-4],"flaps":99,"history":[[-9],3]}]}"#;
    assert!(!refused(odd));
}

#[test]
#[cfg(feature = "recovery")]
fn recovery_moves_at_once_and_leaves_the_rest_to_others() {
    let mut config = Config::new(Preset::Orchestrator, endpoints(2));
    config.recovery.enabled = true;
    let mut engine = Engine::new(config, 7, at(0)).unwrap();
    engine.handle(at(0), Input::Started);
    let (mut now, mut told, mut switched) = (0, Vec::new(), None);
    while now < 400_000 {
        while let Some(effect) = engine.poll_effect() {
            match effect {
                Effect::StartCheck { id, endpoint, .. } => {
                    let fails = endpoint.name.as_str() == "e0" && now > 60_000;
                    let outcome = if fails { Outcome::Failure(FailureKind::Refused) } else { passed() };
                    engine.handle(at(now), Input::CheckFinished { id, outcome });
                }
                Effect::Emit { event: Event::Recovery(action), .. } => {
                    if action.ok.is_none() {
                        engine.handle(at(now), Input::RecoveryEnded { id: action.id, ok: false, error: Some("no".into()) });
                    }
                    told.push((action.strategy, action.ok));
                }
                Effect::Emit { at, event: Event::Switched { .. } } => switched = switched.or(Some(at)),
                _ => {}
            }
        }
        now = engine.next_wakeup().unwrap().as_millis();
        engine.handle(at(now), Input::Wake);
    }
    assert_eq!(told[..2], [(Recovery::RemoveFromLoadBalancer, Some(true)), (Recovery::RemoveFromLoadBalancer, Some(false))]);
    let restarts = told.iter().filter(|said| **said == (Recovery::Restart, None)).count();
    assert_eq!(restarts, 3, "three in five minutes: {told:?}");
    let third_failure = 60_000 + 3 * 33_000;
    assert!(switched.unwrap().as_millis() <= third_failure, "{switched:?}");
    assert_eq!(engine.active().name.as_str(), "e1");
    assert!(engine.recoveries().len() > 5);
}
