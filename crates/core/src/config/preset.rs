//! Named sets of numbers that a config starts from.

use crate::base::keyword::keywords;

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
