//! When a message is overdue on a connection: how often something usually arrives on it.

use crate::base::time::{Millis, Timestamp};
use crate::health::rtt::RttEstimator;

/// Shells report what arrives at most this often.
const GRANULARITY: Millis = Millis::new(250);
/// The shortest pause after which a message is overdue.
const SHORTEST: Millis = Millis::from_secs(1);
/// A connection that pauses for longer has no rhythm to speak of.
const LONGEST: Millis = Millis::from_secs(60);
/// Pauses that must have been seen before their length means anything.
const SEEN: u8 = 5;

/// The rhythm of what arrives on the app's connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct IdleDetector {
    pauses: RttEstimator,
    seen: u8,
    state: Silence,
    /// How many silences in a row were taken for death since what arrives has kept its rhythm for a
    /// while. A server that sends much at first and then nothing keeps none.
    mistaken: u8,
    /// Since when what arrives has kept its rhythm.
    resumed: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Silence {
    /// Nothing has arrived yet, or it has been noticed that nothing does any more.
    #[default]
    Unwatched,
    /// Something arrived at this moment.
    Since(Timestamp),
    /// The same, as the answer to something that was sent: nothing more need follow.
    Answered(Timestamp),
    /// The same, and at the second moment something was sent again.
    Asked(Timestamp, Timestamp),
    /// A socket took over at this moment from one that talked; nothing is overdue on it yet.
    TakenOver(Timestamp),
    /// It has been noticed that nothing has arrived since, at the second of these moments.
    Noticed(Timestamp, Timestamp),
}

/// How long overdue the next message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// Longer than the rhythm lets expect.
    Late,
    /// For as long again: the connection may be dead.
    Dead,
}

impl IdleDetector {
    /// Something has arrived.
    pub(crate) fn heard(&mut self, now: Timestamp) {
        self.learn(now);
        self.state = Silence::Since(now);
    }

    /// An answer has arrived.
    pub(crate) fn answered(&mut self, now: Timestamp) {
        self.learn(now);
        self.state = Silence::Answered(now);
    }

    /// Something was sent.
    pub(crate) fn sent(&mut self, now: Timestamp) {
        if let Silence::Answered(last) = self.state {
            self.state = Silence::Asked(last, now);
        }
    }

    fn learn(&mut self, now: Timestamp) {
        let last = match self.state {
            Silence::Since(last)
            | Silence::Answered(last)
            | Silence::Asked(last, _)
            | Silence::Noticed(last, _) => Some(last),
            Silence::TakenOver(_) | Silence::Unwatched => None,
        };
        let pause = last.map(|last| now - last);
        let keeps = pause.zip(self.rhythm()).is_some_and(|(pause, usual)| pause <= usual);
        if let Some(pause) = pause {
            self.pauses.observe(pause);
            self.seen = self.seen.saturating_add(1);
        }
        let resumed = self.resumed.filter(|_| keeps).unwrap_or(now);
        self.resumed = Some(resumed);
        if now - resumed >= LONGEST {
            self.mistaken = 0;
        }
    }

    /// Silence means nothing until something arrives again.
    pub(crate) fn pause(&mut self) {
        self.state = Silence::Unwatched;
    }

    /// Another socket to the same endpoint takes over. From one that talked it gets the time of one
    /// pause to talk as well: so long the app counts as served, and until something arrives no
    /// silence means anything.
    pub(crate) fn take_over(&mut self, now: Timestamp) {
        let talks = self.is_talking(now);
        self.state = if talks { Silence::TakenOver(now) } else { Silence::Unwatched };
    }

    /// Nobody could have heard anything until now; a connection that talked is expected to go on.
    pub(crate) fn restart(&mut self, now: Timestamp) {
        self.state = match self.state {
            Silence::Unwatched => Silence::Unwatched,
            Silence::Answered(_) => Silence::Answered(now),
            _ => Silence::Since(now),
        };
    }

    /// When the next message is overdue, or the connection may be dead.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        let allowed = self.allowed()?;
        match self.state {
            Silence::Unwatched | Silence::Answered(_) => None,
            Silence::Since(at)
            | Silence::Asked(_, at)
            | Silence::TakenOver(at)
            | Silence::Noticed(_, at) => Some(at + allowed),
        }
    }

    /// How long overdue the next message is, if it has just become so.
    pub(crate) fn notice(&mut self, now: Timestamp) -> Option<Overdue> {
        if self.deadline()? > now {
            return None;
        }
        let (state, overdue) = match self.state {
            Silence::Since(last) | Silence::Asked(last, _) => {
                (Silence::Noticed(last, now), Some(Overdue::Late))
            }
            Silence::Noticed(..) => {
                self.mistaken = self.mistaken.saturating_add(1);
                (Silence::Unwatched, Some(Overdue::Dead))
            }
            Silence::TakenOver(_) | Silence::Answered(_) | Silence::Unwatched => {
                (Silence::Unwatched, None)
            }
        };
        self.state = state;
        overdue
    }

    /// Whether it has been noticed that a message is overdue, and nothing has arrived since.
    pub(crate) const fn is_noticed(&self) -> bool {
        matches!(self.state, Silence::Noticed(..))
    }

    /// Whether something has arrived no longer ago than the rhythm lets expect.
    pub(crate) fn is_talking(&self, now: Timestamp) -> bool {
        let allowed = self.allowed().unwrap_or(LONGEST);
        match self.state {
            Silence::Since(last)
            | Silence::Answered(last)
            | Silence::Asked(last, _)
            | Silence::TakenOver(last) => now <= last + allowed,
            Silence::Noticed(..) | Silence::Unwatched => false,
        }
    }

    /// The longest pause after which no message is overdue: that of the rhythm, and twice as long after
    /// each silence that was taken for death.
    fn allowed(&self) -> Option<Millis> {
        let allowed = self.rhythm()?.scaled(1 << self.mistaken.min(6), 1);
        (self.mistaken == 0 || allowed < LONGEST).then_some(allowed)
    }

    /// The longest pause that the rhythm lets expect: a quarter more than is usual.
    fn rhythm(&self) -> Option<Millis> {
        let usual = self.pauses.timeout(SHORTEST, LONGEST);
        let allowed = Millis::new(usual.scaled(5, 4).get() + GRANULARITY.get());
        (self.seen >= SEEN && usual < LONGEST).then_some(allowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn heard(at_secs: impl IntoIterator<Item = u64>) -> IdleDetector {
        let mut idle = IdleDetector::default();
        at_secs.into_iter().for_each(|secs| idle.heard(at(secs * 1_000)));
        idle
    }

    #[test]
    fn a_steady_talker_is_missed_soon_and_a_rare_one_never() {
        let due = heard(0..20).deadline().unwrap().as_millis();
        assert!((20_500..20_520).contains(&due), "{due}: the rhythm, a quarter and 250 ms");
        assert!(heard((0..20).map(|n| n * 10)).deadline() >= Some(at(200_000)));
        assert_eq!(heard((0..20).map(|n| n * 100)).deadline(), None);
        assert_eq!(heard(0..4).deadline(), None, "too few to know");
    }

    #[test]
    fn silence_is_noticed_and_then_taken_for_death() {
        let mut idle = heard(0..20);
        let due = idle.deadline().unwrap().as_millis();
        assert_eq!(idle.notice(at(due - 1)), None);
        assert!(idle.is_talking(at(due)));
        assert_eq!(idle.notice(at(due)), Some(Overdue::Late));
        assert!(!idle.is_talking(at(due)));
        let again = due + (due - 19_000);
        assert_eq!(idle.notice(at(again - 1)), None);
        assert_eq!(idle.notice(at(again)), Some(Overdue::Dead));
        assert_eq!(idle.deadline(), None);
    }

    #[test]
    fn a_socket_that_replaces_one_that_talks_is_given_its_rhythm_to_talk() {
        let mut idle = heard(0..20);
        let opened = at(19_900);
        let last = idle.deadline().unwrap() - at(19_000);
        idle.take_over(opened);
        let due = idle.deadline().unwrap();
        assert_eq!(due, opened + last, "counted from when it opened");
        assert!(idle.is_talking(due));
        assert_eq!((idle.notice(due), idle.is_talking(due)), (None, false), "it never talked");
        assert_eq!(idle.deadline(), None);
        let mut idle = heard(0..20);
        let late = idle.deadline().unwrap();
        assert_eq!(idle.notice(late), Some(Overdue::Late));
        idle.take_over(late);
        assert!(!idle.is_talking(late), "the one before was silent");
    }

    #[test]
    fn a_pause_that_was_noticed_is_learnt_from() {
        let mut idle = heard(0..20);
        assert_eq!(idle.notice(at(20_600)), Some(Overdue::Late));
        idle.heard(at(21_500));
        assert!(idle.deadline() > Some(at(23_500)), "{:?}", idle.deadline());
    }

    #[test]
    fn nothing_is_missed_of_a_connection_that_is_new() {
        let mut idle = heard(0..20);
        let allowed = idle.deadline().unwrap() - at(19_000);
        idle.pause();
        assert_eq!((idle.deadline(), idle.is_talking(at(19_100))), (None, false));
        idle.restart(at(80_000));
        assert_eq!(idle.deadline(), None, "it never talked");
        idle.heard(at(90_000));
        assert_eq!(idle.deadline(), Some(at(90_000) + allowed));
        idle.restart(at(95_000));
        assert_eq!(idle.deadline(), Some(at(95_000) + allowed), "after a sleep");
    }

    #[test]
    fn a_server_that_greets_at_length_and_is_silent_then_is_soon_left_in_peace() {
        let mut idle = IdleDetector::default();
        let (mut now, mut deaths) = (0, Vec::new());
        for _ in 0..20 {
            for _ in 0..8 {
                now += 300;
                idle.heard(at(now));
            }
            while let Some(deadline) = idle.deadline() {
                let silence = deadline.as_millis() - now;
                if idle.notice(deadline) == Some(Overdue::Dead) {
                    deaths.push(silence);
                }
            }
            idle.take_over(at(now));
            now += 10_000;
        }
        assert!(deaths.len() <= 7, "{deaths:?}");
        assert!(deaths.is_sorted(), "{deaths:?}");
    }

    #[test]
    fn one_that_has_kept_its_rhythm_for_a_minute_is_trusted_to_keep_it() {
        let mut idle = heard(0..10);
        let usual = idle.allowed();
        for _ in 0..2 {
            idle.notice(idle.deadline().unwrap());
        }
        assert!(idle.allowed() > usual);
        (100..161).for_each(|secs| idle.heard(at(secs * 1_000)));
        assert!(idle.allowed() <= usual, "{:?}", idle.allowed());
    }

    #[test]
    fn after_an_answer_nothing_is_overdue_before_something_is_sent_again() {
        let mut idle = IdleDetector::default();
        for second in 0..10 {
            idle.sent(at(second * 1_000));
            idle.answered(at(second * 1_000 + 50));
        }
        assert_eq!(idle.deadline(), None);
        assert!(idle.is_talking(at(9_500)));
        idle.sent(at(60_000));
        let deadline = idle.deadline().unwrap();
        assert!(deadline > at(61_000));
        assert_eq!(idle.notice(deadline), Some(Overdue::Late));
        assert_eq!(idle.notice(idle.deadline().unwrap()), Some(Overdue::Dead));
    }
}
