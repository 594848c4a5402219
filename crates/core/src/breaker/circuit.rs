//! One circuit breaker: it keeps the app's requests from a server that fails them, and lets a few
//! try whether it still does.
//!
//! Closed, it counts failures in a row, or shares of a sliding window; open, it refuses; half-open,
//! it lets a limited number of trials through. A permit carries the generation of the state that
//! gave it: what is reported with an older one changes nothing.

use super::permit::CallOutcome;
use super::rules::{Breaker, BreakerState};
use crate::base::random::Random;
use crate::base::sliding::Sliding;
use crate::base::time::{Millis, Timestamp};

/// Permission to make one request. Report its end with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) generation: u32,
    pub(crate) number: u32,
}

/// One endpoint's circuit breaker.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circuit {
    state: State,
    /// Counts changes of state.
    generation: u32,
    last_number: u32,
    /// Of the last 64 permits, those that have been reported.
    reported: u64,
    /// Half-open times in a row that ended with a trial that failed.
    failed_trials: u32,
}

#[derive(Clone, Debug)]
enum State {
    Closed { failures: u32, window: Option<Box<Window>> },
    Open { until: Timestamp },
    HalfOpen { trials: Vec<(u32, Timestamp)>, successes: u32 },
    Isolated,
}

impl Default for State {
    fn default() -> Self {
        Self::Closed { failures: 0, window: None }
    }
}

impl Circuit {
    /// A closed circuit for which permits of earlier generations do not count.
    pub(crate) fn of_generation(generation: u32) -> Self {
        Self { generation, ..Self::default() }
    }

    pub(crate) const fn generation(&self) -> u32 {
        self.generation
    }

    pub(crate) const fn state(&self) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
            State::Isolated => BreakerState::Isolated,
        }
    }

    /// Permission for a request, or how long to wait before asking again, as far as that is known.
    pub(crate) fn try_acquire(
        &mut self,
        rules: &Breaker,
        now: Timestamp,
    ) -> Result<Ticket, Option<Millis>> {
        if let State::Open { until } = self.state
            && until <= now
        {
            self.half_open();
        }
        let number = self.last_number.wrapping_add(1);
        match &mut self.state {
            State::Closed { .. } => {}
            State::Open { until } => return Err(Some(*until - now)),
            State::Isolated => return Err(None),
            State::HalfOpen { trials, .. } => {
                trials.retain(|(_, deadline)| *deadline > now);
                if trials.len() >= rules.trials as usize {
                    return Err(trials.iter().map(|(_, deadline)| *deadline - now).min());
                }
                trials.push((number, now + rules.trial_timeout));
            }
        }
        self.last_number = number;
        self.reported <<= 1;
        Ok(Ticket { generation: self.generation, number })
    }

    /// A request has ended. False if that says nothing: its permit is one of another state, or was
    /// reported before.
    pub(crate) fn record(
        &mut self,
        rules: &Breaker,
        ticket: Ticket,
        outcome: CallOutcome,
        took: Millis,
        random: &mut Random,
        now: Timestamp,
    ) -> bool {
        if ticket.generation != self.generation || !self.is_first_report(ticket.number) {
            return false;
        }
        let (failed, slow) = (outcome.is_failure(), took >= rules.slow_after);
        match &mut self.state {
            State::Closed { .. } if outcome == CallOutcome::Released => {}
            State::Closed { failures, window } => {
                *failures = if failed { failures.saturating_add(1) } else { 0 };
                let in_a_row = rules.failures.is_some_and(|maximum| *failures >= maximum);
                let by_share = (rules.failure_percent.is_some() || rules.slow_percent.is_some())
                    && {
                        let window = window.get_or_insert_default();
                        window.add([true, failed, slow], rules.window, now);
                        reaches_a_share(window, rules, now)
                    };
                if in_a_row || by_share {
                    self.open(rules, random, now);
                }
            }
            State::HalfOpen { trials, successes } => {
                // One whose time was over has given its permit back already.
                let is_it = |(number, deadline): &(u32, Timestamp)| {
                    *number == ticket.number && *deadline > now
                };
                let Some(at) = trials.iter().position(is_it) else { return true };
                trials.swap_remove(at);
                if outcome == CallOutcome::Released {
                    return true;
                }
                if failed || (slow && rules.slow_percent.is_some()) {
                    self.failed_trials += 1;
                    self.open(rules, random, now);
                } else {
                    *successes += 1;
                    if *successes >= rules.successes {
                        self.close();
                    }
                }
            }
            State::Open { .. } | State::Isolated => {}
        }
        true
    }

    /// A permit is good for one report. Whether one older than the last 64 was reported is not known:
    /// beside much traffic a request that ran out of time is that old, and it must count.
    fn is_first_report(&mut self, number: u32) -> bool {
        let age = self.last_number.wrapping_sub(number);
        let Some(bit) = 1_u64.checked_shl(age) else { return true };
        let first = self.reported & bit == 0;
        self.reported |= bit;
        first
    }

    /// Opens it, whatever its counts say; one that is open already stays so for as long as it
    /// would.
    pub(crate) fn open(&mut self, rules: &Breaker, random: &mut Random, now: Timestamp) {
        if matches!(self.state, State::Open { .. } | State::Isolated) {
            return;
        }
        let open = rules.open.scaled(1 << self.failed_trials.min(20), 1).min(rules.open_max);
        self.turn(State::Open { until: now + open + random.within(open.scaled(1, 5)) });
    }

    /// Lets trials through from now on, if it is open.
    pub(crate) fn half_open(&mut self) {
        if matches!(self.state, State::Open { .. }) {
            self.turn(State::HalfOpen { trials: Vec::new(), successes: 0 });
        }
    }

    /// Refuses everything until it is released.
    pub(crate) fn isolate(&mut self) {
        self.turn(State::Isolated);
    }

    /// Ends the isolation.
    pub(crate) fn release(&mut self) {
        if matches!(self.state, State::Isolated) {
            self.close();
        }
    }

    /// Lets everything through and begins to count anew, unless it is isolated.
    pub(crate) fn close(&mut self) {
        self.failed_trials = 0;
        self.turn(State::default());
    }

    /// What is under way says nothing any more: the device slept, or the network is another one.
    pub(crate) fn renew(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        match &mut self.state {
            closed @ State::Closed { .. } => *closed = State::default(),
            State::HalfOpen { trials, .. } => trials.clear(),
            State::Open { .. } | State::Isolated => {}
        }
    }

    /// The device slept for so long: that time does not count.
    pub(crate) fn slept(&mut self, gap: Millis) {
        if let State::Open { until } = &mut self.state {
            *until = *until + gap;
        }
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.generation = self.generation.wrapping_add(1);
    }
}

/// Requests, failed ones and slow ones.
type Window = Sliding<3>;

fn reaches_a_share(window: &mut Window, rules: &Breaker, now: Timestamp) -> bool {
    let [calls, failed, slow] = window.sums(rules.window, now);
    let reaches = |count: u32, percent: Option<u32>| {
        percent.is_some_and(|percent| count * 100 >= percent * calls)
    };
    calls >= rules.minimum
        && (reaches(failed, rules.failure_percent) || reaches(slow, rules.slow_percent))
}

#[cfg(test)]
mod tests;
