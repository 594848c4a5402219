//! The contract: what goes in and what comes out, before, during and after a run.

use super::*;
use crate::config::{Headers, MAX_ENDPOINTS};
use crate::protocol::effect::CheckId;
use crate::{Command, Header, Health, State, SwitchReason};
use std::mem::size_of;

#[test]
fn a_bad_config_makes_no_engine() {
    let config =
        Config { failure_threshold: Some(0), ..Config::new(Preset::Default, endpoints(1)) };
    let problems = config.validate().unwrap_err().to_string();
    assert!(problems.starts_with("failureThreshold: 0 is out of range"), "{problems}");
    assert!(Config::default().validate().is_err());
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
    engine.handle(at(600_000), Input::CheckFinished { id: CheckId(2), outcome: passed() });
    let effects = drain(&mut engine);
    assert!(effects.contains(&Effect::CancelCheck { id: CheckId(2) }), "{effects:?}");
    let starts = |effect: &Effect| matches!(effect, Effect::StartCheck { .. });
    assert!(effects.iter().any(starts), "{effects:?}");
    assert_eq!(engine.snapshot().endpoints[0].health, Health::Unknown);
}

#[test]
fn replacing_endpoints_keeps_what_is_known_of_those_that_stay() {
    let mut engine = engine(Preset::Default, 2);
    engine.handle(at(0), Input::Started);
    engine.handle(at(5), Input::CheckFinished { id: CheckId(1), outcome: passed() });
    drain(&mut engine);
    let set = |endpoints| Input::Command(Command::SetEndpoints(valid(endpoints)));
    engine.handle(at(10), set(vec![endpoint("new"), endpoint("e0")]));
    assert_eq!(engine.active().name.as_str(), "e0");
    assert_eq!(engine.snapshot().endpoints[1].health, Health::Healthy);
    engine.handle(at(20), set(vec![endpoint("other")]));
    assert_eq!(engine.active().name.as_str(), "other");
    let replaced = |effect: &Effect| {
        let Effect::Emit { event, .. } = effect else { return false };
        matches!(event, Event::Switched { reason: SwitchReason::Replaced, .. })
    };
    assert!(drain(&mut engine).iter().any(replaced));
}

#[test]
fn a_wish_that_a_new_list_fulfils_is_no_move_any_more() {
    let mut engine = engine(Preset::Default, 2);
    engine.handle(at(0), Input::Started);
    engine.handle(at(10), Input::Command(Command::Prefer(Some("e1".into()))));
    let only = valid(vec![endpoint("e1")]);
    engine.handle(at(20), Input::Command(Command::SetEndpoints(only)));
    let mut moves = Vec::new();
    for _ in 0..20 {
        for effect in drain(&mut engine) {
            match effect {
                Effect::StartCheck { id, .. } => {
                    let now = engine.cx.now;
                    engine.handle(now, Input::CheckFinished { id, outcome: passed() });
                }
                Effect::Emit { event: Event::Switched { from, to, reason }, .. } => {
                    moves.push((from.to_string(), to.to_string(), reason));
                }
                _ => {}
            }
        }
        engine.handle(engine.next_wakeup().unwrap(), Input::Wake);
    }
    assert_eq!(moves, [("e0".into(), "e1".into(), SwitchReason::Replaced)]);
}

#[test]
fn no_debug_text_shows_the_value_of_a_header() {
    let mut config = Config::new(Preset::Default, endpoints(1));
    config.check.headers = Headers(vec![Header::new("Authorization", "Bearer s3cr3t")]);
    let mut engine = Engine::new(config.clone().validate().unwrap(), 1, at(0));
    engine.handle(at(0), Input::Started);
    let started = drain(&mut engine);
    let headers = vec![Header::new("Set-Cookie", "session=s3cr3t")];
    let outcome = Outcome::Answer(Answer { headers, ..answer(200) });
    let input = Input::CheckFinished { id: CheckId(1), outcome };
    let told = format!("{input:?}");
    engine.handle(at(5), input);
    let mut texts = vec![told, format!("{config:?} {config:#?}"), format!("{started:?}")];
    texts.push(format!("{engine:?}"));
    texts.push(format!("{:?}", drain(&mut engine)));
    for text in &texts {
        assert!(!text.contains("s3cr3t"), "{text}");
    }
    let named = |text: &String, name| text.contains(name);
    assert!(named(&texts[0], "Set-Cookie") && named(&texts[4], "Set-Cookie"), "their names help");
    assert!(named(&texts[1], "Authorization") && named(&texts[2], "Authorization"));
}

#[test]
fn an_endpoint_costs_less_than_a_kilobyte() {
    use crate::breaker::circuit::Circuit;
    use crate::checks::Checked;
    use crate::session::reach::Reach;
    let each = size_of::<Checked>() + size_of::<Circuit>() + size_of::<Reach>();
    assert!(each <= 512, "{each} bytes");
    let all = size_of::<Engine>() + MAX_ENDPOINTS * each;
    assert!(all <= 64 * 1024, "{all} bytes");
}
