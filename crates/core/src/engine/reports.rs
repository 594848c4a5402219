//! Keeping account of what the endpoints are like.

use super::{Engine, Phase};
use crate::health::{Health, Maintenance};
use crate::history::{Standing, Sum, Time};
use crate::report::{EndpointReport, Report};
use crate::situation::Situation;
use crate::time::Millis;

impl Engine {
    /// What the endpoints have been like in the last `period`.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// use steadfast::{Config, Endpoint, Engine, Millis, Preset, Timestamp};
    /// let endpoint = Endpoint::new("only", "wss://a.example/".parse().unwrap(), "https://a.example/_ping".parse().unwrap());
    /// let mut engine = Engine::new(Config::new(Preset::Default, vec![endpoint]), 1, Timestamp::from_millis(0)).unwrap();
    /// let report = engine.report(Millis::from_secs(3_600));
    /// assert_eq!(report.endpoints[0].uptime_percent, None, "nothing is known yet");
    /// # }
    /// ```
    pub fn report(&mut self, period: Millis) -> Report {
        let length = self.config.history;
        let mut switches = 0;
        let mut endpoints = Vec::new();
        for tracked in &mut self.endpoints {
            tracked.history.account(length, self.now);
            let sum = tracked.history.sum(period, length);
            switches += sum[Sum::Arrivals];
            endpoints.push(EndpointReport::new(tracked.name(), &sum, tracked.history.within(period, length)));
        }
        Report { period_ms: period.get(), switches, endpoints }
    }

    /// Notes whose time counts in another way from now on.
    pub(super) fn account(&mut self) {
        let offline = matches!(self.situation, Situation::ToldOffline | Situation::PresumedOffline(_));
        let watched = self.phase == Phase::Running && !offline;
        let signature = (self.active, watched);
        let conditions_changed = std::mem::take(&mut self.conditions_changed);
        if std::mem::replace(&mut self.accounted, signature) == signature && !conditions_changed {
            return;
        }
        for (index, tracked) in self.endpoints.iter_mut().enumerate() {
            let time = match tracked.condition.health() {
                _ if !watched => Time::Unknown,
                Health::Healthy | Health::Degraded | Health::Suspect => Time::Up,
                Health::Unhealthy => Time::Down,
                Health::Maintenance if matches!(tracked.condition.maintenance(), Some(Maintenance::Removed(_))) => Time::Down,
                Health::Unknown | Health::Maintenance => Time::Unknown,
            };
            let standing = Standing { time, active: index == self.active && self.phase == Phase::Running };
            if standing != tracked.history.standing() {
                tracked.history.turn(standing, self.config.history, self.now);
            }
        }
    }
}
