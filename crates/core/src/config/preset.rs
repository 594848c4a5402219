//! Named sets of numbers that a config starts from.

use super::{Config, Method, StatusPattern, StatusPatterns, Strategy};
use crate::base::keyword::keywords;
use crate::base::time::Millis;

keywords! {
    /// A named set of numbers that a config starts from.
    pub enum Preset {
        /// Steadfast's own: found by measurement, see the settings' documentation.
        Default = "default",
        /// The failover script that a managed sync backend published for its mobile apps, to the
        /// millisecond: a HEAD every 3 s after the previous one ended, only 200 passes, 5 s
        /// timeout; at the 10th failure in a row the next endpoint is asked once.
        AppServices = "appServices",
        /// A container orchestrator's published health monitor: a GET every 30 s, only 200 passes,
        /// 5 s timeout, three failures in a row, and failure events. Set `recovery.enabled` for
        /// something to be done about those.
        Orchestrator = "orchestrator",
    }
}

impl Preset {
    /// The config of the preset, still without endpoints.
    pub(super) fn config(self) -> Config {
        let mut config = Config { preset: self, ..Config::default() };
        if self == Self::Default {
            return config;
        }
        // The others count failures, and only 200 passes.
        config.check.expect_status = StatusPatterns(vec![StatusPattern::Code(200)]);
        config.check.min_timeout = Millis::from_secs(5);
        config.suspect_interval = None;
        if self == Self::Orchestrator {
            config.check.interval = Millis::from_secs(30);
            config.initial_delay = Millis::from_secs(30);
            config.failure_threshold = Some(3);
            #[cfg(feature = "breaker")]
            {
                config.breaker.open = Millis::from_secs(60);
            }
            #[cfg(feature = "recovery")]
            {
                config.failure_events.enabled = true;
            }
        } else {
            config.check.method = Method::Head;
            config.strategy = Strategy::Cyclic;
            config.initial_delay = Millis::from_secs(3);
            config.failure_threshold = Some(10);
            config.standby_interval = None;
            config.busy_interval = Millis::from_secs(3);
            config.jitter_percent = 0;
        }
        config
    }
}
