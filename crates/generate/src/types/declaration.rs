//! A TypeScript declaration, read for its names, types and comments.

use anyhow::{Context, Result, bail};

/// `export type NAME = ...`.
#[derive(Debug, PartialEq)]
pub(crate) struct Declaration {
    pub(crate) doc: String,
    /// Those of an object.
    pub(crate) fields: Vec<Field>,
    /// What it is if it is no object: `"a" | "b"`, `Array<X>`.
    pub(crate) alias: String,
}

/// `/** doc */ name?: type`.
#[derive(Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) doc: Doc,
    pub(crate) name: String,
    /// `name`, and not `name?`.
    pub(crate) required: bool,
    pub(crate) kind: String,
}

/// What a comment says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Doc {
    pub(crate) text: String,
    /// As it stands in `Default: ...`, where a setting has the same default in all presets.
    pub(crate) default: Option<String>,
    /// As it stands in `allowed: 1 to 100`.
    pub(crate) allowed: Option<String>,
}

impl Declaration {
    /// Reads the file that declares it.
    pub(crate) fn read(source: &str) -> Result<Self> {
        let (before, after) = source.split_once("export type ").context("it declares nothing")?;
        let (_, what) = after.split_once(" = ").context("it says not what it is")?;
        let what = what.trim().trim_end_matches(';');
        let doc = before.find("/**").map_or("", |start| before[start..].trim_end());
        let object = what.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        Ok(Self {
            doc: comment(doc).join(" "),
            fields: object.map(fields).transpose()?.unwrap_or_default(),
            alias: if object.is_some() { String::new() } else { what.to_owned() },
        })
    }
}

/// The fields of an object.
fn fields(mut rest: &str) -> Result<Vec<Field>> {
    let mut fields = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(fields);
        }
        let mut doc = Doc::default();
        if rest.starts_with("/**") {
            let (text, after) = rest.split_once("*/").context("a comment has no end")?;
            doc = Doc::read(text);
            rest = after;
        }
        let Some((name, after)) = rest.split_once(':') else { bail!("no field: {rest}") };
        let end = end_of_type(after);
        fields.push(Field {
            doc,
            name: name.trim().trim_end_matches('?').to_owned(),
            required: !name.ends_with('?'),
            kind: after[..end].trim().to_owned(),
        });
        rest = after[end..].trim_start_matches(',');
    }
}

/// Where a type ends: at a comma that is within no brackets.
fn end_of_type(text: &str) -> usize {
    let mut depth = 0;
    let end = text.find(|character| {
        match character {
            '<' | '{' | '(' | '[' => depth += 1,
            '>' | '}' | ')' | ']' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0
    });
    end.unwrap_or(text.len())
}

/// The paragraphs of a comment, each in one line. Examples are left out.
fn comment(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut example = false;
    for line in text.trim_start_matches("/**").trim_end_matches("*/").lines() {
        let line = line.trim().trim_start_matches('*').trim();
        if line.starts_with("```") {
            example = !example;
        } else if line.is_empty() {
            paragraphs.push(String::new());
        } else if let (Some(last), false) = (paragraphs.last_mut(), example) {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(line);
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

impl Doc {
    fn read(text: &str) -> Self {
        let mut doc = Self::default();
        let mut says = Vec::new();
        for paragraph in comment(text) {
            let Some(said) = paragraph.strip_prefix("Default: ") else {
                says.push(paragraph);
                continue;
            };
            let (default, allowed) = said.split_once(", allowed: ").unwrap_or((said, ""));
            doc.default = Some(default.trim_end_matches('.').to_owned());
            doc.allowed =
                Some(allowed.trim_end_matches('.').to_owned()).filter(|text| !text.is_empty());
        }
        doc.text = says.join(" ");
        doc
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_read_with_its_comments() {
        let read = Declaration::read(
            "import type { B } from \"./B.js\";\n\n/**\n * What it\n * is.\n *\n * ```\n * code\n * ```\n */\nexport type A = { \n/**\n * How many.\n *\n\nDefault: `3`, allowed: 1 to 5.\n */\ncount?: number | null, \n/**\n * Texts: all.\n */\nmap: Record<string, B>, };\n",
        );
        let field = |name: &str, required, kind: &str, doc| Field {
            doc,
            name: name.to_owned(),
            required,
            kind: kind.to_owned(),
        };
        let count = Doc {
            text: "How many.".to_owned(),
            default: Some("`3`".to_owned()),
            allowed: Some("1 to 5".to_owned()),
        };
        let map = Doc { text: "Texts: all.".to_owned(), ..Doc::default() };
        assert_eq!(
            read.unwrap(),
            Declaration {
                doc: "What it is.".to_owned(),
                fields: vec![
                    field("count", false, "number | null", count),
                    field("map", true, "Record<string, B>", map)
                ],
                alias: String::new(),
            }
        );
    }

    #[test]
    fn what_is_no_object_is_an_alias() {
        let read = Declaration::read("export type A = \"a\" | \"b\";\n").unwrap();
        assert_eq!((read.alias.as_str(), read.fields.len()), ("\"a\" | \"b\"", 0));
    }
}
