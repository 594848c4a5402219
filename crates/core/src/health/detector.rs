//! When the evidence against an endpoint suffices.
//!
//! Two rules: failures in a row are counted, or evidence accrues. The accruing one is a sequential
//! test (Wald, 1945) of "it works" against two alternatives side by side: that it is down (every
//! check fails; a success ends the suspicion) and that it fails every other time (a success only
//! takes some of the suspicion away). How a working endpoint would behave is learnt from its own
//! past, as in the accrual failure detector (Hayashibara et al., 2004).

use crate::base::time::Timestamp;
use crate::health::evidence::{Evidence, Weight};
use crate::health::loss::{LossEstimator, Sample};
use crate::health::share::FailureShare;

/// Maximum number of pieces of evidence that are kept for an explanation.
const KEPT: usize = 12;

/// How much less a failure says if the endpoint may be failing only every other time: log10 of ½.
const HALF: Weight = Weight(30);
/// How much a success then takes away: a little less than log10 of ½, since even a working endpoint
/// does not always answer.
const RELIEF: Weight = Weight(26);

/// How often, in millionths, a single answer of a working endpoint comes after the timeout, at the
/// worst: the timeout is learnt from answers, so it may be too short for a while. The check that
/// follows has more time.
const LATE: u32 = 30_000;

/// The evidence against one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Detector {
    rule: Rule,
    failures: u32,
    /// Timeouts among the failures in a row.
    timeouts: u32,
    /// While this row of failures lasted, everything else went unanswered as well.
    shared: bool,
    /// That it is down.
    down: Weight,
    /// That it fails every other time.
    flaky: Weight,
    /// The same, before this row of failures.
    flaky_before: Weight,
    loss: LossEstimator,
    share: FailureShare,
    kept: Vec<Weighed>,
}

/// When the evidence suffices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// At so many failures in a row.
    Count(u32),
    /// As soon as a working endpoint would show as much only once in 10ⁿ times.
    Accrue(Weight),
}

/// A piece of evidence and what it weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weighed {
    pub(crate) at: Timestamp,
    pub(crate) evidence: Evidence,
    pub(crate) weight: Weight,
}

/// The other endpoints and connectivity URLs that were asked since the suspicion began, each by its
/// latest answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Witnesses {
    pub(crate) answered: u32,
    pub(crate) lost: u32,
}

impl Witnesses {
    /// The chance, in millionths, that a check of anything is lost at present. Whoever has answered
    /// proves that the network works.
    fn chance(self) -> u32 {
        let lost = u64::from(self.lost);
        if self.answered > 0 { 0 } else { (lost * 1_000_000 / (lost + 1)) as u32 }
    }

    /// Nobody who was asked has answered.
    pub(crate) const fn are_silent(self) -> bool {
        self.answered == 0 && self.lost > 0
    }
}

/// What ended a row of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// A check that passed, before the evidence sufficed.
    Refuted {
        /// Checks that began earlier and are still without an answer.
        overtaken: usize,
    },
    /// A check that passed after the endpoint had been found to fail.
    Confirmed,
}

impl Detector {
    pub(crate) fn new(rule: Rule) -> Self {
        Self {
            rule,
            failures: 0,
            timeouts: 0,
            shared: false,
            down: Weight::ZERO,
            flaky: Weight::ZERO,
            flaky_before: Weight::ZERO,
            loss: LossEstimator::default(),
            share: FailureShare::default(),
            kept: Vec::new(),
        }
    }

    /// Takes in a piece of evidence.
    pub(crate) fn failure(&mut self, evidence: Evidence, witnesses: Witnesses, now: Timestamp) {
        if self.failures == 0 {
            self.kept.clear();
            self.flaky_before = self.flaky;
        }
        let (weight, flaky) = self.weigh(evidence, witnesses, now);
        self.shared |= witnesses.are_silent();
        self.failures = self.failures.saturating_add(1);
        let most = self.level();
        self.down = self.down.plus(weight, Weight(most.0 * 2));
        // At the level at most: a few successes later it is no longer confirmed.
        self.flaky = self.flaky.plus(flaky.minus(HALF), most);
        if self.kept.len() == KEPT {
            self.kept.remove(0);
        }
        self.kept.push(Weighed { at: now, evidence, weight });
    }

    /// What a piece of evidence says for either alternative.
    fn weigh(
        &mut self,
        evidence: Evidence,
        witnesses: Witnesses,
        now: Timestamp,
    ) -> (Weight, Weight) {
        let Some(weight) = evidence.weight() else {
            let chance = self.loss.chance(self.timeouts, now).max(witnesses.chance());
            // Where every other check fails, failures in a row are no burst of the network's.
            let single = self.loss.chance(0, now).max(witnesses.chance()).max(LATE);
            self.timeouts = self.timeouts.saturating_add(1);
            return (Weight::of_chance(chance), Weight::of_chance(single));
        };
        let weight = if evidence.is_error() {
            weight.min(Weight::of_chance(self.loss.error_chance()))
        } else {
            weight
        };
        (weight, weight)
    }

    /// A check that had failed by its learnt timeout has ended: it was only late if it has been
    /// answered, and lost if not. Meanwhile it was held to be either.
    pub(crate) fn late_check_ended(&mut self, answered: bool, now: Timestamp) {
        let single = self.loss.chance(0, now);
        let supposed = Weight::of_chance(single.max(LATE));
        if answered {
            self.flaky = self.flaky.minus(supposed.minus(HALF));
        } else if !self.shared {
            let rest = Weight::of_chance(single).minus(supposed);
            self.flaky = self.flaky.plus(rest, self.level());
        }
    }

    /// A check passed.
    pub(crate) fn success(&mut self, row: Row, now: Timestamp) {
        // What was lost together with everything else teaches nothing about the endpoint.
        if let Row::Refuted { overtaken } = row
            && self.timeouts > 0
            && !self.shared
        {
            self.loss.observe_burst((self.timeouts - 1) as usize + overtaken, now);
        }
        // What was down altogether has not failed now and then; what has may go on.
        let was_dead = row == Row::Confirmed && self.is_dead();
        self.flaky = if was_dead { Weight::ZERO } else { self.flaky.minus(RELIEF) };
        self.restart();
    }

    /// Takes in the result of a check that began while nothing spoke against the endpoint.
    pub(crate) fn observe(&mut self, sample: Sample) {
        let calm = self.failures == 0 && self.flaky.0 < self.level().0 / 4;
        self.loss.observe(sample, calm);
        self.share.observe(sample != Sample::Passed);
    }

    /// Failures in a row are counted from none. What they taught stays.
    pub(crate) fn restart(&mut self) {
        self.failures = 0;
        self.timeouts = 0;
        self.shared = false;
        self.down = Weight::ZERO;
    }

    /// The failures in a row say nothing about the endpoint.
    pub(crate) fn discard_row(&mut self) {
        if self.suspects() {
            self.flaky = self.flaky_before;
        }
        self.restart();
    }

    /// Nothing is held against the endpoint any more.
    pub(crate) fn reset(&mut self) {
        self.restart();
        self.flaky = Weight::ZERO;
    }

    /// The latest results were not those of a working endpoint.
    pub(crate) fn discard_recent(&mut self) {
        self.loss.discard_recent();
    }

    /// Failures in a row.
    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether there is evidence against the endpoint.
    pub(crate) const fn suspects(&self) -> bool {
        self.failures > 0
    }

    /// How strong the evidence is.
    pub(crate) fn suspicion(&self) -> Weight {
        match self.rule {
            Rule::Count(_) => Weight::decades(self.failures.min(100) as u16),
            Rule::Accrue(_) => self.down.max(self.flaky),
        }
    }

    /// How strong it must become.
    pub(crate) const fn level(&self) -> Weight {
        match self.rule {
            Rule::Count(threshold) => Weight::decades(threshold as u16),
            Rule::Accrue(level) => level,
        }
    }

    /// Whether the evidence suffices.
    pub(crate) fn is_down(&self) -> bool {
        self.suspects() && self.suspicion() >= self.level()
    }

    /// Whether the evidence suffices that every check fails.
    pub(crate) fn is_dead(&self) -> bool {
        match self.rule {
            Rule::Count(_) => self.is_down(),
            Rule::Accrue(level) => self.down >= level,
        }
    }

    /// Whether it fails now and then, too often for chance.
    pub(crate) fn is_flaky(&self) -> bool {
        matches!(self.rule, Rule::Accrue(level) if self.flaky.0 >= level.0 / 4 * 3)
    }

    /// Whether it has failed lately, so that it is worth looking more closely.
    pub(crate) fn is_doubtful(&self) -> bool {
        matches!(self.rule, Rule::Accrue(level) if self.flaky.0 >= level.0 / 4)
    }

    /// What is usual for the endpoint.
    pub(crate) const fn loss(&self) -> &LossEstimator {
        &self.loss
    }

    /// Takes over what is usual for the endpoint, from an earlier run or as unknown.
    pub(crate) fn set_loss(&mut self, loss: LossEstimator) {
        (self.loss, self.share) = (loss, FailureShare::default());
    }

    /// How often its checks fail.
    pub(crate) const fn share(&self) -> FailureShare {
        self.share
    }

    /// The last pieces of evidence, oldest first.
    pub(crate) fn evidence(&self) -> &[Weighed] {
        &self.kept
    }
}

#[cfg(test)]
mod tests;
