//! The truth about a world at each moment: who is well and since when, and what the client has been
//! through.

use super::grade::{Grade, grade_of, retry_after, slowest, speaks};
use crate::entry::{Answers, Device, Happening, Health, NetworkState, Socket};
use std::collections::{HashMap, HashSet};
use steadfast::{
    Command, Endpoint, FIRST_SERVER_ERROR, Lifecycle, Millis, Name, SocketId, Timestamp,
    ValidConfig,
};

/// What a server does, and since when.
#[derive(Clone, Debug, Default)]
struct Server {
    health: Option<Health>,
    socket: Option<Socket>,
    /// The app has announced its maintenance.
    maintenance: bool,
    /// The app lets its connections end until then.
    drained: Timestamp,
    /// The app has taken it out of rotation until then.
    excluded: Timestamp,
    /// Recovery has.
    removed: Timestamp,
    since: Timestamp,
    /// It has failed now and then.
    unsteady: bool,
    /// It has asked to be left alone until then.
    rested: Timestamp,
}

/// The truth about a world at one moment.
pub(super) struct Truth {
    pub(super) now: Timestamp,
    pub(super) config: ValidConfig,
    pub(super) endpoints: Vec<Endpoint>,
    servers: HashMap<String, Server>,
    network: NetworkState,
    /// The platform's last word on the network.
    pub(super) told_offline: bool,
    pub(super) presence: Lifecycle,
    /// The sockets that the app holds.
    pub(super) held: HashSet<SocketId>,
    /// The most that it has held at a time.
    pub(super) most_held: usize,
    pub(super) stopped: bool,
    pub(super) preferred: Option<String>,
    /// The last time that something befell the client itself; while it sleeps, when it will wake.
    pub(super) disturbed: Timestamp,
}

impl Truth {
    pub(super) fn new(config: ValidConfig) -> Self {
        Self {
            now: Timestamp::default(),
            endpoints: config.endpoints.to_vec(),
            config,
            servers: HashMap::new(),
            network: NetworkState::Online,
            told_offline: false,
            presence: Lifecycle::Foreground,
            held: HashSet::new(),
            most_held: 1,
            stopped: false,
            preferred: None,
            disturbed: Timestamp::default(),
        }
    }

    /// Whether the app holds a socket.
    pub(super) fn wants_socket(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes in what happens.
    pub(super) fn apply(&mut self, at: Timestamp, happening: &Happening) {
        self.now = at;
        match happening {
            Happening::Health(name, health) => {
                let spread = self.config.spread.forced;
                let server = self.server_mut(name, at);
                if let Some(rest) = server.health.as_ref().and_then(retry_after) {
                    server.rested = at + rest + spread;
                }
                server.unsteady |= server.health.as_ref().is_some_and(|before| {
                    let at_random = |it: &Answers| it.loss > 0.0 || it.errors > 0.0;
                    retry_after(before).is_some()
                        || matches!(before, Health::Answers(it) if at_random(it))
                });
                server.health = Some(health.clone());
            }
            Happening::Socket(name, socket) => self.server_mut(name, at).socket = Some(*socket),
            Happening::Network(network, silent) => {
                self.network = *network;
                self.disturbed = self.disturbed.max(at);
                if !silent {
                    self.told_offline = *network == NetworkState::Offline;
                }
            }
            Happening::Rumour(network) => {
                self.told_offline = *network == NetworkState::Offline;
                self.disturbed = self.disturbed.max(at);
            }
            Happening::Connections(_) | Happening::Start => self.disturbed = self.disturbed.max(at),
            Happening::Device(device) => self.befall(at, *device),
            Happening::Command(command) => self.command(at, command),
            Happening::SilenceReported => {}
            Happening::Restart => self.begin_anew(at),
        }
        if matches!(happening, Happening::Start) {
            self.stopped = false;
        }
    }

    /// What the app has said is forgotten.
    fn begin_anew(&mut self, at: Timestamp) {
        self.disturbed = self.disturbed.max(at);
        self.told_offline = false;
        self.presence = Lifecycle::Foreground;
        self.held.clear();
        self.stopped = false;
        self.preferred = None;
        for server in self.servers.values_mut() {
            server.maintenance = false;
            server.drained = at;
            server.excluded = at;
            server.removed = at;
        }
    }

    fn befall(&mut self, at: Timestamp, device: Device) {
        if let Device::Sleeps(time) = device {
            self.disturbed = self.disturbed.max(at + time);
        } else {
            self.disturbed = self.disturbed.max(at);
        }
        if let Some(lifecycle) = device.lifecycle() {
            self.presence = lifecycle;
        }
    }

    fn command(&mut self, at: Timestamp, command: &Command) {
        match command {
            Command::Prefer(name) if name.as_ref().is_none_or(|name| self.knows(name)) => {
                self.preferred = name.as_ref().map(ToString::to_string);
            }
            Command::BeginMaintenance(name) if self.knows(name) => {
                self.server_mut(name.as_str(), at).maintenance = true;
            }
            Command::EndMaintenance(name) if self.knows(name) => {
                let server = self.server_mut(name.as_str(), at);
                server.maintenance = false;
                server.drained = at;
            }
            Command::Drain(name, duration) if self.knows(name) => {
                self.server_mut(name.as_str(), at).drained = at + *duration;
            }
            Command::Remove(name, duration) if self.knows(name) => {
                self.server_mut(name.as_str(), at).excluded = at + *duration;
            }
            Command::PutBack(name) if self.knows(name) => {
                let server = self.server_mut(name.as_str(), at);
                server.excluded = at;
                server.removed = at;
            }
            Command::SetEndpoints(endpoints) => {
                for endpoint in endpoints.iter() {
                    if !self.endpoints.contains(endpoint) {
                        self.server_mut(endpoint.name.as_str(), at);
                    }
                }
                for gone in self
                    .endpoints
                    .iter()
                    .filter(|known| endpoints.iter().all(|new| new.name != known.name))
                {
                    if let Some(server) = self.servers.get_mut(gone.name.as_str()) {
                        server.maintenance = false;
                        server.drained = at;
                        server.excluded = at;
                    }
                }
                self.endpoints.clone_from(&endpoints.to_vec());
                // Another one may have become the active one.
                self.disturbed = self.disturbed.max(at);
            }
            Command::Connect(socket) => {
                self.held.insert(*socket);
                self.most_held = self.most_held.max(self.held.len());
                self.disturbed = self.disturbed.max(at);
            }
            Command::Disconnect(socket) => {
                self.held.remove(socket);
                self.disturbed = self.disturbed.max(at);
            }
            // What the app wants is kept for the next start.
            Command::Stop => self.stopped = true,
            _ => {}
        }
    }

    /// The server of that name, of which something changes now.
    fn server_mut(&mut self, name: &str, at: Timestamp) -> &mut Server {
        let server = self.servers.entry(name.to_owned()).or_default();
        server.since = at;
        server
    }

    fn knows(&self, name: &Name) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.name == *name)
    }

    pub(super) fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name.as_str() == name)
    }

    pub(super) fn is_reachable(&self) -> bool {
        matches!(self.network, NetworkState::Online | NetworkState::Changed)
    }

    pub(super) fn is_foreground(&self) -> bool {
        matches!(self.presence, Lifecycle::Foreground | Lifecycle::Resumed)
    }

    /// Whether the engine may look after everything: somebody sees the app, or it has asked for as
    /// much.
    pub(super) fn is_watched(&self) -> bool {
        self.is_foreground()
            || (self.presence == Lifecycle::Background && self.config.background_checks)
    }

    /// For how long neither the endpoint nor anything about the client has changed.
    pub(super) fn unchanged(&self, name: &str, now: Timestamp) -> Millis {
        let ended = |end: Timestamp| if end <= now { end } else { Timestamp::default() };
        let changed = |server: &Server| {
            let ends = [server.drained, server.excluded, server.removed];
            ends.into_iter().map(ended).fold(server.since, Timestamp::max)
        };
        now - self.servers.get(name).map_or(self.disturbed, changed).max(self.disturbed)
    }

    /// As [`unchanged`](Self::unchanged), and it does not ask to be left alone either.
    pub(super) fn available(&self, name: &str, now: Timestamp) -> Millis {
        let rested = self.servers.get(name).map_or(Timestamp::default(), |server| server.rested);
        self.unchanged(name, now).min(now - rested)
    }

    pub(super) fn grade(&self, endpoint: &Endpoint) -> Grade {
        if !self.is_reachable() {
            return Grade::Fails;
        }
        let server = self.servers.get(endpoint.name.as_str());
        match server.and_then(|server| server.health.as_ref()) {
            // Nobody sees how checks would go.
            _ if !endpoint.is_checked() => Grade::Well,
            None => Grade::Well,
            Some(Health::Fails(_) | Health::FailsAfter(_)) => Grade::Fails,
            Some(Health::Answers(answers)) => grade_of(answers, endpoint, &self.config),
        }
    }

    pub(super) fn in_maintenance(&self, name: &str) -> bool {
        self.servers.get(name).is_some_and(|server| {
            server.maintenance || self.now < server.drained.max(server.excluded)
        })
    }

    pub(super) fn was_unsteady(&self, name: &str) -> bool {
        self.servers.get(name).is_some_and(|server| server.unsteady)
    }

    /// Recovery takes an endpoint out of rotation, or puts it back.
    pub(super) fn recovery(&mut self, name: &str, until: Timestamp) {
        self.servers.entry(name.to_owned()).or_default().removed = until;
    }

    fn is_removed(&self, name: &str) -> bool {
        self.servers.get(name).is_some_and(|server| self.now < server.removed)
    }

    /// Whether a new connection to it ever opens.
    pub(super) fn opens(&self, name: &str) -> bool {
        let socket = self.servers.get(name).and_then(|server| server.socket);
        self.accepts(name) || socket == Some(Socket::Drops)
    }

    /// Whether a new connection to it opens at present, by way of the network that there is.
    pub(super) fn may_open(&self, name: &str) -> bool {
        let checked = self.endpoint(name).is_none_or(Endpoint::is_checked);
        self.opens(name) && (checked || self.is_reachable())
    }

    /// Whether a new connection to it opens in good time and stays open.
    pub(super) fn accepts(&self, name: &str) -> bool {
        match self.servers.get(name).and_then(|server| server.socket) {
            Some(Socket::Refuses | Socket::Dies | Socket::Hangs | Socket::Drops) => false,
            Some(Socket::OpensAfter(time)) => time < self.config.connect_timeout,
            _ => true,
        }
    }

    /// Whether nothing is wrong with it that the app could notice. What recovery has taken out of
    /// rotation is well only if nobody else is.
    pub(super) fn is_well(&self, endpoint: &Endpoint) -> bool {
        let stands_in =
            |other: &Endpoint| !self.is_removed(other.name.as_str()) && self.works(other);
        self.works(endpoint)
            && (!self.is_removed(endpoint.name.as_str()) || !self.endpoints.iter().any(stands_in))
    }

    fn works(&self, endpoint: &Endpoint) -> bool {
        let name = endpoint.name.as_str();
        self.grade(endpoint) == Grade::Well
            && !self.in_maintenance(name)
            && (!self.wants_socket() || self.accepts(name))
    }

    /// For how long an endpoint has been well; `None` if it is not.
    pub(super) fn well_for(&self, endpoint: &Endpoint, now: Timestamp) -> Option<Millis> {
        self.is_well(endpoint).then(|| self.available(endpoint.name.as_str(), now))
    }

    /// Whether the app's own requests to it succeed.
    pub(super) fn serves(&self, name: &str) -> bool {
        let health = self.servers.get(name).and_then(|server| server.health.as_ref());
        let serves = |answers: &Answers| answers.status < FIRST_SERVER_ERROR;
        self.is_reachable()
            && health.is_none_or(|it| matches!(it, Health::Answers(answers) if serves(answers)))
    }

    /// Whether a check of it, whatever comes of it, or for want of one a connection, shows that there
    /// is a network.
    pub(super) fn answers(&self, endpoint: &Endpoint) -> bool {
        let (name, timeout) = (endpoint.name.as_str(), endpoint.check().timeout);
        if !endpoint.is_checked() {
            return self.is_reachable() && self.wants_socket() && self.accepts(name);
        }
        let health = self.servers.get(name).and_then(|server| server.health.as_ref());
        self.is_reachable()
            && match health {
                None => true,
                Some(Health::Answers(answers)) => {
                    answers.loss == 0.0 && slowest(answers) <= timeout
                }
                Some(Health::Fails(fault)) => speaks(*fault),
                Some(Health::FailsAfter(failure)) => {
                    speaks(failure.fail) && failure.latency <= timeout
                }
            }
    }

    /// Whether a URL of somebody else answers as it should, and since when.
    pub(super) fn neutral_passes(&self, name: &str) -> bool {
        let health = self.servers.get(name).and_then(|server| server.health.as_ref());
        // What the app expects of its own endpoints does not hold for others.
        let passes = |answers: &Answers| matches!(answers.status, 200..=299 | 401 | 403);
        self.is_reachable()
            && health
                .is_none_or(|health| matches!(health, Health::Answers(answers) if passes(answers)))
    }
}
