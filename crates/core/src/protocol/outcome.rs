//! What came of a check, typed where it happened, and whether that passes. Nobody ever parses an
//! error text.

use crate::base::keyword::keywords;
use crate::base::time::Millis;
use crate::config::Check;
use crate::protocol::document::{DocumentStatus, HealthDocument};
use std::fmt;

/// What came of a check, before anyone has judged it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Outcome {
    /// There was an answer; whether it passes is for the engine to say.
    Answer(Answer),
    /// There was none, for this reason.
    Failure(FailureKind),
}

/// Maximum number of headers of an answer that a shell hands on, and of bytes of its body.
pub const MAX_ANSWER_HEADERS: usize = 64;
/// Maximum number of bytes of a body that a check reads.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Maximum number of bytes that a shell reads of what a TCP server says.
pub const MAX_TCP_BYTES: usize = 1024;

/// An answer to a check. `Debug` shows neither the values of its headers nor its body.
#[derive(Clone, Default, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Answer {
    /// HTTP status; `None` where there is none to see: a TCP connection, or an opaque answer in a
    /// browser.
    pub status: Option<u16>,
    /// At most [`MAX_ANSWER_HEADERS`] headers.
    pub headers: Vec<Header>,
    /// The start of the body, at most [`MAX_ANSWER_BYTES`]; may be empty if the check expects no
    /// text.
    pub body: Vec<u8>,
    /// From the start of the check to the last byte that was needed.
    pub latency: Millis,
    /// What the server says of its own health, if the body is such a document.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub document: Option<HealthDocument>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers, body, latency, document } = self;
        f.debug_struct("Answer")
            .field("status", status)
            .field("headers", headers)
            .field("body", &format_args!("{} bytes", body.len()))
            .field("latency", latency)
            .field("document", document)
            .finish()
    }
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value.as_str())
    }

    /// Looks for a health document in the body, for shells that have no other way to read JSON.
    #[cfg(feature = "json")]
    pub fn understand(&mut self, check: &Check) {
        if check.document && self.header("content-type").is_some_and(HealthDocument::is_in) {
            self.document = HealthDocument::from_json(&self.body);
        }
    }

    /// How long the server asks to be left alone, if it says so in seconds; at most an hour.
    pub(crate) fn retry_after(&self) -> Option<Millis> {
        // A date would need the wall clock; servers that mean it send seconds.
        let seconds: u32 = self.header("retry-after")?.trim_ascii().parse().ok()?;
        Some(Millis::from_secs(seconds.min(3_600)))
    }
}

/// An HTTP header. `Debug` shows its name only: the value may be a secret.
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Header {
    /// Its name; upper and lower case mean the same.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.name, f)
    }
}

impl Header {
    /// The header of this name and value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

keywords! {
    /// Why a check failed. Each shell tells them apart by type as far as its platform lets it.
    pub enum FailureKind {
        /// No complete answer within the check's timeout.
        Timeout = "timeout",
        /// The host is there and refused the connection, or a browser could not connect and does
        /// not say why.
        Refused = "refused",
        /// There is no way to the host.
        Unreachable = "unreachable",
        /// The host's name was not found.
        Dns = "dns",
        /// The TLS handshake failed, or the certificate was not trusted.
        Tls = "tls",
        /// The connection broke off before the answer was complete.
        Reset = "reset",
        /// The server answered, but its CORS headers hide the answer from the page.
        Cors = "cors",
        /// The browser forbids a secure page to ask an insecure URL.
        MixedContent = "mixedContent",
        /// The server redirected, which the check does not follow and a browser does not show.
        Redirect = "redirect",
        /// The status is not an expected one.
        Status = "status",
        /// The expected text is not in the body.
        Body = "body",
        /// The server itself says, in a health document, that it fails.
        Reported = "reported",
        /// Something that the shell cannot name.
        Unexpected = "unexpected",
    }
}

impl FailureKind {
    /// What it means and what to do about it, in one sentence for a log.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Timeout => "no complete answer in time",
            Self::Refused => "could not connect: nothing accepts connections there",
            Self::Unreachable => "no way to the host: the network is down or has no route",
            Self::Dns => "the host name was not found",
            Self::Tls => {
                "the TLS handshake failed: check the certificate's names, dates and issuer"
            }
            Self::Reset => "the connection broke off before the answer was complete",
            Self::Cors => {
                "the server answered, but not for this page: let it send Access-Control-Allow-Origin (and allow the check's method and headers), or set the check's mode to no-cors"
            }
            Self::MixedContent => {
                "a page on https may not ask an http URL: serve the health check over https"
            }
            Self::Redirect => "the server redirects: give the final URL, or set followRedirects",
            Self::Status => "the status is not an expected one",
            Self::Body => "the expected text is not in the body",
            Self::Reported => "the server itself reports that it fails",
            Self::Unexpected => "the check could not be made",
        }
    }

    /// Whether the failure says that there is no network.
    pub(crate) const fn is_no_network(self) -> bool {
        matches!(self, Self::Unreachable | Self::Dns)
    }

    /// Whether the failure leaves open that it is our own network that is down. All others are
    /// signs that something answered.
    pub(crate) const fn is_no_answer(self) -> bool {
        matches!(self, Self::Timeout) || self.is_no_network()
    }
}

/// Reads a body piece by piece, until the expected text has been seen or the limit is reached: no
/// shell reads more than is needed.
///
/// ```
/// let mut body = steadfast::BodySearch::new("status: up", steadfast::MAX_ANSWER_BYTES);
/// assert!(body.wants_more_after(b"status"));
/// assert!(!body.wants_more_after(b": up, and much more"));
/// assert_eq!(body.into_bytes(), b"status: up, and much more");
/// ```
#[derive(Clone)]
pub struct BodySearch<'a> {
    /// What is looked for; `None` if all of the body is wanted.
    text: Option<&'a [u8]>,
    limit: usize,
    read: Vec<u8>,
}

impl fmt::Debug for BodySearch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodySearch")
            .field("limit", &self.limit)
            .field("read", &self.read.len())
            .finish_non_exhaustive()
    }
}

impl<'a> BodySearch<'a> {
    /// A search for `text` in at most `limit` bytes.
    pub fn new(text: &'a str, limit: usize) -> Self {
        Self { text: Some(text.as_bytes()), limit, read: Vec::new() }
    }

    /// What `check` needs to see of the body of an answer with this `Content-Type`; `None` if
    /// nothing.
    pub fn wanted(check: &'a Check, content_type: Option<&str>) -> Option<Self> {
        let document = check.document && content_type.is_some_and(HealthDocument::is_in);
        let text = check.expect_body.as_deref().map(str::as_bytes);
        (document || text.is_some()).then(|| Self {
            text: text.filter(|_| !document),
            limit: MAX_ANSWER_BYTES,
            read: Vec::new(),
        })
    }

    /// Takes the next piece; whether another one is needed after it.
    pub fn wants_more_after(&mut self, piece: &[u8]) -> bool {
        // What was searched before need not be searched again, but for a match that spans the two
        // pieces.
        let from = self.text.map_or(0, |text| {
            (self.read.len() + 1).saturating_sub(text.len()).min(self.read.len())
        });
        let room = self.limit - self.read.len();
        self.read.extend_from_slice(&piece[..piece.len().min(room)]);
        self.read.len() < self.limit
            && !self.text.is_some_and(|text| contains(&self.read[from..], text))
    }

    /// What has been read, for [`Answer::body`].
    pub fn into_bytes(self) -> Vec<u8> {
        self.read
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|window| window == text)
}

impl Check {
    /// Why `answer` does not pass, or `None` if it does.
    pub(crate) fn judge(&self, answer: &Answer, timeout: Millis) -> Option<FailureKind> {
        let Check { expect_status, expect_body, .. } = self;
        if answer.latency > timeout {
            Some(FailureKind::Timeout)
        } else if answer.status.is_some_and(|status| !expect_status.matches(status)) {
            Some(FailureKind::Status)
        } else if expect_body.as_ref().is_some_and(|text| !contains(&answer.body, text.as_bytes()))
        {
            Some(FailureKind::Body)
        } else if answer
            .document
            .as_ref()
            .is_some_and(|document| document.status == DocumentStatus::Fail)
        {
            Some(FailureKind::Reported)
        } else {
            None
        }
    }
}

#[cfg(test)]
#[cfg(feature = "url")]
mod tests {
    use super::*;
    use crate::config::HealthCheck;

    fn judge(check: Check, status: u16, body: &str, latency: u32) -> Option<FailureKind> {
        let answer = Answer {
            status: Some(status),
            body: body.into(),
            latency: Millis::new(latency),
            ..Answer::default()
        };
        check.judge(&answer, Millis::new(100))
    }

    #[test]
    fn status_body_and_latency_decide() {
        let text = || Check { expect_body: Some("OK".into()), ..Check::default() };
        assert_eq!(judge(Check::default(), 204, "", 100), None);
        assert_eq!(judge(Check::default(), 204, "", 101), Some(FailureKind::Timeout));
        assert_eq!(judge(Check::default(), 503, "", 1), Some(FailureKind::Status));
        assert_eq!(judge(text(), 200, "all OK", 1), None);
        assert_eq!(judge(text(), 200, "not so", 1), Some(FailureKind::Body));
    }

    #[test]
    fn what_may_be_secret_is_not_shown() {
        let mut check = Check::default();
        check.headers.0.push(Header::new("authorization", "Bearer secret"));
        (check.body, check.expect_body) = (Some("secret".into()), Some("secret".into()));
        let answer = Answer {
            headers: vec![Header::new("set-cookie\n", "secret")],
            body: b"secret".into(),
            ..Answer::default()
        };
        let url = "https://me:secret@a.example/?key=secret".parse().unwrap();
        let check = HealthCheck { url, check: Some(check) };
        let mut search = BodySearch::new("secret", 100);
        search.wants_more_after(b"secret");
        let shown = format!("{check:?} {answer:?} {search:?}");
        assert!(!shown.contains("secret") && !shown.contains(char::is_control), "{shown}");
        for name in ["authorization", "set-cookie", "a.example", "6 bytes"] {
            assert!(shown.contains(name), "{shown}");
        }
    }

    #[test]
    fn a_body_is_read_no_further_than_the_text_or_the_limit() {
        let mut found = BodySearch::new("abc", 100);
        assert!(found.wants_more_after(b"xxa"));
        assert!(found.wants_more_after(b"b"));
        assert!(!found.wants_more_after(b"c"), "a match may span pieces");
        let mut full = BodySearch::new("abc", 4);
        assert!(full.wants_more_after(b"xxx"));
        assert!(!full.wants_more_after(b"xxxabc"));
        assert_eq!(full.into_bytes(), b"xxxx");
    }

    #[test]
    fn a_health_document_is_wanted_whole_and_other_bodies_for_their_text() {
        let text = Check { expect_body: Some("OK".into()), ..Check::default() };
        assert!(BodySearch::wanted(&Check::default(), Some("text/html")).is_none());
        assert!(!BodySearch::wanted(&text, None).unwrap().wants_more_after(b"OK"));
        assert!(
            BodySearch::wanted(&text, Some("application/json")).unwrap().wants_more_after(b"OK")
        );
    }

    #[test]
    fn rest_is_asked_for_in_seconds() {
        let answer = |value: &str| Answer {
            headers: vec![Header::new("Retry-After", value)],
            ..Answer::default()
        };
        assert_eq!(answer(" 120 ").retry_after(), Some(Millis::from_secs(120)));
        assert_eq!(answer("999999").retry_after(), Some(Millis::from_secs(3_600)));
        assert_eq!(answer("Wed, 21 Oct 2026 07:28:00 GMT").retry_after(), None);
    }

    #[test]
    fn credentials_are_not_the_servers_fault() {
        assert_eq!(judge(Check::default(), 401, "", 1), None);
        assert_eq!(judge(Check::default(), 403, "", 1), None);
        assert_eq!(judge(Check::default(), 404, "", 1), Some(FailureKind::Status));
    }

    #[test]
    fn an_answer_without_a_status_passes() {
        let check = HealthCheck { url: "tcp://a.example:7".parse().unwrap(), check: None };
        assert_eq!(check.check().judge(&Answer::default(), Millis::new(1)), None);
    }
}
