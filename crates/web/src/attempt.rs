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

    /// It was answered with this status, from this URL. Returns where the request is to be sent
    /// again.
    pub fn answered(self, status: u16, url: &str) -> Option<Attempt> {
        let outcome = self.attempt.outcome(status, url);
        self.end(outcome)
    }

    /// It ended otherwise, as a word of `CallOutcome` says; another word counts for nothing. Returns
    /// where the request is to be sent again.
    pub fn ended(self, outcome: &str) -> Option<Attempt> {
        self.end(CallOutcome::from_word(outcome).unwrap_or(CallOutcome::Released))
    }

    fn end(self, outcome: CallOutcome) -> Option<Attempt> {
        let Self { attempt, link, transport } = self;
        let next = link.attempt_ended(transport.now(), attempt, outcome);
        transport.host.said();
        next.map(|attempt| Self { attempt, link, transport })
    }
}
