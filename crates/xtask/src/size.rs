//! What the npm package weighs, and the library for Swift and Kotlin.

use crate::command::{root, run};
use crate::ffi::{self, Library};
use crate::generate::{self, SIZES};
use crate::{npm, wasm};
use anyhow::Result;
use std::path::Path;

/// The most that the stripped library for Swift and Kotlin may weigh.
const LIBRARY_LIMIT: usize = 790_000;

pub(crate) fn run_size() -> Result<()> {
    npm::build()?;
    let library = ffi::build()?;
    // What is too large is looked into by its parts: they are printed in any case.
    let within_limits = report();
    let mut parts = generate::program(SIZES);
    run(parts.arg("parts").arg(wasm::with_names()?), "the message above says why")?;
    report_library(&library)?;
    within_limits
}

/// Prints what the library for Swift and Kotlin weighs; an error if it is too much.
pub(crate) fn report_library(library: &Library) -> Result<()> {
    generate::build(&[SIZES])?;
    let mut sizes = generate::program(SIZES);
    sizes.args(["files", "the library for Swift and Kotlin", "raw", &LIBRARY_LIMIT.to_string()]);
    sizes.arg(format!("{}={}", library.file_name(), library.stripped.display()));
    run(&mut sizes, "`cargo bloat` shows what is in it")
}

/// Prints the sizes of the npm package; an error if it is too much.
pub(crate) fn report() -> Result<()> {
    generate::build(&[SIZES])?;
    let parts = [("wasm", "steadfast_bg.wasm"), ("glue and face (minified)", "index.js")];
    for entry in &npm::ENTRIES {
        weigh(entry.name, &entry.folder(), &parts, entry.limit)?;
    }
    let [steadfast, _] = &npm::ENTRIES;
    for (name, files, limit) in npm::SOCKET_SIZES {
        weigh(name, &steadfast.folder(), files, limit)?;
    }
    Ok(())
}

/// Prints what these files weigh together; an error if it is too much.
fn weigh(name: &str, folder: &Path, files: &[(&str, &str)], limit: usize) -> Result<()> {
    let mut sizes = generate::program(SIZES);
    sizes.args(["files", name, "brotli", &limit.to_string()]);
    for (part, file) in files {
        sizes.arg(format!("{part}={}", folder.join(file).strip_prefix(root())?.display()));
    }
    run(&mut sizes, "`twiggy top target/wasm-names/steadfast_bg.wasm` shows what is in it")
}
