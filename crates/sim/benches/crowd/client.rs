//! One client among many, and what the servers see of it.

use crate::Event;
use steadfast::{
    Answer, CheckId, Command, ConnectionId, Effect, Engine, FailureKind, Header, Input, Lifecycle,
    Millis, Network, Outcome, SocketId, Timestamp,
};

/// When it happens; before that the clients have been at work for a while, each since a moment of
/// its own.
pub(crate) const AT: u64 = 30_000;
/// How long the primary stays away, where it comes back.
const AWAY: u64 = 30_000;
const BLIP: u64 = 5_000;

/// What the servers see: everything in steps of 100 ms from the event on.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    pub(crate) clients: u64,
    /// Connections that open at the endpoint that everybody goes to.
    pub(crate) connections: Vec<u64>,
    /// Checks at either server.
    pub(crate) checks: Vec<u64>,
}

impl Seen {
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.clients += other.clients;
        for (counts, more) in
            [(&mut self.connections, other.connections), (&mut self.checks, other.checks)]
        {
            counts.resize(counts.len().max(more.len()), 0);
            counts.iter_mut().zip(more).for_each(|(count, more)| *count += more);
        }
        self
    }

    /// The most that connected within 100 ms, in thousandths of all.
    pub(crate) fn peak_permille(&self) -> f64 {
        1_000.0 * self.connections.iter().copied().max().unwrap_or_default() as f64
            / self.clients as f64
    }

    /// Seconds until this share, in thousandths, was connected.
    pub(crate) fn until_permille(&self, permille: u64) -> Option<f64> {
        let mut connected = 0;
        let enough = self.connections.iter().position(|count| {
            connected += count;
            connected * 1_000 >= permille * self.clients
        });
        enough.map(|step| (step + 1) as f64 / 10.0)
    }

    /// Most checks in a second, at both servers together.
    pub(crate) fn most_checks(&self) -> u64 {
        self.checks.chunks(10).map(|second| second.iter().sum()).max().unwrap_or_default()
    }
}

fn count(counts: &mut Vec<u64>, at: u64, since: u64) {
    if let Some(after) = at.checked_sub(since) {
        let step = (after / 100) as usize;
        counts.resize(counts.len().max(step + 1), 0);
        counts[step] += 1;
    }
}

/// What is under way, and what becomes of it when.
enum Pending {
    Check(CheckId, Outcome),
    Opened(ConnectionId, bool),
}

pub(crate) struct Client {
    engine: Engine,
    event: Event,
    chance: fastrand::Rng,
    now: u64,
    pending: Vec<(u64, Pending)>,
    /// The open connection, and whether it is to the primary.
    open: Option<(ConnectionId, bool)>,
    happened: usize,
}

impl Client {
    pub(crate) fn new(template: &Engine, event: Event, seed: u64) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed);
        // Apps are opened at all times; those that are opened together check together without
        // jitter.
        let now = chance.u64(0..3_000);
        let engine = template.sibling(chance.u64(..), Timestamp::from_millis(now));
        Self { engine, event, chance, now, pending: Vec::new(), open: None, happened: 0 }
    }

    pub(crate) fn into_engine(self) -> Engine {
        self.engine
    }

    /// Moments at which something happens to the world, and when it all ends.
    fn moments(&self) -> (&'static [u64], u64) {
        match self.event {
            Event::PrimaryKilled => (&[AT], AT + 10_000),
            Event::PrimaryBack => (&[AT, AT + AWAY], AT + AWAY + 150_000),
            Event::Blip => (&[AT, AT + BLIP], AT + BLIP + 20_000),
            Event::Maintenance => (&[AT], AT + 30_000),
        }
    }

    /// From when on it is counted.
    fn counted_from(&self) -> u64 {
        let (moments, _) = self.moments();
        moments[moments.len() - 1]
    }

    pub(crate) fn live(&mut self, seen: &mut Seen) {
        seen.clients += 1;
        self.input(Input::Lifecycle(Lifecycle::Foreground), seen);
        self.input(Input::Command(Command::Connect(SocketId::default())), seen);
        self.input(Input::Started, seen);
        let (moments, end) = self.moments();
        loop {
            let moment = moments.get(self.happened).copied();
            let arrival = self.pending.iter().map(|(at, _)| *at).min();
            let wakeup = self.engine.next_wakeup().map(Timestamp::as_millis);
            let Some(next) =
                [moment, arrival, wakeup].into_iter().flatten().min().filter(|at| *at <= end)
            else {
                return;
            };
            self.now = next;
            if moment == Some(next) {
                self.happened += 1;
                self.happen(seen);
            } else if arrival == Some(next) {
                self.arrive(next, seen);
            } else {
                self.input(Input::Wake, seen);
            }
        }
    }

    fn primary_is_away(&self) -> bool {
        let back = self.event == Event::PrimaryBack && self.happened == 2;
        matches!(self.event, Event::PrimaryKilled | Event::PrimaryBack)
            && self.happened > 0
            && !back
    }

    fn network_is_away(&self) -> bool {
        self.event == Event::Blip && self.happened == 1
    }

    fn happen(&mut self, seen: &mut Seen) {
        let closes = match self.event {
            Event::PrimaryKilled | Event::PrimaryBack => self.primary_is_away(),
            Event::Blip => self.network_is_away(),
            Event::Maintenance => false,
        };
        if closes && let Some((id, _)) = self.open.take() {
            self.input(Input::ConnectionClosed { id, code: None }, seen);
        }
        if self.event == Event::Blip {
            let network = if self.network_is_away() { Network::Offline } else { Network::Online };
            self.input(Input::Network(network), seen);
        }
    }

    fn arrive(&mut self, at: u64, seen: &mut Seen) {
        let Some(index) = self.pending.iter().position(|(when, _)| *when == at) else { return };
        let input = match self.pending.swap_remove(index).1 {
            Pending::Check(id, outcome) => Input::CheckFinished { id, outcome },
            Pending::Opened(id, primary) => {
                if self.network_is_away() || (primary && self.primary_is_away()) {
                    Input::ConnectionClosed { id, code: None }
                } else {
                    self.open = Some((id, primary));
                    let everybody_goes_to_primary =
                        matches!(self.event, Event::PrimaryBack | Event::Blip);
                    if primary == everybody_goes_to_primary {
                        count(&mut seen.connections, at, self.counted_from());
                    }
                    Input::ConnectionOpened { id }
                }
            }
        };
        self.input(input, seen);
    }

    fn check(&mut self, primary: bool) -> (u64, Outcome) {
        let latency = 20 + self.chance.u64(0..60);
        let answer = |status, headers| {
            Outcome::Answer(Answer {
                status: Some(status),
                headers,
                latency: Millis::new(latency as u32),
                ..Answer::default()
            })
        };
        if self.network_is_away() {
            (0, Outcome::Failure(FailureKind::Unreachable))
        } else if primary && self.primary_is_away() {
            (latency, Outcome::Failure(FailureKind::Refused))
        } else if primary && self.event == Event::Maintenance && self.happened > 0 {
            (latency, answer(503, vec![Header::new("retry-after", "120")]))
        } else {
            (latency, answer(200, Vec::new()))
        }
    }

    fn input(&mut self, input: Input, seen: &mut Seen) {
        self.engine.handle(Timestamp::from_millis(self.now), input);
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::StartCheck { id, endpoint, .. } => {
                    count(&mut seen.checks, self.now, self.counted_from());
                    let (after, outcome) = self.check(endpoint.name.as_str() == "primary");
                    self.pending.push((self.now + after, Pending::Check(id, outcome)));
                }
                Effect::CancelCheck { id } => {
                    self.pending.retain(
                        |(_, pending)| !matches!(pending, Pending::Check(check, _) if *check == id),
                    );
                }
                Effect::Connect { id, endpoint, .. } => {
                    self.pending.push((
                        self.now + 20,
                        Pending::Opened(id, endpoint.name.as_str() == "primary"),
                    ));
                }
                Effect::Disconnect { id, .. } => {
                    self.open.take_if(|(open, _)| *open == id);
                    self.pending.retain(|(_, pending)| !matches!(pending, Pending::Opened(opening, _) if *opening == id));
                }
                _ => {}
            }
        }
    }
}
