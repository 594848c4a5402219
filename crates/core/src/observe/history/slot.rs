//! What an endpoint has been like in one part of the time, summed up: a fixed size, however much
//! happened.

use crate::base::keyword::Keyword;
use crate::base::time::Millis;
use crate::config::Value;
use crate::observe::report::ErrorClass;
use crate::protocol::outcome::FailureKind;
use std::ops::Index;

/// What a slot sums up.
#[derive(Clone, Copy)]
pub(crate) enum Sum {
    /// Milliseconds in which it could be used.
    Up,
    /// Milliseconds in which it could not.
    Down,
    /// Milliseconds that count for nothing.
    Unknown,
    /// Milliseconds in which it was the active endpoint.
    Active,
    /// Moves of the app to it.
    Arrivals,
    /// Checks that passed.
    Passed,
    /// Milliseconds that they took, in all.
    Took,
}

const SUMS: usize = Sum::Took as usize + 1;
const ERRORS: usize = ErrorClass::KEYWORDS.len();
/// How many checks took how long: a histogram whose buckets grow by a fifth each, as HDR histograms
/// do.
const BUCKETS: usize = 56;

/// A part of the time, summed up.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(super) sums: [u32; SUMS],
    /// Checks that failed, by class, and then those that passed, by how long they took.
    pub(super) counts: [u16; ERRORS + BUCKETS],
}

impl Default for Slot {
    fn default() -> Self {
        Self { sums: [0; SUMS], counts: [0; ERRORS + BUCKETS] }
    }
}

impl Index<Sum> for Slot {
    type Output = u32;

    fn index(&self, sum: Sum) -> &u32 {
        &self.sums[sum as usize]
    }
}

impl Slot {
    /// Checks that failed, by class.
    pub(crate) fn errors(&self) -> &[u16] {
        &self.counts[..ERRORS]
    }

    pub(crate) fn failed(&self) -> u32 {
        total(self.errors())
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (sum, more) in self.sums.iter_mut().zip(&other.sums) {
            *sum = sum.saturating_add(*more);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
    }

    pub(super) fn pass(&mut self, latency: Millis) {
        self.grow(Sum::Passed, 1);
        self.grow(Sum::Took, latency.get());
        self.count(ERRORS + bucket(latency));
    }

    pub(super) fn fail(&mut self, kind: FailureKind) {
        self.count(ErrorClass::of(kind) as usize);
    }

    pub(super) fn grow(&mut self, sum: Sum, more: u32) {
        let sum = &mut self.sums[sum as usize];
        *sum = sum.saturating_add(more);
    }

    fn count(&mut self, which: usize) {
        self.counts[which] = self.counts[which].saturating_add(1);
    }

    /// The latency in milliseconds that this share of the checks that passed, in thousandths, did
    /// not exceed, to a tenth or 2 ms; `None` if there were none.
    pub(crate) fn quantile(&self, permille: u32) -> Option<u32> {
        let latencies = &self.counts[ERRORS..];
        // The nearest rank: of twenty, the 95th percentile is the nineteenth.
        let rank =
            (u64::from(total(latencies)) * u64::from(permille)).div_ceil(1_000).max(1) as u32;
        let mut before = 0;
        for (bucket, &count) in latencies.iter().enumerate() {
            let count = u32::from(count);
            if before + count >= rank {
                let (start, end) = (bucket_start(bucket), bucket_start(bucket + 1));
                return Some(start + (end - start) * (2 * (rank - before) - 1) / (2 * count));
            }
            before += count;
        }
        None
    }

    /// Every number of it, for keeping, with runs of zeros, of which there are most, as one
    /// negative number each.
    pub(super) fn packed(&self) -> Vec<i64> {
        let mut packed: Vec<i64> = Vec::new();
        for at in 0..SUMS + self.counts.len() {
            let number = if at < SUMS { self.sums[at] } else { self.counts[at - SUMS].into() };
            match packed.last_mut() {
                Some(zeros) if number == 0 && *zeros < 0 => *zeros -= 1,
                _ => packed.push(if number == 0 { -1 } else { number.into() }),
            }
        }
        packed
    }

    /// What [`Slot::packed`] gave; of anything else, what can be read.
    pub(super) fn unpacked(saved: &Value) -> Self {
        let mut slot = Self::default();
        let mut at = 0;
        for item in saved.items() {
            match item {
                Value::Number(zeros @ -100..=-1) => at += zeros.unsigned_abs() as usize,
                Value::Number(number) => {
                    if let Some(sum) = slot.sums.get_mut(at) {
                        *sum = u32::try_from(*number).unwrap_or_default();
                    } else if let Some(count) = slot.counts.get_mut(at - SUMS) {
                        *count = u16::try_from(*number).unwrap_or_default();
                    }
                    at += 1;
                }
                _ => {}
            }
        }
        slot
    }
}

fn total(counts: &[u16]) -> u32 {
    let mut total = 0;
    for count in counts {
        total += u32::from(*count);
    }
    total
}

/// The first bucket is for less than 4 ms; from there four buckets double the latency, so that the
/// last begins at 46 s.
fn bucket(latency: Millis) -> usize {
    let latency = latency.get();
    if latency < 4 {
        return 0;
    }
    let octave = latency.ilog2();
    let quarter = (latency >> (octave - 2)) & 3;
    (1 + 4 * (octave - 2) + quarter).min(BUCKETS as u32 - 1) as usize
}

/// Where a bucket begins.
fn bucket_start(bucket: usize) -> u32 {
    let Some(above) = bucket.checked_sub(1) else { return 0 };
    (4 + (above as u32 % 4)) << (above / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank_and_right_to_a_tenth() {
        let mut latencies = Slot::default();
        assert_eq!(latencies.quantile(950), None);
        (1..=20).for_each(|n| latencies.pass(Millis::new(n * 100)));
        for (permille, exact) in [(500, 1_000), (950, 1_900), (990, 2_000), (1, 100)] {
            let found = latencies.quantile(permille).unwrap();
            assert!(found.abs_diff(exact) * 8 <= exact, "{permille}: {found} for {exact}");
        }
        for latency in (0..60_000).step_by(7) {
            let bucket = bucket(Millis::new(latency));
            assert!(
                bucket_start(bucket) <= latency
                    && (latency < bucket_start(bucket + 1) || bucket == BUCKETS - 1),
                "{latency}"
            );
        }
    }
}
