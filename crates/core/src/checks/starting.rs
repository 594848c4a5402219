//! Which check begins when.

use super::schedule::{Haste, InFlightCheck};
use super::{Checks, Ended, Pace, Start};
use crate::base::time::{Millis, Timestamp, earliest};
use crate::engine::context::Context;
use crate::health::Health;
use crate::protocol::effect::{CheckId, Effect};

impl Checks {
    /// When something is to be done about an endpoint: a check in flight has taken too long, or the
    /// next one begins.
    pub(crate) fn due(&self, cx: &Context, index: usize, pace: Pace) -> Option<Timestamp> {
        if !cx.endpoints[index].is_checked() {
            return self.endpoints[index].health.excluded_until();
        }
        earliest([self.deadline(cx, index), self.start_due(cx, index, pace)])
    }

    /// When the check of an endpoint that is in flight has taken too long.
    fn deadline(&self, cx: &Context, index: usize) -> Option<Timestamp> {
        let schedule = &self.endpoints[index].schedule;
        // Mostly none is: an endpoint costs a step 20 instructions less.
        if !schedule.awaits_answer() {
            return None;
        }
        schedule.deadline(cx.endpoints[index].check().timeout)
    }

    /// When the next check of an endpoint begins.
    fn start_due(&self, cx: &Context, index: usize, pace: Pace) -> Option<Timestamp> {
        let checked = &self.endpoints[index];
        let schedule = &checked.schedule;
        let check = cx.endpoints[index].check();
        let suspected = checked.health.detector().suspects();
        let due = match pace {
            Pace::Never => return None,
            Pace::Off | Pace::OnRequest | Pace::Wait => None,
            Pace::Active => {
                let haste = match () {
                    () if suspected => Haste::Suspected,
                    () if checked.is_doubtful() => Haste::Doubtful,
                    () => Haste::None,
                };
                schedule.active_due(&cx.config, check, haste)
            }
            Pace::Leaving => schedule.active_due(&cx.config, check, Haste::None),
            Pace::Every(pause) | Pace::InVain(pause) => schedule.due_after(pause),
            Pace::Haste(attempts, pause) => schedule
                .in_haste(cx.config.suspect_interval, attempts)
                .or_else(|| schedule.due_after(pause)),
            Pace::Round(at) => (!schedule.is_checking()).then(|| schedule.rested(at)),
        };
        let excluded = checked.health.health() == Health::Maintenance;
        // A requested check replaces the scheduled one, unless the endpoint is suspect or nobody is
        // left, and its next check comes sooner.
        let requested = schedule
            .requested(excluded)
            .filter(|_| pace != Pace::Off || schedule.request().is_some());
        match (requested, due) {
            (Some(requested), Some(due)) if suspected || matches!(pace, Pace::Round(_)) => {
                Some(requested.min(due))
            }
            (Some(requested), _) => Some(requested),
            (None, due) => due,
        }
    }

    /// Begins the check of an endpoint if it is due.
    pub(crate) fn start(&mut self, cx: &mut Context, index: usize, pace: Pace) -> Start {
        if !cx.endpoints[index].is_checked() {
            return Start::At(self.due(cx, index, pace));
        }
        let due = self.start_due(cx, index, pace);
        if due.is_some_and(|at| at <= cx.now) {
            self.begin(cx, index, pace);
            return Start::Begun;
        }
        Start::At(earliest([due, self.deadline(cx, index)]))
    }

    /// Begins the connectivity probes that are due.
    pub(crate) fn start_probes(&mut self, cx: &mut Context, doubt: Option<Timestamp>) {
        self.connectivity.start(cx, doubt, &mut self.last_id);
    }

    /// Begins a check of an endpoint now.
    pub(crate) fn begin(&mut self, cx: &mut Context, index: usize, pace: Pace) {
        let endpoint = &cx.endpoints[index];
        let checked = &self.endpoints[index];
        let unhealthy = checked.health.health() == Health::Unhealthy;
        // Where nothing is left, and for an endpoint that is down, slow is better than nothing.
        let patient = match pace {
            Pace::Active | Pace::Leaving => false,
            Pace::Round(_) | Pace::Wait | Pace::InVain(_) => true,
            Pace::Never | Pace::Off | Pace::OnRequest | Pace::Every(_) | Pace::Haste(..) => {
                unhealthy
            }
        };
        let full = endpoint.check().timeout;
        let timeout = if patient { full } else { checked.timeout(endpoint.check()) };
        // Of checks side by side, those that are lost are overtaken by those that are not.
        let teaches = !matches!(pace, Pace::Haste(..) | Pace::InVain(_));
        let baseline = teaches && !checked.health.detector().suspects();
        let request = checked.schedule.request();
        let (id, started) = (self.next_id(), cx.now);
        let check = InFlightCheck { id, started, timeout, attempt: 0, baseline, request };
        self.send(cx, index, check);
    }

    /// Repeats a check that failed, before it counts.
    pub(crate) fn repeat(&mut self, cx: &mut Context, ended: &Ended) {
        let request = ended.check.request.max(self.endpoints[ended.index].schedule.request());
        let (id, attempt) = (self.next_id(), ended.check.attempt + 1);
        let check =
            InFlightCheck { id, started: cx.now, attempt, baseline: false, request, ..ended.check };
        self.send(cx, ended.index, check);
    }

    fn next_id(&mut self) -> CheckId {
        self.last_id += 1;
        CheckId(self.last_id)
    }

    fn send(&mut self, cx: &mut Context, index: usize, check: InFlightCheck) {
        let endpoint = cx.endpoints[index].clone();
        let limit = endpoint.check().timeout;
        self.endpoints[index].schedule.begin(check);
        cx.push(Effect::StartCheck { id: check.id, endpoint, timeout: limit });
    }

    /// Asks for a check of an endpoint at once, whatever rest its server has asked for: the app
    /// wants to go there.
    pub(crate) fn ask_despite_rest(&mut self, cx: &Context, index: usize) {
        self.endpoints[index].schedule.end_rest();
        self.ask(cx, index);
    }

    /// Asks for a check of an endpoint at once, or as soon as may be after the last.
    pub(crate) fn ask(&mut self, cx: &Context, index: usize) {
        let interval = cx.endpoints[index].check().interval;
        let gap = cx.config.suspect_interval.unwrap_or(interval);
        self.endpoints[index].schedule.ask(cx.now, gap);
    }

    /// Asks for a check of `first` after `delay`, and of the watched others within an interval
    /// after that.
    pub(crate) fn ask_all(&mut self, cx: &mut Context, first: usize, delay: Millis) {
        for index in 0..self.endpoints.len() {
            let schedule = &mut self.endpoints[index].schedule;
            if index == first {
                schedule.ask(cx.now + delay, cx.config.suspect_interval.unwrap_or_default());
            } else if cx.config.standby_interval.is_some() {
                let spread = cx.random.within(cx.endpoints[index].check().interval);
                schedule.ask_at(cx.now + delay + spread);
            }
        }
    }

    /// The app has asked for a check: the number of its request.
    pub(crate) fn count_request(&mut self) -> u32 {
        self.requests = self.requests.wrapping_add(1);
        self.requests
    }

    /// The app asks for a check of an endpoint, whatever the pace.
    pub(crate) fn ask_for_app(&mut self, cx: &Context, index: usize, request: u32) {
        self.endpoints[index].schedule.ask_for_app(cx.now, request);
    }

    /// The pause before the next check of an endpoint begins now.
    pub(crate) fn pause(&mut self, cx: &mut Context, index: usize) {
        let schedule = &mut self.endpoints[index].schedule;
        if !schedule.is_checking() {
            schedule.pause_from(cx.now, cx.config.jitter_percent, &mut cx.random);
        }
    }

    /// The endpoint is an alternative to a suspect from now on.
    pub(crate) fn begin_as_alternative(&mut self, cx: &Context, index: usize) {
        self.endpoints[index].begin_as_alternative(cx.now);
    }
}
