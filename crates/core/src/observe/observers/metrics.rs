//! Metrics in the text format of Prometheus, as `OpenMetrics` has made it a standard.

use super::{Observers, Record};
use crate::base::keyword::Keyword;
use crate::base::time::Millis;
use crate::base::url::Scheme;
use crate::config::Endpoint;
use crate::engine::context::Context;
use crate::observe::report::ErrorClass;
use crate::protocol::outcome::FailureKind;
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
    pub(super) fn check(
        &mut self,
        failure: Option<FailureKind>,
        status: Option<u16>,
        latency: Millis,
    ) {
        self.last = Some((failure.is_none(), status));
        if let Some(kind) = failure {
            self.errors[ErrorClass::of(kind) as usize] += 1;
        } else {
            self.passed += 1;
            self.took += u64::from(latency.get());
        }
    }
}

impl Observers {
    /// All metrics, for a scraper.
    pub(crate) fn metrics(&self, cx: &Context, active: usize) -> String {
        let mut text = String::new();
        let mut family =
            |name: &str,
             kind: &str,
             help: &str,
             samples: &dyn Fn(usize, &Record, &str, &mut String)| {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "# TYPE {name} {kind}\n# HELP {name} {help}");
                for (index, record) in self.records.iter().enumerate() {
                    samples(index, record, &labels(&cx.endpoints[index]), &mut text);
                }
            };
        family(
            "health_check_response_time",
            "summary",
            "Milliseconds that checks took that passed.",
            &|_, record, labels, text| {
                let sum = record.history.sum(cx.config.history, cx.config.history);
                for (permille, quantile) in [(500, "0.5"), (950, "0.95"), (990, "0.99")] {
                    if let Some(millis) = sum.quantile(permille) {
                        let _ = writeln!(
                            text,
                            "health_check_response_time{{{labels},quantile=\"{quantile}\"}} {millis}"
                        );
                    }
                }
                let Totals { passed, took, .. } = record.totals;
                let _ = writeln!(
                    text,
                    "health_check_response_time_sum{{{labels}}} {took}\nhealth_check_response_time_count{{{labels}}} {passed}"
                );
            },
        );
        family(
            "health_check_status",
            "gauge",
            "Whether the last check passed.",
            &|_, record, labels, text| {
                if let Some((ok, status)) = record.totals.last {
                    let code = status
                        .map(|status| format!(",status_code=\"{status}\""))
                        .unwrap_or_default();
                    let _ = writeln!(
                        text,
                        "health_check_status{{{labels},success=\"{ok}\"{code}}} {}",
                        u8::from(ok)
                    );
                }
            },
        );
        family(
            "health_check_errors",
            "counter",
            "Checks that failed, by class.",
            &|_, record, labels, text| {
                for (class, count) in ErrorClass::KEYWORDS.iter().zip(record.totals.errors) {
                    let _ = writeln!(
                        text,
                        "health_check_errors_total{{{labels},error_class=\"{class}\"}} {count}"
                    );
                }
            },
        );
        family(
            "steadfast_active",
            "gauge",
            "Whether the endpoint is the active one.",
            &|index, _, labels, text| {
                let _ =
                    writeln!(text, "steadfast_active{{{labels}}} {}", u8::from(index == active));
            },
        );
        text.push_str("# EOF\n");
        text
    }
}

fn labels(endpoint: &Endpoint) -> String {
    let kind = match endpoint.health.as_ref().map(|health| health.url.scheme()) {
        None => "connection",
        Some(Scheme::Tcp) => "tcp",
        Some(_) => "http",
    };
    // As the format wants it: names may hold anything.
    let name =
        endpoint.name.as_str().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("instance=\"{name}\",type=\"{kind}\"")
}
