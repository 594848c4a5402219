//! How soon which policy notices what, and how often it is wrong. Run by `cargo xtask bench detection`, which also writes the tables and the
//! plot of `docs/detection.md`.

#[path = "../shared/docs.rs"]
mod docs;
mod faults;
mod peers;
mod plot;
mod policy;
mod report;

use faults::{FAULTS, Fault};
use policy::{Policy, policies};
use std::sync::atomic::{AtomicUsize, Ordering};
use steadfast::{Millis, Timestamp};
use steadfast_sim::{Access, Happening, Health, World};

/// Failures of each kind that a policy meets.
const TRIALS: u64 = 200;
/// A policy that has not moved by then never will.
const PATIENCE: Millis = Millis::from_secs(600);
/// Before the failure: long enough to know the network.
const WARM_UP: Millis = Millis::from_secs(20 * 60);
/// Days without any failure. Peers are wrong so often that fewer tell as much.
const DAYS: u64 = 1_000;
const PEER_DAYS: u64 = 50;

/// A network that clients have.
type Network = (&'static str, fn() -> Access);

const NETWORKS: [Network; 7] = [
    ("no loss", || Access::Clean),
    ("1 %", || Access::Lossy(0.01)),
    ("5 %", || Access::Lossy(0.05)),
    ("10 %", || Access::Lossy(0.1)),
    ("20 %", || Access::Lossy(0.2)),
    ("bursts", Access::bursty),
    ("commuter", || Access::Commute),
];
/// Of them, those in which failures are looked for.
const CLEAN: usize = 0;
const LOSSY: usize = 3;

/// What was found out about one policy.
pub(crate) struct Measured {
    pub(crate) policy: &'static str,
    pub(crate) ours: bool,
    /// Median time to move, for each fault, without and with 10 % loss; `None`: never.
    pub(crate) clean: Vec<Option<Millis>>,
    pub(crate) lossy: Vec<Option<Millis>>,
    /// Moves away from a healthy endpoint and days watched, for each network.
    pub(crate) mistakes: Vec<(u64, u64)>,
}

fn main() {
    let policies = policies();
    let ended = AtomicUsize::new(0);
    let jobs = AtomicUsize::new(0);
    let mut measured: Vec<_> = std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let running: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut done = Vec::new();
                    while let Some(policy) = policies.get(jobs.fetch_add(1, Ordering::Relaxed)) {
                        done.push(measure(policy.as_ref()));
                        let ended = ended.fetch_add(1, Ordering::Relaxed) + 1;
                        eprintln!("{ended} of {} policies: {}", policies.len(), policy.name());
                    }
                    done
                })
            })
            .collect();
        running.into_iter().flat_map(|thread| thread.join().expect("a simulation does not panic")).collect()
    });
    measured.sort_by_key(|measured| policies.iter().position(|policy| policy.name() == measured.policy));
    report::print(&measured);
    if let Some(folder) = docs::folder() {
        report::write(&measured, &folder);
    }
    if !report::marks_are_met(&measured) {
        std::process::exit(1);
    }
}

fn measure(policy: &dyn Policy) -> Measured {
    let times = |network: usize| FAULTS.iter().map(|fault| median_time(policy, fault, NETWORKS[network].1)).collect();
    let days = if policy.is_ours() { DAYS } else { PEER_DAYS };
    Measured {
        policy: policy.name(),
        ours: policy.is_ours(),
        clean: times(CLEAN),
        lossy: times(LOSSY),
        mistakes: NETWORKS.iter().map(|(_, access)| (mistakes(policy, *access, days), days)).collect(),
    }
}

/// Two endpoints that answer within 50 to 400 ms, for a client behind this network.
fn world(access: fn() -> Access, seed: u64) -> World {
    let mut world = World::new(seed).with_access(access());
    for name in ["e0", "e1"] {
        world.set_health(name, Health::Answers(faults::passing()));
    }
    world
}

fn median_time(policy: &dyn Policy, fault: &Fault, access: fn() -> Access) -> Option<Millis> {
    let mut times: Vec<_> = (0..TRIALS).map(|trial| time(policy, fault, access, trial)).collect();
    times.sort_by_key(|time| time.unwrap_or(Millis::new(u32::MAX)));
    times[TRIALS as usize / 2]
}

fn time(policy: &dyn Policy, fault: &Fault, access: fn() -> Access, trial: u64) -> Option<Millis> {
    // At every phase of everyone's rhythm, the longest of which is half a minute.
    let at = Timestamp::default() + WARM_UP + Millis::new((trial * 30_000 / TRIALS) as u32);
    let happenings: Vec<_> = fault.happenings().into_iter().map(|happening| (at, happening)).collect();
    let moves = policy.run(world(access, trial), &happenings, at + PATIENCE, trial);
    // One that happened to be away already has nothing to notice.
    let away = moves.iter().rfind(|(when, _)| *when < at).is_some_and(|(_, to)| *to == 1);
    if away {
        return Some(Millis::ZERO);
    }
    moves.iter().find(|(when, to)| *when >= at && *to == 1).map(|(when, _)| *when - at)
}

fn mistakes(policy: &dyn Policy, access: fn() -> Access, days: u64) -> u64 {
    let commutes = matches!(access(), Access::Commute);
    let happenings: Vec<(Timestamp, Happening)> = if commutes { Access::commute(&["e0", "e1"]) } else { Vec::new() };
    let day = |seed: u64| {
        let moves = policy.run(world(access, seed), &happenings, Timestamp::default() + Millis::from_secs(86_400), seed);
        moves.iter().filter(|(_, to)| *to == 1).count() as u64
    };
    (0..days).map(day).sum()
}
