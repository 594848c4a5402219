//! Builds the npm package: WebAssembly, glue and face in `bindings/npm/dist`.

use crate::command::{command, headline, root, run_quietly};
use crate::{setup, types, wasm};
use anyhow::Result;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Files of the package that are not compiled.
const COPIED: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// What can be imported from the package, with a WebAssembly of its own.
pub(crate) struct Entry {
    /// As one writes it in an import.
    pub(crate) name: &'static str,
    /// Its file in `bindings/npm/src`.
    source: &'static str,
    /// Where in `src/generated` and `dist` its parts are.
    folder: &'static str,
    /// Cargo features of its WebAssembly.
    features: &'static [&'static str],
    /// The most that its wasm, glue and face together may weigh, compressed.
    pub(crate) limit: usize,
}

pub(crate) const ENTRIES: [Entry; 2] = [
    // The limits are what they weigh, and room for a repair.
    Entry { name: "steadfast", source: "index.ts", folder: "", features: &[], limit: 60 * 1024 },
    Entry {
        name: "steadfast/full",
        source: "full.ts",
        folder: "full",
        features: &["full"],
        limit: 75 * 1024,
    },
];

/// Builds the package, once: several parts of the tests need it, each of which can be run alone.
pub(crate) fn build() -> Result<()> {
    static BUILT: AtomicBool = AtomicBool::new(false);
    if BUILT.load(Ordering::Relaxed) {
        return Ok(());
    }
    build_anew()?;
    BUILT.store(true, Ordering::Relaxed);
    Ok(())
}

fn build_anew() -> Result<()> {
    setup::npm_packages()?;
    let package = root().join("bindings/npm");
    let (generated, dist) = (package.join("src/generated"), dist());
    fs::create_dir_all(&generated)?;
    types::write(&generated.join("types"))?;
    types::write_rules(&generated.join("rules.ts"))?;
    for Entry { folder, features, .. } in &ENTRIES {
        wasm::build(features, &generated.join(folder))?;
    }

    headline("Building the npm package");
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    run_quietly(
        &mut command("npx", ["tsc", "-p", "bindings/npm"]),
        "the compiler's message above says why",
    )?;
    for entry in &ENTRIES {
        entry.bundle(&generated.join(entry.folder))?;
    }
    for file in COPIED {
        fs::copy(root().join(file), package.join(file))?;
    }
    Ok(())
}

/// Where the package's files are that one installs.
fn dist() -> PathBuf {
    root().join("bindings/npm/dist")
}

impl Entry {
    /// Where its parts are once they are built.
    pub(crate) fn folder(&self) -> PathBuf {
        dist().join(self.folder)
    }

    /// Puts its JavaScript together, and its WebAssembly beside that.
    fn bundle(&self, generated: &Path) -> Result<()> {
        let dist = self.folder();
        let mut esbuild = command(
            "npx",
            ["esbuild", "--bundle", "--format=esm", "--target=es2022", "--minify", "--sourcemap"],
        );
        esbuild
            .arg(format!("bindings/npm/src/{}", self.source))
            .arg(format!("--outfile={}", dist.join("index.js").display()));
        // Which WebAssembly it is about, and names that only the glue knows.
        esbuild
            .arg(format!("--alias:#glue={}", generated.join("steadfast.js").display()))
            .arg("--mangle-props=^_(_wbg_|_destroy_|wbg_cb_)");
        run_quietly(&mut esbuild, "the bundler's message above says why")?;
        fs::copy(generated.join("steadfast_bg.wasm"), dist.join("steadfast_bg.wasm"))?;
        Ok(())
    }
}
