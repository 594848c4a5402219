//! What an app can ask the engine.

use super::{Engine, Phase};
use crate::base::time::Millis;
use crate::config::{Config, Endpoint, Name};
use crate::observe::explain::Explanation;
#[cfg(feature = "reports")]
use crate::observe::report::Report;
use crate::protocol::snapshot::{EndpointState, Snapshot, State};
use std::sync::Arc;

impl Engine {
    /// The endpoint that the app should be connected to. There is always exactly one.
    pub fn active(&self) -> &Arc<Endpoint> {
        &self.cx.endpoints[self.failover.active()]
    }

    /// The settings that the engine works by, without the endpoints.
    pub fn config(&self) -> &Config {
        &self.cx.config
    }

    /// Whether the engine has been stopped.
    pub fn is_stopped(&self) -> bool {
        self.phase == Phase::Stopped
    }

    /// The state at this moment.
    pub fn snapshot(&self) -> Snapshot {
        let state = match self.phase {
            Phase::Idle => State::Idle,
            Phase::Running => self.failover.state(),
            Phase::Stopped => State::Stopped,
        };
        let mut endpoints = Vec::new();
        for (index, endpoint) in self.cx.endpoints.iter().enumerate() {
            let checked = self.checks.of(index);
            endpoints.push(EndpointState {
                name: endpoint.name.clone(),
                connect: endpoint.connect.as_str().to_owned(),
                #[cfg(feature = "breaker")]
                origin: endpoint.connect.origin(),
                health: checked.health().health(),
                failures: checked.health().detector().failures(),
                rtt_ms: checked.rtt().smoothed().map(Millis::get),
                #[cfg(feature = "breaker")]
                breaker: self.breakers.state(index),
            });
        }
        Snapshot { state, active: self.active().name.clone(), endpoints }
    }

    /// Why the engine thinks what it thinks of an endpoint: which evidence led to its last verdict
    /// and what each piece weighed; of the active endpoint if no name is given, `None` for an
    /// unknown name.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// use steadfast::{Config, Endpoint, Engine, Preset, Timestamp};
    /// let connect = "wss://a.example/".parse().unwrap();
    /// let endpoint = Endpoint::new("only", connect, "https://a.example/_ping".parse().unwrap());
    /// let config = Config::new(Preset::Default, vec![endpoint]);
    /// let engine = Engine::new(config.validate().unwrap(), 1, Timestamp::from_millis(0));
    /// let text = engine.explain(None).unwrap().text;
    /// assert_eq!(text, "only is unknown: nothing speaks against it");
    /// # }
    /// ```
    pub fn explain(&self, endpoint: Option<&Name>) -> Option<Explanation> {
        let index = endpoint.map_or(Some(self.failover.active()), |name| self.cx.index_of(name))?;
        let health = self.checks.of(index).health();
        Some(Explanation::new(self.cx.name(index), health, self.cx.now))
    }

    /// What the endpoints have been like in the last `period`.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// use steadfast::{Config, Endpoint, Engine, Millis, Preset, Timestamp};
    /// let connect = "wss://a.example/".parse().unwrap();
    /// let endpoint = Endpoint::new("only", connect, "https://a.example/_ping".parse().unwrap());
    /// let config = Config::new(Preset::Default, vec![endpoint]);
    /// let engine = Engine::new(config.validate().unwrap(), 1, Timestamp::from_millis(0));
    /// let report = engine.report(Millis::from_secs(3_600));
    /// assert_eq!(report.endpoints[0].uptime_percent, None, "nothing is known yet");
    /// # }
    /// ```
    #[cfg(feature = "reports")]
    pub fn report(&self, period: Millis) -> Report {
        self.observers.report(&self.cx, period)
    }

    /// All metrics, for a scraper: response times (a summary over the config's `history`, in
    /// milliseconds), the state of the last check, failed checks by class, and which endpoint is
    /// the active one.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// use steadfast::{Config, Endpoint, Engine, Preset, Timestamp};
    /// let connect = "wss://a.example/".parse().unwrap();
    /// let endpoint = Endpoint::new("only", connect, "https://a.example/_ping".parse().unwrap());
    /// let config = Config::new(Preset::Default, vec![endpoint]);
    /// let engine = Engine::new(config.validate().unwrap(), 1, Timestamp::from_millis(0));
    /// let active = "steadfast_active{instance=\"only\",type=\"http\"} 1\n";
    /// assert!(engine.metrics().contains(active));
    /// assert!(engine.metrics().ends_with("# EOF\n"));
    /// # }
    /// ```
    #[cfg(feature = "metrics")]
    pub fn metrics(&self) -> String {
        self.observers.metrics(&self.cx, self.failover.active())
    }

    /// What is and was done about failures: the last 32 actions, oldest first.
    #[cfg(feature = "recovery")]
    pub fn recoveries(&self) -> Vec<crate::RecoveryAction> {
        self.operator.list(self.cx.now)
    }

    /// How often the app has asked for a check.
    pub(crate) fn requests(&self) -> u32 {
        self.checks.requests()
    }
}
