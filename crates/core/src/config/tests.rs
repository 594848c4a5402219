//! The config as its users meet it: from JSON, with everything wrong at once.

use super::*;
use crate::protocol::outcome::Header;

fn problems(json: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(json).unwrap();
    let problems = ValidConfig::read(&value, crate::parse_url).unwrap_err();
    problems.as_slice().iter().map(ToString::to_string).collect()
}

fn read(json: &str) -> ValidConfig {
    serde_json::from_str(json).unwrap_or_else(|problems| panic!("{problems}"))
}

const ENDPOINTS: &str =
    r#""endpoints": [{ "name": "a", "connect": "ws://a/", "health": "http://a/" }]"#;

#[test]
fn everything_wrong_is_told_at_once_with_its_path() {
    let told = problems(
        r#"{
            "endpoints": [
                { "name": "a", "connect": "ws://a/", "health": { "url": "http://a/", "timout": "3s" } },
                { "name": "a", "connect": "no url", "health": { "url": "wss://a/", "expectStatus": [200, "6xx", 99] } },
                { "connect": "ws://c/", "health": { "interval": "1 s", "method": "GTE" } },
                7
            ],
            "failureThreshold": 0, "jitterPercent": 1.5, "check": { "timeout": "1d", "headers": { "a b": "c" } },
            "retry": { "initial": "2s", "max": "1s" }
        }"#,
    );
    assert_eq!(
        told,
        [
            "endpoints[0].health.timout: unknown key; did you mean `timeout`?",
            "endpoints[0].health.headers.a b: not a header name, allowed: letters, digits and !#$%&'*+-.^_`|~",
            "endpoints[0].health.timeout: 1d is out of range, allowed: 10ms to 10m",
            "endpoints[1].connect: not a URL: write http, https, ws, wss or tcp, then :// and a host",
            "endpoints[1].health.expectStatus[1]: not a status, allowed: 100 to 599, or one of 1xx, 2xx, 3xx, 4xx, 5xx",
            "endpoints[1].health.expectStatus[2]: not a status, allowed: 100 to 599, or one of 1xx, 2xx, 3xx, 4xx, 5xx",
            "endpoints[1].name: must be unique; endpoints[0] has the same",
            "endpoints[1].health.url: allowed: http, https or tcp",
            "endpoints[1].health.headers.a b: not a header name, allowed: letters, digits and !#$%&'*+-.^_`|~",
            "endpoints[1].health.timeout: 1d is out of range, allowed: 10ms to 10m",
            "endpoints[2].health.url: missing",
            "endpoints[2].health.interval: expected a duration: a whole number of milliseconds, or a text such as 250ms, 3s, 10m, 1h, 1d, allowed: 100ms to 1h",
            "endpoints[2].health.method: unknown value; did you mean `GET`?",
            "endpoints[2].name: missing",
            "endpoints[3]: expected an object, found a number",
            "jitterPercent: expected a whole number, allowed: 0 to 50, found a number that is not whole",
            "check.headers.a b: not a header name, allowed: letters, digits and !#$%&'*+-.^_`|~",
            "check.timeout: 1d is out of range, allowed: 10ms to 10m",
            "failureThreshold: 0 is out of range, allowed: 1 to 100",
            "retry.max: 1s is less than the first wait, 2s",
        ]
    );
}

#[test]
fn a_config_that_is_no_object_or_has_no_endpoints_says_so() {
    assert_eq!(problems("[]"), ["config: expected an object, found a list", "endpoints: missing"]);
    assert_eq!(problems("{}"), ["endpoints: missing"]);
    assert_eq!(problems(r#"{"endpoints": []}"#), ["endpoints: allowed: 1 to 64 endpoints"]);
    let many =
        vec![r#"{ "name": "a", "connect": "ws://a/", "health": "http://a/" }"#; 65].join(",");
    assert!(
        problems(&format!(r#"{{"endpoints": [{many}]}}"#))
            .contains(&"endpoints: allowed: 1 to 64 endpoints".to_owned())
    );
}

#[test]
fn names_are_short_and_unique() {
    let long = "x".repeat(65);
    let told = problems(&format!(
        r#"{{"endpoints": [
            {{ "name": "", "connect": "ws://a/", "health": "http://a/" }},
            {{ "name": "{long}", "connect": "ws://a/", "health": "http://a/" }},
            {{ "name": "b", "connect": "ws://a:0/", "health": "http://a/" }},
            {{ "name": "c\u202e", "connect": "ws://a/#f", "health": "http://a/" }},
            {{ "name": "b", "connect": "tcp://a:1/", "health": "http://a/", "priority": 1001 }}
        ]}}"#
    ));
    assert_eq!(
        told,
        [
            "endpoints[0].name: allowed: 1 to 64 characters, none of them a control character",
            "endpoints[1].name: allowed: 1 to 64 characters, none of them a control character",
            "endpoints[2].connect: a fragment (#…) or port 0 is not allowed",
            "endpoints[3].name: allowed: 1 to 64 characters, none of them a control character",
            "endpoints[3].connect: a fragment (#…) or port 0 is not allowed",
            "endpoints[4].name: must be unique; endpoints[2] has the same",
            "endpoints[4].connect: allowed: ws, wss, http or https",
            "endpoints[4].priority: 1001 is out of range, allowed: 0 to 1000",
        ]
    );
}

#[test]
fn headers_that_no_platform_can_send_are_refused() {
    let told = problems(&format!(
        r#"{{ {ENDPOINTS}, "check": {{ "headers": {{ "x-a": "für", "x-b": "a\r\nx-c: d", "": "e", "x-f": "g\th~" }} }} }}"#
    ));
    let of_check: Vec<_> = told.iter().filter(|problem| problem.starts_with("check.")).collect();
    assert_eq!(
        of_check,
        [
            "check.headers.x-a: not a header value, allowed: one line of ASCII, at most 8192 bytes",
            "check.headers.x-b: not a header value, allowed: one line of ASCII, at most 8192 bytes",
            "check.headers.: not a header name, allowed: letters, digits and !#$%&'*+-.^_`|~",
        ]
    );
}

#[test]
fn what_cannot_be_together_is_refused() {
    let health = r#"{ "url": "http://a/", "method": "HEAD", "body": "x", "expectBody": "OK" }"#;
    let told = problems(&format!(
        r#"{{"endpoints": [{{ "name": "a", "connect": "ws://a/", "health": {health} }}]}}"#
    ));
    assert_eq!(
        told,
        [
            "endpoints[0].health.body: a GET or HEAD has no body; set `method` to POST or PUT",
            "endpoints[0].health.expectBody: the answer to a HEAD has no body; set `method` to GET",
        ]
    );
}

#[test]
fn an_endpoint_starts_from_the_common_check() {
    let config = read(
        r#"{
            "endpoints": [
                { "name": "a", "connect": "ws://a/", "health": "http://a/" },
                { "name": "b", "connect": "ws://b/", "health": { "url": "tcp://b:7", "timeout": 700, "headers": { "x-b": "2" } } }
            ],
            "check": { "timeout": "2s", "method": "HEAD", "headers": { "X-A": "1" } }
        }"#,
    );
    let [a, b] = config.endpoints.0.as_slice() else { panic!() };
    assert_eq!(*a.check(), config.check);
    assert_eq!(b.check().timeout, Millis::new(700));
    assert_eq!(b.check().method, Method::Head);
    assert_eq!(b.check().headers.0, [Header::new("X-A", "1"), Header::new("x-b", "2")]);
}

#[test]
fn an_endpoint_may_have_no_health_check() {
    for list in [
        r#"{ "endpoints": [{ "name": "a", "connect": "ws://a/" }] }"#,
        r#"{ "endpoints": [{ "name": "a", "connect": "ws://a/", "health": null }] }"#,
    ] {
        let config = read(list);
        let a = &config.endpoints.0[0];
        assert!(!a.is_checked());
        assert_eq!(*a, Endpoint::without_check("a", "ws://a/".parse().unwrap()));
        let written = serde_json::to_string(&config.endpoints.to_value()).unwrap();
        assert_eq!(read(&format!("{{ \"endpoints\": {written} }}")).endpoints, config.endpoints);
    }
}

#[test]
fn an_endpoint_built_by_hand_is_checked_as_the_config_says() {
    let endpoint = Endpoint::new("a", "ws://a/".parse().unwrap(), "http://a/".parse().unwrap());
    let mut config = Config::new(Preset::AppServices, vec![endpoint.clone()]);
    config.check.interval = Millis::from_secs(7);
    let config = config.validate().unwrap();
    assert_eq!(*config.endpoints.0[0].check(), config.check);
    let later = config.validate_endpoints(vec![endpoint]).unwrap();
    assert_eq!(*later, *config.endpoints.0);
}

#[test]
fn what_is_written_reads_back_the_same() {
    let text = format!(
        r#"{{ "preset": "appServices", "suspectInterval": "90ms", "strategy": "sticky", {ENDPOINTS},
            "check": {{ "headers": {{ "X-A": "1" }}, "expectStatus": ["2xx", 304], "expectBody": "up", "method": "GET" }} }}"#
    );
    let config = read(&text);
    let written = serde_json::to_string(&*config).unwrap();
    assert_eq!(read(&written), config);
}

#[test]
fn a_preset_is_a_start_not_the_end() {
    let config = read(&format!(
        r#"{{ "preset": "appServices", "failureThreshold": 4, "standbyInterval": null, {ENDPOINTS} }}"#
    ));
    assert_eq!((config.preset, config.strategy), (Preset::AppServices, Strategy::Cyclic));
    assert_eq!((config.failure_threshold, config.initial_delay), (Some(4), Millis::from_secs(3)));
    assert_eq!(config.endpoints.0[0].check().method, Method::Head);
    assert!(config.endpoints.0[0].check().expect_status.matches(200));
    assert!(!config.endpoints.0[0].check().expect_status.matches(204));
    let told = problems(&format!(r#"{{ "preset": "appservices", {ENDPOINTS} }}"#));
    assert_eq!(told, ["preset: unknown value; did you mean `appServices`?"]);
}

#[test]
fn what_is_sent_to_the_apps_endpoints_is_sent_to_nobody_else() {
    let config = read(&format!(
        r#"{{ "check": {{ "method": "POST", "body": "{{}}", "headers": {{ "Authorization": "Bearer s" }},
                "expectStatus": [200], "expectBody": "up" }},
            "connectivity": ["https://x.example/", {{ "url": "https://y.example/", "expectStatus": [204] }}],
            {ENDPOINTS} }}"#
    ));
    let [x, y] = &config.connectivity.0[..] else { panic!("two URLs") };
    assert_eq!(x.check(), &Check::default());
    assert!(y.check().headers.0.is_empty() && y.check().expect_body.is_none());
    assert!(y.check().expect_status.matches(204) && !y.check().expect_status.matches(200));
    let own = config.endpoints.0[0].check();
    assert!(own.expect_body.is_some() && !own.headers.0.is_empty());
    assert_eq!(config.clone().into_config().validate().unwrap(), config);
}

#[test]
fn endpoints_can_be_read_at_run_time() {
    let config = read(&format!(r#"{{ "check": {{ "timeout": "1s" }}, {ENDPOINTS} }}"#));
    let value =
        serde_json::from_str(r#"[{ "name": "n", "connect": "ws://n/", "health": "http://n/" }]"#)
            .unwrap();
    let endpoints = config.read_endpoints(&value, crate::parse_url).unwrap();
    assert_eq!(endpoints[0].check().timeout, Millis::from_secs(1));
    let told = config.read_endpoints(&Value::Null, crate::parse_url).unwrap_err();
    assert_eq!(told.to_string(), "endpoints: expected a list of endpoints, found null");
}

#[test]
fn numbers_beyond_all_ranges_are_refused_with_the_range() {
    let told = problems(&format!(
        r#"{{ "failureThreshold": -1, "jitterPercent": 99999999999, "busyInterval": -5, {ENDPOINTS} }}"#
    ));
    assert_eq!(
        told,
        [
            "failureThreshold: -1 is out of range, allowed: 1 to 100",
            "jitterPercent: 99999999999 is out of range, allowed: 0 to 50",
            "busyInterval: expected a duration: a whole number of milliseconds, or a text such as 250ms, 3s, 10m, 1h, 1d, allowed: 100ms to 1h",
        ]
    );
}

#[test]
fn a_tree_shows_no_text() {
    let tree = Value::Table(vec![
        ("url".into(), Value::Text("https://me:s3cr3t@a/".into())),
        ("list".into(), Value::List(vec![Value::Number(1), Value::Bool(true), Value::Null])),
    ]);
    assert_eq!(format!("{tree:?}"), r#"{"url": Text(20 bytes), "list": [1, true, Null]}"#);
}
