//! Runs the engine in browsers, workers and Node. It converts and forwards, and decides nothing.
//!
//! Requests and connections stay in JavaScript: the [`Host`] makes them, and reports what becomes
//! of them.

mod check;
mod platform;
mod told;
mod value;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Math, Promise};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
#[cfg(feature = "full")]
use steadfast::Route;
use steadfast::config::Value;
use steadfast::{
    Clock, Config, Effect, Endpoint, Engine, HealthDocument, Link, Millis, Name, Outcome, Problems,
    Timestamp, Transport,
};
use value::value;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

/// Half the size of the standard one.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen]
extern "C" {
    /// What executes effects: an object of the TypeScript face.
    pub type Host;

    #[wasm_bindgen(method)]
    fn check(this: &Host, check: JsValue, signal: &AbortSignal) -> Promise;
    #[wasm_bindgen(method)]
    fn connect(this: &Host, id: f64, endpoint: &str, url: &str);
    #[wasm_bindgen(method)]
    fn promote(this: &Host, id: f64);
    #[wasm_bindgen(method)]
    fn disconnect(this: &Host, id: f64, reason: &str);
    #[wasm_bindgen(method)]
    fn persist(this: &Host);
    #[wasm_bindgen(method)]
    fn emit(this: &Host, event: JsValue);
}

/// An engine and its driver.
#[wasm_bindgen]
pub struct Core {
    link: Link,
    #[cfg(feature = "full")]
    transport: Rc<WebTransport>,
}

#[wasm_bindgen]
impl Core {
    /// Starts an engine, with what an earlier one saved if there is such. Throws a list of problems
    /// if the config is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, saved: JsValue, host: Host) -> Result<Core, JsValue> {
        let config = Config::read(&value(&config), platform::parse_url).map_err(thrown)?;
        let transport = Rc::new(WebTransport { host, clock: RefCell::default() });
        let seed = (Math::random() * 2_f64.powi(53)) as u64;
        let mut engine = Engine::new(config, seed, transport.now()).map_err(thrown)?;
        // What is not ours, or damaged, is as good as nothing.
        let _ = engine.restore(&value(&saved), Date::now() as u64);
        let link = Link::new(engine);
        let (shared, own) = (link.clone(), transport.clone());
        wasm_bindgen_futures::spawn_local(async move { steadfast::drive(shared, &*own).await });
        Ok(Self {
            link,
            #[cfg(feature = "full")]
            transport,
        })
    }

    /// Tells the engine something, in an object of the face's type `Told`. Returns a list of
    /// problems if something is wrong with it.
    pub fn tell(&self, told: JsValue) -> JsValue {
        let told = value(&told);
        match told::input(&told, |endpoints| {
            self.link.with_engine(|engine| {
                engine.config().read_endpoints(endpoints, platform::parse_url)
            })
        }) {
            Ok(input) => self.link.send(input),
            Err(problems) => return shown(problems.to_value()),
        }
        JsValue::NULL
    }

    /// Asks the engine something, in an object of the face's type `Question`. The answer is null if
    /// it has none.
    pub fn ask(&self, question: JsValue) -> JsValue {
        let question = value(&question);
        let name = question.text("endpoint").map(Name::from);
        shown(match question.text("ask") {
            Some("snapshot") => self.link.snapshot().to_value(),
            // What has been learnt, for the next start.
            Some("save") => self.link.save(Date::now() as u64),
            Some("explain") => self
                .link
                .explain(name.as_ref())
                .map_or(Value::Null, |explanation| explanation.to_value()),
            #[cfg(feature = "full")]
            Some("report") => {
                // Longer than any history is as good as all of it.
                let period =
                    question.number("period").and_then(|period| u32::try_from(period).ok());
                self.link.report(Millis::new(period.unwrap_or(u32::MAX))).to_value()
            }
            // Leave to make a request, to the active endpoint or to the best other one; or a
            // refusal.
            #[cfg(feature = "full")]
            Some("permit") => match self
                .link
                .try_acquire(self.transport.now(), &name.map_or(Route::Active, Route::Excluding))
            {
                Ok(permit) => permit.to_value(),
                Err(refusal) => refusal.to_value(),
            },
            _ => Value::Null,
        })
    }
}

/// Whether an answer with this `Content-Type` may hold a health document.
#[wasm_bindgen]
pub fn may_hold_document(content_type: &str) -> bool {
    HealthDocument::is_in(content_type)
}

fn thrown(problems: Problems) -> JsValue {
    shown(problems.to_value())
}

fn shown(tree: Value) -> JsValue {
    // Texts and numbers always convert.
    tree.serialize(
        &Serializer::new().serialize_missing_as_null(true).serialize_maps_as_objects(true),
    )
    .unwrap_or(JsValue::NULL)
}

/// The engine's hands in JavaScript's world.
struct WebTransport {
    host: Host,
    clock: RefCell<Clock>,
}

impl Transport for WebTransport {
    fn now(&self) -> Timestamp {
        self.clock.borrow_mut().read(platform::monotonic_now() as u64, Date::now() as u64)
    }

    async fn check(&self, endpoint: Arc<Endpoint>, _: Millis) -> Outcome {
        // The engine drops the check at its timeout, which aborts the request.
        check::check(&self.host, &endpoint.health).await
    }

    async fn sleep_until(&self, at: Timestamp) {
        let left = at - self.now();
        TimeoutFuture::new(left.get().min(i32::MAX as u32)).await;
    }

    fn apply(&self, effect: Effect) {
        match effect {
            Effect::Connect { id, endpoint } => self.host.connect(
                id.get() as f64,
                endpoint.name.as_str(),
                endpoint.connect.as_str(),
            ),
            Effect::Promote { id } => self.host.promote(id.get() as f64),
            Effect::Disconnect { id, reason } => {
                self.host.disconnect(id.get() as f64, reason.as_str());
            }
            Effect::Persist => self.host.persist(),
            Effect::Emit { event, .. } => self.host.emit(shown(event.to_value())),
            // The driver has seen to checks, and there are no other effects.
            _ => {}
        }
    }
}
