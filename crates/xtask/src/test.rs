//! `cargo xtask test`: everything that must hold, from formatting to three browsers.

use crate::api::Face;
use crate::command::{all_is_compiled, cargo, command, headline, root, run};
use crate::{demo, generate, kotlin, npm, setup, size, swift};
use anyhow::{Context, Result, ensure};
use std::process::Command;
use std::time::Instant;

/// Checks everything.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only the parts whose name contains this; see the headlines.
    part: Option<String>,
}

type Part = (&'static str, fn() -> Result<()>);

/// The parts, cheapest first.
const PARTS: [Part; 11] = [
    ("Formatting and lints of the Rust code", lints),
    ("Licences and sources of dependencies", dependencies),
    ("Rust tests and scenarios", rust_tests),
    ("Documentation", documentation),
    ("The npm package and its size", package),
    ("Types and lints of the TypeScript code", typescript),
    ("The npm package in bundlers and Node", packaging),
    ("The Kotlin library", kotlin::verify),
    ("The Swift package", swift::test),
    ("Every scenario in every language", generate::report_scenarios),
    ("The npm package in browsers", browsers),
];

pub(crate) fn run_tests(arguments: &Arguments) -> Result<()> {
    let wanted = |name: &str| {
        let part = arguments.part.as_deref().unwrap_or_default();
        name.to_lowercase().contains(&part.to_lowercase())
    };
    let parts: Vec<_> = PARTS.into_iter().filter(|(name, _)| wanted(name)).collect();
    ensure!(!parts.is_empty(), "no part is called so; there are:\n{}", names().join("\n"));
    let mut took = Vec::new();
    for (index, (name, part)) in parts.iter().enumerate() {
        headline(&format!("{name} (part {} of {})", index + 1, parts.len()));
        let started = Instant::now();
        part().with_context(|| {
            format!("the part \"{name}\" failed; to run it alone: cargo xtask test \"{name}\"")
        })?;
        took.push((*name, started.elapsed().as_secs_f64()));
    }
    println!("\n{:<44} {:>8}", "part", "seconds");
    for (name, seconds) in &took {
        println!("{name:<44} {seconds:>8.0}");
    }
    let sum: f64 = took.iter().map(|(_, seconds)| seconds).sum();
    println!("\nAll is well: {} parts in {sum:.0} s", took.len());
    Ok(())
}

fn names() -> Vec<&'static str> {
    PARTS.iter().map(|(name, _)| *name).collect()
}

fn lints() -> Result<()> {
    run(&mut cargo(["fmt", "--all", "--check"]), "run `cargo fmt --all`")?;
    run(
        &mut cargo(["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]),
        "mend what it names",
    )?;
    // `serde` alone is what the smaller npm entry has; the others, each without the rest.
    for feature in ["serde", "breaker", "metrics", "recovery", "reports"] {
        let alone = ["--package", "steadfast", "--no-default-features", "--features", feature];
        let mut clippy = cargo(["clippy", "--locked"]);
        run(clippy.args(alone).args(["--", "-D", "warnings"]), "mend what it names")?;
    }
    Ok(())
}

fn dependencies() -> Result<()> {
    let deny = setup::tool("cargo-deny")?;
    let mut check = Command::new(&deny);
    run(check.args(["check", "bans", "licenses", "sources"]).current_dir(root()), "see deny.toml")?;
    let mut advisories = Command::new(&deny);
    let checked =
        run(advisories.args(["check", "advisories"]).current_dir(root()), "see deny.toml");
    if let Err(problem) = checked {
        if advisory_database_is_there() {
            return Err(problem);
        }
        println!(
            "NOT CHECKED against known vulnerabilities: the advisory database cannot be fetched from here. `cargo deny check advisories` does it where it can."
        );
    }
    Ok(())
}

/// Whether cargo-deny has ever got hold of the advisory database.
fn advisory_database_is_there() -> bool {
    let home = std::env::var_os("CARGO_HOME")
        .map(Into::into)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let folders =
        home.and_then(|home: std::path::PathBuf| std::fs::read_dir(home.join("advisory-dbs")).ok());
    folders.is_some_and(|mut folders| {
        folders.any(|folder| folder.is_ok_and(|folder| folder.path().join("crates").exists()))
    })
}

fn rust_tests() -> Result<()> {
    run(&mut cargo(["test", "--locked", "--workspace"]), "the failing test says what it expected")?;
    all_is_compiled();
    Ok(())
}

fn documentation() -> Result<()> {
    // The command has the library's name: side by side, the two write the same files.
    for which in
        [["--package", "steadfast-cli"].as_slice(), &["--workspace", "--exclude", "steadfast-cli"]]
    {
        let mut doc = cargo(["doc", "--locked", "--no-deps", "--document-private-items"]);
        run(
            doc.args(which).env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private_intra_doc_links"),
            "mend what it names",
        )?;
    }
    generate::compare_docs()?;
    Face::Rust.compare()
}

fn package() -> Result<()> {
    npm::build()?;
    Face::Npm.compare()?;
    size::report()
}

fn typescript() -> Result<()> {
    setup::npm_packages()?;
    run(
        &mut command("npx", ["biome", "check", "--error-on-warnings", "."]),
        "run `npx biome check --write .`",
    )?;
    npm::build()?;
    run(&mut command("npx", ["tsc", "-p", "web-demo"]), "mend what it names")
}

fn packaging() -> Result<()> {
    npm::build()?;
    demo::build_testbed()?;
    generate::write_scripts("npm")?;
    let files = [
        "tests/packaging/packaging.test.mjs",
        "tests/browser/node.test.mjs",
        "tests/browser/face.test.mjs",
        "tests/browser/misbehaviour.test.mjs",
        "tests/browser/rules.test.mjs",
        "tests/browser/vectors.test.mjs",
        "tests/browser/socket.test.mjs",
        "tests/browser/apps-time.test.mjs",
        "tests/browser/moves.test.mjs",
        "tests/browser/random.test.mjs",
        "tests/browser/standalone.test.mjs",
        "tests/browser/one-life.test.mjs",
        "tests/browser/cycles.test.mjs",
        "tests/browser/scenarios.test.mjs",
        "tests/browser/compat/compat.test.mjs",
        "tests/browser/libraries/libraries.test.mjs",
    ];
    run(
        node_tests(&files).env("CHROMIUM", setup::chromium()?),
        "the failing test says what it expected",
    )
}

/// Node's test runner over these files. A file that does not end, whatever keeps it alive, fails
/// after 20 minutes.
fn node_tests(files: &[&str]) -> Command {
    let mut tests = command("node", ["--test", "--test-timeout=1200000"]);
    tests.args(files);
    tests
}

fn browsers() -> Result<()> {
    npm::build()?;
    let browsers = setup::browsers()?;
    demo::build_testbed()?;
    let mut tests = node_tests(&[
        "tests/browser/browser.test.mjs",
        "tests/browser/libraries/browsers.test.mjs",
    ]);
    browsers.tell(&mut tests);
    run(&mut tests, "the failing test says what it expected")
}
