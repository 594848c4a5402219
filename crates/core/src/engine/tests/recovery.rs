//! Recovery as an app meets it: what a client does by itself, and what is left to others.

use super::*;
use crate::RecoveryStrategy as Recovery;

#[test]
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
                    let outcome = if fails { refused() } else { passed() };
                    engine.handle(at(now), Input::CheckFinished { id, outcome });
                }
                Effect::Emit { event: Event::Recovery(action), .. } => {
                    if action.ok.is_none() {
                        let (id, error) = (action.id, Some("no".into()));
                        engine.handle(at(now), Input::RecoveryEnded { id, ok: false, error });
                    }
                    told.push((action.strategy, action.ok));
                }
                Effect::Emit { at, event: Event::Switched { .. } } => {
                    switched = switched.or(Some(at));
                }
                _ => {}
            }
        }
        now = engine.next_wakeup().unwrap().as_millis();
        engine.handle(at(now), Input::Wake);
    }
    let removed = |ok| (Recovery::RemoveFromLoadBalancer, Some(ok));
    assert_eq!(told[..2], [removed(true), removed(false)]);
    let restarts = told.iter().filter(|said| **said == (Recovery::Restart, None)).count();
    assert_eq!(restarts, 3, "three in five minutes: {told:?}");
    let third_failure = 60_000 + 3 * 33_000;
    assert!(switched.unwrap().as_millis() <= third_failure, "{switched:?}");
    assert_eq!(engine.active().name.as_str(), "e1");
    assert!(engine.recoveries().len() > 5);
}
