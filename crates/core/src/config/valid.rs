//! Configs and lists of endpoints in which nothing is wrong: what an engine takes.

use super::read::Read;
use super::reader::{Reader, Setting};
use super::writer::Write;
use super::{Check, Config, Endpoint, Endpoints, Preset, Problems, Value};
use crate::base::url::UrlParser;
use std::ops::Deref;

/// A config in which nothing is wrong, with every endpoint's health check spelt out.
///
/// It is read ([`ValidConfig::read`], or by serde), or made from a [`Config`]
/// ([`Config::validate`]).
#[derive(Clone, Debug, PartialEq)]
pub struct ValidConfig(Config);

impl ValidConfig {
    /// Reads a config, or reports everything that is wrong with it. URLs are parsed by the
    /// platform's `parser`.
    pub fn read(value: &Value, parser: UrlParser) -> Result<Self, Problems> {
        let preset = value.text("preset").and_then(Preset::from_word);
        let mut config = Config::of(preset.unwrap_or(Preset::Default));
        let mut check = config.check.clone();
        if let Some(value) = value.get("check") {
            // Read twice: here for the endpoints to start from, below for the problems.
            check.overlay(value, &mut Reader::new(parser, Check::default()));
        }
        let mut reader = Reader::new(parser, check);
        config.overlay(value, &mut reader);
        if value.get("endpoints").is_none() {
            reader.field("endpoints", |reader| reader.problem("missing"));
        }
        // What could not be read has its default, so that every range can be checked all the same.
        Self::of(config, reader)
    }

    /// The config, whose endpoints the reader has checked, if nothing else is wrong with it.
    fn of(mut config: Config, mut reader: Reader) -> Result<Self, Problems> {
        config.check_settings(&mut reader);
        config.endpoints.spell_out(&config.check);
        for health in &mut config.connectivity.0 {
            health.spell_out(&Check::default());
        }
        Problems::or(reader.finish(), Self(config))
    }

    /// The config with these endpoints instead of its own.
    #[must_use]
    pub fn with_endpoints(mut self, endpoints: ValidEndpoints) -> Self {
        self.0.endpoints = endpoints.0;
        self
    }

    /// The config, which can be changed and must then be validated again.
    pub fn into_config(self) -> Config {
        self.0
    }
}

impl Deref for ValidConfig {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.0
    }
}

impl Config {
    /// The config, or everything that is wrong with it.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// use steadfast::{Config, Preset};
    /// let problems = Config::new(Preset::Default, vec![]).validate().unwrap_err();
    /// assert_eq!(problems.to_string(), "endpoints: allowed: 1 to 64 endpoints");
    /// # }
    /// ```
    pub fn validate(mut self) -> Result<ValidConfig, Problems> {
        let mut reader = Reader::checking(&self.check);
        reader.field("endpoints", |reader| self.endpoints.check_all(reader));
        ValidConfig::of(self, reader)
    }

    /// Endpoints to use with this config from now on, or everything that is wrong with them.
    pub fn validate_endpoints(&self, endpoints: Vec<Endpoint>) -> Result<ValidEndpoints, Problems> {
        let mut endpoints = Endpoints(endpoints);
        let mut reader = Reader::checking(&self.check);
        reader.field("endpoints", |reader| endpoints.check_all(reader));
        Problems::or(reader.finish(), ValidEndpoints::of(endpoints, &self.check))
    }

    /// Reads endpoints as [`ValidConfig::read`] does, with this config's `check` to start from, for
    /// use at run time.
    pub fn read_endpoints(
        &self,
        value: &Value,
        parser: UrlParser,
    ) -> Result<ValidEndpoints, Problems> {
        let mut reader = Reader::new(parser, self.check.clone());
        let read = reader.field("endpoints", |reader| ValidEndpoints::read(value, reader));
        Problems::or_read(reader.finish(), read)
    }

    /// Reads something else in which endpoints may stand.
    pub(crate) fn read_object<T: Read>(
        &self,
        value: &Value,
        parser: UrlParser,
    ) -> Result<T, Problems> {
        let mut reader = Reader::new(parser, self.check.clone());
        let read = T::read(value, &mut reader);
        Problems::or_read(reader.finish(), read)
    }
}

/// Endpoints in which nothing is wrong, for an engine that runs: see
/// [`Config::validate_endpoints`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(as = "Vec<Endpoint>"))]
pub struct ValidEndpoints(Endpoints);

impl ValidEndpoints {
    fn of(mut endpoints: Endpoints, check: &Check) -> Self {
        endpoints.spell_out(check);
        Self(endpoints)
    }

    /// The tree that [`Config::read_endpoints`] reads as these endpoints.
    pub fn to_value(&self) -> Value {
        self.0.to_value()
    }

    /// The endpoints.
    pub fn into_vec(self) -> Vec<Endpoint> {
        self.0.0
    }
}

impl Deref for ValidEndpoints {
    type Target = [Endpoint];

    fn deref(&self) -> &[Endpoint] {
        &self.0.0
    }
}

impl Write for ValidEndpoints {
    fn write(&self) -> Value {
        self.to_value()
    }
}

impl Read for ValidEndpoints {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let mut endpoints = Endpoints::default();
        endpoints.overlay(value, reader);
        Some(Self::of(endpoints, &reader.check))
    }
}

#[cfg(all(feature = "serde", feature = "url"))]
impl<'de> serde::Deserialize<'de> for ValidConfig {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::read(&value, crate::base::url::parse_url).map_err(serde::de::Error::custom)
    }
}
