//! Which endpoint is the active one. All that it looks at is its [`View`]; all that it does is a
//! [`Decision`].

pub(crate) mod flap_damping;
mod gather;
mod outage;
mod pace;
mod rank;
mod selection;
mod state;
pub(crate) mod strategy;
mod suspicion;
#[cfg(test)]
mod tests;
mod transition;
mod view;
#[cfg(test)]
mod walk;

pub(crate) use gather::World;
pub(crate) use pace::Watch;
pub(crate) use transition::{Decision, Fact};

use crate::base::time::{Millis, Timestamp};
use crate::config::Name;
use crate::engine::context::Context;
use crate::engine::roster::{Origin, rearrange};
use crate::protocol::event::SwitchReason;
use crate::protocol::snapshot;
use flap_damping::FlapDamping;
use rank::Ranking;
use state::{Offline, State};
pub(crate) use view::View;

/// An outage that begins so soon after the last one is the same: it ends only after a while.
const RELAPSE_WITHIN: Millis = Millis::from_secs(300);
/// A move in need that follows another one so soon is one too many, perhaps.
const FORCED_WITHIN: Millis = Millis::from_secs(600);
/// How long an endpoint must be usable to end the second outage in a row; twice as long each time.
const FIRST_HOLD: Millis = Millis::from_secs(5);
const LAST_HOLD: Millis = Millis::from_secs(40);

/// The failover: its state, the active endpoint, and what it remembers of moves.
#[derive(Debug)]
pub(crate) struct Failover {
    state: State,
    active: usize,
    preference: Option<Preference>,
    remembered: Vec<Remembered>,
    /// The strategy `cyclic` has told the app that nobody is usable, and nobody has been since.
    outage_told: bool,
    /// When the last outage ended, and how many had followed each other by then.
    recovered: Option<(Timestamp, u32)>,
    /// How many the last outage followed.
    relapses: u32,
    /// Moves in need that followed each other, and when the last one was.
    forced: (u32, Timestamp),
}

/// What is remembered of an endpoint.
#[derive(Clone, Copy, Debug)]
struct Remembered {
    ranking: Ranking,
    damping: FlapDamping,
}

/// The app's wish.
#[derive(Clone, Debug)]
struct Preference {
    name: Name,
    /// The app is not there yet: it goes as soon as the endpoint is usable.
    pending: bool,
}

impl Failover {
    pub(crate) fn new(cx: &mut Context) -> Self {
        let mut remembered = Vec::with_capacity(cx.endpoints.len());
        for endpoint in &cx.endpoints {
            let ranking = Ranking::new(endpoint, &cx.config, &mut cx.random);
            remembered.push(Remembered { ranking, damping: FlapDamping::default() });
        }
        let state = State::Steady(None);
        Self {
            state,
            active: 0,
            preference: None,
            remembered,
            outage_told: false,
            recovered: None,
            relapses: 0,
            forced: (0, Timestamp::default()),
        }
    }

    pub(crate) const fn active(&self) -> usize {
        self.active
    }

    pub(crate) const fn state(&self) -> snapshot::State {
        if self.outage_told { snapshot::State::AllDown } else { self.state.public() }
    }

    /// Since when there has been reason to doubt that the network works.
    pub(crate) const fn in_doubt_since(&self) -> Option<Timestamp> {
        self.state.in_doubt_since()
    }

    /// Since when the active endpoint is suspected.
    pub(crate) const fn suspected_since(&self) -> Option<Timestamp> {
        match &self.state {
            State::Suspecting(suspicion) => Some(suspicion.since),
            _ => None,
        }
    }

    pub(crate) const fn is_reported_offline(&self) -> bool {
        self.state.is_reported_offline()
    }

    pub(crate) const fn is_offline(&self) -> bool {
        matches!(self.state, State::Offline(_))
    }

    pub(crate) const fn is_in_outage(&self) -> bool {
        self.state.outage().is_some()
    }

    /// Whether a connection may be opened for a move.
    pub(crate) const fn may_be_opening(&self) -> bool {
        self.state.may_be_opening()
    }

    // ----- steps -----

    /// Whether a fact can change the state as it is.
    pub(crate) const fn heeds(&self, fact: Fact) -> bool {
        (self.outage_told && matches!(fact, Fact::Passed))
            || transition::concerns(&self.state, fact)
    }

    /// Takes in a fact. What follows is for the caller to do.
    pub(crate) fn step(&mut self, view: &View, cx: &mut Context, fact: Fact) -> Option<Decision> {
        let (strategy, random) = (cx.strategy(), &mut cx.random);
        let (state, decision) = transition::next(self.state, view, fact, strategy, random);
        self.state = state;
        if let Some(decision) = decision {
            self.remember(cx, decision);
        }
        decision
    }

    /// Keeps what a decision says about moves.
    fn remember(&mut self, cx: &Context, decision: Decision) {
        let (now, failback) = (cx.now, &cx.config.failback);
        match decision {
            Decision::Switch { to, reason } => {
                let damping = &mut self.remembered[self.active].damping;
                match reason {
                    SwitchReason::Failback
                    | SwitchReason::Preferred
                    | SwitchReason::Faster
                    | SwitchReason::Replaced => damping.excused(),
                    SwitchReason::Degraded | SwitchReason::Maintenance => {
                        damping.left(failback, now);
                    }
                    _ => {
                        damping.left(failback, now);
                        self.forced = (self.forced_moves(now) + 1, now);
                    }
                }
                self.move_to(cx, to);
            }
            Decision::Recover { to, .. } | Decision::BackOnline { to, .. } if to != self.active => {
                self.remembered[self.active].damping.left(failback, now);
                self.forced = (self.forced_moves(now) + 1, now);
                self.move_to(cx, to);
            }
            Decision::Postpone(to) => self.remembered[to].damping.not_reached(now),
            _ => {}
        }
        match decision {
            Decision::TryFailed => self.outage_told = true,
            Decision::Offline(_) => {
                self.outage_told = false;
                self.relapses = self.relapses_at(now);
            }
            Decision::AllDown => self.relapses = self.relapses_at(now),
            // A network that had gone altogether is back: that says nothing of the next outage.
            Decision::BackOnline { void: true, .. } => {}
            Decision::Recover { .. } | Decision::BackOnline { .. } => {
                self.outage_told = false;
                self.recovered = Some((now, self.relapses + 1));
            }
            _ => {}
        }
    }

    fn move_to(&mut self, cx: &Context, to: usize) {
        self.set_active(cx, to);
        self.remembered[to].damping.arrived(cx.now);
    }

    /// Moves in need that a move follows which is made now.
    fn forced_moves(&self, now: Timestamp) -> u32 {
        let (count, last) = self.forced;
        if now - last < FORCED_WITHIN { count } else { 0 }
    }

    /// Outages that an outage follows that begins now.
    fn relapses_at(&self, now: Timestamp) -> u32 {
        self.recovered.filter(|(at, _)| now - *at < RELAPSE_WITHIN).map_or(0, |(_, count)| count)
    }

    /// How long an endpoint must be usable to end an outage that begins now.
    fn hold(&self, now: Timestamp) -> Millis {
        match self.relapses_at(now) {
            0 => Millis::ZERO,
            count => FIRST_HOLD.scaled(1 << (count - 1).min(8), 1).min(LAST_HOLD),
        }
    }

    // ----- commands -----

    /// Begins anew. The active endpoint stays the one that it is.
    pub(crate) fn restart(&mut self) {
        self.outage_told = false;
        if !self.is_reported_offline() {
            self.state = State::Steady(None);
        }
    }

    /// What the platform reports before the start.
    pub(crate) fn set_reported_offline(&mut self, now: Timestamp, offline: bool) {
        self.state =
            if offline { State::Offline(Offline::Reported(now)) } else { State::Steady(None) };
    }

    /// The app is to be connected to this endpoint, which may be what it wished for.
    pub(crate) fn set_active(&mut self, cx: &Context, active: usize) {
        self.active = active;
        if let Some(preference) = &mut self.preference
            && preference.name == cx.endpoints[active].name
        {
            preference.pending = false;
        }
    }

    /// The app prefers this endpoint, or none.
    pub(crate) fn prefer(&mut self, cx: &Context, index: Option<usize>) {
        self.preference =
            index.map(|index| Preference { name: cx.name(index), pending: index != self.active });
        if let State::Steady(planned) = &mut self.state {
            *planned = None;
        }
    }

    /// The endpoints are others. What is remembered of names stays.
    pub(crate) fn replace(&mut self, cx: &mut Context, origins: &[Origin], active: Option<usize>) {
        let (endpoints, config) = (&cx.endpoints, &cx.config);
        let random = &mut cx.random;
        rearrange(&mut self.remembered, origins, |index| Remembered {
            ranking: Ranking::new(&endpoints[index], config, random),
            damping: FlapDamping::default(),
        });
        for (remembered, endpoint) in self.remembered.iter_mut().zip(endpoints) {
            remembered.ranking = remembered.ranking.renewed(endpoint, config);
        }
        if matches!(self.state, State::Steady(_) | State::Suspecting(_) | State::Trying { .. }) {
            self.state = State::Steady(None);
        }
        self.active = active.unwrap_or(0);
    }

    // ----- what is remembered -----

    pub(crate) fn flaps(&self, index: usize) -> u32 {
        self.remembered[index].damping.flaps()
    }

    pub(crate) fn draw(&self, index: usize) -> u32 {
        self.remembered[index].ranking.draw()
    }

    pub(crate) fn restore(&mut self, index: usize, flaps: u32, draw: u32) {
        self.remembered[index].damping.restore(flaps);
        self.remembered[index].ranking.restore(draw);
    }
}
