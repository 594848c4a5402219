//! Metrics in the text format of Prometheus, as `OpenMetrics` has made it a standard.

use super::{Engine, Tracked};
use crate::keyword::Keyword;
use crate::outcome::FailureKind;
use crate::report::ErrorClass;
use crate::time::Millis;
use crate::url::Scheme;
use std::fmt::Write;

/// What has been counted of an endpoint since the start; it never goes back.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    passed: u64,
    took: u64,
    errors: [u64; 6],
    last: Option<(bool, Option<u16>)>,
}

impl Totals {
    pub(super) fn check(&mut self, failure: Option<FailureKind>, status: Option<u16>, latency: Millis) {
        self.last = Some((failure.is_none(), status));
        if let Some(kind) = failure {
            self.errors[ErrorClass::of(kind) as usize] += 1;
        } else {
            self.passed += 1;
            self.took += u64::from(latency.get());
        }
    }
}

impl Engine {
    /// All metrics, for a scraper: response times (a summary over the config's `history`, in milliseconds), the state of the last check, failed
    /// checks by class, and which endpoint is the active one.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// use steadfast::{Config, Endpoint, Engine, Preset, Timestamp};
    /// let endpoint = Endpoint::new("only", "wss://a.example/".parse().unwrap(), "https://a.example/_ping".parse().unwrap());
    /// let engine = Engine::new(Config::new(Preset::Default, vec![endpoint]), 1, Timestamp::from_millis(0)).unwrap();
    /// assert!(engine.metrics().contains("steadfast_active{instance=\"only\",type=\"http\"} 1\n"));
    /// assert!(engine.metrics().ends_with("# EOF\n"));
    /// # }
    /// ```
    pub fn metrics(&self) -> String {
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, samples: &dyn Fn(&Tracked, &str, &mut String)| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# TYPE {name} {kind}\n# HELP {name} {help}");
            for tracked in &self.endpoints {
                samples(tracked, &labels(tracked), &mut text);
            }
        };
        family("health_check_response_time", "summary", "Milliseconds that checks took that passed.", &|tracked, labels, text| {
            let sum = tracked.history.sum(self.config.history, self.config.history);
            for (permille, quantile) in [(500, "0.5"), (950, "0.95"), (990, "0.99")] {
                if let Some(millis) = sum.quantile(permille) {
                    let _ = writeln!(text, "health_check_response_time{{{labels},quantile=\"{quantile}\"}} {millis}");
                }
            }
            let Totals { passed, took, .. } = tracked.totals;
            let _ =
                writeln!(text, "health_check_response_time_sum{{{labels}}} {took}\nhealth_check_response_time_count{{{labels}}} {passed}");
        });
        family("health_check_status", "gauge", "Whether the last check passed.", &|tracked, labels, text| {
            if let Some((ok, status)) = tracked.totals.last {
                let code = status.map(|status| format!(",status_code=\"{status}\"")).unwrap_or_default();
                let _ = writeln!(text, "health_check_status{{{labels},success=\"{ok}\"{code}}} {}", u8::from(ok));
            }
        });
        family("health_check_errors", "counter", "Checks that failed, by class.", &|tracked, labels, text| {
            for (class, count) in ErrorClass::KEYWORDS.iter().zip(tracked.totals.errors) {
                let _ = writeln!(text, "health_check_errors_total{{{labels},error_class=\"{class}\"}} {count}");
            }
        });
        family("steadfast_active", "gauge", "Whether the endpoint is the active one.", &|tracked, labels, text| {
            let _ = writeln!(text, "steadfast_active{{{labels}}} {}", u8::from(tracked.endpoint.name == self.active().name));
        });
        text.push_str("# EOF\n");
        text
    }
}

fn labels(tracked: &Tracked) -> String {
    let kind = if tracked.endpoint.health.url.scheme() == Scheme::Tcp { "tcp" } else { "http" };
    // As the format wants it: names may hold anything.
    let name = tracked.endpoint.name.as_str().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("instance=\"{name}\",type=\"{kind}\"")
}
