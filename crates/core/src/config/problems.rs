//! What is wrong with a config: every problem at once, each with its path and the fix.

use super::value::Value;
use super::writer::{Write, records};
use std::fmt;

records! {
    /// One thing wrong with a config.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Problem {
        /// Where, as one would write it in JavaScript: `endpoints[1].health.timeout`; empty for the
        /// config as a whole.
        pub path: String,
        /// What is wrong, and what is allowed there.
        pub message: String,
    }
}

impl Problem {
    /// A problem at this place of the config: `endpoints[1].connect`; empty for the whole of it.
    pub fn new(path: &str, message: impl Into<String>) -> Self {
        // A key is whatever somebody wrote, and a log has a line for each problem.
        let path = path.chars().filter(|char| !is_invisible(*char)).collect();
        Self { path, message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "config" } else { &self.path };
        write!(f, "{path}: {}", self.message)
    }
}

/// Whether a character cannot be seen in a log, begins a line of it, or turns what follows around.
pub(super) fn is_invisible(char: char) -> bool {
    let turns = ['\u{61c}', '\u{200e}', '\u{200f}'].contains(&char)
        || matches!(char, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    char.is_control() || turns
}

/// Everything that is wrong with a config; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// `value`, unless there are problems.
    pub(crate) fn or<T>(problems: Vec<Problem>, value: T) -> Result<T, Self> {
        if problems.is_empty() { Ok(value) } else { Err(Self(problems)) }
    }

    /// What was read, unless there are problems.
    pub(crate) fn or_read<T>(problems: Vec<Problem>, read: Option<T>) -> Result<T, Self> {
        match read {
            Some(read) if problems.is_empty() => Ok(read),
            _ => Err(Self(problems)),
        }
    }

    /// The list of them as a tree.
    pub fn to_value(&self) -> Value {
        self.0.write()
    }

    /// The problems in the order of the config.
    pub fn as_slice(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_whatever_a_key_is() {
        let problem = Problem::new("check.a\nERROR b\u{1b}[2J", "unknown key");
        assert_eq!(problem.to_string(), "check.aERROR b[2J: unknown key");
    }
}
