//! `cargo xtask fuzz` and `cargo xtask mutants`: looking for what the tests miss. Both take minutes
//! and are no part of `cargo xtask test`.

use crate::command::{command, headline, root, run};
use crate::setup;
use anyhow::Result;

/// Throws random bytes at everything that reads what others have written.
#[derive(clap::Args)]
pub(crate) struct FuzzArguments {
    /// How long each target is fuzzed.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Fuzz targets; see `fuzz/fuzz_targets`.
const TARGETS: [&str; 3] = ["config", "document", "saved"];

pub(crate) fn run_fuzz(arguments: &FuzzArguments) -> Result<()> {
    let fuzz = setup::tool("cargo-fuzz")?;
    for target in TARGETS {
        headline(&format!("Fuzzing {target} for {} s", arguments.seconds));
        let limits = [
            format!("-max_total_time={}", arguments.seconds),
            "-max_len=65536".to_owned(),
            "-verbosity=0".to_owned(),
            "-print_final_stats=1".to_owned(),
        ];
        let mut fuzzing =
            command(&fuzz.to_string_lossy(), ["run", "--target-dir", "target/fuzz", target, "--"]);
        // Its sanitizers are unstable; a stable compiler takes them with this.
        run(
            fuzzing.args(limits).env("RUSTC_BOOTSTRAP", "1"),
            "fuzz/artifacts has the input; `cargo fuzz fmt` shows it",
        )?;
    }
    Ok(())
}

/// The deciding parts of the engine, and where the tests are that should notice if one is broken: a
/// package, and a part of their names.
const DECIDING: [(&[&str], &str, &[&str]); 7] = [
    (
        &[
            "health/detector.rs",
            "health/evidence.rs",
            "health/exclusion.rs",
            "health/loss.rs",
            "health/share.rs",
            "health/mod.rs",
        ],
        "steadfast",
        &["health::"],
    ),
    (
        &["breaker/circuit.rs", "breaker/mod.rs", "base/sliding.rs"],
        "steadfast",
        &["breaker::", "sliding::"],
    ),
    (
        &[
            "failover/transition.rs",
            "failover/suspicion.rs",
            "failover/outage.rs",
            "failover/selection.rs",
            "failover/flap_damping.rs",
            "failover/pace.rs",
            "failover/mod.rs",
            "failover/gather.rs",
            "failover/view.rs",
            "failover/rank.rs",
        ],
        "steadfast,steadfast-sim",
        &["failover::", "engine::", "every_scenario"],
    ),
    (
        &[
            "checks/mod.rs",
            "checks/checked.rs",
            "checks/ended.rs",
            "checks/service.rs",
            "checks/starting.rs",
            "checks/discarding.rs",
            "checks/schedule.rs",
            "checks/connectivity.rs",
        ],
        "steadfast,steadfast-sim",
        &["checks::", "engine::", "every_scenario"],
    ),
    (
        &[
            "session/connection.rs",
            "session/mod.rs",
            "session/idle.rs",
            "session/reach.rs",
            "session/timers.rs",
            "session/attempts.rs",
        ],
        "steadfast,steadfast-sim",
        &["session::", "engine::", "every_scenario"],
    ),
    (
        &[
            "engine/mod.rs",
            "engine/inputs.rs",
            "engine/commands.rs",
            "engine/consequences.rs",
            "engine/presence.rs",
            "engine/roster.rs",
            "engine/saving.rs",
            "engine/wakeup.rs",
        ],
        "steadfast,steadfast-sim",
        &["engine::", "driver::", "every_scenario"],
    ),
    (
        &["operate/mod.rs", "operate/recovery.rs", "observe/mod.rs", "observe/failures.rs"],
        "steadfast,steadfast-sim",
        &["operate::", "observe::", "engine::", "every_scenario"],
    ),
];

/// Breaks the deciding parts of the engine on purpose, in every small way, and looks whether a test
/// notices.
pub(crate) fn run_mutants() -> Result<()> {
    let mutants = setup::tool("cargo-mutants")?;
    for (files, package, tests) in DECIDING {
        headline(&format!("Breaking {}", files.join(", ")));
        let out = root().join("target/mutants").join(files[0].trim_end_matches(".rs"));
        std::fs::create_dir_all(&out)?;
        let mut testing = command(
            &mutants.to_string_lossy(),
            ["mutants", "--package", "steadfast", "--jobs", "2", "--timeout", "15", "--no-shuffle"],
        );
        testing.args(["--test-package", package, "--output"]).arg(&out);
        for file in files {
            testing.arg("--file").arg(format!("crates/core/src/{file}"));
        }
        testing
            .arg("--")
            .args(if package == "steadfast" { ["--lib"].as_slice() } else { &[] })
            .arg("--")
            .args(tests);
        // Exit code 2: some were missed, which is for people to judge; the list is printed.
        let status = testing.status()?;
        if !matches!(status.code(), Some(0 | 2)) {
            anyhow::bail!("cargo-mutants failed ({status})");
        }
    }
    Ok(())
}
