//! Where a socket leads at an endpoint.

use crate::base::url::{Scheme, Url, host_and_port};

/// Resolves a reference, the second text, against a base; `None` if it cannot be read. It is given
/// by the platform, as a [`UrlParser`](crate::UrlParser) is.
pub type Resolver = fn(&str, &str) -> Option<String>;

/// Why a socket's path is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It holds a `#`.
    #[error("a socket's path has no fragment: leave out what begins with #")]
    Fragment,
    /// It is no path and no URL.
    #[error(
        "the path cannot be read: write one such as /chat?room=1, with what is special escaped"
    )]
    Unreadable,
    /// It leads to another host.
    #[error(
        "the path leads to a host that is none of the endpoints': a socket follows the endpoints"
    )]
    Elsewhere,
}

/// Where a socket with this `path` leads at the endpoint that `connect` is the URL of.
///
/// A path is relative to that URL. One that is a whole URL must be of the host of one of the
/// `endpoints`' `connect` URLs; then its path and its query count, at each of them.
///
/// ```
/// # #[cfg(feature = "url")] {
/// use steadfast::{Url, resolve_url, socket::socket_url};
/// let a: Url = "wss://a.example/live".parse().unwrap();
/// let url = socket_url(&a, "/chat?room=1", [a.as_str()], resolve_url).unwrap();
/// assert_eq!(url, "wss://a.example/chat?room=1");
/// assert!(socket_url(&a, "//elsewhere.example/", [a.as_str()], resolve_url).is_err());
/// # }
/// ```
pub fn socket_url<'a>(
    connect: &Url,
    path: &str,
    endpoints: impl IntoIterator<Item = &'a str>,
    resolve: Resolver,
) -> Result<String, PathError> {
    if path.contains('#') {
        return Err(PathError::Fragment);
    }
    let origin = origin(connect.as_str()).ok_or(PathError::Unreadable)?;
    let resolved = resolve(connect.as_str(), path).ok_or(PathError::Unreadable)?;
    let url = if let Some(rest) = after_scheme(path) {
        if !rest.starts_with("//") {
            return Err(PathError::Elsewhere);
        }
        let same = |url| self::origin(url) == self::origin(&resolved);
        if !endpoints.into_iter().any(same) {
            return Err(PathError::Elsewhere);
        }
        let (scheme, _) = connect.as_str().split_once("://").unwrap_or_default();
        format!("{scheme}://{}{}", connect.host_and_port(), path_of(&resolved))
    } else {
        resolved
    };
    if self::origin(&url).as_ref() == Some(&origin) { Ok(url) } else { Err(PathError::Elsewhere) }
}

/// What follows the scheme of a whole URL; `None` for a path.
fn after_scheme(reference: &str) -> Option<&str> {
    let (scheme, rest) = reference.split_once(':')?;
    let mut letters = scheme.bytes();
    let is_scheme = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter));
    is_scheme.then_some(rest)
}

/// Scheme, host and port, by which two URLs are of one origin.
fn origin(href: &str) -> Option<(Scheme, String)> {
    let scheme = Url::parse_with(href, |href| Some(href.to_owned()))?.scheme();
    let port = match scheme {
        Scheme::Ws | Scheme::Http => ":80",
        Scheme::Wss | Scheme::Https => ":443",
        Scheme::Tcp | Scheme::Unparsed => return None,
    };
    let host = host_and_port(href).to_ascii_lowercase();
    Some((scheme, host.strip_suffix(port).map(str::to_owned).unwrap_or(host)))
}

/// Path and query of a URL.
fn path_of(href: &str) -> &str {
    let rest = href.split_once("://").map_or("", |(_, rest)| rest);
    rest.find(['/', '?']).map_or("", |start| &rest[start..])
}

#[cfg(test)]
#[cfg(feature = "url")]
mod tests {
    use super::*;
    use crate::resolve_url;
    use serde_json::Value;

    #[test]
    fn paths_lead_where_the_vectors_of_all_languages_say() {
        let vectors = include_str!("../../../../../tests/vectors/routes.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        for case in vectors["cases"].as_array().unwrap() {
            let texts = |name: &str| case[name].as_array().map(Vec::as_slice);
            let connects: Vec<_> =
                texts("connects").unwrap().iter().map(|it| it.as_str().unwrap()).collect();
            let path = case["path"].as_str().unwrap_or_default();
            for (index, connect) in connects.iter().enumerate() {
                let connect: Url = connect.parse().unwrap();
                let url = socket_url(&connect, path, connects.iter().copied(), resolve_url).ok();
                let expected = texts("urls").and_then(|urls| urls[index].as_str());
                if expected.is_some() || texts("urls").is_some() || index == 0 {
                    assert_eq!(url.as_deref(), expected, "{path:?} at {connect:?}");
                }
            }
        }
    }

    #[test]
    fn a_refusal_says_what_is_wrong() {
        let connect: Url = "wss://a.example/live".parse().unwrap();
        let refused =
            |path| socket_url(&connect, path, [connect.as_str()], resolve_url).unwrap_err();
        assert_eq!(refused("/x#y"), PathError::Fragment);
        assert_eq!(refused("wss://a.example:99999/"), PathError::Unreadable);
        assert_eq!(refused("//c.example/"), PathError::Elsewhere);
    }
}
