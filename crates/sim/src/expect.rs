//! What a scenario expects of the engine, and how what happened differs from that.

use crate::pattern::{BEGINNINGS, EVENTS, Pattern};
use crate::scenario::Line;
use crate::script::Script;
use serde::Deserialize;
use std::fmt::{self, Write};

/// What a scenario expects.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expectation {
    /// The decisions, and the events of the watched kinds, in order. `None`: none are compared.
    pub(crate) events: Option<Vec<Pattern>>,
    /// The kinds of events that are compared as well as decisions.
    pub(crate) watch: Vec<String>,
    /// Whether every event is compared.
    pub(crate) all: bool,
    /// How many events of a kind there may be.
    pub(crate) counts: Vec<Count>,
}

/// How many events may fit a pattern.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Count {
    /// The smallest number.
    #[serde(default)]
    at_least: usize,
    /// The greatest number.
    #[serde(default = "unlimited")]
    at_most: usize,
    #[serde(flatten)]
    pattern: Pattern,
}

fn unlimited() -> usize {
    usize::MAX
}

/// The fields by which events are counted. Any other word is a slip, and nothing would ever fit it.
const COUNTED_BY: [&str; 8] =
    ["endpoint", "from", "to", "reason", "failure", "status", "code", "strategy"];

impl Expectation {
    /// What is wrong with the expectation itself.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.events.is_none() && (self.all || !self.watch.is_empty()) {
            return Some("`watch` and `expectAll` need `expect`".to_owned());
        }
        for kind in &self.watch {
            if let Some(problem) = unknown("event", kind, &EVENTS) {
                return Some(format!("watch: {problem}"));
            }
        }
        for (index, pattern) in self.events.iter().flatten().enumerate() {
            if let Some(problem) = unknown("event", &pattern.event, &EVENTS) {
                return Some(format!("expect[{index}]: {problem}"));
            }
        }
        self.counts
            .iter()
            .enumerate()
            .find_map(|(index, count)| Some(format!("counts[{index}]: {}", count.problem()?)))
    }

    /// A diff of what was expected and what happened, or `None` if they agree.
    pub(crate) fn differences(&self, script: &Script) -> Option<String> {
        let mut diff = self
            .events
            .as_ref()
            .and_then(|events| self.events_differ(events, script))
            .unwrap_or_default();
        for count in &self.counts {
            let found = count.found(script);
            if !(count.at_least..=count.at_most).contains(&found) {
                let _ = writeln!(diff, "- {count}\n+ {found} times");
            }
        }
        (!diff.is_empty()).then_some(diff)
    }

    fn compares(&self, line: &Line) -> bool {
        self.all || line.is_decision() || self.watch.iter().any(|kind| kind == line.event.name())
    }

    fn events_differ(&self, expected: &[Pattern], script: &Script) -> Option<String> {
        let came: Vec<_> = script.events().iter().filter(|line| self.compares(line)).collect();
        let mut diff = String::new();
        let mut same = true;
        for index in 0..expected.len().max(came.len()) {
            match (expected.get(index), came.get(index)) {
                (Some(pattern), Some(line)) if pattern.fits(line) => {
                    let _ = writeln!(diff, "  {}", line.to_json());
                }
                (pattern, line) => {
                    same = false;
                    if let Some(pattern) = pattern {
                        let _ = writeln!(diff, "- {pattern}");
                    }
                    if let Some(line) = line {
                        let _ = writeln!(diff, "+ {}", line.to_json());
                    }
                }
            }
        }
        (!same).then_some(diff)
    }
}

impl Count {
    fn problem(&self) -> Option<String> {
        let kinds: Vec<_> = EVENTS.into_iter().chain(BEGINNINGS).collect();
        let known: &[&str] = if BEGINNINGS.contains(&self.pattern.event.as_str()) {
            &COUNTED_BY[..1]
        } else {
            &COUNTED_BY
        };
        if self.at_least == 0 && self.at_most == usize::MAX {
            return Some("`atLeast` or `atMost` is missing".to_owned());
        }
        unknown("event", &self.pattern.event, &kinds)
            .or_else(|| self.pattern.fields.keys().find_map(|field| unknown("field", field, known)))
    }

    fn found(&self, script: &Script) -> usize {
        let pattern = &self.pattern;
        script.events().iter().filter(|line| pattern.fits(line)).count()
            + script
                .beginnings()
                .filter(|(kind, at_ms, endpoint)| pattern.fits_beginning(kind, *at_ms, endpoint))
                .count()
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at_least > 0 {
            write!(f, "at least {} ", self.at_least)?;
        }
        if self.at_most < usize::MAX {
            write!(f, "at most {} ", self.at_most)?;
        }
        write!(f, "of {}", self.pattern)
    }
}

fn unknown(what: &str, word: &str, known: &[&str]) -> Option<String> {
    (!known.contains(&word))
        .then(|| format!("unknown {what} `{word}`; known: {}", known.join(", ")))
}
