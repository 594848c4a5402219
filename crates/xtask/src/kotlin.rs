//! The Kotlin library: its native part, its generated code, its tests.

use crate::command::{Ended, command, headline, root, run};
use crate::ffi::{self, Library};
use crate::{demo, generate, setup, size};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn generated() -> PathBuf {
    root().join("bindings/kotlin/library/src/generated")
}

/// Puts the native library and the generated Kotlin where Maven's build finds them.
pub(crate) fn prepare() -> Result<Library> {
    let kotlin = generated().join("kotlin");
    if kotlin.exists() {
        std::fs::remove_dir_all(&kotlin)?;
    }
    let library = ffi::build_with_code("kotlin", &kotlin)?;
    let resources = generated().join("resources").join(jna_folder(&library.target)?);
    std::fs::create_dir_all(&resources)?;
    std::fs::copy(&library.stripped, resources.join(library.file_name()))?;
    Ok(library)
}

/// Builds and tests the library, the Android part and the sample.
pub(crate) fn verify() -> Result<()> {
    let library = prepare()?;
    generate::write_scripts("kotlin")?;
    demo::build_testbed()?;
    setup::maven()?;
    headline("Building and testing the Kotlin library");
    // The compiler leaves the classes of what is gone behind, and ProGuard stops at them.
    let classes = root().join("bindings/kotlin/library/target/classes");
    if classes.exists() {
        std::fs::remove_dir_all(classes)?;
    }
    run(&mut maven(["verify"]), "the failing test says what it expected")?;
    minified()?;
    size::report_library(&library)
}

/// Writes down the library's public API.
pub(crate) fn write_api() -> Result<()> {
    prepare()?;
    setup::maven()?;
    // Classes of before would be taken for part of it.
    let write =
        ["--projects", "library", "clean", "test", "-Dtest=ApiTest", "-Dsteadfast.api=write"];
    run(&mut maven(write), "the message above says why")
}

/// Runs the sample as a minified app: the library's rules must have kept what is found by name.
fn minified() -> Result<()> {
    headline("Running the minified sample");
    // Nothing listens on this port.
    let mut java = command(
        "java",
        [
            "-jar",
            "bindings/kotlin/sample/target/steadfast-sample-minified.jar",
            "http://127.0.0.1:9/",
        ],
    );
    shipped_library(&mut java);
    let mut sample = Ended(
        java.stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("is a JRE on the path?")?,
    );
    let printed = sample.0.stdout.take().context("it prints nothing")?;
    for line in BufReader::new(printed).lines() {
        let line = line?;
        println!("{line}");
        if line.contains("\"failure\":\"refused\"") {
            return Ok(());
        }
    }
    bail!(
        "it ended without having checked anything: the rules in library/src/main/resources/META-INF/proguard do not suffice"
    )
}

/// A Maven command on the Kotlin library that says what matters.
pub(crate) fn maven<const N: usize>(goals: [&str; N]) -> Command {
    let mut maven = command(
        "mvn",
        ["--batch-mode", "--no-transfer-progress", "--quiet", "--file", "bindings/kotlin"],
    );
    maven.args(goals);
    shipped_library(&mut maven);
    maven
}

/// Lets JNA find the library in the jar alone: cargo tells its own commands where its debug builds
/// are, and one that is older than the generated code would be taken instead.
fn shipped_library(java: &mut Command) {
    java.env_remove("LD_LIBRARY_PATH").env_remove("DYLD_FALLBACK_LIBRARY_PATH");
}

/// Where JNA looks for a library in a jar.
pub(crate) fn jna_folder(target: &str) -> Result<String> {
    let architecture = match target.split('-').next() {
        Some("x86_64") => "x86-64",
        Some("aarch64") => "aarch64",
        other => {
            bail!("no JVM jar for {}: JNA's name for it is not known here", other.unwrap_or(target))
        }
    };
    let system = match target {
        _ if target.contains("apple") => "darwin",
        _ if target.contains("windows") => "win32",
        _ => "linux",
    };
    Ok(format!("{system}-{architecture}"))
}
