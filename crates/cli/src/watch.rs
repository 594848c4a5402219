//! `steadfast watch`: live, with a time-stamped, levelled log.

use crate::report::{Form, table};
use anyhow::{Context, Result};
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use steadfast::{
    CheckReport, Event, Header, Link, OfflineReason, RecoveryAction, SwitchReason, ValidConfig,
};
use steadfast_native::{SocketEvent, SocketOptions, Sockets, SteadfastSocket, StopReason};
use tokio::sync::broadcast::error::RecvError;
use tracing::{Level, error, info, warn};

/// Watches the endpoints of a config until Ctrl-C, and logs each check, each failure with its
/// count, and each change of the active endpoint.
///
/// Checks over http and https go through the proxy that `HTTP_PROXY`, `HTTPS_PROXY` or `ALL_PROXY`
/// names, but for the hosts of `NO_PROXY`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A JSON file with a config; see the README.
    config: PathBuf,
    /// Leaves out what goes as it should: checks that pass, connections that open, messages.
    #[arg(long)]
    quiet: bool,
    /// Holds a WebSocket to the active endpoint as an app does, and logs how long each message is
    /// that arrives on it.
    #[arg(long)]
    connect: bool,
    /// At the end, prints what the endpoints were like.
    #[arg(long, value_enum, value_name = "FORM")]
    report: Option<Form>,
    /// Writes metrics in the text format of Prometheus to this file, every 15 seconds and at the
    /// end.
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
}

/// From one writing of the metrics to the next: as often as they are usually scraped.
const METRICS_EVERY: Duration = Duration::from_secs(15);

/// Headers that say something about a server's state. Others may hold secrets and are not logged.
const LOGGED_HEADERS: [&str; 5] = ["content-type", "date", "retry-after", "server", "via"];

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let file = arguments.config.display();
    let text = std::fs::read_to_string(&arguments.config)
        .with_context(|| format!("{file} cannot be read"))?;
    let config: ValidConfig =
        serde_json::from_str(&text).with_context(|| format!("{file} is not a valid config"))?;
    let level = if arguments.quiet { Level::WARN } else { Level::INFO };
    tracing_subscriber::fmt()
        .with_target(false)
        .with_max_level(level)
        .with_writer(|| Listened)
        .log_internal_errors(false)
        .with_ansi(std::io::stdout().is_terminal())
        .init();
    tokio::runtime::Runtime::new()?.block_on(async {
        let link = Arc::new(OnceLock::<Link>::new());
        let shown = link.clone();
        let (ended, end) = tokio::sync::oneshot::channel();
        let ended = std::sync::Mutex::new(Some(ended));
        let on_event = move |_, event: &Event| {
            log(event, shown.get());
            if let (Event::Stopped, Ok(mut ended)) = (event, ended.lock()) {
                ended.take().map(|ended| ended.send(()));
            }
        };
        let started = if arguments.connect {
            let sockets = Sockets::start(config, on_event)?;
            tokio::spawn(listen(sockets.socket("", SocketOptions::new())?));
            sockets.link().clone()
        } else {
            steadfast_native::start(config, on_event)?
        };
        let link = link.get_or_init(|| started);
        let mut ticks = tokio::time::interval(METRICS_EVERY);
        loop {
            tokio::select! {
                interrupted = tokio::signal::ctrl_c() => break interrupted?,
                _ = ticks.tick() => write_metrics(&arguments, link)?,
            }
        }
        write_metrics(&arguments, link)?;
        let report = link.report(link.with_engine(|engine| engine.config().history));
        link.stop();
        end.await?;
        match arguments.report {
            Some(Form::Json) => writeln!(Listened, "{}", serde_json::to_string(&report)?)?,
            Some(Form::Table) => write!(Listened, "{}", table(&report))?,
            None => {}
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Logs what arrives, and why nothing more does. What it says is for an app.
async fn listen(mut socket: SteadfastSocket) {
    let mut events = socket.events();
    let mut is_open = true;
    loop {
        tokio::select! {
            message = socket.next_message(), if is_open => match message {
                Some(message) => info!("received {} bytes", message.len()),
                None => is_open = false,
            },
            event = events.recv() => match event {
                Ok(SocketEvent::Stopped { reason }) => return error!("{}", stopped(reason)),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
        }
    }
}

fn stopped(reason: StopReason) -> String {
    let what = match reason {
        StopReason::CloseCode(code) => format!("closed it with the code {code}"),
        StopReason::Unauthorized(status) => format!("answered with the status {status}"),
        _ => "will not have it".to_owned(),
    };
    format!(
        "the server {what}: the socket is attempted no more, for each attempt would meet the same"
    )
}

/// The standard output, as long as somebody reads it: the reader of a pipe may have seen enough.
struct Listened;

impl Write for Listened {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match std::io::stdout().write(bytes) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => std::process::exit(0),
            written => written,
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stdout().flush()
    }
}

fn write_metrics(arguments: &Arguments, link: &Link) -> Result<()> {
    let Some(file) = &arguments.metrics else { return Ok(()) };
    std::fs::write(file, link.metrics())
        .with_context(|| format!("{} cannot be written", file.display()))
}

fn log(event: &Event, link: Option<&Link>) {
    match event {
        Event::Check(CheckReport {
            endpoint,
            failure,
            status,
            latency_ms,
            failures,
            failing,
            headers,
            ..
        }) => {
            let (status, headers) = (shown(*status), shown_headers(headers));
            let parts = if failing.is_empty() {
                String::new()
            } else {
                format!(" (failing: {})", failing.join(", "))
            };
            match failure {
                None => info!("check {endpoint}: {status}in {latency_ms} ms{headers}"),
                Some(kind) => {
                    warn!(
                        "check {endpoint}: {status}{}{parts} after {latency_ms} ms, failure {failures} in a row{headers}",
                        kind.advice()
                    );
                }
            }
        }
        Event::Switched { from, to, reason } => {
            let url = link
                .map(|link| format!(", connect to {}", link.active().connect))
                .unwrap_or_default();
            warn!("switched from {from} to {to} ({reason}){url}");
            if *reason == SwitchReason::Unhealthy
                && let Some(why) = link.and_then(|link| link.explain(Some(from)))
            {
                info!("{}", why.text);
            }
        }
        Event::AllDown { active } => {
            error!("all endpoints are down; staying with {active} and retrying");
        }
        Event::Offline { reason: OfflineReason::CaptivePortal } => {
            warn!("a portal answers in the place of others: log in to the network");
        }
        Event::Offline { .. } => warn!("our own network is down; no server is blamed"),
        Event::Health { endpoint, from, to } => info!("{endpoint} was {from}, is {to}"),
        Event::Breaker { endpoint, from, to } => {
            info!("circuit breaker of {endpoint} was {from}, is {to}");
        }
        Event::Failure(failure) if failure.critical => {
            error!("{}: {}, {} in a row", failure.endpoint, failure.message, failure.consecutive);
        }
        Event::Failure(failure) => warn!(
            "{}: {} ({}, {} severity)",
            failure.endpoint, failure.message, failure.kind, failure.severity
        ),
        Event::Recovery(RecoveryAction { strategy, endpoint, ok, error, .. }) => {
            match (ok, error) {
                (Some(true), _) => info!("recovery of {endpoint}: {strategy}"),
                (_, Some(error)) => {
                    warn!("recovery of {endpoint}: {strategy} did not help: {error}");
                }
                _ => warn!(
                    "recovery of {endpoint}: {strategy} is wanted, and not for a client to do"
                ),
            }
        }
        Event::Started { active } => info!("started, active endpoint is {active}"),
        Event::Recovered { active } => warn!("{active} is back"),
        Event::Online => warn!("our own network is back"),
        Event::Connected { endpoint } => info!("connected to {endpoint}"),
        Event::Disconnected { endpoint, code } => {
            warn!("disconnected from {endpoint} {}", shown(*code));
        }
        Event::Stopped => info!("stopped"),
        // An event that is newer than this log has a name at least.
        other => info!("{}", other.name()),
    }
}

fn shown(code: Option<u16>) -> String {
    code.map(|code| format!("{code} ")).unwrap_or_default()
}

fn shown_headers(headers: &[Header]) -> String {
    let named = headers.iter().filter(|header| LOGGED_HEADERS.contains(&header.name.as_str()));
    named.map(|Header { name, value }| format!(", {name}: {value}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_headers_are_shown() {
        let headers = [("server", "x"), ("set-cookie", "secret"), ("retry-after", "5")]
            .map(|(name, value)| Header::new(name, value));
        assert_eq!(shown_headers(&headers), ", server: x, retry-after: 5");
    }
}
