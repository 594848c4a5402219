//! Random configs: presets, strategies, and a few settings that differ from them.

use super::chance::Chance;
use super::lists::Ranking;
use serde_json::{Value, json};

/// A config for these endpoints.
pub(super) fn config(endpoints: &[Value], ranking: &Ranking, chance: &mut Chance) -> Value {
    let mut config = json!({ "endpoints": endpoints });
    let preset = chance.weighted(&[(70, "default"), (20, "orchestrator"), (10, "appServices")]);
    if preset != "default" {
        config["preset"] = json!(preset);
    }
    if preset != "appServices" {
        let strategies =
            [(50, "priority"), (15, "latency"), (15, "weighted"), (15, "sticky"), (5, "cyclic")];
        let strategy = chance.weighted(&strategies);
        if strategy != "priority" {
            config["strategy"] = json!(strategy);
        }
    }
    if ranking.has_regions() {
        config["region"] = json!("eu");
    }
    if chance.percent(30) {
        config["jitterPercent"] = json!(0);
        config["spread"] = json!({ "forced": 0, "voluntary": 0 });
    }
    for (share, key, values) in settings() {
        if chance.percent(share) {
            config[key] = chance.pick(&values);
        }
    }
    let mut check = json!({});
    for (share, key, values) in check_settings() {
        if chance.percent(share) {
            check[key] = chance.pick(&values);
        }
    }
    if check != json!({}) {
        config["check"] = check;
    }
    let events = preset == "orchestrator" || config["failureEvents"] != Value::Null;
    if events && chance.percent(60) {
        let out = chance.pick(&["1m", "5m"]);
        config["recovery"] = json!({ "enabled": true, "outOfRotation": out });
    }
    config
}

/// Whether failures are weighed so that a network that loses some checks moves nobody.
pub(super) fn weighs_surely(config: &Value) -> bool {
    let differs = |key| config[key] != Value::Null;
    let unsure = ["preset", "strategy", "failureThreshold", "suspicionLevel", "check", "recovery"];
    !unsure.into_iter().any(differs)
}

/// How often a setting differs from its default, its name, and what it may be.
type Setting = (u32, &'static str, Vec<Value>);

fn settings() -> Vec<Setting> {
    let url = |name: &str| json!(format!("https://{name}.example/generate_204"));
    vec![
        (12, "suspectInterval", vec![json!(null), json!("1s")]),
        (12, "standbyInterval", vec![json!(null), json!("10s"), json!("2m")]),
        (15, "failureThreshold", vec![json!(2), json!(3), json!(5)]),
        (12, "successThreshold", vec![json!(2), json!(3)]),
        (10, "suspicionLevel", vec![json!(4), json!(12)]),
        (10, "backgroundChecks", vec![json!(true)]),
        (25, "connectivity", vec![json!([url("neutral")]), json!([url("neutral"), url("other")])]),
        (10, "degradedLatency", vec![json!("1s"), json!("10s")]),
        (8, "failureEvents", vec![json!({ "enabled": true })]),
        (10, "busyInterval", vec![json!("5s"), json!("1m")]),
        (10, "initialDelay", vec![json!("1s"), json!("10s")]),
        (10, "retry", vec![json!({ "max": "5s" }), json!({ "initial": "2s", "max": "60s" })]),
        (
            15,
            "failback",
            vec![
                json!({ "after": "10s", "successes": 1 }),
                json!({ "after": "0s" }),
                json!({ "after": "5m" }),
            ],
        ),
    ]
}

fn check_settings() -> Vec<Setting> {
    vec![
        (10, "interval", vec![json!("1s"), json!("5s"), json!("10s")]),
        (10, "timeout", vec![json!("2s"), json!("10s")]),
        (10, "minTimeout", vec![json!("2s"), json!("5s")]),
        (10, "retries", vec![json!(1), json!(2)]),
        (5, "document", vec![json!(false)]),
    ]
}
