//! Makes a scenario in which a rule is broken as small as it can be while the rule stays broken.

use super::judge::judge;
use super::law::{Broken, Rule};
use crate::scenario::Scenario;
use serde_json::{Map, Value, json};
use steadfast::Millis;

/// The smallest scenario found in which `rule` is still broken, its `about` saying where and how;
/// `None` if it is not broken at all.
pub fn shrink(scenario: &Value, rule: Rule) -> Option<Value> {
    let mut smallest = scenario.clone();
    breaks(&smallest, rule)?;
    loop {
        let before = smallest.clone();
        end_when_it_broke(&mut smallest, rule);
        drop_entries(&mut smallest, rule);
        drop_endpoints(&mut smallest, rule);
        drop_settings(&mut smallest, rule);
        shorten_phases(&mut smallest, rule);
        if smallest == before {
            break;
        }
    }
    let broken = breaks(&smallest, rule)?;
    smallest["about"] = json!(broken.to_string());
    Some(smallest)
}

fn breaks(scenario: &Value, rule: Rule) -> Option<Broken> {
    if disturbs_sleep(scenario) {
        return None;
    }
    let scenario = Scenario::from_json(&scenario.to_string()).ok()?;
    judge(&scenario).ok()?.into_iter().find(|broken| broken.rule == rule)
}

/// Whether the app or the platform does something while the device sleeps.
fn disturbs_sleep(scenario: &Value) -> bool {
    let mut asleep_until = 0;
    scenario["world"].as_array().into_iter().flatten().any(|entry| {
        let at = entry["at"].as_u64().unwrap_or(0);
        let told = entry["network"].is_string() && entry["silent"] != json!(true);
        let awake = told || entry["device"] != Value::Null || entry["command"] != Value::Null;
        let disturbs = at < asleep_until && awake;
        if let Some(time) =
            entry["device"]["sleeps"].as_str().and_then(|text| text.parse::<Millis>().ok())
        {
            asleep_until = at + u64::from(time.get());
        }
        disturbs
    })
}

/// Takes a smaller scenario if the rule is broken in it as well.
fn take_if_broken(smallest: &mut Value, smaller: Value, rule: Rule) -> bool {
    let broken = breaks(&smaller, rule).is_some();
    if broken {
        *smallest = smaller;
    }
    broken
}

fn end_when_it_broke(smallest: &mut Value, rule: Rule) {
    if let Some(broken) = breaks(smallest, rule) {
        let mut smaller = smallest.clone();
        let end = broken.at.as_millis();
        smaller["duration"] = json!(end);
        if let Some(world) = smaller["world"].as_array_mut() {
            world.retain(|entry| entry["at"].as_u64() <= Some(end));
        }
        take_if_broken(smallest, smaller, rule);
    }
}

/// Entries go in ever smaller runs, from the end.
fn drop_entries(smallest: &mut Value, rule: Rule) {
    let mut run = smallest["world"].as_array().map_or(0, Vec::len).div_ceil(2);
    while run > 0 {
        let mut end = smallest["world"].as_array().map_or(0, Vec::len);
        while end > 0 {
            let start = end.saturating_sub(run);
            let mut smaller = smallest.clone();
            if let Some(world) = smaller["world"].as_array_mut() {
                world.drain(start..end);
            }
            take_if_broken(smallest, smaller, rule);
            end = start;
        }
        run /= 2;
    }
}

fn drop_endpoints(smallest: &mut Value, rule: Rule) {
    let mut index = smallest["config"]["endpoints"].as_array().map_or(0, Vec::len);
    while index > 0 {
        index -= 1;
        let mut smaller = smallest.clone();
        let Some(endpoints) = smaller["config"]["endpoints"].as_array_mut() else {
            return;
        };
        let gone = endpoints.remove(index)["name"].clone();
        let Some(world) = smaller["world"].as_array_mut() else {
            return;
        };
        world.retain(|entry| entry["endpoint"] != gone && !names(&entry["command"], &gone));
        take_if_broken(smallest, smaller, rule);
    }
}

/// Whether a command names an endpoint.
fn names(command: &Value, endpoint: &Value) -> bool {
    let Some(table) = command.as_object() else { return false };
    table.values().any(|of| of == endpoint || of["endpoint"] == *endpoint)
}

fn drop_settings(smallest: &mut Value, rule: Rule) {
    for top in ["messages", "exchanges", "requests", "timers", "loss"] {
        drop_key(smallest, &[top], rule);
    }
    for key in keys(&smallest["config"]) {
        if key == "endpoints" || drop_key(smallest, &["config", &key], rule) {
            continue;
        }
        for inner in keys(&smallest["config"][&key]) {
            drop_key(smallest, &["config", &key, &inner], rule);
        }
    }
    let mut calm = smallest.clone();
    calm["config"]["jitterPercent"] = json!(0);
    calm["config"]["spread"] = json!({ "forced": 0, "voluntary": 0 });
    take_if_broken(smallest, calm, rule);
}

fn keys(value: &Value) -> Vec<String> {
    value.as_object().map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

fn drop_key(smallest: &mut Value, path: &[&str], rule: Rule) -> bool {
    let (Some((key, tables)), mut smaller) = (path.split_last(), smallest.clone()) else {
        return false;
    };
    let mut table: Option<&mut Map<String, Value>> = smaller.as_object_mut();
    for name in tables {
        table = table.and_then(|table| table.get_mut(*name)?.as_object_mut());
    }
    table.is_some_and(|table| table.remove(*key).is_some())
        && take_if_broken(smallest, smaller, rule)
}

/// The time between two turns of the world is halved as often as may be, and then the numbers are
/// made round.
fn shorten_phases(smallest: &mut Value, rule: Rule) {
    let mut times: Vec<_> = smallest["world"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|entry| entry["at"].as_u64())
        .collect();
    times.push(smallest["duration"].as_u64().unwrap_or(0));
    times.dedup();
    for index in 0..times.len() {
        let earlier = if index == 0 { 0 } else { times[index - 1] };
        let gap = times[index] - earlier;
        for shorter in [gap / 8, gap / 4, gap / 2, gap * 3 / 4, gap * 7 / 8, gap] {
            let shorter = shorter.next_multiple_of(1_000);
            if shorter >= gap {
                break;
            }
            let smaller = earlier_by(smallest, times[index], gap - shorter);
            if take_if_broken(smallest, smaller, rule) {
                for time in &mut times[index..] {
                    *time -= gap - shorter;
                }
                break;
            }
        }
    }
}

/// The scenario with all that happens from a moment on so much earlier.
fn earlier_by(scenario: &Value, from: u64, by: u64) -> Value {
    let mut moved = scenario.clone();
    for entry in moved["world"].as_array_mut().into_iter().flatten() {
        if let Some(at) = entry["at"].as_u64().filter(|at| *at >= from) {
            entry["at"] = json!(at - by);
        }
    }
    moved["duration"] = json!(moved["duration"].as_u64().unwrap_or(0).saturating_sub(by));
    moved
}
