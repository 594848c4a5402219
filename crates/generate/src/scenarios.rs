//! The scenarios in every language: scripts for them to replay, and the table of what came of it.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use steadfast_sim::Scenario;

/// Languages that replay the scripts, each of whose tests leaves
/// `target/scenarios/results/NAME.json`.
const LANGUAGES: [(&str, &str); 3] =
    [("npm", "npm in Node"), ("kotlin", "Kotlin"), ("swift", "Swift")];

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["scripts", language] => prepare(language),
        ["report"] => report(),
        _ => bail!("usage: scenarios scripts LANGUAGE | scenarios report"),
    }
}

/// Below the repository's root, in which this runs.
fn folder() -> &'static Path {
    Path::new("target/scenarios")
}

/// Runs every scenario and writes its script for `language`, of whose results none from before are
/// left.
fn prepare(language: &str) -> Result<()> {
    std::fs::create_dir_all(folder().join("results"))?;
    let results = results_file(language);
    if results.exists() {
        std::fs::remove_file(results)?;
    }
    // Nor any script of a scenario that is no more.
    for file in std::fs::read_dir(folder())? {
        let path = file?.path();
        if path.is_file() {
            std::fs::remove_file(path)?;
        }
    }
    for (name, scenario) in scenarios()? {
        let script =
            scenario.script().with_context(|| format!("the scenario {name} cannot be run"))?;
        if script.is_for_all_languages() {
            std::fs::write(folder().join(name).with_extension("json"), script.to_json())?;
        }
    }
    Ok(())
}

fn scenarios() -> Result<BTreeMap<String, Scenario>> {
    let mut scenarios = BTreeMap::new();
    for file in std::fs::read_dir("tests/scenarios")? {
        let path = file?.path();
        let Some(name) =
            path.file_stem().filter(|_| path.extension().is_some_and(|kind| kind == "json"))
        else {
            continue;
        };
        let scenario = Scenario::from_json(&std::fs::read_to_string(&path)?)
            .with_context(|| path.display().to_string())?;
        scenarios.insert(name.to_string_lossy().into_owned(), scenario);
    }
    Ok(scenarios)
}

/// What a language says of a scenario: how many events were the same at the same millisecond, or
/// what was not.
type Said = Result<u64, String>;

/// Prints which scenario goes the same in which language; an error if one does not, or, in CI, was
/// not run.
fn report() -> Result<()> {
    let said = LANGUAGES.iter().map(|(file, _)| results(file)).collect::<Result<Vec<_>>>()?;
    let titles: Vec<_> = LANGUAGES.iter().map(|(_, title)| *title).collect();
    println!(
        "\nEvents that are the same, at the same millisecond, in each language:\n\n{:<42} {:>6}  {}",
        "",
        "Rust",
        titles.join("  ")
    );
    let mut wrong = Vec::new();
    for (name, scenario) in scenarios()? {
        let script = scenario.script().with_context(|| name.clone())?;
        print!("{name:<42} {:>6}", script.events().len());
        if !script.is_for_all_languages() {
            println!("  in Rust only");
            continue;
        }
        for ((_, title), said) in LANGUAGES.iter().zip(&said) {
            let width = title.len();
            match said.get(&name) {
                Some(Ok(events)) => print!("  {events:>width$}"),
                Some(Err(problem)) => {
                    print!("  {:>width$}", "NO");
                    wrong.push(format!("{title}, {name}: {problem}"));
                }
                None => {
                    print!("  {:>width$}", "not run");
                    if std::env::var_os("CI").is_some() {
                        wrong.push(format!("{title}, {name}: was not run"));
                    }
                }
            }
        }
        println!();
    }
    println!(
        "\nThe npm package tells an app fewer kinds of events; all that it tells are compared."
    );
    if !wrong.is_empty() {
        bail!("scenarios go differently:\n{}", wrong.join("\n"));
    }
    Ok(())
}

fn results_file(language: &str) -> PathBuf {
    folder().join("results").join(language).with_extension("json")
}

fn results(language: &str) -> Result<BTreeMap<String, Said>> {
    let path = results_file(language);
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(BTreeMap::new()) };
    let read: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let said = |value: serde_json::Value| {
        value.as_u64().ok_or_else(|| value.as_str().unwrap_or("?").to_owned())
    };
    Ok(read.into_iter().map(|(name, value)| (name, said(value))).collect())
}
