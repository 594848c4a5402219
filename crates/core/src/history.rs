//! What an endpoint has been like: a fixed number of slots, each of which sums up a part of the time that is remembered.

use crate::config::Value;
use crate::keyword::Keyword;
use crate::outcome::FailureKind;
use crate::report::ErrorClass;
use crate::time::{Millis, Timestamp};
use std::ops::Index;

/// Parts of the time that is remembered.
const SLOTS: usize = 24;

/// How an endpoint's time counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) time: Time,
    /// The app was to be connected to it.
    pub(crate) active: bool,
}

/// Whether it could be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Time {
    Up,
    Down,
    /// Nobody knows; or it was in announced maintenance, or our own network was down. Counts for nothing.
    #[default]
    Unknown,
}

impl Time {
    const fn counted_as(self) -> Sum {
        match self {
            Self::Up => Sum::Up,
            Self::Down => Sum::Down,
            Self::Unknown => Sum::Unknown,
        }
    }
}

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
/// How many checks took how long: a histogram whose buckets grow by a fifth each, as HDR histograms do.
const BUCKETS: usize = 56;

/// A part of the time, summed up.
#[derive(Debug)]
pub(crate) struct Slot {
    sums: [u32; SUMS],
    /// Checks that failed, by class, and then those that passed, by how long they took.
    counts: [u16; ERRORS + BUCKETS],
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

    fn add(&mut self, other: &Self) {
        for (sum, more) in self.sums.iter_mut().zip(&other.sums) {
            *sum = sum.saturating_add(*more);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
    }

    fn pass(&mut self, latency: Millis) {
        self.grow(Sum::Passed, 1);
        self.grow(Sum::Took, latency.get());
        self.count(ERRORS + bucket(latency));
    }

    fn fail(&mut self, kind: FailureKind) {
        self.count(ErrorClass::of(kind) as usize);
    }

    fn grow(&mut self, sum: Sum, more: u32) {
        let sum = &mut self.sums[sum as usize];
        *sum = sum.saturating_add(more);
    }

    fn count(&mut self, which: usize) {
        self.counts[which] = self.counts[which].saturating_add(1);
    }

    /// The latency in milliseconds that this share of the checks that passed, in thousandths, did not exceed, to a tenth or 2 ms; `None` if
    /// there were none.
    pub(crate) fn quantile(&self, permille: u32) -> Option<u32> {
        let latencies = &self.counts[ERRORS..];
        // The nearest rank: of twenty, the 95th percentile is the nineteenth.
        let rank = (u64::from(total(latencies)) * u64::from(permille)).div_ceil(1_000).max(1) as u32;
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

    /// Every number of it, for keeping, with runs of zeros, of which there are most, as one negative number each.
    fn packed(&self) -> Vec<i64> {
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
    fn unpacked(saved: &Value) -> Self {
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

/// The first bucket is for less than 4 ms; from there four buckets double the latency, so that the last begins at 46 s.
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

/// The last slots of one endpoint.
#[derive(Debug)]
pub(crate) struct History {
    /// Oldest first.
    slots: Vec<Slot>,
    /// When the last slot began.
    began: Timestamp,
    standing: Standing,
    accounted: Timestamp,
}

impl History {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self { slots: Vec::new(), began: now, standing: Standing { time: Time::Unknown, active: false }, accounted: now }
    }

    pub(crate) const fn standing(&self) -> Standing {
        self.standing
    }

    /// A check has ended.
    pub(crate) fn check(&mut self, failure: Option<FailureKind>, latency: Millis, length: Millis, now: Timestamp) {
        self.account(length, now);
        let Some(slot) = self.slots.last_mut() else { return };
        match failure {
            Some(kind) => slot.fail(kind),
            None => slot.pass(latency),
        }
    }

    /// The app has moved to it.
    pub(crate) fn arrive(&mut self, length: Millis, now: Timestamp) {
        self.account(length, now);
        if let Some(slot) = self.slots.last_mut() {
            slot.grow(Sum::Arrivals, 1);
        }
    }

    /// From now on its time counts in another way.
    pub(crate) fn turn(&mut self, standing: Standing, length: Millis, now: Timestamp) {
        self.account(length, now);
        self.standing = standing;
    }

    /// Adds the time that has passed to the slots that it fell in, which together are `length` long.
    pub(crate) fn account(&mut self, length: Millis, now: Timestamp) {
        let slot_length = length.scaled(1, SLOTS as u32);
        if slot_length == Millis::ZERO {
            return;
        }
        if self.slots.is_empty() || now - self.accounted >= length {
            // Of a time so long only the end is remembered.
            self.slots.clear();
            self.begin_slot();
            self.accounted = self.accounted.max(Timestamp::from_millis(now.as_millis().saturating_sub(slot_length.get().into())));
            self.began = self.accounted;
        }
        while self.accounted < now {
            let end = self.began + slot_length;
            if self.accounted >= end {
                if self.slots.len() == SLOTS {
                    self.slots.remove(0);
                }
                self.begin_slot();
                self.began = end;
                continue;
            }
            let until = end.min(now);
            let passed = (until - self.accounted).get();
            self.accounted = until;
            let Some(slot) = self.slots.last_mut() else { return };
            slot.grow(self.standing.time.counted_as(), passed);
            slot.grow(Sum::Active, if self.standing.active { passed } else { 0 });
        }
    }

    fn begin_slot(&mut self) {
        // No room for more of them: in a crowd it would be the largest part.
        self.slots.reserve_exact(1);
        self.slots.push(Slot::default());
    }

    /// The slots that lie within the last `period`, oldest first.
    pub(crate) fn within(&self, period: Millis, length: Millis) -> &[Slot] {
        let slot_length = length.scaled(1, SLOTS as u32).get().max(1);
        let wanted = period.get().div_ceil(slot_length) as usize;
        &self.slots[self.slots.len().saturating_sub(wanted)..]
    }

    /// All that lies within the last `period`.
    pub(crate) fn sum(&self, period: Millis, length: Millis) -> Slot {
        let mut sum = Slot::default();
        for slot in self.within(period, length) {
            sum.add(slot);
        }
        sum
    }

    /// All of it, newest first, as far as it fits into so many bytes of JSON.
    pub(crate) fn save(&self, mut bytes: usize) -> Value {
        let mut saved = Vec::new();
        for slot in self.slots.iter().rev() {
            let mut numbers = Vec::new();
            let mut size = 2;
            for &number in &slot.packed() {
                size += number.to_string().len() + 1;
                numbers.push(Value::Number(number));
            }
            let Some(left) = bytes.checked_sub(size) else { break };
            bytes = left;
            saved.push(Value::List(numbers));
        }
        Value::List(saved)
    }

    /// What [`History::save`] gave, from `gap` ago.
    pub(crate) fn restore(&mut self, saved: &[Value], gap: Millis, length: Millis, now: Timestamp) {
        if gap >= length {
            return;
        }
        for slot in saved.iter().take(SLOTS) {
            self.slots.insert(0, Slot::unpacked(slot));
        }
        self.began = Timestamp::from_millis(now.as_millis().saturating_sub(gap.get().into()));
        self.accounted = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Millis = Millis::from_secs(86_400);

    fn hour(hour: u64) -> Timestamp {
        Timestamp::from_millis(hour * 3_600_000)
    }

    fn standing(time: Time) -> Standing {
        Standing { time, active: true }
    }

    fn sum(slots: &[Slot]) -> Slot {
        let mut sum = Slot::default();
        for slot in slots {
            sum.add(slot);
        }
        sum
    }

    #[test]
    fn time_counts_as_what_it_was_and_old_time_leaves() {
        let mut history = History::new(hour(0));
        history.turn(standing(Time::Up), DAY, hour(0));
        history.turn(standing(Time::Down), DAY, hour(6));
        history.turn(standing(Time::Up), DAY, hour(8));
        history.account(DAY, hour(10));
        let day = sum(history.within(DAY, DAY));
        assert_eq!([Sum::Up, Sum::Down, Sum::Unknown, Sum::Active].map(|sum| day[sum]), [8, 2, 0, 10].map(|hours| hours * 3_600_000));
        let recent = sum(history.within(Millis::from_secs(3 * 3_600), DAY));
        assert_eq!([Sum::Up, Sum::Down].map(|sum| recent[sum]), [2, 1].map(|hours| hours * 3_600_000));
        history.account(DAY, hour(31));
        assert_eq!(sum(history.within(DAY, DAY))[Sum::Down], 3_600_000, "the hour from 7 to 8 is still remembered");
        assert_eq!(history.slots.len(), SLOTS);
        history.account(DAY, hour(1_000));
        assert_eq!(sum(history.within(DAY, DAY))[Sum::Up], 3_600_000, "after a long sleep only the end is");
    }

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
            assert!(bucket_start(bucket) <= latency && (latency < bucket_start(bucket + 1) || bucket == BUCKETS - 1), "{latency}");
        }
    }

    #[test]
    fn what_is_saved_comes_back_and_is_small() {
        let mut history = History::new(hour(0));
        for minute in 0..60 * 24 {
            let now = Timestamp::from_millis(minute * 60_000);
            let failure = (minute % 13 == 0).then_some(FailureKind::Timeout);
            history.check(failure, Millis::new(20 + (minute % 400) as u32), DAY, now);
        }
        let saved = history.save(3_000);
        let Value::List(slots) = &saved else { panic!() };
        let mut restored = History::new(hour(0));
        restored.restore(slots, Millis::from_secs(60), DAY, hour(1));
        let (before, after) = (sum(&history.slots[SLOTS - slots.len()..]), sum(&restored.slots));
        assert_eq!((before.sums, before.counts), (after.sums, after.counts));
        assert!(slots.len() >= 12, "{}", slots.len());
        let mut late = History::new(hour(0));
        late.restore(slots, DAY, DAY, hour(1));
        assert!(late.slots.is_empty(), "older than what is remembered");
    }

    #[test]
    fn nonsense_is_read_as_what_can_be_read() {
        for nonsense in [Value::Null, Value::List(vec![Value::Number(i64::MIN), Value::Number(i64::MAX), Value::Text("x".into())])] {
            Slot::unpacked(&nonsense);
        }
        Slot::unpacked(&Value::List(vec![Value::Number(-100); 1_000]));
        let mut history = History::new(hour(0));
        history.restore(&[Value::List(vec![Value::Number(u32::MAX.into()); 100])], Millis::ZERO, DAY, hour(0));
        history.account(DAY, hour(2));
        assert_eq!(sum(history.within(DAY, DAY))[Sum::Unknown], u32::MAX, "full, and no more than that");
    }
}
