//! What the app may ask for in a random world.

use super::generate::{Maker, Network};
use serde_json::{Value, json};

impl Maker {
    /// Lets the app ask for something.
    pub(super) fn app_acts(&mut self) {
        type Act = fn(&mut Maker);
        let acts: [(u32, Act); 13] = [
            (4, Self::preference),
            (4, Self::maintenance),
            (3, Self::drain),
            (2, Self::removal),
            (4, Self::other_endpoints),
            (4, Self::connection),
            (4, Self::reconnect),
            (2, Self::silence),
            (1, Self::check_now),
            (1, Self::isolation),
            (3, Self::restart),
            (1, Self::stop),
            (1, Self::stop_and_start),
        ];
        let act = self.chance.weighted(&acts);
        act(self);
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

    /// An endpoint, and for how long it is to be left alone.
    fn pause(&mut self) -> Value {
        json!({ "endpoint": self.name(), "for": self.chance.pick(&["10s", "1m", "5m", "15m"]) })
    }

    fn drain(&mut self) {
        let pause = self.pause();
        self.command(json!({ "drain": pause }));
    }

    fn removal(&mut self) {
        let pause = self.pause();
        let name = pause["endpoint"].clone();
        self.command(json!({ "remove": pause }));
        if self.chance.percent(30) {
            self.at += self.chance.between(0, 30_000);
            self.command(json!({ "putBack": name }));
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
        self.another_socket();
    }

    fn reconnect(&mut self) {
        self.command(json!("reconnect"));
    }

    /// The app misses something on its connection, mostly with reason.
    fn silence(&mut self) {
        if self.chance.percent(70) {
            let name = self.name();
            self.socket(&name, json!("goesSilent"));
            self.at += self.chance.between(0, 10_000);
        }
        self.command(json!("reportSilence"));
    }

    fn check_now(&mut self) {
        self.command(json!("checkNow"));
    }

    fn isolation(&mut self) {
        let name = self.name();
        let command = self.chance.pick(&["isolate", "unisolate"]);
        self.command(json!({ command: name }));
    }

    fn restart(&mut self) {
        self.in_maintenance = None;
        self.background = false;
        self.command(json!("restart"));
        self.begins_anew();
    }

    fn stop(&mut self) {
        self.command(json!("stop"));
    }

    fn stop_and_start(&mut self) {
        self.stop();
        self.at += self.chance.between(0, 20_000);
        self.command(json!("start"));
        self.begins_anew();
    }

    /// The platform and the app repeat to the new run what still holds.
    fn begins_anew(&mut self) {
        if self.network == Network::SaidToBeGone {
            self.write(json!({ "network": "offline" }));
        }
        if self.wants {
            self.command(json!("connect"));
        }
        self.holds_more();
    }
}
