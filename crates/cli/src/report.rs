//! Reports as a table, with a line of little bars for how it went.

use clap::ValueEnum;
use std::fmt::Write;
use steadfast::{EndpointReport, Report};

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum Form {
    /// For people.
    Table,
    /// For programs.
    Json,
}

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar for each value, the highest for the largest; a dot where nothing is known.
fn sparkline(values: &[Option<u32>]) -> String {
    let most = values.iter().flatten().copied().max().unwrap_or(0).max(1);
    let bar = |value: &Option<u32>| {
        value.map_or('·', |value| BARS[(u64::from(value) * 7 / u64::from(most)) as usize])
    };
    values.iter().map(bar).collect()
}

/// The report as a table.
pub(crate) fn table(report: &Report) -> String {
    let mut table = format!(
        "{:<16} {:>8} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8}  latency\n",
        "endpoint", "uptime", "checks", "failed", "mean", "p50", "p95", "p99", "active"
    );
    for endpoint in &report.endpoints {
        let EndpointReport {
            checks, failed, average_ms, p50_ms, p95_ms, p99_ms, active_ms, ..
        } = endpoint;
        let uptime = endpoint
            .uptime_percent
            .map_or_else(|| "unknown".to_owned(), |percent| format!("{percent:.2} %"));
        let [mean, p50, p95, p99] = [average_ms, p50_ms, p95_ms, p99_ms]
            .map(|millis| millis.map_or_else(|| "–".to_owned(), |ms| format!("{ms} ms")));
        // Writing to a String cannot fail.
        let _ = writeln!(
            table,
            "{:<16} {uptime:>8} {checks:>7} {failed:>7} {mean:>7} {p50:>7} {p95:>7} {p99:>7} {:>6} s  {}",
            endpoint.endpoint,
            active_ms / 1_000,
            sparkline(&endpoint.latency_over_time)
        );
        for error in &endpoint.errors {
            let _ = writeln!(table, "{:<16} {} × {}", "", error.count, error.class);
        }
    }
    let _ = writeln!(table, "switches: {}", report.switches);
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_for_each_value() {
        assert_eq!(sparkline(&[Some(0), Some(50), None, Some(100)]), "▁▄·█");
        assert_eq!(sparkline(&[]), "");
    }
}
