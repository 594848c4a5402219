//! What a scenario says of the world: each endpoint's health and sockets, the network, the device,
//! the app.

use crate::command::AppCommand;
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;
use steadfast::{Command, Config, Lifecycle, Millis};

/// Something that happens in the world at a moment, and holds until something else does.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// When, since the start.
    #[serde(deserialize_with = "duration")]
    pub at: Millis,
    /// From then on, how often it happens again.
    #[serde(default, deserialize_with = "optional_duration")]
    pub every: Option<Millis>,
    /// The endpoint that `health` or `socket` is about.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// How the endpoint answers checks from now on.
    #[serde(default)]
    pub health: Option<Health>,
    /// What the endpoint does with connections from now on.
    #[serde(default)]
    pub socket: Option<Socket>,
    /// What becomes of the network.
    #[serde(default)]
    pub network: Option<NetworkState>,
    /// What becomes of every open connection, whichever endpoint it leads to.
    #[serde(default)]
    pub connections: Option<Connections>,
    /// Whether the platform keeps quiet about the network.
    #[serde(default)]
    pub silent: bool,
    /// Whether the platform says so, and is wrong.
    #[serde(default)]
    pub untrue: bool,
    /// What becomes of the app.
    #[serde(default)]
    pub device: Option<Device>,
    /// What the app asks for.
    #[serde(default)]
    pub command: Option<AppCommand>,
}

/// An [`Entry`] that has been understood.
#[derive(Clone, Debug)]
pub enum Happening {
    /// An endpoint answers checks in another way.
    Health(String, Health),
    /// An endpoint treats connections in another way.
    Socket(String, Socket),
    /// The network changes; the flag says whether silently.
    Network(NetworkState, bool),
    /// Every open connection meets this end.
    Connections(Connections),
    /// The platform says so of the network, and is wrong.
    Rumour(NetworkState),
    /// The device changes.
    Device(Device),
    /// The app asks for something.
    Command(Command),
    /// The app reports that nothing arrives on its dead connections.
    SilenceReported,
    /// The app starts the engine again after a stop.
    Start,
    /// The app is closed and started again.
    Restart,
}

impl Entry {
    /// The times at which it happens, up to `end`.
    pub(crate) fn times(&self, end: Millis) -> impl Iterator<Item = Millis> {
        let (from, to) = (self.at.get(), end.get());
        let period = self.every.map_or(u32::MAX, |every| every.get().max(1));
        (from..=to.max(from)).step_by(period as usize).map(Millis::new)
    }

    /// What happens, or what is wrong with the entry.
    pub(crate) fn happening(&self, known: &[String], config: &Config) -> Result<Happening, String> {
        let name = || {
            let name = self.endpoint.as_deref().ok_or("`endpoint` is missing")?;
            check_name(name, known).map(str::to_owned)
        };
        let alternatives = [
            self.health.clone().map(|health| name().map(|name| Happening::Health(name, health))),
            self.socket.map(|socket| name().map(|name| Happening::Socket(name, socket))),
            self.network.map(|network| {
                Ok(if self.untrue {
                    Happening::Rumour(network)
                } else {
                    Happening::Network(network, self.silent)
                })
            }),
            self.connections.map(|end| Ok(Happening::Connections(end))),
            self.device.map(|device| Ok(Happening::Device(device))),
            self.command.as_ref().map(|command| command.happening(known, config)),
        ];
        if self.every == Some(Millis::ZERO) {
            return Err("`every` must be at least 1 ms".to_owned());
        }
        let mut given = alternatives.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(happening), None) => happening,
            _ => Err("one of `health`, `socket`, `network`, `connections`, `device`, `command` is needed".to_owned()),
        }
    }
}

/// The name, if an endpoint has it.
pub(crate) fn check_name<'a>(name: &'a str, known: &[String]) -> Result<&'a str, String> {
    if known.iter().any(|known| known == name) {
        Ok(name)
    } else {
        Err(format!("unknown endpoint `{name}`; known: {}", known.join(", ")))
    }
}

/// How an endpoint answers checks.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Health {
    /// Not at all, in this way.
    Fails(Fault),
    /// Not at all, in this way and after this time.
    FailsAfter(FailsAfter),
    /// With a status.
    Answers(Answers),
}

/// A failure that takes its time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FailsAfter {
    /// In which way.
    pub fail: Fault,
    /// After which time.
    #[serde(default, deserialize_with = "duration")]
    pub latency: Millis,
}

/// An answer to every check.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answers {
    /// Its HTTP status.
    pub status: u16,
    /// After which time it arrives.
    #[serde(default = "usual_latency", deserialize_with = "duration")]
    pub latency: Millis,
    /// How much longer it may take, at random.
    #[serde(default, deserialize_with = "duration")]
    pub jitter: Millis,
    /// How likely it is that it never arrives, from 0 to 1.
    #[serde(default)]
    pub loss: f64,
    /// How likely it is that it is a 500 instead, from 0 to 1.
    #[serde(default)]
    pub errors: f64,
    /// Its headers.
    #[serde(default)]
    pub headers: HashMap<String, String>,
    /// Its body.
    #[serde(default)]
    pub body: String,
}

impl Answers {
    /// 200 after `latency` and up to `jitter` more.
    pub fn passing(latency: Millis, jitter: Millis) -> Self {
        Self {
            status: 200,
            latency,
            jitter,
            loss: 0.0,
            errors: 0.0,
            headers: HashMap::new(),
            body: String::new(),
        }
    }
}

/// How long an answer takes unless the scenario says otherwise.
pub(crate) fn usual_latency() -> Millis {
    Millis::new(20)
}

/// The ways of not answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// Accepts and says nothing.
    Hang,
    /// Refuses the connection.
    Refused,
    /// Cannot be reached.
    Unreachable,
    /// Its name is not found.
    Dns,
    /// Its certificate is not trusted.
    Tls,
    /// Breaks the connection off.
    Reset,
}

/// What an endpoint does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Socket {
    /// Accepts new ones.
    Accepts,
    /// Refuses new ones; those that are open stay.
    Refuses,
    /// Closes the open one with this code, and accepts new ones.
    Closes(u16),
    /// Breaks the open one off, and refuses new ones.
    Dies,
    /// Keeps the open one and sends nothing more on it; accepts new ones.
    GoesSilent,
    /// Accepts new ones after this time.
    OpensAfter(#[serde(deserialize_with = "duration")] Millis),
    /// Accepts new ones and breaks each off right after.
    Drops,
    /// Neither accepts nor refuses new ones: an attempt hangs. Those that are open stay.
    Hangs,
    /// Breaks the open one off without a code, and accepts new ones.
    Breaks,
}

/// The network, as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NetworkState {
    /// There is one.
    Online,
    /// There is none.
    Offline,
    /// There is another one.
    Changed,
    /// There seems to be one, and it loses everything: checks and connection attempts hang.
    BlackHole,
}

/// What becomes of open connections when something befalls the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Connections {
    /// Nothing arrives on them any more, and nobody is told.
    Die,
    /// They break off without a code.
    Break,
}

/// The device and the app on it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Device {
    /// A person sees the app.
    Foreground,
    /// The app runs unseen.
    Background,
    /// The app is about to be suspended.
    Frozen,
    /// The app runs again.
    Resumed,
    /// The device sleeps for so long and tells nobody.
    Sleeps(#[serde(deserialize_with = "duration")] Millis),
}

impl Device {
    pub(crate) fn lifecycle(self) -> Option<Lifecycle> {
        Some(match self {
            Self::Foreground => Lifecycle::Foreground,
            Self::Background => Lifecycle::Background,
            Self::Frozen => Lifecycle::Frozen,
            Self::Resumed => Lifecycle::Resumed,
            Self::Sleeps(_) => return None,
        })
    }
}

/// Reads `"3s"` or a number of milliseconds.
pub(crate) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(u32),
        Text(String),
    }
    match Written::deserialize(deserializer)? {
        Written::Number(millis) => Ok(Millis::new(millis)),
        Written::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

/// Reads what [`duration`] reads, where it may be left out.
pub(crate) fn optional_duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Millis>, D::Error> {
    duration(deserializer).map(Some)
}
