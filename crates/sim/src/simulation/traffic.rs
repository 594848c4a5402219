//! What goes over the open connections: messages of the server's own, and what the app sends, with
//! its answers.

use super::{Observer, Open, Pending, Simulation};
use crate::entry::{duration, optional_duration};
use serde::Deserialize;
use steadfast::{ConnectionId, Input, Millis};

/// Shells report what is sent and what arrives at most this often.
const GRANULARITY: Millis = Millis::new(250);

/// What an app sends over each of its connections, and how the server answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Exchanges {
    /// How often the app sends something.
    #[serde(deserialize_with = "duration")]
    pub(crate) every: Millis,
    /// How long the server takes to answer; without it, it never does.
    #[serde(default, deserialize_with = "optional_duration")]
    pub(crate) answer: Option<Millis>,
    /// How long it takes now and then.
    #[serde(default, deserialize_with = "optional_duration")]
    pub(crate) slow: Option<Millis>,
    /// How likely that is, from 0 to 1.
    #[serde(default)]
    pub(crate) slow_share: f64,
}

impl Exchanges {
    /// How often something arrives by them.
    pub(crate) fn rhythm(&self) -> Option<Millis> {
        self.answer.map(|_| self.every)
    }

    /// What is wrong with it.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.every < GRANULARITY {
            return Some("`exchanges.every` must be at least 250 ms, as often as shells report");
        }
        let share = (0.0..=1.0).contains(&self.slow_share);
        (!share).then_some("`exchanges.slowShare` must be from 0 to 1")
    }
}

/// Exchanges, and the chance by which some are slow.
#[derive(Clone, Debug)]
pub(super) struct Exchanging {
    exchanges: Exchanges,
    chance: fastrand::Rng,
}

impl Simulation {
    /// Lets the server send a message every `interval` on an open connection.
    #[must_use]
    pub fn with_messages(mut self, interval: Option<Millis>) -> Self {
        self.messages = interval;
        self
    }

    /// Lets the app send something now and then on each connection that it uses.
    pub(crate) fn with_exchanges(mut self, exchanges: Option<Exchanges>) -> Self {
        let chance = fastrand::Rng::with_seed(self.seed);
        self.exchanging = exchanges.map(|exchanges| Exchanging { exchanges, chance });
        self
    }

    /// A connection is open.
    pub(super) fn begin_traffic(&mut self, id: ConnectionId, endpoint: String) {
        self.open.push(Open { id, endpoint, dead: None, messages: 0 });
        self.schedule_message(id);
    }

    /// The next message of the server's own, if it arrives.
    pub(super) fn message(&mut self, id: ConnectionId) -> Option<Input> {
        self.open.iter().find(|open| open.id == id)?;
        self.schedule_message(id);
        self.arrival(id)
    }

    fn schedule_message(&mut self, id: ConnectionId) {
        if let Some(interval) = self.messages {
            self.pending.push((self.now + interval, Pending::Message(id)));
        }
    }

    /// Something arrives on a connection, unless that is dead.
    pub(super) fn arrival(&mut self, id: ConnectionId) -> Option<Input> {
        let reachable = self.world.is_reachable();
        let open = self.open.iter_mut().find(|open| open.id == id)?;
        let arrives = open.dead.is_none() && reachable;
        open.messages += u32::from(arrives);
        arrives.then_some(Input::ConnectionActive { id })
    }

    /// The app sends something over a connection after a while, if it uses that still.
    pub(super) fn schedule_sending(&mut self, id: ConnectionId) {
        if let Some(Exchanging { exchanges, .. }) = &self.exchanging {
            self.pending.push((self.now + exchanges.every, Pending::Sending(id)));
        }
    }

    /// The app sends something, which the server answers if it arrives.
    pub(super) fn send(&mut self, id: ConnectionId, observer: &mut impl Observer) {
        let Some(open) = self.open.iter().find(|open| open.id == id) else { return };
        let arrives = open.dead.is_none() && self.world.is_reachable();
        self.schedule_sending(id);
        if self.is_frozen {
            return;
        }
        if let Some(Exchanging { exchanges, chance }) = &mut self.exchanging {
            let slow = chance.f64() < exchanges.slow_share;
            let answer = exchanges.answer.filter(|_| arrives);
            let answer = answer.map(|usual| exchanges.slow.filter(|_| slow).unwrap_or(usual));
            self.pending.extend(answer.map(|after| (self.now + after, Pending::Answer(id))));
        }
        self.input(Input::ConnectionSent { id }, observer);
    }
}
