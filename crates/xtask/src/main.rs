//! Everything a person types: `cargo xtask demo`, `cargo xtask test` and their parts.

mod api;
mod bench;
mod command;
mod demo;
mod ffi;
mod fuzz;
mod generate;
mod kotlin;
mod npm;
mod package;
mod setup;
mod size;
mod swift;
mod terminal;
mod test;
mod toolchain;
mod wasm;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Everything a person types. Each command installs what it needs and says what it runs.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Shows a failover in a browser.
    Demo(demo::Arguments),
    /// Checks everything: formatting, lints, docs, unit and property tests, scenarios, bundlers,
    /// three browsers.
    Test(test::Arguments),
    /// Builds and tests the Kotlin library and its Android part.
    Kotlin,
    /// Makes what is published for Kotlin (AAR and jar) or Swift (package with its library for
    /// Apple).
    Package(package::Arguments),
    /// Builds and tests the Swift package.
    Swift,
    /// Builds the npm package into bindings/npm/dist.
    Npm,
    /// Writes docs/config.md anew, the page of all settings.
    Docs,
    /// Writes docs/api anew, the public API of every face; `cargo xtask test` compares.
    Api,
    /// Prints the size of the npm package's parts, raw and compressed.
    Size,
    /// Throws random bytes at everything that reads what others have written.
    Fuzz(fuzz::FuzzArguments),
    /// Breaks the engine on purpose, in every small way, and looks whether a test notices.
    Mutants,
    /// Measures: an engine step, memory, false failovers, checks while the app is busy, random
    /// worlds.
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Demo(arguments) => demo::run_demo(&arguments),
        Task::Test(arguments) => test::run_tests(&arguments),
        Task::Npm => npm::build(),
        Task::Package(arguments) => package::run_package(&arguments),
        Task::Swift => swift::test(),
        Task::Kotlin => kotlin::verify(),
        Task::Api => api::write_all(),
        Task::Docs => generate::write_docs(),
        Task::Size => size::run_size(),
        Task::Fuzz(arguments) => fuzz::run_fuzz(&arguments),
        Task::Mutants => fuzz::run_mutants(),
        Task::Bench(arguments) => bench::run_benches(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}
