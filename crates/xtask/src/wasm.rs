//! Builds the WebAssembly and its JavaScript glue.

use crate::command::{command, headline, run_quietly};
use crate::toolchain::{Build, Toolchain};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

/// The cargo command that builds the shell, and where its result is.
fn compiler() -> Result<(Command, PathBuf)> {
    let (build, folder) = Toolchain::installed()?.build(&Build {
        target: "wasm32-unknown-unknown",
        package: "steadfast-web",
        profile: "wasm",
        panic: "panic_abort",
        flags: "-Zunstable-options -Cpanic=immediate-abort",
    });
    Ok((build, folder.join("steadfast_web.wasm")))
}

/// The WebAssembly as the compiler made it, with the names of its functions.
pub(crate) fn unoptimized() -> Result<PathBuf> {
    Ok(compiler()?.1)
}

/// Builds `crates/web` into `out`: `steadfast.js`, `steadfast.d.ts` and `steadfast_bg.wasm`.
pub(crate) fn build(out: &Path) -> Result<()> {
    let (mut build, wasm) = compiler()?;
    headline("Building the WebAssembly");
    run_quietly(&mut build, "the compiler's message above says why")?;
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&wasm).web(true)?.typescript(true).out_name("steadfast").omit_default_module_path(true);
    bindgen.generate(out).context("wasm-bindgen failed")?;
    let wasm = out.join("steadfast_bg.wasm");
    // It strips names too: the compiler must not, for wasm-bindgen reads a section that stripping removes.
    let features = [
        "--enable-bulk-memory",
        "--enable-nontrapping-float-to-int",
        "--enable-sign-ext",
        "--enable-mutable-globals",
        "--enable-reference-types",
        "--enable-multivalue",
    ];
    let mut optimize = command(
        "node",
        ["node_modules/binaryen/bin/wasm-opt", "-Oz", "--converge", "--strip-debug", "--strip-producers", "--strip-target-features"],
    );
    run_quietly(optimize.args(features).arg(&wasm).arg("-o").arg(&wasm), "run `npm ci`")
}
