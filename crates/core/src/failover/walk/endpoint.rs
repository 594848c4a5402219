//! One endpoint of the walk: what is true of it, and what is known.
//!
//! The methods do what those of `EndpointHealth`, `Schedule` and `Reach` do, with small numbers.

use super::time::Moment;
use crate::health::Health;
use crate::protocol::outcome::FailureKind;

/// Failures in a row beyond which more do not matter: silence on all sides asks for three.
pub(super) const MAX_FAILURES: u8 = 3;
/// Pieces of evidence that suffice.
const VERDICT: u8 = 2;
/// Successes in a row beyond which more do not matter.
pub(super) const MAX_SUCCESSES: u8 = 2;

/// What an endpoint is like in truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    /// It passes checks, and can be connected to.
    Well,
    /// It passes checks slowly.
    Slow,
    /// It fails checks, and its sockets work.
    Ailing,
    /// It passes checks, and refuses sockets.
    Shut,
    /// It refuses everything.
    Dead,
    /// It answers nothing.
    Silent,
    /// It announces maintenance, and refuses sockets.
    Maintenance,
}

impl Truth {
    /// Whether a socket opens to it and carries messages.
    pub(super) const fn accepts(self) -> bool {
        matches!(self, Self::Well | Self::Slow | Self::Ailing)
    }

    /// Whether a socket that is open stays so.
    pub(super) const fn keeps(self) -> bool {
        self.accepts() || matches!(self, Self::Shut)
    }

    pub(super) const fn passes(self) -> bool {
        matches!(self, Self::Well | Self::Slow | Self::Shut)
    }
}

/// Why an endpoint is not to be used, whatever its checks show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exclusion {
    None,
    Announced,
    /// Announced until a moment that is over.
    AnnouncedOnce,
    Commanded,
    Removed,
    /// Removed until a moment that is over.
    RemovedOnce,
}

/// A change of health.
pub(super) type Change = Option<(Health, Health)>;

/// One endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Endpoint {
    pub(super) truth: Truth,
    pub(super) health: Health,
    pub(super) failures: u8,
    pub(super) evidence: u8,
    pub(super) successes: u8,
    pub(super) exclusion: Exclusion,
    /// How the last check failed, if it did.
    pub(super) failure: Option<FailureKind>,
    /// When the last check began that passed.
    pub(super) passed: Moment,
    /// When the first check began that passed since there was doubt.
    pub(super) passed_first: Moment,
    /// When the last check began that failed.
    pub(super) failed: Moment,
    /// A check is in flight that began before there was doubt.
    pub(super) early: bool,
    /// When the check in flight began that is not such.
    pub(super) started: Option<Moment>,
    /// None, some or enough.
    pub(super) attempts: u8,
    /// A check is asked for.
    pub(super) asked: bool,
    /// Attempts to connect fail.
    pub(super) refuses: bool,
    /// Some failed while checks passed.
    pub(super) held: bool,
    /// When the back-off after the last attempt was over, if it is.
    pub(super) rested: Option<Moment>,
    /// It has had its health for as long as anything waits for.
    pub(super) long: bool,
}

impl Endpoint {
    /// One of which nothing is known.
    pub(super) const fn new() -> Self {
        Self {
            truth: Truth::Well,
            health: Health::Unknown,
            failures: 0,
            evidence: 0,
            successes: 0,
            exclusion: Exclusion::None,
            failure: None,
            passed: Moment::BEFORE,
            passed_first: Moment::BEFORE,
            failed: Moment::BEFORE,
            early: false,
            started: None,
            attempts: 0,
            asked: true,
            refuses: false,
            held: false,
            rested: None,
            long: false,
        }
    }

    /// One that has passed its checks.
    pub(super) const fn known() -> Self {
        let (health, successes) = (Health::Healthy, MAX_SUCCESSES);
        Self { health, successes, asked: false, ..Self::new() }
    }

    pub(super) const fn is_checking(&self) -> bool {
        self.early || self.started.is_some()
    }

    pub(super) const fn passes(&self) -> bool {
        matches!(self.health, Health::Healthy | Health::Degraded)
    }

    pub(super) const fn is_down(&self) -> bool {
        matches!(self.exclusion, Exclusion::Removed)
            || (self.failures > 0 && self.evidence >= VERDICT)
    }

    // ----- checks -----

    pub(super) fn begin(&mut self, now: Moment) {
        self.asked = false;
        self.attempts = (self.attempts + 1).min(2);
        self.started = Some(now);
    }

    /// It is an alternative to a suspect from now on.
    pub(super) fn begin_as_alternative(&mut self) {
        (self.attempts, self.passed_first) = (0, Moment::BEFORE);
    }

    /// A check passed that began at this moment.
    pub(super) fn passed_at(&mut self, started: Moment) {
        self.passed = started;
        if self.passed_first == Moment::BEFORE {
            self.passed_first = started;
        }
    }

    pub(super) fn cancel(&mut self) {
        (self.early, self.started) = (false, None);
    }

    // ----- health -----

    pub(super) fn pass(&mut self, poor: bool, threshold: u8) -> Change {
        self.restart_count();
        self.successes = (self.successes + 1).min(MAX_SUCCESSES);
        match self.exclusion {
            Exclusion::Commanded | Exclusion::Removed => return None,
            _ => self.exclusion = Exclusion::None,
        }
        match self.health {
            Health::Unhealthy if self.successes < threshold => None,
            _ if poor => self.turn(Health::Degraded),
            _ => self.turn(Health::Healthy),
        }
    }

    pub(super) fn fail(&mut self, evidence: u8) -> Change {
        self.successes = 0;
        match self.exclusion {
            Exclusion::Commanded | Exclusion::Announced | Exclusion::Removed => return None,
            _ => self.exclusion = Exclusion::None,
        }
        self.failures = (self.failures + 1).min(MAX_FAILURES);
        self.evidence = (self.evidence + evidence).min(VERDICT);
        match self.health {
            _ if self.is_down() => self.turn(Health::Unhealthy),
            Health::Healthy | Health::Degraded | Health::Maintenance => self.turn(Health::Suspect),
            _ => None,
        }
    }

    pub(super) fn exclude(&mut self, exclusion: Exclusion) -> Change {
        match (self.exclusion, exclusion) {
            (Exclusion::Commanded, _) | (Exclusion::Removed, Exclusion::Announced) => {}
            _ => self.exclusion = exclusion,
        }
        self.successes = 0;
        self.restart_count();
        let removed = matches!(self.exclusion, Exclusion::Removed | Exclusion::RemovedOnce);
        self.turn(if removed { Health::Unhealthy } else { Health::Maintenance })
    }

    pub(super) fn include(&mut self) -> Change {
        if self.exclusion == Exclusion::None {
            return None;
        }
        self.exclusion = Exclusion::None;
        self.turn(Health::Unknown)
    }

    pub(super) fn restart_count(&mut self) {
        (self.failures, self.evidence) = (0, 0);
    }

    pub(super) fn discard_suspicion(&mut self) -> Change {
        self.restart_count();
        if self.health == Health::Suspect { self.turn(Health::Unknown) } else { None }
    }

    pub(super) fn discard_verdict(&mut self) -> Change {
        if self.exclusion == Exclusion::Removed {
            return None;
        }
        self.restart_count();
        let found = matches!(self.health, Health::Suspect | Health::Unhealthy);
        if found { self.turn(Health::Unknown) } else { None }
    }

    fn turn(&mut self, to: Health) -> Change {
        let from = std::mem::replace(&mut self.health, to);
        if from == to {
            return None;
        }
        self.long = false;
        Some((from, to))
    }

    // ----- connections -----

    /// An attempt to connect failed.
    pub(super) fn refused(&mut self) {
        (self.refuses, self.rested) = (true, None);
    }

    /// A connection has lasted, or attempts that failed say nothing.
    pub(super) fn reset_failures(&mut self) {
        (self.refuses, self.held, self.rested) = (false, false, None);
    }

    /// All of it in one number.
    pub(super) fn packed(&self) -> u64 {
        let moment = |at: Option<Moment>| at.map_or(0, |at| u64::from(at.0) + 1);
        let failure = self.failure.map_or(0, |kind| kind as u64 + 1);
        let mut bits = Bits::default();
        bits.add(self.truth as u64, 3);
        bits.add(self.health as u64, 3);
        bits.add(self.failures.into(), 2);
        bits.add(self.evidence.into(), 2);
        bits.add(self.successes.into(), 2);
        bits.add(self.exclusion as u64, 3);
        bits.add(failure, 4);
        bits.add(self.passed.0.into(), 1);
        bits.add(self.passed_first.0.into(), 4);
        bits.add(self.failed.0.into(), 4);
        bits.add(self.early.into(), 1);
        bits.add(moment(self.started), 4);
        bits.add(self.attempts.into(), 2);
        bits.add(self.asked.into(), 1);
        bits.add(self.refuses.into(), 1);
        bits.add(self.held.into(), 1);
        bits.add(moment(self.rested), 2);
        bits.add(self.long.into(), 1);
        bits.0
    }
}

/// Numbers of a few bits each, put together to one.
#[derive(Default)]
pub(super) struct Bits(pub(super) u64);

impl Bits {
    pub(super) fn add(&mut self, number: u64, bits: u32) {
        self.0 = self.0 << bits | number;
    }
}
