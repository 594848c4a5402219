//! What the passing of time does to a socket that the app holds.

use super::SessionFact;
use super::connection::Renewal;
use super::held::Held;
use super::idle::Overdue;
use super::reach::{Reach, STABLE};
use crate::base::time::{Timestamp, earliest};
use crate::config::Endpoint;
use crate::engine::context::Context;
use std::sync::Arc;

impl Held {
    /// When something is to be done; `attempts` says whether any are made at present.
    pub(super) fn due(&self, cx: &Context, attempts: bool, reach: &[Reach]) -> Option<Timestamp> {
        earliest([
            self.connection.deadline(),
            self.retry_at.filter(|_| attempts),
            self.lasting_at(cx, reach),
        ])
    }

    /// When a message is overdue.
    pub(super) fn idle_due(&self) -> Option<Timestamp> {
        earliest([self.idle.deadline(), self.answers.deadline()])
    }

    /// Takes notice that a message or an answer is overdue, if it has just become so. One silence is
    /// told once, by whichever rhythm it is noticed first.
    pub(super) fn notice_silence(&mut self, cx: &mut Context) -> Option<SessionFact> {
        let told = self.answers.is_noticed() || self.idle.is_noticed();
        // A request may take unusually long: it must not lose its connection.
        let unanswered = self.answers.notice(cx.now);
        let overdue = self.idle.notice(cx.now);
        if overdue.is_some() {
            self.answers.give_up();
        }
        if overdue == Some(Overdue::Dead) {
            self.renew(cx, Renewal::Presumed);
        }
        if told || !(unanswered || overdue == Some(Overdue::Late)) {
            return None;
        }
        let open = self.connection.open_endpoint()?;
        cx.index_of(&open.name).map(SessionFact::Silent)
    }

    /// When a connection has shown that it lasts, if that is still open.
    fn lasting_at(&self, cx: &Context, reach: &[Reach]) -> Option<Timestamp> {
        let doubted = self.connection.is_presumed_dead();
        let current = self.connection.open_since().filter(|(endpoint, _)| {
            let place = cx.index_of(&endpoint.name).filter(|_| !doubted);
            // One to an older URL of the endpoint shows nothing of the present one.
            place.is_some_and(|index| {
                cx.endpoints[index].connect == endpoint.connect && reach[index].failures() > 0
            })
        });
        let trial = self.connection.trial_since();
        earliest([current.map(|(_, at)| at + STABLE), trial.map(|(_, at)| at + STABLE)])
    }

    /// Takes in that a connection has lasted.
    pub(super) fn lasted(&mut self, cx: &mut Context, reach: &mut [Reach]) -> Option<SessionFact> {
        if self.lasting_at(cx, reach).is_none_or(|at| at > cx.now) {
            return None;
        }
        let lasts = |(endpoint, since): (&Arc<Endpoint>, Timestamp)| {
            let place = cx.index_of(&endpoint.name).filter(|_| since + STABLE <= cx.now);
            let place = place.filter(|index| cx.endpoints[*index].connect == endpoint.connect);
            place.map(|index| (index, since))
        };
        let doubted = self.connection.is_presumed_dead();
        let (current, trial) = (
            self.connection.open_since().filter(|_| !doubted).and_then(lasts),
            self.connection.trial_since().and_then(lasts),
        );
        for (index, since) in current.into_iter().chain(trial) {
            if reach[index].lasted(since, cx.now) {
                self.reset_backoff(index);
            }
        }
        let (index, _) = trial?;
        self.connection.promote(cx);
        self.expect_nothing();
        Some(SessionFact::TrialOpened(index))
    }

    /// Nobody could have heard anything until now.
    pub(super) fn awake(&mut self, now: Timestamp) {
        self.connection.extend(now);
        self.idle.restart(now);
        self.answers.pause();
    }
}
