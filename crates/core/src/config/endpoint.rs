//! One place that the app can be connected to.

use super::check::Check;
use super::problems::is_invisible;
use super::read::Read;
use super::reader::{Field, Measure, Reader, Setting};
use super::value::Value;
use super::writer::{Write, table};
use crate::base::url::{Scheme, Url};
use std::fmt;
use std::sync::{Arc, LazyLock};

/// An endpoint: where to connect, and how to see whether it is healthy.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[non_exhaustive]
pub struct Endpoint {
    /// What it is called in events and by `prefer`: 1 to 64 characters, unique.
    pub name: Name,
    /// Where the app connects: `ws`, `wss`, `http` or `https`.
    pub connect: Url,
    /// How its health is checked: a URL, or an object with `url` and whatever differs from the
    /// config's `check`. If left out, its connection is its health: it can be used unless the app's
    /// last attempt to connect to it failed.
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<WrittenHealthCheck>"))]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub health: Option<HealthCheck>,
    /// Lower is better: the strategy `priority` holds to the best healthy one. Equal ones keep the
    /// order of the list.
    ///
    /// Default: 0, allowed: 0 to 1000.
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    #[cfg_attr(feature = "uniffi", uniffi(default = 0))]
    pub priority: u32,
    /// Share among endpoints of equal priority under the strategy `weighted`; 0: only if nothing
    /// else is healthy.
    ///
    /// Default: 1, allowed: 0 to 1000.
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    #[cfg_attr(feature = "uniffi", uniffi(default = 1))]
    pub weight: u32,
    /// Where it stands: endpoints of the config's own `region` come before others. At most 64
    /// characters.
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<_>"))]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub region: Option<String>,
}

/// Lowest and highest priority and weight.
const RANK: [&str; 2] = ["0", "1000"];

impl Endpoint {
    /// An endpoint checked as the config's `check` says.
    pub fn new(name: &str, connect: Url, health: Url) -> Self {
        let health = Some(HealthCheck { url: health, check: None });
        Self { health, ..Self::without_check(name, connect) }
    }

    /// An endpoint whose connection is its health.
    pub fn without_check(name: &str, connect: Url) -> Self {
        Self { name: name.into(), connect, health: None, priority: 0, weight: 1, region: None }
    }

    /// Whether it has a health check.
    pub const fn is_checked(&self) -> bool {
        self.health.is_some()
    }

    /// How its health check asks; by default, if it has none or does not say.
    pub fn check(&self) -> &Check {
        self.health.as_ref().map_or_else(|| default_check(), HealthCheck::check)
    }

    /// Reports what is wrong with the endpoint, which comes after those `before` it in the list.
    pub(super) fn validate(&mut self, before: &[(usize, Name)], reader: &mut Reader) {
        if let Some((twin, _)) = before.iter().find(|(_, name)| *name == self.name) {
            reader.field("name", |reader| {
                reader.problem(format!("must be unique; endpoints[{twin}] has the same"));
            });
        }
        let name = self.name.as_str();
        if !(1..=64).contains(&name.chars().count()) || name.contains(is_invisible) {
            reader.field("name", |reader| {
                reader.problem("allowed: 1 to 64 characters, none of them a control character");
            });
        }
        let connectable = [Scheme::Ws, Scheme::Wss, Scheme::Http, Scheme::Https];
        check_scheme(
            "connect",
            &self.connect,
            &connectable,
            "allowed: ws, wss, http or https",
            reader,
        );
        if self.connect.scheme() != Scheme::Unparsed && self.connect.leads_nowhere() {
            let message = "a fragment (#…) or port 0 is not allowed";
            reader.field("connect", |reader| reader.problem(message));
        }
        // No browser opens such a URL, and requests to it fail.
        if cfg!(target_family = "wasm") && self.connect.has_credentials() {
            let message = "a user or a password in a URL is not allowed here";
            reader.field("connect", |reader| reader.problem(message));
        }
        reader.field("priority", |reader| {
            reader.within(Measure::Count(self.priority), RANK[0], RANK[1]);
        });
        reader
            .field("weight", |reader| reader.within(Measure::Count(self.weight), RANK[0], RANK[1]));
        reader.field("region", |reader| check_region(self.region.as_ref(), reader));
        if let Some(health) = &mut self.health {
            reader.field("health", |reader| health.check_settings(reader));
        }
    }
}

/// Reports a region's name that is too long.
pub(super) fn check_region(region: Option<&String>, reader: &mut Reader) {
    if region.is_some_and(|region| !(1..=64).contains(&region.chars().count())) {
        reader.problem("allowed: 1 to 64 characters");
    }
}

/// Reports a URL whose scheme has no place in `field`. What is no URL has been reported when it was
/// read.
fn check_scheme(field: &str, url: &Url, allowed: &[Scheme], message: &str, reader: &mut Reader) {
    if url.scheme() != Scheme::Unparsed && !allowed.contains(&url.scheme()) {
        reader.field(field, |reader| reader.problem(message));
    }
}

impl Read for Endpoint {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let (mut name, mut connect, mut health) =
            (None::<String>, None::<Url>, None::<HealthCheck>);
        let (mut priority, mut weight, mut region) = (0, 1, None::<String>);
        let fields: Vec<Field> = vec![
            ("name", &mut name, &[]),
            ("connect", &mut connect, &[]),
            ("health", &mut health, &[]),
            ("priority", &mut priority, &RANK),
            ("weight", &mut weight, &RANK),
            ("region", &mut region, &[]),
        ];
        reader.section(value, fields);
        for required in &["name", "connect"] {
            require(value, required, reader);
        }
        Some(Self {
            name: name?.as_str().into(),
            connect: connect?,
            health,
            priority,
            weight,
            region,
        })
    }
}

impl Write for Endpoint {
    fn write(&self) -> Value {
        let Self { name, connect, health, priority, weight, region } = self;
        table(&[
            ("name", name),
            ("connect", connect),
            ("health", health),
            ("priority", priority),
            ("weight", weight),
            ("region", region),
        ])
    }
}

impl Read for Name {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        String::read(value, reader).map(|name| name.as_str().into())
    }
}

/// Reports a table that lacks `key`, or has it as `null`.
fn require(table: &Value, key: &str, reader: &mut Reader) {
    if matches!(table, Value::Table(_)) && matches!(table.get(key), None | Some(Value::Null)) {
        reader.field(key, |reader| reader.problem("missing"));
    }
}

/// A health check: its URL and its settings.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[non_exhaustive]
pub struct HealthCheck {
    /// What is asked: `http`, `https`, or on native platforms `tcp://host:port`.
    pub url: Url,
    /// How it is asked; if left out, as the config's `check` says. The endpoints that an engine
    /// hands out always say it.
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub check: Option<Check>,
}

impl HealthCheck {
    /// Reports what is wrong with it.
    pub(super) fn check_settings(&mut self, reader: &mut Reader) {
        #[cfg(not(target_family = "wasm"))]
        {
            const SCHEMES: [Scheme; 3] = [Scheme::Http, Scheme::Https, Scheme::Tcp];
            check_scheme("url", &self.url, &SCHEMES, "allowed: http, https or tcp", reader);
            if self.url.scheme() == Scheme::Tcp && !self.url.has_port() {
                let missing = "a port is missing: write tcp://host:5432";
                reader.field("url", |reader| reader.problem(missing));
            }
        }
        #[cfg(target_family = "wasm")]
        {
            let message = "allowed here: http or https; TCP checks are for native apps";
            check_scheme("url", &self.url, &[Scheme::Http, Scheme::Https], message, reader);
        }
        if let Some(check) = &mut self.check {
            check.check(reader);
        }
        let check = self.check.clone().unwrap_or_else(|| reader.check.clone());
        check.check_together(&self.url, reader);
    }

    /// What a shell in another language must know to make the check: `url`, and of the check's
    /// settings those that say how it asks and what it needs to see, named as in a config.
    pub fn to_request(&self) -> Value {
        let Check { method, headers, body, expect_body, document, follow_redirects, mode, .. } =
            self.check();
        table(&[
            ("url", &self.url),
            ("method", method),
            ("headers", headers),
            ("body", body),
            ("expect_body", expect_body),
            ("document", document),
            ("follow_redirects", follow_redirects),
            ("mode", mode),
        ])
    }

    /// Writes `check` down as its own, unless it says how it asks.
    pub(super) fn spell_out(&mut self, check: &Check) {
        self.check.get_or_insert_with(|| check.clone());
    }

    /// How it is asked, by default if it does not say.
    pub fn check(&self) -> &Check {
        self.check.as_ref().unwrap_or_else(|| default_check())
    }
}

/// How a health check asks that does not say. Lazily: an endpoint costs a step 20 instructions less.
fn default_check() -> &'static Check {
    static DEFAULT: LazyLock<Check> = LazyLock::new(Check::default);
    &DEFAULT
}

/// A health check as it is written in a config.
#[cfg(feature = "typescript")]
#[derive(ts_rs::TS)]
#[ts(untagged, rename = "HealthCheck")]
#[expect(dead_code, reason = "only its TypeScript declaration is used")]
pub(super) enum WrittenHealthCheck {
    Url(String),
    Detailed(DetailedHealthCheck),
}

/// A health check that differs from the config's `check`.
#[cfg(feature = "typescript")]
#[derive(ts_rs::TS)]
#[expect(dead_code, reason = "only its TypeScript declaration is used")]
pub(super) struct DetailedHealthCheck {
    /// What is asked: `http` or `https`.
    url: String,
    #[ts(flatten)]
    check: Check,
}

impl Read for HealthCheck {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        if let Value::Text(_) = value {
            return Url::read(value, reader).map(|url| Self { url, check: None });
        }
        require(value, "url", reader);
        let (mut url, mut check) = (None::<Url>, reader.check.clone());
        let mut fields = check.settings();
        fields.push(("url", &mut url, &[]));
        reader.section(value, fields);
        // One that says nothing else is asked as the config's `check` says.
        let says_how = matches!(value, Value::Table(entries) if entries.len() > 1);
        url.map(|url| Self { url, check: says_how.then_some(check) })
    }
}

impl Write for HealthCheck {
    fn write(&self) -> Value {
        let url = self.url.write();
        let Some(check) = &self.check else { return url };
        let mut table = vec![("url".to_owned(), url)];
        if let Value::Table(settings) = check.write() {
            table.extend(settings);
        }
        Value::Table(table)
    }
}

/// An endpoint's name; cheap to copy around.
//
// Not of a bare `str`: making one of those costs a browser 0.3 KB.
#[derive(Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(type = "string"))]
pub struct Name(Arc<String>);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(Arc::new(name.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}
