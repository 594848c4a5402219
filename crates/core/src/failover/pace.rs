//! How often each endpoint is checked in which state, when a decision is due, and who is the best.

use super::selection::{best, is_better, may_become_better};
use super::state::{Offline, PlannedMove, Stage, State, Suspicion};
use super::strategy::Strategy;
use super::suspicion::{WELL_FOR_A_WHILE, asked_in_haste};
use super::view::{A_MOMENT, passes};
use super::{Failover, View, World};
use crate::base::time::{Millis, Timestamp, earliest};
use crate::checks::Pace;
use crate::engine::context::Context;
use crate::health::Health;
use crate::protocol::event::SwitchReason;

/// Whether checks are made without being asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// As the state wants them.
    Full,
    /// Only to get back a connection that the app wants.
    Mending,
    /// None.
    Off,
    /// None, and nothing else either: the app is suspended.
    Frozen,
}

impl Failover {
    /// The best endpoint that is usable and `allowed`.
    pub(crate) fn best(
        view: &View,
        cx: &Context,
        allowed: &dyn Fn(usize) -> bool,
    ) -> Option<usize> {
        best(view, cx.strategy(), &|index, it| allowed(index) && it.is_usable())
    }

    /// The best endpoint by its rank, whatever its health.
    pub(crate) fn best_of_all(view: &View, cx: &Context) -> usize {
        best(view, cx.strategy(), &|_, _| true).unwrap_or(0)
    }

    /// To which endpoint the next attempt to connect goes: to the active one, but in an outage to
    /// those in turn whose checks pass.
    pub(crate) fn attempt_target(&self, world: World<'_>, cx: &Context) -> usize {
        if !self.is_in_outage() {
            return self.active;
        }
        let retry_at = |index: &usize| world.session.reach(*index).retry_at();
        self.passing(world, cx).min_by_key(retry_at).unwrap_or(self.active)
    }

    /// When the next attempt to connect is due in an outage: each endpoint whose checks pass has a
    /// back-off of its own.
    pub(crate) fn attempt_due(&self, world: World<'_>, cx: &Context) -> Option<Timestamp> {
        let is_open = |index: usize| world.session.is_open_to(&cx.endpoints[index]);
        if !self.is_in_outage() || self.passing(world, cx).any(is_open) {
            return None;
        }
        let retry_at = |index: usize| world.session.reach(index).retry_at().unwrap_or_default();
        self.passing(world, cx).map(retry_at).min()
    }

    /// The endpoints that pass.
    fn passing(&self, world: World<'_>, cx: &Context) -> impl Iterator<Item = usize> {
        (0..self.remembered.len()).filter(move |index| {
            let health = world.checks.of(*index).health().present(cx.now);
            passes(health, cx.endpoints[*index].is_checked())
        })
    }

    /// How often an endpoint is checked.
    pub(crate) fn pace(&self, view: &View, cx: &Context, index: usize) -> Pace {
        pace(&self.state, view, cx.strategy(), index)
    }

    /// The round of an outage begins that is due.
    pub(crate) fn round_begun(&mut self, now: Timestamp) {
        if let Some(outage) = self.state.outage_mut() {
            outage.round = outage.round.filter(|at| *at > now);
        }
    }

    /// When a decision is due that waits for nothing but time.
    pub(crate) fn due(&self, world: World<'_>, cx: &Context) -> Option<Timestamp> {
        let well_since =
            self.passing(world, cx).map(|index| world.checks.of(index).health().since());
        let due = due(&self.state, cx.now, well_since);
        let later = |at: &Timestamp| *at > cx.now;
        match &self.state {
            State::Suspecting(_) => {
                let silence = world.session.last_message().map(|at| at + A_MOMENT);
                earliest([due, silence.filter(later), self.retry_due(world, cx)])
            }
            State::AllDown(_) => earliest([due, self.retry_due(world, cx)]),
            _ => due,
        }
    }

    /// When an endpoint whose checks pass can be tried again.
    fn retry_due(&self, world: World<'_>, cx: &Context) -> Option<Timestamp> {
        if world.session.is_trying() {
            return None;
        }
        let retry_at = |index: usize| world.session.reach(index).retry_at();
        self.passing(world, cx).filter_map(retry_at).filter(|at| *at > cx.now).min()
    }
}

/// How often an endpoint is checked.
pub(super) fn pace(state: &State, view: &View, strategy: &dyn Strategy, index: usize) -> Pace {
    let active = index == view.active;
    let (config, retry) = (&view.config, view.retry.max);
    match (state, view.watch) {
        (_, Watch::Frozen) => Pace::Never,
        (_, Watch::Off) => Pace::Off,
        (State::Steady(_), Watch::Mending) | (State::Trying { .. }, _) => Pace::OnRequest,
        // A platform can be wrong, so everyone is tried now and then.
        (State::Offline(Offline::Reported(_)), _) => Pace::InVain(retry),
        (State::AllDown(outage) | State::Offline(Offline::Presumed(outage)), _) => {
            match outage.round {
                _ if view.endpoints[index].is_usable() => Pace::Active,
                Some(at) => Pace::Round(at),
                None => Pace::Wait,
            }
        }
        (State::Suspecting(suspicion), _) if active && suspicion.decided => Pace::Leaving,
        (State::Steady(_) | State::Suspecting(_), _) if active => Pace::Active,
        (State::Suspecting(suspicion), _) => {
            let pause = config.standby_interval.unwrap_or(retry);
            match asked_in_haste(suspicion, view, index) {
                Some(attempts) => Pace::Haste(attempts, pause),
                None => Pace::Every(pause),
            }
        }
        (State::Steady(_), _) if is_on_probation(view, strategy, index) => {
            Pace::Every(view.endpoints[index].interval)
        }
        (State::Steady(_), _) => match config.standby_interval {
            // A busy connection shows that the active endpoint lives: there is less hurry.
            Some(pause) if view.connection.talking => Pace::Every(pause.scaled(2, 1)),
            Some(pause) => Pace::Every(pause),
            // The app waits to go there.
            None if view.wish == Some(index) || is_refuge(state, index) => Pace::Every(retry),
            // Where standbys are not watched, those that the app would go to are.
            None if may_go_to(view, strategy, index) => {
                Pace::Every(config.failback.after.max(retry))
            }
            None => Pace::OnRequest,
        },
    }
}

/// Whether the app is to leave a degraded endpoint for this one, which may have to prove itself.
fn is_refuge(state: &State, index: usize) -> bool {
    let State::Steady(Some(planned)) = state else { return false };
    planned.to == index && planned.reason == SwitchReason::Degraded
}

/// Whether the app goes to this endpoint if that is well: from a degraded one to any other, and else
/// to a better one.
fn may_go_to(view: &View, strategy: &dyn Strategy, index: usize) -> bool {
    let degraded = view.ours().health == Health::Degraded && strategy.heeds_servers();
    degraded || (strategy.fails_back() && may_become_better(view, strategy, index))
}

/// Whether an endpoint that has flapped is about to be gone back to: it is looked at closely.
fn is_on_probation(view: &View, strategy: &dyn Strategy, index: usize) -> bool {
    const PROBATION: Millis = Millis::from_secs(30);
    let it = &view.endpoints[index];
    it.flaps > 0
        && it.passes()
        && view.now + PROBATION >= it.ready_at
        && strategy.fails_back()
        && is_better(view, strategy, index)
}

/// When a decision is due that waits for nothing but time, if one is later than `now`. `well_since`
/// has, for each endpoint whose checks pass, since when.
pub(super) fn due(
    state: &State,
    now: Timestamp,
    well_since: impl Iterator<Item = Timestamp>,
) -> Option<Timestamp> {
    let due = match state {
        State::Suspecting(Suspicion { verdict: Some(at), spread, .. }) => {
            // One that passes and has not proved itself is taken when it has been well for a while.
            let well = well_since.map(|since| since + WELL_FOR_A_WHILE);
            return well.chain([*at + *spread]).filter(|at| *at > now).min();
        }
        State::Steady(Some(PlannedMove { stage: Stage::Waiting(at), .. })) => Some(*at),
        State::AllDown(outage) | State::Offline(Offline::Presumed(outage)) => {
            return well_since
                .flat_map(|since| [since + outage.hold, since + WELL_FOR_A_WHILE])
                .filter(|at| *at > now)
                .min();
        }
        _ => None,
    };
    due.filter(|at| *at > now)
}
