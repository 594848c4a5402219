//! The table, for the terminal and for the docs.

use crate::{Outcome, docs, plot};
use std::fmt::Write;
use std::path::Path;

pub(crate) fn summary(outcomes: &[Outcome], memory: usize) -> String {
    let mut table = "| | jitter | most that connect within 100 ms | half are connected after | 99 % after | most checks in a second |\n|---|---|---:|---:|---:|---:|\n".to_owned();
    for Outcome { name, jitter, seen, .. } in outcomes {
        let seconds = |permille| {
            seen.until_permille(permille)
                .map_or_else(|| "–".to_owned(), |seconds| format!("{seconds:.1} s"))
        };
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
pub(crate) fn write(outcomes: &[Outcome], summary: &str, folder: &Path) {
    docs::replace(folder.join("crowds.md"), summary);
    plot::draw(outcomes, &folder.join("crowds.svg")).expect("the plot can be written");
    println!("written: docs/crowds.md and docs/crowds.svg");
}
