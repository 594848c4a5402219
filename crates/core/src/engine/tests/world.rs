//! A world for one engine: servers that answer or do not, sockets, a clock, and timers that may be
//! late. What the engine does in it is written down.

use super::*;
use crate::config::Name;
use crate::protocol::effect::{CheckId, ConnectionId};
use crate::session::rules::BY_APP;
use crate::{CheckReport, Command, Header};
use std::collections::HashMap;

/// How a server answers its checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// With this status, after 20 ms.
    Says(u16),
    /// With 200, after so many milliseconds.
    Takes(u32),
    /// With 200 and 500 in turn.
    Alternates,
    /// With 503 and this `Retry-After`, in seconds.
    Rests(u32),
    /// By refusing.
    Refuses,
    /// There is no way to it.
    Unreachable,
    /// Its name is not found.
    UnknownName,
    /// Not at all.
    Hangs,
}

/// What becomes of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sockets {
    /// It opens after 30 ms.
    Open,
    /// The same, and each second a message arrives on it.
    Talk,
    /// It is refused after 10 ms.
    Refused,
    /// It never opens.
    Hang,
    /// A function of the app's own fails at once.
    AppFails,
    /// The app takes so many milliseconds over what it needs; then it opens after 30 ms.
    AwaitApp(u32),
}

/// A check that has answered a request of the app's.
#[derive(Clone, Debug)]
pub(super) struct Answered {
    pub(super) began: u64,
    pub(super) report: CheckReport,
}

/// The world, and what has happened in it.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) now: Timestamp,
    /// Timers fire at multiples of this only.
    pub(super) grid: u64,
    /// When the timer last fired.
    fired: Timestamp,
    servers: HashMap<Name, Server>,
    sockets: HashMap<Name, Sockets>,
    /// What is on its way to the engine.
    coming: Vec<(Timestamp, Input)>,
    started: HashMap<CheckId, Timestamp>,
    pub(super) open: Vec<(ConnectionId, Name)>,
    pub(super) events: Vec<(u64, Event)>,
    /// The checks and the attempts to connect, by when they began.
    pub(super) checks: Vec<(u64, Name)>,
    pub(super) attempts: Vec<(u64, Name)>,
    /// How often the engine has been woken.
    pub(super) wakes: u32,
}

impl World {
    pub(super) fn new(config: Config, seed: u64) -> Self {
        Self::with(Engine::new(config.validate().unwrap(), seed, at(0)))
    }

    /// A world in which all is well.
    pub(super) fn with(engine: Engine) -> Self {
        Self {
            engine,
            now: at(0),
            grid: 1,
            fired: at(0),
            servers: HashMap::new(),
            sockets: HashMap::new(),
            coming: Vec::new(),
            started: HashMap::new(),
            open: Vec::new(),
            events: Vec::new(),
            checks: Vec::new(),
            attempts: Vec::new(),
            wakes: 0,
        }
    }

    /// Of two endpoints by the default config, after a minute in which all was well.
    pub(super) fn settled() -> Self {
        let mut config = Config::new(Preset::Default, endpoints(2));
        config.jitter_percent = 0;
        config.spread.forced = Millis::ZERO;
        config.spread.voluntary = Millis::ZERO;
        Self::settled_with(config)
    }

    /// After a minute in which all was well.
    pub(super) fn settled_with(config: Config) -> Self {
        let mut world = Self::new(config, 7);
        world.tell(Input::Started);
        world.run(60_000);
        world
    }

    pub(super) fn serve(&mut self, name: &str, server: Server) {
        self.servers.insert(name.into(), server);
    }

    pub(super) fn accept(&mut self, name: &str, sockets: Sockets) {
        self.sockets.insert(name.into(), sockets);
    }

    pub(super) fn command(&mut self, command: Command) {
        self.tell(Input::Command(command));
    }

    /// Tells the engine something now, and does what it wants.
    pub(super) fn tell(&mut self, input: Input) {
        self.engine.handle(self.now, input);
        while let Some(effect) = self.engine.poll_effect() {
            self.apply(effect);
        }
    }

    pub(super) fn tell_all(&mut self, inputs: &[Input]) {
        for input in inputs {
            self.tell(input.clone());
        }
    }

    fn apply(&mut self, effect: Effect) {
        let now = self.now.as_millis();
        match effect {
            Effect::StartCheck { id, endpoint, .. } => {
                self.started.insert(id, self.now);
                self.checks.push((now, endpoint.name.clone()));
                let server = self.servers.get(&endpoint.name).copied();
                let server = match server.unwrap_or(Server::Says(200)) {
                    Server::Alternates if self.checks.len().is_multiple_of(2) => Server::Says(500),
                    other => other,
                };
                if let Some((after, outcome)) = answered(server) {
                    let input = Input::CheckFinished { id, outcome };
                    self.coming.push((self.now + after, input));
                }
            }
            Effect::CancelCheck { id } => {
                self.coming.retain(|(_, input)| !matches!(input, Input::CheckFinished { id: check, .. } if *check == id));
            }
            Effect::Connect { id, endpoint, .. } => {
                self.attempts.push((now, endpoint.name.clone()));
                self.open.push((id, endpoint.name.clone()));
                let sockets = self.sockets.get(&endpoint.name).copied();
                let (opened, refused) =
                    (Input::ConnectionOpened { id }, Input::ConnectionClosed { id, code: None });
                match sockets.unwrap_or(Sockets::Open) {
                    Sockets::Open => self.comes(30, opened),
                    Sockets::Talk => {
                        self.comes(30, opened);
                        self.comes(1_000, Input::ConnectionActive { id });
                    }
                    Sockets::Refused => self.comes(10, refused),
                    Sockets::Hang => {}
                    Sockets::AppFails => {
                        self.comes(0, Input::ConnectionClosed { id, code: Some(BY_APP) });
                    }
                    Sockets::AwaitApp(millis) => {
                        self.comes(0, Input::ConnectionAwaitsApp { id });
                        self.comes(millis, Input::ConnectionBegun { id });
                        self.comes(millis + 30, opened);
                    }
                }
            }
            Effect::Disconnect { id, .. } => self.forget(id),
            Effect::Emit { event, .. } => self.events.push((now, event)),
            Effect::Promote { .. } | Effect::Persist => {}
        }
    }

    fn comes(&mut self, after: u32, input: Input) {
        self.coming.push((self.now + Millis::new(after), input));
    }

    fn forget(&mut self, id: ConnectionId) {
        self.open.retain(|(socket, _)| *socket != id);
        self.coming.retain(|(_, input)| match input {
            Input::ConnectionOpened { id: other }
            | Input::ConnectionActive { id: other }
            | Input::ConnectionClosed { id: other, .. } => *other != id,
            _ => true,
        });
    }

    /// Breaks every socket off.
    pub(super) fn break_sockets(&mut self) {
        for (id, _) in self.open.clone() {
            self.forget(id);
            self.tell(Input::ConnectionClosed { id, code: Some(1_006) });
        }
    }

    /// When the timer fires.
    fn wake_at(&self) -> Option<Timestamp> {
        let due = self.engine.next_wakeup()?.as_millis();
        // A timer fires once in a tick, unless there are none.
        let fired = self.grid > 1 && self.fired == self.now;
        let earliest = self.now.as_millis() + u64::from(fired);
        Some(at(due.max(earliest).next_multiple_of(self.grid)))
    }

    /// Lets so many milliseconds pass.
    pub(super) fn run(&mut self, millis: u64) {
        let end = at(self.now.as_millis() + millis);
        let mut at_once = 0;
        loop {
            let coming = self.coming.iter().enumerate().min_by_key(|(_, (at, _))| *at);
            let coming = coming.map(|(place, (at, _))| ((*at).max(self.now), place));
            let wake = self.wake_at();
            let next = coming.map(|(at, _)| at).into_iter().chain(wake).min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            at_once = if next == self.now { at_once + 1 } else { 0 };
            assert!(at_once < 10_000, "the engine wakes over and over at {next:?}");
            self.now = next;
            match coming {
                Some((at, place)) if at == next => {
                    let (_, input) = self.coming.swap_remove(place);
                    match input {
                        Input::ConnectionClosed { id, .. } => self.forget(id),
                        Input::ConnectionActive { .. } => self.comes(1_000, input.clone()),
                        _ => {}
                    }
                    self.tell(input);
                }
                _ => {
                    self.wakes += 1;
                    self.fired = self.now;
                    self.tell(Input::Wake);
                }
            }
        }
        self.now = end;
    }

    /// The checks that have answered requests of the app's.
    pub(super) fn answered(&self) -> Vec<Answered> {
        let mut answered = Vec::new();
        for (ended, event) in &self.events {
            if let Event::Check(report) = event
                && report.request.is_some()
            {
                let began = ended - u64::from(report.latency_ms);
                answered.push(Answered { began, report: report.clone() });
            }
        }
        answered
    }

    /// The moves: when, from where and to where.
    pub(super) fn moves(&self) -> Vec<(u64, String, String)> {
        let mut moves = Vec::new();
        for (at, event) in &self.events {
            if let Event::Switched { from, to, .. } = event {
                moves.push((*at, from.to_string(), to.to_string()));
            }
        }
        moves
    }

    /// When an event of this name was told.
    pub(super) fn told(&self, name: &str) -> Vec<u64> {
        self.events.iter().filter(|(_, event)| event.name() == name).map(|(at, _)| *at).collect()
    }
}

/// What a server says to a check, and after how long.
fn answered(server: Server) -> Option<(Millis, Outcome)> {
    let latency = Millis::new(20);
    let says = |status| Answer { latency, ..answer(status) };
    Some(match server {
        Server::Alternates => (latency, Outcome::Answer(says(200))),
        Server::Takes(millis) => {
            let latency = Millis::new(millis);
            (latency, Outcome::Answer(Answer { latency, ..answer(200) }))
        }
        Server::Says(status) => (latency, Outcome::Answer(says(status))),
        Server::Rests(secs) => {
            let headers = vec![Header::new("Retry-After", secs.to_string())];
            (latency, Outcome::Answer(Answer { headers, ..says(503) }))
        }
        Server::Refuses => (Millis::new(5), refused()),
        Server::Unreachable => (Millis::new(5), Outcome::Failure(FailureKind::Unreachable)),
        Server::UnknownName => (Millis::new(5), Outcome::Failure(FailureKind::Dns)),
        Server::Hangs => return None,
    })
}
