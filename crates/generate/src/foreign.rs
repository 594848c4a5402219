//! Generates the Kotlin or Swift code of the library in `crates/ffi`.

use anyhow::{Context, Result, bail};
use camino::Utf8PathBuf;
use uniffi_bindgen::bindings::{GenerateOptions, TargetLanguage, generate};

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [language, library, out] = &arguments[..] else {
        bail!("usage: foreign kotlin|swift LIBRARY FOLDER")
    };
    let language = match language.as_str() {
        "kotlin" => TargetLanguage::Kotlin,
        "swift" => TargetLanguage::Swift,
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
    generate(options).context("UniFFI could not generate code")
}
