//! `cargo xtask bench`: measurements that anyone can repeat.

use crate::command::{cargo, headline, root, run};
use anyhow::Result;

/// Measures the engine.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these: step, memory, busy, false-failovers, detection, crowd. The last two take minutes and rewrite their tables and plots in docs.
    which: Vec<String>,
    /// For the last two themselves, after `--`: `bench detection -- --rows outages,busy` measures only these tables and writes nothing.
    #[arg(last = true)]
    options: Vec<String>,
}

/// Measurements that have a page in docs.
const WITH_A_PAGE: [&str; 2] = ["detection", "crowd"];

pub(crate) fn run_benches(arguments: &Arguments) -> Result<()> {
    headline("Measuring (release build)");
    let (pages, engine): (Vec<_>, Vec<_>) = arguments.which.iter().map(String::as_str).partition(|name| WITH_A_PAGE.contains(name));
    let all = arguments.which.is_empty();
    if all || !engine.is_empty() {
        bench("engine", &engine)?;
    }
    let docs = root().join("docs");
    for name in WITH_A_PAGE.into_iter().filter(|name| all || pages.contains(name)) {
        let docs = docs.to_string_lossy();
        let options = arguments.options.iter().map(String::as_str);
        bench(name, &["--docs", &*docs].into_iter().chain(options).collect::<Vec<_>>())?;
    }
    Ok(())
}

fn bench(name: &str, arguments: &[&str]) -> Result<()> {
    let mut bench = cargo(["bench", "--locked", "--quiet", "--package", "steadfast-sim", "--bench", name, "--"]);
    run(bench.args(arguments), "the message above says why")
}
