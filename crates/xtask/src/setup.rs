//! Installs what the other commands need: the ordinary way first, the Debian way where that cannot be had.

use crate::command::{cargo, command, headline, installed, root, run_quietly, succeeds};
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A compiler for `wasm32-unknown-unknown`.
pub(crate) enum WasmToolchain {
    /// The one that compiles everything else, with the target from rustup.
    Rustup,
    /// Debian's, which builds the standard library from its sources.
    Debian,
}

const WASM_TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_SOURCES: [&str; 2] = ["/usr/bin/wasm-ld-19", "/usr/bin/cargo"];

/// Sees to a compiler for the wasm target.
pub(crate) fn wasm_toolchain() -> Result<WasmToolchain> {
    let has_target = || {
        let found = Command::new("rustc").args(["--print", "target-libdir", "--target", WASM_TARGET]).current_dir(root()).output();
        found.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
    };
    if has_target() {
        return Ok(WasmToolchain::Rustup);
    }
    let has_debian =
        || Path::new(DEBIAN_RUSTC).exists() && DEBIAN_SOURCES.iter().all(|file| Path::new(file).exists()) && debian_has_sources();
    if has_debian() {
        return Ok(WasmToolchain::Debian);
    }
    headline("Installing the wasm target");
    if succeeds(&mut command("rustup", ["target", "add", WASM_TARGET])) && has_target() {
        return Ok(WasmToolchain::Rustup);
    }
    println!("rustup could not add it; trying Debian's packages");
    apt(&["rustc-web", "cargo-web", "rust-web-src", "lld-19"])?;
    if has_debian() {
        Ok(WasmToolchain::Debian)
    } else {
        bail!("no compiler for {WASM_TARGET}: run `rustup target add {WASM_TARGET}` with network access")
    }
}

fn debian_has_sources() -> bool {
    let sysroot = Command::new(DEBIAN_RUSTC).args(["--print", "sysroot"]).output();
    sysroot.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("lib/rustlib/src/rust/library/std").exists())
}

/// The cargo command that builds for wasm; each compiler has a target folder of its own, or they would evict each other's work.
pub(crate) fn wasm_cargo(toolchain: &WasmToolchain) -> Command {
    match toolchain {
        WasmToolchain::Rustup => {
            let mut build = cargo(["build", "--target", WASM_TARGET]);
            build.env("CARGO_TARGET_DIR", root().join("target/wasm-rustup"));
            build
        }
        WasmToolchain::Debian => {
            let mut build = command("/usr/bin/cargo", ["build", "--target", WASM_TARGET, "-Zbuild-std=std,panic_abort"]);
            build
                .env("RUSTC", DEBIAN_RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-19")
                .env("CARGO_TARGET_DIR", root().join("target/wasm-debian"))
                .env_remove("RUSTUP_TOOLCHAIN");
            build
        }
    }
}

/// Sees to the npm packages of the lock file.
pub(crate) fn npm_packages() -> Result<()> {
    let lock = root().join("package-lock.json");
    let stamp = root().join("node_modules/.package-lock.json");
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    if modified(&stamp).is_some_and(|stamp| modified(&lock).is_none_or(|lock| lock <= stamp)) {
        return Ok(());
    }
    if installed("npm").is_none() {
        bail!("npm is missing; install Node.js 20 or newer, see https://nodejs.org");
    }
    headline("Installing npm packages");
    run_quietly(&mut command("npm", ["ci", "--no-audit", "--no-fund"]), "can the npm registry be reached?")
}

/// The browsers that tests run in.
pub(crate) struct Browsers {
    pub(crate) chromium: PathBuf,
    pub(crate) firefox: Option<PathBuf>,
    pub(crate) webkit: Option<PathBuf>,
}

const CHROMIUMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FIREFOXES: [&str; 2] = ["firefox-esr", "firefox"];
const MAC_CHROME: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
const MAC_FIREFOX: &str = "/Applications/Firefox.app/Contents/MacOS/firefox";

fn first(names: &[&str], mac: &str) -> Option<PathBuf> {
    names.iter().find_map(|name| installed(name)).or_else(|| Some(PathBuf::from(mac)).filter(|path| path.exists()))
}

/// Sees to a Chromium.
pub(crate) fn chromium() -> Result<PathBuf> {
    if let Some(path) = first(&CHROMIUMS, MAC_CHROME) {
        return Ok(path);
    }
    headline("Installing Chromium");
    apt(&["chromium"])?;
    match first(&CHROMIUMS, MAC_CHROME) {
        Some(path) => Ok(path),
        None => bail!("no Chromium or Chrome found; install one"),
    }
}

/// Sees to all three browsers, as far as this machine can have them. In CI, all of them are needed.
pub(crate) fn browsers() -> Result<Browsers> {
    let firefox = || first(&FIREFOXES, MAC_FIREFOX);
    let webkit = || installed("WebKitWebDriver").filter(|_| installed("Xvfb").is_some());
    let missing: Vec<_> = [
        (first(&CHROMIUMS, MAC_CHROME).is_none(), &["chromium"][..]),
        (firefox().is_none(), &["firefox-esr"]),
        (webkit().is_none(), &["webkit2gtk-driver", "xvfb"]),
    ]
    .into_iter()
    .filter(|(missing, _)| *missing)
    .flat_map(|(_, packages)| packages)
    .copied()
    .collect();
    if !missing.is_empty() {
        headline("Installing browsers");
        if let Err(error) = apt(&missing) {
            println!("{error:#}");
        }
    }
    let browsers = Browsers { chromium: chromium()?, firefox: firefox(), webkit: webkit() };
    if std::env::var_os("CI").is_some() && (browsers.firefox.is_none() || browsers.webkit.is_none()) {
        bail!("CI tests in all three browsers, and Firefox or WebKit is missing");
    }
    Ok(browsers)
}

/// Sees to `cargo deny`, in a folder of our own.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    if let Some(path) = installed("cargo-deny") {
        return Ok(path);
    }
    let tools = root().join("target/tools");
    let path = tools.join("bin/cargo-deny");
    if !path.exists() {
        headline("Building cargo-deny (a minute, once)");
        let mut install = cargo(["install", "cargo-deny", "--locked", "--debug", "--root"]);
        run_quietly(install.arg(&tools), "can crates.io be reached?")?;
    }
    Ok(path)
}

/// Installs Debian packages, as root or by sudo.
fn apt(packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if installed("apt-get").is_none() {
        bail!("cannot install {wanted} here; install the like by your system's own means");
    }
    let as_root = succeeds(Command::new("sh").args(["-c", "test \"$(id -u)\" = 0"]));
    let apt = |arguments: &[&str]| {
        let mut apt = if as_root { command("apt-get", arguments) } else { command("sudo", [&["-n", "apt-get"], arguments].concat()) };
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    let advice = format!("run `sudo apt-get install {wanted}` and try again");
    run_quietly(&mut apt(&["update"]), &advice)?;
    run_quietly(&mut apt(&[&["install", "-y", "--no-install-recommends"], packages].concat()), &advice)
}
