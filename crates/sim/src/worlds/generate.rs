//! Makes a world from a seed: a row of phases of 5 to 10 minutes in which nothing changes, and
//! between them something that does.

use super::chance::Chance;
use super::lists::Ranking;
use super::{faults, settings};
use serde_json::{Value, json};

/// The scenario of a seed, as a file writes it.
pub fn generate(seed: u64) -> Value {
    let mut chance = Chance::new(seed);
    let ranking = Ranking::drawn(&mut chance);
    let count = chance.weighted(&[(1, 1), (6, 2), (4, 3), (1, 4), (1, 5)]);
    let endpoints = ranking.list(count, &mut chance);
    let mut several = Chance::new(!seed);
    let endpoints = unchecked(endpoints, &mut several);
    let config = settings::config(&endpoints, &ranking, &mut chance);
    let neutrals = config["connectivity"].as_array().map_or(0, Vec::len);
    let mut maker = Maker {
        chance,
        several,
        more: Vec::new(),
        ranking,
        endpoints,
        neutrals,
        at: 0,
        entries: Vec::new(),
        background: false,
        network: Network::There,
        wants: false,
        in_maintenance: None,
    };
    maker.begin();
    for _ in 0..maker.chance.between(3, 6) {
        maker.at += maker.chance.between(300_000, 600_000);
        maker.turn();
    }
    maker.at += maker.chance.between(300_000, 600_000);
    let mut scenario = json!({
        "about": format!("Random world {seed}."),
        "config": config,
        "seed": seed,
        "duration": maker.at,
        "world": maker.entries,
    });
    if let Some(interval) = maker.chance.weighted(&[(4, Some("1s")), (2, Some("5s")), (4, None)]) {
        scenario["messages"] = json!(interval);
    }
    if let Some(interval) = maker.chance.weighted(&[(7, None), (2, Some("1s")), (1, Some("10s"))]) {
        scenario["requests"] = json!(interval);
    }
    if settings::weighs_surely(&scenario["config"]) && maker.chance.percent(15) {
        scenario["loss"] = json!(maker.chance.pick(&[0.02, 0.05, 0.1]));
    }
    if let Some(grid) = maker.chance.weighted(&[(88, None), (10, Some("1s")), (2, Some("60s"))]) {
        scenario["timers"] = json!(grid);
    }
    if maker.several.percent(40) {
        scenario["exchanges"] = exchanges(&mut maker.several);
    }
    scenario
}

/// An app that asks over its connections, or only tells: most servers answer soon, some of them not
/// always.
fn exchanges(chance: &mut Chance) -> Value {
    let mut exchanges = json!({ "every": chance.pick(&["250ms", "1s", "5s", "30s"]) });
    let answers = ["20ms", "80ms", "400ms", "900ms", "3s"].map(Some);
    if let Some(answer) = chance.pick(&[&answers[..], &[None]].concat()) {
        exchanges["answer"] = json!(answer);
        if chance.percent(50) {
            exchanges["slow"] = json!(chance.pick(&["2s", "12s"]));
            exchanges["slowShare"] = json!(chance.pick(&[0.01, 0.05, 0.2]));
        }
    }
    exchanges
}

/// In one world of eight, endpoints without a health check: all of them, or half.
fn unchecked(mut endpoints: Vec<Value>, chance: &mut Chance) -> Vec<Value> {
    let share = chance.weighted(&[(14, 0), (1, 50), (1, 100)]);
    for endpoint in &mut endpoints {
        if chance.percent(share)
            && let Some(fields) = endpoint.as_object_mut()
        {
            fields.remove("health");
        }
    }
    endpoints
}

/// What has become of the network, and whether the platform has said so.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    There,
    Gone,
    SaidToBeGone,
}

/// A world in the making: what has been written, and what holds by now.
pub(super) struct Maker {
    pub(super) chance: Chance,
    /// Draws what becomes of the app's sockets beside the first, what it sends, and which endpoints
    /// have no health check, so that a world is otherwise the same with and without them.
    several: Chance,
    /// The sockets that the app holds beside the first.
    more: Vec<u32>,
    pub(super) ranking: Ranking,
    pub(super) endpoints: Vec<Value>,
    pub(super) neutrals: usize,
    /// The moment that is being written, in milliseconds.
    pub(super) at: u32,
    entries: Vec<Value>,
    pub(super) background: bool,
    pub(super) network: Network,
    pub(super) wants: bool,
    pub(super) in_maintenance: Option<String>,
}

impl Maker {
    pub(super) fn write(&mut self, mut entry: Value) {
        entry["at"] = json!(self.at);
        self.entries.push(entry);
    }

    pub(super) fn health(&mut self, name: &str, health: Value) {
        self.write(json!({ "endpoint": name, "health": health }));
    }

    pub(super) fn socket(&mut self, name: &str, socket: Value) {
        self.write(json!({ "endpoint": name, "socket": socket }));
    }

    pub(super) fn command(&mut self, command: Value) {
        self.write(json!({ "command": command }));
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.endpoints
            .iter()
            .filter_map(|endpoint| endpoint["name"].as_str())
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn name(&mut self) -> String {
        let names = self.names();
        self.chance.pick(&names)
    }

    /// What holds from the start on.
    fn begin(&mut self) {
        for name in self.names() {
            if self.chance.percent(50) {
                let health = if self.chance.percent(70) {
                    faults::well(&mut self.chance)
                } else {
                    faults::ill(&mut self.chance)
                };
                self.health(&name, health);
            }
        }
        if self.chance.percent(5) {
            self.network_goes();
        }
        if self.chance.percent(4) {
            self.app_leaves();
        }
        if self.chance.percent(75) {
            self.wants = true;
            self.command(json!("connect"));
            if self.several.percent(25) {
                self.more = vec![1, 2];
                self.holds_more();
            }
        }
    }

    /// The app holds its other sockets.
    pub(super) fn holds_more(&mut self) {
        for socket in self.more.clone() {
            self.command(json!({ "connectSocket": socket }));
        }
    }

    /// The app opens one of its other sockets, or closes it; not all apps have others.
    pub(super) fn another_socket(&mut self) {
        let socket = self.several.between(1, 3);
        if let Some(place) = self.more.iter().position(|held| *held == socket) {
            self.more.remove(place);
            self.command(json!({ "disconnectSocket": socket }));
        } else if !self.more.is_empty() {
            self.more.push(socket);
            self.command(json!({ "connectSocket": socket }));
        }
    }

    /// What changes between two phases: all at once, or one after the other within some seconds.
    fn turn(&mut self) {
        let together = self.chance.percent(60);
        if self.network != Network::There && self.chance.percent(85) {
            self.network_returns();
        }
        if self.background && self.chance.percent(80) {
            self.background = false;
            let word = self.chance.weighted(&[(3, "foreground"), (1, "resumed")]);
            self.write(json!({ "device": word }));
        }
        for _ in 0..self.chance.between(1, 5) {
            self.change();
            if !together {
                self.at += self.chance.between(0, 5_000);
            }
        }
    }
}
