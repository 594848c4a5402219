//! How long an engine may fairly take, reckoned from what its config lets it do: a rule is judged
//! only after that.

use super::grade::{Grade, is_blind};
use super::truth::Truth;
use steadfast::{Endpoint, Millis};

/// Checks that a verdict may take where failures are weighed and not counted.
const MOST_FOR_A_VERDICT: u64 = 16;
/// How long an endpoint must have been slow before it is left.
const SLOW_FOR: u64 = 10_000;
/// Checks that the smoothed round trip needs to become what the round trips are.
const TO_BE_FOUND_SLOW: u64 = 10;
/// Checks that half of 500s may take for a verdict: its chance to pass three in a row is one in
/// eight, its chance to fail as often the same.
const TO_BE_FOUND_FLAKY: u64 = 25;
/// Attempts of a connection before it is known not to open.
const ATTEMPTS: u64 = 3;
/// Switches in ten minutes, where nothing changes.
const MOST_SWITCHES: usize = 4;
/// The level of suspicion that two errors in a row do not suffice for.
const SURE: u32 = 7;
/// The longest pause between attempts to connect in the background.
const RETRY_IN_THE_BACKGROUND: Millis = Millis::from_secs(600);
/// How long an endpoint that is back must stay well before the app goes back, unless the config
/// says otherwise.
const USUAL_WAIT: u64 = 60_000;
/// How long an endpoint that failed now and then is taken for one that does, while the app has
/// another one.
const UNTIL_TRUSTED: u64 = 300_000;
/// Whatever else takes a moment: a connection that opens, the pause of a connectivity URL.
const MOMENT: u64 = 5_000;

/// How long things may take in one world.
pub(super) struct Fair<'a> {
    pub(super) truth: &'a Truth,
    /// Wake-ups come at multiples of this.
    pub(super) grid: u64,
    /// From message to message.
    pub(super) messages: Option<Millis>,
    /// From request to request of the app's own.
    pub(super) requests: Option<Millis>,
    /// How often recovery has taken an endpoint out of rotation in ten minutes.
    pub(super) removals: usize,
}

impl Fair<'_> {
    fn jittered(&self, pause: Millis) -> u64 {
        u64::from(pause.get()) * u64::from(100 + self.truth.config.jitter_percent) / 100
    }

    /// One check with its repetitions.
    fn check(&self, endpoint: &Endpoint) -> u64 {
        let check = endpoint.check();
        u64::from(1 + check.retries) * (u64::from(check.timeout.get()) + 2 * self.grid)
    }

    /// Until the first check of the active endpoint after a change has begun.
    fn first(&self, endpoint: &Endpoint) -> u64 {
        let interval = self.jittered(endpoint.check().interval);
        let busy = self
            .messages
            .filter(|_| self.truth.wants_socket())
            .map_or(0, |_| self.jittered(self.truth.config.busy_interval));
        interval.max(busy) + self.grid
    }

    /// Until the active endpoint is found to be what it is; `None`: nobody can say.
    fn found(&self, endpoint: &Endpoint, grade: Grade) -> Option<u64> {
        let config = &self.truth.config;
        let interval = self.jittered(endpoint.check().interval) + self.grid;
        let gap =
            config.suspect_interval.map_or(interval, |pause| self.jittered(pause) + self.grid);
        let first = self.first(endpoint);
        Some(match grade {
            Grade::Well | Grade::Mixed => return None,
            Grade::Slow => first + TO_BE_FOUND_SLOW * (interval + self.check(endpoint)) + SLOW_FOR,
            // Counted failures in a row are a matter of luck.
            Grade::Flaky if config.failure_threshold.is_some() => return None,
            // Repeated checks hide that an endpoint fails now and then, as they are meant to.
            Grade::Flaky if config.check.retries > 0 => return None,
            Grade::Flaky => TO_BE_FOUND_FLAKY * (first + self.grid) + self.check(endpoint),
            Grade::Fails => {
                first
                    + u64::from(
                        config.failure_threshold.map_or(MOST_FOR_A_VERDICT as u32, |count| count),
                    ) * self.failure(endpoint, gap)
            }
        })
    }

    /// One failure more: checks in haste run side by side, others one after the other.
    fn failure(&self, endpoint: &Endpoint, gap: u64) -> u64 {
        if self.truth.config.suspect_interval.is_some()
            && self.truth.config.failure_threshold.is_none()
        {
            gap + self.check(endpoint) / MOST_FOR_A_VERDICT
        } else {
            gap + self.check(endpoint)
        }
    }

    /// Until a connection is known not to open.
    fn unconnectable(&self) -> u64 {
        let config = &self.truth.config;
        ATTEMPTS * u64::from(config.connect_timeout.get() + config.retry.max.get()) + self.grid
    }

    /// Until an endpoint that works is known to work.
    fn recognized(&self, endpoint: &Endpoint) -> u64 {
        let config = &self.truth.config;
        let pause = config.standby_interval.unwrap_or_default().max(config.retry.max);
        let pause = pause.max(endpoint.check().interval);
        u64::from(config.success_threshold) * (self.jittered(pause) + self.check(endpoint))
    }

    /// Until a decided move is made.
    fn moved(&self) -> u64 {
        let config = &self.truth.config;
        let spread = config.spread.voluntary.max(config.spread.forced).get();
        u64::from(spread + config.connect_timeout.get()) + 4 * self.grid + MOMENT
    }

    /// Until the app has left `active` for `other`, which is well; `None`: it need not.
    pub(super) fn left_for(
        &self,
        active: &Endpoint,
        has_socket: bool,
        other: &Endpoint,
        was_left: bool,
    ) -> Option<u64> {
        let truth = self.truth;
        let name = active.name.as_str();
        let unconnectable = truth.wants_socket() && !truth.accepts(name) && !has_socket;
        let found = self.found(active, truth.grade(active));
        // Nobody leaves an endpoint that serves the app, if poorly, for one that may do no better.
        let found = found.filter(|_| other.is_checked() || truth.grade(active) == Grade::Fails);
        let found = if truth.in_maintenance(name) { Some(0) } else { found };
        let found = if unconnectable {
            // That the connection which is open is dead must be noticed first.
            let silence = self.messages.map_or(0, |rhythm| self.replaced(active, rhythm));
            Some(found.unwrap_or(0).max(self.first(active)) + silence + self.unconnectable())
        } else {
            found
        };
        // Others that do not work may be tried before.
        let detours = truth
            .endpoints
            .iter()
            .filter(|tried| truth.wants_socket() && !truth.accepts(tried.name.as_str()));
        let detours = detours.count() as u64 * (self.unconnectable() + self.moved());
        // Where the platform is wrong about the network, one endpoint at a time is tried.
        let pause = self.jittered(truth.config.retry.max) + self.check(other);
        let told = if truth.told_offline { truth.endpoints.len() as u64 * pause } else { 0 };
        // Where the app is served, if poorly, one that flapped waits twice as long as before
        // failback.
        let served = !unconnectable && matches!(truth.grade(active), Grade::Slow | Grade::Flaky);
        let mut damped =
            if served && was_left { u64::from(2 * truth.config.failback.after.get()) } else { 0 };
        // And what failed now and then is trusted only after a while.
        if served && truth.was_unsteady(other.name.as_str()) {
            damped += UNTIL_TRUSTED;
        }
        Some(
            found?
                + damped
                + told
                + self.recognized(other)
                + self.moved()
                + detours
                + u64::from(truth.config.initial_delay.get()),
        )
    }

    /// Until the app is connected to an endpoint that is active and well.
    pub(super) fn connected(&self) -> u64 {
        let config = &self.truth.config;
        2 * u64::from(config.connect_timeout.get() + config.retry.max.get()) + self.moved()
    }

    /// Until the app has been told that nobody can be used.
    pub(super) fn told(&self, active: &Endpoint) -> u64 {
        let truth = self.truth;
        let check = |endpoint: &Endpoint| self.check(endpoint);
        let slowest = truth.endpoints.iter().map(check).max().unwrap_or(0);
        let found = self.found(active, Grade::Fails).unwrap_or(0);
        // One whose checks pass is found out by its sockets.
        let by_sockets =
            truth.endpoints.iter().filter(|it| !it.is_checked() || truth.grade(it) != Grade::Fails);
        let by_sockets = by_sockets.count() as u64;
        let standbys = MOST_FOR_A_VERDICT * slowest / 2;
        let delay = u64::from(truth.config.initial_delay.get());
        found + standbys + by_sockets * (self.unconnectable() + self.moved()) + self.moved() + delay
    }

    /// Until what an endpoint was like before can no longer be seen in what is known of it. In the
    /// background an app without a connection attempts one only now and then, to spare the radio:
    /// that sockets are accepted again may be seen as late as that.
    pub(super) fn settled(&self, endpoint: &Endpoint, has_socket: bool) -> Millis {
        let round = self.first(endpoint) + self.check(endpoint);
        let truth = self.truth;
        let rare = !truth.is_foreground()
            && !truth.config.background_checks
            && truth.wants_socket()
            && !has_socket;
        let attempt = if rare { RETRY_IN_THE_BACKGROUND } else { Millis::ZERO };
        Millis::new((TO_BE_FOUND_SLOW * round) as u32).max(attempt)
    }

    /// Until a connection that has died is replaced.
    pub(super) fn replaced(&self, endpoint: &Endpoint, rhythm: Millis) -> u64 {
        60_000
            + 10 * u64::from(rhythm.get())
            + self.first(endpoint)
            + self.check(endpoint)
            + self.connected()
    }

    /// Whether something fails at random.
    pub(super) fn at_random(&self) -> bool {
        let mut endpoints = self.truth.endpoints.iter();
        endpoints.any(|it| matches!(self.truth.grade(it), Grade::Flaky | Grade::Mixed))
    }

    /// How often an app may be moved in ten minutes: on from each endpoint that does not work, if
    /// those are many. One that asks for an early way back gets it, until the wait, which doubles
    /// each time, is the usual one; one that asks for no wait at all gets what it asked for:
    /// `None`. So does one that asks for the published script, which moves on at each row of
    /// failures whatever came before, where checks fail at random: how often is a matter of luck.
    /// One to which two errors in a row suffice, or that learns of errors from its own requests
    /// too, gets two moves more there.
    pub(super) fn switches(&self) -> Option<usize> {
        let truth = self.truth;
        let after = truth.config.failback.after;
        let at_random = self.at_random();
        if after == Millis::ZERO || (is_blind(&truth.config) && at_random) {
            return None;
        }
        // The app's own requests are evidence as well.
        let sure = truth.config.suspicion_level >= SURE && self.requests.is_none();
        let mut wait = u64::from(after.get());
        let ill = truth.endpoints.iter().filter(|tried| !truth.is_well(tried));
        let mut switches = MOST_SWITCHES.max(ill.count()) + if at_random && !sure { 2 } else { 0 };
        // Recovery moves the app away and lets it come back.
        switches += 2 * self.removals;
        while wait < USUAL_WAIT {
            wait *= 2;
            switches += 2;
        }
        Some(switches)
    }

    /// Until an endpoint that works, and did not before, must be known before all are said to be
    /// down.
    pub(super) fn noticed(&self, endpoint: &Endpoint) -> u64 {
        self.recognized(endpoint).max(60_000)
    }
}
