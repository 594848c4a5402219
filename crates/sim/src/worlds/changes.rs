//! What may change in a random world between two phases.

use super::faults;
use super::generate::{Maker, Network};
use serde_json::json;

impl Maker {
    /// Lets something change.
    pub(super) fn change(&mut self) {
        type Change = fn(&mut Maker);
        let changes: [(u32, Change); 12] = [
            (24, Self::one_falls_ill),
            (14, Self::one_recovers),
            (10, Self::all_recover),
            (9, Self::several_fall_ill),
            (10, Self::crash),
            (18, Self::one_socket),
            (6, Self::all_sockets),
            (7, Self::network),
            (5, Self::device_sleeps),
            (9, Self::app_leaves),
            (4, Self::neutral),
            (32, Self::app_acts),
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
        if self.network != Network::There {
            self.network_returns();
        } else if self.chance.percent(30) {
            let silent = self.chance.percent(30);
            self.write(json!({ "network": "changed", "silent": silent }));
            self.connections_end();
        } else {
            self.network_goes();
        }
    }

    pub(super) fn network_goes(&mut self) {
        if self.chance.percent(50) {
            self.network = Network::SaidToBeGone;
            self.write(json!({ "network": "offline" }));
        } else {
            self.network = Network::Gone;
            let how = self.chance.pick(&["offline", "blackHole"]);
            self.write(json!({ "network": how, "silent": true }));
        }
        self.connections_end();
    }

    pub(super) fn network_returns(&mut self) {
        // Most platforms say so if they said that it was gone.
        let said = self.network == Network::SaidToBeGone;
        let silent = self.chance.percent(if said { 15 } else { 70 });
        self.network = Network::There;
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

    fn neutral(&mut self) {
        for index in 0..self.neutrals {
            let health = if self.chance.percent(50) {
                json!({ "status": 204 })
            } else {
                faults::neutral(&mut self.chance)
            };
            self.health(&format!("connectivity-{index}"), health);
        }
    }

    pub(super) fn app_leaves(&mut self) {
        if !self.background {
            self.background = true;
            let word = self.chance.weighted(&[(3, "background"), (1, "frozen")]);
            self.write(json!({ "device": word }));
        }
    }
}
