//! Sockets over real connections: they follow the active endpoint, keep what is sent in order, and
//! say what they cannot do.

#![cfg(feature = "websocket")]
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up may panic")]

mod auth;
mod faults;
mod full;
mod hooks;
mod moves;
mod pressure;
mod queue;
mod server;

use std::net::SocketAddr;
use std::time::Duration;
use steadfast::{Config, Endpoint, Millis, Preset, ValidConfig};
use steadfast_native::{Message, SocketOptions, SocketState, Sockets, SteadfastSocket};
use steadfast_testbed::Testbed;

pub(crate) fn testbed() -> Testbed {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    Testbed::start(&[("a".into(), address), ("b".into(), address)]).unwrap()
}

pub(crate) fn config(testbed: &Testbed) -> ValidConfig {
    config_of(testbed.endpoints().iter().map(|served| {
        let connect = served.connect_url().parse().unwrap();
        Endpoint::new(served.name(), connect, served.health_url().parse().unwrap())
    }))
}

pub(crate) fn config_of(endpoints: impl IntoIterator<Item = Endpoint>) -> ValidConfig {
    let mut config = Config::new(Preset::Default, endpoints.into_iter().collect());
    config.spread.forced = Millis::ZERO;
    config.retry.initial = Millis::new(100);
    config.validate().unwrap()
}

pub(crate) fn start(config: ValidConfig) -> Sockets {
    Sockets::start(config, |_, _| {}).unwrap()
}

/// A socket that is open.
pub(crate) async fn opened(sockets: &Sockets, options: SocketOptions) -> SteadfastSocket {
    let socket = sockets.socket("", options).unwrap();
    until_state(&socket, SocketState::Open).await;
    socket
}

pub(crate) async fn until_state(socket: &SteadfastSocket, wanted: SocketState) {
    let mut state = socket.state();
    within("the state", state.wait_for(|state| *state == wanted)).await.unwrap();
}

/// What a future gives, which must not take long.
pub(crate) async fn within<F: Future>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect(what)
}

/// The next text that holds `wanted`.
pub(crate) async fn until(socket: &mut SteadfastSocket, wanted: &str) -> String {
    let waiting = async {
        loop {
            match socket.next_message().await {
                Some(Message::Text(text)) if text.contains(wanted) => return text,
                Some(_) => {}
                None => panic!("the socket ended before `{wanted}`"),
            }
        }
    };
    within(wanted, waiting).await
}
