//! The page of all settings: what their declarations say, and what each preset sets.

use crate::declaration::{Declaration, Field};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use steadfast::Millis;
use steadfast::config::{Config, Preset, Value};

const INTRODUCTION: &str = r#"# All settings

<!-- Generated: `cargo xtask docs` writes it anew. -->

Every setting has a default, but for `endpoints` and three settings of an endpoint. In JSON and JavaScript, a duration is a number of milliseconds or a
text with a unit: `"250ms"`, `"3s"`, `"10m"`, `"1h"`, `"1d"`. Ranges include both ends. On the web, `breaker`, `failureEvents`, `recovery` and `history` are
settings of `steadfast/full`. In Rust, `initialDelay` is `initial_delay`, and so on.

```json
{
  "endpoints": [
    { "name": "primary", "connect": "wss://a.example/live", "health": "https://a.example/_ping" },
    { "name": "secondary", "connect": "wss://b.example/live", "health": "https://b.example/_ping" }
  ],
  "check": { "interval": "5s" }
}
```

Each table has the defaults of the three presets: `default`, `appServices` and `orchestrator`. Where the cell of one of the last two is empty, its default is
that of `default`.
"#;

/// The presets, in the order of the columns.
const PRESETS: [(&str, Preset); 3] = [
    ("default", Preset::Default),
    ("appServices", Preset::AppServices),
    ("orchestrator", Preset::Orchestrator),
];

/// What has no default.
const REQUIRED: &str = "required";

/// Declarations by their names.
struct Declarations(BTreeMap<String, Declaration>);

/// The page, made of the declarations in the folder `declarations`.
pub(crate) fn text(declarations: &Path) -> Result<String> {
    let declarations = Declarations::read(declarations)?;
    let config = declarations.of("Config").context("the config is not declared")?;
    let defaults = PRESETS.map(|(_, preset)| Config::new(preset, Vec::new()).to_value());
    let mut page = INTRODUCTION.to_owned();
    heading(&mut page, "The config", "Each section has a table of its own below.")?;
    declarations.table(&mut page, config, &defaults.each_ref())?;
    for Field { name, kind, .. } in &config.fields {
        if name == "endpoints" {
            let endpoint = declarations.of("Endpoint").context("no endpoint is declared")?;
            heading(&mut page, "`endpoints`", &endpoint.doc)?;
            declarations.short_table(&mut page, endpoint)?;
        } else if let Some(section) = declarations.of(kind).filter(|one| !one.fields.is_empty()) {
            heading(&mut page, &format!("`{name}`"), &section.doc)?;
            let defaults =
                defaults.each_ref().map(|config| config.get(name).unwrap_or(&Value::Null));
            declarations.table(&mut page, section, &defaults)?;
        }
    }
    Ok(page)
}

fn heading(page: &mut String, title: &str, says: &str) -> Result<()> {
    Ok(writeln!(page, "\n## {title}\n\n{says}\n")?)
}

impl Declarations {
    fn read(folder: &Path) -> Result<Self> {
        let mut all = BTreeMap::new();
        for file in std::fs::read_dir(folder)? {
            let path = file?.path();
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if name != "index" {
                let declaration = Declaration::read(&std::fs::read_to_string(&path)?);
                all.insert(name, declaration.with_context(|| path.display().to_string())?);
            }
        }
        Ok(Self(all))
    }

    fn of(&self, name: &str) -> Option<&Declaration> {
        self.0.get(name)
    }

    /// A section, with the defaults of each preset.
    fn table(
        &self,
        page: &mut String,
        section: &Declaration,
        defaults: &[&Value; 3],
    ) -> Result<()> {
        let presets = PRESETS.map(|(name, _)| format!("`{name}`"));
        writeln!(page, "| setting | kind | range | {} | meaning |", presets.join(" | "))?;
        writeln!(page, "|---|---|---|---|---|---|---|")?;
        for field in &section.fields {
            let [first, others @ ..] =
                defaults.map(|section| self.default(field, section.get(&field.name)));
            let others = others.map(|other| if other == first { String::new() } else { other });
            let defaults = [first].into_iter().chain(others).collect::<Vec<_>>().join(" | ");
            self.row(page, field, &defaults)?;
        }
        Ok(())
    }

    /// A section of which no preset sets anything.
    fn short_table(&self, page: &mut String, section: &Declaration) -> Result<()> {
        writeln!(page, "| setting | kind | range | default | meaning |\n|---|---|---|---|---|")?;
        for field in &section.fields {
            let default = match &field.doc.default {
                _ if field.required => REQUIRED.to_owned(),
                Some(default) => format!("`{default}`"),
                None => "`null`".to_owned(),
            };
            self.row(page, field, &default)?;
        }
        Ok(())
    }

    fn row(&self, page: &mut String, field: &Field, defaults: &str) -> Result<()> {
        let Field { name, kind, doc, .. } = field;
        let kind = self.kind(name, kind);
        let allowed = doc.allowed.as_deref().unwrap_or_default();
        let says = doc.text.replace('|', "\\|");
        Ok(writeln!(page, "| `{name}` | {kind} | {allowed} | {defaults} | {says} |")?)
    }

    /// What can be written for a setting, in words.
    fn kind(&self, setting: &str, kind: &str) -> String {
        let declared = match kind {
            "number" => return "whole number".to_owned(),
            "boolean" => return "`true` or `false`".to_owned(),
            "string" => return "text".to_owned(),
            "null" => return "`null`".to_owned(),
            "Record<string, string>" => return "texts by their names".to_owned(),
            "Duration" => return "duration".to_owned(),
            "Url" => return "URL".to_owned(),
            "HealthCheck" => return "URL, or `url` with settings of [`check`](#check)".to_owned(),
            _ => self.of(kind),
        };
        match declared {
            Some(section) if !section.fields.is_empty() => {
                format!("[section](#{})", setting.to_lowercase())
            }
            Some(alias) => self.kind(setting, &alias.alias),
            None if kind.contains(" | ") => {
                let words: Vec<_> = kind.split(" | ").map(|one| self.kind(setting, one)).collect();
                match &words[..] {
                    [first @ .., last] => format!("{} or {last}", first.join(", ")),
                    [] => String::new(),
                }
            }
            None => match kind.strip_prefix("Array<").and_then(|rest| rest.strip_suffix('>')) {
                Some(item) => format!("list: {}", self.kind(setting, item)),
                None => format!("`{}`", kind.trim_matches('"')),
            },
        }
    }

    /// A default as one would write it; nothing for a section.
    fn default(&self, field: &Field, value: Option<&Value>) -> String {
        let is_section = self.of(&field.kind).is_some_and(|section| !section.fields.is_empty());
        let written = match value {
            _ if field.name == "endpoints" => return REQUIRED.to_owned(),
            None => return String::new(),
            Some(Value::Table(_)) if is_section => return String::new(),
            Some(Value::List(items)) if items.is_empty() => return "none".to_owned(),
            Some(Value::Table(entries)) if entries.is_empty() => return "none".to_owned(),
            Some(Value::Number(millis)) if field.kind.starts_with("Duration") => {
                Millis::new(*millis as u32).to_string()
            }
            Some(Value::Text(text)) => text.clone(),
            Some(other) => serde_json::to_string(other).unwrap_or_default(),
        };
        format!("`{written}`")
    }
}
