//! What is sent over a connection: what the app sends, in its order, and pings.

use super::face::Face;
use super::leg::Stream;
use super::signs::{Seen, Signs};
use crate::Message;
use futures_util::stream::SplitSink;
use futures_util::{Sink as _, SinkExt};
use std::future::poll_fn;
use std::pin::Pin;
use std::time::{Duration, Instant};
use steadfast::socket::{PingStep, Pinger};
use steadfast::{ConnectionId, Input, Timestamp};
use tokio::time::{Instant as Moment, sleep_until};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

type Sink = SplitSink<Stream, Frame>;

/// Sends what the app sends for as long as the connection carries the socket.
pub(super) async fn write(sink: &mut Sink, face: &Face, id: ConnectionId, signs: Signs) {
    let mut pings = Pings::new(face, signs.clone());
    loop {
        let sent = tokio::select! {
            message = next(sink, face, id) => match message {
                Ok(Some(message)) => send(sink, face, message).await,
                Ok(None) => return,
                Err(error) => Err(error),
            },
            ping = pings.next(face, id) => sink.send(ping.into()).await,
        };
        if sent.is_err() {
            // The reader reports why.
            std::future::pending::<()>().await;
        }
        if signs.sent() {
            face.link.send(Input::ConnectionSent { id });
        }
    }
}

/// Sends what was accepted before the socket was closed.
pub(super) async fn send_rest(sink: &mut Sink, face: &Face, id: ConnectionId) {
    while let Ok(Some(message)) = next(sink, face, id).await {
        if send(sink, face, message).await.is_err() {
            return;
        }
    }
}

/// The next message, once the connection has room for it: one that waits is not lost if the socket
/// moves meanwhile.
async fn next(sink: &mut Sink, face: &Face, id: ConnectionId) -> Result<Option<Message>, Error> {
    poll_fn(|cx| Pin::new(&mut *sink).poll_ready(cx)).await?;
    Ok(face.next_to_send(id).await)
}

/// Messages that follow each other closely go out together.
async fn send(sink: &mut Sink, face: &Face, message: Message) -> Result<(), Error> {
    Pin::new(&mut *sink).start_send(message.into())?;
    if face.is_idle() { sink.flush().await } else { Ok(()) }
}

/// When pings are sent.
struct Pings {
    pinger: Option<Pinger>,
    began: Instant,
    signs: Signs,
    due: Instant,
}

impl Pings {
    fn new(face: &Face, signs: Signs) -> Self {
        let pinger = face.options.ping.as_ref().map(|(ping, _)| Pinger::new(*ping));
        Self { pinger, began: Instant::now(), signs, due: Instant::now() }
    }

    /// The next ping, once it is due. This can be given up and begun anew.
    async fn next(&mut self, face: &Face, id: ConnectionId) -> Message {
        let began = self.began;
        let stamp = |at: Instant| {
            let since = at.saturating_duration_since(began);
            Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
        };
        loop {
            let (Some(pinger), Some((_, message))) = (&mut self.pinger, &face.options.ping) else {
                return std::future::pending().await;
            };
            sleep_until(Moment::from_std(self.due)).await;
            let Seen { heard, answered, .. } = self.signs.seen();
            let now = Instant::now();
            match pinger.step(stamp(now), stamp(heard), stamp(answered), stamp(began)) {
                PingStep::Wait { time } => self.due = now + Duration::from(time),
                PingStep::Ask { time } => {
                    self.due = now + Duration::from(time);
                    return message();
                }
                PingStep::Silent => face.link.send(Input::ConnectionSilent { id }),
            }
        }
    }
}
