//! What has been learnt, written down for the next start: versioned, bounded, and of no consequence if it is not ours.

use super::{Engine, Phase, Tracked};
use crate::config::Value;
use crate::config::writer::{Write, table};
use crate::loss::Loss;
use crate::rtt::Rtt;
use crate::time::Millis;
use std::fmt;

/// Version of what is written.
const VERSION: i64 = 1;
/// Bytes of JSON for an endpoint's history; with the rest of it an endpoint takes less than 4 KB.
const HISTORY_BYTES: usize = 3_500;
/// What is known of a way through the network is worth nothing after so long.
const STALE: Millis = Millis::from_secs(86_400);

/// What was to be restored is not what an engine saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRestored(&'static str);

impl fmt::Display for NotRestored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing was restored: {}", self.0)
    }
}

impl std::error::Error for NotRestored {}

impl Engine {
    /// What has been learnt so far, to be kept until the next start: round-trip times, losses, how long returns last, and the history. It
    /// holds no URLs. `wall` is the wall clock's time in milliseconds.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// use steadfast::{Config, Endpoint, Engine, Preset, Timestamp};
    /// let endpoint = Endpoint::new("only", "wss://a.example/".parse().unwrap(), "https://a.example/_ping".parse().unwrap());
    /// let config = Config::new(Preset::Default, vec![endpoint]);
    /// let saved = Engine::new(config.clone(), 1, Timestamp::from_millis(0)).unwrap().save(1_700_000_000_000);
    /// let mut restarted = Engine::new(config, 2, Timestamp::from_millis(0)).unwrap();
    /// assert!(restarted.restore(&saved, 1_700_000_060_000).is_ok());
    /// # }
    /// ```
    pub fn save(&mut self, wall: u64) -> Value {
        for tracked in &mut self.endpoints {
            tracked.history.account(self.config.history, self.now);
        }
        let at = i64::try_from(wall).unwrap_or(i64::MAX);
        table(&[("steadfast", &VERSION), ("at", &at), ("active", &self.active().name), ("endpoints", &self.endpoints)])
    }

    /// Takes over what an engine of an earlier run saved, so that this one begins with the endpoint that was active, and with what was known
    /// of each. Endpoints are told by their names; of others nothing is taken. Only before the start.
    pub fn restore(&mut self, saved: &Value, wall: u64) -> Result<(), NotRestored> {
        if self.phase != Phase::Idle {
            return Err(NotRestored("the engine has started already"));
        }
        if saved.number("steadfast") != Some(VERSION) {
            return Err(NotRestored("it was not saved by this version of Steadfast"));
        }
        let (Some(at), Some(endpoints)) = (saved.number("at"), saved.get("endpoints")) else {
            return Err(NotRestored("it is damaged"));
        };
        let gap = wall.saturating_sub(at.max(0).unsigned_abs());
        let gap = Millis::new(u32::try_from(gap).unwrap_or(u32::MAX));
        for endpoint in endpoints.items().iter().take(crate::config::MAX_ENDPOINTS) {
            if let Some(index) = self.index_of_saved(endpoint.text("name")) {
                self.endpoints[index].restore(endpoint, gap, self.config.history, self.now);
            }
        }
        self.active = self.index_of_saved(saved.text("active")).or_else(|| self.best(&|_| true)).unwrap_or(0);
        Ok(())
    }

    fn index_of_saved(&self, name: Option<&str>) -> Option<usize> {
        self.index_of(&name?.into())
    }
}

impl Write for Tracked {
    /// What is kept of an endpoint; its history as far as it has been brought up to date.
    fn write(&self) -> Value {
        table(&[
            ("name", &self.endpoint.name),
            ("rtt", &self.rtt.to_numbers()),
            ("loss", &self.condition.detector.loss.to_numbers()),
            ("flaps", &self.hold.flaps()),
            ("lot", &self.lot),
            ("history", &self.history.save(HISTORY_BYTES)),
        ])
    }
}

impl Tracked {
    fn restore(&mut self, saved: &Value, gap: Millis, length: Millis, now: crate::Timestamp) {
        if gap < STALE {
            self.rtt = Rtt::from_numbers(read_numbers(saved.list("rtt")));
            self.condition.detector.loss = Loss::from_numbers(read_numbers(saved.list("loss")));
        }
        let small = |key| saved.number(key).and_then(|number| u32::try_from(number).ok());
        self.hold.restore(small("flaps").unwrap_or_default());
        self.lot = small("lot").unwrap_or(self.lot);
        self.history.restore(saved.list("history"), gap, length, now);
    }
}

/// As many numbers as are wanted; what is missing or none is 0.
fn read_numbers<const N: usize>(items: &[Value]) -> [u32; N] {
    std::array::from_fn(|at| match items.get(at) {
        Some(Value::Number(number)) => u32::try_from(*number).unwrap_or_default(),
        _ => 0,
    })
}
