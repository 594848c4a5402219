//! All policies beside each other: how soon they notice each fault, and how often they are wrong.

use crate::faults::Fault;
use crate::marks::{Mark, Verdict};
use crate::measure::{Measure, Value};
use crate::policy::{Policy, policies};
use crate::setting::Setting;
use steadfast::Millis;
use steadfast_sim::Access;

/// Days without any failure. Peers are wrong so often that fewer tell as much.
const DAYS: u64 = 1_000;
const PEER_DAYS: u64 = 50;
/// Before a failure: long enough to know the network.
const WARM_UP: Millis = Millis::from_secs(20 * 60);

/// The most that Steadfast may take for each fault at the median, without and with 10 % loss.
pub(crate) fn faults() -> [(Fault, Mark, Option<Mark>); 6] {
    let mark = |millis| Mark::Median(Millis::new(millis));
    [
        (Fault::kill(), mark(800), None),
        (Fault::hang(), mark(3_600), Some(mark(5_100))),
        (Fault::unavailable(), mark(2_300), None),
        (Fault::slow(), mark(3_600), None),
        (Fault::half_errors(), mark(14_600), None),
        (Fault::partition(), mark(3_600), None),
    ]
}

/// Networks that clients have, and the most moves that Steadfast may make there away from a healthy
/// endpoint.
pub(crate) fn networks() -> [(&'static str, Access, Mark); 7] {
    [
        ("no loss", Access::Clean, Mark::Moves(0)),
        ("1 %", Access::Lossy(0.01), Mark::Moves(0)),
        ("5 %", Access::Lossy(0.05), Mark::Moves(0)),
        ("10 %", Access::Lossy(0.1), Mark::Moves(0)),
        ("20 %", Access::Lossy(0.2), Mark::Moves(0)),
        ("bursts", Access::bursty(), Mark::Moves(60)),
        ("commuter", Access::Commute, Mark::Moves(60)),
    ]
}

/// Of them, that in which policies are compared.
pub(crate) const LOSSY: usize = 3;

/// What was found out about one policy; empty if it was not asked for.
pub(crate) struct Measured {
    pub(crate) policy: &'static str,
    pub(crate) ours: bool,
    /// Time to move, for each fault, without and with 10 % loss.
    pub(crate) clean: Vec<Value>,
    pub(crate) lossy: Vec<Value>,
    /// Moves away from a healthy endpoint, for each network.
    pub(crate) mistakes: Vec<Value>,
}

pub(crate) fn measure(with_faults: bool, with_networks: bool) -> Vec<Measured> {
    let all = policies();
    let count = all.len();
    let measured = all.into_iter().enumerate().map(|(index, policy)| {
        eprintln!("{} of {count} policies: {}", index + 1, policy.name());
        let (policy, mut measured) = (policy.as_ref(), Measured::nothing(policy.as_ref()));
        if with_faults {
            measured.clean = times(policy, &Access::Clean);
            measured.lossy = times(policy, &networks()[LOSSY].1);
        }
        if with_networks {
            measured.mistakes = mistakes(policy);
        }
        measured
    });
    measured.collect()
}

impl Measured {
    fn nothing(policy: &dyn Policy) -> Self {
        let (policy, ours) = (policy.name(), policy.is_ours());
        Self { policy, ours, clean: Vec::new(), lossy: Vec::new(), mistakes: Vec::new() }
    }

    /// Time to notice the fault that takes longest to notice with 10 % loss.
    fn slowest(&self) -> Option<Millis> {
        let times = self.lossy.iter().map(median);
        times.max_by_key(|time| time.unwrap_or(NEVER)).flatten()
    }

    /// Mistakes a day with 10 % loss.
    pub(crate) fn mistaken(&self) -> f64 {
        match self.mistakes.get(LOSSY) {
            Some(Value::Moves { moves, days }) => *moves as f64 / *days as f64,
            _ => 0.0,
        }
    }
}

const NEVER: Millis = Millis::new(u32::MAX);

pub(crate) fn median(value: &Value) -> Option<Millis> {
    if let Value::Times(times) = value { times.median() } else { None }
}

fn times(policy: &dyn Policy, access: &Access) -> Vec<Value> {
    let setting = Setting { warm_up: WARM_UP, ..Setting::behind(access.clone()) };
    faults().into_iter().map(|(fault, ..)| Measure::Time(fault).of(policy, &setting)).collect()
}

fn mistakes(policy: &dyn Policy) -> Vec<Value> {
    let days = if policy.is_ours() { DAYS } else { PEER_DAYS };
    let of = |(name, access, _)| {
        eprint!("networks: {name} ");
        let moves = Measure::MovesAway(days).of(policy, &Setting::behind(access));
        eprintln!();
        moves
    };
    networks().into_iter().map(of).collect()
}

/// Holds Steadfast against its marks and against the others.
pub(crate) fn check(measured: &[Measured], verdict: &mut Verdict) {
    let Some(ours) = measured.iter().find(|measured| measured.ours) else { return };
    for (value, (fault, mark, _)) in ours.clean.iter().zip(faults()) {
        verdict.mark(fault.name, value, mark);
    }
    for (value, (fault, _, mark)) in ours.lossy.iter().zip(faults()) {
        if let Some(mark) = mark {
            verdict.mark(&format!("{} with 10 % loss", fault.name), value, mark);
        }
    }
    for (value, (network, _, mark)) in ours.mistakes.iter().zip(networks()) {
        verdict.mark(&format!("moves away from a healthy endpoint, {network}"), value, mark);
    }
    if ours.lossy.is_empty() || ours.mistakes.is_empty() {
        return;
    }
    for peer in measured.iter().filter(|measured| !measured.ours) {
        beside(ours, peer, verdict);
    }
}

/// A peer is wrong more often, or takes three times as long for what it notices last.
fn beside(ours: &Measured, peer: &Measured, verdict: &mut Verdict) {
    let rarer = peer.mistaken() <= ours.mistaken();
    let how = if rarer { "as seldom wrong" } else { "wrong more often" };
    let mine = f64::from(ours.slowest().unwrap_or(NEVER).get());
    let (factor, worst) = match peer.slowest() {
        Some(time) => {
            let factor = f64::from(time.get()) / mine;
            (factor, format!("takes {factor:.1} times as long for its worst"))
        }
        None => (f64::INFINITY, "never notices some failure".to_owned()),
    };
    verdict.check(&format!("{}: {how}, {worst}", peer.policy), factor >= 3.0 || !rarer);
}
