//! Which endpoint is better than which, and moves that nobody is forced to make.

use super::Engine;
use crate::config::{Name, Strategy};
use crate::event::SwitchReason;
use crate::time::Timestamp;

/// The app's wish.
#[derive(Clone, Debug)]
pub(super) struct Preference {
    pub(super) name: Name,
    /// The app is not there yet: it goes as soon as the endpoint is healthy.
    pub(super) pending: bool,
}

/// A failback that will happen unless something comes between.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedMove {
    to: usize,
    at: Timestamp,
}

impl Engine {
    /// The best endpoint among those `allowed`: the preferred one, then by priority, then by place in the list.
    pub(super) fn best(&self, allowed: impl Fn(usize) -> bool) -> Option<usize> {
        (0..self.endpoints.len()).filter(|&index| allowed(index)).min_by_key(|&index| self.rank(index))
    }

    fn rank(&self, index: usize) -> (bool, u32) {
        let endpoint = &self.endpoints[index].endpoint;
        let preferred = self.preference.as_ref().is_some_and(|preference| preference.name == endpoint.name);
        (!preferred, endpoint.priority)
    }

    /// While the active endpoint works: goes where the app wishes, or back to a better endpoint that has been healthy for long enough.
    pub(super) fn consider_voluntary_move(&mut self) {
        if let Some(wished) = self.pending_preference() {
            if let Some(preference) = &mut self.preference {
                preference.pending = wished != self.active && !self.endpoints[wished].condition.is_healthy();
                if !preference.pending && wished != self.active {
                    self.switch(wished, SwitchReason::Preferred);
                }
            }
            return;
        }
        if self.config.strategy != Strategy::Priority {
            return;
        }
        let (active, failback) = (self.active, self.config.failback.clone());
        let better = |index: usize| self.endpoints[index].condition.is_healthy() && self.is_better(index, active);
        let Some(to) = self.best(better) else {
            self.planned = None;
            return;
        };
        let tracked = &self.endpoints[to];
        let successes = tracked.condition.successes();
        match self.planned.filter(|planned| planned.to == to) {
            Some(planned) if planned.at <= self.now && successes >= failback.successes => self.switch(to, SwitchReason::Failback),
            Some(_) => {}
            None => {
                let ready = self.now.max(tracked.condition.since() + tracked.hold.wait(&failback));
                let at = ready + self.random.within(self.config.spread.voluntary);
                self.planned = Some(PlannedMove { to, at });
            }
        }
    }

    /// Better by preference, by priority, or by its place in the list.
    fn is_better(&self, index: usize, than: usize) -> bool {
        index != than && (self.rank(index), index) < (self.rank(than), than)
    }

    fn pending_preference(&self) -> Option<usize> {
        let preference = self.preference.as_ref().filter(|preference| preference.pending)?;
        self.index_of(&preference.name)
    }

    pub(super) fn planned_due(&self) -> Option<Timestamp> {
        self.planned.map(|planned| planned.at).filter(|at| *at > self.now)
    }
}
