//! What each part of the engine costs: the wasm's code by the module that it comes from.

use anyhow::Result;
use std::collections::BTreeMap;
use wasmparser::{KnownCustom, Name, Parser, Payload};

/// What in a function's name says to which part it belongs; the first that matches counts, so the
/// config, whose traits all others use, comes last. What is not named here is the rest of the
/// engine.
const PARTS: [(&str, &[&str]); 11] = [
    ("explanations", &["observe::explain::", "Engine>::explain"]),
    ("keeping what was learnt", &["engine::saving::", ">::save", ">::restore"]),
    ("history and reports", &["steadfast::observe::", "Engine>::report"]),
    (
        "circuit breaker",
        &[
            "steadfast::breaker::",
            "base::sliding::",
            "steadfast::engine::calls::",
            "Engine>::begin_call",
            "Engine>::elsewhere",
            "Engine>::permitted",
            "Engine>::call_ended",
        ],
    ),
    ("health documents", &["protocol::document::"]),
    ("health of an endpoint", &["steadfast::health::"]),
    ("checks: schedule, in flight, connectivity", &["steadfast::checks::", "Engine>::check_ended"]),
    ("failover: state, selection, damping", &["steadfast::failover::", "Engine>::fact"]),
    (
        "session: the app's connection",
        &["steadfast::session::", "Engine>::session_fact", "Engine>::connection_closed"],
    ),
    ("driver", &["steadfast::driver::"]),
    (
        "config: reading, checking, presets",
        &["steadfast::config::", "base::keyword::", "base::time::", "base::url::"],
    ),
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
                                names.insert(function.index as usize, readable(function.name));
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

/// A function's name as one reads it in Rust, without the hash that tells versions of a crate
/// apart.
fn readable(name: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(name));
    let is_hash = |part: &str| {
        part.split_once(']').is_some_and(|(hash, _)| {
            hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    };
    let mut parts = name.split('[');
    let mut readable = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if is_hash(part) {
            readable.push_str(&part[17..]);
        } else {
            readable.extend(["[", part]);
        }
    }
    readable
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
    let of = |(part, modules): &(&'static str, &[&str])| {
        modules.iter().any(|module| name.contains(module)).then_some(*part)
    };
    PARTS.iter().find_map(of).unwrap_or("engine: order of the steps, commands")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_apart_by_its_module() {
        assert_eq!(part_of("<steadfast::breaker::circuit::Circuit>::record"), "circuit breaker");
        assert_eq!(
            part_of(
                "<steadfast::observe::report::Report as steadfast::config::writer::Write>::write"
            ),
            "history and reports"
        );
        assert_eq!(
            part_of("<steadfast::engine::Engine>::handle"),
            "engine: order of the steps, commands"
        );
        assert_eq!(part_of("core::fmt::write"), "libraries: standard library, wasm-bindgen, serde");
    }

    #[test]
    fn names_are_read_without_hashes() {
        assert_eq!(
            readable("<steadfast[3434aebd058fb5b3]::engine::Engine>::handle"),
            "<steadfast::engine::Engine>::handle"
        );
        assert_eq!(
            readable("<[u8] as core[0123456789abcdef]::fmt::Debug>::fmt"),
            "<[u8] as core::fmt::Debug>::fmt"
        );
    }
}
