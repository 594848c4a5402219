//! Configs from presets and JSON, and back.

use crate::error::ConfigError;
use steadfast::config::Value;
use steadfast::{
    Config, Endpoint, Event, HealthDocument, MAX_ANSWER_BYTES, MAX_ANSWER_HEADERS, MAX_TCP_BYTES,
    Preset, Problem, Url, ValidConfig,
};

/// The config that a preset stands for. This is where an app's config starts from: the defaults are
/// written nowhere else.
#[uniffi::export]
pub fn preset_config(preset: Preset, endpoints: Vec<Endpoint>) -> Config {
    Config::new(preset, endpoints)
}

/// Reads a config from JSON, in the same form on every platform.
#[uniffi::export]
pub fn config_from_json(json: &str) -> Result<Config, ConfigError> {
    let value: Value = serde_json::from_str(json).map_err(not_json)?;
    Ok(ValidConfig::read(&value, parse_url)?.into_config())
}

/// Writes a config as JSON, with everything spelt out.
#[uniffi::export]
pub fn config_to_json(config: &Config) -> String {
    json(config)
}

/// Writes an event as one line of JSON, for a log. It holds no secrets: neither headers nor URLs.
#[uniffi::export]
pub fn event_to_json(event: &Event) -> String {
    json(event)
}

/// A URL without user name, password, query and fragment, so that it can be logged.
#[uniffi::export]
pub fn url_without_secrets(url: Url) -> String {
    url.to_string()
}

/// How much of an answer a transport hands over at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, uniffi::Record)]
pub struct AnswerLimits {
    /// Bytes of the body.
    pub body_bytes: u32,
    /// Bytes of what a TCP server says.
    pub tcp_bytes: u32,
    /// Headers.
    pub headers: u32,
}

/// How much of an answer a transport hands over at most.
#[uniffi::export]
pub fn answer_limits() -> AnswerLimits {
    AnswerLimits {
        body_bytes: MAX_ANSWER_BYTES as u32,
        tcp_bytes: MAX_TCP_BYTES as u32,
        headers: MAX_ANSWER_HEADERS as u32,
    }
}

/// Whether a body of this `Content-Type` is to be handed over whole, if the check's `document` is
/// set: it may say how the server is.
#[uniffi::export]
pub fn is_health_document(content_type: &str) -> bool {
    HealthDocument::is_in(content_type)
}

/// What an app built, checked and with its URLs parsed, as if it had been read from JSON.
pub(crate) fn checked(config: &Config) -> Result<ValidConfig, ConfigError> {
    Ok(ValidConfig::read(&as_written(config.to_value()), parse_url)?)
}

/// Gives numbers back their sign: the app's are signed, and cross by their bits.
pub(crate) fn as_written(mut settings: Value) -> Value {
    sign(&mut settings);
    settings
}

fn sign(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Ok(bits) = u32::try_from(*number) {
                *number = bits.cast_signed().into();
            }
        }
        Value::List(items) => items.iter_mut().for_each(sign),
        Value::Table(entries) => entries.iter_mut().for_each(|(_, value)| sign(value)),
        _ => {}
    }
}

/// The URL as it was written, its scheme in small letters; further than that the platforms' HTTP
/// clients bring it in form themselves.
pub(crate) fn parse_url(text: &str) -> Option<String> {
    let url = fluent_uri::Iri::parse(text).ok()?;
    let authority = url.authority()?;
    authority.port_to_u16().ok()?;
    let scheme = url.scheme().as_str();
    (!authority.host().is_empty()).then(|| text.replacen(scheme, &scheme.to_ascii_lowercase(), 1))
}

/// What a reference means against a base.
pub(crate) fn resolve_url(base: &str, reference: &str) -> Option<String> {
    let base = fluent_uri::Iri::parse(base).ok()?;
    let reference = fluent_uri::IriRef::parse(reference).ok()?;
    Some(reference.resolve_against(&base).ok()?.into_string())
}

fn json(value: &impl serde::Serialize) -> String {
    // What is written has text keys and finite numbers only, so that nothing can fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn not_json(error: serde_json::Error) -> ConfigError {
    ConfigError::Invalid { problems: vec![Problem::new("", format!("not JSON: {error}"))] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_as_they_stand_but_for_the_scheme() {
        for (text, parsed) in [
            ("WSS://A.example/Live?x=1", "wss://A.example/Live?x=1"),
            ("https://user:pass@a.example:8443/", "https://user:pass@a.example:8443/"),
            ("tcp://[::1]:5432", "tcp://[::1]:5432"),
            ("https://bücher.example/", "https://bücher.example/"),
        ] {
            assert_eq!(parse_url(text).as_deref(), Some(parsed));
        }
    }

    #[test]
    fn what_is_no_url_is_none() {
        for text in [
            "",
            "a.example",
            "/path",
            "https://",
            "https:///path",
            "https://a b/",
            "https://a.example:99999/",
            "mailto:a@b.example",
        ] {
            assert_eq!(parse_url(text), None, "{text}");
        }
    }

    #[test]
    fn a_config_built_elsewhere_is_checked_as_if_it_were_json() {
        let json = r#"{ "endpoints": [{ "name": "a", "connect": "wss://a.example/", "health": "https://a.example/" }], "check": { "interval": "5s" } }"#;
        let config = config_from_json(json).unwrap();
        assert_eq!(checked(&config).unwrap().into_config(), config);
        let mut wrong = config;
        wrong.failure_threshold = Some(0);
        // As -2 crosses from a language whose numbers are signed.
        wrong.check.retries = u32::MAX - 1;
        let Err(ConfigError::Invalid { problems }) = checked(&wrong) else {
            panic!("it was taken")
        };
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            problems,
            [
                "check.retries: -2 is out of range, allowed: 0 to 10",
                "failureThreshold: 0 is out of range, allowed: 1 to 100",
            ]
        );
    }
}
