//! The engine's hands for an app with sockets.

use super::event::Farewell;
use super::face::Face;
use super::leg;
use crate::NativeTransport;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steadfast::{
    ConnectionId, DisconnectReason, Endpoint, Event, Host, Millis, Outcome, SocketId, Timestamp,
    Transport,
};

/// The sockets that the app holds.
#[derive(Default)]
pub(super) struct Book(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    faces: HashMap<SocketId, Arc<Face>>,
    last: u32,
    ended: bool,
}

impl Book {
    fn lock(&self) -> MutexGuard<'_, Entries> {
        let Self(entries) = self;
        entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_id(&self) -> SocketId {
        let mut entries = self.lock();
        entries.last += 1;
        SocketId(entries.last)
    }

    /// Holds a socket; false once the engine has stopped.
    pub(super) fn hold(&self, face: &Arc<Face>) -> bool {
        let mut entries = self.lock();
        if !entries.ended {
            entries.faces.insert(face.id, face.clone());
        }
        !entries.ended
    }

    pub(super) fn forget(&self, id: SocketId) {
        self.lock().faces.remove(&id);
    }

    /// How many are held.
    pub(super) fn len(&self) -> usize {
        self.lock().faces.len()
    }

    fn faces(&self) -> Vec<Arc<Face>> {
        self.lock().faces.values().cloned().collect()
    }

    /// The engine has stopped, and every socket with it.
    fn end(&self) {
        let faces = {
            let mut entries = self.lock();
            entries.ended = true;
            std::mem::take(&mut entries.faces)
        };
        for face in faces.into_values() {
            face.close(&Farewell::default());
        }
    }
}

/// The engine's hands for an app with sockets.
pub(super) struct Holding {
    pub(super) transport: NativeTransport,
    pub(super) book: Arc<Book>,
}

impl Transport for Holding {
    fn now(&self) -> Timestamp {
        self.transport.now()
    }

    async fn check(&self, endpoint: Arc<Endpoint>, timeout: Millis) -> Outcome {
        self.transport.check(endpoint, timeout).await
    }

    async fn sleep_until(&self, at: Timestamp) {
        self.transport.sleep_until(at).await;
    }
}

impl Host for Holding {
    fn connect(&self, id: ConnectionId, socket: SocketId, endpoint: Arc<Endpoint>) {
        // The app may have closed it since.
        let face = self.book.lock().faces.get(&socket).cloned();
        if let Some(face) = face {
            leg::open(&face, id, endpoint);
        }
    }

    fn promote(&self, id: ConnectionId) {
        self.book.faces().iter().for_each(|face| face.promote(id));
    }

    fn disconnect(&self, id: ConnectionId, reason: DisconnectReason) {
        self.book.faces().iter().for_each(|face| face.release(id, reason));
    }

    fn persist(&self) {
        self.transport.persist();
    }

    fn emit(&self, at: Timestamp, event: Event) {
        if matches!(event, Event::Stopped) {
            self.book.end();
        }
        self.transport.emit(at, event);
    }
}

/// A driver that is dropped, as with its runtime, ends the sockets too.
impl Drop for Holding {
    fn drop(&mut self) {
        self.book.end();
    }
}
