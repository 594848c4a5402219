//! `cargo xtask bench`: measurements that anyone can repeat.

use crate::command::{cargo, headline, run};
use anyhow::Result;

/// Measures the engine.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these: step, memory, busy, false-failovers.
    which: Vec<String>,
}

pub(crate) fn run_benches(arguments: &Arguments) -> Result<()> {
    headline("Measuring (release build)");
    let mut bench = cargo(["bench", "--locked", "--quiet", "--package", "steadfast-sim", "--bench", "engine", "--"]);
    run(bench.args(&arguments.which), "the message above says why")
}
