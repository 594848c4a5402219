//! In random worlds every rule holds. `cargo xtask bench worlds` tries more of them, and shows one
//! by its seed.

use std::sync::atomic::{AtomicUsize, Ordering};
use steadfast_sim::Scenario;
use steadfast_sim::worlds::{Rule, generate, judge, shrink};

const WORLDS: u64 = 1_000;
/// Failures that are shown in full.
const SHOWN: usize = 3;

/// Worlds beyond those in which a rule was broken once.
const ONCE_BROKEN: [u64; 20] = [
    1953, 2631, 3729, 5003, 5426, 5550, 5764, 5965, 6322, 6768, 6844, 8384, 9165, 9180, 9341, 9728,
    13_930, 14_262, 27_143, 40_982,
];

fn scenario(seed: u64) -> Scenario {
    Scenario::from_json(&generate(seed).to_string()).expect("a generated scenario")
}

#[test]
fn every_rule_holds_in_random_worlds() {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut broken: Vec<(u64, Rule)> = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(seed) = (1..=WORLDS).chain(ONCE_BROKEN).nth(at) else {
                return broken;
            };
            let found = judge(&scenario(seed)).expect("a generated scenario can be run");
            broken.extend(found.iter().map(|broken| (seed, broken.rule)));
        }
    };
    let mut broken: Vec<_> = std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let ended = running.into_iter().map(|thread| thread.join().expect("no world panics"));
        ended.flatten().collect()
    });
    broken.sort_unstable();
    for (seed, rule) in broken.iter().take(SHOWN) {
        let smallest = shrink(&generate(*seed), *rule).expect("the rule is broken");
        eprintln!("seed {seed}, {}:\n{smallest:#}", rule.name());
    }
    let list: Vec<_> =
        broken.iter().map(|(seed, rule)| format!("{seed} {}", rule.name())).collect();
    assert!(broken.is_empty(), "rules are broken in these worlds: {}", list.join(", "));
}

#[test]
fn a_seed_makes_the_same_world_again() {
    assert_eq!(generate(7), generate(7));
    assert_ne!(generate(7), generate(8));
    let events = |seed| scenario(seed).script().unwrap().events().len();
    assert_eq!(events(7), events(7));
}
