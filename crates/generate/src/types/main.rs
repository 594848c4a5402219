//! Writes the TypeScript declarations of the core's public types, and the page of all settings.

mod declaration;
mod settings_page;

use anyhow::{Result, bail, ensure};
use std::fmt::Write;
use std::path::Path;
use steadfast::config::Config;
use steadfast::{
    CallOutcome, Event, Explanation, Message, Problem, Query, Refusal, Report, Snapshot,
};
use ts_rs::TS;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["declarations", out] => write(Path::new(out)),
        ["settings", "write", page] => Ok(std::fs::write(page, settings()?)?),
        ["settings", "compare", page] => {
            let written = std::fs::read_to_string(page).unwrap_or_default();
            ensure!(written == settings()?, "{page} differs from the settings");
            Ok(())
        }
        _ => bail!("usage: types declarations FOLDER | types settings write|compare PAGE"),
    }
}

/// The page of all settings.
fn settings() -> Result<String> {
    // Below the repository's root, in which this runs.
    let declarations = Path::new("target/declarations");
    write(declarations)?;
    settings_page::text(declarations)
}

/// Writes a file per type into `out`, and one that exports them all.
fn write(out: &Path) -> Result<()> {
    if out.exists() {
        std::fs::remove_dir_all(out)?;
    }
    let config = ts_rs::Config::new().with_out_dir(out).with_import_extension(Some("js"));
    Config::export_all(&config)?;
    Event::export_all(&config)?;
    Message::export_all(&config)?;
    Query::export_all(&config)?;
    CallOutcome::export_all(&config)?;
    Problem::export_all(&config)?;
    Snapshot::export_all(&config)?;
    Explanation::export_all(&config)?;
    Refusal::export_all(&config)?;
    Report::export_all(&config)?;
    let mut names = Vec::new();
    for file in std::fs::read_dir(out)? {
        let path = file?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    let mut index = String::new();
    for name in names {
        writeln!(index, "export type {{ {name} }} from \"./{name}.js\";")?;
    }
    std::fs::write(out.join("index.ts"), index)?;
    Ok(())
}
