//! Whatever is found where state was kept is refused, or restored without harm: the engine runs on, and what it saves stays small.
#![no_main]

use libfuzzer_sys::fuzz_target;
use steadfast::config::Value;
use steadfast::{Answer, Config, Effect, Endpoint, Engine, Input, Millis, Outcome, Preset, Timestamp};

fuzz_target!(|json: &[u8]| {
    let Ok(saved) = serde_json::from_slice::<Value>(json) else { return };
    let url = |text: &str| text.parse().expect("a URL");
    let endpoint = |name: &str| Endpoint::new(name, url("wss://a.example/"), url("https://a.example/"));
    let config = Config::new(Preset::Default, vec![endpoint("a"), endpoint("b")]);
    let mut engine = Engine::new(config.validate().expect("a valid config"), 1, Timestamp::default());
    let _ = engine.restore(&saved, 1_700_000_000_000);
    let mut now = Timestamp::default();
    engine.handle(now, Input::Started);
    for round in 0..50 {
        while let Some(effect) = engine.poll_effect() {
            if let Effect::StartCheck { id, .. } = effect {
                let status = if round % 7 == 0 { 500 } else { 200 };
                let outcome = Outcome::Answer(Answer { status: Some(status), latency: Millis::new(20), ..Answer::default() });
                engine.handle(now, Input::CheckFinished { id, outcome });
            }
        }
        now = engine.next_wakeup().expect("a running engine has something ahead");
        engine.handle(now, Input::Wake);
    }
    let report = engine.report(Millis::from_secs(86_400));
    assert!(report.endpoints.iter().all(|endpoint| endpoint.uptime_percent.is_none_or(|percent| (0.0..=100.0).contains(&percent))));
    let size = serde_json::to_string(&engine.save(0)).expect("texts and numbers").len();
    assert!(size < 2 * 4_096, "{size} bytes");
});
