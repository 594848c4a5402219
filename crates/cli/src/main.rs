//! The `steadfast` command.

mod check;
mod report;
mod simulate;
mod watch;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Keeps apps connected to a backend that works; from the command line, it checks endpoints,
/// watches them, and replays failovers.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Check(check::Arguments),
    Watch(watch::Arguments),
    Simulate(simulate::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Check(arguments) => check::run(arguments),
        Command::Watch(arguments) => watch::run(arguments),
        Command::Simulate(arguments) => simulate::run(&arguments),
    };
    done.unwrap_or_else(|error| {
        eprintln!("steadfast: {error:#}");
        ExitCode::from(2)
    })
}
