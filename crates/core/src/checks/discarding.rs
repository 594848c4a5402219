//! Checks that are given up, and what is forgotten with them.

use super::schedule::InFlightCheck;
use super::{Checked, Checks};
use crate::engine::context::Context;
use crate::engine::roster::{Origin, rearrange};
use crate::health::HealthChange;
use crate::health::loss::LossEstimator;
use crate::health::rtt::RttEstimator;
use crate::protocol::effect::Effect;

impl Checks {
    /// Gives up the checks of an endpoint that are in flight; what the app asked for is asked anew.
    pub(crate) fn cancel(&mut self, cx: &mut Context, index: usize) {
        while let Some(check) = self.endpoints[index].schedule.in_flight().first().copied() {
            cx.push(Effect::CancelCheck { id: check.id });
            self.end(cx, index, check.id);
            if let Some(request) = check.request {
                self.endpoints[index].schedule.ask_for_app(cx.now, request);
            }
        }
    }

    fn cancel_late(&mut self, cx: &mut Context, index: usize) {
        if let Some(late) = self.endpoints[index].schedule.end_late() {
            cx.push(Effect::CancelCheck { id: late.id });
        }
    }

    /// Gives up every check in flight, and drops the suspicions that rest on such.
    pub(crate) fn discard(&mut self, cx: &mut Context, index: usize) -> Option<HealthChange> {
        self.cancel(cx, index);
        self.cancel_late(cx, index);
        let checked = &mut self.endpoints[index];
        checked.schedule.discard_requests(cx.now);
        checked.schedule.restart_attempts();
        // Nobody goes back to an endpoint that has not passed since.
        checked.health.doubt_successes(cx.config.failback.successes - 1);
        checked.health.discard_suspicion(cx.now)
    }

    pub(crate) fn discard_probes(&mut self, cx: &mut Context) {
        self.connectivity.discard(cx);
    }

    /// A wake-up came late: checks whose deadline passed meanwhile are given up once without
    /// counting, for nobody was there to take an answer.
    pub(crate) fn excuse_lateness(&mut self, cx: &mut Context) {
        for index in 0..self.endpoints.len() {
            let now = cx.now;
            let overdue = |check: &InFlightCheck| check.deadline() <= now;
            if self.endpoints[index].schedule.in_flight().iter().any(overdue)
                && !self.endpoints[index].give_up_late()
            {
                self.cancel(cx, index);
                self.cancel_late(cx, index);
                self.ask(cx, index);
            }
        }
    }

    /// The network is another one: what was learnt of the old one is void.
    pub(crate) fn forget_paths(&mut self) {
        for checked in &mut self.endpoints {
            checked.forget_path();
        }
    }

    /// Gives up the checks of an endpoint that is no more, and returns the app's request for one.
    pub(crate) fn abandon(&mut self, cx: &mut Context, index: usize) -> Option<u32> {
        self.cancel(cx, index);
        self.cancel_late(cx, index);
        self.endpoints[index].schedule.request()
    }

    /// The endpoints are others; what is known of those that stay is kept.
    pub(crate) fn replace(&mut self, cx: &Context, origins: &[Origin]) {
        rearrange(&mut self.endpoints, origins, |_| Checked::new(&cx.config, cx.now));
    }

    /// The endpoint of this name is at another place, or checked in another way.
    pub(crate) fn forget(&mut self, cx: &Context, index: usize) -> Option<HealthChange> {
        self.endpoints[index].replace(&cx.config, cx.now)
    }

    /// Takes over what was learnt of an endpoint in an earlier run.
    pub(crate) fn restore(&mut self, index: usize, rtt: RttEstimator, loss: LossEstimator) {
        self.endpoints[index].restore(rtt, loss);
    }
}
