//! What Steadfast must reach, and whether it has.

use crate::measure::{TRIALS, Value};
use crate::report::shown;
use std::fmt;
use steadfast::Millis;

/// The most that may come out.
#[derive(Clone, Copy)]
pub(crate) enum Mark {
    /// Half of the clients have moved within this time.
    Median(Millis),
    /// 95 % of them have.
    P95(Millis),
    /// Moves in all days.
    Moves(u64),
    /// Moves in a day, on average.
    ADay(u64),
    /// Checks in an hour.
    AnHour(u64),
}

impl Mark {
    /// Whether this is no more, to the tenth of a second that tables show.
    pub(crate) fn holds(self, value: &Value) -> bool {
        let within =
            |time: Option<Millis>, most| time.is_some_and(|time| tenths(time) <= tenths(most));
        match (self, value) {
            // Those that had left before tell nothing; if they are many, nor do the others.
            (Self::Median(_) | Self::P95(_), Value::Times(times)) if times.away() > TRIALS / 2 => {
                false
            }
            (Self::Median(most), Value::Times(times)) => within(times.median(), most),
            (Self::P95(most), Value::Times(times)) => within(times.p95(), most),
            (Self::Moves(most), Value::Moves { moves, .. }) => *moves <= most,
            (Self::ADay(most), Value::Moves { moves, days }) => *moves <= most * days,
            (Self::AnHour(most), Value::ChecksAnHour(checks)) => *checks <= most,
            _ => unreachable!("a mark in the unit of its row"),
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Median(most) => write!(f, "median {} s", seconds(Some(*most))),
            Self::P95(most) => write!(f, "p95 {} s", seconds(Some(*most))),
            Self::Moves(most) => write!(f, "{most} in all"),
            Self::ADay(most) => write!(f, "{most} a day"),
            Self::AnHour(most) => write!(f, "{most} an hour"),
        }
    }
}

fn tenths(time: Millis) -> u32 {
    (time.get() + 50) / 100
}

pub(crate) fn seconds(time: Option<Millis>) -> String {
    time.map_or_else(|| "never".to_owned(), |time| format!("{:.1}", f64::from(tenths(time)) / 10.0))
}

/// Prints marks and remembers whether all are met.
pub(crate) struct Verdict {
    pub(crate) all_met: bool,
}

impl Verdict {
    pub(crate) fn mark(&mut self, what: &str, value: &Value, mark: Mark) {
        self.check(&format!("{what}: {}, mark {mark}", shown(value)), mark.holds(value));
    }

    pub(crate) fn check(&mut self, what: &str, holds: bool) {
        println!("{} {what}", if holds { "met    " } else { "NOT MET" });
        self.all_met &= holds;
    }
}
