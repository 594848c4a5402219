//! Builds the WebAssembly and its JavaScript glue.

use crate::command::{command, headline, root, run_quietly, said_by};
use crate::toolchain::{Build, Toolchain};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

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

/// Builds `crates/web` with these features into `out`: `steadfast.js`, `steadfast.d.ts` and
/// `steadfast_bg.wasm`.
pub(crate) fn build(features: &[&str], out: &Path) -> Result<()> {
    headline("Building the WebAssembly");
    compile(features, out)?;
    let (wasm, glue) = (out.join(WASM), out.join("steadfast.js"));
    wasm_opt(&wasm, &SMALL)?;
    // It strips names as well: the compiler must not, for wasm-bindgen reads a section that
    // stripping removes.
    let names = [
        "--strip-debug",
        "--strip-producers",
        "--strip-target-features",
        "--minify-imports-and-exports-and-modules",
    ];
    let renamed = wasm_opt(&wasm, &names)?;
    let names: Names =
        serde_json::from_str(&renamed).context("wasm-opt does not say how it renamed what")?;
    std::fs::write(&glue, names.shorten(&std::fs::read_to_string(&glue)?)?)?;
    Ok(())
}

/// The WebAssembly without optional features, with the names of its functions.
pub(crate) fn with_names() -> Result<PathBuf> {
    let out = root().join("target/wasm-names");
    compile(&[], &out)?;
    wasm_opt(&out.join(WASM), &[&SMALL[..], &["-g"]].concat())?;
    Ok(out.join(WASM))
}

const WASM: &str = "steadfast_bg.wasm";

/// Compiles the shell, and makes JavaScript's side of it.
fn compile(features: &[&str], out: &Path) -> Result<()> {
    let (mut build, wasm) = compiler(features)?;
    run_quietly(&mut build, "the compiler's message above says why")?;
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(&wasm)
        .web(true)?
        .typescript(true)
        .out_name("steadfast")
        .omit_default_module_path(true);
    bindgen.generate(out).context("wasm-bindgen failed")
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

/// What wasm-opt calls the WebAssembly's imports and exports from now on. All imports are of one
/// module.
#[derive(serde::Deserialize)]
struct Names {
    imports: Vec<(String, String, String)>,
    exports: Vec<(String, String)>,
}

impl Names {
    /// The glue with these names.
    fn shorten(&self, glue: &str) -> Result<String> {
        let mut short = glue.to_owned();
        if let Some((module, ..)) = self.imports.first() {
            short = short.replace(&format!("{module:?}: import"), "\"a\": import");
        }
        for (_, long, name) in &self.imports {
            let declared = format!("        {long}: function(");
            ensure!(short.contains(&declared), "wasm-bindgen's glue declares no import `{long}`");
            short = short.replace(&declared, &format!("        {name}: function("));
        }
        let mut parts = short.split("wasm.");
        let mut shorter = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (long, rest) = part.split_at(
                part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len()),
            );
            let name = self
                .exports
                .iter()
                .find(|(export, _)| export == long)
                .map_or(long, |(_, name)| name);
            shorter.extend(["wasm.", name, rest]);
        }
        Ok(shorter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glue_and_wasm_keep_knowing_each_other() {
        let names: Names = serde_json::from_str(
            r#"{"imports": [["./x.js", "now_1f", "b"]], "exports": [["core_new", "c"]]}"#,
        )
        .unwrap();
        let glue = "        now_1f: function() {\n\"./x.js\": import0\nwasm.core_new(wasm.core_news, x.wasm)";
        assert_eq!(
            names.shorten(glue).unwrap(),
            "        b: function() {\n\"a\": import0\nwasm.c(wasm.core_news, x.wasm)"
        );
        assert!(names.shorten("").is_err());
    }
}
