//! What a server's answers make of it.

use crate::entry::{Answers, Fault, Health};
use steadfast::{Config, Endpoint, HealthDocument, Millis};

/// How an endpoint's checks go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grade {
    /// All of them pass, quickly.
    Well,
    /// All of them pass, more slowly than the config's `degradedLatency`.
    Slow,
    /// At least half of them fail, at random.
    Flaky,
    /// Something between: nobody can say what should be done about it.
    Mixed,
    /// All of them fail.
    Fails,
}

/// Whether a failure shows that somebody is there.
pub(super) fn speaks(fault: Fault) -> bool {
    matches!(fault, Fault::Refused | Fault::Tls | Fault::Reset)
}

/// The longest that an answer may take.
pub(super) fn slowest(answers: &Answers) -> Millis {
    Millis::new(answers.latency.get() + answers.jitter.get())
}

/// How long an endpoint that answers like this asks to be left alone.
pub(super) fn retry_after(health: &Health) -> Option<Millis> {
    let Health::Answers(answers) = health else {
        return None;
    };
    let seconds = answers.headers.get("retry-after").and_then(|seconds| seconds.parse().ok());
    seconds.filter(|_| matches!(answers.status, 429 | 503)).map(Millis::from_secs)
}

/// What to think of an endpoint that answers like this.
pub(super) fn grade_of(answers: &Answers, endpoint: &Endpoint, config: &Config) -> Grade {
    let check = endpoint.check();
    let (quickest, slowest) = (answers.latency, slowest(answers));
    if quickest > check.timeout {
        return Grade::Fails;
    }
    if slowest > check.timeout || answers.loss > 0.0 || answers.status == 429 {
        return Grade::Mixed;
    }
    if !check.expect_status.matches(answers.status) {
        return Grade::Fails;
    }
    let json = answers.headers.get("content-type").is_some_and(|kind| HealthDocument::is_in(kind));
    if check.document && json {
        // The published script knows nothing of maintenance, and what a warning asks for is a
        // matter of taste.
        let says = |word: &str| answers.body.contains(word);
        return if says("fail") || (says("maintenance") && !is_blind(config)) {
            Grade::Fails
        } else {
            Grade::Mixed
        };
    }
    let degraded = u64::from(config.degraded_latency.get());
    let (quickest, slowest) = (u64::from(quickest.get()), u64::from(slowest.get()));
    match answers.errors {
        errors if errors >= 0.5 => Grade::Flaky,
        errors if errors > 0.0 => Grade::Mixed,
        _ if quickest * 5 >= degraded * 6 => Grade::Slow,
        _ if slowest * 5 >= degraded * 4 => Grade::Mixed,
        _ => Grade::Well,
    }
}

/// Whether the strategy is the published script's: it asks one endpoint at a time, and neither
/// sockets nor announcements move it.
pub(super) fn is_blind(config: &Config) -> bool {
    config.strategy == steadfast::config::Strategy::Cyclic
}
