//! Reads settings out of a [`Value`] and collects what is wrong, with the path of each problem.
//!
//! Serde's derive stops at the first error and costs a browser 26 KB for a schema of this size;
//! this costs a fifth and reports everything.

use super::check::Check;
use super::problems::Problem;
use super::read::Read;
use super::value::Value;
use crate::base::time::Millis;
use crate::base::url::UrlParser;
use std::fmt::{Display, Write};

/// Sections of the config that this build does without.
const LEFT_OUT: &[&str] = &[
    #[cfg(not(feature = "breaker"))]
    "breaker",
    #[cfg(not(feature = "recovery"))]
    "failureEvents",
    #[cfg(not(feature = "reports"))]
    "history",
    #[cfg(not(feature = "recovery"))]
    "recovery",
];

/// Where reading has got to, and what was found wrong on the way.
pub(crate) struct Reader {
    path: String,
    problems: Vec<Problem>,
    /// The lowest and the highest allowed value of the setting that is being read, if it has such.
    range: &'static [&'static str],
    pub(super) parse_url: UrlParser,
    /// What an endpoint's health check starts from.
    pub(super) check: Check,
}

impl Reader {
    pub(super) fn new(parse_url: UrlParser, check: Check) -> Self {
        Self { path: String::new(), problems: Vec::new(), range: &[], parse_url, check }
    }

    /// One that only checks what has been read or built before.
    pub(super) fn checking(check: &Check) -> Self {
        Self::new(|_| None, check.clone())
    }

    pub(super) fn finish(self) -> Vec<Problem> {
        self.problems
    }

    pub(super) fn problem(&mut self, message: impl Into<String>) {
        self.problems.push(Problem::new(&self.path, message));
    }

    /// Does `work` with `.key` added to the path.
    pub(crate) fn field<T>(&mut self, key: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.path.len();
        if outer > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        let done = work(self);
        self.path.truncate(outer);
        done
    }

    /// Does `work` with `[index]` added to the path.
    pub(super) fn item<T>(&mut self, index: usize, work: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.path.len();
        // Writing to a String cannot fail.
        let _ = write!(self.path, "[{index}]");
        let done = work(self);
        self.path.truncate(outer);
        done
    }

    pub(super) fn expected(&mut self, what: &str, found: &Value) {
        self.problem(format!("expected {what}, found {}", found.kind()));
    }

    /// Reports a word that is not in `known`, and the one that it most looks like.
    pub(super) fn unknown(&mut self, what: &str, word: &str, known: &[String]) {
        if self.path == word && LEFT_OUT.contains(&word) {
            return self.problem("not in this build; on the web, import from `steadfast/full`");
        }
        let (mut nearest, mut distance) = ("", usize::MAX);
        let mut list = String::new();
        for name in known {
            let to_this = strsim::levenshtein(word, name);
            if to_this < distance {
                (nearest, distance) = (name, to_this);
            }
            list.push_str(if list.is_empty() { "" } else { ", " });
            list.push_str(name);
        }
        self.problem(if distance <= 1 + nearest.len() / 3 {
            format!("unknown {what}; did you mean `{nearest}`?")
        } else {
            format!("unknown {what}; known: {list}")
        });
    }

    /// Which of these words the value is.
    pub(super) fn word(&mut self, value: &Value, known: &[&str]) -> Option<usize> {
        let word = String::read(value, self)?;
        let index = known.iter().position(|known| *known == word);
        if index.is_none() {
            self.unknown_word(&word, known);
        }
        index
    }

    /// Reports a value that is not in `known`.
    pub(crate) fn unknown_word(&mut self, word: &str, known: &[&str]) {
        self.unknown("value", word, &owned(known));
    }

    /// The entries of a table; anything else is a problem.
    pub(super) fn table<'v>(&mut self, value: &'v Value) -> &'v [(String, Value)] {
        if let Value::Table(entries) = value {
            return entries;
        }
        self.expected("an object", value);
        &[]
    }

    /// Reads an object whose fields are these.
    pub(crate) fn section(&mut self, value: &Value, mut fields: Vec<Field<'_>>) {
        for (key, value) in self.table(value) {
            self.field(key, |reader| {
                if let Some((_, setting, range)) =
                    fields.iter_mut().find(|(name, ..)| camel(name) == *key)
                {
                    return reader.with_range(range, |reader| setting.overlay(value, reader));
                }
                let mut known = Vec::new();
                for (name, ..) in &fields {
                    known.push(camel(name));
                }
                reader.unknown("key", key, &known);
            });
        }
    }

    /// Reports the keys of an object that are not in `known`.
    pub(crate) fn only(&mut self, value: &Value, known: &[&str]) {
        for (key, _) in self.table(value) {
            if !known.contains(&key.as_str()) {
                self.field(key, |reader| reader.unknown("key", key, &owned(known)));
            }
        }
    }

    /// Reads a field of an object that must be there, unless its type says what it is otherwise.
    #[inline(never)]
    pub(crate) fn required<T: Read>(&mut self, value: &Value, key: &str) -> Option<T> {
        self.field(key, |reader| {
            if let Some(value) = value.get(key) {
                return T::read(value, reader);
            }
            let absent = T::absent();
            if absent.is_none() {
                reader.problem("missing");
            }
            absent
        })
    }

    /// Does `work` on a setting with this range, or with none.
    pub(super) fn with_range(
        &mut self,
        range: &'static [&'static str],
        work: impl FnOnce(&mut Self),
    ) {
        let outer = std::mem::replace(&mut self.range, range);
        work(self);
        self.range = outer;
    }

    /// The range of the setting that is being read, for the end of a message.
    pub(super) fn allowed(&self) -> String {
        match self.range {
            [low, high] => format!(", allowed: {low} to {high}"),
            _ => String::new(),
        }
    }

    /// Reports what is wrong with these fields; the texts are the lowest and the highest allowed
    /// value, if there are such.
    pub(crate) fn check_section(&mut self, fields: Vec<Field<'_>>) {
        for (name, setting, range) in fields {
            self.field(&camel(name), |reader| {
                if let ([low, high], Some(measure)) = (range, setting.measure()) {
                    reader.within(measure, low, high);
                }
                setting.check(reader);
            });
        }
    }

    /// Reports a value outside its range.
    pub(super) fn within(&mut self, measure: Measure, low: &str, high: &str) {
        if !measure.within(low, high) {
            self.problem(format!("{measure} is out of range, allowed: {low} to {high}"));
        }
    }
}

/// A value that can be compared with a lowest and a highest one, which are written as texts: so
/// they stand in docs and errors too.
#[derive(Clone, Copy)]
pub(crate) enum Measure {
    Count(u32),
    Time(Millis),
}

impl Measure {
    fn within(self, low: &str, high: &str) -> bool {
        let least = |text: &str| match self {
            Self::Count(_) => text.parse().unwrap_or(0),
            Self::Time(_) => Millis::parse(text).unwrap_or_default().get(),
        };
        let value = match self {
            Self::Count(count) => count,
            Self::Time(time) => time.get(),
        };
        (least(low)..=least(high)).contains(&value)
    }
}

impl Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Time(time) => time.fmt(f),
        }
    }
}

/// A setting of a section: its name, the setting, and its lowest and highest value if it has such.
pub(crate) type Field<'a> = (&'static str, &'a mut dyn Setting, &'static [&'static str]);

/// Something that a value can be read into, over what was there before.
pub(crate) trait Setting {
    /// Takes over what `value` says; what it does not say stays.
    fn overlay(&mut self, value: &Value, reader: &mut Reader);

    /// Reports what is wrong with the setting as it now is.
    fn check(&mut self, _reader: &mut Reader) {}

    /// The value, if it has a range.
    fn measure(&self) -> Option<Measure> {
        None
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    let mut owned = Vec::new();
    for word in words {
        owned.push((*word).to_owned());
    }
    owned
}

/// `failure_threshold` as it is written in a config: `failureThreshold`.
pub(crate) fn camel(field: &str) -> String {
    let mut name = String::with_capacity(field.len());
    let mut upper = false;
    for byte in field.bytes() {
        if byte != b'_' {
            name.push(char::from(if upper { byte.to_ascii_uppercase() } else { byte }));
        }
        upper = byte == b'_';
    }
    name
}
