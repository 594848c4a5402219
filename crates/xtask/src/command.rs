//! Running other programs: what runs is printed, what fails says so, and long silence is filled
//! with a sign of life.

use crate::terminal;
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    // crates/xtask is two levels below it.
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_owned()
}

/// A command in the repository's root.
pub(crate) fn command<S: AsRef<OsStr>>(
    program: &str,
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// A cargo command by the toolchain that runs this.
pub(crate) fn cargo<S: AsRef<OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()), arguments)
}

/// Whether all of the workspace has been compiled, as for its tests.
static ALL_COMPILED: AtomicBool = AtomicBool::new(false);

/// Says that all of the workspace has been compiled.
pub(crate) fn all_is_compiled() {
    ALL_COMPILED.store(true, Relaxed);
}

/// Compiles `programs` of `package` as [`build_alone`] does. If all is compiled anyway, that serves:
/// dependencies with the features that only these need would be compiled a second time.
pub(crate) fn build_programs(package: &str, features: &[&str], programs: &[&str]) -> Result<()> {
    if ALL_COMPILED.load(Relaxed) {
        compile(&["--workspace"], programs)
    } else {
        build_alone(package, features, programs)
    }
}

/// Compiles `programs` of `package` into `target/debug`, with these features and nothing that they do
/// not need.
pub(crate) fn build_alone(package: &str, features: &[&str], programs: &[&str]) -> Result<()> {
    compile(&[&["--package", package], features].concat(), programs)
}

fn compile(what: &[&str], programs: &[&str]) -> Result<()> {
    let mut build = cargo(["build", "--locked"]);
    build.args(what).args(programs.iter().flat_map(|program| ["--bin", program]));
    run_quietly(&mut build, "the compiler's message above says why")
}

/// Prints a headline.
pub(crate) fn headline(text: &str) {
    terminal::line(&format!("\n\x1b[1m── {text}\x1b[0m"));
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let shown: Vec<_> =
        words.map(|word| word.to_string_lossy().replace(&*root().to_string_lossy(), ".")).collect();
    shown.join(" ")
}

/// Runs a command with its output shown; `advice` says what to do if it fails.
pub(crate) fn run(command: &mut Command, advice: &str) -> Result<()> {
    terminal::line(&format!("$ {}", shown(command)));
    let status = command
        .status()
        .with_context(|| format!("`{}` could not be started; {advice}", shown(command)))?;
    succeeded(status, command, advice)
}

fn succeeded(status: ExitStatus, command: &Command, advice: &str) -> Result<()> {
    if !status.success() {
        bail!("`{}` failed ({status}); {advice}", shown(command));
    }
    Ok(())
}

/// Runs a command that says much of little interest: its output is shown only if it fails, a dot
/// every two seconds meanwhile.
pub(crate) fn run_quietly(command: &mut Command, advice: &str) -> Result<()> {
    said_by(command, advice).map(drop)
}

/// Runs a command quietly, and returns what it printed.
pub(crate) fn said_by(command: &mut Command, advice: &str) -> Result<String> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let log = format!("xtask-{}-{}.log", std::process::id(), COUNT.fetch_add(1, Relaxed));
    let log = root().join("target").join(log);
    std::fs::create_dir_all(root().join("target"))?;
    let file = std::fs::File::create(&log)?;
    let row = terminal::begin(format!("$ {}", shown(command)));
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("it could not be started; {advice}"))?;
    let mut shown_at = started;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(50));
        if shown_at.elapsed() >= Duration::from_secs(2) {
            shown_at = Instant::now();
            terminal::dot();
        }
    };
    row.end(started.elapsed());
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    std::fs::remove_file(&log)?;
    if !status.success() {
        eprintln!("{said}");
    }
    succeeded(status, command, advice)?;
    Ok(said)
}

/// Does both at the same time; if both fail, the error is that of `beside`.
pub(crate) fn both<A, B: Send>(
    here: impl FnOnce() -> Result<A>,
    beside: impl FnOnce() -> Result<B> + Send,
) -> Result<(A, B)> {
    std::thread::scope(|scope| {
        let beside = scope.spawn(beside);
        let here = here();
        // A panic has printed what it is about.
        let beside = beside.join().unwrap_or_else(|_| bail!("xtask itself is at fault"))?;
        Ok((here?, beside))
    })
}

/// Whether a command runs and succeeds, silently.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether this runs in CI, where nothing may be skipped.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some()
}

/// Whether a program is on the path.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// A process that ends with this.
pub(crate) struct Ended(pub(crate) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
