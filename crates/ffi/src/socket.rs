//! What a socket does that an app holds: the core's rules, for the platform that opens, sends and
//! closes. Messages do not come here: their sizes do.

use crate::config::resolve_url;
use crate::core::{Core, lock};
use crate::error::PathError;
use std::sync::{Arc, Mutex};
use steadfast::socket::{self, BY_APP, Ping, QueueLimits, STOP_CODES, drain_limit, socket_url};
use steadfast::{Endpoint, Health, Millis, Name, Timestamp};

/// What became of a message that was to wait.
#[derive(uniffi::Enum)]
pub enum Offer {
    /// It waits, and so many of those that have waited longest are lost for it.
    Queued {
        /// How many.
        dropped: u32,
    },
    /// There was no room: it is lost.
    Dropped,
    /// There was no room, and sending it is an error.
    Refused,
}

impl From<socket::Offer> for Offer {
    fn from(offer: socket::Offer) -> Self {
        match offer {
            socket::Offer::Queued { dropped } => Self::Queued { dropped },
            socket::Offer::Dropped => Self::Dropped,
            socket::Offer::Refused => Self::Refused,
        }
    }
}

/// The sizes of the messages that wait for a connection; the platform keeps the messages in the same
/// order.
#[derive(uniffi::Object)]
pub struct Outbox(Mutex<socket::Outbox>);

#[uniffi::export]
impl Outbox {
    /// An empty one.
    #[uniffi::constructor]
    pub fn new(limits: QueueLimits) -> Arc<Self> {
        Arc::new(Self(Mutex::new(socket::Outbox::new(limits))))
    }

    /// A message of so many bytes is to wait.
    pub fn offer(&self, bytes: i64) -> Offer {
        let Self(outbox) = self;
        // What is longer than that is longer than any limit, but for the largest.
        lock(outbox).offer(u32::try_from(bytes).unwrap_or(u32::MAX)).into()
    }

    /// The message that has waited longest waits no more.
    pub fn take(&self) {
        let Self(outbox) = self;
        lock(outbox).take();
    }
}

/// What is to be done about a connection.
#[derive(uniffi::Enum)]
pub enum PingStep {
    /// Nothing for so long.
    Wait {
        /// How long.
        time: Millis,
    },
    /// The ping is to be sent, and then nothing is to be done for so long.
    Ask {
        /// How long.
        time: Millis,
    },
    /// No sign of life has arrived in time: the engine is to be told.
    Silent,
}

impl From<socket::PingStep> for PingStep {
    fn from(step: socket::PingStep) -> Self {
        match step {
            socket::PingStep::Wait { time } => Self::Wait { time },
            socket::PingStep::Ask { time } => Self::Ask { time },
            socket::PingStep::Silent => Self::Silent,
        }
    }
}

/// When a connection is asked for a sign of life, and whether it gave one.
#[derive(uniffi::Object)]
pub struct Pinger(Mutex<socket::Pinger>);

#[uniffi::export]
impl Pinger {
    /// For a connection that has just been promoted.
    #[uniffi::constructor]
    pub fn new(ping: Ping) -> Arc<Self> {
        Arc::new(Self(Mutex::new(socket::Pinger::new(ping))))
    }

    /// What is to be done now, where something last arrived at `heard`, and an answer at `answered`:
    /// the same moment, if the app does not tell answers from other messages. `left` is when the ping
    /// left, or what is to be sent before it last moved on.
    pub fn step(
        &self,
        now: Timestamp,
        heard: Timestamp,
        answered: Timestamp,
        left: Timestamp,
    ) -> PingStep {
        let Self(pinger) = self;
        lock(pinger).step(now, heard, answered, left).into()
    }
}

/// Close codes after which a socket stops for good, by default.
#[uniffi::export]
pub fn stop_codes() -> Vec<u16> {
    STOP_CODES.to_vec()
}

/// What the end of a connection is reported with that is the app's own doing: it blames no server.
#[uniffi::export]
pub fn by_app_code() -> u16 {
    BY_APP
}

/// Whether a socket stops for good after this end of a connection: `code` is the close code, `status`
/// the HTTP status by which the server refused the upgrade, each if there was one.
#[uniffi::export]
pub fn is_final(code: Option<u16>, status: Option<u16>, stop_codes: Vec<u16>) -> bool {
    socket::is_final(code, status, &stop_codes)
}

#[uniffi::export]
impl Core {
    /// Where a socket with this path leads at an endpoint.
    pub fn socket_url(&self, endpoint: Endpoint, path: String) -> Result<String, PathError> {
        let snapshot = self.link().snapshot();
        let connects = snapshot.endpoints.iter().map(|state| state.connect.as_str());
        Ok(socket_url(&endpoint.connect, &path, connects, resolve_url)?)
    }

    /// How long a connection to this endpoint, on which something was heard so long ago, may go on
    /// delivering once another one carries its socket.
    pub fn drain_limit(&self, endpoint: Name, heard: Option<Millis>) -> Millis {
        let snapshot = self.link().snapshot();
        let state = snapshot.endpoints.iter().find(|state| state.name == endpoint);
        drain_limit(state.map_or(Health::Unknown, |state| state.health), heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_url;
    use serde_json::Value;
    use steadfast::Url;

    #[test]
    fn paths_lead_where_the_vectors_say_or_nowhere() {
        let vectors = include_str!("../../../tests/vectors/routes.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let mut led = 0;
        for case in vectors["cases"].as_array().unwrap() {
            let connects: Vec<_> = case["connects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it.as_str().unwrap())
                .collect();
            let path = case["path"].as_str().unwrap_or_default();
            let connect = Url::parse_with(connects[0], parse_url).unwrap();
            let url = socket_url(&connect, path, connects.iter().copied(), resolve_url).ok();
            // What is not escaped is refused here, where the standard of the web escapes it.
            if let Some(url) = url {
                led += 1;
                let expected = case["urls"][0].as_str().map(|url| url.trim_end_matches('/'));
                assert_eq!(Some(url.trim_end_matches('/')), expected, "{path:?}");
            }
        }
        assert!(led >= 20, "{led} paths lead somewhere");
    }
}
