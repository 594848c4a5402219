//! The ways in which endpoints are well or not, as a scenario writes them.

use super::chance::Chance;
use serde_json::{Value, json};

/// An endpoint that works.
pub(super) fn well(chance: &mut Chance) -> Value {
    match chance.between(0, 3) {
        0 | 1 => json!({ "status": 200 }),
        2 => json!({ "status": 200, "latency": format!("{}ms", chance.between(5, 400)) }),
        _ => {
            let jitter = format!("{}ms", chance.between(10, 200));
            json!({ "status": 200, "latency": "40ms", "jitter": jitter })
        }
    }
}

/// An endpoint that does not answer, or answers that it does not work.
pub(super) fn dead(chance: &mut Chance) -> Value {
    let document = |status: &str| {
        json!({ "status": 200, "headers": { "content-type": "application/json" },
            "body": format!(r#"{{"status":"{status}"}}"#) })
    };
    match chance.between(0, 17) {
        0 | 1 => json!("refused"),
        2 | 3 => json!("hang"),
        4 => json!("unreachable"),
        5 => json!("dns"),
        6 => json!("tls"),
        7 => json!("reset"),
        8 => json!({ "fail": "reset", "latency": "1500ms" }),
        9 => json!({ "fail": "unreachable", "latency": "3s" }),
        10 => json!({ "status": 500 }),
        11 => json!({ "status": 503 }),
        12 => {
            let seconds = chance.pick(&["1", "5", "30", "120", "300"]);
            json!({ "status": 503, "headers": { "retry-after": seconds } })
        }
        13 => json!({ "status": 404 }),
        // No check waits for so long.
        14 => json!({ "status": 200, "latency": "30s" }),
        15 => document("fail"),
        16 => document("maintenance"),
        _ => json!({ "status": 302, "headers": { "location": "https://login.example/" } }),
    }
}

/// An endpoint that works after a fashion.
pub(super) fn poor(chance: &mut Chance) -> Value {
    match chance.between(0, 11) {
        0..=2 => json!({ "status": 200, "latency": format!("{}ms", chance.between(2_500, 4_500)) }),
        3 => json!({ "status": 200, "latency": format!("{}ms", chance.between(500, 1_500)) }),
        4 | 5 | 10 | 11 => json!({ "status": 200, "errors": chance.pick(&[0.3, 0.5, 0.7]) }),
        6 => json!({ "status": 200, "errors": 0.1 }),
        7 => json!({ "status": 200, "loss": chance.pick(&[0.1, 0.3, 0.5]) }),
        8 if chance.percent(50) => json!({ "status": 429 }),
        8 => {
            let seconds = chance.pick(&["5", "30", "120"]);
            json!({ "status": 429, "headers": { "retry-after": seconds } })
        }
        _ => {
            json!({ "status": 200, "headers": { "content-type": "application/health+json" },
                "body": r#"{"status":"warn"}"# })
        }
    }
}

/// Anything but well.
pub(super) fn ill(chance: &mut Chance) -> Value {
    if chance.percent(70) { dead(chance) } else { poor(chance) }
}

/// What becomes of an endpoint's sockets.
pub(super) fn socket(chance: &mut Chance) -> Value {
    chance.weighted(&[
        (4, json!("refuses")),
        (3, json!("hangs")),
        (3, json!("dies")),
        (2, json!("drops")),
        (4, json!("breaks")),
        (4, json!("goesSilent")),
        (2, json!({ "closes": 1006 })),
        (2, json!({ "closes": 1012 })),
        (1, json!({ "closes": 1001 })),
        (1, json!({ "closes": 4001 })),
        (1, json!({ "opensAfter": "3s" })),
        (2, json!("accepts")),
    ])
}

/// What one of somebody else's URLs does when it does not work.
pub(super) fn neutral(chance: &mut Chance) -> Value {
    chance.pick(&[json!("hang"), json!("unreachable"), json!("refused"), json!({ "status": 503 })])
}
