//! TCP checks: connect, and if asked to, say something and wait for an answer.

use crate::failure::{NameNotFound, kind_of};
use std::io;
use steadfast::config::HealthCheck;
use steadfast::{Answer, BodySearch, FailureKind, MAX_TCP_BYTES};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Passes when the connection stands, and, if a text is expected, when it has arrived.
pub(crate) async fn check(health: &HealthCheck) -> Result<Answer, FailureKind> {
    let mut stream = connect(health.url.host_and_port()).await?;
    let failed = |error: io::Error| kind_of(&error);
    if let Some(body) = &health.check().body {
        stream.write_all(body.as_bytes()).await.map_err(failed)?;
    }
    let mut body =
        BodySearch::new(health.check().expect_body.as_deref().unwrap_or_default(), MAX_TCP_BYTES);
    if health.check().expect_body.is_some() {
        let mut piece = [0; MAX_TCP_BYTES];
        // An answer may come in pieces: read until the text is there, the limit is reached, or the
        // server has said all it has to say.
        loop {
            let read = stream.read(&mut piece).await.map_err(failed)?;
            if read == 0 || !body.wants_more_after(&piece[..read]) {
                break;
            }
        }
    }
    Ok(Answer { body: body.into_bytes(), ..Answer::default() })
}

async fn connect(address: &str) -> Result<TcpStream, FailureKind> {
    let found =
        tokio::net::lookup_host(address).await.map_err(|error| kind_of(&NameNotFound(error)))?;
    let mut last = FailureKind::Dns;
    for address in found {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = kind_of(&error),
        }
    }
    Err(last)
}
