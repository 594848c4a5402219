//! Whether it is the network that fails and not the servers: somebody else's URLs are asked, while there is reason to doubt.

use super::Engine;
use super::checks::next_id;
use crate::config::{Endpoint, HealthCheck};
use crate::detector::Others;
use crate::effect::{CheckId, Effect};
use crate::event::OfflineReason;
use crate::outcome::{FailureKind, Outcome};
use crate::schedule::Flight;
use crate::situation::Situation;
use crate::time::{Millis, Timestamp};
use std::sync::Arc;

/// From one asking to the next.
const PAUSE: Millis = Millis::from_secs(1);
/// The network's state must be known soon, whatever the check would wait for otherwise.
const PATIENCE: Millis = Millis::from_secs(2);

/// A URL of somebody else.
#[derive(Debug)]
pub(super) struct Neutral {
    endpoint: Arc<Endpoint>,
    flight: Option<Flight>,
    begun: Option<Timestamp>,
    /// How its last check ended, and when that began.
    ended: Option<(Timestamp, Option<FailureKind>)>,
}

impl Neutral {
    pub(super) fn new(index: usize, health: HealthCheck) -> Self {
        let endpoint =
            Endpoint { health: health.clone(), ..Endpoint::new(&format!("connectivity-{index}"), health.url.clone(), health.url) };
        Self { endpoint: Arc::new(endpoint), flight: None, begun: None, ended: None }
    }

    /// The same URL, of which nothing is known.
    pub(super) fn anew(&self) -> Self {
        Self { endpoint: self.endpoint.clone(), flight: None, begun: None, ended: None }
    }
}

impl Engine {
    /// Whether somebody else must be asked about the network now.
    fn doubts_network(&self) -> bool {
        match &self.situation {
            Situation::Suspicion(_) => !self.network_works(),
            Situation::PresumedOffline(_) => true,
            _ => false,
        }
    }

    /// When something is to be done about the neutral URLs.
    pub(super) fn neutrals_due(&self) -> Option<Timestamp> {
        let doubts = self.doubts_network();
        let due = |neutral: &Neutral| match neutral.flight {
            Some(flight) => Some(flight.deadline()),
            None => doubts.then(|| neutral.begun.map_or(self.now, |begun| begun + PAUSE)),
        };
        self.neutrals.iter().filter_map(due).min()
    }

    pub(super) fn start_due_neutrals(&mut self) {
        if !self.doubts_network() {
            return;
        }
        for neutral in &mut self.neutrals {
            if neutral.flight.is_none() && neutral.begun.is_none_or(|begun| begun + PAUSE <= self.now) {
                let id = next_id(&mut self.last_check);
                let timeout = neutral.endpoint.health.check().timeout.min(PATIENCE);
                neutral.flight = Some(Flight { id, started: self.now, timeout, attempt: 0, calm: false });
                neutral.begun = Some(self.now);
                self.effects.push(Effect::StartCheck { id, endpoint: neutral.endpoint.clone(), timeout });
            }
        }
    }

    pub(super) fn expire_neutrals(&mut self) {
        for index in 0..self.neutrals.len() {
            if let Some(flight) = self.neutrals[index].flight.filter(|flight| flight.deadline() <= self.now) {
                self.effects.push(Effect::CancelCheck { id: flight.id });
                self.finish_neutral(flight.id, &Outcome::Failure(FailureKind::Timeout));
            }
        }
    }

    pub(super) fn cancel_neutrals(&mut self) {
        for neutral in &mut self.neutrals {
            if let Some(flight) = neutral.flight.take() {
                self.effects.push(Effect::CancelCheck { id: flight.id });
            }
            neutral.ended = None;
        }
    }

    pub(super) fn finish_neutral(&mut self, id: CheckId, outcome: &Outcome) {
        let found = self.neutrals.iter_mut().find_map(|neutral| {
            let flight = neutral.flight.take_if(|flight| flight.id == id)?;
            Some((neutral, flight))
        });
        let Some((neutral, flight)) = found else { return };
        let failure = match outcome {
            Outcome::Answer(answer) => neutral.endpoint.health.judge(answer, flight.timeout),
            Outcome::Failure(kind) => Some(*kind),
        };
        neutral.ended = Some((flight.started, failure));
        self.note_other(failure);
    }

    /// A check of something other than the suspect has ended.
    pub(super) fn note_other(&mut self, failure: Option<FailureKind>) {
        if let Situation::Suspicion(suspicion) = &mut self.situation {
            let Others { lost, total } = &mut suspicion.others;
            *total += 1;
            *lost += u32::from(failure.is_some_and(FailureKind::is_no_answer));
        }
    }

    /// Since when the network is in doubt.
    pub(super) fn in_doubt_since(&self) -> Option<Timestamp> {
        match &self.situation {
            Situation::Suspicion(suspicion) => Some(suspicion.since),
            Situation::AllDown(outage) | Situation::PresumedOffline(outage) => Some(outage.since),
            _ => None,
        }
    }

    /// Whether somebody else has answered since there was reason to doubt.
    pub(super) fn network_works(&self) -> bool {
        let since = self.in_doubt_since();
        self.neutrals.iter().any(|neutral| matches!(neutral.ended, Some((at, None)) if Some(at) >= since))
    }

    pub(super) fn asking_neutrals(&self) -> bool {
        self.neutrals.iter().any(|neutral| neutral.flight.is_some())
    }

    /// Why the network must be taken to be down, if it must: everything was asked, and nobody has answered as they should.
    pub(super) fn presumed_offline(&self) -> Option<OfflineReason> {
        if self.network_works() {
            return None;
        }
        let answered_wrongly =
            |kind: FailureKind| matches!(kind, FailureKind::Body | FailureKind::Redirect | FailureKind::Status | FailureKind::Tls);
        if self.neutrals.iter().any(|neutral| matches!(neutral.ended, Some((_, Some(kind))) if answered_wrongly(kind))) {
            return Some(OfflineReason::CaptivePortal);
        }
        let silent = if self.neutrals.is_empty() { self.nothing_reachable() } else { self.nothing_answers() };
        silent.then_some(OfflineReason::Unreachable)
    }
}
