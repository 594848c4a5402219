//! Makes a world from a seed: a row of phases of 5 to 10 minutes in which nothing changes, and between them something that does.

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
    let config = settings::config(&endpoints, &ranking, &mut chance);
    let neutrals = config["connectivity"].as_array().map_or(0, Vec::len);
    let mut maker = Maker {
        chance,
        ranking,
        endpoints,
        neutrals,
        at: 0,
        entries: Vec::new(),
        background: false,
        away: false,
        told_away: false,
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
    if let Some(grid) = maker.chance.weighted(&[(88, None), (10, Some("1s")), (2, Some("60s"))]) {
        scenario["timers"] = json!(grid);
    }
    scenario
}

/// A world in the making: what has been written, and what holds by now.
struct Maker {
    chance: Chance,
    ranking: Ranking,
    endpoints: Vec<Value>,
    neutrals: usize,
    /// The moment that is being written, in milliseconds.
    at: u32,
    entries: Vec<Value>,
    background: bool,
    away: bool,
    told_away: bool,
    wants: bool,
    in_maintenance: Option<String>,
}

impl Maker {
    fn write(&mut self, mut entry: Value) {
        entry["at"] = json!(self.at);
        self.entries.push(entry);
    }

    fn health(&mut self, name: &str, health: Value) {
        self.write(json!({ "endpoint": name, "health": health }));
    }

    fn socket(&mut self, name: &str, socket: Value) {
        self.write(json!({ "endpoint": name, "socket": socket }));
    }

    fn command(&mut self, command: Value) {
        self.write(json!({ "command": command }));
    }

    fn names(&self) -> Vec<String> {
        self.endpoints.iter().filter_map(|endpoint| endpoint["name"].as_str()).map(str::to_owned).collect()
    }

    fn name(&mut self) -> String {
        let names = self.names();
        self.chance.pick(&names)
    }

    /// What holds from the start on.
    fn begin(&mut self) {
        for name in self.names() {
            if self.chance.percent(50) {
                let health = if self.chance.percent(70) { faults::well(&mut self.chance) } else { faults::ill(&mut self.chance) };
                self.health(&name, health);
            }
        }
        if self.chance.percent(5) {
            self.network_goes();
        }
        if self.chance.percent(75) {
            self.wants = true;
            self.command(json!("connect"));
        }
    }

    /// What changes between two phases: all at once, or one after the other within some seconds.
    fn turn(&mut self) {
        let together = self.chance.percent(60);
        if self.away && self.chance.percent(85) {
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

    fn change(&mut self) {
        type Change = fn(&mut Maker);
        let changes: [(u32, Change); 15] = [
            (24, Self::one_falls_ill),
            (14, Self::one_recovers),
            (10, Self::all_recover),
            (9, Self::several_fall_ill),
            (10, Self::crash),
            (18, Self::one_socket),
            (6, Self::all_sockets),
            (7, Self::network),
            (4, Self::device_sleeps),
            (5, Self::app_leaves),
            (4, Self::preference),
            (4, Self::maintenance),
            (3, Self::other_endpoints),
            (3, Self::connection),
            (2, Self::odds_and_ends),
        ];
        let change = self.chance.weighted(&changes);
        change(self);
    }

    fn one_falls_ill(&mut self) {
        let name = self.name();
        let health = faults::ill(&mut self.chance);
        self.health(&name, health);
    }

    fn one_recovers(&mut self) {
        let name = self.name();
        self.recover(&name);
    }

    fn recover(&mut self, name: &str) {
        let health = faults::well(&mut self.chance);
        self.health(name, health);
        self.socket(name, json!("accepts"));
    }

    fn all_recover(&mut self) {
        for name in self.names() {
            self.recover(&name);
        }
    }

    /// Faults come together: the same for all, for several, or each with its own.
    fn several_fall_ill(&mut self) {
        let same = self.chance.percent(70).then(|| faults::ill(&mut self.chance));
        let share = self.chance.pick(&[60, 100]);
        for name in self.names() {
            if self.chance.percent(share) {
                let health = same.clone().unwrap_or_else(|| faults::ill(&mut self.chance));
                self.health(&name, health);
            }
        }
    }

    /// Health and sockets fail together, as when a server dies.
    fn crash(&mut self) {
        let names = if self.chance.percent(25) { self.names() } else { vec![self.name()] };
        let hangs = self.chance.percent(50);
        for name in names {
            self.health(&name, json!(if hangs { "hang" } else { "refused" }));
            if hangs {
                self.socket(&name, json!("goesSilent"));
            }
            self.socket(&name, json!(if hangs { "hangs" } else { "dies" }));
        }
    }

    fn one_socket(&mut self) {
        let name = self.name();
        let socket = faults::socket(&mut self.chance);
        self.socket(&name, socket);
    }

    fn all_sockets(&mut self) {
        let socket = faults::socket(&mut self.chance);
        for name in self.names() {
            self.socket(&name, socket.clone());
        }
    }

    fn network(&mut self) {
        if self.away {
            self.network_returns();
        } else if self.chance.percent(30) {
            let silent = self.chance.percent(30);
            self.write(json!({ "network": "changed", "silent": silent }));
            self.connections_end();
        } else {
            self.network_goes();
        }
    }

    fn network_goes(&mut self) {
        self.away = true;
        if self.chance.percent(50) {
            self.told_away = true;
            self.write(json!({ "network": "offline" }));
        } else {
            let how = self.chance.pick(&["offline", "blackHole"]);
            self.write(json!({ "network": how, "silent": true }));
        }
        self.connections_end();
    }

    fn network_returns(&mut self) {
        // Most platforms say so if they said that it was gone.
        let silent = self.chance.percent(if self.told_away { 15 } else { 70 });
        (self.away, self.told_away) = (false, self.told_away && silent);
        self.write(json!({ "network": "online", "silent": silent }));
    }

    fn connections_end(&mut self) {
        let end = self.chance.weighted(&[(4, Some("die")), (3, Some("break")), (2, None)]);
        if let Some(end) = end {
            self.write(json!({ "connections": end }));
        }
    }

    fn device_sleeps(&mut self) {
        let seconds = self.chance.pick(&[10, 30, 90, 600, 3_600]);
        self.write(json!({ "device": { "sleeps": format!("{seconds}s") } }));
        if seconds > 30 {
            self.connections_end();
        }
        // Something may change meanwhile.
        if self.chance.percent(30) {
            self.one_falls_ill();
        }
        self.at += seconds * 1_000;
    }

    fn app_leaves(&mut self) {
        if !self.background {
            self.background = true;
            let word = self.chance.weighted(&[(3, "background"), (1, "frozen")]);
            self.write(json!({ "device": word }));
        }
    }

    fn preference(&mut self) {
        let name = if self.chance.percent(70) { Some(self.name()) } else { None };
        self.command(json!({ "prefer": name }));
    }

    fn maintenance(&mut self) {
        if let Some(name) = self.in_maintenance.take() {
            self.command(json!({ "maintenanceEnds": name }));
        } else {
            let name = self.name();
            self.in_maintenance = Some(name.clone());
            self.command(json!({ "maintenanceBegins": name }));
        }
    }

    fn other_endpoints(&mut self) {
        self.endpoints = self.ranking.replaced(&self.endpoints, &mut self.chance);
        let list = self.endpoints.clone();
        self.command(json!({ "setEndpoints": list }));
        let names = self.names();
        if self.in_maintenance.as_ref().is_some_and(|name| !names.contains(name)) {
            self.in_maintenance = None;
        }
    }

    fn connection(&mut self) {
        self.wants = !self.wants;
        self.command(json!(if self.wants { "connect" } else { "disconnect" }));
    }

    fn odds_and_ends(&mut self) {
        match self.chance.between(0, 3) {
            0 => self.command(json!("checkNow")),
            1 => {
                let name = self.name();
                self.command(json!({ "isolate": name }));
            }
            2 => self.command(json!("stop")),
            _ => {
                for index in 0..self.neutrals {
                    let health = if self.chance.percent(50) { json!({ "status": 204 }) } else { faults::neutral(&mut self.chance) };
                    self.health(&format!("connectivity-{index}"), health);
                }
            }
        }
    }
}
