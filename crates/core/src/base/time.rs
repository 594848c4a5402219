//! Instants and durations in whole milliseconds. It never reads a clock: shells inject the time.

use std::fmt;
use std::num::NonZeroU64;
use std::ops::{Add, Sub};
use std::time::Duration;

/// A duration in whole milliseconds, at most about 49 days.
///
/// In a config it is written as a number of milliseconds or as a text with a unit: `"250ms"`,
/// `"3s"`, `"10m"`, `"1h"`, `"1d"`.
///
/// ```
/// use steadfast::Millis;
/// assert_eq!("3s".parse(), Ok(Millis::from_secs(3)));
/// assert_eq!(Millis::new(90_000).to_string(), "90s");
/// assert!("3 parsecs".parse::<Millis>().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(rename = "Duration", type = "number | string")
)]
pub struct Millis(u32);

/// Units of a duration's text, largest first, each with its milliseconds.
const UNITS: [(&str, u32); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Millis {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A duration of `millis` milliseconds.
    pub const fn new(millis: u32) -> Self {
        Self(millis)
    }

    /// A duration of `secs` seconds.
    pub const fn from_secs(secs: u32) -> Self {
        Self(secs.saturating_mul(1_000))
    }

    /// The duration in milliseconds.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// `numerator / denominator` of this duration, rounded down and saturating.
    pub(crate) const fn scaled(self, numerator: u32, denominator: u32) -> Self {
        let scaled = self.0 as u64 * numerator as u64 / denominator as u64;
        Self(if scaled > u32::MAX as u64 { u32::MAX } else { scaled as u32 })
    }

    /// Reads `"3s"` and the like; the one parser of durations, also for the bounds written in the
    /// settings.
    pub(crate) const fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut digits = 0;
        let mut number: u32 = 0;
        while digits < bytes.len() && bytes[digits].is_ascii_digit() {
            number = match number.checked_mul(10) {
                Some(tens) => match tens.checked_add((bytes[digits] - b'0') as u32) {
                    Some(number) => number,
                    None => return None,
                },
                None => return None,
            };
            digits += 1;
        }
        let unit = match (bytes.len() - digits, digits) {
            (_, 0) => return None,
            (1, _) => match bytes[digits] {
                b'd' => UNITS[0].1,
                b'h' => UNITS[1].1,
                b'm' => UNITS[2].1,
                b's' => UNITS[3].1,
                _ => return None,
            },
            (2, _) if bytes[digits] == b'm' && bytes[digits + 1] == b's' => UNITS[4].1,
            _ => return None,
        };
        match number.checked_mul(unit) {
            Some(millis) => Some(Self(millis)),
            None => None,
        }
    }
}

impl fmt::Display for Millis {
    /// The text that reads back as the same duration: `500ms`, `3s`, `1h`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, size): &&(&str, u32)| self.0 != 0 && self.0.is_multiple_of(*size);
        let (unit, size) = UNITS.iter().find(whole).unwrap_or(&UNITS[4]);
        write!(f, "{}{unit}", self.0 / size)
    }
}

impl std::str::FromStr for Millis {
    type Err = ParseDurationError;

    fn from_str(text: &str) -> Result<Self, ParseDurationError> {
        Self::parse(text).ok_or(ParseDurationError)
    }
}

impl From<Millis> for Duration {
    fn from(millis: Millis) -> Self {
        Self::from_millis(millis.0.into())
    }
}

impl From<Duration> for Millis {
    /// The whole milliseconds; the longest that there are if it is longer.
    fn from(duration: Duration) -> Self {
        Self(u32::try_from(duration.as_millis()).unwrap_or(u32::MAX))
    }
}

/// The text is not a duration: write a whole number and one of `ms`, `s`, `m`, `h`, `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a duration: write a whole number and a unit, such as 250ms, 3s, 10m, 1h or 1d")]
pub struct ParseDurationError;

/// An instant: milliseconds on a monotonic clock that the shell injects. Where the clock starts
/// does not matter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "number"))]
pub struct Timestamp(
    // One more than the milliseconds: an `Option` of it is no larger, and compared as one number.
    NonZeroU64,
);

/// The first of these times that are due.
pub(crate) fn earliest<const N: usize>(dues: [Option<Timestamp>; N]) -> Option<Timestamp> {
    let mut first = None;
    for at in dues {
        first = sooner(first, at);
    }
    first
}

/// The sooner of two times, of which either may never come.
const fn sooner(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(first), Some(second)) if second.0.get() < first.0.get() => other,
        (None, _) => other,
        _ => one,
    }
}

impl Timestamp {
    /// The instant `millis` milliseconds after the clock's start.
    pub const fn from_millis(millis: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(millis))
    }

    /// Milliseconds since the clock's start.
    pub const fn as_millis(self) -> u64 {
        self.0.get() - 1
    }
}

impl Default for Timestamp {
    /// The clock's start.
    fn default() -> Self {
        Self::from_millis(0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Timestamp").field(&self.as_millis()).finish()
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.as_millis().serialize(serializer)
    }
}

impl Add<Millis> for Timestamp {
    type Output = Self;

    fn add(self, duration: Millis) -> Self {
        Self(self.0.saturating_add(u64::from(duration.0)))
    }
}

impl Sub for Timestamp {
    type Output = Millis;

    /// The time between the two, none if `earlier` is later.
    fn sub(self, earlier: Self) -> Millis {
        Millis(u32::try_from(self.0.get().saturating_sub(earlier.0.get())).unwrap_or(u32::MAX))
    }
}

/// A monotonic clock that also counts the time a device sleeps.
///
/// Monotonic clocks stop in sleep on several platforms while the wall clock goes on, and the wall
/// clock may be set back. Fed with both, this one never goes back and never misses a sleep, so that
/// the engine can tell that one happened.
///
/// ```
/// let mut clock = steadfast::Clock::default();
/// let before = clock.read(1_000, 50_000);
/// assert_eq!((clock.read(1_010, 60_000) - before).get(), 10_000); // slept
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    last: Option<(u64, u64)>,
    now: u64,
}

impl Clock {
    /// The present instant, from the platform's monotonic and wall clocks, both in milliseconds.
    pub fn read(&mut self, monotonic: u64, wall: u64) -> Timestamp {
        let (last_monotonic, last_wall) =
            self.last.replace((monotonic, wall)).unwrap_or((monotonic, wall));
        let steady = monotonic.saturating_sub(last_monotonic);
        let wall = wall.saturating_sub(last_wall);
        // The two clocks tick apart by a millisecond now and then; only a real gap is sleep.
        self.now += if wall > steady + 1_000 { wall } else { steady };
        Timestamp::from_millis(self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_back_as_written() {
        for text in ["0ms", "250ms", "3s", "90s", "10m", "1h", "1d"] {
            assert_eq!(text.parse::<Millis>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_standard_duration_becomes_milliseconds_and_comes_back() {
        assert_eq!(Millis::from(Duration::from_micros(1_999)), Millis::new(1));
        assert_eq!(Millis::from(Duration::MAX), Millis::new(u32::MAX));
        assert_eq!(Duration::from(Millis::from_secs(3)), Duration::from_secs(3));
    }

    #[test]
    fn nonsense_is_no_duration() {
        for text in ["", "s", "3", "3x", "-3s", "3.5s", "3 s", "99999999999s", "60d"] {
            assert_eq!(text.parse::<Millis>(), Err(ParseDurationError), "{text}");
        }
    }

    #[test]
    fn the_clock_ignores_a_wall_clock_set_back_and_counts_sleep() {
        let mut clock = Clock::default();
        assert_eq!(clock.read(5, 1_000_000).as_millis(), 0);
        assert_eq!(clock.read(105, 400_000).as_millis(), 100);
        assert_eq!(clock.read(205, 400_100).as_millis(), 200);
        assert_eq!(clock.read(206, 3_999_999).as_millis(), 200 + 3_599_899);
    }
}
