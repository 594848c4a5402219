//! Configs from presets and JSON, and back.

use crate::error::ConfigError;
use steadfast::config::Value;
use steadfast::{Config, Endpoint, Event, MAX_ANSWER_BYTES, MAX_ANSWER_HEADERS, MAX_TCP_BYTES, Preset, Problem};

/// The config that a preset stands for. This is where an app's config starts from: the defaults are written nowhere else.
#[uniffi::export]
pub fn preset_config(preset: Preset, endpoints: Vec<Endpoint>) -> Config {
    Config::new(preset, endpoints)
}

/// Reads a config from JSON, in the same form on every platform.
#[uniffi::export]
pub fn config_from_json(json: &str) -> Result<Config, ConfigError> {
    let value: Value = serde_json::from_str(json).map_err(not_json)?;
    Ok(Config::read(&value, parse_url)?)
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
    AnswerLimits { body_bytes: MAX_ANSWER_BYTES as u32, tcp_bytes: MAX_TCP_BYTES as u32, headers: MAX_ANSWER_HEADERS as u32 }
}

/// What an app built, checked and with its URLs parsed, as if it had been read from JSON.
pub(crate) fn checked(config: &Config) -> Result<Config, ConfigError> {
    Ok(Config::read(&config.to_value(), parse_url)?)
}

/// The URL as it was written, its scheme in small letters; further than that the platforms' HTTP clients bring it in form themselves.
pub(crate) fn parse_url(text: &str) -> Option<String> {
    let url = fluent_uri::Iri::parse(text).ok()?;
    let authority = url.authority()?;
    authority.port_to_u16().ok()?;
    let scheme = url.scheme().as_str();
    (!authority.host().is_empty()).then(|| text.replacen(scheme, &scheme.to_ascii_lowercase(), 1))
}

fn json(value: &impl serde::Serialize) -> String {
    // What is written has text keys and finite numbers only, so that nothing can fail.
    serde_json::to_string(value).unwrap_or_default()
}

fn not_json(error: serde_json::Error) -> ConfigError {
    ConfigError::Invalid { problems: vec![Problem { path: String::new(), message: format!("not JSON: {error}") }] }
}
