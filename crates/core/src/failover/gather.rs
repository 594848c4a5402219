//! Gathers what a decision may look at from those who own it.

use super::Failover;
use super::pace::Watch;
use super::view::{ConnectionView, EndpointView, KnownBy, ProbesView, View};
use crate::base::time::Timestamp;
use crate::checks::Checks;
use crate::config::Retry;
use crate::engine::context::Context;
use crate::session::Session;

/// Where it is gathered.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) checks: &'a Checks,
    pub(crate) session: &'a Session,
}

/// How many checks in a row an endpoint must pass to be moved to in need: one, and more if one move
/// follows another.
fn proof_after(forced_moves: u32) -> u32 {
    1 + 4 * forced_moves.saturating_sub(1).min(4)
}

impl Failover {
    /// Gathers what is known. `retry` says how retries wait for each other at present, `watch`
    /// whether checks are made without being asked for.
    pub(crate) fn gather(
        &self,
        world: World<'_>,
        cx: &Context,
        retry: Retry,
        watch: Watch,
    ) -> View {
        let forced_moves = self.forced_moves(cx.now);
        let proof = proof_after(forced_moves);
        let endpoints = (0..self.remembered.len())
            .map(|index| self.endpoint(world, cx, index, proof))
            .collect();
        let World { checks, session } = world;
        let connectivity = checks.connectivity();
        // Requests of the app's own prove as much as messages on its socket.
        let served = checks.of(self.active).schedule().served_until();
        let pending = self.preference.as_ref().filter(|preference| preference.pending);
        View {
            now: cx.now,
            config: cx.config.clone(),
            retry,
            watch,
            active: self.active,
            endpoints,
            connection: ConnectionView {
                wanted: session.is_wanted(),
                broken: session.is_in_doubt(),
                open: session.is_alive_to(&cx.endpoints[self.active]),
                trying: session.is_trying(),
                following: session.is_following(),
                lasts_to: self.is_in_outage().then(|| session.lasts_to(cx)).flatten(),
                talking: session.is_talking(&cx.endpoints[self.active], cx.now)
                    || served.is_some_and(|until| until > cx.now),
                last_message: checks.served_at().max(session.last_message()),
            },
            probes: ProbesView {
                any: watch == Watch::Full && !connectivity.is_empty(),
                last_pass: connectivity.last_pass(),
                all_asked_at: connectivity.all_asked_at(),
                captive: connectivity.is_captive(),
            },
            wish: pending.and_then(|preference| cx.index_of(&preference.name)),
            outage_told: self.outage_told,
            hold: self.hold(cx.now),
            forced_moves,
        }
    }

    /// Brings what is known of an endpoint up to date.
    pub(crate) fn look_again(&self, world: World<'_>, cx: &Context, view: &mut View, index: usize) {
        view.endpoints[index] = self.endpoint(world, cx, index, proof_after(view.forced_moves));
    }

    /// What is known of an endpoint. In need it must have passed at least `proof` checks in a row.
    fn endpoint(&self, world: World<'_>, cx: &Context, index: usize, proof: u32) -> EndpointView {
        let (remembered, endpoint) = (&self.remembered[index], &cx.endpoints[index]);
        let checked = world.checks.of(index);
        let (health, schedule) = (checked.health(), checked.schedule());
        let detector = health.detector();
        let reach = world.session.reach(index);
        let known_by = if endpoint.is_checked() {
            KnownBy::Checks
        } else {
            // After many failures, a connection has to last before it shows anything.
            let lasts = !reach.is_unreachable(None);
            let open = world.session.is_alive_to(endpoint) && lasts;
            KnownBy::Connections { open, failures: reach.failures() }
        };
        let unreachable = match known_by {
            KnownBy::Checks => world.session.is_unreachable(cx, index),
            // In an outage only a connection that is open shows that it is over.
            KnownBy::Connections { open, failures } => {
                world.session.is_wanted() && !open && (failures > 0 || self.is_in_outage())
            }
        };
        let preference = self.preference.as_ref();
        let preferred = preference.is_some_and(|it| it.name == endpoint.name);
        let down = health.is_down(cx.now);
        let ready_at = remembered.damping.ready_at(health.since(), &cx.config.failback);
        EndpointView {
            health: health.present(cx.now),
            since: health.since(),
            known_by,
            failures: detector.failures(),
            successes: health.successes(),
            down,
            flaky_only: detector.is_flaky() && !detector.is_dead(),
            commanded: health.is_unwanted(cx.now),
            unreachable,
            retry_at: reach.waits_until().unwrap_or_default(),
            last_pass: checked.last_pass(),
            first_pass: checked.first_pass(),
            last_failure: checked.last_failure(),
            last_answer: checked.last_answer(),
            failure: checked.failure(),
            checking: schedule.is_checking(),
            attempts: schedule.attempts(),
            interval: endpoint.check().interval,
            rtt: checked.rtt().smoothed(),
            deviation: checked.rtt().deviation(),
            failure_share: detector.share(),
            rests_until: schedule.rests_until(),
            spread: checked.spread(),
            rank: remembered.ranking.rank(health.health(), preferred),
            proof: remembered.damping.proof(cx.now).max(proof),
            flaps: remembered.damping.flaps(),
            free_at: if remembered.damping.was_left() { ready_at } else { Timestamp::default() },
            ready_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_move_after_the_other_asks_for_more_proof() {
        assert_eq!([0, 1, 2, 3, 5, 9].map(proof_after), [1, 1, 5, 9, 17, 17]);
    }
}
