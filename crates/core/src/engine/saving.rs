//! What has been learnt, written down for the next start: versioned, bounded, and of no consequence
//! if it is not ours.

use super::{Engine, Phase};
use crate::base::time::Millis;
use crate::config::Value;
use crate::config::writer::table;
use crate::failover::Failover;
use crate::health::loss::LossEstimator;
use crate::health::rtt::RttEstimator;

/// Version of what is written.
const VERSION: i64 = 1;
/// Bytes of JSON for an endpoint's history; with the rest of it an endpoint takes less than 4 KB.
#[cfg(feature = "reports")]
const HISTORY_BYTES: usize = 3_500;
/// What is known of a way through the network is worth nothing after so long.
const STALE: Millis = Millis::from_secs(86_400);

/// What was to be restored is not what an engine saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing was restored: {0}")]
pub struct RestoreError(&'static str);

impl Engine {
    /// What has been learnt so far, to be kept until the next start: round-trip times, losses, how
    /// long returns last, and with the feature `reports` the history. It holds no URLs. `wall` is the wall clock's time in
    /// milliseconds.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// use steadfast::{Config, Endpoint, Engine, Preset, Timestamp};
    /// let url = |text: &str| text.parse().unwrap();
    /// let endpoint = Endpoint::new("only", url("wss://a.example/"), url("https://a.example/_ping"));
    /// let config = Config::new(Preset::Default, vec![endpoint]);
    /// let engine = Engine::new(config.clone().validate().unwrap(), 1, Timestamp::from_millis(0));
    /// let saved = engine.save(1_700_000_000_000);
    /// let mut restarted = Engine::new(config.validate().unwrap(), 2, Timestamp::from_millis(0));
    /// assert!(restarted.restore(&saved, 1_700_000_060_000).is_ok());
    /// # }
    /// ```
    pub fn save(&self, wall: u64) -> Value {
        let at = i64::try_from(wall).unwrap_or(i64::MAX);
        let mut endpoints = Vec::new();
        for index in 0..self.cx.endpoints.len() {
            let checked = self.checks.of(index);
            endpoints.push(table(&[
                ("name", &self.cx.endpoints[index].name),
                ("rtt", &checked.rtt().to_numbers()),
                ("loss", &checked.health().detector().loss().to_numbers()),
                ("flaps", &self.failover.flaps(index)),
                ("draw", &self.failover.draw(index)),
                #[cfg(feature = "reports")]
                ("history", &self.observers.save(&self.cx, index, HISTORY_BYTES)),
            ]));
        }
        let active = &self.active().name;
        table(&[
            ("steadfast", &VERSION),
            ("at", &at),
            ("active", active),
            #[cfg(feature = "reports")]
            ("period", &i64::from(self.cx.config.history.get())),
            ("endpoints", &Value::List(endpoints)),
        ])
    }

    /// Takes over what an engine of an earlier run saved, so that this one begins with the endpoint
    /// that was active, and with what was known of each. Endpoints are matched by
    /// name, and entries of unknown names are ignored. Only before the start.
    pub fn restore(&mut self, saved: &Value, wall: u64) -> Result<(), RestoreError> {
        if self.phase != Phase::Idle {
            return Err(RestoreError("the engine has started already"));
        }
        if saved.number("steadfast") != Some(VERSION) {
            return Err(RestoreError("it was not saved by this version of Steadfast"));
        }
        let (Some(at), Some(endpoints)) = (saved.number("at"), saved.get("endpoints")) else {
            return Err(RestoreError("it is damaged"));
        };
        // Saved in the future: the clock was set, and nobody knows how long ago it was.
        let gap = wall.checked_sub(at.max(0).unsigned_abs()).unwrap_or(u64::MAX);
        let gap = Millis::new(u32::try_from(gap).unwrap_or(u32::MAX));
        for endpoint in endpoints.items().iter().take(crate::config::MAX_ENDPOINTS) {
            if let Some(index) = self.index_of_saved(endpoint.text("name")) {
                self.restore_endpoint(index, endpoint, gap);
                #[cfg(feature = "reports")]
                // Slots of another length say nothing about this period.
                if saved.number("period") == Some(self.cx.config.history.get().into()) {
                    let history = endpoint.list("history");
                    self.observers.restore(&self.cx, index, history, gap);
                }
            }
        }
        let active = self
            .index_of_saved(saved.text("active"))
            .unwrap_or_else(|| Failover::best_of_all(&self.gather(), &self.cx));
        self.failover.set_active(&self.cx, active);
        Ok(())
    }

    fn index_of_saved(&self, name: Option<&str>) -> Option<usize> {
        self.cx.index_of(&name?.into())
    }

    fn restore_endpoint(&mut self, index: usize, saved: &Value, gap: Millis) {
        if gap < STALE {
            let rtt = RttEstimator::from_numbers(read_numbers(saved.list("rtt")));
            let loss = LossEstimator::from_numbers(read_numbers(saved.list("loss")))
                .aged(gap, self.cx.now);
            self.checks.restore(index, rtt, loss);
        }
        let small = |key| saved.number(key).and_then(|number| u32::try_from(number).ok());
        let (flaps, draw) = (small("flaps"), small("draw"));
        self.failover.restore(index, flaps.unwrap_or_default(), draw.unwrap_or_default());
    }
}

/// Reads exactly `N` numbers; missing or invalid items become 0.
fn read_numbers<const N: usize>(items: &[Value]) -> [u32; N] {
    std::array::from_fn(|at| match items.get(at) {
        Some(Value::Number(number)) => u32::try_from(*number).unwrap_or_default(),
        _ => 0,
    })
}
