//! How a connection is opened.

use super::end::LegEnd;
use super::face::{Face, Stage};
use super::leg::Stream;
use super::options::{BoxError, Handshake};
use steadfast::socket::{PathError, socket_url};
use steadfast::{ConnectionId, Endpoint, Link, resolve_url};
use tokio_tungstenite::connect_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// Maximum number of bytes of a message that arrives.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Opens a connection, with what the app gives for it.
pub(super) async fn open(
    face: &Face,
    id: ConnectionId,
    endpoint: &Endpoint,
) -> Result<Stream, LegEnd> {
    let with = match &face.options.provider {
        None => face.options.fixed.clone(),
        Some(provide) => {
            face.await_app(id, Stage::Asking);
            let given = provide().await.map_err(LegEnd::by_app)?;
            face.begin_opening(id);
            given.or(&face.options.fixed)
        }
    };
    let request = request(face, endpoint, with).map_err(LegEnd::by_app)?;
    let limits = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    let (stream, _) = connect_async_with_config(request, Some(limits), true).await?;
    Ok(stream)
}

/// Where a path leads at an endpoint.
pub(super) fn url(link: &Link, endpoint: &Endpoint, path: &str) -> Result<String, PathError> {
    let snapshot = link.snapshot();
    let connects = snapshot.endpoints.iter().map(|state| state.connect.as_str());
    socket_url(&endpoint.connect, path, connects, resolve_url)
}

fn request(face: &Face, endpoint: &Endpoint, with: Handshake) -> Result<Request, BoxError> {
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
