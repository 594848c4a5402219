//! Which endpoint is better than which, and moves that nobody is forced to make.

use super::{Engine, Tracked};
use crate::config::{Name, Strategy};
use crate::event::SwitchReason;
use crate::evidence::log10;
use crate::health::Health;
use crate::random::Random;
use crate::time::{Millis, Timestamp};

/// How long an endpoint must have been degraded before the app leaves it for a better one.
const DEGRADED_FOR: Millis = Millis::from_secs(10);
/// How long another one must have been faster, by a fifth and by so much, before the app moves there.
const FASTER_FOR: Millis = Millis::from_secs(60);
const FASTER_BY: Millis = Millis::new(50);

/// The app's wish.
#[derive(Clone, Debug)]
pub(super) struct Preference {
    pub(super) name: Name,
    /// The app is not there yet: it goes as soon as the endpoint is healthy.
    pub(super) pending: bool,
}

/// A move that will happen unless something comes between.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedMove {
    to: usize,
    reason: SwitchReason,
    at: Timestamp,
}

/// A move that would be an improvement.
struct Improvement {
    to: usize,
    reason: SwitchReason,
    ready: Timestamp,
    window: Millis,
}

/// What makes one endpoint better than another, in this order: that it is not degraded, that the app prefers it, and that it is of our
/// region; its priority; and its lot. Smaller is better.
type Standing = [u32; 3];

/// A client's own number for an endpoint of this weight, smaller for a heavier one: the smallest of all wins as often as the weights say
/// (Efraimidis and Spirakis, 2006).
pub(super) fn lot(weight: u32, random: &mut Random) -> u32 {
    let draw = log10(u32::MAX) - log10(random.up_to(u32::MAX - 1) + 1);
    (draw * 1_000 + random.up_to(999)).checked_div(weight).unwrap_or(u32::MAX)
}

impl Engine {
    /// The best endpoint among those `allowed`; among equals the fastest under the strategy `latency`, then the first in the list.
    pub(super) fn best(&self, allowed: &dyn Fn(usize) -> bool) -> Option<usize> {
        let by_latency = self.config.strategy == Strategy::Latency;
        let latency = |tracked: &Tracked| tracked.rtt.smoothed().filter(|_| by_latency).map_or(u32::MAX, Millis::get);
        let (mut best, mut best_rank) = (None, None);
        for (index, tracked) in self.endpoints.iter().enumerate() {
            if allowed(index) {
                let rank = Some((self.standing(index), latency(tracked)));
                if best.is_none() || rank < best_rank {
                    (best, best_rank) = (Some(index), rank);
                }
            }
        }
        best
    }

    fn standing(&self, index: usize) -> Standing {
        let tracked = &self.endpoints[index];
        let endpoint = &tracked.endpoint;
        let preferred = self.preference.as_ref().is_some_and(|preference| preference.name == endpoint.name);
        let abroad = self.config.region.is_some() && self.config.region != endpoint.region;
        let degraded = tracked.condition.health() == Health::Degraded;
        [u32::from(degraded) << 2 | u32::from(!preferred) << 1 | u32::from(abroad), endpoint.priority, tracked.lot]
    }

    /// While the active endpoint is not suspected: goes where the app wishes, or to a better endpoint.
    pub(super) fn consider_voluntary_move(&mut self) {
        if let Some(wished) = self.pending_preference() {
            if let Some(preference) = &mut self.preference {
                preference.pending = wished != self.active && !self.endpoints[wished].condition.is_usable();
                if !preference.pending && wished != self.active {
                    self.switch(wished, SwitchReason::Preferred);
                }
            }
            return;
        }
        let Some(Improvement { to, reason, ready, window }) = self.improvement() else {
            self.planned = None;
            return;
        };
        let planned = self.planned.filter(|planned| planned.to == to && planned.reason == reason);
        let planned = planned.unwrap_or_else(|| PlannedMove { to, reason, at: self.now.max(ready) + self.random.within(window) });
        if planned.at <= self.now && self.is_confirmed(to, reason) {
            self.switch(to, reason);
        } else {
            self.planned = Some(planned);
        }
    }

    /// Enough checks in a row have passed for the app to go back there.
    fn is_confirmed(&self, to: usize, reason: SwitchReason) -> bool {
        reason != SwitchReason::Failback || self.endpoints[to].condition.successes() >= self.config.failback.successes
    }

    /// The best move from here, if there is one.
    fn improvement(&self) -> Option<Improvement> {
        if self.is_cyclic() {
            return None;
        }
        let active = &self.endpoints[self.active];
        let voluntary = self.config.spread.voluntary.max(active.spread);
        let leave = |to: usize, reason, ready, window| Some(Improvement { to, reason, ready, window });
        match active.condition.health() {
            Health::Maintenance => {
                let to = self.best(&|index| index != self.active && self.endpoints[index].condition.is_usable())?;
                // An app that has lost its connection is not made to wait longer than it must for the others' sake.
                let window = if self.connection.is_broken() { self.forced_spread() } else { voluntary };
                return leave(to, SwitchReason::Maintenance, self.now, window);
            }
            Health::Degraded => {
                if let Some(to) = self.best(&|index| self.endpoints[index].condition.is_healthy()) {
                    return leave(to, SwitchReason::Degraded, active.condition.since() + DEGRADED_FOR, voluntary);
                }
            }
            _ => {}
        }
        if self.config.strategy == Strategy::Sticky {
            return None;
        }
        if let Some(to) = self.best(&|index| self.endpoints[index].condition.is_healthy() && self.is_better(index)) {
            let tracked = &self.endpoints[to];
            let ready = tracked.condition.since() + tracked.hold.wait(&self.config.failback);
            return leave(to, SwitchReason::Failback, ready, self.config.spread.voluntary.max(tracked.spread));
        }
        let to = self.best(&|index| self.endpoints[index].condition.is_healthy() && self.is_faster(index))?;
        leave(to, SwitchReason::Faster, self.now + FASTER_FOR, voluntary)
    }

    /// Better than the active one by its standing, or by its place in the list where nothing else counts.
    fn is_better(&self, index: usize) -> bool {
        let place = |index: usize| if self.config.strategy == Strategy::Latency { 0 } else { index };
        index != self.active && (self.standing(index), place(index)) < (self.standing(self.active), place(self.active))
    }

    fn is_faster(&self, index: usize) -> bool {
        let (Some(theirs), Some(ours)) = (self.endpoints[index].rtt.smoothed(), self.endpoints[self.active].rtt.smoothed()) else {
            return false;
        };
        self.config.strategy == Strategy::Latency
            && self.standing(index) == self.standing(self.active)
            && theirs <= ours.scaled(4, 5)
            && theirs.get() + FASTER_BY.get() <= ours.get()
    }

    fn pending_preference(&self) -> Option<usize> {
        let preference = self.preference.as_ref().filter(|preference| preference.pending)?;
        self.index_of(&preference.name)
    }

    pub(super) fn planned_due(&self) -> Option<Timestamp> {
        self.planned.map(|planned| planned.at).filter(|at| *at > self.now)
    }
}

#[cfg(test)]
#[cfg(feature = "url")]
mod tests {
    use super::*;
    use crate::config::{Config, Endpoint, Preset};
    use crate::{Answer, Command, Effect, Input, Outcome};

    /// An engine whose endpoints, named `a`, `b` and so on, have answered with these latencies.
    fn engine(strategy: Strategy, latencies: &[u32]) -> Engine {
        let endpoint = |index: usize| {
            let name = char::from(b'a' + index as u8).to_string();
            Endpoint::new(&name, "ws://a.example/".parse().unwrap(), "http://a.example/".parse().unwrap())
        };
        let config = Config { strategy, ..Config::new(Preset::Default, (0..latencies.len()).map(endpoint).collect()) };
        let mut engine = Engine::new(config, 1, Timestamp::default()).unwrap();
        engine.handle(Timestamp::default(), Input::Started);
        while engine.endpoints.iter().any(|tracked| !tracked.condition.is_usable()) {
            while let Some(effect) = engine.poll_effect() {
                if let Effect::StartCheck { id, endpoint, .. } = effect {
                    let latency = Millis::new(latencies[usize::from(endpoint.name.as_str().as_bytes()[0] - b'a')]);
                    let outcome = Outcome::Answer(Answer { status: Some(200), latency, ..Answer::default() });
                    engine.handle(engine.now, Input::CheckFinished { id, outcome });
                }
            }
            let now = engine.next_wakeup().unwrap();
            engine.handle(now, Input::Wake);
        }
        engine
    }

    #[test]
    fn lots_fall_as_the_weights_say() {
        let mut random = Random::new(1);
        let mut wins = 0;
        for _ in 0..20_000 {
            wins += u32::from(lot(3, &mut random) < lot(1, &mut random));
        }
        assert!((14_600..15_400).contains(&wins), "{wins} of 20,000, where three in four are due");
        assert_eq!(lot(0, &mut random), u32::MAX);
        let mean: u64 = (0..20_000).map(|_| u64::from(lot(1, &mut random))).sum::<u64>() / 20_000;
        assert!((42_000..45_000).contains(&mean), "{mean}: the mean of -log10 is 0.434");
    }

    #[test]
    fn the_fastest_is_the_best_only_where_latency_counts() {
        assert_eq!(engine(Strategy::Latency, &[300, 100, 200]).best(&|_| true), Some(1));
        assert_eq!(engine(Strategy::Latency, &[300, 100, 200]).best(&|index| index != 1), Some(2));
        assert_eq!(engine(Strategy::Priority, &[300, 100, 200]).best(&|_| true), Some(0));
    }

    #[test]
    fn a_degraded_endpoint_is_the_last_to_be_chosen() {
        let mut engine = engine(Strategy::Priority, &[100, 100, 100]);
        let poor = crate::health::Pass { poor: true, overtaken: 0 };
        engine.change_condition(0, &|condition, _, now| condition.success(1, poor, now));
        assert_eq!(engine.best(&|_| true), Some(1));
        assert_eq!(engine.best(&|index| index == 0), Some(0), "but better than nothing");
    }

    #[test]
    fn what_the_app_prefers_is_the_best() {
        let mut engine = engine(Strategy::Priority, &[100, 100, 100]);
        engine.handle(engine.now, Input::Command(Command::Prefer(Some("c".into()))));
        assert_eq!((engine.best(&|_| true), engine.active), (Some(2), 2));
        assert_eq!(engine.best(&|index| index != 2), Some(0));
    }

    #[test]
    fn a_planned_move_waits_for_its_time_and_for_enough_checks() {
        let mut engine = engine(Strategy::Priority, &[100, 100]);
        engine.active = 1;
        engine.consider_voluntary_move();
        let planned = engine.planned.expect("a way back");
        assert_eq!((planned.to, planned.reason, engine.active), (0, SwitchReason::Failback, 1));
        assert!(planned.at >= engine.now + Millis::from_secs(50), "{planned:?}");
        engine.now = planned.at;
        engine.consider_voluntary_move();
        assert_eq!(engine.active, 1, "it has not passed enough checks in a row");
    }
}
