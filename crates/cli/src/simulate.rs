//! `steadfast simulate`: replays a scenario, and tells whether it went as expected.

use anyhow::{Context, Result};
use clap::ValueEnum;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use steadfast_sim::Scenario;

/// Runs a scenario in simulated time and prints its events as JSON Lines. Exits with 1 and a diff
/// if they are not as the file expects.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A scenario file; see tests/scenarios.
    file: PathBuf,
    /// Which events are printed.
    #[arg(long, value_enum, default_value_t = Events::Decisions)]
    events: Events,
}

#[derive(Clone, Copy, ValueEnum, PartialEq)]
enum Events {
    /// Switches and outages.
    Decisions,
    /// Every check and every change as well.
    All,
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let file = arguments.file.display();
    let text = std::fs::read_to_string(&arguments.file)
        .with_context(|| format!("{file} cannot be read"))?;
    let scenario =
        Scenario::from_json(&text).with_context(|| format!("{file} is not a scenario"))?;
    let script = scenario.script().with_context(|| format!("{file} cannot be run"))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in
        script.events().iter().filter(|line| arguments.events == Events::All || line.is_decision())
    {
        if writeln!(out, "{}", line.to_json()).is_err() {
            // Whoever was reading has seen enough.
            return Ok(ExitCode::SUCCESS);
        }
    }
    out.flush()?;
    let Some(diff) = scenario.differences(&script) else { return Ok(ExitCode::SUCCESS) };
    eprintln!("{file}: not as expected (- expected, + happened):\n{diff}");
    Ok(ExitCode::FAILURE)
}
