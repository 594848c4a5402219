//! How often something usually arrives on the app's connection, and when its silence becomes remarkable.

use crate::rtt::Rtt;
use crate::time::{Millis, Timestamp};

/// Shorter silences are not remarkable: shells report what arrives about once a second.
const SHORTEST: Millis = Millis::from_secs(2);
/// One that pauses for longer has no rhythm to speak of.
const LONGEST: Millis = Millis::from_secs(60);
/// Pauses that must have been seen before their length means anything.
const SEEN: u8 = 5;

/// The rhythm of what arrives.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Talk {
    pauses: Rtt,
    seen: u8,
    last: Option<Timestamp>,
}

impl Talk {
    /// Something has arrived.
    pub(crate) fn heard(&mut self, now: Timestamp) {
        if let Some(last) = self.last.replace(now) {
            self.pauses.observe(now - last);
            self.seen = self.seen.saturating_add(1);
        }
    }

    /// Silence means nothing until something arrives again.
    pub(crate) fn pause(&mut self) {
        self.last = None;
    }

    /// When the silence becomes remarkable.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let longest = self.pauses.timeout(SHORTEST, LONGEST);
        self.last.filter(|_| self.seen >= SEEN && longest < LONGEST).map(|last| last + longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(at: impl IntoIterator<Item = u64>) -> Talk {
        let mut talk = Talk::default();
        at.into_iter().for_each(|secs| talk.heard(Timestamp::from_millis(secs * 1_000)));
        talk
    }

    #[test]
    fn a_steady_talker_is_missed_soon_and_a_rare_one_never() {
        assert_eq!(heard(0..20).deadline(), Some(Timestamp::from_millis(21_000)));
        assert!(heard((0..20).map(|n| n * 10)).deadline() >= Some(Timestamp::from_millis(200_000)));
        assert_eq!(heard((0..20).map(|n| n * 100)).deadline(), None);
        assert_eq!(heard(0..4).deadline(), None, "too few to know");
    }

    #[test]
    fn nothing_is_missed_of_a_connection_that_is_new() {
        let mut talk = heard(0..20);
        talk.pause();
        assert_eq!(talk.deadline(), None);
        talk.heard(Timestamp::from_millis(90_000));
        assert_eq!(talk.deadline(), Some(Timestamp::from_millis(92_000)));
    }
}
