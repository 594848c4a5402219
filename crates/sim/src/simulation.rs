//! Turns the engine and the world together, from event to event.

use crate::world::{Device, Happening, NetworkState, Socket, World};
use std::collections::VecDeque;
use steadfast::{CheckId, Config, ConnectionId, Effect, Engine, Event, Input, Millis, Network, Outcome, Problems, Timestamp};

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

/// How long a connection takes to open.
const OPENING: Millis = Millis::new(20);

/// One client in one world.
#[derive(Debug)]
pub struct Simulation {
    engine: Engine,
    world: World,
    now: Timestamp,
    /// What is to come, unordered: a client has at most a check per endpoint and two connections under way.
    pending: Vec<(Timestamp, Pending)>,
    open: Option<(ConnectionId, String)>,
    /// From message to message on an open connection.
    messages: Option<Millis>,
    asleep_until: Timestamp,
}

#[derive(Debug, PartialEq)]
enum Pending {
    Check(CheckId, Outcome),
    Connection(ConnectionId, String),
    Message(ConnectionId),
}

impl Simulation {
    /// A client that has not started.
    pub fn new(config: Config, seed: u64, world: World) -> Result<Self, Problems> {
        let now = Timestamp::default();
        let engine = Engine::new(config, seed, now)?;
        Ok(Self { engine, world, now, pending: Vec::new(), open: None, messages: None, asleep_until: now })
    }

    /// Lets the server send a message every `interval` on an open connection.
    #[must_use]
    pub fn with_messages(mut self, interval: Option<Millis>) -> Self {
        self.messages = interval;
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
            let wakeup = self.engine.next_wakeup().map(|at| at.max(self.asleep_until));
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

    fn arrive(&mut self, observer: &mut impl Observer) {
        let first = self.pending.iter().enumerate().min_by_key(|(_, (at, _))| *at).map(|(index, _)| index);
        let Some((_, pending)) = first.map(|index| self.pending.remove(index)) else { return };
        let input = match pending {
            Pending::Check(id, outcome) => Input::CheckFinished { id, outcome },
            Pending::Connection(id, endpoint) if self.world.accepts(&endpoint) => {
                self.open = Some((id, endpoint));
                self.schedule_message(id);
                Input::ConnectionOpened { id }
            }
            Pending::Connection(id, _) => Input::ConnectionClosed { id, code: None },
            Pending::Message(id) => {
                let Some((_, endpoint)) = self.open.as_ref().filter(|(open, _)| *open == id) else { return };
                let talks = self.world.talks(endpoint);
                self.schedule_message(id);
                if !talks {
                    return;
                }
                Input::ConnectionActive { id }
            }
        };
        self.input(input, observer);
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
                let code = match socket {
                    Socket::Closes(code) => Some(*code),
                    Socket::Dies => None,
                    Socket::Accepts | Socket::Refuses | Socket::GoesSilent => return,
                };
                if let Some((id, _)) = self.open.take_if(|(_, open)| open == endpoint) {
                    self.input(Input::ConnectionClosed { id, code }, observer);
                }
            }
            Happening::Network(network, silent) => {
                self.world.set_offline(*network == NetworkState::Offline);
                let told = match network {
                    NetworkState::Online => Network::Online,
                    NetworkState::Offline => Network::Offline,
                    NetworkState::Changed => Network::Changed,
                };
                if !silent {
                    self.input(Input::Network(told), observer);
                }
            }
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
                    self.pending.push((self.now + after, Pending::Check(id, outcome)));
                }
                Effect::CancelCheck { id } => {
                    self.pending.retain(|(_, pending)| !matches!(pending, Pending::Check(check, _) if *check == id));
                }
                Effect::Connect { id, endpoint } => {
                    self.pending.push((self.now + OPENING, Pending::Connection(id, endpoint.name.as_str().to_owned())));
                }
                Effect::Disconnect { id, .. } => {
                    self.open.take_if(|(open, _)| *open == id);
                    self.pending.retain(|(_, pending)| !matches!(pending, Pending::Connection(connection, _) if *connection == id));
                }
                Effect::Emit { at, event } => observer.event(at, event),
                _ => {}
            }
        }
    }
}
