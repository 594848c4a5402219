//! Turns the engine and the world together, from event to event.

mod requests;
mod restart;
mod traffic;

use crate::entry::{Connections, Device, Happening, NetworkState, Socket};
use crate::world::{OPENING, World};
use requests::Request;
use std::collections::VecDeque;
use steadfast::{
    CheckId, Command, ConnectionId, Effect, Engine, Event, FailureKind, Input, Lifecycle, Millis,
    Network, Outcome, Timestamp, ValidConfig,
};
pub(crate) use traffic::Exchanges;
use traffic::Exchanging;

/// Who is told what happens in a simulation.
pub trait Observer {
    /// The engine tells the app something.
    fn event(&mut self, at: Timestamp, event: Event);

    /// Something is about to happen in the world.
    fn happening(&mut self, _at: Timestamp, _happening: &Happening) {}

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
    /// What the engine was made from, with the endpoints that it has by now.
    config: ValidConfig,
    seed: u64,
    world: World,
    now: Timestamp,
    /// What is to come, unordered: a client has at most a check per endpoint and two connections
    /// under way.
    pending: Vec<(Timestamp, Pending)>,
    /// Open connections: at most the one in use, and one that is to take its place.
    open: Vec<Open>,
    /// From message to message on an open connection.
    messages: Option<Millis>,
    exchanging: Option<Exchanging>,
    /// From request to request of the app's own.
    requests: Option<Millis>,
    is_frozen: bool,
    /// Every wake-up is late until the next multiple of this.
    timers: Option<Millis>,
    asleep_until: Timestamp,
    spins: bool,
}

/// An engine that wants to be woken so often at one moment, or has so many checks begin and end,
/// does so for ever.
const MOST_AT_ONCE: u32 = 1_000;

#[derive(Debug, PartialEq)]
enum Pending {
    Check(CheckId, Outcome),
    Connection(ConnectionId, String),
    Message(ConnectionId),
    Sending(ConnectionId),
    Answer(ConnectionId),
    Break(ConnectionId, Option<u16>),
    NextRequest,
    Request(Request),
}

/// An open connection, as it truly is.
#[derive(Clone, Debug)]
pub struct Open {
    /// Its number.
    pub id: ConnectionId,
    /// The endpoint that it leads to.
    pub endpoint: String,
    /// Since when nothing arrives on it any more, though it has not closed.
    pub dead: Option<Timestamp>,
    /// How many messages have arrived on it.
    pub messages: u32,
}

impl Simulation {
    /// A client that has not started.
    pub fn new(config: ValidConfig, seed: u64, world: World) -> Self {
        let now = Timestamp::default();
        let engine = Engine::new(config.clone(), seed, now);
        Self {
            engine,
            config,
            seed,
            world,
            now,
            pending: Vec::new(),
            open: Vec::new(),
            messages: None,
            exchanging: None,
            requests: None,
            is_frozen: false,
            timers: None,
            asleep_until: now,
            spins: false,
        }
    }

    /// Lets timers fire only at multiples of `grid`, as a browser does in a page that nobody sees.
    #[must_use]
    pub fn with_timers(mut self, grid: Option<Millis>) -> Self {
        self.timers = grid;
        self
    }

    /// Runs from the start to `end` (inclusive), observed.
    pub fn run(
        &mut self,
        end: Timestamp,
        happenings: &[(Timestamp, Happening)],
        observer: &mut impl Observer,
    ) {
        // What holds from the start on, holds for the first check.
        let at_start = happenings.iter().take_while(|(at, _)| *at == self.now).count();
        for (_, happening) in &happenings[..at_start] {
            self.happen(happening, observer);
        }
        self.input(Input::Started, observer);
        self.go_on(end, &happenings[at_start..], observer);
    }

    /// Goes on to `end` (inclusive), observed.
    pub fn go_on(
        &mut self,
        end: Timestamp,
        happenings: &[(Timestamp, Happening)],
        observer: &mut impl Observer,
    ) {
        let mut happenings: VecDeque<_> = happenings.iter().collect();
        let mut turns = 0;
        while !self.spins {
            let happening = happenings.front().map(|(at, _)| *at);
            let arrival = self.pending.iter().map(|(at, _)| (*at).max(self.asleep_until)).min();
            let wakeup = self.engine.next_wakeup().map(|at| self.fires(at.max(self.asleep_until)));
            let Some(next) =
                [happening, arrival, wakeup].into_iter().flatten().min().filter(|at| *at <= end)
            else {
                break;
            };
            turns = if self.now == next { turns } else { 0 };
            self.now = next;
            // At the same moment: first the world, then what arrives, then what is merely due.
            if happening == Some(next) {
                if let Some((_, happening)) = happenings.pop_front() {
                    self.happen(happening, observer);
                }
            } else {
                if arrival == Some(next) {
                    self.arrive(observer);
                } else {
                    self.input(Input::Wake, observer);
                }
                turns += 1;
                self.spins = turns > MOST_AT_ONCE;
            }
        }
        self.now = end;
    }

    /// Whether the engine goes on and on at one and the same moment. Nothing goes on after that.
    pub fn spins(&self) -> bool {
        self.spins
    }

    /// When the engine wants to be woken.
    pub fn next_wakeup(&self) -> Option<Timestamp> {
        self.engine.next_wakeup()
    }

    /// The name of the endpoint that the app should be connected to.
    pub fn active(&self) -> &str {
        self.engine.active().name.as_str()
    }

    /// The open connections, as they truly are.
    pub fn open(&self) -> &[Open] {
        &self.open
    }

    fn fires(&self, due: Timestamp) -> Timestamp {
        let grid = self.timers.map_or(1, |grid| u64::from(grid.get()).max(1));
        Timestamp::from_millis(due.as_millis().next_multiple_of(grid))
    }

    fn arrive(&mut self, observer: &mut impl Observer) {
        let first =
            self.pending.iter().enumerate().min_by_key(|(_, (at, _))| *at).map(|(index, _)| index);
        let Some((_, pending)) = first.map(|index| self.pending.remove(index)) else { return };
        let input = match pending {
            Pending::Check(id, outcome) => Input::CheckFinished { id, outcome },
            Pending::Connection(_, endpoint) if self.world.hangs(&endpoint) => return,
            Pending::Connection(id, endpoint) if self.world.accepts(&endpoint) => {
                if self.world.drops(&endpoint) {
                    self.pending.push((self.now + OPENING, Pending::Break(id, None)));
                }
                self.begin_traffic(id, endpoint);
                Input::ConnectionOpened { id }
            }
            Pending::Connection(id, _) => Input::ConnectionClosed { id, code: None },
            Pending::Message(id) => match self.message(id) {
                Some(input) => input,
                None => return,
            },
            Pending::Answer(id) => match self.arrival(id) {
                Some(input) => input,
                None => return,
            },
            Pending::Sending(id) => return self.send(id, observer),
            Pending::Break(id, code) => {
                if !self.close(id) {
                    return;
                }
                Input::ConnectionClosed { id, code }
            }
            Pending::NextRequest => return self.request(observer),
            Pending::Request(request) => request.into(),
        };
        self.input(input, observer);
    }

    /// Whether it was open.
    fn close(&mut self, id: ConnectionId) -> bool {
        let open = self.open.len();
        self.open.retain(|open| open.id != id);
        self.open.len() < open
    }

    fn happen(&mut self, happening: &Happening, observer: &mut impl Observer) {
        observer.happening(self.now, happening);
        match happening {
            Happening::Health(endpoint, health) => self.world.set_health(endpoint, health.clone()),
            Happening::Socket(endpoint, socket) => {
                self.world.set_socket(endpoint, *socket);
                let there = |open: &Open| open.endpoint == *endpoint;
                match socket {
                    Socket::Closes(code) => self.end_open(there, Some(*code), observer),
                    Socket::Dies | Socket::Breaks => self.end_open(there, None, observer),
                    Socket::GoesSilent => self.kill_open(there),
                    Socket::Accepts
                    | Socket::Refuses
                    | Socket::OpensAfter(_)
                    | Socket::Drops
                    | Socket::Hangs => {}
                }
            }
            Happening::Network(network, silent) => {
                self.world.set_network(*network);
                if !silent {
                    self.input(Input::Network(told(*network)), observer);
                }
            }
            Happening::Rumour(network) => self.input(Input::Network(told(*network)), observer),
            Happening::Connections(Connections::Die) => self.kill_open(|_| true),
            Happening::Connections(Connections::Break) => self.end_open(|_| true, None, observer),
            Happening::Device(Device::Sleeps(duration)) => {
                observer.sleep(self.now, *duration);
                self.asleep_until = self.now + *duration;
            }
            Happening::Device(device) => {
                if let Some(lifecycle) = device.lifecycle() {
                    self.is_frozen = lifecycle == Lifecycle::Frozen;
                    self.input(Input::Lifecycle(lifecycle), observer);
                }
            }
            Happening::Command(command) => {
                if let Command::SetEndpoints(endpoints) = command {
                    self.config = self.config.clone().with_endpoints(endpoints.clone());
                }
                self.input(Input::Command(command.clone()), observer);
            }
            Happening::SilenceReported => self.report_silence(observer),
            Happening::Start => self.input(Input::Started, observer),
            Happening::Restart => self.restart(observer),
        }
    }

    /// The app misses what was due on its connections, if they are dead.
    fn report_silence(&mut self, observer: &mut impl Observer) {
        let dead = self.open.iter().filter(|open| open.dead.is_some());
        for id in dead.map(|open| open.id).collect::<Vec<_>>() {
            self.input(Input::ConnectionSilent { id }, observer);
        }
    }

    /// Lets nothing arrive any more on the open connections that are `meant`.
    fn kill_open(&mut self, meant: impl Fn(&Open) -> bool) {
        let now = self.now;
        self.open
            .iter_mut()
            .filter(|open| meant(open))
            .for_each(|open| open.dead = open.dead.or(Some(now)));
    }

    /// Closes the open connections that are `meant`; a device that sleeps notices when it wakes.
    fn end_open(
        &mut self,
        meant: impl Fn(&Open) -> bool,
        code: Option<u16>,
        observer: &mut impl Observer,
    ) {
        let ids: Vec<_> = self.open.iter().filter(|open| meant(open)).map(|open| open.id).collect();
        for id in ids {
            if self.now < self.asleep_until {
                self.pending.push((self.now, Pending::Break(id, code)));
            } else if self.close(id) {
                self.input(Input::ConnectionClosed { id, code }, observer);
            }
        }
    }

    fn input(&mut self, input: Input, observer: &mut impl Observer) {
        observer.input(self.now, &input);
        self.engine.handle(self.now, input);
        while let Some(effect) = self.engine.poll_effect() {
            observer.effect(self.now, &effect);
            match effect {
                Effect::StartCheck { id, endpoint, timeout } => {
                    let (after, mut outcome) =
                        self.world.check(endpoint.name.as_str(), self.now, timeout);
                    if let Outcome::Answer(answer) = &mut outcome {
                        answer.understand(endpoint.check());
                    }
                    // Where timers are late, nobody but the engine's own timer ends a check without
                    // an answer.
                    if self.timers.is_none() || outcome != Outcome::Failure(FailureKind::Timeout) {
                        self.pending.push((self.now + after, Pending::Check(id, outcome)));
                    }
                }
                Effect::CancelCheck { id } => {
                    self.pending.retain(
                        |(_, pending)| !matches!(pending, Pending::Check(check, _) if *check == id),
                    );
                }
                Effect::Connect { id, endpoint, .. } => {
                    let endpoint = endpoint.name.as_str().to_owned();
                    self.pending.push((
                        self.now + self.world.opening(&endpoint),
                        Pending::Connection(id, endpoint),
                    ));
                }
                Effect::Disconnect { id, .. } => {
                    self.close(id);
                    self.pending.retain(|(_, pending)| !matches!(pending, Pending::Connection(connection, _) if *connection == id));
                }
                Effect::Promote { id } => self.schedule_sending(id),
                Effect::Emit { at, event } => observer.event(at, event),
                _ => {}
            }
        }
    }
}

fn told(network: NetworkState) -> Network {
    match network {
        NetworkState::Online | NetworkState::BlackHole => Network::Online,
        NetworkState::Offline => Network::Offline,
        NetworkState::Changed => Network::Changed,
    }
}
