//! The transition function of the failover: the only place that writes its state and decides.
//!
//! Each arm reads from top to bottom. The table in ARCHITECTURE.md has a row for each.

use super::outage::recover;
use super::selection::{is_due, plan};
use super::state::{Offline, PlannedMove, Stage, State, Suspicion};
use super::strategy::{Response, Strategy};
use super::suspicion::{investigate, is_in_doubt, reason_to_leave};
use super::view::View;
use crate::base::random::Random;
use crate::base::time::Millis;
use crate::protocol::event::{OfflineReason, SwitchReason};

/// What arrives so soon after the platform's report was on its way before the network went.
const GRACE: Millis = Millis::from_secs(1);

/// Something that bears on the failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    /// The view has changed, or time has passed.
    Observed,
    /// The platform reports that there is no network.
    NetworkLost,
    /// The platform reports a network.
    NetworkFound,
    /// The checks in flight were given up: the device slept, the network is another one, or the app
    /// went to the background.
    Discarded,
    /// A check has passed.
    Passed,
    /// A connection has opened.
    Opened,
    /// A message has arrived.
    Message,
    /// The connection of a planned move to this endpoint is open.
    TrialOpened(usize),
    /// The connection of a planned move to this endpoint did not open.
    TrialFailed(usize),
    /// The app itself, or what the server has against it, kept the connection of a planned move to
    /// this endpoint from opening.
    TrialExcused(usize),
    /// The check that the strategy `cyclic` waits for has ended.
    Tried {
        /// Which endpoint was checked.
        target: usize,
        /// Whether it passed.
        passed: bool,
    },
}

/// What follows from a fact, besides the new state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// The standbys' attempts count from none.
    Suspect,
    /// Check this endpoint now.
    Check(usize),
    /// The strategy `cyclic`: check this endpoint in place of what is in flight; its end is
    /// [`Fact::Tried`].
    Try(usize),
    /// The strategy `cyclic`: the other endpoint did not pass either.
    TryFailed,
    /// Open a connection to this endpoint, and move there when it is open.
    Open(usize),
    /// The connection to this endpoint did not open: it must wait longer.
    Postpone(usize),
    /// This endpoint is the active one from now on.
    Switch { to: usize, reason: SwitchReason },
    /// Nobody is usable.
    AllDown,
    /// The outage is over, and the app is to be connected to this endpoint.
    Recover {
        to: usize,
        /// Nothing at all had answered: what was found of the endpoints is void.
        void: bool,
    },
    /// Our own network is down.
    Offline(OfflineReason),
    /// Our own network is back, as the platform reports.
    Online,
    /// Our own network is back, as an answer shows.
    BackOnline {
        to: usize,
        /// What was found of the endpoints meanwhile is void.
        void: bool,
    },
}

/// A new state, and what follows.
pub(super) type Next = (State, Option<Decision>);

/// Whether a fact can change the state: a view is gathered only for one that can.
pub(crate) const fn concerns(state: &State, fact: Fact) -> bool {
    match fact {
        Fact::Passed | Fact::Opened | Fact::Message => {
            matches!(state, State::AllDown(_) | State::Offline(_))
        }
        Fact::Tried { target, .. } => {
            matches!(state, State::Trying { target: to } if *to == target)
        }
        _ => true,
    }
}

/// What becomes of the state by a fact.
pub(crate) fn next(
    state: State,
    view: &View,
    fact: Fact,
    strategy: &dyn Strategy,
    random: &mut Random,
) -> Next {
    match fact {
        Fact::Observed => observed(state, view, strategy, random),
        Fact::NetworkLost => {
            let offline = State::Offline(Offline::Reported(view.now));
            match state {
                State::Offline(Offline::Reported(_)) => (state, None),
                State::Offline(Offline::Presumed(_)) => (offline, None),
                _ => (offline, Some(Decision::Offline(OfflineReason::Told))),
            }
        }
        Fact::NetworkFound => match state {
            State::Offline(Offline::Reported(_)) => (State::Steady(None), Some(Decision::Online)),
            _ => (with_round_now(state, view), None),
        },
        Fact::Discarded => match state {
            State::Steady(_) | State::Suspecting(_) | State::Trying { .. } => {
                (State::Steady(None), None)
            }
            State::AllDown(_) | State::Offline(_) => (with_round_now(state, view), None),
        },
        Fact::Passed | Fact::Opened | Fact::Message => sign_of_life(state, view, fact),
        Fact::TrialOpened(endpoint) => match state {
            State::Steady(Some(PlannedMove { to, reason, stage: Stage::Opening }))
                if to == endpoint =>
            {
                (State::Steady(None), Some(Decision::Switch { to, reason }))
            }
            State::Suspecting(suspicion) => {
                let reason =
                    reason_to_leave(view).or(suspicion.trial).unwrap_or(SwitchReason::Unhealthy);
                (State::Steady(None), Some(Decision::Switch { to: endpoint, reason }))
            }
            _ => (state, None),
        },
        Fact::TrialFailed(endpoint) => match state {
            State::Steady(Some(PlannedMove { to, reason, stage: Stage::Opening }))
                if to == endpoint =>
            {
                // A wish waits for the back-off alone: that it was not met is no flap.
                let wished = reason == SwitchReason::Preferred;
                (State::Steady(None), (!wished).then_some(Decision::Postpone(to)))
            }
            _ => (state, None),
        },
        Fact::TrialExcused(endpoint) => match state {
            State::Steady(Some(PlannedMove { to, stage: Stage::Opening, .. }))
                if to == endpoint =>
            {
                (State::Steady(None), None)
            }
            _ => (state, None),
        },
        Fact::Tried { target, passed } => match state {
            // One that was taken out of rotation may pass its checks; and where evidence is
            // weighed, one check is no proof for an endpoint that flaps.
            State::Trying { target: to }
                if to == target
                    && passed
                    && view.endpoints[to].passes()
                    && (view.config.failure_threshold.is_some()
                        || view.endpoints[to].proof <= 1) =>
            {
                let switch = Decision::Switch { to, reason: SwitchReason::Unhealthy };
                let recover = Decision::Recover { to, void: false };
                (State::Steady(None), Some(if view.outage_told { recover } else { switch }))
            }
            State::Trying { target: to } if to == target => {
                (State::Steady(None), Some(Decision::TryFailed))
            }
            _ => (state, None),
        },
    }
}

fn with_round_now(mut state: State, view: &View) -> State {
    if let Some(outage) = state.outage_mut() {
        outage.round = Some(view.now);
    }
    state
}

/// Something got through to the app.
fn sign_of_life(state: State, view: &View, fact: Fact) -> Next {
    let back = Decision::BackOnline { to: view.active, void: true };
    match state {
        // Only what began after the report shows that it is wrong.
        State::Offline(Offline::Reported(at)) if fact == Fact::Passed || view.now - at >= GRACE => {
            (State::Steady(None), Some(Decision::BackOnline { to: view.active, void: false }))
        }
        // A portal lets sockets open as well, and drops them.
        State::Offline(Offline::Presumed(outage)) if fact == Fact::Opened && !outage.silent => {
            (with_round_now(state, view), None)
        }
        State::Offline(Offline::Presumed(_)) if fact != Fact::Passed => {
            (State::Steady(None), Some(back))
        }
        State::Steady(_) if view.outage_told && view.ours().passes() => {
            (state, Some(Decision::Recover { to: view.active, void: false }))
        }
        State::AllDown(outage) if fact == Fact::Message && view.connection.talking => {
            let suspicion = Suspicion::new(outage.since, Millis::ZERO);
            let recover = Decision::Recover { to: view.active, void: false };
            (State::Suspecting(suspicion), Some(recover))
        }
        _ => (state, None),
    }
}

fn observed(state: State, view: &View, strategy: &dyn Strategy, random: &mut Random) -> Next {
    match state {
        State::Steady(planned) if strategy.response() == Response::TryNext => {
            if !view.ours().down {
                return steady(planned, view, strategy, random);
            }
            let target = (view.active + 1) % view.endpoints.len();
            // One that was taken out of rotation stays down, without failures that could be counted
            // anew: the next in the list is asked after each of its checks.
            let counts = view.ours().failures > 0;
            if !counts && (target == view.active || has_been_asked_since(view, target)) {
                return steady(planned, view, strategy, random);
            }
            if target == view.active {
                return (State::Steady(None), Some(Decision::TryFailed));
            }
            (State::Trying { target }, Some(Decision::Try(target)))
        }
        State::Steady(planned) if is_in_doubt(view) && !view.is_blind() => {
            // Check schedules are jittered, so what a check has found needs no further delay. A
            // closed socket is seen by all clients at once, so the move is spread.
            let found_by_check = view.ours().failure.is_some();
            let spread =
                if found_by_check { Millis::ZERO } else { random.within(view.forced_spread()) };
            let opening = planned.filter(|planned| planned.stage == Stage::Opening);
            let suspicion = Suspicion {
                trial: opening.map(|planned| planned.reason),
                ..Suspicion::new(view.now, spread)
            };
            (State::Suspecting(suspicion), Some(Decision::Suspect))
        }
        // What is known is old: nobody is moved by it who has not wished for it.
        State::Steady(_) if view.is_blind() && view.wish.is_none() => (State::Steady(None), None),
        State::Steady(planned) => steady(planned, view, strategy, random),
        State::Suspecting(_) if view.is_blind() => (state, None),
        State::Suspecting(suspicion) => investigate(suspicion, view, strategy),
        State::AllDown(_) | State::Offline(Offline::Presumed(_)) => {
            recover(state, view, strategy, random)
        }
        State::Trying { .. } | State::Offline(Offline::Reported(_)) => (state, None),
    }
}

/// Whether an endpoint's last check began no earlier than the last one of the active endpoint.
fn has_been_asked_since(view: &View, index: usize) -> bool {
    let last = view.endpoints[index].last_check();
    last.is_some() && last >= view.ours().last_check()
}

/// While nothing speaks against the active endpoint: goes where the app wishes, or to a better one.
fn steady(
    planned: Option<PlannedMove>,
    view: &View,
    strategy: &dyn Strategy,
    random: &mut Random,
) -> Next {
    let Some(planned) = plan(planned, view, strategy, random) else {
        return (State::Steady(None), None);
    };
    let PlannedMove { to, reason, .. } = planned;
    // The app's way to where it belongs by now comes first.
    if !is_due(&planned, view) || view.connection.following {
        return (State::Steady(Some(planned)), None);
    }
    if view.connection.wanted {
        let opening = PlannedMove { stage: Stage::Opening, ..planned };
        return (State::Steady(Some(opening)), Some(Decision::Open(to)));
    }
    (State::Steady(None), Some(Decision::Switch { to, reason }))
}
