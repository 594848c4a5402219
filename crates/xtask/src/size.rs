//! What the npm package weighs, and the library for Swift and Kotlin.

use crate::ffi::{self, Library};
use crate::{npm, parts, wasm};
use anyhow::{Result, bail};
use std::io::Write;

/// The most that the stripped library for Swift and Kotlin may weigh.
const LIBRARY_LIMIT: usize = 710_000;

pub(crate) fn run() -> Result<()> {
    npm::build()?;
    let library = ffi::build()?;
    // What is too large is looked into by its parts: they are printed in any case.
    let within_limits = report();
    report_parts()?;
    report_library(&library)?;
    within_limits
}

/// Prints what the library for Swift and Kotlin weighs; an error if it is too much.
pub(crate) fn report_library(library: &Library) -> Result<()> {
    let bytes = std::fs::read(&library.stripped)?;
    println!("\n{:<28} {:>9} {:>9}", "", "raw", "brotli");
    println!(
        "{:<28} {:>9} {:>9}   (limit {LIBRARY_LIMIT} raw)",
        library.file_name(),
        bytes.len(),
        brotli(&bytes)?
    );
    if bytes.len() > LIBRARY_LIMIT {
        bail!(
            "the library for Swift and Kotlin is {} bytes over its limit",
            bytes.len() - LIBRARY_LIMIT
        );
    }
    Ok(())
}

/// Prints the sizes of what is built; an error if it is too much.
pub(crate) fn report() -> Result<()> {
    for entry in &npm::ENTRIES {
        let (name, limit) = (entry.name, entry.limit);
        let mut sum = (0, 0);
        println!("\n{name:<28} {:>9} {:>9}", "raw", "brotli");
        for (part, file) in
            [("wasm", "steadfast_bg.wasm"), ("glue and face (minified)", "index.js")]
        {
            let bytes = std::fs::read(entry.folder().join(file))?;
            let compressed = brotli(&bytes)?;
            println!("{part:<28} {:>9} {compressed:>9}", bytes.len());
            sum = (sum.0 + bytes.len(), sum.1 + compressed);
        }
        println!("{:<28} {:>9} {:>9}   (limit {limit})", "sum", sum.0, sum.1);
        if sum.1 > limit {
            bail!(
                "{name} is {} bytes over its limit; `twiggy top target/wasm-names/steadfast_bg.wasm` shows what is in it",
                sum.1 - limit
            );
        }
    }
    Ok(())
}

/// Prints what each part of the engine costs in the wasm. Compressed, all of it shrinks to about a
/// third.
fn report_parts() -> Result<()> {
    println!("\n{:<50} {:>9}", "of the wasm's code, by part", "raw");
    for (part, size) in parts::sizes(&std::fs::read(wasm::with_names()?)?)? {
        println!("{part:<50} {size:>9}");
    }
    Ok(())
}

fn brotli(bytes: &[u8]) -> Result<usize> {
    let mut compressed = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    compressed.write_all(bytes)?;
    Ok(compressed.into_inner().len())
}
