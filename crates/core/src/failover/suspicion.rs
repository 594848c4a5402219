//! What follows from evidence against the active endpoint: the standbys are checked, and at the
//! verdict the best fresh one is taken, or nobody is left.

use super::selection::best;
use super::state::{Offline, Outage, State, Suspicion};
use super::strategy::Strategy;
use super::transition::{Decision, Next};
use super::view::{EndpointView, KnownBy, View};
use crate::base::time::{Millis, Timestamp};
use crate::health::Health;
use crate::protocol::event::{OfflineReason, SwitchReason};
use crate::protocol::outcome::FailureKind;
use crate::session::backoff::Backoff;
use crate::session::reach::UNREACHABLE;

/// Failures in a row after which silence on all sides is taken for an outage.
const SILENCES: u32 = 3;
/// The same where somebody has answered since: a network that loses one check in ten does this once
/// in 100 million.
const MANY_SILENCES: u32 = 8;
/// Checks of a standby during a suspicion, if it does not answer: its network may be as lossy as
/// the suspect's. An unreachable host or an unknown name is retried less often.
const STANDBY_ATTEMPTS: u32 = 6;
const STANDBY_ATTEMPTS_WITHOUT_NETWORK: u32 = 2;
/// How long a standby must have been well to be taken without further proof before nobody is left.
pub(super) const WELL_FOR_A_WHILE: Millis = Millis::from_secs(50);

/// Whether there is reason to look elsewhere.
pub(super) fn is_in_doubt(view: &View) -> bool {
    let ours = view.ours();
    let stranded = ours.health == Health::Maintenance && !view.has_alternative();
    ours.is_suspected() || ours.down || view.is_cut_off() || stranded
}

/// Gathers evidence about the standbys while the active endpoint is suspected, and acts when it
/// suffices.
pub(super) fn investigate(mut suspicion: Suspicion, view: &View, strategy: &dyn Strategy) -> Next {
    if !is_in_doubt(view) {
        // A connection that has just opened refutes nothing until it has lasted.
        let next = if is_carried_through(&suspicion, view) || view.is_on_trial() {
            State::Suspecting(suspicion)
        } else {
            State::Steady(None)
        };
        return (next, None);
    }
    let active = view.active;
    if let Some(to) = view.wish.filter(|wish| view.endpoints[*wish].is_usable()) {
        let reason = SwitchReason::Preferred;
        return (State::Steady(None), Some(Decision::Switch { to, reason }));
    }
    let reason = reason_to_leave(view);
    if reason.is_some() && suspicion.verdict.is_none() {
        suspicion.verdict = Some(view.now);
    }
    let alone = is_alone_with_silence(&suspicion, view);
    let fresh = |index: usize, it: &EndpointView| index != active && is_fresh(it, &suspicion, view);
    let over = suspicion.verdict.is_some_and(|at| at + suspicion.spread <= view.now);
    if let Some(to) = best(view, strategy, &fresh) {
        suspicion.decided = suspicion.verdict.is_some() && tells_apart(view, to);
        return match reason.filter(|_| suspicion.decided && over) {
            // One after the other may refuse connections: from the third on, it is seen first.
            Some(SwitchReason::Unconnectable) if view.forced_moves > 1 => {
                let open = Decision::Open(to);
                let free = !view.connection.is_busy() && view.endpoints[to].retry_at <= view.now;
                (State::Suspecting(suspicion), Some(open).filter(|_| free))
            }
            Some(reason) => (State::Steady(None), Some(Decision::Switch { to, reason })),
            None => (State::Suspecting(suspicion), None),
        };
    }
    // The best one first, so that at the verdict the alternative is known; at the verdict all that
    // are left, side by side.
    let waiting = awaits_standbys(&suspicion, view);
    let urgent = reason.is_some() || alone;
    let unasked = |index: usize, it: &EndpointView| {
        let asked = it.attempts > 0 || has_passed_since(it, suspicion.since);
        index != active && !asked && !it.commanded && !it.is_seen_by_connecting()
    };
    if (urgent || !waiting)
        && let Some(standby) = best(view, strategy, &unasked)
    {
        return (State::Suspecting(suspicion), Some(Decision::Check(standby)));
    }
    if !urgent || waiting || view.connection.is_busy() {
        return (State::Suspecting(suspicion), None);
    }
    // One that has not proved itself, but has been well for a while, is better than nobody.
    let passes = |index: usize, it: &EndpointView| {
        let passed = it.is_usable() && has_passed_since(it, suspicion.since);
        index != active && passed && it.since + WELL_FOR_A_WHILE <= view.now
    };
    if let (Some(reason), Some(to)) = (reason, best(view, strategy, &passes))
        && tells_apart(view, to)
    {
        return (State::Steady(None), Some(Decision::Switch { to, reason }));
    }
    // One that is proving itself is waited for.
    let proving = |index: usize, it: &EndpointView| {
        index != active && it.is_usable() && has_passed_since(it, suspicion.since)
    };
    if best(view, strategy, &proving).is_some() {
        return (State::Suspecting(suspicion), None);
    }
    // Before nobody is left: one that has no health check, or one whose checks pass, but that could
    // not be connected to a while ago; while messages arrive, there is time to try again and again.
    let by = if view.connection.talking { view.now } else { suspicion.since };
    match retriable(view, strategy, by) {
        // A crowd that has lost the same server is spread.
        Some(index) if view.endpoints[index].is_seen_by_connecting() && !over => {
            (State::Suspecting(suspicion), None)
        }
        Some(index) => (State::Suspecting(suspicion), Some(Decision::Open(index))),
        None if is_to_be_tried_again(view) => (State::Suspecting(suspicion), None),
        None if is_announcement_unchecked(&suspicion, view) => {
            let check = (!view.ours().checking).then_some(Decision::Check(active));
            (State::Suspecting(suspicion), check)
        }
        None => no_alternative(suspicion, view),
    }
}

/// Whether a server has announced maintenance by the close of a connection, as at a restart that may
/// be over already, and no check has been answered or has failed since the suspicion began.
fn is_announcement_unchecked(suspicion: &Suspicion, view: &View) -> bool {
    let ours = view.ours();
    let announced = reason_to_leave(view) == Some(SwitchReason::Maintenance) && !ours.commanded;
    announced && ours.last_answer.max(ours.last_check()) < Some(suspicion.since)
}

/// Whether the connection that follows from a verdict is still opening though the active endpoint
/// has passed a check since: one that fails every other time would never be left otherwise.
fn is_carried_through(suspicion: &Suspicion, view: &View) -> bool {
    view.connection.trying && suspicion.verdict.is_some_and(|at| view.ours().since > at)
}

/// The best endpoint of which only a connection shows whether it works: it has no health check, or
/// its checks pass, and it could not be connected to. Its back-off was over by then.
fn retriable(view: &View, strategy: &dyn Strategy, by: Timestamp) -> Option<usize> {
    best(view, strategy, &|index, it| {
        let open = it.unreachable || it.is_seen_by_connecting();
        index != view.active && it.passes() && open && it.retry_at <= by
    })
}

/// Whether too few attempts to connect to the active endpoint have failed for an outage. It has no
/// health check that would tell whether it works.
fn is_to_be_tried_again(view: &View) -> bool {
    let known_by = view.ours().known_by;
    let few = matches!(known_by, KnownBy::Connections { failures, .. } if failures < UNREACHABLE);
    view.is_cut_off() && few
}

/// Why the active endpoint must be left, if it must.
pub(super) fn reason_to_leave(view: &View) -> Option<SwitchReason> {
    match view.ours() {
        ours if ours.down => Some(SwitchReason::Unhealthy),
        _ if view.is_cut_off() => Some(SwitchReason::Unconnectable),
        ours if ours.health == Health::Maintenance => Some(SwitchReason::Maintenance),
        _ => None,
    }
}

/// Whether the active endpoint is silent, and so is everything else that was asked or the others
/// have been found unhealthy: no evidence against an endpoint, however long it lasts, but an outage
/// all the same.
fn is_alone_with_silence(suspicion: &Suspicion, view: &View) -> bool {
    let ours = view.ours();
    if !ours.is_silent() || ours.failures < SILENCES {
        return false;
    }
    let others = || {
        let others = view.endpoints.iter().enumerate().filter(|(index, _)| *index != view.active);
        others.map(|(_, it)| it)
    };
    if view.network_works_since(suspicion.since) {
        let nobody = view.endpoints.len() > 1 && others().all(|it| it.health == Health::Unhealthy);
        return nobody && ours.failures >= MANY_SILENCES;
    }
    let mut asked = others().filter(|it| it.last_check() >= Some(suspicion.since)).peekable();
    (view.probes.any || asked.peek().is_some()) && asked.all(EndpointView::is_silent)
}

/// Whether an endpoint is usable and passed a check that began since the suspicion, or has none and
/// is taken to work.
fn is_fresh(endpoint: &EndpointView, suspicion: &Suspicion, view: &View) -> bool {
    let shown = is_proven(endpoint, suspicion) || view.is_shown_by_connection(endpoint);
    endpoint.is_usable() && shown
}

/// Whether an endpoint has passed as many checks in a row, the last of them since the suspicion.
fn is_proven(endpoint: &EndpointView, suspicion: &Suspicion) -> bool {
    has_passed_since(endpoint, suspicion.since) && endpoint.successes >= endpoint.proof
}

fn has_passed_since(endpoint: &EndpointView, since: Timestamp) -> bool {
    endpoint.last_pass.is_some_and(|at| at >= since)
}

/// Whether the evidence tells the active endpoint from the standby: the active one has failed since
/// the standby first passed, or both may have gone silent because of our own network, and be back
/// with it. One that fails now and then is left only for one that does so less. An endpoint that
/// was taken out of rotation is down without evidence: there is nothing to tell apart.
fn tells_apart(view: &View, standby: usize) -> bool {
    let (ours, theirs) = (view.ours(), &view.endpoints[standby]);
    let evidence = ours.down && ours.is_suspected();
    if !evidence || view.config.failure_threshold.is_some() {
        return true;
    }
    if ours.flaky_only { !ours.may_be_like(theirs) } else { ours.last_failure >= theirs.first_pass }
}

/// Whether the answer of a standby is still to be had. Once it has failed all checks that are made in
/// haste, it is checked as on any day: those checks are not waited for.
fn awaits_standbys(suspicion: &Suspicion, view: &View) -> bool {
    view.endpoints.iter().enumerate().any(|(index, it)| {
        let is_known = || {
            let attempts = hasty_attempts(suspicion, view, it);
            it.last_failure >= Some(suspicion.since) && it.attempts > attempts
        };
        let asked = || asked_in_haste(suspicion, view, index).is_some();
        index != view.active && (asked() || (it.checking && !is_known()))
    })
}

/// How many checks of a standby since its last that passed are made in haste.
fn hasty_attempts(suspicion: &Suspicion, view: &View, standby: &EndpointView) -> u32 {
    if view.config.suspect_interval.is_none() {
        return 0;
    }
    match standby.failure.filter(|_| standby.last_failure >= Some(suspicion.since)) {
        None | Some(FailureKind::Timeout) => STANDBY_ATTEMPTS,
        Some(FailureKind::Unreachable | FailureKind::Dns) => STANDBY_ATTEMPTS_WITHOUT_NETWORK,
        Some(_) => 0,
    }
}

/// For how many attempts a standby is checked in haste: one that has been asked since the suspicion
/// began, has not passed, and may have been lost on the way.
pub(crate) fn asked_in_haste(suspicion: &Suspicion, view: &View, index: usize) -> Option<u32> {
    let it = &view.endpoints[index];
    let attempts = hasty_attempts(suspicion, view, it);
    // One that has passed once may have to prove itself.
    let asked = it.attempts > 0 || has_passed_since(it, suspicion.since);
    let proven = it.passes() && is_proven(it, suspicion);
    let taken_out = it.health == Health::Maintenance || (it.down && !it.is_suspected());
    let excluded = taken_out && has_passed_since(it, suspicion.since);
    let again = asked && it.attempts < attempts && !proven && !excluded;
    // One that passed and is not usable for another reason has been asked.
    (index != view.active && again && !it.unreachable).then_some(attempts)
}

/// Everyone was asked, and nobody is usable.
fn no_alternative(suspicion: Suspicion, view: &View) -> Next {
    let silent = view.nothing_answers();
    // A message was on its way a moment ago: whether the network has gone is seen soon.
    if view.nothing_reachable() && view.has_just_heard() {
        return (State::Suspecting(suspicion), None);
    }
    // What connectivity URLs say is waited for even if there are answers: a portal may have given
    // them.
    let probes = &view.probes;
    let unasked = probes.any && probes.all_asked_at < Some(suspicion.since);
    let works = probes.last_pass >= Some(suspicion.since);
    // Messages show that the app is served, whatever the checks say. Where an outage has just been
    // ended by one, they may be irregular: a pause means less.
    let lately = |at: Timestamp| view.now < at + view.hold;
    let served = view.connection.open && view.connection.last_message.is_some_and(lately);
    let talking = view.connection.talking || served;
    if talking || (!works && unasked) {
        return (State::Suspecting(suspicion), None);
    }
    let outage = Outage {
        since: suspicion.since,
        round: None,
        backoff: Backoff::default(),
        silent,
        hold: view.hold,
    };
    match presumed_offline(&suspicion, view) {
        Some(reason) => {
            // Only what is answered from now on shows the contrary.
            let outage = Outage { since: view.now, ..outage };
            let state = State::Offline(Offline::Presumed(outage));
            (state, Some(Decision::Offline(reason)))
        }
        None => (State::AllDown(outage), Some(Decision::AllDown)),
    }
}

/// Why the network must be taken to be down, if it must: everything was asked, and nobody has
/// answered as they should.
fn presumed_offline(suspicion: &Suspicion, view: &View) -> Option<OfflineReason> {
    if view.network_works_since(suspicion.since) {
        return None;
    }
    // A portal lets no check pass, whatever it answers in the place of others. The standbys' checks
    // may be from before it; those of the active endpoint are made all the time.
    let passed = |(index, it): (usize, &EndpointView)| {
        let lately = index == view.active || has_passed_since(it, suspicion.since);
        it.last_pass.is_some() && it.failure.is_none() && lately
    };
    // And one that was presumed a while ago, and was none, is not presumed again.
    let relapse = view.hold > Millis::ZERO;
    if view.probes.captive && !relapse && !view.endpoints.iter().enumerate().any(passed) {
        return Some(OfflineReason::CaptivePortal);
    }
    // Where all are in maintenance, nobody has been asked.
    let ours = view.ours();
    if !ours.is_suspected() && !ours.down && !view.is_cut_off() {
        return None;
    }
    let silent = if view.probes.any { view.nothing_answers() } else { view.nothing_reachable() };
    silent.then_some(OfflineReason::Unreachable)
}
