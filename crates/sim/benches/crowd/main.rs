//! What a million clients do to the servers when something happens to all of them at once. Run by
//! `cargo xtask bench crowd`, which also writes the table and the plot of `docs/crowds.md`.
//!
//! The clients do not see each other, so each lives through the whole by itself, one after the
//! other on every core.

mod client;
#[path = "../shared/docs.rs"]
mod docs;
mod plot;
mod report;

use client::{Client, Seen};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use steadfast::{Config, Endpoint, Engine, Millis, Preset, Timestamp};

const CLIENTS: u64 = 1_000_000;

/// Something that happens to all clients at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    PrimaryKilled,
    PrimaryBack,
    Blip,
    Maintenance,
}

pub(crate) const EVENTS: [(Event, &str); 4] = [
    (Event::PrimaryKilled, "primary killed"),
    (Event::PrimaryBack, "primary back"),
    (Event::Blip, "network gone for 5 s"),
    (Event::Maintenance, "maintenance announced"),
];

/// The highest share of the crowd that may connect within 100 ms, in thousandths.
fn mark(event: Event) -> Option<u64> {
    match event {
        Event::PrimaryKilled => Some(120),
        Event::PrimaryBack => Some(10),
        Event::Blip | Event::Maintenance => None,
    }
}

pub(crate) struct Outcome {
    pub(crate) event: Event,
    pub(crate) name: &'static str,
    pub(crate) jitter: bool,
    pub(crate) seen: Seen,
}

fn main() {
    let started = Instant::now();
    let mut outcomes = Vec::new();
    for (event, name) in EVENTS {
        for jitter in [false, true] {
            let seen = run(event, jitter);
            eprintln!(
                "{name}, {} jitter: {:.0} s so far",
                if jitter { "with" } else { "without" },
                started.elapsed().as_secs_f64()
            );
            outcomes.push(Outcome { event, name, jitter, seen });
        }
    }
    let memory = memory();
    let summary = report::summary(&outcomes, memory);
    println!("{summary}");
    println!(
        "{CLIENTS} engines, {} events, with and without jitter: {:.0} s of wall time (mark: 300 s)",
        EVENTS.len(),
        started.elapsed().as_secs_f64()
    );
    if let Some(folder) = docs::folder() {
        report::write(&outcomes, &summary, &folder);
    }
    let met = outcomes.iter().filter(|outcome| outcome.jitter).all(|outcome| {
        let peak = outcome.seen.peak_permille();
        let holds = mark(outcome.event).is_none_or(|most| peak <= most as f64);
        if let Some(most) = mark(outcome.event) {
            println!(
                "{} {}: peak of {:.2} % within 100 ms, mark {} %",
                if holds { "met    " } else { "NOT MET" },
                outcome.name,
                peak / 10.0,
                most / 10
            );
        }
        holds
    });
    println!(
        "{} memory of a client: {memory} bytes, mark 2048",
        if memory <= 2_048 { "met    " } else { "NOT MET" }
    );
    if !met || memory > 2_048 {
        std::process::exit(1);
    }
}

/// An engine from which the others are made. Without jitter it does what many clients do: check in
/// step, move at once.
fn template(jitter: bool) -> Engine {
    let url = |scheme: &str, name: &str| {
        format!("{scheme}://{name}.example/live").parse().expect("a URL")
    };
    let endpoint = |name: &str| Endpoint::new(name, url("wss", name), url("https", name));
    let mut config = Config::new(Preset::Default, vec![endpoint("primary"), endpoint("secondary")]);
    if !jitter {
        config.jitter_percent = 0;
        config.spread.forced = Millis::ZERO;
        config.spread.voluntary = Millis::ZERO;
    }
    Engine::new(config.validate().expect("a valid config"), 0, Timestamp::default())
}

fn run(event: Event, jitter: bool) -> Seen {
    let template = template(jitter);
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        let running: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut seen = Seen::default();
                    loop {
                        let first = next.fetch_add(1_000, Ordering::Relaxed);
                        if first >= CLIENTS {
                            return seen;
                        }
                        for seed in first..first + 1_000 {
                            Client::new(&template, event, seed).live(&mut seen);
                        }
                    }
                })
            })
            .collect();
        let seen =
            running.into_iter().map(|thread| thread.join().expect("a client does not panic"));
        seen.fold(Seen::default(), Seen::and)
    })
}

/// What one client takes from the allocator at the end of its life, besides what all share, and
/// what the engine itself takes.
fn memory() -> usize {
    let template = template(true);
    let mut held = None;
    let taken = allocation_counter::measure(|| {
        let mut client = Client::new(&template, Event::PrimaryBack, 1);
        client.live(&mut Seen::default());
        held = Some(client.into_engine());
    });
    drop(held);
    usize::try_from(taken.bytes_current).unwrap_or_default() + std::mem::size_of::<Engine>()
}
