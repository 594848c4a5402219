//! The engine's marks: time of a step, memory per endpoint, checks while the app is busy, false
//! failovers on lossy networks.
//!
//! Run by `cargo xtask bench`. Times are of this machine, and machines are noisy; the rest is the
//! same everywhere.

use std::hint::black_box;
use std::time::Instant;
use steadfast::{
    Answer, Command, Config, Effect, Endpoint, Engine, Event, Input, Millis, Outcome, Preset,
    SocketId, Timestamp, ValidConfig,
};
use steadfast_sim::{Answers, Happening, Health, Simulation, World};

/// A measurement: its name on the command line, and what does it.
type Bench = (&'static str, fn());

const BENCHES: [Bench; 4] =
    [("step", step), ("memory", memory), ("busy", busy), ("false-failovers", false_failovers)];

fn main() {
    let wanted: Vec<_> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let Some(unknown) =
        wanted.iter().find(|wanted| BENCHES.iter().all(|(name, _)| name != wanted))
    {
        eprintln!(
            "no measurement is called {unknown}; there are: {}",
            BENCHES.map(|(name, _)| name).join(", ")
        );
        std::process::exit(2);
    }
    for (name, bench) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            bench();
        }
    }
}

fn config(endpoints: usize) -> ValidConfig {
    let url = |scheme: &str, index: usize| {
        format!("{scheme}://e{index}.example/live").parse().expect("a URL")
    };
    let endpoint =
        |index: usize| Endpoint::new(&format!("e{index}"), url("wss", index), url("https", index));
    let endpoints = (0..endpoints).map(endpoint).collect();
    Config::new(Preset::Default, endpoints).validate().expect("a valid config")
}

/// `handle` and drain, in the steady state: wake-ups that start checks, and answers that pass.
fn step() {
    const STEPS: u32 = 1_000_000;
    const ROUNDS: usize = 9;
    println!("one engine step (handle + drain), median of {ROUNDS} rounds of {STEPS} steps:");
    for (count, mark) in [(2, 200), (64, 2_000)] {
        let mut engine = Engine::new(config(count), 1, Timestamp::default());
        let mut now = Timestamp::default();
        engine.handle(now, Input::Started);
        let mut open = Vec::with_capacity(count);
        let mut rounds: Vec<_> = (0..ROUNDS)
            .map(|_| {
                let started = Instant::now();
                for _ in 0..STEPS {
                    while let Some(effect) = engine.poll_effect() {
                        if let Effect::StartCheck { id, .. } = black_box(effect) {
                            open.push(id);
                        }
                    }
                    let input = if let Some(id) = open.pop() {
                        Input::CheckFinished {
                            id,
                            outcome: Outcome::Answer(Answer {
                                status: Some(200),
                                latency: Millis::new(20),
                                ..Answer::default()
                            }),
                        }
                    } else {
                        now = engine.next_wakeup().expect("a running engine has something ahead");
                        Input::Wake
                    };
                    engine.handle(now, black_box(input));
                }
                started.elapsed().as_secs_f64() * 1e9 / f64::from(STEPS)
            })
            .collect();
        rounds.sort_by(f64::total_cmp);
        println!("  {count:>2} endpoints  {:>6.0} ns   (mark: {mark} ns)", rounds[ROUNDS / 2]);
    }
}

/// Everything that an engine holds, by what it takes from the allocator.
fn memory() {
    let bytes = |count| {
        let mut held = None;
        let taken = allocation_counter::measure(|| {
            let mut engine = Engine::new(config(count), 1, Timestamp::default());
            engine.handle(Timestamp::default(), Input::Started);
            while engine.poll_effect().is_some() {}
            held = Some(engine);
        });
        drop(held);
        taken.bytes_current
    };
    println!(
        "memory per endpoint, heap and all: {} bytes (mark: 1024)",
        (bytes(64) - bytes(2)) / 62
    );
    println!(
        "memory of an engine with two endpoints, config and all: {} bytes",
        bytes(2).unsigned_abs() as usize + std::mem::size_of::<Engine>()
    );
}

/// Checks of the active endpoint while the app's socket receives a message every second.
fn busy() {
    let mut simulation =
        Simulation::new(config(2), 1, World::new(1)).with_messages(Some(Millis::from_secs(1)));
    let connect =
        [(Timestamp::default(), Happening::Command(Command::Connect(SocketId::default())))];
    let hours = 24;
    let mut checks = 0_u32;
    simulation.run(
        Timestamp::default() + Millis::from_secs(hours * 3600),
        &connect,
        &mut |_, event| {
            checks +=
                u32::from(matches!(event, Event::Check(check) if check.endpoint.as_str() == "e0"));
        },
    );
    println!(
        "checks of the active endpoint while its socket is busy: {} per hour (mark: 300)",
        checks / hours
    );
}

/// How often a client leaves a healthy endpoint, by the share of checks that are lost at random.
fn false_failovers() {
    const DAYS: u32 = 1_000;
    println!(
        "false failovers in {DAYS} simulated days, 50 to 400 ms latency (mark: fewer than 100 at 1 % loss):"
    );
    let losses = [0, 1, 5, 10, 20];
    let counts = std::thread::scope(|scope| {
        let running = losses.map(|loss| {
            scope.spawn(move || {
                (0..DAYS).map(|day| failovers_in_a_day(loss, day.into())).sum::<u32>()
            })
        });
        running.map(|thread| thread.join().expect("a simulation does not panic"))
    });
    for (loss, count) in losses.into_iter().zip(counts) {
        println!(
            "  {loss:>2} % loss  {count:>8}   {:.3} a day",
            f64::from(count) / f64::from(DAYS)
        );
    }
}

fn failovers_in_a_day(loss_percent: u32, seed: u64) -> u32 {
    let mut world = World::new(seed);
    for name in ["e0", "e1"] {
        let health = Answers {
            loss: f64::from(loss_percent) / 100.0,
            ..Answers::passing(Millis::new(50), Millis::new(350))
        };
        world.set_health(name, Health::Answers(health));
    }
    let mut simulation = Simulation::new(config(2), seed, world);
    let mut count = 0;
    simulation.run(Timestamp::default() + Millis::from_secs(86_400), &[], &mut |_, event| {
        // Going back is not another mistake; being presumed down or offline is one as well.
        let mistake = match event {
            Event::Switched { reason, .. } => reason == steadfast::SwitchReason::Unhealthy,
            Event::AllDown { .. } | Event::Offline { .. } => true,
            _ => false,
        };
        count += u32::from(mistake);
    });
    count
}
