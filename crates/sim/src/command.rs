//! What the app asks of the engine in a scenario.

use crate::entry::Happening;
use serde::Deserialize;
use steadfast::config::Value;
use steadfast::{Command, Config};

/// What the app asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AppCommand {
    /// A check at once.
    CheckNow,
    /// This endpoint first, or with `null` none.
    Prefer(Option<String>),
    /// Maintenance of this endpoint.
    MaintenanceBegins(String),
    /// The end of it.
    MaintenanceEnds(String),
    /// No request to this endpoint.
    Isolate(String),
    /// The end of that.
    Unisolate(String),
    /// These endpoints instead of all others, written as in a config.
    SetEndpoints(Value),
    /// A connection.
    Connect,
    /// No connection.
    Disconnect,
    /// The end.
    Stop,
    /// A new start after the end.
    Start,
}

impl AppCommand {
    /// What happens when the app asks for it, or what is wrong with it.
    pub(crate) fn happening(&self, config: &Config) -> Result<Happening, String> {
        Ok(Happening::Command(match self {
            Self::CheckNow => Command::CheckNow,
            Self::Prefer(name) => Command::Prefer(name.as_deref().map(Into::into)),
            Self::MaintenanceBegins(name) => Command::Maintenance(name.as_str().into(), true),
            Self::MaintenanceEnds(name) => Command::Maintenance(name.as_str().into(), false),
            Self::Isolate(name) => Command::Isolate(name.as_str().into(), true),
            Self::Unisolate(name) => Command::Isolate(name.as_str().into(), false),
            Self::SetEndpoints(written) => {
                let endpoints = config.read_endpoints(written, steadfast::parse_url);
                Command::SetEndpoints(endpoints.map_err(|problems| problems.to_string())?)
            }
            Self::Connect => Command::Connect,
            Self::Disconnect => Command::Disconnect,
            Self::Stop => Command::Stop,
            Self::Start => return Ok(Happening::Start),
        }))
    }

    /// The names of the endpoints that it brings.
    pub(crate) fn names(&self) -> Vec<String> {
        let Self::SetEndpoints(written) = self else {
            return Vec::new();
        };
        let names = written.items().iter().filter_map(|endpoint| endpoint.text("name"));
        names.map(str::to_owned).collect()
    }
}
