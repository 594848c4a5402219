//! The engine's state at one moment, for showing.

use crate::base::keyword::keywords;
use crate::base::url::Url;
#[cfg(feature = "breaker")]
use crate::breaker::rules::BreakerState;
use crate::config::Name;
use crate::config::writer::records;
use crate::health::Health;
use std::fmt;

records! {
    /// The engine's state at one moment.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Snapshot {
        /// What the engine makes of the whole.
        pub state: State,
        /// Name of the active endpoint.
        pub active: Name,
        /// Every endpoint, in the order of the config.
        pub endpoints: Vec<EndpointState>,
    }
}

records! {
    /// The state of one endpoint. `Debug` shows its URL without secrets.
    #[derive(Clone, PartialEq, Eq)]
    pub struct EndpointState {
        /// Its name.
        pub name: Name,
        /// Where to connect: the whole URL, secrets included.
        pub connect: String,
        /// Where the app's own requests go: `https://host:port`, without a port that the scheme
        /// implies.
        #[cfg(feature = "breaker")]
        pub origin: String,
        /// What is known of it.
        pub health: Health,
        /// Failures in a row.
        pub failures: u32,
        /// Smoothed round-trip time of its checks in milliseconds, once there is one.
        pub rtt_ms: Option<u32>,
        /// What its circuit breaker does with the app's own requests.
        #[cfg(feature = "breaker")]
        pub breaker: BreakerState,
    }
}

impl fmt::Debug for EndpointState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("EndpointState");
        shown
            .field("name", &self.name)
            .field("connect", &Url::unparsed(self.connect.clone()))
            .field("health", &self.health)
            .field("failures", &self.failures)
            .field("rtt_ms", &self.rtt_ms);
        #[cfg(feature = "breaker")]
        shown.field("origin", &self.origin).field("breaker", &self.breaker);
        shown.finish()
    }
}

keywords! {
    /// What the engine makes of the whole.
    pub enum State {
        /// Not started yet.
        Idle = "idle",
        /// The active endpoint is believed to work.
        Steady = "steady",
        /// There is evidence against the active endpoint.
        Suspicious = "suspicious",
        /// No endpoint is healthy.
        AllDown = "allDown",
        /// Our own network is down.
        Offline = "offline",
        /// Stopped.
        Stopped = "stopped",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secrets_of_a_url_are_not_shown() {
        let state = EndpointState {
            name: "a".into(),
            connect: "wss://me:secret@a.example/live?token=secret".into(),
            #[cfg(feature = "breaker")]
            origin: "https://a.example".into(),
            health: Health::Healthy,
            failures: 0,
            rtt_ms: None,
            #[cfg(feature = "breaker")]
            breaker: BreakerState::Closed,
        };
        let shown = format!("{state:?}");
        assert!(shown.contains("wss://a.example/live") && !shown.contains("secret"), "{shown}");
    }
}
