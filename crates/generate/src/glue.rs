//! Makes JavaScript's side of the WebAssembly: its glue, and the rules that the face goes by.

use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use steadfast::MAX_ANSWER_BYTES;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["make", wasm, out] => make(wasm, out),
        ["shorten", names, glue] => {
            let names: Names = serde_json::from_str(&std::fs::read_to_string(names)?)
                .context("wasm-opt does not say how it renamed what")?;
            Ok(std::fs::write(glue, names.shorten(&std::fs::read_to_string(glue)?)?)?)
        }
        ["rules", out] => write_rules(Path::new(out)),
        _ => bail!("usage: glue make WASM FOLDER | glue shorten NAMES GLUE | glue rules FILE"),
    }
}

/// Writes `steadfast.js`, `steadfast.d.ts` and `steadfast_bg.wasm` into the folder `out`.
fn make(wasm: &str, out: &str) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .web(true)?
        .typescript(true)
        .out_name("steadfast")
        .omit_default_module_path(true);
    bindgen.generate(out)
}

/// Writes the constants that the face goes by into the file `out`.
fn write_rules(out: &Path) -> Result<()> {
    let rules = format!("export const MAX_ANSWER_BYTES = {MAX_ANSWER_BYTES};\n");
    Ok(std::fs::write(out, rules)?)
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
