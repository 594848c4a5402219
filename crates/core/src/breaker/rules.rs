//! When a circuit breaker opens and closes, and the states that it has.

use crate::base::keyword::keywords;
use crate::base::time::Millis;
use crate::config::settings::settings;

settings! {
    /// When an endpoint's circuit breaker opens and closes. It guards the app's own requests, as
    /// far as the app asks it to.
    pub struct Breaker of preset {
        /// Failures in a row at which it opens; `null`: only the shares below count.
        failures: Option<u32> = Some(5), "1" ..= "1000";
        /// Percentage of failed requests within `window` at which it opens; `null`: it does not
        /// matter.
        failure_percent: Option<u32> = None, "1" ..= "100";
        /// Percentage of slow requests within `window` at which it opens; `null`: it does not
        /// matter.
        slow_percent: Option<u32> = None, "1" ..= "100";
        /// How long a request takes that is slow.
        slow_after: Millis = Millis::from_secs(5), "1ms" ..= "10m";
        /// How far back shares are counted. Old requests leave it a tenth at a time, also when no
        /// new ones come.
        window: Millis = Millis::from_secs(60), "1s" ..= "1h";
        /// Requests in the window below which shares mean nothing.
        minimum: u32 = 10, "1" ..= "10000";
        /// How long it stays open at first. Twice as long each time that a trial fails, and up to a
        /// fifth more at random.
        open: Millis = Millis::from_secs(5), "10ms" ..= "1h", Orchestrator: Millis::from_secs(60);
        /// The longest that it stays open, but for the fifth.
        open_max: Millis = Millis::from_secs(60), "10ms" ..= "1d";
        /// Maximum number of requests under way at a time while half-open.
        trials: u32 = 3, "1" ..= "100";
        /// Successes after which it closes.
        successes: u32 = 3, "1" ..= "100";
        /// A trial that has not been reported by then has given its permit back.
        trial_timeout: Millis = Millis::from_secs(30), "10ms" ..= "1h";
    }
}

keywords! {
    /// What a circuit breaker does with requests.
    pub enum BreakerState {
        /// Lets them through.
        Closed = "closed",
        /// Refuses them, for a time.
        Open = "open",
        /// Lets a few through, to see.
        HalfOpen = "halfOpen",
        /// Refuses all requests until the app releases the endpoint.
        Isolated = "isolated",
    }
}
