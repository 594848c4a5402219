//! What a record shows of itself, in a log for instance: no values of headers, no bodies, and of a
//! URL what Rust shows of it.

use anyhow::{Context, Result, ensure};
use std::fmt::Write;

/// How a field is shown.
enum Shown {
    Url,
    Hidden,
}

/// The records with fields that may be secret, and these.
const SECRETS: [(&str, &[(&str, Shown)]); 6] = [
    ("Answer", &[("body", Shown::Hidden)]),
    ("Check", &[("body", Shown::Hidden), ("expectBody", Shown::Hidden)]),
    ("Endpoint", &[("connect", Shown::Url)]),
    ("EndpointState", &[("connect", Shown::Url)]),
    ("Header", &[("value", Shown::Hidden)]),
    ("HealthCheck", &[("url", Shown::Url)]),
];

/// What Kotlin's records end with.
const COMPANION: &str = "    companion object\n";

/// Gives Kotlin's records a `toString`.
pub(super) fn kotlin(code: &str) -> Result<String> {
    check_urls(code, &["    var `", "    val `"], "`: Url\n")?;
    let mut code = code.to_owned();
    for (record, secrets) in &SECRETS {
        let (start, end) = block(&code, &format!("data class {record} ("))?;
        let mut shown = format!("    override fun toString(): String = describe(\"{record}\"");
        for field in fields(&code[start..end], &["    var `", "    val `"], '`') {
            let value = match secret(secrets, field) {
                None => format!("`{field}`"),
                Some(Shown::Hidden) => "\"..\"".to_owned(),
                Some(Shown::Url) => format!("dev.steadfast.ffi.urlWithoutSecrets(`{field}`)"),
            };
            write!(shown, ", \"{field}\" to {value}")?;
        }
        shown += ")\n\n";
        let at = code[start..end]
            .rfind(COMPANION)
            .with_context(|| format!("{record} has no companion"))?;
        code.insert_str(start + at, &shown);
    }
    Ok(code)
}

/// Gives Swift's records descriptions and a mirror, which is what `dump` goes by.
pub(super) fn swift(code: &str) -> Result<String> {
    check_urls(code, &["    public var "], ": Url\n")?;
    let mut shown = code.to_owned();
    for (record, secrets) in &SECRETS {
        let (start, end) = block(code, &format!("public struct {record}: "))?;
        let mut children = Vec::new();
        for field in fields(&code[start..end], &["    public var "], ':') {
            let field = field.trim_matches('`');
            children.push(match secret(secrets, field) {
                None => format!("\"{field}\": {field} as Any"),
                Some(Shown::Hidden) => format!("\"{field}\": \"..\""),
                Some(Shown::Url) => format!("\"{field}\": urlWithoutSecrets(url: {field})"),
            });
        }
        write!(
            shown,
            "
extension {record}: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {{
    /// What may be logged of it.
    public var description: String {{ describe(self) }}
    public var debugDescription: String {{ description }}
    public var customMirror: Mirror {{
        Mirror(self, children: [{}], displayStyle: .struct)
    }}
}}
",
            children.join(", ")
        )?;
    }
    Ok(shown)
}

/// Where the declaration with this `head` begins and ends.
fn block(code: &str, head: &str) -> Result<(usize, usize)> {
    let missing = || {
        format!("UniFFI generates no `{head}` any more: change crates/generate/src/foreign/face")
    };
    let start = code.find(head).with_context(missing)?;
    let length = code[start..].find("\n}\n").with_context(missing)? + 2;
    Ok((start, start + length))
}

/// The names of a record's fields: what stands between one of the `heads` and `end` in a line.
fn fields<'a>(record: &'a str, heads: &'a [&str], end: char) -> impl Iterator<Item = &'a str> {
    record.lines().filter_map(move |line| {
        let rest = heads.iter().find_map(|head| line.strip_prefix(head))?;
        rest.split_once(end).map(|(field, _)| field)
    })
}

fn secret<'a>(secrets: &'a [(&str, Shown)], field: &str) -> Option<&'a Shown> {
    secrets.iter().find(|(name, _)| *name == field).map(|(_, shown)| shown)
}

/// An error if a URL stands in a record that is not known here.
fn check_urls(code: &str, heads: &[&str], kind: &str) -> Result<()> {
    let lines = code.split_inclusive('\n');
    let urls = lines
        .filter(|line| heads.iter().any(|head| line.starts_with(head)) && line.ends_with(kind));
    // A snapshot's is a text.
    let known =
        SECRETS.iter().flat_map(|(record, fields)| fields.iter().map(move |field| (record, field)));
    let known = known
        .filter(|(record, (_, shown))| matches!(shown, Shown::Url) && **record != "EndpointState")
        .count();
    let found = urls.count();
    ensure!(
        found == known,
        "{found} URLs stand in records where {known} are known: change crates/generate/src/foreign/face/secrets.rs"
    );
    Ok(())
}
