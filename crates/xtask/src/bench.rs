//! `cargo xtask bench`: measurements that anyone can repeat.

use crate::command::{cargo, headline, root, run};
use anyhow::Result;

/// Measures the engine.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these: step, memory, busy, false-failovers, worlds, detection, crowd. The last two take
    /// minutes and rewrite their tables and plots in docs.
    which: Vec<String>,
    /// For `worlds`: how many, 10,000 if left out.
    #[arg(long)]
    count: Option<u64>,
    /// For `worlds`: only this one, shown as a scenario as small as it can be while a rule stays
    /// broken.
    #[arg(long)]
    seed: Option<u64>,
    /// For the last two themselves, after `--`: `bench detection -- --rows outages,busy` measures
    /// only these tables and writes nothing.
    #[arg(last = true)]
    options: Vec<String>,
}

/// Measurements that have a page in docs.
const WITH_A_PAGE: [&str; 2] = ["detection", "crowd"];

/// Random worlds, which have options of their own.
const WORLDS: &str = "worlds";

pub(crate) fn run_benches(arguments: &Arguments) -> Result<()> {
    headline("Measuring (release build)");
    let (pages, others): (Vec<_>, Vec<_>) =
        arguments.which.iter().map(String::as_str).partition(|name| WITH_A_PAGE.contains(name));
    let (worlds, engine): (Vec<_>, Vec<_>) = others.into_iter().partition(|name| *name == WORLDS);
    let all = arguments.which.is_empty();
    if all || !engine.is_empty() {
        bench("engine", &engine)?;
    }
    if all || !worlds.is_empty() {
        let given = [("--count", arguments.count), ("--seed", arguments.seed)];
        let given = given
            .into_iter()
            .filter_map(|(option, number)| Some([option.to_owned(), number?.to_string()]));
        let options: Vec<_> = given.flatten().collect();
        bench(WORLDS, &options.iter().map(String::as_str).collect::<Vec<_>>())?;
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
    let mut bench = cargo([
        "bench",
        "--locked",
        "--quiet",
        "--package",
        "steadfast-sim",
        "--bench",
        name,
        "--",
    ]);
    run(bench.args(arguments), "the message above says why")
}
