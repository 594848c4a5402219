//! Builds the WebAssembly and its JavaScript glue.

use crate::command::{command, headline, run_quietly};
use crate::setup::wasm_toolchain;
use anyhow::{Context, Result};
use std::path::Path;
use wasm_bindgen_cli_support::Bindgen;

/// Builds `crates/web` into `out`: `steadfast.js`, `steadfast.d.ts` and `steadfast_bg.wasm`.
pub(crate) fn build(out: &Path) -> Result<()> {
    let toolchain = wasm_toolchain()?;
    headline("Building the WebAssembly");
    run_quietly(
        toolchain.build().args(["--locked", "--profile", "wasm", "--package", "steadfast-web"]),
        "the compiler's message above says why",
    )?;
    let built = toolchain.target.join("wasm32-unknown-unknown/wasm/steadfast_web.wasm");
    let mut bindgen = Bindgen::new();
    bindgen.input_path(&built).web(true)?.typescript(true).out_name("steadfast").omit_default_module_path(true);
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
