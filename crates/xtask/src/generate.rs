//! The programs of `crates/generate`: compiled when a command needs them, each with nothing but
//! what it needs itself.

use crate::command::{build_alone, build_programs, command, root, run, run_quietly};
use anyhow::Result;
use std::process::Command;

/// The public API of the faces.
pub(crate) const API: &str = "api";
/// JavaScript's glue of the WebAssembly, and the rules of its face.
pub(crate) const GLUE: &str = "glue";
/// TypeScript's declarations, and the page of all settings.
pub(crate) const TYPES: &str = "types";
/// Kotlin and Swift.
pub(crate) const FOREIGN: &str = "foreign";
/// Scripts of the scenarios, for every language.
pub(crate) const SCENARIOS: &str = "scenarios";
/// What the packages weigh.
pub(crate) const SIZES: &str = "sizes";

/// Compiles `programs`, each by itself: what one command has compiled of it then serves all others.
pub(crate) fn build(programs: &[&str]) -> Result<()> {
    programs.iter().try_for_each(|program| {
        let features = ["--no-default-features", "--features", program];
        // The core's documentation differs where it is compiled for UniFFI, too.
        let compile = if *program == TYPES { build_alone } else { build_programs };
        compile("steadfast-generate", &features, &[program])
    })
}

/// The command that runs a program once it is compiled.
pub(crate) fn program(name: &str) -> Command {
    let path = root().join("target/debug").join(name);
    command(&path.to_string_lossy(), std::iter::empty::<&str>())
}

/// Runs every scenario and writes its script, which the tests in `language` replay.
pub(crate) fn write_scripts(language: &str) -> Result<()> {
    build(&[SCENARIOS])?;
    run_quietly(
        program(SCENARIOS).args(["scripts", language]),
        "the message above says which scenario cannot be run",
    )
}

/// Prints which scenario goes the same in which language; an error if one does not, or, in CI, was
/// not run.
pub(crate) fn report_scenarios() -> Result<()> {
    build(&[SCENARIOS])?;
    run(program(SCENARIOS).arg("report"), "the message above says which scenario it is")
}

/// The page of all settings.
const SETTINGS: &str = "docs/config.md";

/// Writes the page of all settings anew.
pub(crate) fn write_docs() -> Result<()> {
    build(&[TYPES])?;
    run(program(TYPES).args(["settings", "write", SETTINGS]), "the message above says why")
}

/// An error if the page of all settings says something else than the settings themselves.
pub(crate) fn compare_docs() -> Result<()> {
    build(&[TYPES])?;
    run(program(TYPES).args(["settings", "compare", SETTINGS]), "`cargo xtask docs` writes it anew")
}
