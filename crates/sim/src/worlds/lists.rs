//! Lists of endpoints, as a config or a `setEndpoints` writes them.

use super::chance::Chance;
use serde_json::{Value, json};

/// The names that endpoints of random worlds have.
const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

/// How the endpoints of a list relate to each other.
pub(super) struct Ranking {
    by_priority: bool,
    regions: bool,
    weights: bool,
}

impl Ranking {
    pub(super) fn drawn(chance: &mut Chance) -> Self {
        Self {
            by_priority: chance.percent(40),
            regions: chance.percent(15),
            weights: chance.percent(20),
        }
    }

    /// Whether the app names its own region.
    pub(super) fn has_regions(&self) -> bool {
        self.regions
    }

    /// A list of `count` endpoints.
    pub(super) fn list(&self, count: usize, chance: &mut Chance) -> Vec<Value> {
        NAMES[..count].iter().map(|name| self.endpoint(name, chance)).collect()
    }

    /// Another list in the place of this one: the same names with another URL, host or rank, one
    /// more, or one less.
    pub(super) fn replaced(&self, list: &[Value], chance: &mut Chance) -> Vec<Value> {
        let mut list = list.to_vec();
        let at = chance.between(0, list.len() as u32 - 1) as usize;
        match chance.between(0, 6) {
            0 if list.len() > 1 => {
                list.remove(at);
            }
            1 | 2 if list.len() < NAMES.len() => {
                let new = NAMES
                    .iter()
                    .find(|name| list.iter().all(|endpoint| endpoint["name"] != **name));
                list.push(self.endpoint(new.unwrap_or(&"z"), chance));
            }
            3 => list[at]["priority"] = json!(chance.between(0, 3)),
            4 => list.reverse(),
            5 => {
                let name = list[at]["name"].as_str().unwrap_or_default().to_owned();
                let host = format!("{name}-{}.example", chance.between(1, 99));
                list[at]["connect"] = json!(format!("wss://{host}/live"));
                if list[at].get("health").is_some() {
                    list[at]["health"] = json!(format!("https://{host}/_ping"));
                }
            }
            _ => {
                let name = list[at]["name"].as_str().unwrap_or_default().to_owned();
                list[at]["connect"] =
                    json!(format!("wss://{name}.example/live?token={}", chance.between(1, 99)));
            }
        }
        list
    }

    fn endpoint(&self, name: &str, chance: &mut Chance) -> Value {
        let mut endpoint = json!({
            "name": name,
            "connect": format!("wss://{name}.example/live"),
            "health": format!("https://{name}.example/_ping"),
        });
        if self.by_priority {
            endpoint["priority"] = json!(chance.between(0, 3));
        }
        if self.weights {
            endpoint["weight"] = json!(chance.between(0, 3));
        }
        if self.regions && chance.percent(70) {
            endpoint["region"] = json!(chance.pick(&["eu", "us"]));
        }
        endpoint
    }
}
