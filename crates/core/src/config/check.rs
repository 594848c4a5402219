//! How a health check asks, and which answers pass.

use super::read::Read;
use super::reader::{Reader, Setting};
use super::settings::settings;
use super::value::Value;
use super::writer::Write;
use crate::base::keyword::keywords;
use crate::base::time::Millis;
use crate::base::url::{Scheme, Url};
use crate::protocol::outcome::Header;

settings! {
    /// How endpoints are checked. The config's `check` holds for all of them; an endpoint's
    /// `health` may say otherwise.
    pub struct Check of preset {
        /// HTTP method.
        method: Method = Method::Get, AppServices: Method::Head;
        /// Request headers: at most 64, without line breaks. A browser adds a preflight for all but
        /// the simplest.
        headers: Headers = Headers::default();
        /// Request body of a POST or PUT, or what a TCP check sends first; at most 64 KiB.
        body: Option<String> = None;
        /// Which statuses pass: numbers from 100 to 599, or classes such as `"2xx"`. 401 and 403
        /// pass by default: they speak of the app's credentials, not of the server's health.
        expect_status: StatusPatterns = StatusPatterns(vec![
            StatusPattern::Class(2),
            StatusPattern::Code(401),
            StatusPattern::Code(403),
        ]), AppServices: StatusPatterns::only(200), Orchestrator: StatusPatterns::only(200);
        /// Text that must stand in the first 64 KiB of the body (for a TCP check, in the first 1024
        /// bytes that arrive).
        expect_body: Option<String> = None;
        /// Whether a body in JSON is read for what the server says of its own health (`status` and
        /// the failing parts, in the forms of health+json, Spring Boot, ASP.NET and the like).
        document: bool = true;
        /// The longest that a whole check may take, from the name look-up to the last byte that is
        /// needed.
        timeout: Millis = Millis::from_secs(5), "10ms" ..= "10m";
        /// The shortest that the timeout learnt from the endpoint's own round trips may become;
        /// never above `timeout`. Set both to the same for a fixed timeout.
        min_timeout: Millis = Millis::new(300), "10ms" ..= "10m",
            AppServices: Millis::from_secs(5), Orchestrator: Millis::from_secs(5);
        /// Pause between the end of a check of the active endpoint and the start of the next.
        interval: Millis = Millis::from_secs(3), "100ms" ..= "1h",
            Orchestrator: Millis::from_secs(30);
        /// How often a failed check is repeated at once before it counts.
        retries: u32 = 0, "0" ..= "10";
        /// Whether redirects are followed, outside of browsers within the same origin only; if not,
        /// one is an answer like another, and its status decides.
        follow_redirects: bool = false;
        /// What a browser may see of the answer; other platforms always see all of it.
        mode: FetchMode = FetchMode::Cors;
    }
}

keywords! {
    /// HTTP method of a health check.
    pub enum Method {
        /// Asks for the whole answer.
        Get = "GET",
        /// Asks for the status and headers only.
        Head = "HEAD",
        /// Sends a body.
        Post = "POST",
        /// Sends a body.
        Put = "PUT",
    }
}

keywords! {
    /// What a browser may see of an answer from another origin.
    pub enum FetchMode {
        /// Status and body; the server must allow it by `Access-Control-Allow-Origin`.
        Cors = "cors",
        /// Only that there was one: any answer passes. For servers that cannot be changed.
        NoCors = "no-cors",
    }
}

/// HTTP headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "Record<string, string>"))]
pub struct Headers(pub(crate) Vec<Header>);

/// Maximum number of headers, and of bytes of a header or body, that a check sends.
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 8 * 1024;
const MAX_BODY_BYTES: usize = 64 * 1024;

impl Setting for Headers {
    fn overlay(&mut self, value: &Value, reader: &mut Reader) {
        for (name, value) in reader.table(value) {
            let Some(text) = reader.field(name, |reader| String::read(value, reader)) else {
                continue;
            };
            match self.0.iter_mut().find(|known| known.name.eq_ignore_ascii_case(name)) {
                Some(known) => known.value = text,
                None => self.0.push(Header::new(name, text)),
            }
        }
    }

    fn check(&mut self, reader: &mut Reader) {
        if self.0.len() > MAX_HEADERS {
            reader.problem("too many headers, allowed: at most 64");
        }
        for Header { name, value } in &self.0 {
            // RFC 9110, section 5.6.2: a field name is a token.
            let token = |byte: u8| {
                byte.is_ascii_graphic()
                    && !matches!(byte, b'"' | b'(' | b')' | b',' | b'/' | b':'..=b'@' | b'['..=b']' | b'{' | b'}')
            };
            if name.is_empty() || !name.bytes().all(token) {
                reader.field(name, |reader| {
                    reader
                        .problem("not a header name, allowed: letters, digits and !#$%&'*+-.^_`|~");
                });
            }
            // No platform sends others as they are.
            let printable = |byte: u8| matches!(byte, b'\t' | b' '..=b'~');
            if !value.bytes().all(printable) || value.len() > MAX_HEADER_BYTES {
                reader.field(name, |reader| {
                    reader.problem(
                        "not a header value, allowed: one line of ASCII, at most 8192 bytes",
                    );
                });
            }
        }
    }
}

impl Write for Headers {
    fn write(&self) -> Value {
        let mut entries = Vec::new();
        for Header { name, value } in &self.0 {
            entries.push((name.clone(), value.write()));
        }
        Value::Table(entries)
    }
}

/// One or a hundred HTTP statuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(
    feature = "typescript",
    derive(ts_rs::TS),
    ts(type = "number | \"1xx\" | \"2xx\" | \"3xx\" | \"4xx\" | \"5xx\"")
)]
#[non_exhaustive]
pub enum StatusPattern {
    /// Just this status, 100 to 599.
    Code(u16),
    /// All statuses with this first digit, 1 to 5.
    Class(u8),
}

impl StatusPattern {
    fn matches(self, status: u16) -> bool {
        match self {
            Self::Code(code) => code == status,
            Self::Class(class) => u16::from(class) == status / 100,
        }
    }
}

impl Read for StatusPattern {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let read = match value {
            Value::Number(code @ 100..=599) => Some(Self::Code(*code as u16)),
            Value::Text(text) => match text.as_bytes() {
                [class @ b'1'..=b'5', b'x', b'x'] => Some(Self::Class(class - b'0')),
                _ => None,
            },
            _ => None,
        };
        if read.is_none() {
            reader.problem("not a status, allowed: 100 to 599, or one of 1xx, 2xx, 3xx, 4xx, 5xx");
        }
        read
    }
}

impl Write for StatusPattern {
    fn write(&self) -> Value {
        match self {
            Self::Code(code) => Value::Number((*code).into()),
            Self::Class(class) => Value::Text(format!("{class}xx")),
        }
    }
}

/// The statuses that pass.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct StatusPatterns(pub(crate) Vec<StatusPattern>);

impl StatusPatterns {
    /// Just this status.
    fn only(status: u16) -> Self {
        Self(vec![StatusPattern::Code(status)])
    }

    /// Whether `status` passes.
    pub fn matches(&self, status: u16) -> bool {
        self.0.iter().any(|pattern| pattern.matches(status))
    }
}

impl Read for StatusPatterns {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let Value::List(items) = value else {
            reader.expected("a list of statuses such as [200] or [\"2xx\"]", value);
            return None;
        };
        if items.is_empty() {
            reader.problem("no status at all would pass; name at least one");
        }
        let mut patterns = Vec::new();
        for (index, item) in items.iter().enumerate() {
            if let Some(pattern) = reader.item(index, |reader| StatusPattern::read(item, reader)) {
                patterns.push(pattern);
            }
        }
        Some(Self(patterns))
    }
}

impl Write for StatusPatterns {
    fn write(&self) -> Value {
        self.0.write()
    }
}

impl Check {
    /// The shortest timeout that may be learnt.
    pub(crate) fn min_timeout(&self) -> Millis {
        self.min_timeout.min(self.timeout)
    }

    /// Problems between the settings of one check, or of one check and its URL.
    pub(super) fn check_together(&self, url: &Url, reader: &mut Reader) {
        let tcp = url.scheme() == Scheme::Tcp;
        if self.body.as_ref().is_some_and(|body| body.len() > MAX_BODY_BYTES) {
            reader.field("body", |reader| reader.problem("too long, allowed: at most 65536 bytes"));
        }
        if self.body.is_some() && matches!(self.method, Method::Get | Method::Head) && !tcp {
            reader.field("body", |reader| {
                reader.problem("a GET or HEAD has no body; set `method` to POST or PUT");
            });
        }
        if self.expect_body.is_some() && self.method == Method::Head && !tcp {
            reader.field("expectBody", |reader| {
                reader.problem("the answer to a HEAD has no body; set `method` to GET");
            });
        }
        if self.mode == FetchMode::NoCors && self.method == Method::Put {
            reader.field("method", |reader| {
                reader.problem("`mode` no-cors allows GET, HEAD and POST");
            });
        }
        if self.mode == FetchMode::NoCors && self.expect_body.is_some() {
            reader.field("expectBody", |reader| {
                reader.problem("`mode` no-cors shows no body; allow the page's origin on the server and use cors");
            });
        }
    }
}
