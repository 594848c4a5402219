//! Tables of what was measured.

use crate::comparison::{Measured, faults, median, networks};
use crate::marks::seconds;
use crate::measure::{TRIALS, Value};
use crate::rows::Row;
use std::fmt::Write;

/// A row and what came out, for Steadfast and for `HAProxy`.
pub(crate) struct Done {
    pub(crate) group: &'static str,
    pub(crate) row: Row,
    pub(crate) ours: Value,
    pub(crate) haproxy: Value,
}

/// What came out, in words.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::Times(times) => {
            let away = match times.away() {
                0 => String::new(),
                away => format!(" ({away} were away)"),
            };
            match (times.median(), times.p95()) {
                (None, _) => format!("never{away}"),
                (median, None) => format!("{} s / never{away}", seconds(median)),
                (median, p95) => format!("{} / {} s{away}", seconds(median), seconds(p95)),
            }
        }
        Value::Leaving(clients) => format!("{clients} of {TRIALS}"),
        Value::Moves { moves: 0, days } => format!("0 in {days} days"),
        Value::Moves { moves, days } if moves * 10 < *days => format!("{moves} in {days} days"),
        Value::Moves { moves, days } => format!("{:.1} a day", *moves as f64 / *days as f64),
        Value::ChecksAnHour(checks) => format!("{checks} an hour"),
    }
}

fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let names: String = heads.iter().map(|head| format!(" {head} |")).collect();
    let mut table = format!("| |{names}\n|---|{}\n", "---:|".repeat(heads.len()));
    for row in rows {
        let _ = writeln!(table, "| {} |", row.join(" | "));
    }
    table
}

/// What the rows of a group gave.
pub(crate) fn rows(about: &str, done: &[Done]) -> String {
    let cells = |done: &Done| {
        let mark = done.row.mark.map_or_else(String::new, |mark| mark.to_string());
        vec![done.row.name.to_owned(), shown(&done.ours), shown(&done.haproxy), mark]
    };
    let rows = table(&["Steadfast", "HAProxy", "at most"], done.iter().map(cells));
    format!("{about}:\n\n{rows}")
}

/// All policies beside each other, as far as they were measured.
pub(crate) fn comparison(measured: &[Measured]) -> Vec<String> {
    let names: Vec<_> = faults().iter().map(|(fault, ..)| fault.name).collect();
    let times = |about: &str, of: fn(&Measured) -> &Vec<Value>| {
        let cells = |value: &Value| seconds(median(value));
        section(about, &names, measured, of, cells)
    };
    let networks: Vec<_> = networks().iter().map(|(name, ..)| *name).collect();
    let mistakes = "Moves away from a healthy endpoint, by the client's network (`networks`)";
    let sections = [
        times(
            "Seconds until the client has moved, median of 200, on a clean network (`faults`)",
            |measured| &measured.clean,
        ),
        times("The same with 10 % of all checks lost", |measured| &measured.lossy),
        section(mistakes, &networks, measured, |measured| &measured.mistakes, shown),
    ];
    sections.into_iter().flatten().collect()
}

fn section(
    about: &str,
    heads: &[&str],
    measured: &[Measured],
    of: fn(&Measured) -> &Vec<Value>,
    cell: fn(&Value) -> String,
) -> Option<String> {
    let row = |measured: &Measured| {
        let name = measured.policy.to_owned();
        std::iter::once(name).chain(of(measured).iter().map(cell)).collect()
    };
    let is_measured = measured.iter().any(|measured| !of(measured).is_empty());
    is_measured.then(|| format!("{about}:\n\n{}", table(heads, measured.iter().map(row))))
}
