//! Counts over a window of time that slides by tenths: bounded, and empty again after a while in
//! which nothing happens.

use crate::base::time::{Millis, Timestamp};

const TENTHS: usize = 10;

/// `N` counts, each over the last `length`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sliding<const N: usize> {
    tenths: [[u16; N]; TENTHS],
    /// The number of the present tenth since the clock's start.
    present: u64,
}

impl<const N: usize> Default for Sliding<N> {
    fn default() -> Self {
        Self { tenths: [[0; N]; TENTHS], present: 0 }
    }
}

impl<const N: usize> Sliding<N> {
    /// Adds to each count. A tenth that is full is halved, which leaves its shares as they are.
    pub(crate) fn add(&mut self, more: [bool; N], length: Millis, now: Timestamp) {
        self.slide(length, now);
        let tenth = &mut self.tenths[(self.present % TENTHS as u64) as usize];
        if tenth.contains(&u16::MAX) {
            for count in tenth.iter_mut() {
                *count /= 2;
            }
        }
        tenth.iter_mut().zip(more).for_each(|(count, more)| *count += u16::from(more));
    }

    /// Each count.
    pub(crate) fn sums(&mut self, length: Millis, now: Timestamp) -> [u32; N] {
        self.slide(length, now);
        std::array::from_fn(|at| self.tenths.iter().map(|tenth| u32::from(tenth[at])).sum())
    }

    fn slide(&mut self, length: Millis, now: Timestamp) {
        let present = now.as_millis() * TENTHS as u64 / u64::from(length.get().max(1));
        for tenth in 0..present.saturating_sub(self.present).min(TENTHS as u64) {
            self.tenths[((present - tenth) % TENTHS as u64) as usize] = [0; N];
        }
        self.present = present;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_leave_a_tenth_at_a_time() {
        let mut sliding = Sliding::default();
        let (length, at) =
            (Millis::from_secs(10), |secs: u64| Timestamp::from_millis(secs * 1_000));
        (0..10).for_each(|second| sliding.add([true, second % 2 == 0], length, at(second)));
        assert_eq!(sliding.sums(length, at(9)), [10, 5]);
        assert_eq!(sliding.sums(length, at(12)), [7, 3]);
        assert_eq!(sliding.sums(length, at(500)), [0, 0]);
        (0..100_000).for_each(|_| sliding.add([true, false], length, at(501)));
        let [all, none] = sliding.sums(length, at(501));
        assert!((32_767..=65_535).contains(&all), "{all}");
        assert_eq!(none, 0);
    }
}
