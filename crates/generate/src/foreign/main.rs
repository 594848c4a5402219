//! Generates the Kotlin or Swift code of the library in `crates/ffi`, and makes it look as an app
//! expects.

mod face;

use anyhow::{Context, Result, bail};
use camino::Utf8PathBuf;
use std::path::Path;
use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

/// Makes code look as an app expects.
type Change = fn(&str) -> Result<String>;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [language, library, out] = &arguments[..] else {
        bail!("usage: foreign kotlin|swift LIBRARY FOLDER")
    };
    let (language, changes): (_, &[(&str, Change)]) = match language.as_str() {
        "kotlin" => (TargetLanguage::Kotlin, &[("dev/steadfast/steadfast.kt", face::kotlin)]),
        "swift" => (
            TargetLanguage::Swift,
            &[("SteadfastTypes.swift", face::swift), ("SteadfastCore.swift", face::swift_core)],
        ),
        other => bail!("no code can be generated for {other}"),
    };
    std::fs::create_dir_all(out)?;
    // Where the crates are, whose `uniffi.toml` say how their types look, cargo is asked in the
    // present folder: the repository's root.
    let options = GenerateOptions {
        languages: vec![language],
        source: Utf8PathBuf::from(library),
        out_dir: Utf8PathBuf::from(out),
        ..GenerateOptions::default()
    };
    generate(options).context("UniFFI could not generate code")?;
    for (file, change) in changes {
        let file = Path::new(out).join(file);
        let code = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        std::fs::write(file, change(&code)?)?;
    }
    Ok(())
}
