//! What must hold in every world, and how it is said that something did not.

use std::fmt;
use steadfast::Timestamp;

/// Something that must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// If somebody is well, the active endpoint is.
    L1,
    /// Each socket of an app is connected to the active endpoint, if that is well.
    L2,
    /// Where nobody can be used, the app has been told.
    L3,
    /// A dead connection to a working server is replaced.
    L4,
    /// Another connection is opened if the app asks for one.
    L5,
    /// Nobody leaves an endpoint that is well, but for a better one.
    S1,
    /// `offline` is told only where the network is away or nothing can be reached.
    S2,
    /// `allDown` is told only where nobody is well.
    S3,
    /// Few switches in a phase.
    S4,
    /// No checks in the background.
    S5,
    /// Few outages in a phase.
    S6,
    /// Something is always ahead.
    Stuck,
    /// For each socket one connection in use, two open, and nothing after a stop.
    One,
    /// Wake-ups and checks are bounded.
    Busy,
}

/// Each rule, its name and what it demands.
pub const RULES: [(Rule, &str, &str); 14] = [
    (Rule::L1, "L1", "where somebody is well, the active endpoint is one that is well"),
    (Rule::L2, "L2", "each socket of an app is connected to the active endpoint, if that is well"),
    (Rule::L3, "L3", "where nobody can be used, the app has been told allDown or offline"),
    (
        Rule::L4,
        "L4",
        "an open connection that talked and is dead has been replaced, if its server is well",
    ),
    (Rule::L5, "L5", "an app that asks for another connection sees an attempt"),
    (
        Rule::S1,
        "S1",
        "nobody leaves an endpoint that has been well for two minutes, but for a better one",
    ),
    (
        Rule::S2,
        "S2",
        "offline is told only if the network is away or nothing at all can be reached",
    ),
    (Rule::S3, "S3", "allDown is told only if nobody has been well for a minute"),
    (Rule::S4, "S4", "at most 4 switches in a phase, or in ten minutes of it"),
    (Rule::S5, "S5", "in the background, without a socket, no checks"),
    (Rule::S6, "S6", "at most 4 outages are told in ten minutes in which nothing fails at random"),
    (Rule::Stuck, "N1", "a running engine has something ahead"),
    (
        Rule::One,
        "N2",
        "for each socket one connection in use and two open at most, none unwanted, no effect after a stop",
    ),
    (Rule::Busy, "N3", "wake-ups, checks and connection attempts are bounded"),
];

impl Rule {
    /// What it is called in tables.
    pub fn name(self) -> &'static str {
        RULES.iter().find(|(rule, ..)| *rule == self).map_or("?", |(_, name, _)| name)
    }

    /// What it demands.
    pub fn text(self) -> &'static str {
        RULES.iter().find(|(rule, ..)| *rule == self).map_or("?", |(.., text)| text)
    }
}

/// A rule that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which one.
    pub rule: Rule,
    /// When that was found.
    pub at: Timestamp,
    /// What was found.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.at.as_millis() as f64 / 1_000.0;
        write!(
            f,
            "{} ({}) broken at {seconds} s: {}",
            self.rule.name(),
            self.rule.text(),
            self.what
        )
    }
}
