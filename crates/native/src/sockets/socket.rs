//! The socket that an app holds.

use super::Sockets;
use super::event::{CloseError, Farewell, SendError, Sent, SocketEvent, SocketState};
use super::face::Face;
use super::inbox::Inbox;
use crate::Message;
use futures_util::Stream;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use steadfast::{Command, Endpoint, Input, Link};
use tokio::sync::{broadcast, watch};

/// A WebSocket that survives its server: it follows the active endpoint, and moves by opening the
/// new connection before it closes the old one.
///
/// It is a [`Stream`] of the messages that arrive, over whichever connection, in their order. Of
/// those that the app does not take, at most 256 and 16 MiB are kept; then the server is held back,
/// and nobody is blamed for that.
///
/// Dropped, it is closed.
pub struct SteadfastSocket {
    sender: SocketSender,
    inbox: Inbox,
}

/// Sends over a [`SteadfastSocket`], from wherever it is needed.
#[derive(Clone)]
pub struct SocketSender {
    face: Arc<Face>,
    /// The engine runs for as long as anybody can send.
    sockets: Sockets,
}

impl SteadfastSocket {
    pub(super) fn new(face: Arc<Face>, sockets: Sockets, inbox: Inbox) -> Self {
        Self { sender: SocketSender { face, sockets }, inbox }
    }

    /// The next message; `None` once the socket is closed and everything has been taken.
    pub async fn next_message(&mut self) -> Option<Message> {
        self.inbox.next().await
    }

    /// What sends over this socket, for other tasks.
    pub fn sender(&self) -> SocketSender {
        self.sender.clone()
    }

    /// See [`SocketSender::send`].
    pub async fn send(&self, message: impl Into<Message>) -> Result<Sent, SendError> {
        self.sender.send(message).await
    }

    /// The link that it follows: the engine, to look at and to tell what the app knows.
    pub fn link(&self) -> &Link {
        &self.sender.face.link
    }

    /// The endpoint that messages go to, while there is one.
    pub fn endpoint(&self) -> Option<Arc<Endpoint>> {
        self.sender.face.endpoint()
    }

    /// How it is, to look at and to wait for.
    pub fn state(&self) -> watch::Receiver<SocketState> {
        self.sender.face.state.subscribe()
    }

    /// What happens to it from now on. A receiver that falls behind by more than 256 events misses
    /// the oldest.
    pub fn events(&self) -> broadcast::Receiver<SocketEvent> {
        self.sender.face.events.subscribe()
    }

    /// Replaces the connection by another one to the same endpoint, as when a heartbeat of the app's
    /// own goes unanswered.
    pub fn reconnect(&self) {
        let Face { id, link, .. } = &*self.sender.face;
        link.send(Input::Command(Command::Reconnect(Some(*id))));
    }

    /// Takes back what waits for a connection, or for its turn on the open one: oldest first, and none
    /// of it was sent.
    pub fn take_unsent(&self) -> Vec<Message> {
        self.sender.face.take_unsent()
    }

    /// Closes it for good. What an open connection was to send is sent first; returns what was
    /// accepted and not sent.
    pub async fn close(&self, code: u16, reason: &str) -> Result<Vec<Message>, CloseError> {
        let farewell = Farewell::new(code, reason)?;
        if let Some(done) = self.sender.face.close(&farewell) {
            // It is done when nobody holds the other end.
            let _ = done.await;
        }
        Ok(self.take_unsent())
    }
}

impl SocketSender {
    /// Sends a message: over the open connection, or when there is one again. Waits while that has
    /// others to send first.
    pub async fn send(&self, message: impl Into<Message>) -> Result<Sent, SendError> {
        self.face.send(message.into()).await
    }
}

impl Stream for SteadfastSocket {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        self.inbox.poll_next(cx)
    }
}

impl Drop for SteadfastSocket {
    fn drop(&mut self) {
        self.sender.face.close(&Farewell::default());
        self.sender.sockets.forget(self.sender.face.id);
    }
}

impl fmt::Debug for SteadfastSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SteadfastSocket")
            .field("state", &*self.sender.face.state.borrow())
            .field("endpoint", &self.endpoint().map(|endpoint| endpoint.name.clone()))
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SocketSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketSender").finish_non_exhaustive()
    }
}
