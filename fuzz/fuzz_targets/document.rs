//! Whatever a server sends as its health document, what is taken of it stays small.
#![no_main]

use libfuzzer_sys::fuzz_target;
use steadfast::HealthDocument;

fuzz_target!(|json: &[u8]| {
    if let Some(document) = HealthDocument::from_json(json) {
        assert!(document.failing.len() <= 8 && document.failing.iter().all(|name| name.chars().count() <= 64));
        assert!(document.spread.is_none_or(|spread| spread.get() <= 3_600_000));
    }
});
