//! What arrives on a connection: it is the app's, in its turn.

use super::end::LegEnd;
use super::face::{Before, Face};
use super::handshake::Stream;
use super::inbox::{MAX_MESSAGES, Slot};
use super::signs::{REPORT_EVERY, Signs};
use crate::Message;
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use steadfast::socket::drain_limit;
use steadfast::{ConnectionId, Health, Input};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_tungstenite::tungstenite::Message as Frame;

/// The reading end of a connection. Each wait of it can be given up and begun anew.
pub(super) struct Reading {
    slot: Slot,
    turn: Turn,
    /// What has arrived and has not been delivered.
    arrived: VecDeque<Message>,
    alive: Alive,
}

/// Whether what arrives can be delivered.
enum Turn {
    /// Another connection carries the socket still.
    Waiting(oneshot::Receiver<Option<Before>>),
    /// Another one delivers first what it was sent, until then at the latest.
    After(Before, Option<Instant>),
    /// It can.
    Mine,
    /// It never will: it was let go of.
    Never,
}

/// Reports that a connection is alive.
struct Alive {
    face: Arc<Face>,
    id: ConnectionId,
    signs: Signs,
}

impl Reading {
    pub(super) fn new(
        face: Arc<Face>,
        id: ConnectionId,
        slot: Slot,
        turn: oneshot::Receiver<Option<Before>>,
        signs: Signs,
    ) -> Self {
        let alive = Alive { face, id, signs };
        Self { slot, turn: Turn::Waiting(turn), arrived: VecDeque::new(), alive }
    }

    /// These have arrived before all else.
    pub(super) fn begin_with(&mut self, messages: Vec<Message>) {
        self.arrived.extend(messages);
    }

    /// Delivers what arrives until the connection ends, and says how.
    pub(super) async fn until_end(&mut self, incoming: &mut SplitStream<Stream>) -> LegEnd {
        loop {
            let is_mine = matches!(self.turn, Turn::Mine);
            let frame = if self.arrived.is_empty() {
                incoming.next().await
            } else if is_mine || self.arrived.len() >= MAX_MESSAGES {
                self.deliver().await;
                continue;
            } else {
                // Until its turn has come, it has to be seen whether the connection lasts.
                tokio::select! {
                    () = self.deliver() => continue,
                    frame = incoming.next() => frame,
                }
            };
            match frame {
                Some(Ok(Frame::Close(close))) => return LegEnd::closed(close),
                Some(Ok(frame)) => self.take(frame),
                Some(Err(error)) => return error.into(),
                None => return LegEnd::broken(),
            }
        }
    }

    /// Delivers what has arrived over a connection that has ended, if it has come to carry the socket.
    pub(super) async fn deliver_rest(&mut self) {
        if let Turn::Waiting(turn) = &mut self.turn {
            let Ok(before) = turn.try_recv() else { return };
            self.turn = Turn::after(before);
        }
        if !matches!(self.turn, Turn::Never) {
            self.deliver().await;
        }
    }

    fn take(&mut self, frame: Frame) {
        self.alive.report();
        let Some(message) = Message::of(frame) else { return };
        match &self.alive.face.options.is_answer {
            Some(is_answer) if is_answer(&message) => self.alive.signs.answered(),
            Some(_) => self.arrived.push_back(message),
            None => {
                self.alive.signs.answered();
                self.arrived.push_back(message);
            }
        }
    }

    /// Delivers what has arrived. While the app takes nothing, the connection counts as alive: it is
    /// the app that is slow.
    async fn deliver(&mut self) {
        let Self { slot, turn, arrived, alive } = self;
        if arrived.is_empty() {
            return;
        }
        let face = alive.face.clone();
        let delivering = async {
            turn.wait(&face).await;
            while let Some(message) = arrived.front() {
                let room = slot.room(message).await;
                if let (Some(room), Some(message)) = (room, arrived.pop_front()) {
                    room.put(message);
                }
            }
        };
        let ticking = async {
            loop {
                sleep(REPORT_EVERY).await;
                alive.report();
                alive.signs.answered();
            }
        };
        tokio::select! {
            () = delivering => {}
            () = ticking => {}
        }
    }
}

impl Turn {
    fn after(before: Option<Before>) -> Self {
        before.map_or(Self::Mine, |before| Self::After(before, None))
    }

    async fn wait(&mut self, face: &Face) {
        if let Self::Waiting(turn) = self {
            match turn.await {
                Ok(before) => *self = Self::after(before),
                Err(_) => *self = Self::Never,
            }
        }
        if matches!(self, Self::Never) {
            std::future::pending::<()>().await;
        }
        if let Self::After(before, until) = self {
            let snapshot = face.link.snapshot();
            let state = snapshot.endpoints.iter().find(|state| state.name == before.endpoint);
            let health = state.map_or(Health::Unknown, |state| state.health);
            let limit = drain_limit(health, before.signs.silent_for().map(Into::into));
            // This may be given up and begun anew.
            let until = *until.get_or_insert_with(|| Instant::now() + Duration::from(limit));
            if timeout_at(until, &mut before.done).await.is_err() {
                before.cut.notify_one();
                // It ends at once, unless it has ended meanwhile.
                let _ = (&mut before.done).await;
            }
            *self = Self::Mine;
        }
    }
}

impl Alive {
    fn report(&self) {
        if self.signs.heard() {
            self.face.link.send(Input::ConnectionActive { id: self.id });
        }
    }
}
