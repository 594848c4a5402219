//! The public API of each face, written down in `docs/api`, so that a change of it shows in a diff.

use crate::command::{cargo, command, headline, root, run_quietly};
use crate::generate::{self, API};
use crate::kotlin;
use crate::npm;
use crate::swift::{self, Swift};
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::PathBuf;

/// A face whose API is printed here. Kotlin's is printed by a test of its own, `ApiTest.kt`.
#[derive(Clone, Copy)]
pub(crate) enum Face {
    Rust,
    Npm,
    Swift,
}

impl Face {
    /// Where its API is written down.
    fn file(self) -> &'static str {
        match self {
            Self::Rust => "docs/api/rust.txt",
            Self::Npm => "docs/api/npm.d.ts",
            Self::Swift => "docs/api/swift.txt",
        }
    }

    /// Its API as it is now, from what has been built.
    fn print(self) -> Result<String> {
        generate::build(&[API])?;
        let (face, built) = match self {
            Self::Rust => ("rust", rustdoc()?),
            Self::Npm => ("npm", declarations()?),
            Self::Swift => ("swift", swift::symbols()?),
        };
        let printed = generate::program(API).arg(face).arg(built).output()?;
        if !printed.status.success() {
            bail!("{}", String::from_utf8_lossy(&printed.stderr));
        }
        Ok(String::from_utf8(printed.stdout)?)
    }

    fn write(self) -> Result<()> {
        let file = root().join(self.file());
        fs::write(&file, self.print()?).with_context(|| file.display().to_string())?;
        println!("{}", self.file());
        Ok(())
    }

    /// An error if the face, which has been built, is not as it is written down.
    pub(crate) fn compare(self) -> Result<()> {
        let now = self.print()?;
        let file = self.file();
        let written = fs::read_to_string(root().join(file)).with_context(|| file.to_owned())?;
        if now == written {
            return Ok(());
        }
        for gone in written.lines().filter(|line| !now.lines().any(|other| other == *line)) {
            println!("- {gone}");
        }
        for new in now.lines().filter(|line| !written.lines().any(|other| other == *line)) {
            println!("+ {new}");
        }
        bail!("the public API is not as {file} says; if it is meant so, run `cargo xtask api`");
    }
}

/// Writes down the API of every face.
pub(crate) fn write_all() -> Result<()> {
    headline("Writing down the public API of every face");
    fs::create_dir_all(root().join("docs/api"))?;
    Face::Rust.write()?;
    npm::build()?;
    Face::Npm.write()?;
    kotlin::write_api()?;
    swift::prepare()?;
    let mut build = Swift::installed()?.command("swift build")?;
    run_quietly(&mut build, "the compiler's message above says why")?;
    Face::Swift.write()
}

/// What rustdoc says of the crate `steadfast`, as JSON.
fn rustdoc() -> Result<PathBuf> {
    let folder = root().join("target/api");
    let mut doc = cargo(["doc", "--locked", "--no-deps", "--package", "steadfast", "--target-dir"]);
    // The JSON is not stable yet; its format has a version, which is looked at when it is read.
    doc.arg(&folder)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTDOCFLAGS", "-Z unstable-options --output-format json");
    run_quietly(&mut doc, "the compiler's message above says why")?;
    Ok(folder.join("doc/steadfast.json"))
}

/// The npm package's declarations, without comments.
fn declarations() -> Result<PathBuf> {
    let folder = root().join("target/api/npm");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut tsc = command("npx", ["tsc", "-p", "bindings/npm", "--removeComments", "--outDir"]);
    run_quietly(tsc.arg(&folder), "the compiler's message above says why")?;
    Ok(folder)
}
