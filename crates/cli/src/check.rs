//! `steadfast check`: one check of each URL, a line each.

use anyhow::{Context, Result};
use std::process::ExitCode;
use steadfast::config::Method;
use steadfast::{
    CheckReport, Config, Endpoint, Event, FailureKind, Millis, Preset, Url, ValidConfig,
};
use tokio::sync::mpsc;

/// Checks each URL once: http, https, or tcp://host:port. Exits with 0 if all pass, 1 if one fails.
///
/// Checks over http and https go through the proxy that `HTTP_PROXY`, `HTTPS_PROXY` or `ALL_PROXY`
/// names, but for the hosts of `NO_PROXY`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to check.
    #[arg(required = true)]
    urls: Vec<Url>,
    /// The longest that a check may take, as 500ms or 5s.
    #[arg(long, default_value = "5s")]
    timeout: Millis,
    /// Asks for the headers only (HEAD).
    #[arg(long)]
    head: bool,
    /// Text that must stand in the answer's body.
    #[arg(long, value_name = "TEXT")]
    expect_body: Option<String>,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let urls = &arguments.urls;
    // One engine per URL: the same judgement as anywhere else, of exactly one check.
    let configs = urls
        .iter()
        .map(|url| config(url, &arguments))
        .collect::<Result<Vec<_>>>()
        .context("nothing was checked")?;
    let all_passed = tokio::runtime::Runtime::new()?.block_on(async {
        let mut all_passed = true;
        for (url, config) in urls.iter().zip(configs) {
            let (sender, mut receiver) = mpsc::unbounded_channel();
            let link = steadfast_native::start(config, move |_, event| {
                if matches!(event, Event::Check(_)) {
                    // Nobody listens any more once the first one has come.
                    let _ = sender.send(event.clone());
                }
            })?;
            let event = receiver.recv().await.context("the check was cut off")?;
            link.stop();
            if let Event::Check(CheckReport { failure, status, latency_ms, .. }) = event {
                all_passed &= failure.is_none();
                println!("{}", line(url, failure, status, latency_ms));
            }
        }
        anyhow::Ok(all_passed)
    })?;
    Ok(if all_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn config(url: &Url, arguments: &Arguments) -> Result<ValidConfig> {
    // An endpoint has a place to connect to as well, but nothing here connects.
    let endpoint = Endpoint::new("checked", "ws://unused.invalid/".parse()?, url.clone());
    let mut config = Config::new(Preset::Default, vec![endpoint]);
    config.check.timeout = arguments.timeout;
    config.check.method = if arguments.head { Method::Head } else { Method::Get };
    config.check.expect_body.clone_from(&arguments.expect_body);
    Ok(config.validate()?)
}

fn line(url: &Url, failure: Option<FailureKind>, status: Option<u16>, latency_ms: u32) -> String {
    let verdict = if failure.is_none() { "ok  " } else { "FAIL" };
    let status = status.map(|status| format!(" {status}")).unwrap_or_default();
    let reason = failure.map(|kind| format!("  {kind}: {}", kind.advice())).unwrap_or_default();
    format!("{verdict}{status} {latency_ms:>5} ms  {url}{reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_and_why_and_hides_secrets() {
        let url: Url = "https://me:secret@a.example/_ping?token=1".parse().unwrap();
        assert_eq!(line(&url, None, Some(200), 34), "ok   200    34 ms  https://a.example/_ping");
        let failed = line(&url, Some(FailureKind::Refused), None, 1);
        assert_eq!(
            failed,
            "FAIL     1 ms  https://a.example/_ping  refused: could not connect: nothing accepts connections there"
        );
    }
}
