//! Sitting out an outage: rounds of checks, and its end.

use super::selection::best;
use super::state::State;
use super::strategy::{Response, Strategy};
use super::suspicion::WELL_FOR_A_WHILE;
use super::transition::{Decision, Next};
use super::view::{EndpointView, View};
use crate::base::random::Random;

/// In an outage: ends it as soon as an endpoint is usable for long enough, and otherwise plans the
/// next round of checks.
pub(super) fn recover(
    mut state: State,
    view: &View,
    strategy: &dyn Strategy,
    random: &mut Random,
) -> Next {
    let Some(outage) = state.outage().copied() else { return (state, None) };
    let offline = matches!(state, State::Offline(_));
    let holds = |it: &EndpointView| it.is_usable() && it.since + outage.hold <= view.now;
    // As in a suspicion: where one move follows another, the next endpoint must prove itself, by its
    // checks or by a connection that lasts.
    let usable = |index: usize, it: &EndpointView| {
        let lasts = view.connection.lasts_to == Some(index) || view.is_shown_by_connection(it);
        let well = it.successes >= it.proof || it.since + WELL_FOR_A_WHILE <= view.now;
        holds(it) && (lasts || well)
    };
    let back = match () {
        () if holds(view.ours()) => Some(view.active),
        // It will have lasted soon, or be closed.
        () if view.ours().passes() && view.is_on_trial() => None,
        () => best(view, strategy, &usable),
    };
    let network_works = offline && view.network_works_since(outage.since);
    if back.is_some() || network_works {
        // If nothing at all had answered, it was the network, and what it did is not held against
        // the endpoints: the app stays where it is unless that is found to fail now.
        let checked = !view.ours().is_seen_by_connecting();
        let void = outage.silent && checked && strategy.response() == Response::Investigate;
        let to = back.filter(|_| !void).unwrap_or(view.active);
        let decision = if offline {
            Decision::BackOnline { to, void }
        } else {
            Decision::Recover { to, void }
        };
        return (State::Steady(None), Some(decision));
    }
    let in_flight = view.endpoints.iter().any(|it| it.checking);
    let answers = |it: &EndpointView| it.failure.is_some_and(|kind| !kind.is_no_answer());
    let anyone_answers = view.endpoints.iter().any(answers);
    let (now, retry) = (view.now, &view.retry);
    if let Some(outage) = state.outage_mut() {
        outage.silent &= !anyone_answers;
        if outage.round.is_none() && !in_flight {
            // Those that asked for rest get it; the first of the others makes the round.
            let at = now + outage.backoff.wait(retry, random);
            let due =
                view.endpoints.iter().map(|it| it.rests_until.map_or(at, |rest| rest.max(at)));
            outage.round = due.min();
        }
    }
    (state, None)
}
