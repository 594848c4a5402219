//! Running other programs: what runs is printed, what fails says so, and long silence is filled
//! with a sign of life.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
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

/// Prints a headline.
pub(crate) fn headline(text: &str) {
    println!("\n\x1b[1m── {text}\x1b[0m");
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let shown: Vec<_> =
        words.map(|word| word.to_string_lossy().replace(&*root().to_string_lossy(), ".")).collect();
    shown.join(" ")
}

/// Runs a command with its output shown; `advice` says what to do if it fails.
pub(crate) fn run(command: &mut Command, advice: &str) -> Result<()> {
    println!("$ {}", shown(command));
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
    use std::io::Write;
    print!("$ {} ", shown(command));
    let _ = std::io::stdout().flush();
    let started = Instant::now();
    let log = log();
    std::fs::create_dir_all(root().join("target"))?;
    let file = std::fs::File::create(&log)?;
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
            print!(".");
            let _ = std::io::stdout().flush();
        }
    };
    println!(" {:.1} s", started.elapsed().as_secs_f64());
    if !status.success() {
        eprintln!("{}", std::fs::read_to_string(&log).unwrap_or_default());
    }
    succeeded(status, command, advice)
}

/// Where [`run_quietly`] keeps what is printed.
fn log() -> PathBuf {
    root().join("target/xtask.log")
}

/// Runs a command quietly, and returns what it printed.
pub(crate) fn said_by(command: &mut Command, advice: &str) -> Result<String> {
    run_quietly(command, advice)?;
    Ok(std::fs::read_to_string(log())?)
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
