//! The failover state as the walk tells states apart: its kind, and whether what it waits for is
//! due.

use super::time::{LATER, LONG_AGO, Moment, NOW, SPREAD};
use crate::base::keyword::Keyword;
use crate::base::time::Millis;
use crate::failover::FIRST_HOLD;
use crate::failover::state::{self, Offline, PlannedMove, Stage, State, Suspicion};
use crate::protocol::event::SwitchReason;
use crate::session::backoff::Backoff;

/// The failover state, abstracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mind {
    Steady,
    Waiting { to: u8, reason: SwitchReason, due: bool },
    Opening { to: u8, reason: SwitchReason },
    Suspecting { verdict: Verdict, spread: bool, decided: bool },
    Trying { target: u8 },
    AllDown(Outage),
    Presumed(Outage),
    Reported { long: bool },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    None,
    /// The spread lasts.
    Spread,
    Due,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outage {
    pub(super) round: Round,
    pub(super) silent: bool,
    pub(super) hold: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    UnderWay,
    Waiting,
    Due,
}

impl Mind {
    pub(super) fn of(state: State) -> Self {
        match state {
            State::Steady(None) => Self::Steady,
            State::Steady(Some(PlannedMove { to, reason, stage })) => {
                let to = to as u8;
                match stage {
                    Stage::Waiting(at) => Self::Waiting { to, reason, due: at <= NOW },
                    Stage::Opening => Self::Opening { to, reason },
                }
            }
            State::Suspecting(Suspicion { spread, verdict, decided, .. }) => {
                let verdict = match verdict {
                    None => Verdict::None,
                    Some(at) if at + spread <= NOW => Verdict::Due,
                    Some(_) => Verdict::Spread,
                };
                Self::Suspecting { verdict, spread: spread > Millis::ZERO, decided }
            }
            State::Trying { target } => Self::Trying { target: target as u8 },
            State::AllDown(outage) => Self::AllDown(Outage::of(outage)),
            State::Offline(Offline::Presumed(outage)) => Self::Presumed(Outage::of(outage)),
            State::Offline(Offline::Reported(at)) => Self::Reported { long: at <= LONG_AGO },
        }
    }

    pub(super) fn state(self) -> State {
        match self {
            Self::Steady => State::Steady(None),
            Self::Waiting { to, reason, due } => {
                let stage = Stage::Waiting(if due { NOW } else { LATER });
                State::Steady(Some(PlannedMove { to: to.into(), reason, stage }))
            }
            Self::Opening { to, reason } => {
                State::Steady(Some(PlannedMove { to: to.into(), reason, stage: Stage::Opening }))
            }
            Self::Suspecting { verdict, spread, decided } => State::Suspecting(Suspicion {
                since: Moment::DOUBT.timestamp(),
                spread: if spread { SPREAD } else { Millis::ZERO },
                verdict: match verdict {
                    Verdict::None => None,
                    Verdict::Spread => Some(NOW),
                    Verdict::Due => Some(LONG_AGO),
                },
                decided,
                trial: None,
            }),
            Self::Trying { target } => State::Trying { target: target.into() },
            Self::AllDown(outage) => State::AllDown(outage.state()),
            Self::Presumed(outage) => State::Offline(Offline::Presumed(outage.state())),
            Self::Reported { long } => {
                State::Offline(Offline::Reported(if long { LONG_AGO } else { NOW }))
            }
        }
    }

    /// The planned move waits no longer, and the spread is over.
    pub(super) const fn due(self) -> Self {
        match self {
            Self::Waiting { to, reason, .. } => Self::Waiting { to, reason, due: true },
            Self::Suspecting { spread, decided, .. } => {
                Self::Suspecting { verdict: Verdict::Due, spread, decided }
            }
            other => other,
        }
    }

    /// The same outage with another round.
    pub(super) const fn with_round(self, round: Round) -> Self {
        match self {
            Self::AllDown(outage) => Self::AllDown(Outage { round, ..outage }),
            Self::Presumed(outage) => Self::Presumed(Outage { round, ..outage }),
            other => other,
        }
    }

    pub(super) const fn outage(self) -> Option<Outage> {
        match self {
            Self::AllDown(outage) | Self::Presumed(outage) => Some(outage),
            _ => None,
        }
    }

    pub(super) const fn is_in_doubt(self) -> bool {
        matches!(self, Self::Suspecting { .. } | Self::AllDown(_) | Self::Presumed(_))
    }

    /// All of it in one number of 15 bits.
    pub(super) fn packed(self) -> u64 {
        let reason = |reason: SwitchReason| {
            SwitchReason::KEYWORDS.iter().position(|it| *it == reason).unwrap_or(0) as u64
        };
        let outage =
            |it: Outage| it.round as u64 | u64::from(it.silent) << 2 | u64::from(it.hold) << 3;
        let (kind, rest) = match self {
            Self::Steady => (0, 0),
            Self::Waiting { to, reason: why, due } => {
                (1, u64::from(to) | reason(why) << 2 | u64::from(due) << 6)
            }
            Self::Opening { to, reason: why } => (2, u64::from(to) | reason(why) << 2),
            Self::Suspecting { verdict, spread, decided } => {
                (3, verdict as u64 | u64::from(spread) << 2 | u64::from(decided) << 3)
            }
            Self::Trying { target } => (4, u64::from(target)),
            Self::AllDown(it) => (5, outage(it)),
            Self::Presumed(it) => (6, outage(it)),
            Self::Reported { long } => (7, u64::from(long)),
        };
        kind << 12 | rest
    }
}

impl Outage {
    fn of(outage: state::Outage) -> Self {
        let round = match outage.round {
            None => Round::UnderWay,
            Some(at) if at <= NOW => Round::Due,
            Some(_) => Round::Waiting,
        };
        Self { round, silent: outage.silent, hold: outage.hold > Millis::ZERO }
    }

    fn state(self) -> state::Outage {
        state::Outage {
            since: Moment::DOUBT.timestamp(),
            round: match self.round {
                Round::UnderWay => None,
                Round::Waiting => Some(LATER),
                Round::Due => Some(NOW),
            },
            backoff: Backoff::default(),
            silent: self.silent,
            hold: if self.hold { FIRST_HOLD } else { Millis::ZERO },
        }
    }
}
