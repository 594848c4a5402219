//! Builds the npm package: WebAssembly, glue and face in `bindings/npm/dist`.

use crate::command::{command, headline, root, run_quietly};
use crate::{setup, types, wasm};
use anyhow::Result;
use std::fs;

/// Files of the package that are not compiled.
const COPIED: [&str; 3] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md"];

pub(crate) fn build() -> Result<()> {
    setup::npm_packages()?;
    let package = root().join("bindings/npm");
    let (generated, dist) = (package.join("src/generated"), package.join("dist"));
    fs::create_dir_all(&generated)?;
    types::write(&generated.join("types"))?;
    types::write_rules(&generated.join("rules.ts"))?;
    wasm::build(&generated)?;

    headline("Building the npm package");
    if dist.exists() {
        fs::remove_dir_all(&dist)?;
    }
    run_quietly(&mut command("npx", ["tsc", "-p", "bindings/npm"]), "the compiler's message above says why")?;
    let mut bundle =
        command("npx", ["esbuild", "bindings/npm/src/index.ts", "--bundle", "--format=esm", "--target=es2022", "--minify", "--sourcemap"]);
    // Names that only the glue knows.
    bundle.arg("--mangle-props=^_(_wbg_|_destroy_|wbg_cb_)");
    run_quietly(bundle.arg("--outfile=bindings/npm/dist/index.js"), "the bundler's message above says why")?;
    fs::copy(generated.join("steadfast_bg.wasm"), dist.join("steadfast_bg.wasm"))?;
    // Declarations that the compiler takes for given and does not copy.
    fs::copy(generated.join("steadfast.d.ts"), dist.join("generated/steadfast.d.ts"))?;
    for file in COPIED {
        fs::copy(root().join(file), package.join(file))?;
    }
    Ok(())
}
