//! How a connection is opened.

use super::face::{Face, LegEnd};
use super::leg::Stream;
use super::options::{BoxError, Handshake};
use steadfast::socket::{PathError, prepare_limit, socket_url};
use steadfast::{Endpoint, Link, Millis, resolve_url};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, header};
use tokio_tungstenite::tungstenite::{Error, protocol::WebSocketConfig};

/// Maximum number of bytes of a message that arrives.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Why a connection did not open.
pub(super) enum Failure {
    /// The server, or the way to it.
    Server(LegEnd),
    /// What the app has given to open it with.
    App(BoxError),
}

impl<E: Into<BoxError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::App(error.into())
    }
}

pub(super) async fn open(face: &Face, endpoint: &Endpoint) -> Result<Stream, Failure> {
    let timeout = face.link.with_engine(|engine| engine.config().connect_timeout);
    let limit = prepare_limit(timeout, true, Millis::ZERO);
    // What the app takes too long for is its own doing as well. The engine learns how long it takes.
    let asked = tokio::time::timeout(limit.into(), face.options.next_handshake());
    let with = asked.await.map_err(|_| format!("the handshake was not there within {limit}"))??;
    let request = request(face, endpoint, with)?;
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    match connect_async_with_config(request, Some(limits), true).await {
        Ok((stream, _)) => Ok(stream),
        Err(error) => {
            let status = match &error {
                Error::Http(answer) => Some(answer.status().as_u16()),
                _ => None,
            };
            Err(Failure::Server(LegEnd { code: None, status, reason: error.to_string() }))
        }
    }
}

/// Where a path leads at an endpoint.
pub(super) fn url(link: &Link, endpoint: &Endpoint, path: &str) -> Result<String, PathError> {
    let snapshot = link.snapshot();
    let connects = snapshot.endpoints.iter().map(|state| state.connect.as_str());
    socket_url(&endpoint.connect, path, connects, resolve_url)
}

fn request(face: &Face, endpoint: &Endpoint, with: Handshake) -> Result<Request, Failure> {
    let mut request = url(&face.link, endpoint, &with.path)?.into_client_request()?;
    let headers = request.headers_mut();
    for (name, value) in with.headers {
        headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
    }
    if !with.protocols.is_empty() {
        let protocols = HeaderValue::try_from(with.protocols.join(", "))?;
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocols);
    }
    Ok(request)
}
