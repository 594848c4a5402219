//! The circumstances in which something is measured: endpoints, the client's network, and what
//! happened before.

use crate::faults::{Fault, passing};
use crate::policy::{Happenings, Life};
use steadfast::{Millis, Timestamp};
use steadfast_sim::{Access, Answers, Health, Latency, World};

pub(crate) const DAY: Millis = Millis::from_secs(86_400);

/// Nothing has failed yet: unless said otherwise, two endpoints answer within 50 to 400 ms.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) endpoints: usize,
    /// How many of them fail, from the first one on.
    pub(crate) failing: usize,
    /// How the first one answers, and how the others do.
    pub(crate) first: Answers,
    pub(crate) others: Answers,
    pub(crate) first_latency: Option<Latency>,
    pub(crate) others_latency: Option<Latency>,
    /// The client's own network.
    pub(crate) access: Access,
    /// From message to message on an open connection.
    pub(crate) messages: Option<Millis>,
    /// What happens before the failure.
    pub(crate) past: Happenings,
    /// How long a client has lived in it when something fails.
    pub(crate) warm_up: Millis,
}

impl Setting {
    /// Two hours in which nothing goes wrong.
    pub(crate) fn usual() -> Self {
        Self {
            endpoints: 2,
            failing: 1,
            first: passing(),
            others: passing(),
            first_latency: None,
            others_latency: None,
            access: Access::Clean,
            messages: None,
            past: Vec::new(),
            warm_up: Millis::from_secs(2 * 3_600),
        }
    }

    /// Behind this network.
    pub(crate) fn behind(access: Access) -> Self {
        let past = match access {
            Access::Commute => Access::commute(&["e0", "e1"]),
            _ => Vec::new(),
        };
        Self { access, past, ..Self::usual() }
    }

    /// A life without a failure.
    pub(crate) fn life(&self, seed: u64, end: Timestamp) -> Life {
        let mut world = World::new(seed).with_access(self.access.clone());
        for index in 0..self.endpoints {
            world.set_health(&name(index), self.health(index));
            let latency = if index == 0 { self.first_latency } else { self.others_latency };
            if let Some(latency) = latency {
                world.set_latency(&name(index), latency);
            }
        }
        let (endpoints, messages) = (self.endpoints, self.messages);
        Life { world, happenings: self.past.clone(), endpoints, messages, end, seed }
    }

    /// The first endpoints fail at a moment, in this way, and are well after `length`.
    pub(crate) fn failure(&self, fault: &Fault, at: Timestamp, length: Millis) -> Happenings {
        let begin = |index| (at, fault.begin(name(index)));
        let end = |index| (at + length, fault.end(name(index), self.health(index)));
        let all = (0..self.failing).map(begin).chain((0..self.failing).map(end));
        let each = |(when, all): (_, Vec<_>)| all.into_iter().map(move |what| (when, what));
        all.flat_map(each).collect()
    }

    /// How an endpoint answers while nothing has failed.
    fn health(&self, index: usize) -> Health {
        Health::Answers(if index == 0 { self.first.clone() } else { self.others.clone() })
    }
}

/// What the engine and the world call an endpoint.
pub(crate) fn name(index: usize) -> String {
    format!("e{index}")
}
