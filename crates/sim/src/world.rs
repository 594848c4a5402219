//! The world as it is at one moment. It knows nothing of what the engine makes of it.

use crate::access::Access;
use crate::entry::{FailsAfter, Fault, Health, NetworkState, Socket, usual_latency};
use crate::patterns::Latency;
use std::collections::HashMap;
use steadfast::{Answer, FailureKind, Header, Millis, Outcome, Timestamp};

/// How long a connection takes to open unless the scenario says otherwise.
pub(crate) const OPENING: Millis = Millis::new(20);

/// The world as it is at one moment.
#[derive(Debug)]
pub struct World {
    healths: HashMap<String, Health>,
    /// Of endpoints whose answers take another time than their health says.
    latencies: HashMap<String, Latency>,
    sockets: HashMap<String, Socket>,
    network: NetworkState,
    access: Access,
    chance: fastrand::Rng,
}

impl World {
    /// A world in which everything works.
    pub fn new(seed: u64) -> Self {
        // The engine's seed, but not its numbers.
        Self {
            healths: HashMap::new(),
            latencies: HashMap::new(),
            sockets: HashMap::new(),
            network: NetworkState::Online,
            access: Access::Clean,
            chance: fastrand::Rng::with_seed(!seed),
        }
    }

    /// Sets how an endpoint answers checks.
    pub fn set_health(&mut self, endpoint: &str, health: Health) {
        self.healths.insert(endpoint.to_owned(), health);
    }

    /// Lets an endpoint's answers take a time that varies in this way, and not the time that its
    /// health says.
    pub fn set_latency(&mut self, endpoint: &str, latency: Latency) {
        self.latencies.insert(endpoint.to_owned(), latency);
    }

    /// Puts the client behind another network.
    #[must_use]
    pub fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Sets what an endpoint does with connections.
    pub fn set_socket(&mut self, endpoint: &str, socket: Socket) {
        let socket = if matches!(socket, Socket::Closes(_) | Socket::GoesSilent | Socket::Breaks) {
            Socket::Accepts
        } else {
            socket
        };
        self.sockets.insert(endpoint.to_owned(), socket);
    }

    pub(crate) fn set_network(&mut self, network: NetworkState) {
        self.network = network;
    }

    /// Whether anything gets through to anybody.
    pub(crate) fn is_reachable(&self) -> bool {
        matches!(self.network, NetworkState::Online | NetworkState::Changed)
    }

    /// Whether an attempt to connect to an endpoint neither opens nor fails.
    pub(crate) fn hangs(&self, endpoint: &str) -> bool {
        match self.network {
            NetworkState::BlackHole => true,
            NetworkState::Offline => false,
            NetworkState::Online | NetworkState::Changed => {
                self.sockets.get(endpoint) == Some(&Socket::Hangs)
            }
        }
    }

    /// How long a connection to an endpoint takes to open.
    pub(crate) fn opening(&self, endpoint: &str) -> Millis {
        if let Some(Socket::OpensAfter(time)) = self.sockets.get(endpoint) {
            *time
        } else {
            OPENING
        }
    }

    /// Whether an endpoint breaks off a connection that it has just accepted.
    pub(crate) fn drops(&self, endpoint: &str) -> bool {
        self.sockets.get(endpoint) == Some(&Socket::Drops)
    }

    /// Whether an endpoint accepts a new connection.
    pub fn accepts(&self, endpoint: &str) -> bool {
        self.is_reachable()
            && !matches!(
                self.sockets.get(endpoint),
                Some(Socket::Refuses | Socket::Dies | Socket::Hangs)
            )
    }

    /// What comes of a check that starts now, and after which time.
    pub fn check(&mut self, endpoint: &str, now: Timestamp, timeout: Millis) -> (Millis, Outcome) {
        if self.network == NetworkState::Offline {
            return (Millis::ZERO, Outcome::Failure(FailureKind::Unreachable));
        }
        let timed_out = (timeout, Outcome::Failure(FailureKind::Timeout));
        if self.network == NetworkState::BlackHole || self.access.loses(now, &mut self.chance) {
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
                let extra = if answers.jitter > Millis::ZERO {
                    self.chance.u32(0..=answers.jitter.get())
                } else {
                    0
                };
                let latency = match self.latencies.get_mut(endpoint) {
                    Some(latency) => latency.of_check(now, &mut self.chance),
                    None => Millis::new(answers.latency.get().saturating_add(extra)),
                };
                if latency > timeout {
                    return timed_out;
                }
                let headers: Vec<_> =
                    answers.headers.iter().map(|(name, value)| Header::new(name, value)).collect();
                let fails = answers.errors > 0.0 && self.chance.f64() < answers.errors;
                answer(if fails { 500 } else { answers.status }, latency, &headers, &answers.body)
            }
        }
    }
}

fn answer(status: u16, latency: Millis, headers: &[Header], body: &str) -> (Millis, Outcome) {
    (
        latency,
        Outcome::Answer(Answer {
            status: Some(status),
            headers: headers.to_vec(),
            body: body.into(),
            latency,
            document: None,
        }),
    )
}
