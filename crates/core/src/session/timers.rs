//! What the passing of time does to the app's connection.

use super::idle::Overdue;
use super::reach::STABLE;
use super::{Session, SessionFact};
use crate::base::time::{Timestamp, earliest};
use crate::config::Endpoint;
use crate::engine::context::Context;
use crate::protocol::effect::{ConnectionId, DisconnectReason, Effect};
use std::sync::Arc;

impl Session {
    /// When something is to be done; `attempts` says whether any are made at present.
    pub(crate) fn due(&self, cx: &Context, attempts: bool) -> Option<Timestamp> {
        earliest([
            self.connection.deadline(),
            self.retry_at.filter(|_| attempts),
            self.lasting_at(cx),
        ])
    }

    /// When the next message is overdue.
    pub(crate) fn idle_due(&self) -> Option<Timestamp> {
        self.idle.deadline()
    }

    /// A socket that has not opened in time; it is given up.
    pub(crate) fn overdue(&self, cx: &mut Context) -> Option<ConnectionId> {
        let id = self.connection.overdue(cx.now)?;
        cx.push(Effect::Disconnect { id, reason: DisconnectReason::Timeout });
        Some(id)
    }

    /// Takes notice that a message is overdue, if it has just become so.
    pub(crate) fn notice_silence(&mut self, cx: &Context) -> Option<SessionFact> {
        match self.idle.notice(cx.now)? {
            Overdue::Late => {
                let open = self.connection.open_endpoint()?;
                cx.index_of(&open.name).map(SessionFact::Silent)
            }
            Overdue::Dead => Some(SessionFact::Dead),
        }
    }

    /// When a connection has shown that it lasts, if that is still open.
    fn lasting_at(&self, cx: &Context) -> Option<Timestamp> {
        let doubted = self.connection.is_presumed_dead();
        let current = self.connection.open_since().filter(|(endpoint, _)| {
            let place = cx.index_of(&endpoint.name).filter(|_| !doubted);
            // One to an older URL of the endpoint shows nothing of the present one.
            place.is_some_and(|index| {
                cx.endpoints[index].connect == endpoint.connect && self.reach[index].failures() > 0
            })
        });
        let trial = self.connection.trial_since();
        earliest([current.map(|(_, at)| at + STABLE), trial.map(|(_, at)| at + STABLE)])
    }

    /// Takes in that a connection has lasted.
    pub(crate) fn lasted(&mut self, cx: &mut Context) -> Option<SessionFact> {
        if self.lasting_at(cx).is_none_or(|at| at > cx.now) {
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
        if let Some((index, since)) = current {
            self.reach[index].lasted(since, cx.now);
        }
        let (index, since) = trial?;
        self.reach[index].lasted(since, cx.now);
        self.connection.promote(cx);
        self.idle.pause();
        Some(SessionFact::TrialOpened(index))
    }

    /// Nobody could have heard anything until now.
    pub(crate) fn awake(&mut self, cx: &Context) {
        self.connection.extend(cx);
        self.idle.restart(cx.now);
    }
}
