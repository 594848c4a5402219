//! The app's own requests: JavaScript sends them where the core says, and reports how they ended.

use crate::{Core, WebTransport, shown};
use std::rc::Rc;
use steadfast::{Call, CallOutcome, Link, Transport};
use wasm_bindgen::prelude::*;

/// A request on its way to an endpoint. It can be used until its end is reported.
#[wasm_bindgen]
pub struct Attempt {
    attempt: steadfast::Attempt,
    link: Link,
    transport: Rc<WebTransport>,
}

impl Core {
    /// An attempt, or the refusal.
    pub(crate) fn begin(&self, call: Call) -> JsValue {
        let begun = self.link.begin_call(self.transport.now(), call);
        self.transport.host.said();
        match begun {
            Ok(attempt) => {
                let (link, transport) = (self.link.clone(), self.transport.clone());
                Attempt { attempt, link, transport }.into()
            }
            Err(refusal) => shown(refusal.to_value()),
        }
    }
}

#[wasm_bindgen]
impl Attempt {
    /// To which endpoint.
    #[wasm_bindgen(getter)]
    pub fn endpoint(&self) -> JsValue {
        self.attempt.endpoint().as_str().into()
    }

    /// Where that answers requests: `https://host:port`.
    #[wasm_bindgen(getter)]
    pub fn origin(&self) -> JsValue {
        self.attempt.origin().into()
    }

    /// It has ended: with an answer of this status, or in another way, a word of `CallOutcome`.
    /// Returns where the request is to be sent again.
    pub fn ended(self, end: JsValue) -> Option<Attempt> {
        let Self { attempt, link, transport } = self;
        let outcome = match end.as_f64() {
            Some(status) => Some(CallOutcome::of_status(status as u16)),
            None => end.as_string().and_then(|word| CallOutcome::from_word(&word)),
        };
        let outcome = outcome.unwrap_or(CallOutcome::Released);
        let next = link.attempt_ended(transport.now(), attempt, outcome);
        transport.host.said();
        next.map(|attempt| Self { attempt, link, transport })
    }
}
