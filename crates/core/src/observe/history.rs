//! What an endpoint has been like: a fixed number of slots, each of which sums up a part of the
//! time that is remembered.

mod slot;

pub(crate) use slot::{Slot, Sum};

use crate::base::time::{Millis, Timestamp};
use crate::config::Value;
use crate::protocol::outcome::FailureKind;

/// Parts of the time that is remembered.
const SLOTS: usize = 24;

/// How an endpoint's time counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attribution {
    pub(crate) time: Time,
    /// The app was to be connected to it.
    pub(crate) active: bool,
}

/// Whether it could be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Time {
    Up,
    Down,
    /// Nobody knows; or it was in announced maintenance, or our own network was down. Counts for
    /// nothing.
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

/// The last slots of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// Oldest first.
    slots: Vec<Slot>,
    /// When the last slot began.
    began: Timestamp,
    attribution: Attribution,
    accounted: Timestamp,
}

impl History {
    pub(crate) const fn new(now: Timestamp) -> Self {
        Self {
            slots: Vec::new(),
            began: now,
            attribution: Attribution { time: Time::Unknown, active: false },
            accounted: now,
        }
    }

    pub(crate) const fn attribution(&self) -> Attribution {
        self.attribution
    }

    /// A check has ended.
    pub(crate) fn check(
        &mut self,
        failure: Option<FailureKind>,
        latency: Millis,
        length: Millis,
        now: Timestamp,
    ) {
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

    /// Changes how elapsed time is attributed from now on.
    pub(crate) fn turn(&mut self, attribution: Attribution, length: Millis, now: Timestamp) {
        self.account(length, now);
        self.attribution = attribution;
    }

    /// Adds the time that has passed to the slots that it fell in, which together are `length`
    /// long.
    pub(crate) fn account(&mut self, length: Millis, now: Timestamp) {
        let slot_length = length.scaled(1, SLOTS as u32);
        if slot_length == Millis::ZERO {
            return;
        }
        if self.slots.is_empty() || now - self.accounted >= length {
            // Of a time so long only the end is remembered.
            self.slots.clear();
            self.begin_slot();
            self.accounted = self.accounted.max(Timestamp::from_millis(
                now.as_millis().saturating_sub(slot_length.get().into()),
            ));
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
            slot.grow(self.attribution.time.counted_as(), passed);
            slot.grow(Sum::Active, if self.attribution.active { passed } else { 0 });
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
    pub(crate) fn save(&self, mut bytes: usize) -> Vec<Vec<i64>> {
        let mut saved = Vec::new();
        for slot in self.slots.iter().rev() {
            let packed = slot.packed();
            let mut size = 2;
            for number in &packed {
                size += number.to_string().len() + 1;
            }
            let Some(left) = bytes.checked_sub(size) else { break };
            bytes = left;
            saved.push(packed);
        }
        saved
    }

    /// What [`History::save`] gave, from `gap` ago.
    pub(crate) fn restore(&mut self, saved: &[Value], gap: Millis, length: Millis, now: Timestamp) {
        if gap >= length {
            return;
        }
        self.slots.clear();
        for slot in saved.iter().take(SLOTS) {
            self.slots.insert(0, Slot::unpacked(slot));
        }
        // The gap is made of whole slots: a clock that has just started knows no time before.
        let slot_length = length.scaled(1, SLOTS as u32).get().max(1);
        for _ in 0..(gap.get() / slot_length).min(SLOTS as u32) {
            if self.slots.len() == SLOTS {
                self.slots.remove(0);
            }
            self.begin_slot();
        }
        (self.began, self.accounted) = (now, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::writer::Write;

    const DAY: Millis = Millis::from_secs(86_400);

    fn hour(hour: u64) -> Timestamp {
        Timestamp::from_millis(hour * 3_600_000)
    }

    fn attribution(time: Time) -> Attribution {
        Attribution { time, active: true }
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
        history.turn(attribution(Time::Up), DAY, hour(0));
        history.turn(attribution(Time::Down), DAY, hour(6));
        history.turn(attribution(Time::Up), DAY, hour(8));
        history.account(DAY, hour(10));
        let day = sum(history.within(DAY, DAY));
        assert_eq!(
            [Sum::Up, Sum::Down, Sum::Unknown, Sum::Active].map(|sum| day[sum]),
            [8, 2, 0, 10].map(|hours| hours * 3_600_000)
        );
        let recent = sum(history.within(Millis::from_secs(3 * 3_600), DAY));
        assert_eq!(
            [Sum::Up, Sum::Down].map(|sum| recent[sum]),
            [2, 1].map(|hours| hours * 3_600_000)
        );
        history.account(DAY, hour(31));
        assert_eq!(
            sum(history.within(DAY, DAY))[Sum::Down],
            3_600_000,
            "the hour from 7 to 8 is still remembered"
        );
        assert_eq!(history.slots.len(), SLOTS);
        history.account(DAY, hour(1_000));
        assert_eq!(
            sum(history.within(DAY, DAY))[Sum::Up],
            3_600_000,
            "after a long sleep only the end is"
        );
    }

    #[test]
    fn what_is_saved_comes_back_and_is_small() {
        let mut history = History::new(hour(0));
        for minute in 0..60 * 24 {
            let now = Timestamp::from_millis(minute * 60_000);
            let failure = (minute % 13 == 0).then_some(FailureKind::Timeout);
            history.check(failure, Millis::new(20 + (minute % 400) as u32), DAY, now);
        }
        let saved = history.save(3_000).write();
        let slots = saved.items();
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
        for nonsense in [
            Value::Null,
            Value::List(vec![
                Value::Number(i64::MIN),
                Value::Number(i64::MAX),
                Value::Text("x".into()),
            ]),
        ] {
            Slot::unpacked(&nonsense);
        }
        Slot::unpacked(&Value::List(vec![Value::Number(-100); 1_000]));
        let mut history = History::new(hour(0));
        history.restore(
            &[Value::List(vec![Value::Number(u32::MAX.into()); 100])],
            Millis::ZERO,
            DAY,
            hour(0),
        );
        history.account(DAY, hour(2));
        assert_eq!(
            sum(history.within(DAY, DAY))[Sum::Unknown],
            u32::MAX,
            "full, and no more than that"
        );
    }
}
