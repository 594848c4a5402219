//! When an answer is overdue on a connection: how soon something usually arrives on it after
//! something was sent.

use crate::base::time::{Millis, Timestamp};
use crate::config::Endpoint;
use std::sync::Arc;

/// The last answers go into the account of how soon they come.
const KEPT: usize = 16;
/// Answers that must have been seen before anything is expected.
const SEEN: usize = 8;
/// Where answers take longer, none is expected. So long is waited for each, at least.
const SLOWEST: Millis = Millis::from_secs(1);
/// How many times longer than usual an answer may take.
const PATIENCE: u32 = 10;
/// A wait that is looked at so long after its end was slept through, or spent without a network.
const LATE: Millis = Millis::from_secs(1);

/// The rhythm of requests and answers on the app's connection.
#[derive(Clone, Debug, Default)]
pub(super) struct AnswerDetector {
    /// The endpoint whose answers these are.
    of: Option<Arc<Endpoint>>,
    /// How long the last ones took in milliseconds, in a ring.
    times: [u16; KEPT],
    /// How many there have been; as soon as the ring is full, the place in it matters only.
    seen: usize,
    awaited: Awaited,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Awaited {
    /// Nothing was sent since something arrived.
    #[default]
    Nothing,
    /// Something was sent at this moment, and nothing has arrived since.
    Since(Timestamp),
    /// The same, and it has been noticed. Nothing more is expected until something arrives.
    Noticed(Timestamp),
}

impl AnswerDetector {
    /// A connection to this endpoint carries the app's messages from now on, or none does.
    pub(super) fn begin(&mut self, endpoint: Option<&Arc<Endpoint>>) {
        self.pause();
        let Some(endpoint) = endpoint else { return };
        let same = |of: &Arc<Endpoint>| of.name == endpoint.name && of.connect == endpoint.connect;
        if !self.of.as_ref().is_some_and(same) {
            *self = Self { of: Some(endpoint.clone()), ..Self::default() };
        }
    }

    /// What was sent so far is not waited for any more.
    pub(super) fn pause(&mut self) {
        self.awaited = Awaited::Nothing;
    }

    /// Something was sent. What was sent before, and not answered for long, never will be.
    pub(super) fn sent(&mut self, now: Timestamp) {
        self.awaited = match self.awaited {
            Awaited::Nothing => Awaited::Since(now),
            Awaited::Since(at) if now - at > SLOWEST && self.usual().is_none() => {
                self.learn(now - at);
                Awaited::Since(now)
            }
            Awaited::Noticed(at) if now - at > SLOWEST => {
                self.learn(now - at);
                Awaited::Noticed(now)
            }
            waiting => waiting,
        };
    }

    /// Something has arrived. True if it can be an answer.
    pub(super) fn heard(&mut self, now: Timestamp) -> bool {
        let is_awaited = self.awaited != Awaited::Nothing;
        if let Awaited::Since(at) | Awaited::Noticed(at) = self.awaited {
            self.learn(now - at);
        }
        self.pause();
        is_awaited
    }

    /// When an answer is overdue.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let Awaited::Since(at) = self.awaited else { return None };
        self.usual().map(|usual| at + usual.scaled(PATIENCE, 1).max(SLOWEST))
    }

    /// Whether an answer has just become overdue.
    pub(super) fn notice(&mut self, now: Timestamp) -> bool {
        let Some(due) = self.deadline().filter(|due| *due <= now) else { return false };
        let late = now - due > LATE;
        if late {
            self.pause();
        } else {
            self.give_up();
        }
        !late
    }

    /// That nothing arrives has been noticed.
    pub(super) fn give_up(&mut self) {
        if let Awaited::Since(at) = self.awaited {
            self.awaited = Awaited::Noticed(at);
        }
    }

    /// Whether it has been noticed that an answer is overdue, and nothing has arrived since.
    pub(super) const fn is_noticed(&self) -> bool {
        matches!(self.awaited, Awaited::Noticed(_))
    }

    fn learn(&mut self, took: Millis) {
        self.times[self.seen % KEPT] = took.get().try_into().unwrap_or(u16::MAX);
        self.seen = if self.seen + 1 < 2 * KEPT { self.seen + 1 } else { KEPT };
    }

    /// Within how long all but one of the last answers came, if they are quick.
    fn usual(&self) -> Option<Millis> {
        let (mut slowest, mut usual) = (0, 0);
        for took in &self.times[..self.seen.min(KEPT)] {
            usual = usual.max(slowest.min(*took));
            slowest = slowest.max(*took);
        }
        let usual = Millis::new(usual.into());
        (self.seen >= SEEN && usual <= SLOWEST).then_some(usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// A connection on which requests, one each ten seconds, were answered after so many
    /// milliseconds; and when the next is made.
    fn answered(after: impl IntoIterator<Item = u64>) -> (AnswerDetector, u64) {
        let (mut answers, mut now) = (AnswerDetector::default(), 0);
        for millis in after {
            answers.sent(at(now));
            answers.heard(at(now + millis));
            now += 10_000;
        }
        (answers, now)
    }

    /// After how many milliseconds the answer to the next request is overdue.
    fn allowed(after: impl IntoIterator<Item = u64>) -> Option<u64> {
        let (mut answers, now) = answered(after);
        assert_eq!(answers.deadline(), None, "nothing was sent");
        answers.sent(at(now));
        answers.deadline().map(|due| due.as_millis() - now)
    }

    #[test]
    fn an_answer_that_is_usually_quick_is_missed_soon() {
        assert_eq!(allowed([50; 7]), None, "too few to know");
        assert_eq!(allowed([50; 8]), Some(1_000));
        assert_eq!(allowed([300; 16]), Some(3_000));
        assert_eq!(allowed([1_000; 16]), Some(10_000));
        assert_eq!(allowed([1_001; 16]), None, "slow ones are not expected");
    }

    #[test]
    fn all_but_one_of_the_last_sixteen_must_be_quick() {
        let slow = |count: usize| [vec![50; 16], vec![9_000; count]].concat();
        assert_eq!(allowed(slow(1)), Some(1_000));
        assert_eq!(allowed(slow(2)), None);
        let quick_again = |count| [slow(2), vec![50; count]].concat();
        assert_eq!(allowed(quick_again(14)), None);
        assert_eq!(allowed(quick_again(15)), Some(1_000));
        assert_eq!(allowed(vec![50; 1_000]), Some(1_000));
    }

    #[test]
    fn an_overdue_answer_is_noticed_once_until_something_arrives() {
        let (mut answers, now) = answered([50; 16]);
        answers.sent(at(now));
        answers.sent(at(now + 900));
        assert!(!answers.notice(at(now + 999)) && !answers.is_noticed());
        assert!(answers.notice(at(now + 1_000)) && answers.is_noticed(), "the first one counts");
        answers.sent(at(now + 1_500));
        assert_eq!(answers.deadline(), None);
        answers.heard(at(now + 1_600));
        answers.sent(at(now + 2_000));
        assert!(answers.notice(at(now + 3_000)), "one that came late is no rhythm yet");
    }

    #[test]
    fn what_is_never_answered_teaches_that_there_is_no_rhythm() {
        let mut answers = AnswerDetector::default();
        for second in 0..40 {
            answers.sent(at(second * 2_000));
            assert_eq!(answers.deadline(), None);
        }
        // An app that asked before, and only tells from now on.
        let (mut answers, now) = answered([50; 16]);
        let mut noticed = 0;
        for second in 0..100 {
            let now = now + second * 1_000;
            if second % 20 == 19 {
                answers.heard(at(now));
            }
            noticed += u32::from(answers.notice(at(now)));
            answers.sent(at(now));
        }
        assert_eq!(noticed, 1);
    }

    #[test]
    fn what_was_sent_before_a_sleep_is_not_missed() {
        let (mut answers, now) = answered([50; 16]);
        answers.sent(at(now));
        assert!(!answers.notice(at(now + 2_001)), "the timer came too late to tell");
        assert_eq!((answers.deadline(), answers.is_noticed()), (None, false));
        answers.sent(at(now + 3_000));
        answers.pause();
        assert_eq!(answers.deadline(), None);
    }

    #[test]
    fn another_endpoint_has_another_rhythm() {
        let endpoint = |name, host: &str| {
            let url = crate::base::url::Url::unparsed(format!("ws://{host}/"));
            Some(Arc::new(Endpoint::without_check(name, url)))
        };
        let (mut answers, now) = answered([]);
        let mut expects = |name, host| {
            answers.begin(None);
            answers.begin(endpoint(name, host).as_ref());
            answers.sent(at(now));
            let expects = answers.deadline().is_some();
            for _ in 0..8 {
                answers.sent(at(now));
                answers.heard(at(now));
            }
            expects
        };
        assert!(!expects("a", "a.example") && expects("a", "a.example"));
        assert!(!expects("b", "a.example") && !expects("a", "a.example"));
        assert!(!expects("a", "b.example"));
    }
}
