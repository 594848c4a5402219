//! What the world of a scenario can do, whatever the engine makes of it.

use steadfast_sim::Scenario;

/// Runs two endpoints for ten minutes and compares.
#[track_caller]
fn assert_as_expected(rest: &str) {
    let scenario = format!(r#"{{ "base": "two-endpoints", "duration": "10m", {rest} }}"#);
    let scenario = Scenario::from_json(&scenario).expect("a scenario");
    let script = scenario.script().expect("a config and a world");
    assert_eq!(scenario.differences(&script), None);
}

#[test]
fn an_entry_may_happen_again_and_again() {
    let world = r#""world": [
        { "at": "0s", "command": "connect" },
        { "at": "1m", "every": "2m", "endpoint": "primary", "socket": { "closes": 4001 } }]"#;
    let count = r#"{ "event": "disconnected", "code": 4001, "atLeast": 5, "atMost": 5 }"#;
    assert_as_expected(&format!(r#"{world}, "counts": [{count}]"#));
}

#[test]
fn a_connection_opens_after_its_time() {
    let world = r#""world": [
        { "at": "0s", "endpoint": "primary", "socket": { "opensAfter": "1500ms" } },
        { "at": "0s", "command": "connect" }]"#;
    let opened = r#"{ "event": "connected", "at": "1500ms", "endpoint": "primary" }"#;
    assert_as_expected(&format!(r#"{world}, "expect": [{opened}], "watch": ["connected"]"#));
}

#[test]
fn a_connection_that_drops_opens_before_it_breaks() {
    let world = r#""config": { "strategy": "sticky" }, "world": [
        { "at": "0s", "endpoint": "primary", "socket": "drops" },
        { "at": "0s", "command": "connect" },
        { "at": "50ms", "command": "disconnect" }]"#;
    let events = r#"{ "event": "connected", "at": 20 }, { "event": "disconnected", "at": 40 }"#;
    let rest = r#""watch": ["connected", "disconnected"]"#;
    assert_as_expected(&format!(r#"{world}, "expect": [{events}], {rest}"#));
}

#[test]
fn a_new_connection_talks_though_the_one_before_fell_silent() {
    // The silent one is noticed, and the check that follows passes.
    let world = r#""messages": "1s", "world": [
        { "at": "0s", "command": "connect" },
        { "at": "30s", "endpoint": "primary", "socket": "goesSilent" },
        { "at": "2m", "command": "disconnect" },
        { "at": "121s", "command": "connect" }]"#;
    let silent =
        r#"{ "event": "health", "to": "suspect", "after": "30s", "before": "2m", "atLeast": 1 }"#;
    let talks = r#"{ "event": "health", "to": "suspect", "after": "2m", "atMost": 0 }"#;
    assert_as_expected(&format!(r#"{world}, "counts": [{silent}, {talks}]"#));
}

#[test]
fn a_platform_may_be_wrong_about_the_network() {
    let world = r#""world": [
        { "at": "30s", "network": "offline", "untrue": true },
        { "at": "40s", "command": "checkNow" }]"#;
    let told = r#"{ "event": "offline", "reason": "told", "at": "30s", "atLeast": 1 }"#;
    let answered = r#"{ "event": "check", "status": 200, "at": "40020ms", "atLeast": 1 }"#;
    assert_as_expected(&format!(r#"{world}, "counts": [{told}, {answered}]"#));
}

#[test]
fn late_timers_fire_on_a_grid_only() {
    let early = r#"{ "event": "checking", "after": "1ms", "before": "59999ms", "atMost": 0 }"#;
    let due = r#"{ "event": "checking", "at": "60s", "atLeast": 1 }"#;
    assert_as_expected(&format!(r#""timers": "60s", "counts": [{early}, {due}]"#));
}

#[test]
fn endpoints_are_replaced_and_named_in_what_follows() {
    let world = r#""world": [
        { "at": "30s", "command": { "setEndpoints": [
            { "name": "third", "connect": "wss://third.example/", "health": "https://third.example/" }] } },
        { "at": "1m", "endpoint": "third", "health": "refused" }]"#;
    let replaced = r#"{ "event": "switched", "to": "third", "reason": "replaced", "at": "30s" }"#;
    let down = r#"{ "event": "allDown", "active": "third", "after": "1m" }"#;
    assert_as_expected(&format!(r#"{world}, "expect": [{replaced}, {down}]"#));
    let wrong = Scenario::from_json(
        r#"{ "base": "one-endpoint", "duration": "1m", "world": [
            { "at": "1s", "command": { "setEndpoints": [] } }] }"#,
    );
    let problem = wrong.unwrap().script().unwrap_err().to_string();
    assert_eq!(problem, "world[0]: endpoints: allowed: 1 to 64 endpoints");
}
