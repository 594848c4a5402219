//! Messages that have arrived and wait for the app. Whoever brings one more than may wait waits as
//! well, and with it, over TCP, the server.

use crate::Message;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// How many messages wait.
pub(super) const MAX_MESSAGES: usize = 256;
/// How many bytes they have together; one message is always taken.
const MAX_BYTES: u32 = 16 * 1024 * 1024;

type Kept = (Message, OwnedSemaphorePermit);

/// Where messages are put. The last copy to go ends the [`Inbox`].
#[derive(Clone, Debug)]
pub(super) struct Slot {
    kept: mpsc::Sender<Kept>,
    room: Arc<Semaphore>,
}

/// Where the app takes them from.
#[derive(Debug)]
pub(super) struct Inbox(mpsc::Receiver<Kept>);

/// An inbox and the slot of it.
pub(super) fn inbox() -> (Slot, Inbox) {
    let (kept, messages) = mpsc::channel(MAX_MESSAGES);
    (Slot { kept, room: Arc::new(Semaphore::new(MAX_BYTES as usize)) }, Inbox(messages))
}

/// Room for one message.
pub(super) struct Room<'a> {
    place: mpsc::Permit<'a, Kept>,
    bytes: OwnedSemaphorePermit,
}

impl Slot {
    /// Waits until there is room for this message; `None` if nobody wants it any more.
    pub(super) async fn room(&self, message: &Message) -> Option<Room<'_>> {
        let bytes = self.room.clone().acquire_many_owned(message.size().min(MAX_BYTES));
        let bytes = bytes.await.ok()?;
        let place = self.kept.reserve().await.ok()?;
        Some(Room { place, bytes })
    }
}

impl Room<'_> {
    pub(super) fn put(self, message: Message) {
        self.place.send((message, self.bytes));
    }
}

impl Inbox {
    /// The oldest message, once there is one; `None` once no other can come.
    pub(super) async fn next(&mut self) -> Option<Message> {
        let Self(messages) = self;
        messages.recv().await.map(|(message, _)| message)
    }

    pub(super) fn poll_next(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Message>> {
        let Self(messages) = self;
        messages.poll_recv(cx).map(|kept| kept.map(|(message, _)| message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    fn bytes(count: usize) -> Message {
        Message::Binary(vec![0; count])
    }

    async fn is_put(slot: &Slot, count: usize) -> bool {
        let message = bytes(count);
        let Ok(room) = timeout(Duration::from_millis(20), slot.room(&message)).await else {
            return false;
        };
        room.expect("somebody wants it").put(message);
        true
    }

    #[tokio::test]
    async fn who_brings_more_than_may_wait_waits() {
        let (slot, mut inbox) = inbox();
        for size in 0..MAX_MESSAGES {
            assert!(is_put(&slot, size).await);
        }
        assert!(!is_put(&slot, 1).await, "in number");
        for size in 0..MAX_MESSAGES {
            assert_eq!(inbox.next().await, Some(bytes(size)), "in order");
        }
        let most = MAX_BYTES as usize;
        assert!(is_put(&slot, most + 1).await, "one is always taken");
        assert!(!is_put(&slot, 1).await, "in bytes");
        assert_eq!(inbox.next().await, Some(bytes(most + 1)));
        assert!(is_put(&slot, 1).await);
    }

    #[tokio::test]
    async fn it_ends_with_its_last_slot_after_what_has_arrived() {
        let (slot, mut inbox) = inbox();
        let other = slot.clone();
        assert!(is_put(&slot, 1).await);
        drop(slot);
        assert!(is_put(&other, 2).await);
        drop(other);
        assert_eq!(inbox.next().await, Some(bytes(1)));
        assert_eq!(inbox.next().await, Some(bytes(2)));
        assert_eq!(inbox.next().await, None);
    }
}
