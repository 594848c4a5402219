//! Every endpoint's health, when it is checked, and the checks in flight. Which endpoint is the
//! active one is not known here: each is given a [`Pace`].

mod checked;
pub(crate) mod connectivity;
mod discarding;
mod ended;
pub(crate) mod schedule;
mod service;
mod starting;

pub(crate) use checked::Checked;
pub(crate) use ended::Ended;

use crate::base::time::{Millis, Timestamp};
use crate::engine::context::Context;
use crate::health::detector::Witnesses;
use crate::health::evidence::Evidence;
use crate::health::loss::Sample;
use crate::health::{Exclusion, HealthChange, Pass};
use crate::protocol::document::DocumentStatus;
use crate::protocol::effect::{CheckId, Effect};
use crate::protocol::outcome::{Answer, FailureKind, Outcome};
use checked::Observation;
use connectivity::Connectivity;
use schedule::{InFlightCheck, Schedule};

/// How long maintenance is supposed to last that was announced without saying so.
pub(crate) const MAINTENANCE: Millis = Millis::from_secs(30);
/// HTTP status "too many requests": the server works, and limits our rate.
const TOO_MANY_REQUESTS: u16 = 429;

/// How often an endpoint is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Not even if the app asks for it: it is suspended.
    Never,
    /// Only when the app asks for it.
    Off,
    /// Only when the app or a sign of failure asks for it.
    OnRequest,
    /// As the active endpoint: every `interval`, and in haste while it is suspected.
    Active,
    /// As the active endpoint, but without haste: the move away from it is decided.
    Leaving,
    /// With this pause.
    Every(Millis),
    /// With this pause, though there should be no network: a failure teaches nothing.
    InVain(Millis),
    /// In haste, for so many attempts, and then with this pause.
    Haste(u32, Millis),
    /// At this moment, together with the others.
    Round(Timestamp),
    /// Not until those in flight have ended.
    Wait,
}

/// What became of a check that may be due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// It has begun.
    Begun,
    /// It is not due. There is something to do for the endpoint at this time, if at all.
    At(Option<Timestamp>),
}

/// The health and the schedule of every endpoint, and the connectivity probes.
#[derive(Debug)]
pub(crate) struct Checks {
    endpoints: Vec<Checked>,
    connectivity: Connectivity,
    last_id: u64,
    /// How often the app has asked for a check.
    requests: u32,
    /// When a request of the app's own last succeeded, at whichever endpoint.
    served_at: Option<Timestamp>,
}

impl Checks {
    pub(crate) fn new(cx: &Context, connectivity: Connectivity) -> Self {
        let mut endpoints = Vec::with_capacity(cx.endpoints.len());
        for _ in &cx.endpoints {
            endpoints.push(Checked::new(&cx.config, cx.now));
        }
        Self { endpoints, connectivity, last_id: 0, requests: 0, served_at: None }
    }

    pub(crate) fn of(&self, index: usize) -> &Checked {
        &self.endpoints[index]
    }

    /// How often the app has asked for a check.
    pub(crate) const fn requests(&self) -> u32 {
        self.requests
    }

    pub(crate) const fn connectivity(&self) -> &Connectivity {
        &self.connectivity
    }

    /// Schedules begin anew; what is known of the endpoints stays, and so does what the app has
    /// asked for.
    pub(crate) fn restart(&mut self, cx: &Context) {
        for checked in &mut self.endpoints {
            let request = checked.schedule.request();
            checked.schedule = Schedule::new(cx.now);
            if let Some(request) = request {
                checked.schedule.ask_for_app(cx.now, request);
            }
        }
    }

    /// Takes in the outcome of a check; `None` if it is not in flight any more, ran on only for
    /// what it teaches, or was a connectivity probe.
    pub(crate) fn finished(
        &mut self,
        cx: &mut Context,
        id: CheckId,
        outcome: Outcome,
    ) -> Option<Ended> {
        for index in 0..self.endpoints.len() {
            let schedule = &mut self.endpoints[index].schedule;
            if schedule.in_flight().iter().any(|check| check.id == id) {
                return self.ended(cx, index, id, outcome);
            }
            if schedule.late().is_some_and(|check| check.id == id) {
                self.learn_late(cx, index, &outcome);
                return None;
            }
        }
        self.connectivity.finished(id, &outcome);
        None
    }

    /// Ends a check that has taken longer than its timeout, if there is one. It runs on for what
    /// its answer teaches, if no other one does.
    pub(crate) fn expired(&mut self, cx: &mut Context) -> Option<Ended> {
        let now = cx.now;
        for index in 0..self.endpoints.len() {
            let limit = cx.endpoints[index].check().timeout;
            let schedule = &mut self.endpoints[index].schedule;
            if let Some(late) = schedule.late().filter(|late| late.started + limit <= now) {
                cx.push(Effect::CancelCheck { id: late.id });
                self.learn_late(cx, index, &Outcome::Failure(FailureKind::Timeout));
            }
            let schedule = &mut self.endpoints[index].schedule;
            let overdue = |check: &&InFlightCheck| check.deadline() <= now;
            if let Some(check) = schedule.in_flight().iter().find(overdue).copied() {
                if check.started + limit <= now || !schedule.run_on(check) {
                    cx.push(Effect::CancelCheck { id: check.id });
                }
                let outcome = Outcome::Failure(FailureKind::Timeout);
                return self.ended(cx, index, check.id, outcome);
            }
        }
        self.connectivity.expire(cx);
        None
    }

    fn ended(
        &mut self,
        cx: &mut Context,
        index: usize,
        id: CheckId,
        outcome: Outcome,
    ) -> Option<Ended> {
        let check = self.end(cx, index, id)?;
        let how = cx.endpoints[index].check();
        let (failure, latency, answer) = match outcome {
            Outcome::Answer(answer) => {
                let failure = how.judge(&answer, check.timeout);
                (failure, Some(answer.latency), answer)
            }
            Outcome::Failure(kind) => {
                let latency = cx.now - check.started;
                (Some(kind), None, Answer { latency, ..Answer::default() })
            }
        };
        let retries = how.retries;
        let announced = self.take_in(cx, index, &answer);
        let runs_on = self.endpoints[index].schedule.late().is_some_and(|late| late.id == id);
        let checked = &mut self.endpoints[index];
        // An answer that came too late to pass still tells how long the endpoint takes.
        let latency = latency.filter(|_| failure.is_none_or(|kind| kind == FailureKind::Timeout));
        let limited = failure == Some(FailureKind::Status)
            && answer.status == Some(TOO_MANY_REQUESTS)
            && cx.config.failure_threshold.is_none();
        // A server that limits the rate works.
        let failure_of_server = failure.filter(|_| !limited);
        let sample =
            sample(failure_of_server).filter(|_| check.baseline && announced.is_none() && !runs_on);
        let observation =
            Observation { started: check.started, failure: failure_of_server, latency, sample };
        checked.learn(&observation, cx.now);
        let warns = answer
            .document
            .as_ref()
            .is_some_and(|document| document.status == DocumentStatus::Warn);
        let slow = checked.is_slow(answer.latency, cx.config.degraded_latency);
        let poor = limited || (failure.is_none() && (warns || slow));
        let repeated =
            failure.is_some() && !limited && announced.is_none() && check.attempt < retries;
        Some(Ended { index, failure, check, answer, announced, poor, repeated })
    }

    fn end(&mut self, cx: &mut Context, index: usize, id: CheckId) -> Option<InFlightCheck> {
        let jitter = cx.config.jitter_percent;
        self.endpoints[index].schedule.end(id, cx.now, jitter, &mut cx.random)
    }

    fn learn_late(&mut self, cx: &Context, index: usize, outcome: &Outcome) {
        let checked = &mut self.endpoints[index];
        let Some(check) = checked.schedule.end_late() else { return };
        let (latency, sample) = match outcome {
            Outcome::Answer(answer) => (Some(answer.latency), Sample::Passed),
            Outcome::Failure(_) => (None, Sample::Lost),
        };
        checked.learn_late(latency, check.baseline.then_some(sample), cx.now);
    }

    /// Takes in what an answer says beyond its status: rest that the server asks for. Returns the
    /// maintenance that it announces.
    fn take_in(&mut self, cx: &mut Context, index: usize, answer: &Answer) -> Option<Exclusion> {
        let checked = &mut self.endpoints[index];
        let document = answer.document.as_ref();
        if let Some(document) = document {
            checked.set_spread(document.spread.unwrap_or_default());
        }
        // The published script knows nothing of what servers ask for.
        let heeds = cx.strategy().heeds_servers();
        let asks = heeds && matches!(answer.status, Some(429 | 503));
        let rest = answer.retry_after().filter(|_| asks);
        // Everyone was told the same: none comes back earlier, and not all at the same moment.
        let until = rest.map(|rest| cx.now + rest + cx.random.within(cx.config.spread.forced));
        checked.schedule.set_rest(until, heeds && answer.status == Some(TOO_MANY_REQUESTS));
        let by_document =
            document.is_some_and(|document| document.status == DocumentStatus::Maintenance);
        let announced = by_document || (answer.status == Some(503) && rest.is_some());
        let until = cx.now + rest.unwrap_or(MAINTENANCE);
        (announced && heeds).then_some(Exclusion::Announced(until))
    }

    /// Draws the conclusions from a check that counts.
    pub(crate) fn weigh(
        &mut self,
        cx: &mut Context,
        ended: &Ended,
        witnesses: Witnesses,
    ) -> Option<HealthChange> {
        let checked = &mut self.endpoints[ended.index];
        if let Some(exclusion) = ended.announced {
            return checked.health.exclude(exclusion, cx.now);
        }
        if !ended.passed() {
            let kind = ended.failure.unwrap_or(FailureKind::Unexpected);
            let evidence = Evidence::Check(kind, ended.answer.status);
            return checked.health.failure(evidence, witnesses, cx.now);
        }
        checked.schedule.restart_attempts();
        let earlier = |other: &&InFlightCheck| other.started < ended.check.started;
        let overtaken = checked.schedule.in_flight().iter().filter(earlier).count();
        // What is still in flight can show nothing new.
        self.cancel(cx, ended.index);
        let pass = Pass { poor: ended.poor, overtaken };
        let health = &mut self.endpoints[ended.index].health;
        health.success(cx.config.success_threshold, pass, cx.now)
    }

    /// Takes in evidence other than a check.
    pub(crate) fn add_evidence(
        &mut self,
        cx: &Context,
        index: usize,
        evidence: Evidence,
        witnesses: Witnesses,
    ) -> Option<HealthChange> {
        let checked = &mut self.endpoints[index];
        let is_news = checked.take_report(evidence, cx.now);
        if is_news { checked.health.failure(evidence, witnesses, cx.now) } else { None }
    }

    /// Ends what kept endpoints without a health check from being used, if its time is over. Returns
    /// the first one and its change.
    pub(crate) fn include_unchecked(&mut self, cx: &Context) -> Option<(usize, HealthChange)> {
        let unchecked =
            (0..self.endpoints.len()).filter(|index| !cx.endpoints[*index].is_checked());
        unchecked.into_iter().find_map(|index| {
            let change = self.endpoints[index].health.include_unchecked(cx.now)?;
            Some((index, change))
        })
    }

    pub(crate) fn exclude(
        &mut self,
        cx: &Context,
        index: usize,
        exclusion: Exclusion,
    ) -> Option<HealthChange> {
        self.endpoints[index].health.exclude(exclusion, cx.now)
    }

    /// The app ends an endpoint's maintenance.
    pub(crate) fn end_maintenance(&mut self, cx: &Context, index: usize) -> Option<HealthChange> {
        self.endpoints[index].health.end_maintenance(cx.now)
    }

    pub(crate) fn discard_verdict(&mut self, cx: &Context, index: usize) -> Option<HealthChange> {
        let checked = &mut self.endpoints[index];
        checked.schedule.restart_attempts();
        checked.health.discard_verdict(cx.now)
    }

    pub(crate) fn restart_count(&mut self, index: usize) {
        self.endpoints[index].health.restart_count();
    }

    /// The app's own traffic shows that the endpoint answers.
    pub(crate) fn traffic(&mut self, cx: &Context, index: usize) {
        self.endpoints[index].schedule.traffic(cx.now);
    }

    /// A request of the app's own has succeeded.
    pub(crate) fn served(&mut self, cx: &Context, index: usize) {
        self.endpoints[index].schedule.served(cx.now);
        self.served_at = Some(cx.now);
    }

    /// A request of the app's own has failed.
    pub(crate) fn not_served(&mut self, index: usize) {
        self.endpoints[index].schedule.not_served();
    }

    /// When a request of the app's own last succeeded, at whichever endpoint.
    pub(crate) const fn served_at(&self) -> Option<Timestamp> {
        self.served_at
    }

    /// The others that were asked since then, as witnesses of the network.
    pub(crate) fn witnesses(&self, suspect: usize, since: Timestamp) -> Witnesses {
        let mut witnesses = Witnesses::default();
        for (index, checked) in self.endpoints.iter().enumerate() {
            if index != suspect
                && let Some(last) = checked.last_check_since(since)
            {
                connectivity::count(&mut witnesses, last.failure);
            }
        }
        self.connectivity.add_witnesses(since, &mut witnesses);
        witnesses
    }
}

/// What a check out of the blue teaches about how often an endpoint fails that works.
fn sample(failure: Option<FailureKind>) -> Option<Sample> {
    match failure {
        None => Some(Sample::Passed),
        Some(FailureKind::Timeout) => Some(Sample::Lost),
        Some(kind) if kind.is_no_network() => None,
        Some(_) => Some(Sample::Error),
    }
}
