//! What the world does: each endpoint's health, the network, the device. It knows nothing of what the engine makes of it.

use crate::access::Access;
use crate::command::AppCommand;
use serde::{Deserialize, Deserializer};
use std::collections::HashMap;
use steadfast::{Answer, Command, Config, FailureKind, Header, Lifecycle, Millis, Outcome, Timestamp};

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
    /// The platform says so of the network, and is wrong.
    Rumour(NetworkState),
    /// The device changes.
    Device(Device),
    /// The app asks for something.
    Command(Command),
    /// The app starts the engine again after a stop.
    Start,
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
            if known.iter().any(|known| known == name) {
                Ok(name.to_owned())
            } else {
                Err(format!("unknown endpoint `{name}`; known: {}", known.join(", ")))
            }
        };
        let happening = match (&self.health, &self.socket, self.network, self.device, &self.command) {
            (Some(health), None, None, None, None) => Happening::Health(name()?, health.clone()),
            (None, Some(socket), None, None, None) => Happening::Socket(name()?, *socket),
            (None, None, Some(network), None, None) if self.untrue => Happening::Rumour(network),
            (None, None, Some(network), None, None) => Happening::Network(network, self.silent),
            (None, None, None, Some(device), None) => Happening::Device(device),
            (None, None, None, None, Some(command)) => command.happening(config)?,
            _ => return Err("one of `health`, `socket`, `network`, `device`, `command` is needed".to_owned()),
        };
        Ok(happening)
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
        Self { status: 200, latency, jitter, loss: 0.0, errors: 0.0, headers: HashMap::new(), body: String::new() }
    }
}

/// How long a connection takes to open unless the scenario says otherwise.
pub(crate) const OPENING: Millis = Millis::new(20);

fn usual_latency() -> Millis {
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
pub(crate) fn optional_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Millis>, D::Error> {
    duration(deserializer).map(Some)
}

/// The world as it is at one moment.
#[derive(Debug)]
pub struct World {
    healths: HashMap<String, Health>,
    sockets: HashMap<String, Socket>,
    offline: bool,
    access: Access,
    chance: fastrand::Rng,
}

impl World {
    /// A world in which everything works.
    pub fn new(seed: u64) -> Self {
        // The engine's seed, but not its numbers.
        Self {
            healths: HashMap::new(),
            sockets: HashMap::new(),
            offline: false,
            access: Access::Clean,
            chance: fastrand::Rng::with_seed(!seed),
        }
    }

    /// Sets how an endpoint answers checks.
    pub fn set_health(&mut self, endpoint: &str, health: Health) {
        self.healths.insert(endpoint.to_owned(), health);
    }

    /// Puts the client behind another network.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Sets what an endpoint does with connections.
    pub fn set_socket(&mut self, endpoint: &str, socket: Socket) {
        let socket = if matches!(socket, Socket::Closes(_) | Socket::GoesSilent) { Socket::Accepts } else { socket };
        self.sockets.insert(endpoint.to_owned(), socket);
    }

    pub(crate) fn set_offline(&mut self, offline: bool) {
        self.offline = offline;
    }

    /// How long a connection to an endpoint takes to open.
    pub(crate) fn opening(&self, endpoint: &str) -> Millis {
        if let Some(Socket::OpensAfter(time)) = self.sockets.get(endpoint) { *time } else { OPENING }
    }

    /// Whether an endpoint breaks off a connection that it has just accepted.
    pub(crate) fn drops(&self, endpoint: &str) -> bool {
        self.sockets.get(endpoint) == Some(&Socket::Drops)
    }

    /// Whether an endpoint accepts a new connection.
    pub fn accepts(&self, endpoint: &str) -> bool {
        !self.offline && !matches!(self.sockets.get(endpoint), Some(Socket::Refuses | Socket::Dies))
    }

    /// What comes of a check that starts now, and after which time.
    pub fn check(&mut self, endpoint: &str, now: Timestamp, timeout: Millis) -> (Millis, Outcome) {
        if self.offline {
            return (Millis::ZERO, Outcome::Failure(FailureKind::Unreachable));
        }
        let timed_out = (timeout, Outcome::Failure(FailureKind::Timeout));
        if self.access.loses(now, &mut self.chance) {
            return timed_out;
        }
        let failure = |fault, after| match fault {
            Fault::Hang => timed_out.clone(),
            Fault::Refused => (after, Outcome::Failure(FailureKind::Refused)),
            Fault::Unreachable => (after, Outcome::Failure(FailureKind::Unreachable)),
            Fault::Dns => (after, Outcome::Failure(FailureKind::Dns)),
            Fault::Tls => (after, Outcome::Failure(FailureKind::Tls)),
            Fault::Reset => (after, Outcome::Failure(FailureKind::Reset)),
        };
        match self.healths.get(endpoint) {
            None => answer(200, usual_latency(), &[], ""),
            Some(Health::Fails(fault)) => failure(*fault, Millis::ZERO),
            Some(Health::FailsAfter(FailsAfter { latency, .. })) if *latency > timeout => timed_out,
            Some(Health::FailsAfter(FailsAfter { fail, latency })) => failure(*fail, *latency),
            Some(Health::Answers(answers)) => {
                if answers.loss > 0.0 && self.chance.f64() < answers.loss {
                    return timed_out;
                }
                let extra = if answers.jitter > Millis::ZERO { self.chance.u32(0..=answers.jitter.get()) } else { 0 };
                let latency = Millis::new(answers.latency.get().saturating_add(extra));
                if latency > timeout {
                    return timed_out;
                }
                let headers: Vec<_> = answers.headers.iter().map(|(name, value)| Header::new(name, value)).collect();
                let fails = answers.errors > 0.0 && self.chance.f64() < answers.errors;
                answer(if fails { 500 } else { answers.status }, latency, &headers, &answers.body)
            }
        }
    }
}

fn answer(status: u16, latency: Millis, headers: &[Header], body: &str) -> (Millis, Outcome) {
    (latency, Outcome::Answer(Answer { status: Some(status), headers: headers.to_vec(), body: body.into(), latency, document: None }))
}
