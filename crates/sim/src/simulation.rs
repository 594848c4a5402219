//! Turns the engine and the world together, from event to event.

use crate::entry::{Device, Happening, NetworkState, Socket};
use crate::world::{OPENING, World};
use std::collections::VecDeque;
use steadfast::{CheckId, Config, ConnectionId, Effect, Engine, Event, FailureKind, Input, Millis, Network, Outcome, Problems, Timestamp};

/// Who is told what happens in a simulation.
pub trait Observer {
    /// The engine tells the app something.
    fn event(&mut self, at: Timestamp, event: Event);

    /// The engine is about to be told something.
    fn input(&mut self, _at: Timestamp, _input: &Input) {}

    /// The engine asks for something.
    fn effect(&mut self, _at: Timestamp, _effect: &Effect) {}

    /// The device falls asleep for this time.
    fn sleep(&mut self, _at: Timestamp, _duration: Millis) {}
}

impl<F: FnMut(Timestamp, Event)> Observer for F {
    fn event(&mut self, at: Timestamp, event: Event) {
        self(at, event);
    }
}

/// One client in one world.
#[derive(Debug)]
pub struct Simulation {
    engine: Engine,
    world: World,
    now: Timestamp,
    /// What is to come, unordered: a client has at most a check per endpoint and two connections under way.
    pending: Vec<(Timestamp, Pending)>,
    /// Open connections: at most the one in use, and one that is to take its place.
    open: Vec<Open>,
    /// From message to message on an open connection.
    messages: Option<Millis>,
    /// Every wake-up is late until the next multiple of this.
    timers: Option<Millis>,
    asleep_until: Timestamp,
}

#[derive(Debug, PartialEq)]
enum Pending {
    Check(CheckId, Outcome),
    Connection(ConnectionId, String),
    Message(ConnectionId),
    Break(ConnectionId),
}

#[derive(Debug)]
struct Open {
    id: ConnectionId,
    endpoint: String,
    /// Nothing arrives on it any more.
    silent: bool,
}

impl Simulation {
    /// A client that has not started.
    pub fn new(config: Config, seed: u64, world: World) -> Result<Self, Problems> {
        let now = Timestamp::default();
        let engine = Engine::new(config, seed, now)?;
        Ok(Self { engine, world, now, pending: Vec::new(), open: Vec::new(), messages: None, timers: None, asleep_until: now })
    }

    /// Lets the server send a message every `interval` on an open connection.
    #[must_use]
    pub fn with_messages(mut self, interval: Option<Millis>) -> Self {
        self.messages = interval;
        self
    }

    /// Lets timers fire only at multiples of `grid`, as a browser does in a page that nobody sees.
    #[must_use]
    pub fn with_timers(mut self, grid: Option<Millis>) -> Self {
        self.timers = grid;
        self
    }

    /// Runs from the start to `end` (inclusive), observed.
    pub fn run(&mut self, end: Timestamp, happenings: &[(Timestamp, Happening)], observer: &mut impl Observer) {
        let mut happenings: VecDeque<_> = happenings.iter().collect();
        // What holds from the start on, holds for the first check.
        while let Some((_, happening)) = happenings.pop_front_if(|(at, _)| *at == self.now) {
            self.happen(happening, observer);
        }
        self.input(Input::Started, observer);
        loop {
            let happening = happenings.front().map(|(at, _)| *at);
            let arrival = self.pending.iter().map(|(at, _)| (*at).max(self.asleep_until)).min();
            let wakeup = self.engine.next_wakeup().map(|at| self.fires(at.max(self.asleep_until)));
            let Some(next) = [happening, arrival, wakeup].into_iter().flatten().min().filter(|at| *at <= end) else { break };
            self.now = next;
            // At the same moment: first the world, then what arrives, then what is merely due.
            if happening == Some(next) {
                if let Some((_, happening)) = happenings.pop_front() {
                    self.happen(happening, observer);
                }
            } else if arrival == Some(next) {
                self.arrive(observer);
            } else {
                self.input(Input::Wake, observer);
            }
        }
        self.now = end;
    }

    fn fires(&self, due: Timestamp) -> Timestamp {
        let grid = self.timers.map_or(1, |grid| u64::from(grid.get()).max(1));
        Timestamp::from_millis(due.as_millis().next_multiple_of(grid))
    }

    fn arrive(&mut self, observer: &mut impl Observer) {
        let first = self.pending.iter().enumerate().min_by_key(|(_, (at, _))| *at).map(|(index, _)| index);
        let Some((_, pending)) = first.map(|index| self.pending.remove(index)) else { return };
        let input = match pending {
            Pending::Check(id, outcome) => Input::CheckFinished { id, outcome },
            Pending::Connection(id, endpoint) if self.world.accepts(&endpoint) => {
                if self.world.drops(&endpoint) {
                    self.pending.push((self.now + OPENING, Pending::Break(id)));
                }
                self.open.push(Open { id, endpoint, silent: false });
                self.schedule_message(id);
                Input::ConnectionOpened { id }
            }
            Pending::Connection(id, _) => Input::ConnectionClosed { id, code: None },
            Pending::Message(id) => {
                let Some(silent) = self.open.iter().find(|open| open.id == id).map(|open| open.silent) else { return };
                self.schedule_message(id);
                if silent {
                    return;
                }
                Input::ConnectionActive { id }
            }
            Pending::Break(id) => {
                if !self.close(id) {
                    return;
                }
                Input::ConnectionClosed { id, code: None }
            }
        };
        self.input(input, observer);
    }

    /// Whether it was open.
    fn close(&mut self, id: ConnectionId) -> bool {
        let open = self.open.len();
        self.open.retain(|open| open.id != id);
        self.open.len() < open
    }

    fn schedule_message(&mut self, id: ConnectionId) {
        if let Some(interval) = self.messages {
            self.pending.push((self.now + interval, Pending::Message(id)));
        }
    }

    fn happen(&mut self, happening: &Happening, observer: &mut impl Observer) {
        match happening {
            Happening::Health(endpoint, health) => self.world.set_health(endpoint, health.clone()),
            Happening::Socket(endpoint, socket) => {
                self.world.set_socket(endpoint, *socket);
                let there = |open: &&mut Open| open.endpoint == *endpoint;
                let code = match socket {
                    Socket::Closes(code) => Some(*code),
                    Socket::Dies => None,
                    Socket::GoesSilent => return self.open.iter_mut().filter(there).for_each(|open| open.silent = true),
                    Socket::Accepts | Socket::Refuses | Socket::OpensAfter(_) | Socket::Drops => return,
                };
                let ids: Vec<_> = self.open.extract_if(.., |open| open.endpoint == *endpoint).map(|open| open.id).collect();
                for id in ids {
                    self.input(Input::ConnectionClosed { id, code }, observer);
                }
            }
            Happening::Network(network, silent) => {
                self.world.set_offline(*network == NetworkState::Offline);
                if !silent {
                    self.input(Input::Network(told(*network)), observer);
                }
            }
            Happening::Rumour(network) => self.input(Input::Network(told(*network)), observer),
            Happening::Device(Device::Sleeps(duration)) => {
                observer.sleep(self.now, *duration);
                self.asleep_until = self.now + *duration;
            }
            Happening::Device(device) => {
                if let Some(lifecycle) = device.lifecycle() {
                    self.input(Input::Lifecycle(lifecycle), observer);
                }
            }
            Happening::Command(command) => self.input(Input::Command(command.clone()), observer),
            Happening::Start => self.input(Input::Started, observer),
        }
    }

    fn input(&mut self, input: Input, observer: &mut impl Observer) {
        observer.input(self.now, &input);
        self.engine.handle(self.now, input);
        while let Some(effect) = self.engine.poll_effect() {
            observer.effect(self.now, &effect);
            match effect {
                Effect::StartCheck { id, endpoint, timeout } => {
                    let (after, mut outcome) = self.world.check(endpoint.name.as_str(), self.now, timeout);
                    if let Outcome::Answer(answer) = &mut outcome {
                        answer.understand(endpoint.health.check());
                    }
                    // Where timers are late, nobody but the engine's own timer ends a check without an answer.
                    if self.timers.is_none() || outcome != Outcome::Failure(FailureKind::Timeout) {
                        self.pending.push((self.now + after, Pending::Check(id, outcome)));
                    }
                }
                Effect::CancelCheck { id } => {
                    self.pending.retain(|(_, pending)| !matches!(pending, Pending::Check(check, _) if *check == id));
                }
                Effect::Connect { id, endpoint } => {
                    let endpoint = endpoint.name.as_str().to_owned();
                    self.pending.push((self.now + self.world.opening(&endpoint), Pending::Connection(id, endpoint)));
                }
                Effect::Disconnect { id, .. } => {
                    self.close(id);
                    self.pending.retain(|(_, pending)| !matches!(pending, Pending::Connection(connection, _) if *connection == id));
                }
                Effect::Emit { at, event } => observer.event(at, event),
                _ => {}
            }
        }
    }
}

fn told(network: NetworkState) -> Network {
    match network {
        NetworkState::Online => Network::Online,
        NetworkState::Offline => Network::Offline,
        NetworkState::Changed => Network::Changed,
    }
}
