//! Whether a connection on which nothing arrives is alive.

use crate::base::time::{Millis, Timestamp};

/// How a connection on which nothing arrives is asked for a sign of life, in the words of the app's
/// own protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Ping {
    /// It is asked when nothing has arrived for so long.
    pub every: Millis,
    /// Within this time something must arrive. If not, that is evidence against the endpoint, and
    /// the connection is replaced.
    pub within: Millis,
}

/// What is to be done about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PingStep {
    /// Nothing for so long.
    Wait {
        /// How long.
        time: Millis,
    },
    /// The ping is to be sent, and then nothing is to be done for so long.
    Ask {
        /// How long.
        time: Millis,
    },
    /// No sign of life has arrived in time: the engine is to be told.
    Silent,
}

/// When a connection is asked for a sign of life, and whether it gave one.
#[derive(Debug)]
pub struct Pinger {
    ping: Ping,
    asked: Option<Timestamp>,
}

impl Pinger {
    /// For a connection that has just been promoted.
    pub const fn new(ping: Ping) -> Self {
        Self { ping, asked: None }
    }

    /// What is to be done now, where something last arrived at `heard`, and an answer at `answered`:
    /// the same moment, if the app does not tell answers from other messages. `left` is when the ping
    /// left, or what is to be sent before it last moved on: on a slow network that takes its time,
    /// and says nothing against the server.
    pub fn step(
        &mut self,
        now: Timestamp,
        heard: Timestamp,
        answered: Timestamp,
        left: Timestamp,
    ) -> PingStep {
        /// A timer that is later than this has slept: what should have arrived may still wait.
        const SLEPT: Millis = Millis::from_secs(1);
        let Ping { every, within } = self.ping;
        if let Some(asked) = self.asked {
            let until = asked.max(left) + within;
            if now < until {
                return PingStep::Wait { time: until - now };
            }
            self.asked = None;
            if answered < asked && now < until + SLEPT {
                return PingStep::Silent;
            }
        }
        let due = heard + every;
        if now < due {
            return PingStep::Wait { time: due - now };
        }
        self.asked = Some(now);
        PingStep::Ask { time: within }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn pinger() -> Pinger {
        Pinger::new(Ping { every: Millis::new(10_000), within: Millis::new(500) })
    }

    fn wait(millis: u32) -> PingStep {
        PingStep::Wait { time: Millis::new(millis) }
    }

    const ASK: PingStep = PingStep::Ask { time: Millis::new(500) };

    #[test]
    fn it_is_asked_only_while_nothing_arrives() {
        let mut pinger = pinger();
        assert_eq!(pinger.step(at(4_000), at(0), at(0), at(0)), wait(6_000));
        assert_eq!(pinger.step(at(10_000), at(9_000), at(9_000), at(0)), wait(9_000));
        assert_eq!(pinger.step(at(19_000), at(9_000), at(9_000), at(0)), ASK);
        assert_eq!(pinger.step(at(19_100), at(19_050), at(19_050), at(0)), wait(400));
        assert_eq!(pinger.step(at(19_500), at(19_050), at(19_050), at(0)), wait(9_550));
    }

    #[test]
    fn silence_is_told_once_for_each_ping() {
        let mut pinger = pinger();
        assert_eq!(pinger.step(at(10_000), at(0), at(0), at(0)), ASK);
        assert_eq!(pinger.step(at(10_500), at(0), at(0), at(0)), PingStep::Silent);
        assert_eq!(pinger.step(at(10_500), at(0), at(0), at(0)), ASK);
    }

    #[test]
    fn where_answers_are_known_nothing_else_will_do() {
        let mut pinger = pinger();
        assert_eq!(pinger.step(at(10_000), at(0), at(0), at(0)), ASK);
        assert_eq!(pinger.step(at(10_500), at(10_400), at(0), at(0)), PingStep::Silent);
    }

    #[test]
    fn a_timer_that_has_slept_says_nothing() {
        let mut pinger = pinger();
        assert_eq!(pinger.step(at(10_000), at(0), at(0), at(0)), ASK);
        assert_eq!(pinger.step(at(11_500), at(0), at(0), at(0)), ASK);
    }

    #[test]
    fn a_ping_that_waits_behind_a_large_message_is_given_its_time() {
        let mut pinger = pinger();
        assert_eq!(pinger.step(at(10_000), at(0), at(0), at(0)), ASK);
        assert_eq!(pinger.step(at(10_500), at(0), at(0), at(10_450)), wait(450));
        assert_eq!(pinger.step(at(10_950), at(0), at(0), at(10_450)), PingStep::Silent);
    }
}
