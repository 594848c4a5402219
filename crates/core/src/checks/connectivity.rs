//! Connectivity probes: URLs of third parties, checked while it is in doubt whether the network
//! works.

use crate::base::time::{Millis, Timestamp, earliest};
use crate::config::{Endpoint, HealthCheck};
use crate::engine::context::Context;
use crate::health::detector::Witnesses;
use crate::protocol::effect::{CheckId, Effect};
use crate::protocol::outcome::{FailureKind, Outcome};
use std::sync::Arc;

/// From one probe of a URL to the next: at first, and at most.
const FIRST_PAUSE: Millis = Millis::from_secs(1);
const LAST_PAUSE: Millis = Millis::from_secs(30);
/// The network's state must be known soon, whatever the check would wait for otherwise.
const TIMEOUT: Millis = Millis::from_secs(2);

/// All probes.
#[derive(Debug, Default)]
pub(crate) struct Connectivity {
    probes: Vec<Probe>,
}

/// A URL of a third party.
#[derive(Debug)]
struct Probe {
    endpoint: Arc<Endpoint>,
    in_flight: Option<(CheckId, Timestamp)>,
    begun: Option<Timestamp>,
    /// How the last check ended, and when it began.
    ended: Option<(Timestamp, Option<FailureKind>)>,
}

impl Probe {
    fn new(endpoint: Arc<Endpoint>) -> Self {
        Self { endpoint, in_flight: None, begun: None, ended: None }
    }

    fn timeout(&self) -> Millis {
        self.endpoint.check().timeout.min(TIMEOUT)
    }

    /// When the next check begins, if there is reason to doubt the network since then.
    fn due(&self, doubt: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let since = doubt?;
        let Some(begun) = self.begun else { return Some(now) };
        let pause = (begun - since).scaled(1, 60).clamp(FIRST_PAUSE, LAST_PAUSE);
        Some(begun + pause)
    }
}

impl Connectivity {
    pub(crate) fn new(checks: Vec<HealthCheck>) -> Self {
        let mut probes = Vec::new();
        for (index, health) in checks.into_iter().enumerate() {
            let name = format!("connectivity-{index}");
            let endpoint = Endpoint::without_check(&name, health.url.clone());
            let endpoint = Endpoint { health: Some(health), ..endpoint };
            probes.push(Probe::new(Arc::new(endpoint)));
        }
        Self { probes }
    }

    /// The same URLs, of which nothing is known.
    pub(crate) fn anew(&self) -> Self {
        let mut probes = Vec::new();
        for probe in &self.probes {
            probes.push(Probe::new(probe.endpoint.clone()));
        }
        Self { probes }
    }

    /// When something is to be done about a probe. `doubt` is since when the network is in doubt.
    pub(crate) fn due(&self, doubt: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let mut due = None;
        for probe in &self.probes {
            let next = match probe.in_flight {
                Some((_, started)) => Some(started + probe.timeout()),
                None => probe.due(doubt, now),
            };
            due = earliest([due, next]);
        }
        due
    }

    /// Starts the probes that are due.
    pub(crate) fn start(&mut self, cx: &mut Context, doubt: Option<Timestamp>, last_id: &mut u64) {
        for probe in &mut self.probes {
            let due = probe.due(doubt, cx.now);
            if probe.in_flight.is_none() && due.is_some_and(|at| at <= cx.now) {
                *last_id += 1;
                let id = CheckId(*last_id);
                probe.in_flight = Some((id, cx.now));
                probe.begun = Some(cx.now);
                let (endpoint, timeout) = (probe.endpoint.clone(), probe.timeout());
                cx.push(Effect::StartCheck { id, endpoint, timeout });
            }
        }
    }

    /// Ends the probes that have taken too long.
    pub(crate) fn expire(&mut self, cx: &mut Context) {
        for probe in &mut self.probes {
            let (now, timeout) = (cx.now, probe.timeout());
            if let Some((id, started)) = probe.in_flight.take_if(|(_, at)| *at + timeout <= now) {
                cx.push(Effect::CancelCheck { id });
                probe.ended = Some((started, Some(FailureKind::Timeout)));
            }
        }
    }

    /// Takes in how a check ended, if it is a probe.
    pub(crate) fn finished(&mut self, id: CheckId, outcome: &Outcome) {
        for probe in &mut self.probes {
            let timeout = probe.timeout();
            if let Some((_, started)) = probe.in_flight.take_if(|(probe, _)| *probe == id) {
                let failure = match outcome {
                    Outcome::Answer(answer) => probe.endpoint.check().judge(answer, timeout),
                    Outcome::Failure(kind) => Some(*kind),
                };
                probe.ended = Some((started, failure));
                return;
            }
        }
    }

    /// Gives up the probes in flight, and forgets what earlier ones showed.
    pub(crate) fn discard(&mut self, cx: &mut Context) {
        for probe in &mut self.probes {
            if let Some((id, _)) = probe.in_flight.take() {
                cx.push(Effect::CancelCheck { id });
            }
            probe.ended = None;
            probe.begun = None;
        }
    }

    /// Adds those that were asked since then, each by its latest answer.
    pub(crate) fn add_witnesses(&self, since: Timestamp, witnesses: &mut Witnesses) {
        for (started, failure) in self.probes.iter().filter_map(|probe| probe.ended) {
            // One that answers wrongly may be a portal: it shows nothing of the way behind it.
            if started >= since && failure.is_none_or(FailureKind::is_no_answer) {
                count(witnesses, failure);
            }
        }
    }

    /// When the last probe began that passed.
    pub(crate) fn last_pass(&self) -> Option<Timestamp> {
        let passed = |probe: &Probe| match probe.ended {
            Some((at, None)) => Some(at),
            _ => None,
        };
        self.probes.iter().filter_map(passed).max()
    }

    /// The earliest start of the URLs' latest probes that have ended; none if one has never ended.
    pub(crate) fn all_asked_at(&self) -> Option<Timestamp> {
        self.probes.iter().map(|probe| probe.ended.map(|(at, _)| at)).min().flatten()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.probes.is_empty()
    }

    /// Whether somebody answers in the place of a third party, as a portal does where one has to
    /// log in first.
    pub(crate) fn is_captive(&self) -> bool {
        use FailureKind::{Body, Redirect, Status, Tls};
        let foreign = |kind| matches!(kind, Body | Redirect | Status | Tls);
        self.probes
            .iter()
            .any(|probe| matches!(probe.ended, Some((_, Some(kind))) if foreign(kind)))
    }
}

/// Counts one witness by its latest answer.
pub(crate) fn count(witnesses: &mut Witnesses, failure: Option<FailureKind>) {
    if failure.is_some_and(FailureKind::is_no_answer) {
        witnesses.lost += 1;
    } else {
        witnesses.answered += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::url::Url;
    use crate::config::Config;
    use crate::protocol::outcome::Answer;

    const DOUBT: Option<Timestamp> = Some(Timestamp::from_millis(0));

    /// The probes of one URL, of which the first begins now.
    fn probing() -> (Connectivity, Context) {
        let url = Url::unparsed(String::new());
        let check = HealthCheck { url, check: None };
        let mut connectivity = Connectivity::new(vec![check]);
        let now = Timestamp::default();
        let mut cx = Context::new(Arc::new(Config::default()), Vec::new(), 1, now);
        connectivity.start(&mut cx, DOUBT, &mut 0);
        assert!(connectivity.probes[0].in_flight.is_some());
        (connectivity, cx)
    }

    fn says(status: u16) -> Outcome {
        Outcome::Answer(Answer { status: Some(status), ..Answer::default() })
    }

    #[test]
    fn the_first_probe_of_another_network_waits_for_none_of_the_old_one() {
        let (mut connectivity, mut cx) = probing();
        connectivity.finished(CheckId(1), &says(200));
        assert_eq!(connectivity.due(DOUBT, cx.now), Some(cx.now + FIRST_PAUSE));
        assert!(connectivity.last_pass().is_some());
        connectivity.discard(&mut cx);
        assert_eq!(connectivity.due(DOUBT, cx.now), Some(cx.now));
        assert_eq!(connectivity.last_pass(), None, "that was another network");
    }

    #[test]
    fn a_third_party_that_answers_wrongly_is_no_witness_and_an_endpoint_is() {
        let timeout = || Outcome::Failure(FailureKind::Timeout);
        for (outcome, answered, lost) in [(says(200), 1, 0), (says(500), 0, 0), (timeout(), 0, 1)] {
            let (mut connectivity, cx) = probing();
            connectivity.finished(CheckId(1), &outcome);
            let mut witnesses = Witnesses::default();
            connectivity.add_witnesses(cx.now, &mut witnesses);
            assert_eq!(witnesses, Witnesses { answered, lost }, "{outcome:?}");
        }
        let mut witnesses = Witnesses::default();
        count(&mut witnesses, Some(FailureKind::Status));
        assert_eq!(witnesses, Witnesses { answered: 1, lost: 0 });
    }
}
