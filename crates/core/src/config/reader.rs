//! Reads settings out of a [`Value`] and collects what is wrong, with the path of each problem.
//!
//! Serde's derive stops at the first error and costs a browser 26 KB for a schema of this size; this costs a fifth and
//! reports everything.

use super::check::Check;
use super::problems::Problem;
use super::value::Value;
use crate::keyword::Keyword;
use crate::time::Millis;
use crate::url::{Url, UrlParser};
use std::fmt::{Display, Write};

/// Where reading has got to, and what was found wrong on the way.
pub(super) struct Reader {
    path: String,
    problems: Vec<Problem>,
    pub(super) parse_url: UrlParser,
    /// What an endpoint's health check starts from.
    pub(super) check: Check,
}

impl Reader {
    pub(super) fn new(parse_url: UrlParser, check: Check) -> Self {
        Self { path: String::new(), problems: Vec::new(), parse_url, check }
    }

    pub(super) fn finish(self) -> Vec<Problem> {
        self.problems
    }

    pub(super) fn problem(&mut self, message: impl Into<String>) {
        self.problems.push(Problem { path: self.path.clone(), message: message.into() });
    }

    /// Does `work` with `.key` added to the path.
    pub(super) fn field<T>(&mut self, key: &str, work: impl FnOnce(&mut Self) -> T) -> T {
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

    /// Reports that `word` is none of `known`, and the one that it most looks like.
    pub(super) fn unknown(&mut self, what: &str, word: &str, known: &[&str]) {
        let nearest = known.iter().min_by_key(|name| strsim::damerau_levenshtein(word, name));
        let near = |name: &&&str| strsim::damerau_levenshtein(word, name) <= 1 + name.len() / 3;
        self.problem(match nearest.filter(near) {
            Some(name) => format!("unknown {what}; did you mean `{name}`?"),
            None => format!("unknown {what}; known: {}", known.join(", ")),
        });
    }

    /// The entries of a table; anything else is a problem.
    pub(super) fn table<'v>(&mut self, value: &'v Value) -> &'v [(String, Value)] {
        if let Value::Table(entries) = value {
            return entries;
        }
        self.expected("an object", value);
        &[]
    }

    /// Reports a value outside its range.
    pub(super) fn within<T: Ranged>(&mut self, value: &T, low: &str, high: &str) {
        if !value.within(low, high) {
            self.problem(format!("{value} is out of range, allowed: {low} to {high}", value = value.shown()));
        }
    }
}

/// A value with a lowest and a highest allowed one, written as texts in the settings and shown so in docs and errors.
pub(super) trait Ranged {
    fn within(&self, low: &str, high: &str) -> bool;
    fn shown(&self) -> impl Display;
}

impl Ranged for Millis {
    fn within(&self, low: &str, high: &str) -> bool {
        Self::parse(low).is_some_and(|low| low <= *self) && Self::parse(high).is_some_and(|high| *self <= high)
    }

    fn shown(&self) -> impl Display {
        self
    }
}

impl Ranged for u32 {
    fn within(&self, low: &str, high: &str) -> bool {
        low.parse().is_ok_and(|low: u32| low <= *self) && high.parse().is_ok_and(|high: u32| *self <= high)
    }

    fn shown(&self) -> impl Display {
        self
    }
}

impl Ranged for Option<Millis> {
    fn within(&self, low: &str, high: &str) -> bool {
        self.is_none_or(|value| value.within(low, high))
    }

    fn shown(&self) -> impl Display {
        self.unwrap_or_default()
    }
}

/// Something that a value can be read into, over what was there before.
pub(super) trait Setting {
    /// Takes over what `value` says; what it does not say stays.
    fn overlay(&mut self, value: &Value, reader: &mut Reader);

    /// Reports what is wrong with the setting as it now is.
    fn check(&self, _reader: &mut Reader) {}
}

/// A setting that is read as a whole.
pub(super) trait Read: Sized {
    /// The value, or `None` after reporting the problem.
    fn read(value: &Value, reader: &mut Reader) -> Option<Self>;
}

impl<T: Read> Setting for T {
    fn overlay(&mut self, value: &Value, reader: &mut Reader) {
        if let Some(read) = T::read(value, reader) {
            *self = read;
        }
    }
}

impl<T: Read> Read for Option<T> {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        if *value == Value::Null { Some(None) } else { T::read(value, reader).map(Some) }
    }
}

impl Read for bool {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        if let Value::Bool(flag) = value {
            return Some(*flag);
        }
        reader.expected("true or false", value);
        None
    }
}

impl Read for u32 {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let Value::Number(number) = value else {
            reader.expected("a whole number", value);
            return None;
        };
        let read = u32::try_from(*number).ok();
        if read.is_none() {
            reader.problem(format!("{number} is out of range"));
        }
        read
    }
}

impl<T: Keyword> Read for T {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let word = String::read(value, reader)?;
        let read = T::KEYWORDS.iter().copied().find(|known| known.word() == word);
        if read.is_none() {
            let known: Vec<_> = T::KEYWORDS.iter().map(|known| known.word()).collect();
            reader.unknown("value", &word, &known);
        }
        read
    }
}

impl Read for String {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        if let Value::Text(text) = value {
            return Some(text.clone());
        }
        reader.expected("a text", value);
        None
    }
}

impl Read for Millis {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let read = match value {
            Value::Text(text) => Millis::parse(text),
            Value::Number(number) => u32::try_from(*number).ok().map(Millis::new),
            _ => None,
        };
        if read.is_none() {
            reader.problem("expected a duration: a whole number of milliseconds, or a text such as 250ms, 3s, 10m, 1h, 1d");
        }
        read
    }
}

impl Read for Url {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let parser = reader.parse_url;
        let read = String::read(value, reader)?;
        let url = Url::parse_with(&read, parser);
        if url.is_none() {
            reader.problem("not a URL: write http, https, ws, wss or tcp, then :// and a host");
        }
        url
    }
}

/// `failure_threshold` as it is written in a config: `failureThreshold`.
pub(super) fn camel(field: &str) -> String {
    let mut name = String::with_capacity(field.len());
    let mut upper = false;
    for character in field.chars() {
        match character {
            '_' => upper = true,
            _ if upper => {
                name.push(character.to_ascii_uppercase());
                upper = false;
            }
            _ => name.push(character),
        }
    }
    name
}

/// Defines a struct of settings: its fields, their defaults and ranges, how it is read and checked, and its TypeScript type.
macro_rules! settings {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $( $(#[doc = $doc:expr])* $field:ident: $type:ty = $default:expr $(, $low:literal ..= $high:literal)?; )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(rename_all = "camelCase"))]
        pub struct $name {
            $(
                $(#[doc = $doc])*
                #[doc = concat!("\n\nDefault: `", stringify!($default), "`" $(, ", allowed: ", $low, " to ", $high)?, ".")]
                #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
                pub $field: $type,
            )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default ),* }
            }
        }

        impl $crate::config::reader::Setting for $name {
            fn overlay(&mut self, value: &$crate::config::Value, reader: &mut $crate::config::reader::Reader) {
                for (key, value) in reader.table(value) {
                    reader.field(key, |reader| {
                        $( if *key == $crate::config::reader::camel(stringify!($field)) {
                            return $crate::config::reader::Setting::overlay(&mut self.$field, value, reader);
                        } )*
                        let known = [ $( $crate::config::reader::camel(stringify!($field)) ),* ];
                        reader.unknown("key", key, &known.each_ref().map(String::as_str));
                    });
                }
            }

            fn check(&self, reader: &mut $crate::config::reader::Reader) {
                $( reader.field(&$crate::config::reader::camel(stringify!($field)), |reader| {
                    $( reader.within(&self.$field, $low, $high); )?
                    $crate::config::reader::Setting::check(&self.$field, reader);
                }); )*
            }
        }
    };
}
pub(super) use settings;
