//! Named sets of numbers that a config starts from.

#[cfg(feature = "recovery")]
use super::FailureEvents;
use super::{Breaker, Check, Config, Method, StatusPattern, StatusPatterns, Strategy};
use crate::keyword::keywords;
use crate::time::Millis;

keywords! {
    /// A named set of numbers that a config starts from.
    pub enum Preset {
        /// Steadfast's own: found by measurement, see the settings' documentation.
        Default = "default",
        /// The failover script that a managed sync backend published for its mobile apps, to the millisecond: a HEAD every 3 s after the
        /// previous one ended, only 200 passes, 5 s timeout; at the 10th failure in a row the next endpoint is asked once.
        AppServices = "appServices",
        /// A container orchestrator's published health monitor: a GET every 30 s, only 200 passes, 5 s timeout, three failures in a row, and
        /// failure events. Set `recovery.enabled` for something to be done about those.
        Orchestrator = "orchestrator",
    }
}

impl Preset {
    /// The config of the preset, still without endpoints.
    pub(super) fn config(self) -> Config {
        match self {
            Self::Default => Config::default(),
            Self::Orchestrator => Config {
                preset: self,
                check: Check {
                    expect_status: StatusPatterns(vec![StatusPattern::Code(200)]),
                    interval: Millis::from_secs(30),
                    min_timeout: Millis::from_secs(5),
                    ..Check::default()
                },
                initial_delay: Millis::from_secs(30),
                failure_threshold: Some(3),
                suspect_interval: None,
                breaker: Breaker { open: Millis::from_secs(60), ..Breaker::default() },
                #[cfg(feature = "recovery")]
                failure_events: FailureEvents { enabled: true, ..FailureEvents::default() },
                ..Config::default()
            },
            Self::AppServices => Config {
                preset: self,
                strategy: Strategy::Cyclic,
                check: Check {
                    method: Method::Head,
                    expect_status: StatusPatterns(vec![StatusPattern::Code(200)]),
                    min_timeout: Millis::from_secs(5),
                    ..Check::default()
                },
                initial_delay: Millis::from_secs(3),
                failure_threshold: Some(10),
                suspect_interval: None,
                standby_interval: None,
                busy_interval: Millis::from_secs(3),
                jitter_percent: 0,
                ..Config::default()
            },
        }
    }
}
