//! How a socket is held.

use super::candidate::Candidate;
use crate::Message;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use steadfast::socket::{Ping, QueueLimits, STOP_CODES};

/// What an app's own function failed with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

type Promise<T> = Pin<Box<dyn Future<Output = Result<T, BoxError>> + Send>>;
type Provider = Arc<dyn Fn() -> Promise<Handshake> + Send + Sync>;
type Hook = Arc<dyn Fn(Candidate) -> Promise<()> + Send + Sync>;
type Matcher = Arc<dyn Fn(&Message) -> bool + Send + Sync>;
type PingMessage = Arc<dyn Fn() -> Message + Send + Sync>;

/// What a connection is opened with.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Handshake {
    /// Where it leads at the endpoint, relative to its `connect` URL; empty, as the socket was made.
    pub path: String,
    /// The subprotocols that are offered; if there are none, as the socket was made.
    pub protocols: Vec<String>,
    /// Further headers, such as `authorization`.
    pub headers: Vec<(String, String)>,
}

impl Handshake {
    /// This one, with what is left empty from another one.
    pub(super) fn or(mut self, other: &Self) -> Self {
        if self.path.is_empty() {
            self.path.clone_from(&other.path);
        }
        if self.protocols.is_empty() {
            self.protocols.clone_from(&other.protocols);
        }
        self
    }
}

// Tokens may be in each of them, in a subprotocol as well: browsers can send no header.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").finish_non_exhaustive()
    }
}

/// How a socket is held.
///
/// ```
/// use steadfast::socket::{Ping, QueueLimits};
/// use steadfast::Millis;
/// use steadfast_native::{Handshake, SocketOptions};
/// # async fn token() -> Result<String, std::io::Error> { Ok(String::new()) }
/// let options = SocketOptions::new()
///     .queue(QueueLimits { messages: Some(100), ..QueueLimits::default() })
///     .ping(Ping { every: Millis::from_secs(20), within: Millis::from_secs(2) }, || "ping".into())
///     .handshake(|| async {
///         let headers = vec![("authorization".into(), format!("Bearer {}", token().await?))];
///         Ok(Handshake { path: "/chat".into(), headers, ..Handshake::default() })
///     });
/// ```
#[derive(Clone)]
pub struct SocketOptions {
    pub(super) queue: QueueLimits,
    pub(super) stop_codes: Vec<u16>,
    pub(super) fixed: Handshake,
    pub(super) provider: Option<Provider>,
    pub(super) hook: Option<Hook>,
    pub(super) ping: Option<(Ping, PingMessage)>,
    pub(super) is_answer: Option<Matcher>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            queue: QueueLimits::default(),
            stop_codes: STOP_CODES.to_vec(),
            fixed: Handshake::default(),
            provider: None,
            hook: None,
            ping: None,
            is_answer: None,
        }
    }
}

impl SocketOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How much may wait for a connection; by default any number of messages and 16 MiB.
    #[must_use]
    pub fn queue(mut self, limits: QueueLimits) -> Self {
        self.queue = limits;
        self
    }

    /// Close codes that end the socket, for another attempt would meet the same; by default 4401
    /// and 4403. An upgrade that is answered with 401 or 403 always does.
    #[must_use]
    pub fn stop_codes(mut self, codes: Vec<u16>) -> Self {
        self.stop_codes = codes;
        self
    }

    /// The subprotocols that are offered; by default none.
    #[must_use]
    pub fn protocols(mut self, protocols: Vec<String>) -> Self {
        self.fixed.protocols = protocols;
        self
    }

    /// Asks `provide` for path, subprotocols and headers anew for each connection, as for a token
    /// that expires. If it fails, or takes longer than the config's `connectTimeout`, no server is
    /// blamed, and it is asked again later.
    #[must_use]
    pub fn handshake<F, P>(mut self, provide: P) -> Self
    where
        F: Future<Output = Result<Handshake, BoxError>> + Send + 'static,
        P: Fn() -> F + Send + Sync + 'static,
    {
        self.provider = Some(Arc::new(move || Box::pin(provide())));
        self
    }

    /// Sends `message` when nothing has arrived for a while, and takes the connection for dead if
    /// nothing follows. By default it is not asked.
    #[must_use]
    pub fn ping(
        mut self,
        ping: Ping,
        message: impl Fn() -> Message + Send + Sync + 'static,
    ) -> Self {
        self.ping = Some((ping, Arc::new(message)));
        self
    }

    /// Recognises the answers to a ping: then nothing else is a sign of life, and they are not
    /// delivered to the app.
    #[must_use]
    pub fn ping_answer(
        mut self,
        is_answer: impl Fn(&Message) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.is_answer = Some(Arc::new(is_answer));
        self
    }

    /// Prepares a connection that is to take over from one that is open still, as by a
    /// subscription: the socket moves when `prepare` has returned. If it fails, or is not done
    /// within the config's `connectTimeout`, the socket stays where it is.
    #[must_use]
    pub fn on_migrate<F, P>(mut self, prepare: P) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
        P: Fn(Candidate) -> F + Send + Sync + 'static,
    {
        self.hook = Some(Arc::new(move |candidate| Box::pin(prepare(candidate))));
        self
    }
}

impl fmt::Debug for SocketOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketOptions")
            .field("queue", &self.queue)
            .field("stop_codes", &self.stop_codes)
            .finish_non_exhaustive()
    }
}
