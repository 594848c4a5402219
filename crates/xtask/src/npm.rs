//! Builds the npm package: WebAssembly, glue and face in `bindings/npm/dist`.

use crate::command::{both, command, headline, root, run_quietly};
use crate::generate::{self, GLUE, TYPES};
use crate::{setup, wasm};
use anyhow::{Context, Result};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

/// Files of the package that are not compiled.
const COPIED: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

/// What can be imported from the package, with a WebAssembly of its own.
pub(crate) struct Entry {
    /// As one writes it in an import.
    pub(crate) name: &'static str,
    /// Its files in `bindings/npm/src`, each by the name of what becomes of it.
    sources: &'static [(&'static str, &'static str)],
    /// Where in `src/generated` and `dist` its parts are.
    folder: &'static str,
    /// Cargo features of its WebAssembly.
    features: &'static [&'static str],
    /// The most that its wasm, glue and face together may weigh, compressed.
    pub(crate) limit: usize,
}

pub(crate) const ENTRIES: [Entry; 2] = [
    // The limits are what they weigh, and room for a repair.
    Entry {
        name: "steadfast",
        // The socket that stands alone, and what it loads once its first connection is opening.
        sources: &[
            ("index", "index.ts"),
            ("socket", "socket.ts"),
            ("engine", "standalone/engine.ts"),
        ],
        folder: "",
        features: &[],
        limit: 70_800,
    },
    Entry {
        name: "steadfast/full",
        sources: &[("index", "full.ts")],
        folder: "full",
        features: &["full"],
        limit: 87_100,
    },
];

/// Files that are weighed together: a name, each file by what it is, and the most that they may weigh.
type Weighed = (&'static str, &'static [(&'static str, &'static str)], usize);

/// What is downloaded for the entry `steadfast/socket`.
pub(crate) const SOCKET_SIZES: [Weighed; 2] = [
    (
        "steadfast/socket, at first",
        // A bare WebSocket that survives, and is opened before the rest is there.
        &[("face (minified)", "socket.js")],
        // Meant to be 5 KiB.
        5_450,
    ),
    (
        "steadfast/socket",
        &[
            ("wasm", "steadfast_bg.wasm"),
            ("face (minified)", "socket.js"),
            ("glue and link (minified)", "engine.js"),
        ],
        75 * 1024,
    ),
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
    make_parts(&ENTRIES, &[GLUE, TYPES], || Ok(()))?;
    headline("Putting the npm package together");
    run_quietly(
        generate::program(TYPES).arg("declarations").arg(generated().join("types")),
        "the message above says which type has no declaration",
    )?;
    run_quietly(
        &mut command("npx", ["tsc", "-p", "bindings/npm"]),
        "the compiler's message above says why",
    )?;
    for entry in &ENTRIES {
        entry.bundle()?;
    }
    for file in COPIED {
        fs::copy(root().join(file), root().join("bindings/npm").join(file))?;
    }
    Ok(())
}

/// Builds `steadfast/full` alone, and without the types that only a compiler reads. Does `beside`
/// meanwhile, as soon as the package needs no more of cargo's for this machine.
pub(crate) fn build_full_untyped(beside: impl FnOnce() -> Result<()> + Send) -> Result<()> {
    let [_, full] = &ENTRIES;
    make_parts(std::slice::from_ref(full), &[GLUE], beside)?;
    full.bundle()
}

/// Makes what the bundles are made of, and compiles `programs` of the generator at the same time.
/// None of an older `dist` is left.
fn make_parts(
    entries: &[Entry],
    programs: &[&str],
    beside: impl FnOnce() -> Result<()> + Send,
) -> Result<()> {
    setup::npm_is_installed()?;
    headline("Building the WebAssembly, and the tools for it");
    if dist().exists() {
        fs::remove_dir_all(dist())?;
    }
    let (compiled, are_compiled) = mpsc::channel();
    both(
        || {
            setup::npm_packages()?;
            for entry in entries {
                wasm::compile(entry.features, &entry.generated())?;
            }
            are_compiled.recv().context("the generator is missing")?;
            run_quietly(
                generate::program(GLUE).arg("rules").arg(generated().join("rules.ts")),
                "the message above says why",
            )?;
            finish(entries)
        },
        || {
            generate::build(programs)?;
            // The other side may have failed, which it says itself.
            let _ = compiled.send(());
            beside()
        },
    )?;
    Ok(())
}

/// Finishes the WebAssembly of all entries at the same time.
fn finish(entries: &[Entry]) -> Result<()> {
    if let [first, rest @ ..] = entries {
        both(|| wasm::finish(&first.generated()), || finish(rest))?;
    }
    Ok(())
}

/// Where those sources are that are made.
fn generated() -> PathBuf {
    root().join("bindings/npm/src/generated")
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

    /// Where its parts are made.
    fn generated(&self) -> PathBuf {
        generated().join(self.folder)
    }

    /// Puts its JavaScript together, and its WebAssembly beside that.
    fn bundle(&self) -> Result<()> {
        let (generated, dist) = (self.generated(), self.folder());
        for (name, source) in self.sources {
            let mut esbuild = command(
                "npx",
                ["esbuild", "--bundle", "--format=esm", "--target=es2022", "--minify"],
            );
            esbuild
                .args(["--sourcemap", "--external:./engine.js"])
                .arg(format!("bindings/npm/src/{source}"))
                .arg(format!("--outfile={}", dist.join(name).with_extension("js").display()));
            // Which WebAssembly it is about, and names that only the glue knows.
            esbuild
                .arg(format!("--alias:#glue={}", generated.join("steadfast.js").display()))
                .arg("--mangle-props=^_(_wbg_|_destroy_|wbg_cb_)");
            run_quietly(&mut esbuild, "the bundler's message above says why")?;
        }
        fs::copy(generated.join("steadfast_bg.wasm"), dist.join("steadfast_bg.wasm"))?;
        Ok(())
    }
}
