//! Networks and servers that vary with time in a regular way: cuts, two modes, cold starts. They
//! know nothing of the engine.

use steadfast::{Millis, Timestamp};

/// A network that is cut for a while, again and again, as in a lift. Nothing tells the client.
#[derive(Clone, Copy, Debug)]
pub struct Cuts {
    /// When the first cut begins.
    pub first: Timestamp,
    /// How long a cut lasts.
    pub length: Millis,
    /// From the beginning of a cut to the beginning of the next.
    pub every: Millis,
    /// How many cuts there are.
    pub count: u64,
}

impl Cuts {
    /// A lift: 20 s without a network, each half hour.
    pub fn lifts() -> Self {
        let minutes = |minutes: u32| Millis::from_secs(minutes * 60);
        let first = Timestamp::default() + minutes(15);
        Self { first, length: Millis::from_secs(20), every: minutes(30), count: u64::MAX }
    }

    /// Whether the network is cut at this moment.
    pub(crate) fn cuts(&self, now: Timestamp) -> bool {
        let every = u64::from(self.every.get()).max(1);
        let Some(since) = now.as_millis().checked_sub(self.first.as_millis()) else {
            return false;
        };
        since / every < self.count && since % every < u64::from(self.length.get())
    }
}

/// How long an endpoint takes to answer, where that is no matter of even chance.
#[derive(Clone, Copy, Debug)]
pub enum Latency {
    /// One of two times.
    TwoModes(TwoModes),
    /// Longer after a time in which nobody asked.
    ColdStart(ColdStart),
}

impl Latency {
    /// How long the answer to a check takes that begins now.
    pub(crate) fn of_check(&mut self, now: Timestamp, chance: &mut fastrand::Rng) -> Millis {
        match self {
            Self::TwoModes(modes) => modes.of_check(chance),
            Self::ColdStart(start) => start.of_check(now),
        }
    }
}

/// Two kinds of answers: from a cache or not, or from one of two backends.
#[derive(Clone, Copy, Debug)]
pub struct TwoModes {
    /// The time of the quick ones.
    pub quick: Millis,
    /// The time of the slow ones.
    pub slow: Millis,
    /// How likely a slow one is, from 0 to 1.
    pub share: f64,
}

impl TwoModes {
    fn of_check(self, chance: &mut fastrand::Rng) -> Millis {
        if chance.f64() < self.share { self.slow } else { self.quick }
    }
}

/// A server that is shut down when idle and started by the next request, for which all requests
/// wait.
#[derive(Clone, Copy, Debug)]
pub struct ColdStart {
    idle: Millis,
    start: Millis,
    warm: Millis,
    asked: Option<Timestamp>,
    started: Timestamp,
}

impl ColdStart {
    /// Shut down after `idle`, started within `start`; when running, it answers within `warm`.
    pub fn new(idle: Millis, start: Millis, warm: Millis) -> Self {
        Self { idle, start, warm, asked: None, started: Timestamp::default() }
    }

    fn of_check(&mut self, now: Timestamp) -> Millis {
        let runs = self.asked.is_some_and(|asked| now <= asked.max(self.started) + self.idle);
        if !runs {
            self.started = now + self.start;
        }
        self.asked = Some(now);
        (self.started.max(now) - now).max(self.warm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    #[test]
    fn a_network_is_cut_as_often_as_told() {
        let secs = Millis::from_secs;
        let cuts = Cuts { first: at(10), length: secs(2), every: secs(60), count: 2 };
        let cut: Vec<_> = (0..200).filter(|second| cuts.cuts(at(*second))).collect();
        assert_eq!(cut, [10, 11, 70, 71]);
    }

    #[test]
    fn a_cold_server_keeps_all_waiting_until_it_has_started() {
        let secs = Millis::from_secs;
        let mut server = ColdStart::new(secs(10), secs(4), Millis::new(50));
        assert_eq!(server.of_check(at(100)), secs(4));
        assert_eq!(server.of_check(at(103)), secs(1));
        assert_eq!(server.of_check(at(114)), Millis::new(50));
        assert_eq!(server.of_check(at(125)), secs(4));
    }
}
