//! A parsed URL. The parser is injected: the `url` crate on native platforms, the browser's own on
//! the web.

use std::fmt;

/// A URL that a parser has accepted, in its normal form.
///
/// `Display` and `Debug` show it without user name, password, query and fragment, so that it can be
/// logged; [`Url::as_str`] is the whole.
///
/// ```
/// # #[cfg(feature = "url")] {
/// let url: steadfast::Url = "wss://me:secret@a.example/live?token=1".parse().unwrap();
/// assert_eq!(url.to_string(), "wss://a.example/live");
/// assert_eq!(url.as_str(), "wss://me:secret@a.example/live?token=1");
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
pub struct Url {
    href: String,
    scheme: Scheme,
}

/// What a URL is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// `http:`
    Http,
    /// `https:`
    Https,
    /// `ws:`
    Ws,
    /// `wss:`
    Wss,
    /// `tcp:`: a bare TCP connection to host and port, for checks on native platforms.
    Tcp,
    /// Not known: a text that nobody has parsed yet, or that is no URL. No valid config has it.
    Unparsed,
}

impl Scheme {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "http" => Self::Http,
            "https" => Self::Https,
            "ws" => Self::Ws,
            "wss" => Self::Wss,
            "tcp" => Self::Tcp,
            _ => return None,
        })
    }
}

/// The error for a text that is no URL.
pub(crate) const NOT_A_URL: &str =
    "not a URL: write http, https, ws, wss or tcp, then :// and a host";

/// Turns a text into the normal form of its URL; `None` if it is none.
pub type UrlParser = fn(&str) -> Option<String>;

impl Url {
    /// Reads `text` by the platform's `parser`; `None` if it is not a URL of a known [`Scheme`]
    /// with a host.
    pub fn parse_with(text: &str, parser: UrlParser) -> Option<Self> {
        let href = parser(text)?;
        let (name, rest) = split(&href)?;
        let scheme = Scheme::of(name)?;
        let host_given = !matches!(rest.bytes().next(), None | Some(b'/' | b'?' | b'#'));
        host_given.then_some(Self { href, scheme })
    }

    /// A text in place of a URL, so that all else can be checked. Whoever makes one sees to it that
    /// the config is refused, or written to a [`Value`](crate::config::Value) and read back, which
    /// parses it.
    pub(crate) fn unparsed(text: String) -> Self {
        Self { href: text, scheme: Scheme::Unparsed }
    }

    /// The whole URL, secrets included: for connecting, not for logs.
    pub fn as_str(&self) -> &str {
        &self.href
    }

    /// The host, and the port if it is named: `host`, `host:5432` or `[::1]:5432`.
    pub fn host_and_port(&self) -> &str {
        host_and_port(&self.href)
    }

    /// Where its host answers requests: `https://host:port`, for a `wss` URL as well, and without
    /// what else the URL holds.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// let url: steadfast::Url = "wss://me:secret@ws.example:8443/live?token=1".parse().unwrap();
    /// assert_eq!(url.origin(), "https://ws.example:8443");
    /// # }
    /// ```
    pub fn origin(&self) -> String {
        let mut origin = String::from("http");
        if matches!(self.scheme, Scheme::Https | Scheme::Wss) {
            origin.push('s');
        }
        origin.push_str("://");
        origin.push_str(self.host_and_port());
        origin
    }

    /// Whether it names a port.
    pub(crate) fn has_port(&self) -> bool {
        let port = self.host_and_port().rsplit_once(':').map_or("", |(_, port)| port);
        !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// Whether it holds a user or a password.
    pub(crate) fn has_credentials(&self) -> bool {
        authority(&self.href).contains('@')
    }

    /// Whether no WebSocket can be opened to it: with a fragment the standard forbids it, and nobody
    /// listens on port 0.
    pub(crate) fn leads_nowhere(&self) -> bool {
        self.href.contains('#') || self.host_and_port().ends_with(":0")
    }

    /// What the URL is for.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }
}

/// The host of a URL in its normal form, and the port if that is not its scheme's own.
pub(crate) fn host_and_port(href: &str) -> &str {
    let authority = authority(href);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// The host, the port if it is named, and the user and the password if it holds them.
fn authority(href: &str) -> &str {
    let (_, rest) = split(href).unwrap_or_default();
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Scheme, and what follows `://`.
fn split(href: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = href.split_at(href.bytes().position(|byte| byte == b':')?);
    Some((scheme, rest.strip_prefix("://")?))
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = split(&self.href).unwrap_or(("", &self.href));
        let rest = rest.split(['?', '#']).next().unwrap_or(rest);
        let authority_end = rest.find('/').unwrap_or(rest.len());
        let host_start = rest[..authority_end].rfind('@').map_or(0, |at| at + 1);
        write!(f, "{scheme}://{}", &rest[host_start..])
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}

/// The parser of native platforms: the `url` crate.
#[cfg(feature = "url")]
pub fn parse_url(text: &str) -> Option<String> {
    ::url::Url::parse(text).ok().map(Into::into)
}

/// Resolves a reference against a base by the `url` crate.
#[cfg(feature = "url")]
pub fn resolve_url(base: &str, reference: &str) -> Option<String> {
    ::url::Url::parse(base).ok()?.join(reference).ok().map(Into::into)
}

/// The text is not a URL with one of the schemes http, https, ws, wss and tcp, and a host.
#[cfg(feature = "url")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{NOT_A_URL}")]
pub struct ParseUrlError;

#[cfg(feature = "url")]
impl std::str::FromStr for Url {
    type Err = ParseUrlError;

    fn from_str(text: &str) -> Result<Self, ParseUrlError> {
        Self::parse_with(text, parse_url).ok_or(ParseUrlError)
    }
}

#[cfg(test)]
#[cfg(feature = "url")]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        let url: Url = "https://user:pa%40ss@host:8443/ping?key=secret#frag".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "https://host:8443/ping Url(https://host:8443/ping)");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for (text, origin) in [
            ("wss://a.example/live", "https://a.example"),
            ("ws://ws.example:8080/ws", "http://ws.example:8080"),
            ("https://eu.aws.example/base?all=1#top", "https://eu.aws.example"),
            ("http://[::1]:81/", "http://[::1]:81"),
            ("wss://me:p%40ss@news.example:443/", "https://news.example"),
        ] {
            assert_eq!(text.parse::<Url>().unwrap().origin(), origin);
        }
    }

    #[test]
    fn a_port_is_what_follows_the_host() {
        let has_port = |text: &str| text.parse::<Url>().unwrap().has_port();
        for text in ["tcp://host:5432", "tcp://[::1]:80/", "tcp://user:1@host:80"] {
            assert!(has_port(text), "{text}");
        }
        for text in ["tcp://host", "tcp://[::1]", "tcp://user:1@host/", "tcp://host/a:1"] {
            assert!(!has_port(text), "{text}");
        }
    }

    #[test]
    fn other_schemes_and_hostless_urls_are_refused() {
        for text in ["", "host", "/path", "ftp://host/", "mailto:a@b", "tcp:///x", "http://"] {
            assert_eq!(text.parse::<Url>(), Err(ParseUrlError), "{text}");
        }
    }
}
