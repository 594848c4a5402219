//! `cargo xtask demo`: the page on which one watches a failover happen, and the servers that it
//! happens to.

use crate::command::{Ended, build_programs, command, headline, installed, root, run, run_quietly};
use crate::{npm, setup};
use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

/// Shows a failover in a browser.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Runs the page in headless Chromium, causes each fault in turn, and prints how long each
    /// failover took.
    #[arg(long)]
    headless: bool,
    /// With --headless: how often each fault is caused; the median is printed.
    #[arg(long, default_value_t = 5)]
    runs: u32,
}

/// Where the page is.
const ADDRESS: &str = "127.0.0.1:7680";

pub(crate) fn run_demo(arguments: &Arguments) -> Result<()> {
    if arguments.runs == 0 {
        bail!("--runs: 0 is out of range, allowed: 1 or more");
    }
    if TcpListener::bind(ADDRESS).is_err() {
        bail!("{ADDRESS} is taken, perhaps by another demo; end that one and try again");
    }
    announce(arguments);
    npm::build_full_untyped(build_testbed)?;
    headline("Bundling the page");
    run_quietly(
        command("npx", ["vite", "build", "--logLevel", "warn"])
            .current_dir(root().join("web-demo")),
        "the bundler's message above says why",
    )?;
    let testbed = Testbed::start()?;
    let vite = root().join("node_modules/.bin/vite");
    let preview = Command::new(vite)
        .arg("preview")
        .current_dir(root().join("web-demo"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn();
    let preview = Ended(preview.context("the page could not be served; run `npm ci`")?);
    let shown = format!("http://{ADDRESS}/?control={}", testbed.control);
    if arguments.headless { headless(arguments, &testbed.control) } else { watch(&shown, preview) }
}

/// A step towards the demo.
struct Step {
    name: &'static str,
    /// About what it takes on two cores that are busy with both lines of steps.
    seconds: u32,
    /// A file that is there once the step was done.
    made: &'static str,
}

/// Steps that are done one after the other, and, at the same time, those that come after them here.
const LINES: [&[Step]; 2] = [
    &[
        Step { name: "npm packages", seconds: 10, made: "node_modules/.package-lock.json" },
        Step {
            name: "WebAssembly, with its standard library",
            seconds: 85,
            made: "bindings/npm/src/generated/full/compiled.wasm",
        },
        Step {
            name: "making that small, bundling the page",
            seconds: 30,
            made: "web-demo/dist/index.html",
        },
    ],
    &[
        Step { name: "wasm-bindgen, from its source", seconds: 75, made: "target/debug/glue" },
        Step {
            name: "servers that misbehave on command",
            seconds: 55,
            made: "target/debug/steadfast-testbed",
        },
    ],
];

/// Says what the demo is going to do, and how long that takes.
fn announce(arguments: &Arguments) {
    let missing = LINES.map(|steps| {
        steps.iter().filter(|step| !root().join(step.made).exists()).collect::<Vec<_>>()
    });
    let seconds = |steps: &Vec<&Step>| steps.iter().map(|step| step.seconds).sum();
    let longest: u32 = missing.iter().map(seconds).max().unwrap_or_default();
    let goal = if arguments.headless { "measuring failovers on" } else { "opening" };
    if longest == 0 {
        println!("Building what has changed of Steadfast for the browser, then {goal} a page.");
        return;
    }
    println!(
        "Building Steadfast for the browser, then {goal} a page. That takes about {} on two cores, the next time seconds:",
        if longest > 60 {
            format!("{} minutes", longest.div_ceil(60))
        } else {
            "a minute".to_owned()
        }
    );
    for step in missing.iter().flatten() {
        println!("  {:<40} {:>3} s", step.name, step.seconds);
    }
    if missing.iter().all(|steps| !steps.is_empty()) {
        println!("The servers and wasm-bindgen are compiled while the rest is made.");
    }
}

fn headless(arguments: &Arguments, control: &str) -> Result<()> {
    let chromium = setup::chromium()?;
    let folder = root().join("target/demo");
    std::fs::create_dir_all(&folder)?;
    headline(&format!(
        "Fault → socket open on the secondary and greeted, median of {}",
        arguments.runs
    ));
    let page = format!("http://{ADDRESS}/");
    let mut driver =
        command("node", ["tests/browser/demo.mjs", &page, control, &arguments.runs.to_string()]);
    run(
        driver.arg(folder.join("failover.png")).env("CHROMIUM", chromium),
        "the message above says what was waited for",
    )
}

fn watch(page: &str, mut preview: Ended) -> Result<()> {
    headline("The demo is ready");
    println!("Open {page}\nand press a fault's button. Ctrl-C ends it.");
    let graphical = cfg!(target_os = "macos")
        || std::env::var_os("DISPLAY").is_some()
        || std::env::var_os("WAYLAND_DISPLAY").is_some();
    if graphical && let Some(opener) = installed("xdg-open").or_else(|| installed("open")) {
        let _ = Command::new(opener).arg(page).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    }
    preview.0.wait()?;
    Ok(())
}

/// The testbed as a process of its own.
struct Testbed {
    control: String,
    _process: Ended,
}

impl Testbed {
    fn start() -> Result<Self> {
        let mut testbed = Command::new(root().join("target/debug/steadfast-testbed"));
        let mut process = Ended(
            testbed
                .args(["--control", "127.0.0.1:0"])
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .spawn()?,
        );
        let printed = process.0.stdout.take().context("the testbed prints nothing")?;
        for line in BufReader::new(printed).lines() {
            let line = line?;
            println!("{line}");
            if let Some(control) =
                line.strip_prefix("control").and_then(|rest| rest.trim().strip_suffix("/endpoints"))
            {
                return Ok(Self { control: control.to_owned(), _process: process });
            }
        }
        bail!("the testbed did not start; its message above says why")
    }
}

/// Builds the testbed into `target/debug`.
pub(crate) fn build_testbed() -> Result<()> {
    build_programs("steadfast-testbed", &[], &["steadfast-testbed"])
}
