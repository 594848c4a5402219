//! Installs what the other commands need: the ordinary way first, the Debian way where that cannot
//! be had.

use crate::command::{cargo, command, headline, in_ci, installed, root, run_quietly, succeeds};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An error if there is no npm.
pub(crate) fn npm_is_installed() -> Result<()> {
    installed("npm")
        .map(drop)
        .context("npm is missing; install Node.js 20.19 or newer, see https://nodejs.org")
}

/// Sees to the npm packages of the lock file.
pub(crate) fn npm_packages() -> Result<()> {
    let lock = root().join("package-lock.json");
    let stamp = root().join("node_modules/.package-lock.json");
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    if modified(&stamp).is_some_and(|stamp| modified(&lock).is_none_or(|lock| lock <= stamp)) {
        return Ok(());
    }
    npm_is_installed()?;
    headline("Installing npm packages");
    run_quietly(
        &mut command("npm", ["ci", "--no-audit", "--no-fund"]),
        "can the npm registry be reached?",
    )
}

/// The browsers that tests run in.
pub(crate) struct Browsers {
    pub(crate) chromium: PathBuf,
    pub(crate) firefox: Option<PathBuf>,
    pub(crate) webkit: Option<PathBuf>,
}

impl Browsers {
    /// Tells a command where they are, as `tests/browser/browsers.mjs` expects it.
    pub(crate) fn tell(self, command: &mut Command) {
        command.env("CHROMIUM", self.chromium);
        for (variable, path) in [("FIREFOX", self.firefox), ("WEBKIT_DRIVER", self.webkit)] {
            if let Some(path) = path {
                command.env(variable, path);
            }
        }
    }
}

const CHROMIUMS: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FIREFOXES: [&str; 2] = ["firefox-esr", "firefox"];
const MAC_CHROME: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
const MAC_FIREFOX: &str = "/Applications/Firefox.app/Contents/MacOS/firefox";

fn first(names: &[&str], mac: &str) -> Option<PathBuf> {
    names
        .iter()
        .find_map(|name| installed(name))
        .or_else(|| Some(PathBuf::from(mac)).filter(|path| path.exists()))
}

fn installed_chromium() -> Option<PathBuf> {
    first(&CHROMIUMS, MAC_CHROME)
}

/// Sees to a Chromium.
pub(crate) fn chromium() -> Result<PathBuf> {
    if let Some(path) = installed_chromium() {
        return Ok(path);
    }
    headline("Installing Chromium");
    apt(&["chromium"])?;
    installed_chromium().context("no Chromium or Chrome found; install one")
}

/// Sees to all three browsers, as far as this machine can have them. In CI, all of them are needed.
pub(crate) fn browsers() -> Result<Browsers> {
    let firefox = || first(&FIREFOXES, MAC_FIREFOX);
    let webkit = || installed("WebKitWebDriver").filter(|_| installed("Xvfb").is_some());
    let missing: Vec<_> = [
        (installed_chromium().is_none(), &["chromium"][..]),
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
    if in_ci() && (browsers.firefox.is_none() || browsers.webkit.is_none()) {
        bail!("CI tests in all three browsers, and Firefox or WebKit is missing");
    }
    Ok(browsers)
}

/// A cargo command that checks something, built on first use.
pub(crate) fn tool(name: &str) -> Result<PathBuf> {
    if let Some(path) = installed(name) {
        return Ok(path);
    }
    let tools = root().join("target/tools");
    let path = tools.join("bin").join(name);
    if !path.exists() {
        headline(&format!("Building {name} (a minute, once)"));
        let mut install = cargo(["install", name, "--locked", "--debug", "--root"]);
        run_quietly(install.arg(&tools), "can crates.io be reached?")?;
    }
    Ok(path)
}

/// Sees to a JDK and Maven, which fetches all else that the Kotlin library needs.
pub(crate) fn maven() -> Result<()> {
    if installed("mvn").is_some() && installed("javac").is_some() {
        return Ok(());
    }
    headline("Installing a JDK and Maven");
    apt(&["default-jdk-headless", "maven"])
}

/// Whether this runs as root.
pub(crate) fn is_root() -> bool {
    succeeds(Command::new("sh").args(["-c", "test \"$(id -u)\" = 0"]))
}

/// Installs Debian packages, as root or by sudo.
pub(crate) fn apt(packages: &[&str]) -> Result<()> {
    let wanted = packages.join(" ");
    if installed("apt-get").is_none() {
        bail!("cannot install {wanted} here; install the like by your system's own means");
    }
    let apt = |arguments: &[&str]| {
        let mut apt = if is_root() {
            command("apt-get", arguments)
        } else {
            command("sudo", [&["-n", "apt-get"], arguments].concat())
        };
        apt.env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    let advice = format!("run `sudo apt-get install {wanted}` and try again");
    run_quietly(&mut apt(&["update"]), &advice)?;
    run_quietly(
        &mut apt(&[&["install", "-y", "--no-install-recommends"], packages].concat()),
        &advice,
    )
}
