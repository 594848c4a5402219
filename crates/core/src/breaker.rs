//! A circuit breaker for the app's own requests: it keeps them from a server that fails them, and lets a few try whether it still does.
//!
//! Closed, it counts failures in a row, or shares of a sliding window; open, it refuses; half-open, it lets a limited number of trials
//! through. A permit carries the generation of the state that gave it: what is reported with an older one changes nothing.

use crate::config::reader::settings;
use crate::keyword::keywords;
use crate::random::Random;
use crate::sliding::Sliding;
use crate::time::{Millis, Timestamp};

settings! {
    /// When an endpoint's circuit breaker opens and closes. It guards the app's own requests, as far as the app asks it to.
    pub struct Breaker {
        /// Failures in a row at which it opens; `null`: only the shares below count.
        failures: Option<u32> = Some(5), "1" ..= "1000";
        /// Percentage of failed requests within `window` at which it opens; `null`: it does not matter.
        failure_percent: Option<u32> = None, "1" ..= "100";
        /// Percentage of slow requests within `window` at which it opens; `null`: it does not matter.
        slow_percent: Option<u32> = None, "1" ..= "100";
        /// How long a request takes that is slow.
        slow_after: Millis = Millis::from_secs(5), "1ms" ..= "10m";
        /// How far back shares are counted. Old requests leave it a tenth at a time, also when no new ones come.
        window: Millis = Millis::from_secs(60), "1s" ..= "1h";
        /// Requests in the window below which shares mean nothing.
        minimum: u32 = 10, "1" ..= "10000";
        /// How long it stays open at first. Twice as long each time that a trial fails, and up to a fifth more at random.
        open: Millis = Millis::from_secs(5), "10ms" ..= "1h";
        /// The longest that it stays open, but for the fifth.
        open_max: Millis = Millis::from_secs(60), "10ms" ..= "1d";
        /// Most requests under way at a time while half-open.
        trials: u32 = 3, "1" ..= "100";
        /// Successes after which it closes.
        successes: u32 = 3, "1" ..= "100";
        /// A trial that has not been reported by then has given its permit back.
        trial_timeout: Millis = Millis::from_secs(30), "10ms" ..= "1h";
    }
}

keywords! {
    /// What a circuit breaker does with requests.
    pub enum BreakerState {
        /// Lets them through.
        Closed = "closed",
        /// Refuses them, for a time.
        Open = "open",
        /// Lets a few through, to see.
        HalfOpen = "halfOpen",
        /// Refuses them until the app says otherwise.
        Isolated = "isolated",
    }
}

/// Leave to make one request. Report its end with it.
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
    /// Times in a row that it opened without having been closed.
    openings: u32,
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
    pub(crate) const fn state(&self) -> BreakerState {
        match self.state {
            State::Closed { .. } => BreakerState::Closed,
            State::Open { .. } => BreakerState::Open,
            State::HalfOpen { .. } => BreakerState::HalfOpen,
            State::Isolated => BreakerState::Isolated,
        }
    }

    /// Leave for a request, or how long to wait before asking again, as far as that is known.
    pub(crate) fn try_acquire(&mut self, rules: &Breaker, now: Timestamp) -> Result<Ticket, Option<Millis>> {
        if let State::Open { until } = self.state
            && until <= now
        {
            self.half_open();
        }
        self.last_number = self.last_number.wrapping_add(1);
        let number = self.last_number;
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
        Ok(Ticket { generation: self.generation, number })
    }

    /// A request has ended.
    pub(crate) fn record(&mut self, rules: &Breaker, ticket: Ticket, ok: bool, took: Millis, random: &mut Random, now: Timestamp) {
        if ticket.generation != self.generation {
            return;
        }
        let slow = took >= rules.slow_after;
        match &mut self.state {
            State::Closed { failures, window } => {
                *failures = if ok { 0 } else { failures.saturating_add(1) };
                let in_a_row = rules.failures.is_some_and(|most| *failures >= most);
                let by_share = (rules.failure_percent.is_some() || rules.slow_percent.is_some()) && {
                    let window = window.get_or_insert_default();
                    window.add([true, !ok, slow], rules.window, now);
                    reaches_a_share(window, rules, now)
                };
                if in_a_row || by_share {
                    self.open(rules, random, now);
                }
            }
            State::HalfOpen { trials, successes } => {
                // One that has given its permit back has nothing to say any more.
                let Some(at) = trials.iter().position(|(number, deadline)| *number == ticket.number && *deadline > now) else { return };
                trials.swap_remove(at);
                if !ok || (slow && rules.slow_percent.is_some()) {
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
    }

    /// Opens it, whatever its counts say; one that is open already stays so for as long as it would.
    pub(crate) fn open(&mut self, rules: &Breaker, random: &mut Random, now: Timestamp) {
        if matches!(self.state, State::Open { .. } | State::Isolated) {
            return;
        }
        let open = rules.open.scaled(1 << self.openings.min(20), 1).min(rules.open_max);
        self.openings += 1;
        self.turn(State::Open { until: now + open + random.within(open.scaled(1, 5)) });
    }

    /// Lets trials through from now on, if it is open.
    pub(crate) fn half_open(&mut self) {
        if matches!(self.state, State::Open { .. }) {
            self.turn(State::HalfOpen { trials: Vec::new(), successes: 0 });
        }
    }

    /// Refuses everything, or begins anew.
    pub(crate) fn isolate(&mut self, isolated: bool) {
        if isolated {
            self.turn(State::Isolated);
        } else if matches!(self.state, State::Isolated) {
            self.close();
        }
    }

    fn close(&mut self) {
        self.openings = 0;
        self.turn(State::default());
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
    let reaches = |count: u32, percent: Option<u32>| percent.is_some_and(|percent| count * 100 >= percent * calls);
    calls >= rules.minimum && (reaches(failed, rules.failure_percent) || reaches(slow, rules.slow_percent))
}

#[cfg(test)]
mod tests;
