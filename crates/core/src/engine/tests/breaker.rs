//! Breakers and health know of each other.

use super::*;
use crate::protocol::effect::CheckId;
use crate::{BreakerState, CallOutcome, Health, Route};

#[test]
fn a_verdict_opens_the_breaker_and_a_breaker_that_opens_is_evidence() {
    let mut engine = engine(Preset::Default, 2);
    engine.handle(at(0), Input::Started);
    engine.handle(at(5), Input::CheckFinished { id: CheckId(1), outcome: passed() });
    for _ in 0..5 {
        let permit = engine.try_acquire(at(100), &Route::Active).unwrap();
        let (outcome, latency) = (CallOutcome::Failed, Millis::new(5));
        engine.handle(at(100), Input::CallEnded { permit, outcome, latency });
    }
    assert_eq!(engine.explain(None).unwrap().evidence[0].what, "circuit breaker opened");
    let refusal = engine.try_acquire(at(101), &Route::Active).unwrap_err();
    let health = engine.snapshot().endpoints[0].health;
    assert_eq!((refusal.state, health), (BreakerState::Open, Health::Suspect));
    // Its checks fail as well: the verdict moves the app, whose requests may go elsewhere.
    let mut now = 101;
    while engine.active().name.as_str() == "e0" {
        for effect in drain(&mut engine) {
            if let Effect::StartCheck { id, endpoint, .. } = effect {
                let outcome = if endpoint.name.as_str() == "e0" { refused() } else { passed() };
                engine.handle(at(now), Input::CheckFinished { id, outcome });
            }
        }
        now = engine.next_wakeup().unwrap().as_millis();
        engine.handle(at(now), Input::Wake);
    }
    assert!(engine.try_acquire(at(now), &Route::Active).is_ok());
    let refusal = engine.try_acquire(at(now), &Route::To("e0".into())).unwrap_err();
    assert_eq!(refusal.state, BreakerState::Open);
    let elsewhere = engine.try_acquire(at(now), &Route::Excluding("e0".into())).unwrap();
    assert_eq!(elsewhere.endpoint.as_str(), "e1");
}
