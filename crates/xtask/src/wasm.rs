//! Builds the WebAssembly and its JavaScript glue.

use crate::command::{command, headline, root, run_quietly, said_by};
use crate::generate::{self, GLUE};
use crate::toolchain::{Build, Toolchain};
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The cargo command that builds the shell with these features, and where its result is.
fn compiler(features: &[&str]) -> Result<(Command, PathBuf)> {
    let (mut build, folder) = Toolchain::installed()?.build(&Build {
        target: "wasm32-unknown-unknown",
        package: "steadfast-web",
        profile: "wasm",
        panic: "panic_abort",
        flags: "-Zunstable-options -Cpanic=immediate-abort -Zmir-opt-level=3 -Cllvm-args=-inline-threshold=15",
    });
    build.args(features.iter().flat_map(|feature| ["--features", feature]));
    Ok((build, folder.join("steadfast_web.wasm")))
}

/// Compiles `crates/web` with these features, and copies the result into the folder `out`.
pub(crate) fn compile(features: &[&str], out: &Path) -> Result<()> {
    let (mut build, wasm) = compiler(features)?;
    run_quietly(&mut build, "the compiler's message above says why")?;
    std::fs::create_dir_all(out)?;
    std::fs::copy(wasm, out.join(COMPILED))?;
    Ok(())
}

/// Makes what the package holds of what was compiled into `out`: `steadfast.js`, `steadfast.d.ts`
/// and a small `steadfast_bg.wasm`. The glue's generator must be compiled.
pub(crate) fn finish(out: &Path) -> Result<()> {
    make_glue(out)?;
    let wasm = out.join(WASM);
    wasm_opt(&wasm, &SMALL)?;
    // It strips names as well: the compiler must not, for wasm-bindgen reads a section that
    // stripping removes.
    let names = [
        "--strip-debug",
        "--strip-producers",
        "--strip-target-features",
        "--minify-imports-and-exports-and-modules",
    ];
    let renamed = out.join("renamed.json");
    std::fs::write(&renamed, wasm_opt(&wasm, &names)?)?;
    let mut shorten = generate::program(GLUE);
    shorten.arg("shorten").arg(renamed).arg(out.join("steadfast.js"));
    run_quietly(&mut shorten, GLUE_AND_OPTIMIZER)
}

/// The WebAssembly without optional features, with the names of its functions.
pub(crate) fn with_names() -> Result<PathBuf> {
    headline("Building the WebAssembly with names");
    let out = root().join("target/wasm-names");
    compile(&[], &out)?;
    make_glue(&out)?;
    wasm_opt(&out.join(WASM), &[&SMALL[..], &["-g"]].concat())?;
    Ok(out.join(WASM))
}

const WASM: &str = "steadfast_bg.wasm";

/// What the compiler made, without glue.
const COMPILED: &str = "compiled.wasm";

const GLUE_AND_OPTIMIZER: &str = "wasm-bindgen's glue or wasm-opt's output differs from what crates/generate/src/glue.rs expects";

/// Makes JavaScript's side.
fn make_glue(out: &Path) -> Result<()> {
    let mut make = generate::program(GLUE);
    make.arg("make").arg(out.join(COMPILED)).arg(out);
    run_quietly(&mut make, "wasm-bindgen's message above says why")
}

/// Options that make the WebAssembly small once it is compressed, found by trying: inlining what is
/// called only once, and sharing what is computed twice, save bytes and cost more then. The linker
/// puts the stack below everything else, so that the first kilobyte is only its end.
const SMALL: [&str; 6] = [
    "-Oz",
    "--converge",
    "--skip-pass=local-cse",
    "--one-caller-inline-max-function-size=20",
    "--always-inline-max-function-size=0",
    "--low-memory-unused",
];

/// Works on the WebAssembly in its place. Returns what was printed.
fn wasm_opt(wasm: &Path, options: &[&str]) -> Result<String> {
    let features = [
        "--enable-bulk-memory",
        "--enable-nontrapping-float-to-int",
        "--enable-sign-ext",
        "--enable-mutable-globals",
        "--enable-reference-types",
        "--enable-multivalue",
    ];
    let mut optimize = command("node", ["node_modules/binaryen/bin/wasm-opt"]);
    said_by(optimize.args(options).args(features).arg(wasm).arg("-o").arg(wasm), "run `npm ci`")
}
