//! Weighs what is downloaded: raw and compressed, and the WebAssembly by the part of the engine that
//! it comes from.

mod parts;

use anyhow::{Context, Result, bail};
use std::io::Write;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["files", title, measure, limit, ref files @ ..] => {
            let measure = match measure {
                "raw" => Measure::Raw,
                "brotli" => Measure::Brotli,
                other => bail!("{other} is no measure: raw, brotli"),
            };
            weigh(title, measure, limit.parse()?, files)
        }
        ["parts", wasm] => weigh_parts(wasm),
        _ => bail!("usage: sizes files TITLE raw|brotli LIMIT NAME=FILE ... | sizes parts WASM"),
    }
}

/// What a limit is about.
#[derive(Clone, Copy)]
enum Measure {
    Raw,
    Brotli,
}

/// Prints what each file weighs and what all do; an error if that is over the limit.
fn weigh(title: &str, measure: Measure, limit: usize, files: &[&str]) -> Result<()> {
    println!("\n{title:<28} {:>9} {:>9}", "raw", "brotli");
    let mut sum = (0, 0);
    for file in files {
        let (name, path) = file.split_once('=').context("a file has no name")?;
        let bytes = std::fs::read(path).with_context(|| path.to_owned())?;
        let compressed = brotli(&bytes)?;
        println!("{name:<28} {:>9} {compressed:>9}", bytes.len());
        sum = (sum.0 + bytes.len(), sum.1 + compressed);
    }
    let (weight, word) = match measure {
        Measure::Raw => (sum.0, "raw"),
        Measure::Brotli => (sum.1, "brotli"),
    };
    println!("{:<28} {:>9} {:>9}   (limit {limit} {word})", "sum", sum.0, sum.1);
    if weight > limit {
        bail!("{title} is {} bytes over its limit", weight - limit);
    }
    Ok(())
}

/// Prints what each part of the engine costs in the wasm. Compressed, all of it shrinks to about a
/// third.
fn weigh_parts(wasm: &str) -> Result<()> {
    println!("\n{:<50} {:>9}", "of the wasm's code, by part", "raw");
    for (part, size) in parts::sizes(&std::fs::read(wasm)?)? {
        println!("{part:<50} {size:>9}");
    }
    Ok(())
}

fn brotli(bytes: &[u8]) -> Result<usize> {
    let mut compressed = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    compressed.write_all(bytes)?;
    Ok(compressed.into_inner().len())
}
