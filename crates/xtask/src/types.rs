//! Writes the TypeScript declarations of the core's public types, and its rules for the face.

use anyhow::Result;
use std::fmt::Write;
use std::path::Path;
use steadfast::config::Config;
use steadfast::{
    CallOutcome, Event, Explanation, FIRST_SERVER_ERROR, MAX_ANSWER_BYTES, Message, Permit,
    Problem, Query, REPEATABLE_METHODS, Refusal, Report, Snapshot,
};
use ts_rs::TS;

/// Writes a file per type into `out`, and one that exports them all.
pub(crate) fn write(out: &Path) -> Result<()> {
    if out.exists() {
        std::fs::remove_dir_all(out)?;
    }
    let config = ts_rs::Config::new().with_out_dir(out).with_import_extension(Some("js"));
    Config::export_all(&config)?;
    Event::export_all(&config)?;
    Message::export_all(&config)?;
    Query::export_all(&config)?;
    Permit::export_all(&config)?;
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

/// Writes the constants that the face goes by into the file `out`.
pub(crate) fn write_rules(out: &Path) -> Result<()> {
    let mut rules = format!(
        "export const REPEATABLE_METHODS: string[] = {};\n",
        serde_json::to_string(&REPEATABLE_METHODS)?
    );
    for (name, number) in
        [("FIRST_SERVER_ERROR", FIRST_SERVER_ERROR.into()), ("MAX_ANSWER_BYTES", MAX_ANSWER_BYTES)]
    {
        writeln!(rules, "export const {name} = {number};")?;
    }
    Ok(std::fs::write(out, rules)?)
}
