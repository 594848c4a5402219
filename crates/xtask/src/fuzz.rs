//! `cargo xtask fuzz` and `cargo xtask mutants`: looking for what the tests miss. Both take minutes and are no part of `cargo xtask test`.

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
        let mut fuzzing = command(&fuzz.to_string_lossy(), ["run", "--target-dir", "target/fuzz", target, "--"]);
        // Its sanitizers are unstable; a stable compiler takes them with this.
        run(fuzzing.args(limits).env("RUSTC_BOOTSTRAP", "1"), "fuzz/artifacts has the input; `cargo fuzz fmt` shows it")?;
    }
    Ok(())
}

/// Breaks the deciding parts of the engine on purpose, in every small way, and looks whether a test notices.
#[derive(clap::Args)]
pub(crate) struct MutantsArguments {
    /// Only in these files of crates/core/src.
    #[arg(default_values = ["detector.rs", "evidence.rs", "loss.rs", "breaker.rs", "sliding.rs", "engine/selection.rs"])]
    files: Vec<String>,
}

pub(crate) fn run_mutants(arguments: &MutantsArguments) -> Result<()> {
    let mutants = setup::tool("cargo-mutants")?;
    headline("Testing the tests");
    // The scenarios are tests of the engine too.
    let mut testing = command(
        &mutants.to_string_lossy(),
        [
            "mutants",
            "--package",
            "steadfast",
            "--test-package",
            "steadfast,steadfast-sim",
            "--output",
            "target",
            "--jobs",
            "2",
            "--timeout",
            "120",
        ],
    );
    for file in &arguments.files {
        testing.arg("--file").arg(root().join("crates/core/src").join(file));
    }
    run(&mut testing, "target/mutants.out/missed.txt lists what no test has noticed")
}
