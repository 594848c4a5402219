//! Time in the walk: the order of moments that a decision compares, and whether what waits is due.

use crate::base::time::{Millis, Timestamp};

pub(super) const LONG_AGO: Timestamp = Timestamp::from_millis(1_000_000_000);
const DOUBT: u64 = 2_000_000_000;
pub(super) const NOW: Timestamp = Timestamp::from_millis(3_000_000_000);
pub(super) const LATER: Timestamp = Timestamp::from_millis(4_000_000_000);

/// The only length of a spread, unless there is none.
pub(super) const SPREAD: Millis = Millis::from_secs(1);

/// A moment by its place among the others: before there was doubt, or the how-manieth since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(pub(super) u8);

impl Moment {
    /// Before there was doubt, or never.
    pub(super) const BEFORE: Self = Self(0);
    /// When the doubt began.
    pub(super) const DOUBT: Self = Self(1);

    pub(super) const fn timestamp(self) -> Timestamp {
        match self.0 {
            0 => LONG_AGO,
            place => Timestamp::from_millis(DOUBT + 10 * (place as u64 - 1)),
        }
    }

    /// A little after it, before the next one.
    pub(super) fn a_little_later(self) -> Timestamp {
        self.timestamp() + Millis::new(1)
    }

    /// Only whether it came before the doubt.
    pub(super) fn coarse(self) -> Self {
        self.min(Self::DOUBT)
    }
}

/// A moment that is long over, or the present.
pub(super) const fn when(long: bool) -> Timestamp {
    if long { LONG_AGO } else { NOW }
}
