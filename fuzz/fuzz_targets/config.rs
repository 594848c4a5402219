//! A config from anywhere is refused or works: what it reads as can be written, reads back as the same, and starts an engine.
#![no_main]

use libfuzzer_sys::fuzz_target;
use steadfast::config::Value;
use steadfast::{ValidConfig, Engine, Input, Timestamp, parse_url};

fuzz_target!(|json: &[u8]| {
    let Ok(value) = serde_json::from_slice::<Value>(json) else { return };
    match ValidConfig::read(&value, parse_url) {
        Ok(config) => {
            assert_eq!(ValidConfig::read(&config.to_value(), parse_url).as_ref(), Ok(&config));
            let mut engine = Engine::new(config, 1, Timestamp::default());
            engine.handle(Timestamp::default(), Input::Started);
        }
        Err(problems) => assert!(!problems.to_string().is_empty()),
    }
});
