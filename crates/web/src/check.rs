//! Checks: the face asks by `fetch` and says what it was told.

use crate::value::value;
use crate::{Host, shown};
use steadfast::config::{HealthCheck, Value};
use steadfast::{Answer, FailureKind, Header, HealthDocument, Millis, Outcome};
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortController;

/// Aborts its request when dropped.
struct Abort(AbortController);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Has a check made. Dropping the future aborts it.
pub(crate) async fn check(host: &Host, health: &HealthCheck) -> Outcome {
    let Ok(controller) = AbortController::new() else {
        return Outcome::Failure(FailureKind::Unexpected);
    };
    let abort = Abort(controller);
    let told = host.check(shown(health.to_request()), &abort.0.signal());
    let told = JsFuture::from(told).await.ok().and_then(|told| value(&told).ok());
    let told = told.unwrap_or(Value::Null);
    outcome(&told).unwrap_or(Outcome::Failure(FailureKind::Unexpected))
}

fn outcome(told: &Value) -> Option<Outcome> {
    if let Some(failure) = told.text("failure") {
        return FailureKind::from_word(failure).map(Outcome::Failure);
    }
    let mut headers = Vec::new();
    if let Some(rest) = told.text("retryAfter") {
        headers.push(Header::new("retry-after", rest));
    }
    Some(Outcome::Answer(Answer {
        status: told.number("status").map(|status| status as u16),
        headers,
        body: told.text("body")?.into(),
        latency: Millis::new(told.number("latency")? as u32),
        document: told.get("document").and_then(HealthDocument::read),
    }))
}
