//! The command as a person meets it: what it prints and how it exits.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up may panic")]

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use steadfast_testbed::{Fault, Testbed};

fn steadfast(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

fn command(arguments: &[&str]) -> Command {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_steadfast"));
    command.args(arguments).current_dir(root);
    command
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn simulate_prints_decisions_and_agrees() {
    let output = steadfast(&["simulate", "tests/scenarios/a4-tenth-failure-switches.json"]);
    assert_eq!(
        printed(&output),
        "{\"at_ms\":30020,\"event\":\"switched\",\"from\":\"primary\",\"to\":\"secondary\",\"reason\":\"unhealthy\"}\n"
    );
    assert_eq!(output.status.code(), Some(0));
    let all = printed(&steadfast(&[
        "simulate",
        "tests/scenarios/a4-tenth-failure-switches.json",
        "--events",
        "all",
    ]));
    assert!(all.lines().filter(|line| line.contains("\"check\"")).count() > 10, "{all}");
}

#[test]
fn simulate_exits_with_a_diff_when_the_file_expects_something_else() {
    let text = include_str!("../../../tests/scenarios/a4-tenth-failure-switches.json")
        .replace("30020", "30021");
    let file = std::env::temp_dir().join(format!("steadfast-{}.json", std::process::id()));
    std::fs::write(&file, text).unwrap();
    let output = steadfast(&["simulate", &file.to_string_lossy()]);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(printed(&output).contains("- {\"at\":\"30021ms\""), "{}", printed(&output));
}

#[test]
fn nonsense_is_told_with_its_place() {
    let output = steadfast(&["simulate", "no-such-file.json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(printed(&output).contains("no-such-file.json cannot be read"), "{}", printed(&output));
    let output = steadfast(&["check", "not a url"]);
    assert!(printed(&output).contains("not a URL: write http"), "{}", printed(&output));
}

#[test]
fn check_prints_a_line_each_and_exits_by_the_worst() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _guard = runtime.enter();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let testbed = Testbed::start(&[("a".into(), any), ("b".into(), any)]).unwrap();
    let [a, b] = testbed.endpoints() else { panic!() };
    let (good, bad) = (a.health_url(), b.health_url());
    let output = steadfast(&["check", &good, &good]);
    assert_eq!(output.status.code(), Some(0), "{}", printed(&output));
    b.set_fault(Fault::Status(503));
    let output = steadfast(&["check", &good, &bad]);
    assert_eq!(output.status.code(), Some(1));
    let lines = printed(&output);
    let lines: Vec<_> = lines.lines().collect();
    assert!(lines[0].starts_with("ok   200") && lines[0].ends_with(&good), "{lines:?}");
    assert!(
        lines[1].starts_with("FAIL 503")
            && lines[1].contains("status: the status is not an expected one"),
        "{lines:?}"
    );
}

#[test]
fn check_goes_through_the_proxy_that_the_environment_names() {
    // Nothing listens on this port.
    let check = |no_proxy| {
        let mut check = command(&["check", "http://nothing.invalid/"]);
        check.env("HTTP_PROXY", "http://127.0.0.1:9").env("NO_PROXY", no_proxy);
        printed(&check.output().unwrap())
    };
    let (proxied, direct) = (check(""), check("nothing.invalid"));
    assert!(proxied.contains("refused"), "{proxied}");
    assert!(direct.contains("dns"), "{direct}");
}

#[test]
fn watch_holds_a_socket_that_moves() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _guard = runtime.enter();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let testbed = Testbed::start(&[("a".into(), any), ("b".into(), any)]).unwrap();
    let endpoints = testbed.endpoints().iter().map(|it| {
        let (name, connect, health) = (it.name(), it.connect_url(), it.health_url());
        format!(r#"{{ "name": "{name}", "connect": "{connect}", "health": "{health}" }}"#)
    });
    let endpoints = endpoints.collect::<Vec<_>>().join(",");
    let file = std::env::temp_dir().join(format!("steadfast-watch-{}.json", std::process::id()));
    std::fs::write(&file, format!(r#"{{ "endpoints": [{endpoints}] }}"#)).unwrap();
    let mut watch = command(&["watch", &file.to_string_lossy(), "--connect"]);
    let mut watch = watch.stdout(Stdio::piped()).spawn().unwrap();
    let output = BufReader::new(watch.stdout.take().unwrap());
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        output.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok())
    });
    let began = Instant::now();
    let mut lines = Vec::new();
    let mut until = |text: &str| {
        while !lines.iter().any(|line: &String| line.contains(text)) {
            let left = Duration::from_secs(30).saturating_sub(began.elapsed());
            lines.push(told.recv_timeout(left).unwrap_or_else(|_| panic!("no {text}: {lines:?}")));
        }
    };
    until("connected to a");
    until("received 1 bytes");
    testbed.endpoints()[0].set_fault(Fault::Kill);
    until("connected to b");
    watch.kill().unwrap();
    watch.wait().unwrap();
    std::fs::remove_file(&file).unwrap();
}
