//! Messages that have arrived and wait for the app. Who reads the socket never waits for the app:
//! a socket that nobody reads would look dead.

use crate::connection::Message;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Maximum number of messages that wait; when exceeded, the oldest is dropped.
const MAX_MESSAGES: usize = 1_024;
/// Maximum number of their bytes together; when exceeded, the oldest is dropped, unless it is the
/// only one.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Where messages are put. The last copy to go ends the [`Inbox`].
#[derive(Clone, Debug)]
pub(crate) struct Slot(Arc<Ending>);

/// Where the app takes them from.
#[derive(Debug)]
pub(crate) struct Inbox(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    kept: Mutex<Kept>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Kept {
    messages: VecDeque<Message>,
    bytes: usize,
    dropped: u64,
    ended: bool,
}

#[derive(Debug)]
struct Ending(Arc<Shared>);

/// An inbox and the slot of it.
pub(crate) fn inbox() -> (Slot, Inbox) {
    let shared = Arc::<Shared>::default();
    (Slot(Arc::new(Ending(shared.clone()))), Inbox(shared))
}

impl Slot {
    pub(crate) fn put(&self, message: Message) {
        let Self(ending) = self;
        ending.0.lock().put(message);
        ending.0.changed.notify_one();
    }
}

impl Inbox {
    /// The oldest message, once there is one; `None` once no other can come.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        loop {
            {
                let mut kept = self.0.lock();
                if let Some(message) = kept.take() {
                    return Some(message);
                }
                if kept.ended {
                    return None;
                }
            }
            // One that comes in between leaves a permit.
            self.0.changed.notified().await;
        }
    }

    /// How many messages were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.lock().dropped
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn put(&mut self, message: Message) {
        self.bytes += message.len();
        self.messages.push_back(message);
        while self.messages.len() > MAX_MESSAGES
            || (self.bytes > MAX_BYTES && self.messages.len() > 1)
        {
            self.take();
            self.dropped += 1;
        }
    }

    fn take(&mut self) -> Option<Message> {
        let message = self.messages.pop_front()?;
        self.bytes -= message.len();
        Some(message)
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Inbox {
        /// Numbers of messages and of bytes.
        fn size(&self) -> (usize, usize) {
            let kept = self.0.lock();
            (kept.messages.len(), kept.bytes)
        }
    }

    fn bytes(count: usize) -> Message {
        Message::Binary(vec![0; count])
    }

    #[tokio::test]
    async fn what_nobody_takes_is_bounded_in_number_and_in_bytes() {
        let (slot, mut inbox) = inbox();
        (0..MAX_MESSAGES + 10).for_each(|size| slot.put(bytes(size)));
        assert_eq!(inbox.size(), (MAX_MESSAGES, (10..MAX_MESSAGES + 10).sum()));
        assert_eq!(inbox.dropped(), 10);
        assert_eq!(inbox.next().await, Some(bytes(10)), "the oldest are dropped");
        (0..5).for_each(|_| slot.put(bytes(MAX_BYTES / 4)));
        assert_eq!(inbox.size(), (4, MAX_BYTES));
        slot.put(bytes(MAX_BYTES + 1));
        assert_eq!(inbox.next().await, Some(bytes(MAX_BYTES + 1)), "one message is always kept");
        assert_eq!(inbox.size(), (0, 0));
    }

    #[tokio::test]
    async fn it_ends_with_its_last_slot_after_what_has_arrived() {
        let (slot, mut inbox) = inbox();
        let other = slot.clone();
        let reader = tokio::spawn(async move {
            let mut sizes = Vec::new();
            while let Some(message) = inbox.next().await {
                sizes.push(message.len());
            }
            sizes
        });
        tokio::task::yield_now().await;
        slot.put(bytes(1));
        drop(slot);
        other.put(bytes(2));
        drop(other);
        assert_eq!(reader.await.expect("no panic"), [1, 2]);
    }
}
