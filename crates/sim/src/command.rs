//! What the app asks of the engine in a scenario.

use crate::entry::{Happening, check_name, duration};
use serde::Deserialize;
use steadfast::config::Value;
use steadfast::{Command, Config, Millis, SocketId};

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
    /// No new connection to this endpoint for so long.
    Drain(Pause),
    /// This endpoint out of rotation for so long.
    Remove(Pause),
    /// The end of that.
    PutBack(String),
    /// No request to this endpoint.
    Isolate(String),
    /// The end of that.
    Unisolate(String),
    /// These endpoints instead of all others, written as in a config.
    SetEndpoints(Value),
    /// Socket 0 from now on.
    Connect,
    /// The socket of this number from now on.
    ConnectSocket(u32),
    /// Another connection for each socket.
    Reconnect,
    /// Another connection for the socket of this number.
    ReconnectSocket(u32),
    /// Socket 0 no more.
    Disconnect,
    /// The socket of this number no more.
    DisconnectSocket(u32),
    /// Nothing, but it reports that something was due on its connection. Only what is true: on a
    /// connection that is alive it does nothing.
    ReportSilence,
    /// The end.
    Stop,
    /// A new start after the end.
    Start,
    /// The app is closed and started again: the new engine takes over what the old one saved, has
    /// the endpoints of the old one, and wants no connection.
    Restart,
}

/// An endpoint that is to be left alone for a while.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// Which endpoint.
    pub endpoint: String,
    /// For how long.
    #[serde(rename = "for", deserialize_with = "duration")]
    pub duration: Millis,
}

impl AppCommand {
    /// What happens when the app asks for it, or what is wrong with it.
    pub(crate) fn happening(&self, known: &[String], config: &Config) -> Result<Happening, String> {
        let name = |name: &String| check_name(name, known).map(Into::into);
        Ok(Happening::Command(match self {
            Self::CheckNow => Command::CheckNow,
            Self::Prefer(preferred) => Command::Prefer(preferred.as_ref().map(name).transpose()?),
            Self::MaintenanceBegins(of) => Command::BeginMaintenance(name(of)?),
            Self::MaintenanceEnds(of) => Command::EndMaintenance(name(of)?),
            Self::Drain(pause) => Command::Drain(name(&pause.endpoint)?, pause.duration),
            Self::Remove(pause) => Command::Remove(name(&pause.endpoint)?, pause.duration),
            Self::PutBack(removed) => Command::PutBack(name(removed)?),
            Self::Isolate(isolated) => Command::Isolate(name(isolated)?),
            Self::Unisolate(isolated) => Command::Release(name(isolated)?),
            Self::SetEndpoints(written) => {
                let endpoints = config.read_endpoints(written, steadfast::parse_url);
                Command::SetEndpoints(endpoints.map_err(|problems| problems.to_string())?)
            }
            Self::Connect => Command::Connect(SocketId::default()),
            Self::ConnectSocket(socket) => Command::Connect(SocketId(*socket)),
            Self::Reconnect => Command::Reconnect(None),
            Self::ReconnectSocket(socket) => Command::Reconnect(Some(SocketId(*socket))),
            Self::Disconnect => Command::Disconnect(SocketId::default()),
            Self::DisconnectSocket(socket) => Command::Disconnect(SocketId(*socket)),
            Self::Stop => Command::Stop,
            Self::ReportSilence => return Ok(Happening::SilenceReported),
            Self::Start => return Ok(Happening::Start),
            Self::Restart => return Ok(Happening::Restart),
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
