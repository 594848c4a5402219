//! Which endpoint is the best, and which move nobody is forced to make would be an improvement.

use super::rank::Rank;
use super::state::{PlannedMove, Stage};
use super::strategy::Strategy;
use super::view::{EndpointView, View};
use crate::base::random::Random;
use crate::base::time::{Millis, Timestamp};
use crate::health::Health;
use crate::protocol::event::SwitchReason;
use std::cmp::Ordering;

/// How long an endpoint must have been degraded before the app leaves it for a better one.
const DEGRADED_FOR: Millis = Millis::from_secs(10);
/// How long another one must have been faster before the app moves there.
const FASTER_FOR: Millis = Millis::from_secs(60);
/// How many times as many checks in a row an endpoint must pass before failback that has flapped.
const FLAPPED_SUCCESSES: u32 = 3;

/// A move that would be an improvement.
struct Improvement {
    to: usize,
    reason: SwitchReason,
    ready: Timestamp,
    window: Millis,
}

/// The best endpoint among those `allowed`; among equals the first in the list.
pub(crate) fn best(
    view: &View,
    strategy: &dyn Strategy,
    allowed: &dyn Fn(usize, &EndpointView) -> bool,
) -> Option<usize> {
    let (mut best, mut best_rank) = (None, None);
    for (index, endpoint) in view.endpoints.iter().enumerate() {
        if allowed(index, endpoint) {
            let rank = Some((endpoint.rank, strategy.tie_break(endpoint)));
            if best.is_none() || rank < best_rank {
                (best, best_rank) = (Some(index), rank);
            }
        }
    }
    best
}

/// The move to plan from here while the active endpoint is not suspected, if there is one.
pub(crate) fn plan(
    planned: Option<PlannedMove>,
    view: &View,
    strategy: &dyn Strategy,
    random: &mut Random,
) -> Option<PlannedMove> {
    // The app may have closed the connection meanwhile, or asked for another one.
    if let Some(opening) = planned.filter(|planned| planned.stage == Stage::Opening)
        && view.connection.trying
        && view.endpoints[opening.to].passes()
    {
        return planned;
    }
    let Improvement { to, reason, ready, window } = improvement(view, strategy)?;
    let ready = ready.max(view.endpoints[to].retry_at);
    let same = |planned: &PlannedMove| planned.to == to && planned.reason == reason;
    planned.filter(same).filter(|planned| planned.stage != Stage::Opening).or_else(|| {
        let at = view.now.max(ready) + random.within(window);
        Some(PlannedMove { to, reason, stage: Stage::Waiting(at) })
    })
}

/// Whether a planned move is to be made now.
pub(crate) fn is_due(planned: &PlannedMove, view: &View) -> bool {
    let theirs = &view.endpoints[planned.to];
    // One that has flapped must prove itself, even if the active one is poor.
    let times = if theirs.flaps > 0 { FLAPPED_SUCCESSES } else { 1 };
    let proves = match planned.reason {
        SwitchReason::Failback => true,
        SwitchReason::Degraded => theirs.flaps > 0,
        _ => false,
    };
    let confirmed = !proves || theirs.successes >= view.config.failback.successes * times;
    matches!(planned.stage, Stage::Waiting(at) if at <= view.now) && confirmed
}

/// The best move from here, if there is one.
fn improvement(view: &View, strategy: &dyn Strategy) -> Option<Improvement> {
    let (active, ours) = (view.active, view.ours());
    // To one that is degraded, or fails more often than others, nobody goes from one that is well:
    // it would be left again at once.
    let met = |it: &EndpointView| {
        let well = it.health == Health::Healthy && is_reliable_enough(view, it);
        it.passes() && (well || ours.health != Health::Healthy)
    };
    let wish = view.wish.filter(|wish| met(&view.endpoints[*wish]));
    let wish = wish.map(|to| Improvement {
        to,
        reason: SwitchReason::Preferred,
        ready: view.now,
        window: Millis::ZERO,
    });
    if wish.as_ref().is_some_and(|wish| view.endpoints[wish.to].retry_at <= view.now) {
        return wish;
    }
    if !strategy.heeds_servers() {
        return wish;
    }
    let voluntary = view.voluntary_spread();
    let well = |theirs: &EndpointView| {
        theirs.health == Health::Healthy
            && is_reliable_enough(view, theirs)
            && !ours.may_be_like(theirs)
    };
    match ours.health {
        Health::Maintenance => {
            let usable = |index: usize, it: &EndpointView| index != active && it.is_usable();
            let Some(to) = best(view, strategy, &usable) else { return wish };
            // An app that has lost its connection is not made to wait for the others' sake.
            let broken = view.connection.broken;
            let window = if broken { view.forced_spread() } else { voluntary };
            let reason = SwitchReason::Maintenance;
            return Some(Improvement { to, reason, ready: view.now, window });
        }
        // One that has had enough of us for a while may be well again after it.
        Health::Degraded if ours.rests_until.is_none() => {
            let healthy = |index: usize, it: &EndpointView| {
                index != active && it.health == Health::Healthy && !ours.may_be_like(it)
            };
            if let Some(to) = soonest(view, strategy, &healthy) {
                let ready = view.endpoints[to].free_at.max(ours.since + DEGRADED_FOR);
                let reason = SwitchReason::Degraded;
                return Some(Improvement { to, reason, ready, window: voluntary });
            }
        }
        Health::Healthy => {
            if let Some(gain) = ours.failure_share.gain() {
                let reliable = |index: usize, it: &EndpointView| {
                    index != active && it.failure_share.reaches(gain) && well(it)
                };
                if let Some(to) = soonest(view, strategy, &reliable) {
                    let (ready, reason) = (view.endpoints[to].free_at, SwitchReason::Degraded);
                    return Some(Improvement { to, reason, ready, window: voluntary });
                }
            }
        }
        _ => {}
    }
    // A wish that waits for its back-off is in the way of no move that is needed.
    if wish.is_some() {
        return wish;
    }
    if !strategy.fails_back() {
        return None;
    }
    let contender = Contender::active(view, strategy);
    let better = |index: usize, it: &EndpointView| contender.is_beaten_by(view, index) && well(it);
    if let Some(to) = best_reachable(view, strategy, &better) {
        let theirs = &view.endpoints[to];
        let window = view.config.spread.voluntary.max(theirs.spread);
        let (ready, reason) = (theirs.ready_at, SwitchReason::Failback);
        return Some(Improvement { to, reason, ready, window });
    }
    // Where the place in the list decides among equals, speed does not.
    if strategy.goes_by_place() {
        return None;
    }
    let faster = |index: usize, it: &EndpointView| {
        index != active && it.rank == ours.rank && strategy.is_faster(ours, it) && well(it)
    };
    let to = best(view, strategy, &faster)?;
    let ready = view.endpoints[to].free_at.max(view.now + FASTER_FOR);
    let reason = SwitchReason::Faster;
    Some(Improvement { to, reason, ready, window: voluntary })
}

/// Whether no usable endpoint certainly fails less often. To one of which that is not so nobody
/// goes without need, from wherever: or the app could go round in circles.
fn is_reliable_enough(view: &View, it: &EndpointView) -> bool {
    let Some(gain) = it.failure_share.gain() else { return true };
    let better = |other: &EndpointView| {
        other.health == Health::Healthy && !other.unreachable && other.failure_share.reaches(gain)
    };
    !view.endpoints.iter().any(better)
}

/// The best endpoint among those `allowed`: one that cannot be connected to is not in the way of
/// another.
fn best_reachable(
    view: &View,
    strategy: &dyn Strategy,
    allowed: &dyn Fn(usize, &EndpointView) -> bool,
) -> Option<usize> {
    let first = best(view, strategy, allowed)?;
    let reachable = |index: usize, it: &EndpointView| allowed(index, it) && !it.unreachable;
    if view.endpoints[first].unreachable {
        best(view, strategy, &reachable).or(Some(first))
    } else {
        Some(first)
    }
}

/// The best endpoint among those `allowed` that the app may go to at once, or else the best of all.
fn soonest(
    view: &View,
    strategy: &dyn Strategy,
    allowed: &dyn Fn(usize, &EndpointView) -> bool,
) -> Option<usize> {
    let free = |index: usize, it: &EndpointView| {
        allowed(index, it) && it.free_at.max(it.retry_at) <= view.now
    };
    best(view, strategy, &free).or_else(|| best(view, strategy, allowed))
}

/// Better than the active one by its rank, or by its place in the list where nothing else counts.
/// An active endpoint that asked for rest may be well again after it.
pub(crate) fn is_better(view: &View, strategy: &dyn Strategy, index: usize) -> bool {
    Contender::active(view, strategy).is_beaten_by(view, index)
}

/// As [`is_better`], once it is not degraded any more.
pub(crate) fn may_become_better(view: &View, strategy: &dyn Strategy, index: usize) -> bool {
    let rank = view.endpoints[index].rank.undegraded();
    index != view.active && Contender::active(view, strategy).is_beaten(index, rank)
}

/// The active endpoint, as what another one must beat.
struct Contender {
    rank: Rank,
    /// Its place in the list, where that decides among equals.
    place: Option<usize>,
}

impl Contender {
    fn active(view: &View, strategy: &dyn Strategy) -> Self {
        let ours = view.ours();
        let rank = if ours.rests_until.is_some() { ours.rank.undegraded() } else { ours.rank };
        Self { rank, place: strategy.goes_by_place().then_some(view.active) }
    }

    fn is_beaten_by(&self, view: &View, index: usize) -> bool {
        index != view.active && self.is_beaten(index, view.endpoints[index].rank)
    }

    fn is_beaten(&self, index: usize, rank: Rank) -> bool {
        match rank.cmp(&self.rank) {
            Ordering::Less => true,
            Ordering::Equal => self.place.is_some_and(|ours| index < ours),
            Ordering::Greater => false,
        }
    }
}
