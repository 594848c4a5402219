//! How a connection is opened.

use super::end::LegEnd;
use super::face::{Face, Stage};
use super::options::{BoxError, Handshake};
use super::signs::Signs;
use std::io;
use steadfast::socket::{PathError, socket_url};
use steadfast::{ConnectionId, Endpoint, Link, resolve_url};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, header};
use tokio_tungstenite::tungstenite::{Error, protocol::WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use tokio_util::io::InspectWriter;

/// Maximum number of bytes of a message that arrives.
const MAX_MESSAGE_BYTES: usize = 16 * 1024 * 1024;

/// Headers that the handshake sets.
const OWN: [HeaderName; 3] = [header::CONNECTION, header::HOST, header::UPGRADE];

/// Besides letters and digits, what a subprotocol may have (RFC 6455, section 4.1).
const SIGNS: &[u8] = b"!#$%&'*+-.^_`|~";

/// A WebSocket of which it is seen when bytes leave.
pub(super) type Stream = WebSocketStream<MaybeTlsStream<Watched>>;
type Watched = InspectWriter<TcpStream, Box<dyn FnMut(&[u8]) + Send + Sync>>;

/// Opens a connection, with what the app gives for it.
pub(super) async fn open(
    face: &Face,
    id: ConnectionId,
    endpoint: &Endpoint,
    signs: &Signs,
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
    let tcp = connect(&request).await.map_err(Error::from)?;
    let tcp = watch(tcp, signs.clone());
    let (stream, _) = client_async_tls_with_config(request, tcp, Some(limits), None).await?;
    Ok(stream)
}

async fn connect(request: &Request) -> io::Result<TcpStream> {
    let uri = request.uri();
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let default = if uri.scheme_str() == Some("wss") { 443 } else { 80 };
    let tcp = TcpStream::connect((host, uri.port_u16().unwrap_or(default))).await?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

fn watch(tcp: TcpStream, signs: Signs) -> Watched {
    InspectWriter::new(tcp, Box::new(move |_| signs.left()))
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
        let name = HeaderName::try_from(name)?;
        if OWN.contains(&name) || name.as_str().starts_with("sec-websocket-") {
            return Err(format!("the header {name} is the handshake's own").into());
        }
        headers.insert(name, HeaderValue::try_from(value)?);
    }
    let is_token = |text: &String| {
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || SIGNS.contains(&byte);
        !text.is_empty() && text.bytes().all(is_sign)
    };
    if let Some(place) = with.protocols.iter().position(|protocol| !is_token(protocol)) {
        // Not what it is: some send a token by it.
        let reason = "has other characters than letters, digits and !#$%&'*+-.^_`|~";
        return Err(format!("the subprotocol at place {place} {reason}").into());
    }
    let mut seen = std::collections::HashSet::new();
    if !with.protocols.iter().all(|protocol| seen.insert(protocol.to_ascii_lowercase())) {
        return Err("a subprotocol is named twice".into());
    }
    if !with.protocols.is_empty() {
        let protocols = HeaderValue::try_from(with.protocols.join(", "))?;
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, protocols);
    }
    Ok(request)
}
