//! `cargo xtask bench`: measurements that anyone can repeat.

use crate::command::{cargo, command, headline, root, run};
use crate::{demo, npm, setup};
use anyhow::Result;

/// Measures the engine.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these: step, memory, busy, false-failovers, worlds, detection, crowd, sockets, throughput,
    /// open. Detection, crowd and sockets take minutes and rewrite their tables and plots in docs; the
    /// last three are measured only if they are named.
    which: Vec<String>,
    /// For `worlds`: how many, 10,000 if left out.
    #[arg(long)]
    count: Option<u64>,
    /// For `worlds`: only this one, shown as a scenario as small as it can be while a rule stays
    /// broken.
    #[arg(long)]
    seed: Option<u64>,
    /// For the last five themselves, after `--`: `bench detection -- --rows outages,busy` and
    /// `bench sockets -- --faults kill --platforms Node` measure only these and write nothing.
    #[arg(last = true)]
    options: Vec<String>,
}

/// Measurements that have a page in docs.
const WITH_A_PAGE: [&str; 2] = ["detection", "crowd"];

/// Random worlds, which have options of their own.
const WORLDS: &str = "worlds";

/// Connections in browsers and in Node, in real time, and whether a page has the figures.
const SOCKETS: [(&str, bool); 3] = [("sockets", true), ("throughput", false), ("open", false)];

pub(crate) fn run_benches(arguments: &Arguments) -> Result<()> {
    let is_of_sockets = |name: &&str| SOCKETS.iter().any(|(known, _)| known == name);
    let (sockets, which): (Vec<_>, Vec<_>) =
        arguments.which.iter().map(String::as_str).partition(is_of_sockets);
    for (name, page) in SOCKETS.into_iter().filter(|(name, _)| sockets.contains(name)) {
        measure_sockets(name, page, &arguments.options)?;
    }
    if which.is_empty() && !sockets.is_empty() {
        return Ok(());
    }
    headline("Measuring (release build)");
    let (pages, others): (Vec<_>, Vec<_>) =
        which.into_iter().partition(|name| WITH_A_PAGE.contains(name));
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

/// Measures connections in Node and in every browser that this machine can have.
fn measure_sockets(name: &str, page: bool, options: &[String]) -> Result<()> {
    npm::build()?;
    demo::build_testbed()?;
    let browsers = setup::browsers()?;
    headline(&format!("Measuring {name}"));
    let mut bench = command("node", [format!("tests/browser/bench/{name}.mjs")]);
    if page && options.is_empty() {
        bench.arg("--docs").arg(root().join("docs"));
    }
    browsers.tell(&mut bench);
    run(bench.args(options), "the message above says why")
}
