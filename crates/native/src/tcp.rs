//! TCP checks: connect, and if asked to, say something and wait for an answer.

use crate::failure::{NameNotFound, kind_of};
use std::io;
use steadfast::config::HealthCheck;
use steadfast::{Answer, FailureKind, contains_text};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Most bytes of an answer that are looked at.
const MAX_BYTES: usize = 1024;

/// Passes when the connection stands, and, if a text is expected, when it has arrived.
pub(crate) async fn check(health: &HealthCheck) -> Result<Answer, FailureKind> {
    let url = health.url.as_str();
    let address = url.strip_prefix("tcp://").unwrap_or(url).split(['/', '?', '#']).next().unwrap_or_default();
    let address = address.rsplit_once('@').map_or(address, |(_, address)| address);
    let mut stream = connect(address).await?;
    let failed = |error: io::Error| kind_of(&error);
    if let Some(body) = &health.check.body {
        stream.write_all(body.as_bytes()).await.map_err(failed)?;
    }
    let mut body = Vec::new();
    if let Some(text) = &health.check.expect_body {
        body.reserve(MAX_BYTES);
        // An answer may come in pieces: read until the text is there, the limit is reached, or the server has said all it has to say.
        while body.len() < MAX_BYTES && !contains_text(&body, text) {
            let left = (MAX_BYTES - body.len()) as u64;
            if (&mut stream).take(left).read_buf(&mut body).await.map_err(failed)? == 0 {
                break;
            }
        }
    }
    Ok(Answer { body, ..Answer::default() })
}

async fn connect(address: &str) -> Result<TcpStream, FailureKind> {
    let found = tokio::net::lookup_host(address).await.map_err(|error| kind_of(&NameNotFound(error)))?;
    let mut last = FailureKind::Dns;
    for address in found {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = kind_of(&error),
        }
    }
    Err(last)
}
