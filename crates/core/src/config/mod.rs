//! The config: one schema for all languages. It refuses nonsense, all of it at once, and never
//! guesses.

mod check;
mod endpoint;
mod endpoints;
mod lists;
mod preset;
mod problems;
pub(crate) mod read;
pub(crate) mod reader;
pub(crate) mod settings;
mod valid;
mod value;
pub(crate) mod writer;

pub use check::{Check, FetchMode, Headers, Method, StatusPattern, StatusPatterns};
pub use endpoint::{Endpoint, HealthCheck, Name};
pub use endpoints::{Endpoints, MAX_ENDPOINTS};
pub use preset::Preset;
pub use problems::{Problem, Problems};
pub use valid::{ValidConfig, ValidEndpoints};
pub use value::Value;

use crate::base::keyword::keywords;
use crate::base::time::Millis;
#[cfg(feature = "breaker")]
pub use crate::breaker::rules::Breaker;
#[cfg(feature = "recovery")]
pub use crate::observe::failures::FailureEvents;
#[cfg(feature = "recovery")]
pub use crate::operate::recovery::Recovery;
use read::Read;
use reader::{Reader, Setting};
use settings::settings;
use writer::Write;

settings! {
    /// Everything that can be set. All but `endpoints` has a default; durations are milliseconds or
    /// texts such as `"3s"`.
    ///
    /// ```
    /// # #[cfg(all(feature = "url", feature = "serde"))] {
    /// use steadfast::{Engine, Timestamp, ValidConfig};
    /// let config: ValidConfig = serde_json::from_str(r#"{
    ///     "endpoints": [
    ///         { "name": "a", "connect": "wss://a.example/live", "health": "https://a.example/_ping" },
    ///         { "name": "b", "connect": "wss://b.example/live", "health": "https://b.example/_ping" }
    ///     ],
    ///     "check": { "interval": "5s" }
    /// }"#).unwrap();
    /// let engine = Engine::new(config, 1, Timestamp::from_millis(0));
    /// assert_eq!(engine.active().name.as_str(), "a");
    ///
    /// let wrong = serde_json::from_str::<ValidConfig>(r#"{ "endpoints": [], "chekc": {} }"#);
    /// let wrong = wrong.unwrap_err().to_string();
    /// assert!(wrong.contains("chekc: unknown key; did you mean `check`?"));
    /// assert!(wrong.contains("endpoints: allowed: 1 to 64 endpoints"));
    /// # }
    /// ```
    pub struct Config of preset {
        /// The numbers that everything else starts from.
        preset: Preset = preset;
        /// Where the app can be connected to: 1 to 64 endpoints.
        endpoints: Endpoints = Endpoints::default();
        /// Which endpoint is the active one.
        strategy: Strategy = Strategy::Priority, AppServices: Strategy::Cyclic;
        /// Where the app runs: endpoints of the same `region` come first, whatever the strategy.
        region: Option<String> = None;
        /// How endpoints are checked, unless their own `health` says otherwise.
        check: Check = Check::of(preset);
        /// Pause before the first check.
        initial_delay: Millis = Millis::ZERO, "0ms" ..= "1h",
            AppServices: Millis::from_secs(3), Orchestrator: Millis::from_secs(30);
        /// How sure one must be before an endpoint is Unhealthy: a working one would show the same
        /// evidence once in 10ⁿ times. On a clean network three failures suffice for 8; on a lossy
        /// one it takes more, which follow each other in haste.
        suspicion_level: u32 = 8, "1" ..= "20";
        /// Failures in a row after which an endpoint is Unhealthy; `null`: they are not counted but
        /// weighed, see `suspicionLevel`.
        failure_threshold: Option<u32> = None, "1" ..= "100",
            AppServices: Some(10), Orchestrator: Some(3);
        /// Successes in a row after which an Unhealthy endpoint is Healthy again. The first success
        /// ever suffices at once.
        success_threshold: u32 = 1, "1" ..= "100";
        /// An endpoint that passes its checks is Degraded if its last answer took longer than this,
        /// or its answers do on the average (the smoothed round-trip time).
        degraded_latency: Millis = Millis::from_secs(2), "1ms" ..= "10m";
        /// From start to start of the checks of a Suspect endpoint, side by side if they take
        /// longer, at most 16 for a verdict; `null`: it is checked no faster than a healthy one.
        suspect_interval: Option<Millis> = Some(Millis::new(250)), "10ms" ..= "10m",
            AppServices: None, Orchestrator: None;
        /// Pause between checks of an endpoint that is not the active one, twice as long while
        /// messages arrive on the app's connection; `null`: only those are watched that the app
        /// would go back to.
        standby_interval: Option<Millis> = Some(Millis::from_secs(30)), "100ms" ..= "1d",
            AppServices: None;
        /// Longest pause between checks of the active endpoint while the app's own traffic shows
        /// that it answers: traffic proves the connection, not what the server says of itself. With
        /// 16 s, half of all 503s are found within 9 s, by 225 checks an hour.
        busy_interval: Millis = Millis::from_secs(16), "100ms" ..= "1h",
            AppServices: Millis::from_secs(3);
        /// By how many percent, more or less, a pause is varied, so that a crowd of clients does
        /// not keep step.
        jitter_percent: u32 = 10, "0" ..= "50", AppServices: 0;
        /// Whether endpoints are checked while the app is in the background. Off by default: it
        /// costs battery.
        background_checks: bool = false;
        /// When a better endpoint that has recovered becomes active again.
        failback: Failback = Failback::of(preset);
        /// The longest that the app's connection may take to open, with name look-up, handshakes
        /// and upgrade. The app's own functions (for a path, a token, a hook) have as long again: what
        /// they take is held against no server.
        connect_timeout: Millis = Millis::from_secs(10), "100ms" ..= "10m";
        /// How retries wait for each other, for checks when nothing answers and for the connection.
        retry: Retry = Retry::of(preset);
        /// Where to ask whether the network works, when endpoints do not answer: at most 4 URLs of
        /// somebody else, checked only then. Nothing of `check` holds for them, and none of its
        /// headers goes there. `expectBody` detects a captive portal, which answers in place of
        /// every server (a hotel's log-in page).
        connectivity: HealthChecks = HealthChecks::default();
        /// When an endpoint's circuit breaker refuses the app's own requests.
        #[cfg(feature = "breaker")]
        breaker: Breaker = Breaker::of(preset);
        /// When a failure is an event of its own, for those who run the endpoints.
        #[cfg(feature = "recovery")]
        failure_events: FailureEvents = FailureEvents::of(preset);
        /// When something is done about failure events.
        #[cfg(feature = "recovery")]
        recovery: Recovery = Recovery::of(preset);
        /// How far back is remembered what the endpoints have been like, for reports: in 24 parts,
        /// and at most 4 KB for each endpoint. `0ms`: not at all.
        #[cfg(feature = "reports")]
        history: Millis = Millis::from_secs(86_400), "0ms" ..= "30d";
        /// How long moves are put off at random, so that a crowd of clients does not arrive
        /// together.
        spread: Spread = Spread::of(preset);
    }
}

settings! {
    /// When a better endpoint that has recovered becomes active again (strategy `priority`).
    pub struct Failback of preset {
        /// How long it must have stayed Healthy. Each time that it fails again soon after, the wait
        /// doubles.
        after: Millis = Millis::from_secs(60), "0ms" ..= "1d";
        /// The longest wait.
        max: Millis = Millis::from_secs(30 * 60), "0ms" ..= "1d";
        /// How many checks in a row it must have passed.
        successes: u32 = 3, "1" ..= "100";
    }
}

settings! {
    /// Exponential back-off: each wait is longer than the one before, at most `max`, and a part of it
    /// is random.
    pub struct Retry of preset {
        /// The longest that the first wait may be.
        initial: Millis = Millis::new(500), "10ms" ..= "10m";
        /// The longest that any wait may be.
        max: Millis = Millis::from_secs(30), "10ms" ..= "1h";
        /// How long a wait is in percent of the one before.
        growth_percent: u32 = 200, "100" ..= "1000";
        /// How many percent of a wait are random: 100 is full jitter, and 0 brings clients that failed
        /// together back together.
        jitter_percent: u32 = 100, "0" ..= "100";
    }
}

settings! {
    /// The widest random delay of a move.
    pub struct Spread of preset {
        /// When the active endpoint failed in a way that a whole crowd sees at the same moment (a
        /// closed socket). What a check on its own schedule found is not delayed: the schedules are
        /// spread already.
        forced: Millis = Millis::from_secs(1), "0ms" ..= "10m";
        /// When the active endpoint still works.
        voluntary: Millis = Millis::from_secs(10), "0ms" ..= "1h";
    }
}

keywords! {
    /// Which endpoint is the active one.
    pub enum Strategy {
        /// The best by `priority` that is healthy; a better one that recovers becomes active again
        /// (see [`Failback`]).
        Priority = "priority",
        /// As `priority`, and among equals the one that answers fastest: another one takes over if
        /// it has been faster for a minute, by a fifth and by 50 ms at least.
        Latency = "latency",
        /// As `priority`, and among equals each client has its own, drawn by `weight` when it
        /// starts.
        Weighted = "weighted",
        /// The one that it is, for as long as it is healthy; no failback.
        Sticky = "sticky",
        /// As `sticky`, but at the threshold only the next in the list is asked, once; unless it is
        /// healthy, all are down and counting starts anew. Only checks of the active endpoint
        /// count, as in the published script: an endpoint that refuses connections is not left
        /// while its checks pass, and all are reported to be down even while messages arrive.
        Cyclic = "cyclic",
    }
}

/// URLs that are checked for what they tell of the network. They are somebody else's: how the app's
/// own endpoints are asked, and with which headers, does not concern them.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct HealthChecks(
    #[cfg_attr(feature = "typescript", ts(as = "Vec<endpoint::WrittenHealthCheck>"))]
    pub(crate)  Vec<HealthCheck>,
);

/// Maximum number of connectivity checks.
const MAX_HEALTH_CHECKS: usize = 4;

impl Setting for HealthChecks {
    fn overlay(&mut self, value: &Value, reader: &mut Reader) {
        let Value::List(items) = value else {
            return reader.expected("a list of URLs or health checks", value);
        };
        self.0.clear();
        let check = std::mem::take(&mut reader.check);
        for (index, item) in items.iter().enumerate().take(MAX_HEALTH_CHECKS + 1) {
            if let Some(health) = reader.item(index, |reader| HealthCheck::read(item, reader)) {
                self.0.push(health);
            }
        }
        reader.check = check;
    }

    fn check(&mut self, reader: &mut Reader) {
        if self.0.len() > MAX_HEALTH_CHECKS {
            reader.problem("allowed: at most 4");
        }
        let check = std::mem::take(&mut reader.check);
        for (index, health) in self.0.iter_mut().enumerate() {
            reader.item(index, |reader| health.check_settings(reader));
        }
        reader.check = check;
    }
}

impl Write for HealthChecks {
    fn write(&self) -> Value {
        self.0.write()
    }
}

impl Config {
    /// The config of `preset` with these endpoints.
    pub fn new(preset: Preset, endpoints: Vec<Endpoint>) -> Self {
        Self { endpoints: Endpoints(endpoints), ..Self::of(preset) }
    }

    /// The tree that [`ValidConfig::read`] reads as this config.
    pub fn to_value(&self) -> Value {
        self.write()
    }

    /// Reports what is wrong with the settings, of each and between them.
    fn check_settings(&mut self, reader: &mut Reader) {
        self.check(reader);
        reader.field("region", |reader| endpoint::check_region(self.region.as_ref(), reader));
        let waits = [
            ("failback", "max", self.failback.after, self.failback.max),
            ("retry", "max", self.retry.initial, self.retry.max),
            #[cfg(feature = "breaker")]
            ("breaker", "openMax", self.breaker.open, self.breaker.open_max),
        ];
        for (section, field, low, high) in &waits {
            if low > high {
                reader.field(section, |reader| {
                    reader.field(field, |reader| {
                        reader.problem(format!("{high} is less than the first wait, {low}"));
                    });
                });
            }
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Config {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

#[cfg(test)]
#[cfg(all(feature = "serde", feature = "url"))]
mod tests;
