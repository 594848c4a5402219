//! What an endpoint has been like: a fixed number of slots, each of which sums up a part of the time that is remembered.

use crate::config::Value;
use crate::outcome::FailureKind;
use crate::report::ErrorClass;
use crate::time::{Millis, Timestamp};
use std::collections::VecDeque;

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

/// A part of the time, summed up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slot {
    pub(crate) up: u32,
    pub(crate) down: u32,
    pub(crate) unknown: u32,
    pub(crate) active: u32,
    /// Moves of the app to it.
    pub(crate) arrivals: u32,
    pub(crate) passed: u32,
    /// Times that the checks that passed took, in all.
    pub(crate) took: u32,
    pub(crate) errors: [u16; 6],
    pub(crate) latencies: Latencies,
}

impl Slot {
    pub(crate) fn failed(&self) -> u32 {
        self.errors.iter().map(|&count| u32::from(count)).sum()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in [
            (&mut self.up, other.up),
            (&mut self.down, other.down),
            (&mut self.unknown, other.unknown),
            (&mut self.active, other.active),
            (&mut self.arrivals, other.arrivals),
            (&mut self.passed, other.passed),
            (&mut self.took, other.took),
        ] {
            *sum = sum.saturating_add(more);
        }
        let counts = self.errors.iter_mut().zip(&other.errors);
        counts.chain(self.latencies.0.iter_mut().zip(&other.latencies.0)).for_each(|(sum, more)| *sum = sum.saturating_add(*more));
    }

    /// Every number of it, for keeping.
    fn numbers(&self) -> impl Iterator<Item = u32> {
        let counts = self.errors.iter().chain(&self.latencies.0).map(|&count| u32::from(count));
        [self.up, self.down, self.unknown, self.active, self.arrivals, self.passed, self.took].into_iter().chain(counts)
    }

    fn from_numbers(numbers: &[u32]) -> Self {
        let count = |at: usize| u16::try_from(numbers.get(at).copied().unwrap_or_default()).unwrap_or(u16::MAX);
        let whole = |at: usize| numbers.get(at).copied().unwrap_or_default();
        Self {
            up: whole(0),
            down: whole(1),
            unknown: whole(2),
            active: whole(3),
            arrivals: whole(4),
            passed: whole(5),
            took: whole(6),
            errors: std::array::from_fn(|at| count(7 + at)),
            latencies: Latencies(std::array::from_fn(|at| count(7 + 6 + at))),
        }
    }
}

/// How many checks took how long: a histogram whose buckets grow by a fifth each, as HDR histograms do.
#[derive(Clone, Debug)]
pub(crate) struct Latencies([u16; BUCKETS]);

const BUCKETS: usize = 56;

impl Default for Latencies {
    fn default() -> Self {
        Self([0; BUCKETS])
    }
}

impl Latencies {
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
    fn start(bucket: usize) -> u32 {
        let Some(above) = bucket.checked_sub(1) else { return 0 };
        (4 + (above as u32 % 4)) << (above / 4)
    }

    pub(crate) fn add(&mut self, latency: Millis) {
        let count = &mut self.0[Self::bucket(latency)];
        *count = count.saturating_add(1);
    }

    /// The latency in milliseconds that this share of the checks, in thousandths, did not exceed, to a tenth or 2 ms; `None` if there were none.
    pub(crate) fn quantile(&self, permille: u32) -> Option<u32> {
        let total: u32 = self.0.iter().map(|&count| u32::from(count)).sum();
        // The nearest rank: of twenty, the 95th percentile is the nineteenth.
        let rank = (u64::from(total) * u64::from(permille)).div_ceil(1_000).max(1) as u32;
        let mut before = 0;
        for (bucket, &count) in self.0.iter().enumerate() {
            let count = u32::from(count);
            if before + count >= rank {
                let (start, end) = (Self::start(bucket), Self::start(bucket + 1));
                return Some(start + (end - start) * (2 * (rank - before) - 1) / (2 * count));
            }
            before += count;
        }
        None
    }
}

/// The last slots of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// Boxed, so that room for more of them costs little.
    slots: VecDeque<Box<Slot>>,
    /// When the last slot began.
    began: Timestamp,
    standing: Standing,
    accounted: Timestamp,
}

impl History {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self { slots: VecDeque::new(), began: now, standing: Standing { time: Time::Unknown, active: false }, accounted: now }
    }

    pub(crate) const fn standing(&self) -> Standing {
        self.standing
    }

    /// A check has ended.
    pub(crate) fn check(&mut self, failure: Option<FailureKind>, latency: Millis, length: Millis, now: Timestamp) {
        self.account(length, now);
        let Some(slot) = self.slots.back_mut() else { return };
        if let Some(kind) = failure {
            let errors = &mut slot.errors[ErrorClass::of(kind) as usize];
            *errors = errors.saturating_add(1);
        } else {
            slot.passed = slot.passed.saturating_add(1);
            slot.took = slot.took.saturating_add(latency.get());
            slot.latencies.add(latency);
        }
    }

    /// The app has moved to it.
    pub(crate) fn arrive(&mut self, length: Millis, now: Timestamp) {
        self.account(length, now);
        if let Some(slot) = self.slots.back_mut() {
            slot.arrivals = slot.arrivals.saturating_add(1);
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
            self.slots.push_back(Box::default());
            self.accounted = self.accounted.max(Timestamp::from_millis(now.as_millis().saturating_sub(slot_length.get().into())));
            self.began = self.accounted;
        }
        while self.accounted < now {
            let end = self.began + slot_length;
            if self.accounted >= end {
                if self.slots.len() == SLOTS {
                    self.slots.pop_front();
                }
                self.slots.push_back(Box::default());
                self.began = end;
                continue;
            }
            let until = end.min(now);
            let passed = (until - self.accounted).get();
            self.accounted = until;
            let Some(slot) = self.slots.back_mut() else { return };
            let time = match self.standing.time {
                Time::Up => &mut slot.up,
                Time::Down => &mut slot.down,
                Time::Unknown => &mut slot.unknown,
            };
            *time += passed;
            slot.active += if self.standing.active { passed } else { 0 };
        }
    }

    /// The slots that lie within the last `period`, oldest first.
    pub(crate) fn within(&self, period: Millis, length: Millis) -> impl Iterator<Item = &Slot> + Clone {
        let slot_length = length.scaled(1, SLOTS as u32).get().max(1);
        let wanted = period.get().div_ceil(slot_length) as usize;
        self.slots.iter().map(Box::as_ref).skip(self.slots.len().saturating_sub(wanted))
    }

    /// All that lies within the last `period`.
    pub(crate) fn sum(&self, period: Millis, length: Millis) -> Slot {
        let mut sum = Slot::default();
        self.within(period, length).for_each(|slot| sum.add(slot));
        sum
    }

    /// All of it, newest first, as far as it fits into so many bytes of JSON.
    pub(crate) fn save(&self, mut bytes: usize) -> Value {
        let mut saved = Vec::new();
        for slot in self.slots.iter().rev() {
            let packed = packed(slot.numbers());
            let size = packed.iter().map(|number| number.to_string().len() + 1).sum::<usize>() + 2;
            let Some(left) = bytes.checked_sub(size) else { break };
            bytes = left;
            saved.push(Value::List(packed.into_iter().map(Value::Number).collect()));
        }
        Value::List(saved)
    }

    /// What [`History::save`] gave, from `gap` ago.
    pub(crate) fn restore(&mut self, saved: &[Value], gap: Millis, length: Millis, now: Timestamp) {
        if gap >= length {
            return;
        }
        self.slots = saved.iter().take(SLOTS).rev().map(|slot| Box::new(read_slot(slot))).collect();
        self.began = Timestamp::from_millis(now.as_millis().saturating_sub(gap.get().into()));
        self.accounted = now;
    }
}

/// The numbers, with runs of zeros, of which there are most, as one negative number each.
fn packed(numbers: impl Iterator<Item = u32>) -> Vec<i64> {
    let mut packed: Vec<i64> = Vec::new();
    for number in numbers {
        match packed.last_mut() {
            Some(zeros) if number == 0 && *zeros < 0 => *zeros -= 1,
            _ => packed.push(if number == 0 { -1 } else { number.into() }),
        }
    }
    packed.pop_if(|last| *last < 0);
    packed
}

fn read_slot(saved: &Value) -> Slot {
    let Value::List(items) = saved else { return Slot::default() };
    let mut numbers = Vec::new();
    for item in items {
        match item {
            Value::Number(zeros @ -100..=-1) => numbers.resize(numbers.len() + zeros.unsigned_abs() as usize, 0),
            Value::Number(number) => numbers.push(u32::try_from(*number).unwrap_or_default()),
            _ => {}
        }
        if numbers.len() > 100 {
            break;
        }
    }
    Slot::from_numbers(&numbers)
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

    fn sum<'a>(slots: impl Iterator<Item = &'a Slot>) -> Slot {
        slots.fold(Slot::default(), |mut sum, slot| {
            sum.add(slot);
            sum
        })
    }

    #[test]
    fn time_counts_as_what_it_was_and_old_time_leaves() {
        let mut history = History::new(hour(0));
        history.turn(standing(Time::Up), DAY, hour(0));
        history.turn(standing(Time::Down), DAY, hour(6));
        history.turn(standing(Time::Up), DAY, hour(8));
        history.account(DAY, hour(10));
        let day = sum(history.within(DAY, DAY));
        assert_eq!([day.up, day.down, day.unknown, day.active], [8, 2, 0, 10].map(|hours| hours * 3_600_000));
        let recent = sum(history.within(Millis::from_secs(3 * 3_600), DAY));
        assert_eq!([recent.up, recent.down], [2, 1].map(|hours| hours * 3_600_000));
        history.account(DAY, hour(31));
        assert_eq!(sum(history.within(DAY, DAY)).down, 3_600_000, "the hour from 7 to 8 is still remembered");
        assert_eq!(history.slots.len(), SLOTS);
        history.account(DAY, hour(1_000));
        assert_eq!(sum(history.within(DAY, DAY)).up, 3_600_000, "after a long sleep only the end is");
    }

    #[test]
    fn percentiles_are_by_nearest_rank_and_right_to_a_tenth() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantile(950), None);
        (1..=20).for_each(|n| latencies.add(Millis::new(n * 100)));
        for (permille, exact) in [(500, 1_000), (950, 1_900), (990, 2_000), (1, 100)] {
            let found = latencies.quantile(permille).unwrap();
            assert!(found.abs_diff(exact) * 8 <= exact, "{permille}: {found} for {exact}");
        }
        for latency in (0..60_000).step_by(7) {
            let bucket = Latencies::bucket(Millis::new(latency));
            assert!(Latencies::start(bucket) <= latency && (latency < Latencies::start(bucket + 1) || bucket == BUCKETS - 1), "{latency}");
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
        let (before, after) =
            (sum(history.slots.iter().map(Box::as_ref).rev().take(slots.len())), sum(restored.slots.iter().map(Box::as_ref)));
        assert_eq!((before.passed, before.errors, before.took), (after.passed, after.errors, after.took));
        assert_eq!(before.latencies.0, after.latencies.0);
        assert!(slots.len() >= 12, "{}", slots.len());
        let mut late = History::new(hour(0));
        late.restore(slots, DAY, DAY, hour(1));
        assert!(late.slots.is_empty(), "older than what is remembered");
    }

    #[test]
    fn nonsense_is_read_as_what_can_be_read() {
        for nonsense in [Value::Null, Value::List(vec![Value::Number(i64::MIN), Value::Number(i64::MAX), Value::Text("x".into())])] {
            read_slot(&nonsense);
        }
        read_slot(&Value::List(vec![Value::Number(-100); 1_000]));
    }
}
