//! Swift, from the compiler's symbol graphs.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

pub(crate) fn print(folder: &str) -> Result<String> {
    let mut lines = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(".symbols.json") {
            let graph: Value = serde_json::from_slice(&fs::read(&path)?)?;
            for symbol in graph["symbols"].as_array().context("a symbol graph has symbols")? {
                // What the compiler makes up for a protocol is not ours.
                let is_ours = !symbol["identifier"]["precise"]
                    .as_str()
                    .is_some_and(|name| name.contains("::SYNTHESIZED::"));
                if is_ours {
                    lines.insert(line(symbol));
                }
            }
        }
    }
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

/// The path of a symbol and its declaration.
fn line(symbol: &Value) -> String {
    let joined = |list: &Value, part: &dyn Fn(&Value) -> String, between: &str| {
        list.as_array().map(|list| list.iter().map(part).collect::<Vec<_>>().join(between))
    };
    let path = joined(&symbol["pathComponents"], &|part| text(part), ".").unwrap_or_default();
    let fragments = &symbol["declarationFragments"];
    let declaration = joined(fragments, &|part| text(&part["spelling"]), "").unwrap_or_default();
    format!("{path}: {}", declaration.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
