//! What waits for a connection: messages in their order, no more than may be kept.

use crate::base::keyword::keywords;
use std::collections::VecDeque;

keywords! {
    /// What becomes of a message that there is no room for.
    pub enum WhenFull {
        /// It is lost.
        DropNewest = "dropNewest",
        /// What has waited longest makes room.
        DropOldest = "dropOldest",
        /// Sending it is an error.
        Refuse = "throw",
    }
}

/// How much may wait for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct QueueLimits {
    /// How many messages; any number if it is left out.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub messages: Option<u32>,
    /// How many bytes; 16 MiB if it is left out.
    #[cfg_attr(feature = "uniffi", uniffi(default = 16_777_216))]
    pub bytes: u32,
    /// What becomes of a message that there is no room for; it is lost (`dropNewest`) if it is left
    /// out.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub when_full: Option<WhenFull>,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { messages: None, bytes: 16 * 1024 * 1024, when_full: None }
    }
}

/// What became of a message that was to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It waits, and so many of those that have waited longest are lost for it.
    Queued {
        /// How many.
        dropped: u32,
    },
    /// There was no room: it is lost.
    Dropped,
    /// There was no room, and sending it is an error.
    Refused,
}

/// The sizes of the messages that wait for a connection. The shell keeps the messages in the same
/// order.
///
/// ```
/// use steadfast::socket::{Offer, Outbox, QueueLimits};
/// let mut outbox = Outbox::new(QueueLimits { messages: Some(1), ..QueueLimits::default() });
/// assert_eq!(outbox.offer(5), Offer::Queued { dropped: 0 });
/// assert_eq!(outbox.offer(7), Offer::Dropped);
/// outbox.take();
/// assert_eq!((outbox.len(), outbox.bytes()), (0, 0));
/// ```
#[derive(Debug)]
pub struct Outbox {
    limits: QueueLimits,
    waiting: VecDeque<u32>,
    bytes: u64,
}

impl Outbox {
    /// An empty one.
    pub const fn new(limits: QueueLimits) -> Self {
        Self { limits, waiting: VecDeque::new(), bytes: 0 }
    }

    /// A message of so many bytes is to wait.
    pub fn offer(&mut self, bytes: u32) -> Offer {
        let mut dropped = 0;
        if !self.fits(bytes) {
            match self.limits.when_full.unwrap_or(WhenFull::DropNewest) {
                WhenFull::Refuse => return Offer::Refused,
                WhenFull::DropOldest if self.would_fit(bytes) => {
                    while !self.fits(bytes) {
                        self.take();
                        dropped += 1;
                    }
                }
                // For one that has no room in an empty queue either, nothing else is given up.
                WhenFull::DropOldest | WhenFull::DropNewest => return Offer::Dropped,
            }
        }
        self.insert(bytes);
        Offer::Queued { dropped }
    }

    /// A message of so many bytes waits, whatever the limits: it is on its way to an open connection.
    pub fn insert(&mut self, bytes: u32) {
        self.waiting.push_back(bytes);
        self.bytes += u64::from(bytes);
    }

    /// The message that has waited longest waits no more: it was handed over, or given back.
    pub fn take(&mut self) {
        self.bytes -= u64::from(self.waiting.pop_front().unwrap_or(0));
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many bytes wait.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    fn fits(&self, bytes: u32) -> bool {
        let room = |most| self.waiting.len() < most as usize;
        self.limits.messages.is_none_or(room)
            && self.bytes + u64::from(bytes) <= u64::from(self.limits.bytes)
    }

    /// Whether it would have room in an empty queue.
    fn would_fit(&self, bytes: u32) -> bool {
        self.limits.messages != Some(0) && bytes <= self.limits.bytes
    }
}

#[cfg(test)]
#[cfg(feature = "json")]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// An outbox, and the numbers of the messages that wait in it.
    struct Kept {
        outbox: Outbox,
        numbers: VecDeque<usize>,
        next: usize,
    }

    impl Kept {
        fn hand_over(&mut self, most: usize) -> Vec<usize> {
            let count = most.min(self.numbers.len());
            (0..count).for_each(|_| self.outbox.take());
            self.numbers.drain(..count).collect()
        }

        fn add(&mut self, bytes: u32) -> Value {
            let number = self.next;
            self.next += 1;
            match self.outbox.offer(bytes) {
                Offer::Queued { dropped } => {
                    self.numbers.push_back(number);
                    json!({ "dropped": self.numbers.drain(..dropped as usize).collect::<Vec<_>>() })
                }
                Offer::Dropped => json!({ "dropped": [number] }),
                Offer::Refused => json!({ "refused": true }),
            }
        }

        fn step(&mut self, step: &Value) -> Value {
            let number = |name: &str| step[name].as_u64().unwrap();
            let mut done = match step["do"].as_str().unwrap() {
                "add" => self.add(u32::try_from(number("bytes")).unwrap()),
                "flush" => json!({ "handed": self.hand_over(number("takes") as usize) }),
                "drain" => json!({ "handed": self.hand_over(usize::MAX) }),
                other => panic!("{other}"),
            };
            assert_eq!(self.outbox.len(), self.numbers.len());
            done["messages"] = json!(self.outbox.len());
            done["bytes"] = json!(self.outbox.bytes());
            done
        }
    }

    #[test]
    fn it_does_what_the_vectors_of_all_languages_say() {
        let vectors = include_str!("../../../../../tests/vectors/queue.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        for case in vectors["cases"].as_array().unwrap() {
            let limit = |name: &str| case["limits"][name].as_u64().map(|most| most as u32);
            let limits = QueueLimits {
                messages: limit("messages"),
                bytes: limit("bytes").unwrap_or(QueueLimits::default().bytes),
                when_full: case["limits"]["whenFull"].as_str().and_then(WhenFull::from_word),
            };
            let mut kept = Kept { outbox: Outbox::new(limits), numbers: VecDeque::new(), next: 0 };
            let steps = case["steps"].as_array().unwrap();
            for (step, expected) in steps.iter().zip(case["expect"].as_array().unwrap()) {
                let done = kept.step(step);
                for name in ["dropped", "refused", "handed", "messages", "bytes"] {
                    let expected = match (&expected[name], name) {
                        (Value::Null, "dropped" | "handed") if !done[name].is_null() => &json!([]),
                        (expected, _) => expected,
                    };
                    assert_eq!(done[name], *expected, "{}: {name} after {step}", case["name"]);
                }
            }
        }
    }
}
