//! What is measured of a policy in a setting, and what came out.

use crate::faults::Fault;
use crate::parallel::trials;
use crate::policy::{Lived, Policy};
use crate::setting::{DAY, Setting};
use steadfast::{Millis, Timestamp};

/// Clients that meet a failure.
pub(crate) const TRIALS: u64 = 200;
/// A policy that has not moved by then never will.
const PATIENCE: Millis = Millis::from_secs(600);
/// A client that leaves because of a stall does it within this time.
const AFTERMATH: Millis = Millis::from_secs(60);

/// What is measured.
#[derive(Clone)]
pub(crate) enum Measure {
    /// Time from this failure until the client is at an endpoint that has not failed.
    Time(Fault),
    /// Clients that leave because of this failure though it lasts only so long.
    Leaving(Fault, Millis),
    /// Moves away from the first endpoint, in so many days.
    MovesAway(u64),
    /// Moves in any direction, in so many days.
    Switches(u64),
    /// Checks of the first endpoint, in so many days.
    Checks(u64),
}

/// What came out.
#[derive(Clone)]
pub(crate) enum Value {
    Times(Times),
    Leaving(u64),
    Moves { moves: u64, days: u64 },
    ChecksAnHour(u64),
}

/// From the shortest to the longest, of the clients that were at the first endpoint; `None`: never.
#[derive(Clone, Default)]
pub(crate) struct Times(Vec<Option<Millis>>);

impl Times {
    pub(crate) fn median(&self) -> Option<Millis> {
        self.at(self.0.len() / 2)
    }

    pub(crate) fn p95(&self) -> Option<Millis> {
        self.at(self.0.len() * 95 / 100)
    }

    /// Clients that had left the first endpoint before it failed, and had nothing to notice.
    pub(crate) fn away(&self) -> u64 {
        TRIALS - self.0.len() as u64
    }

    fn at(&self, place: usize) -> Option<Millis> {
        self.0.get(place).copied().flatten()
    }
}

impl Measure {
    pub(crate) fn of(&self, policy: &dyn Policy, setting: &Setting) -> Value {
        let moves = |days, count: fn(&Lived) -> u64| Value::Moves {
            moves: sum(policy, setting, days, count),
            days,
        };
        match self {
            Self::Time(fault) => Value::Times(times(policy, setting, fault)),
            Self::Leaving(fault, length) => {
                Value::Leaving(leaving(policy, setting, fault, *length))
            }
            Self::MovesAway(days) => {
                moves(*days, |lived| lived.moves.iter().filter(|(_, to)| *to != 0).count() as u64)
            }
            Self::Switches(days) => moves(*days, |lived| lived.moves.len() as u64),
            Self::Checks(days) => {
                Value::ChecksAnHour(sum(policy, setting, *days, |lived| lived.checks) / days / 24)
            }
        }
    }
}

/// The moment of a client's failure: at every phase of everyone's rhythm, the longest of which is
/// half a minute.
fn moment(setting: &Setting, trial: u64) -> Timestamp {
    Timestamp::default() + setting.warm_up + Millis::new((trial * 30_000 / TRIALS) as u32)
}

fn times(policy: &dyn Policy, setting: &Setting, fault: &Fault) -> Times {
    let lives = trials(TRIALS, |trial| {
        let at = moment(setting, trial);
        let mut life = setting.life(trial, at + PATIENCE);
        life.happenings.extend(setting.failure(fault, at, PATIENCE));
        let moves = policy.live(life).moves;
        let was = moves.iter().rfind(|(when, _)| *when < at).map_or(0, |(_, to)| *to);
        let left = moves.iter().find(|(when, to)| *when >= at && *to >= setting.failing);
        (was, left.map(|(when, _)| *when - at))
    });
    let met = lives.into_iter().filter(|(was, _)| *was == 0);
    let mut times: Vec<_> = met.map(|(_, time)| time).collect();
    times.sort_by_key(|time| time.unwrap_or(Millis::new(u32::MAX)));
    Times(times)
}

fn leaving(policy: &dyn Policy, setting: &Setting, fault: &Fault, length: Millis) -> u64 {
    let lives = trials(TRIALS, |trial| {
        let at = moment(setting, trial);
        let mut life = setting.life(trial, at + AFTERMATH);
        life.happenings.extend(setting.failure(fault, at, length));
        policy.live(life).moves.iter().any(|(when, to)| *when >= at && *to != 0)
    });
    lives.into_iter().filter(|left| *left).count() as u64
}

/// Of so many lives of a day each.
fn sum(policy: &dyn Policy, setting: &Setting, days: u64, count: fn(&Lived) -> u64) -> u64 {
    let lives =
        trials(days, |seed| count(&policy.live(setting.life(seed, Timestamp::default() + DAY))));
    lives.into_iter().sum()
}
