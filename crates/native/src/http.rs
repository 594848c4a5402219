//! HTTP and HTTPS checks.

use crate::failure::{NameNotFound, kind_of};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Client, Response, redirect};
use std::sync::Arc;
use std::time::Duration;
use steadfast::config::HealthCheck;
use steadfast::{Answer, BodySearch, FailureKind, Header, MAX_ANSWER_BYTES, MAX_ANSWER_HEADERS};

/// Idle connections kept per host, and for how long: longer than the longest usual pause between
/// checks.
const IDLE_PER_HOST: usize = 2;
const IDLE_FOR: Duration = Duration::from_secs(90);
/// How long the rest of a body may take to arrive so that its connection can be used again.
const DRAIN_FOR: Duration = Duration::from_secs(1);
const MAX_REDIRECTS: usize = 5;

/// Clients that follow redirects and that do not; each keeps its connections.
pub(crate) struct HttpChecks {
    following: Client,
    staying: Client,
}

impl HttpChecks {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        // Another part of the program may have installed a provider before; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Ok(Self {
            following: client(redirect::Policy::custom(within_origin))?,
            staying: client(redirect::Policy::none())?,
        })
    }

    /// Asks, and reads as much of the answer as is needed.
    pub(crate) async fn check(&self, health: &HealthCheck) -> Result<Answer, FailureKind> {
        let check = health.check();
        let client = if check.follow_redirects { &self.following } else { &self.staying };
        let method = reqwest::Method::from_bytes(check.method.as_str().as_bytes())
            .map_err(|_| FailureKind::Unexpected)?;
        let mut request = client.request(method, health.url.as_str());
        for Header { name, value } in check.headers.iter() {
            request = request.header(name, value);
        }
        if let Some(body) = &check.body {
            request = request.body(body.clone());
        }
        let mut response = request.send().await.map_err(|error| kind_of_request(&error))?;
        let headers = response.headers().iter().take(MAX_ANSWER_HEADERS);
        let mut answer = Answer {
            status: Some(response.status().as_u16()),
            headers: headers
                .map(|(name, value)| {
                    Header::new(name.as_str(), String::from_utf8_lossy(value.as_bytes()))
                })
                .collect(),
            ..Answer::default()
        };
        if let Some(body) = BodySearch::wanted(check, answer.header("content-type")) {
            answer.body = read(&mut response, body).await?;
            answer.understand(check);
        }
        tokio::spawn(drain(response));
        Ok(answer)
    }
}

/// Follows redirects within the origin that was asked: a check's headers may be secrets.
fn within_origin(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let leaves =
        attempt.previous().first().is_some_and(|first| first.origin() != attempt.url().origin());
    if leaves || attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error("a check follows 5 redirects at most, and none to another origin");
    }
    attempt.follow()
}

fn client(redirects: redirect::Policy) -> Result<Client, reqwest::Error> {
    let mut headers = HeaderMap::new();
    // So that a server can leave checks out of its statistics.
    headers.insert("x-health-check", HeaderValue::from_static("true"));
    Client::builder()
        .user_agent(concat!("steadfast/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(redirects)
        .referer(false)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .pool_idle_timeout(IDLE_FOR)
        .tcp_keepalive(Duration::from_secs(30))
        .dns_resolver(Arc::new(SystemResolver))
        .build()
}

/// The system's resolver, with an error of our own type.
struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> =
                tokio::net::lookup_host((name.as_str(), 0)).await.map_err(NameNotFound)?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

fn kind_of_request(error: &reqwest::Error) -> FailureKind {
    if error.is_redirect() { FailureKind::Redirect } else { kind_of(error) }
}

/// As much of the body as is wanted.
async fn read(response: &mut Response, mut body: BodySearch<'_>) -> Result<Vec<u8>, FailureKind> {
    while let Some(piece) = response.chunk().await.map_err(|error| kind_of_request(&error))? {
        if !body.wants_more_after(&piece) {
            break;
        }
    }
    Ok(body.into_bytes())
}

/// Reads a short rest of the body, so that the connection serves the next check as well.
async fn drain(mut response: Response) {
    let rest = async {
        let mut read = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            read += chunk.len();
            if read > MAX_ANSWER_BYTES {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(DRAIN_FOR, rest).await;
}
