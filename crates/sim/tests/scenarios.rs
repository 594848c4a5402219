//! Every scenario of `tests/scenarios` goes as its file expects.

use std::path::Path;
use std::time::{Duration, Instant};
use steadfast_sim::Scenario;

#[test]
fn every_scenario_goes_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|file| file.extension().is_some_and(|kind| kind == "json"))
        .collect();
    files.sort();
    let mut wrong = Vec::new();
    for file in &files {
        let name = file.file_stem().unwrap().to_string_lossy();
        let scenario = Scenario::from_json(&std::fs::read_to_string(file).unwrap())
            .unwrap_or_else(|problem| panic!("{name}: {problem}"));
        assert!(!scenario.about.is_empty(), "{name} does not say what it shows");
        let script = scenario.script().unwrap_or_else(|problem| panic!("{name}: {problem}"));
        if let Some(diff) = scenario.differences(&script) {
            wrong.push(format!("{name} (- expected, + happened):\n{diff}"));
        }
        if scenario.differences(&script.without_engine()).is_none() {
            wrong.push(format!("{name} passes with an engine that does nothing"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(files.len() >= 20, "only {} scenarios were found", files.len());
    println!("{} scenarios", files.len());
}

#[test]
fn a_day_passes_in_a_moment() {
    let scenario = Scenario::from_json(
        r#"{ "config": { "endpoints": [
                { "name": "a", "connect": "ws://a/", "health": "http://a/" },
                { "name": "b", "connect": "ws://b/", "health": "http://b/" } ] },
            "duration": "1d" }"#,
    )
    .unwrap();
    let started = Instant::now();
    assert!(scenario.script().unwrap().events().len() > 28_000);
    // A guard against something quadratic, at many times what a slow machine takes; speed itself is
    // measured by `cargo xtask bench`.
    assert!(started.elapsed() < Duration::from_mins(1));
}

#[test]
fn what_is_wrong_with_a_scenario_is_said() {
    let wrong = |json: &str| {
        Scenario::from_json(json)
            .and_then(|scenario| scenario.script().map(|_| ()))
            .unwrap_err()
            .to_string()
    };
    assert!(
        wrong(r#"{ "duration": "1m", "config": {}, "wrold": [] }"#)
            .contains("unknown field `wrold`")
    );
    assert_eq!(wrong(r#"{ "duration": "1m", "config": {} }"#), "config: endpoints: missing");
    let endpoints = r#""config": { "endpoints": [{ "name": "a", "connect": "ws://a/", "health": "http://a/" }] }"#;
    let of = |entry: &str| {
        wrong(&format!(r#"{{ "duration": "1m", {endpoints}, "world": [ {entry} ] }}"#))
    };
    assert_eq!(
        of(r#"{ "at": "1s", "endpoint": "b", "health": "hang" }"#),
        "world[0]: unknown endpoint `b`; known: a"
    );
    assert_eq!(
        of(r#"{ "at": "1s" }"#),
        "world[0]: one of `health`, `socket`, `network`, `connections`, `device`, `command` is needed"
    );
    assert!(of(r#"{ "at": "soon", "network": "offline" }"#).contains("not a duration"));
    assert_eq!(
        of(r#"{ "at": "1s", "command": { "prefer": "b" } }"#),
        "world[0]: unknown endpoint `b`; known: a"
    );
    assert_eq!(
        of(r#"{ "at": "1s", "command": { "drain": { "endpoint": "c", "for": "1m" } } }"#),
        "world[0]: unknown endpoint `c`; known: a"
    );
    assert!(
        of(r#"{ "at": "0s", "every": 0, "network": "changed" }"#)
            .contains("world[0]: `every` must be at least 1 ms")
    );
    assert!(
        wrong(&format!(
            r#"{{ "duration": "1d", {endpoints},
                "world": [{{ "at": "0s", "every": 1, "network": "changed" }}] }}"#
        ))
        .contains("world[0]: more than 100000 happenings")
    );
    assert!(wrong(r#"{ "duration": "1m" }"#).contains("`base` or `config` is missing"));
    assert!(
        wrong(r#"{ "duration": "1m", "base": "two" }"#)
            .contains("unknown base `two`; known: one-endpoint,")
    );
    let expecting =
        |what: &str| wrong(&format!(r#"{{ "duration": "1m", "base": "two-endpoints", {what} }}"#));
    assert!(
        expecting(r#""expect": [{ "event": "switch" }]"#)
            .contains("expect[0]: unknown event `switch`")
    );
    assert!(
        expecting(r#""expect": [], "watch": ["healt"]"#).contains("watch: unknown event `healt`")
    );
    assert!(expecting(r#""watch": ["health"]"#).contains("`watch` and `expectAll` need `expect`"));
    assert_eq!(expecting(r#""messages": 0"#), "`messages` must be at least 1 ms");
    assert_eq!(expecting(r#""requests": "0s""#), "`requests` must be at least 1 ms");
    assert_eq!(expecting(r#""loss": 1.5"#), "`loss` must be from 0 to 1");
    let counting = |what: &str| expecting(&format!(r#""counts": [{{ {what} }}]"#));
    assert!(
        counting(r#""event": "check""#).contains("counts[0]: `atLeast` or `atMost` is missing")
    );
    assert!(
        counting(r#""event": "check", "endpiont": "a", "atMost": 0"#)
            .contains("unknown field `endpiont`")
    );
    assert!(
        counting(r#""event": "checking", "status": 200, "atMost": 0"#)
            .contains("unknown field `status`; known: endpoint")
    );
}

#[test]
fn an_event_is_expected_within_bounds_and_counted() {
    let differs = |what: &str| {
        let file = format!(
            r#"{{ "base": "two-endpoints", "duration": "1m", {what},
                "world": [{{ "at": "30s", "endpoint": "primary", "health": "refused" }}] }}"#
        );
        let scenario = Scenario::from_json(&file).unwrap();
        scenario.differences(&scenario.script().unwrap())
    };
    assert_eq!(
        differs(r#""expect": [{ "event": "switched", "after": "30s", "before": "35s" }]"#),
        None
    );
    assert!(differs(r#""expect": [{ "event": "switched", "after": "35s" }]"#).is_some());
    assert!(differs(r#""expect": [{ "event": "switched", "before": "30s" }]"#).is_some());
    assert_eq!(
        differs(
            r#""counts": [{ "event": "switched", "to": "secondary", "atLeast": 1, "atMost": 1 }]"#
        ),
        None
    );
    assert_eq!(
        differs(
            r#""counts": [{ "event": "checking", "endpoint": "primary", "before": "29s", "atMost": 10 }]"#
        ),
        None
    );
    let diff = differs(r#""counts": [{ "event": "connecting", "atLeast": 1 }]"#).unwrap();
    assert_eq!(diff, "- at least 1 of {\"event\":\"connecting\"}\n+ 0 times\n");
}
