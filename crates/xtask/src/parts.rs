//! What each part of the engine costs: the wasm's code by the module that it comes from.

use anyhow::Result;
use std::collections::BTreeMap;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// What in a function's name says to which part it belongs; the first that matches counts, so the config, whose traits all others use, comes
/// last. What is not named here is the rest of the engine.
const PARTS: [(&str, &[&str]); 7] = [
    ("explanations", &["::explain::", "Engine>::explain", "Engine>::note_verdict"]),
    ("keeping what was learnt", &["::saving::", "Tracked as", ">::save", ">::restore"]),
    ("history and reports", &["::history::", "::report::", "::reports::", "Engine>::report", "Engine>::account"]),
    (
        "circuit breaker",
        &["::breaker::", "::calls::", "::sliding::", "Engine>::try_acquire", "Engine>::call_ended", "Engine>::with_circuit"],
    ),
    ("health documents", &["::document::"]),
    ("detector", &["::detector::", "::evidence::", "::loss::", "::rtt::"]),
    ("config: reading, checking, presets", &["::config::", "::keyword::", "::url::"]),
];

/// Bytes of code by part, largest first.
pub(crate) fn sizes(wasm: &[u8]) -> Result<Vec<(String, usize)>> {
    let (mut imported, mut bodies, mut names) = (0, Vec::new(), BTreeMap::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::ImportSection(imports) => imported = functions(imports)?,
            Payload::CodeSectionEntry(body) => bodies.push(body.range().len()),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(reader) = section.as_known() {
                    for name in reader {
                        if let Name::Function(functions) = name? {
                            for function in functions {
                                let function = function?;
                                names.insert(function.index as usize, format!("{:#}", rustc_demangle::demangle(function.name)));
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut sizes = BTreeMap::<&str, usize>::new();
    for (index, size) in bodies.into_iter().enumerate() {
        let name = names.get(&(imported + index)).map_or("", String::as_str);
        // What wasm-bindgen reads and removes.
        if !name.contains("describe") {
            *sizes.entry(part_of(name)).or_default() += size;
        }
    }
    let mut sizes: Vec<_> = sizes.into_iter().map(|(part, size)| (part.to_owned(), size)).collect();
    sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    Ok(sizes)
}

fn functions(imports: wasmparser::ImportSectionReader<'_>) -> Result<usize> {
    let mut functions = 0;
    for import in imports.into_imports() {
        functions += usize::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
    }
    Ok(functions)
}

fn part_of(name: &str) -> &'static str {
    if !name.contains("steadfast") {
        return "libraries: standard library, wasm-bindgen, serde";
    }
    if name.contains("steadfast_web") && !name.contains("steadfast::") {
        return "the shell: timers, JavaScript";
    }
    let of = |(part, modules): &(&'static str, &[&str])| modules.iter().any(|module| name.contains(module)).then_some(*part);
    PARTS.iter().find_map(of).unwrap_or("engine: checks, decisions, selection, connection")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_apart_by_its_module() {
        assert_eq!(part_of("<steadfast::breaker::Circuit>::record"), "circuit breaker");
        assert_eq!(part_of("<steadfast::report::Report as steadfast::config::writer::Write>::write"), "history and reports");
        assert_eq!(part_of("<steadfast::engine::Engine>::handle"), "engine: checks, decisions, selection, connection");
        assert_eq!(part_of("core::fmt::write"), "libraries: standard library, wasm-bindgen, serde");
    }
}
