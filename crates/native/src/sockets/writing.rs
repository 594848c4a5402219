//! What is sent over a connection: what the app sends, in its order, and pings.

use super::event::Farewell;
use super::face::Face;
use super::handshake::Stream;
use super::signs::{Seen, Signs};
use crate::Message;
use futures_util::stream::SplitSink;
use futures_util::{Sink as _, SinkExt};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};
use steadfast::socket::{PingStep, Pinger};
use steadfast::{ConnectionId, Input, Timestamp};
use tokio::time::{Instant as Moment, sleep_until};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

/// What may be handed to a connection before it is seen that it has left.
const MOST_UNSEEN: usize = 64 * 1024;

/// The writing end of a connection that carries a socket.
pub(super) struct Writing<'a> {
    face: &'a Face,
    id: ConnectionId,
    sink: &'a mut SplitSink<Stream, Frame>,
    /// How many bytes were handed over since all had left.
    unseen: usize,
}

impl<'a> Writing<'a> {
    pub(super) const fn new(
        face: &'a Face,
        id: ConnectionId,
        sink: &'a mut SplitSink<Stream, Frame>,
    ) -> Self {
        Self { face, id, sink, unseen: 0 }
    }

    /// Sends what the app sends for as long as the connection carries the socket.
    pub(super) async fn write(&mut self, signs: Signs) {
        let (face, id) = (self.face, self.id);
        let mut pings = Pings::new(face, signs.clone());
        loop {
            let message = tokio::select! {
                message = self.next() => message,
                ping = pings.next(face, id) => Ok(Some(ping)),
            };
            // Told before the message leaves: the engine hears of it before it hears of an answer.
            if signs.sent() {
                face.link.send(Input::ConnectionSent { id });
            }
            let sent = match message {
                Ok(Some(message)) => pings.beside(face, id, self.send(message)).await,
                Ok(None) => return,
                Err(error) => Err(error),
            };
            if sent.is_err() {
                // The reader reports why.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Sends what was accepted before the socket was closed.
    pub(super) async fn send_rest(&mut self) {
        while let Ok(Some(message)) = self.next().await {
            if self.send(message).await.is_err() {
                return;
            }
        }
    }

    /// Says that it closes.
    pub(super) async fn close(&mut self, farewell: Farewell) -> Result<(), Error> {
        let code = CloseCode::from(farewell.code);
        let close = CloseFrame { code, reason: farewell.reason.into() };
        self.sink.send(Frame::Close(Some(close))).await
    }

    /// The next message, once the connection has room for it: one that waits is not lost if the
    /// socket moves meanwhile. This can be given up and begun anew.
    async fn next(&mut self) -> Result<Option<Message>, Error> {
        if self.unseen > MOST_UNSEEN {
            self.sink.flush().await?;
            self.unseen = 0;
        }
        poll_fn(|cx| Pin::new(&mut *self.sink).poll_ready(cx)).await?;
        Ok(self.face.next_to_send(self.id).await)
    }

    /// Messages that follow each other closely go out together.
    async fn send(&mut self, message: Message) -> Result<(), Error> {
        self.unseen += message.len();
        self.sink.feed(message.into()).await?;
        if self.face.is_idle() {
            self.sink.flush().await?;
            self.unseen = 0;
        }
        Ok(())
    }
}

/// When pings are sent.
struct Pings {
    pinger: Option<Pinger>,
    began: Instant,
    signs: Signs,
    next_step: Instant,
    /// One that is due, and waits until what is being sent has left.
    owed: Option<Message>,
    /// The last one is on its way still.
    is_leaving: bool,
    /// When it had left.
    left: Instant,
}

impl Pings {
    fn new(face: &Face, signs: Signs) -> Self {
        let pinger = face.options.ping.as_ref().map(|(ping, _)| Pinger::new(*ping));
        let now = Instant::now();
        Self { pinger, began: now, signs, next_step: now, owed: None, is_leaving: false, left: now }
    }

    /// Sends something. A ping that is due meanwhile is sent after it, and its time begins when it has
    /// left.
    async fn beside<T>(
        &mut self,
        face: &Face,
        id: ConnectionId,
        sending: impl Future<Output = T>,
    ) -> T {
        let mut sending = pin!(sending);
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => {
                    if self.is_leaving && self.owed.is_none() {
                        (self.is_leaving, self.left) = (false, Instant::now());
                    }
                    return sent;
                }
                ping = self.due(face, id) => self.owed = Some(ping),
            }
        }
    }

    /// The next ping, once it can be sent. This can be given up and begun anew.
    async fn next(&mut self, face: &Face, id: ConnectionId) -> Message {
        match self.owed.take() {
            Some(ping) => ping,
            None => self.due(face, id).await,
        }
    }

    /// The next ping, once it is due. This can be given up and begun anew.
    async fn due(&mut self, face: &Face, id: ConnectionId) -> Message {
        let began = self.began;
        let stamp = |at: Instant| {
            let since = at.saturating_duration_since(began);
            Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
        };
        loop {
            let (Some(pinger), Some((_, message))) = (&mut self.pinger, &face.options.ping) else {
                return std::future::pending().await;
            };
            sleep_until(Moment::from_std(self.next_step)).await;
            let Seen { heard, answered, left, .. } = self.signs.seen();
            let left = if self.is_leaving { left } else { self.left };
            let now = Instant::now();
            match pinger.step(stamp(now), stamp(heard), stamp(answered), stamp(left)) {
                PingStep::Wait { time } => self.next_step = now + Duration::from(time),
                PingStep::Ask { time } => {
                    self.next_step = now + Duration::from(time);
                    self.is_leaving = true;
                    return message();
                }
                PingStep::Silent => face.link.send(Input::ConnectionSilent { id }),
            }
        }
    }
}
