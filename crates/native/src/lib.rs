//! Runs the Steadfast engine on tokio: HTTP, HTTPS and TCP checks, with connections reused, TLS
//! verified and bodies bounded.
//!
//! ```no_run
//! # async fn example(config: steadfast::ValidConfig) -> Result<(), Box<dyn std::error::Error>> {
//! let link = steadfast_native::start(config, |_, event| println!("{event:?}"))?;
//! println!("connect to {}", link.active().connect);
//! link.stop();
//! # Ok(()) }
//! ```
//!
//! # Proxies
//!
//! HTTP and HTTPS checks go through the proxy that the environment names, as the requests of most
//! programs on a server do: `HTTP_PROXY`, `HTTPS_PROXY` and `ALL_PROXY`, in capital or small letters,
//! but for the hosts of `NO_PROXY`. The environment is read once, when the transport is made. TCP
//! checks go to the host itself. A proxy that fails looks like an endpoint that fails, with `refused`
//! for instance: name endpoints that the app reaches without the proxy in `NO_PROXY`.

mod failure;
mod http;
#[cfg(feature = "websocket")]
mod sockets;
mod tcp;

use http::HttpChecks;
#[cfg(feature = "websocket")]
pub use sockets::{
    BoxError, Candidate, CloseError, Handshake, Message, SendError, Sent, SocketEvent,
    SocketOptions, SocketSender, SocketState, Sockets, SteadfastSocket, StopReason,
};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};
use steadfast::{
    Clock, ConnectionId, DisconnectReason, Endpoint, Engine, Event, FailureKind, Host, Link,
    Millis, Outcome, Scheme, SocketId, Timestamp, Transport, ValidConfig,
};

/// TLS could not be set up: the system's trusted certificates could not be read.
#[derive(Debug, thiserror::Error)]
#[error("TLS could not be set up, are the system's trusted certificates installed?")]
pub struct TlsError(#[from] reqwest::Error);

/// Starts an engine that watches the endpoints, as a task of the current tokio runtime. It runs until
/// [`Link::stop`].
///
/// It opens no connection; for that, there is `Sockets` with the feature `websocket`.
///
/// `on_event` is called for every event with the engine's time; it must not block.
///
/// # Panics
///
/// Outside a tokio runtime.
pub fn start(
    config: ValidConfig,
    on_event: impl Fn(Timestamp, &Event) + Send + Sync + 'static,
) -> Result<Link, TlsError> {
    let transport = NativeTransport::new(on_event)?;
    let link = Link::new(Engine::new(config, seed(), transport.now()));
    tokio::spawn(steadfast::drive(link.clone(), transport));
    Ok(link)
}

/// The standard library's random keys: they differ from process to process, which is all that jitter
/// needs.
fn seed() -> u64 {
    RandomState::new().hash_one(0)
}

type OnEvent = Box<dyn Fn(Timestamp, &Event) + Send + Sync>;

/// The engine's hands on a native platform.
pub struct NativeTransport {
    http: HttpChecks,
    clock: Mutex<Clock>,
    origin: Instant,
    on_event: OnEvent,
}

impl NativeTransport {
    /// A transport that tells `on_event` every event. It takes the [proxies](crate#proxies) that the
    /// environment names by now.
    pub fn new(
        on_event: impl Fn(Timestamp, &Event) + Send + Sync + 'static,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            http: HttpChecks::new()?,
            clock: Mutex::default(),
            origin: Instant::now(),
            on_event: Box::new(on_event),
        })
    }
}

impl Transport for NativeTransport {
    fn now(&self) -> Timestamp {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        clock.read(self.origin.elapsed().as_millis() as u64, wall.as_millis() as u64)
    }

    async fn check(&self, endpoint: Arc<Endpoint>, timeout: Millis) -> Outcome {
        let started = Instant::now();
        let check = async {
            let health = endpoint.health.as_ref().ok_or(FailureKind::Unexpected)?;
            match health.url.scheme() {
                Scheme::Tcp => tcp::check(health).await,
                _ => self.http.check(health).await,
            }
        };
        match tokio::time::timeout(timeout.into(), check).await {
            Ok(Ok(mut answer)) => {
                answer.latency = started.elapsed().into();
                Outcome::Answer(answer)
            }
            Ok(Err(kind)) => Outcome::Failure(kind),
            Err(_) => Outcome::Failure(FailureKind::Timeout),
        }
    }

    async fn sleep_until(&self, at: Timestamp) {
        let left = at - self.now();
        tokio::time::sleep(left.into()).await;
    }
}

/// This shell opens no connections and keeps nothing: a command for a connection has no effect.
impl Host for NativeTransport {
    fn connect(&self, _: ConnectionId, _: SocketId, _: Arc<Endpoint>) {}

    fn promote(&self, _: ConnectionId) {}

    fn disconnect(&self, _: ConnectionId, _: DisconnectReason) {}

    fn persist(&self) {}

    fn emit(&self, at: Timestamp, event: Event) {
        (self.on_event)(at, &event);
    }
}

impl fmt::Debug for NativeTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NativeTransport").finish_non_exhaustive()
    }
}
