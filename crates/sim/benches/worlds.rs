//! Random worlds: in how many of them is which rule broken? Run by `cargo xtask bench worlds`.
//!
//! `--count N` runs the seeds from 1 to N, 10,000 if left out. `--seed N` runs one, and prints it
//! as a scenario file, as small as it can be while the rule stays broken. Exits with 1 if a rule is
//! broken.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use steadfast_sim::Scenario;
use steadfast_sim::worlds::{Broken, RULES, Rule, generate, judge, shrink};

const COUNT: u64 = 10_000;
/// Seeds that are listed for each rule.
const LISTED: usize = 12;

fn main() -> ExitCode {
    let broken = match (number("--seed"), number("--count")) {
        (Ok(Some(seed)), Ok(_)) => show(seed),
        (Ok(None), Ok(count)) => measure(count.unwrap_or(COUNT)),
        (Err(problem), _) | (_, Err(problem)) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The number after an option.
fn number(option: &str) -> Result<Option<u64>, String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != option);
    if arguments.next().is_none() {
        return Ok(None);
    }
    let value = arguments.next().unwrap_or_default();
    value.parse().map(Some).map_err(|_| format!("{option}: a number is needed, not `{value}`"))
}

fn run(seed: u64) -> Vec<Broken> {
    let scenario =
        Scenario::from_json(&generate(seed).to_string()).expect("a generated scenario can be read");
    judge(&scenario).expect("a generated scenario can be run")
}

/// Prints the smallest scenarios of one seed; whether there are any.
fn show(seed: u64) -> bool {
    let scenario = generate(seed);
    let broken = run(seed);
    for Broken { rule, .. } in &broken {
        eprintln!("seed {seed}: {} ({})", rule.name(), rule.text());
        let smallest = shrink(&scenario, *rule).unwrap_or_else(|| scenario.clone());
        println!("{smallest:#}");
    }
    if broken.is_empty() {
        eprintln!("seed {seed}: every rule holds");
    }
    !broken.is_empty()
}

/// Runs many seeds and prints which rules are broken how often; whether any is.
fn measure(count: u64) -> bool {
    let (next, began) = (AtomicU64::new(1), Instant::now());
    let found: Mutex<Vec<(Rule, u64)>> = Mutex::new(Vec::new());
    let told = Mutex::new(began);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > count {
                        break;
                    }
                    let broken = run(seed).into_iter().map(|broken| (broken.rule, seed));
                    found.lock().expect("no world panics").extend(broken);
                    let mut told = told.lock().expect("no world panics");
                    if told.elapsed() > Duration::from_secs(2) {
                        *told = Instant::now();
                        eprintln!("{seed} of {count} worlds");
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().expect("no world panics");
    found.sort_unstable_by_key(|(_, seed)| *seed);
    print(count, &found);
    eprintln!("{count} worlds in {:.0} s", began.elapsed().as_secs_f64());
    !found.is_empty()
}

fn print(count: u64, found: &[(Rule, u64)]) {
    println!("| rule | what must hold | broken in, of {count} worlds | the first of them |");
    println!("|---|---|---:|---|");
    for (rule, name, text) in RULES {
        let seeds: Vec<_> = found
            .iter()
            .filter(|(broken, _)| *broken == rule)
            .map(|(_, seed)| seed.to_string())
            .collect();
        println!(
            "| {name} | {text} | {} | {} |",
            seeds.len(),
            seeds[..seeds.len().min(LISTED)].join(" ")
        );
    }
    let mut seeds: Vec<_> = found.iter().map(|(_, seed)| seed).collect();
    seeds.dedup();
    println!("\n{} of {count} worlds are without fault.", count - seeds.len() as u64);
}
