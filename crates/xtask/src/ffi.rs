//! The library behind the Swift package and the AAR, and the code that uniffi generates for it.

use crate::command::{both, command, headline, run_quietly};
use crate::generate::{self, FOREIGN};
use crate::toolchain::{Build, Toolchain};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};

/// Of the compiler's own choices, this one makes the library smaller: with less inlining the tables
/// for unwinding grow.
const FLAGS: &str = "-Cllvm-args=-inline-threshold=25";

/// A library for one target.
pub(crate) struct Library {
    pub(crate) target: String,
    /// With everything that the generator reads.
    pub(crate) whole: PathBuf,
    /// As it is shipped.
    pub(crate) stripped: PathBuf,
}

/// Builds the library for this machine.
pub(crate) fn build() -> Result<Library> {
    let toolchain = Toolchain::installed()?;
    let target = toolchain.host()?;
    headline("Building the library for Swift and Kotlin");
    build_for(&toolchain, &target, &[])
}

/// Builds the library for `target`, with `environment` for its compiler and linker.
pub(crate) fn build_for(
    toolchain: &Toolchain,
    target: &str,
    environment: &[(String, PathBuf)],
) -> Result<Library> {
    let (mut build, folder) = toolchain.build(&Build {
        target,
        package: "steadfast-ffi",
        profile: "ffi",
        panic: "panic_unwind",
        flags: FLAGS,
    });
    build.envs(environment.iter().map(|(name, value)| (name, value)));
    run_quietly(&mut build, "the compiler's message above says why")?;
    let name = library_name(target);
    let whole = folder.join(name);
    let stripped = folder.join("stripped").join(name);
    std::fs::create_dir_all(folder.join("stripped"))?;
    std::fs::copy(&whole, &stripped)
        .with_context(|| format!("{} was not built", whole.display()))?;
    let strip = environment
        .iter()
        .find(|(name, _)| name == "STRIP")
        .map_or(Path::new("strip"), |(_, strip)| strip);
    // What the app links against stays; debugging information and local names go.
    let local = if target.contains("apple") { "-x" } else { "--strip-unneeded" };
    run_quietly(command(&strip.to_string_lossy(), [local]).arg(&stripped), "install binutils")?;
    Ok(Library { target: target.to_owned(), whole, stripped })
}

impl Library {
    /// The static library that Apple's linker wants.
    pub(crate) fn archive(&self) -> PathBuf {
        self.whole.with_file_name("libsteadfast_ffi.a")
    }

    pub(crate) fn file_name(&self) -> &'static str {
        library_name(&self.target)
    }
}

fn library_name(target: &str) -> &'static str {
    match target {
        _ if target.contains("apple") => "libsteadfast_ffi.dylib",
        _ if target.contains("windows") => "steadfast_ffi.dll",
        _ => "libsteadfast_ffi.so",
    }
}

/// Builds the library for this machine, and generates its Kotlin or Swift code into `out`.
pub(crate) fn build_with_code(language: &str, out: &Path) -> Result<Library> {
    let (library, ()) = both(build, || generate::build(&[FOREIGN]))?;
    let mut code = generate::program(FOREIGN);
    code.arg(language).arg(&library.whole).arg(out);
    run_quietly(&mut code, "UniFFI's message above says why")?;
    Ok(library)
}
