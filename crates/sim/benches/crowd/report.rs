//! The table, for the terminal and for the docs.

use crate::{Outcome, plot};
use std::fmt::Write;
use std::path::Path;

/// The table stands in the docs between these lines.
const BEGIN: &str = "<!-- measured: begin -->";
const END: &str = "<!-- measured: end -->";

pub(crate) fn summary(outcomes: &[Outcome], memory: usize) -> String {
    let mut table = "| | jitter | most that connect within 100 ms | half are connected after | 99 % after | most checks in a second |\n|---|---|---:|---:|---:|---:|\n".to_owned();
    for Outcome { name, jitter, seen, .. } in outcomes {
        let seconds = |permille| seen.until_permille(permille).map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.1} s"));
        let _ = writeln!(
            table,
            "| {name} | {} | {:.2} % | {} | {} | {} |",
            if *jitter { "ours" } else { "none" },
            seen.peak_permille() / 10.0,
            seconds(500),
            seconds(990),
            seen.most_checks()
        );
    }
    format!("{table}\nA client takes {memory} bytes, its config not counted, which all share.\n")
}

/// Writes table and plot into the docs.
pub(crate) fn write(outcomes: &[Outcome], summary: &str, docs: &Path) {
    let path = docs.join("crowds.md");
    let text = std::fs::read_to_string(&path).expect("docs/crowds.md is there");
    let (before, rest) = text.split_once(BEGIN).expect("a place for the table");
    let (_, after) = rest.split_once(END).expect("an end of that place");
    std::fs::write(&path, format!("{before}{BEGIN}\n\n{summary}\n{END}{after}")).expect("docs can be written");
    plot::draw(outcomes, &docs.join("crowds.svg")).expect("the plot can be written");
    println!("written: docs/crowds.md and docs/crowds.svg");
}
