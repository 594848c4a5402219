//! Runs the engine in browsers, workers and Node. It converts and forwards, and decides nothing.
//!
//! Requests and connections stay in JavaScript: the [`Host`] makes them, and reports what becomes
//! of them.

#[cfg(feature = "full")]
mod attempt;
mod check;
mod platform;
mod value;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Math, Promise};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use steadfast::config::Value;
#[cfg(feature = "full")]
use steadfast::{Call, Route};
use steadfast::{
    Clock, Config, ConnectionId, DisconnectReason, Endpoint, Engine, Event, FailureKind,
    HealthDocument, Link, Message, Millis, Outcome, Problems, Query, SocketId, Timestamp,
    Transport, UrlParser, ValidConfig,
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
    fn connect(this: &Host, id: f64, socket: u32, endpoint: &str, url: &str);
    #[wasm_bindgen(method)]
    fn promote(this: &Host, id: f64);
    #[wasm_bindgen(method)]
    fn disconnect(this: &Host, id: f64, reason: &str);
    #[wasm_bindgen(method)]
    fn persist(this: &Host);
    #[wasm_bindgen(method)]
    fn emit(this: &Host, event: JsValue);
    /// Something was said to the engine.
    #[cfg(feature = "full")]
    #[wasm_bindgen(method)]
    fn said(this: &Host);
}

/// An engine and its driver.
#[wasm_bindgen]
pub struct Core {
    link: Link,
    transport: Rc<WebTransport>,
}

#[wasm_bindgen]
impl Core {
    /// Starts an engine, with what an earlier one saved if there is such. Throws a list of problems
    /// if the config is wrong.
    #[wasm_bindgen(constructor)]
    pub fn new(config: JsValue, saved: JsValue, host: Host) -> Result<Core, JsValue> {
        let config = ValidConfig::read(&value(&config)?, platform::parse_url).map_err(thrown)?;
        let transport = Rc::new(WebTransport { host, clock: RefCell::default() });
        let seed = (Math::random() * 2_f64.powi(53)) as u64;
        let mut engine = Engine::new(config, seed, transport.now());
        // What is not ours, or damaged, is as good as nothing.
        let _ = engine.restore(&value(&saved)?, Date::now() as u64);
        let link = Link::new(engine);
        let (shared, own) = (link.clone(), transport.clone());
        wasm_bindgen_futures::spawn_local(async move { steadfast::drive(shared, &*own).await });
        Ok(Self { link, transport })
    }

    /// Sends the engine a message, an object of the type `Message`: what is asked next sees its
    /// effect. Throws a list of problems if something is wrong with it.
    pub fn send(&self, message: JsValue) -> Result<(), JsValue> {
        let message = self.read(Message::read, &message)?;
        self.link.deliver(self.transport.now(), message.into());
        Ok(())
    }

    /// Answers a query, an object of the type `Query`. Throws a list of problems if something is
    /// wrong with it.
    pub fn ask(&self, query: JsValue) -> Result<JsValue, JsValue> {
        Ok(shown(match self.read(Query::read, &query)? {
            Query::Snapshot {} => self.link.snapshot().to_value(),
            Query::Save {} => self.link.save(Date::now() as u64),
            Query::Explain { endpoint } => self
                .link
                .explain(endpoint.as_ref())
                .map_or(Value::Null, |explanation| explanation.to_value()),
            #[cfg(feature = "full")]
            Query::Report { period } => self.link.report(period).to_value(),
            #[cfg(feature = "full")]
            Query::Permit { excluding } => {
                let route = excluding.map_or(Route::Active, Route::Excluding);
                return Ok(self.begin(Call::by_app(route)));
            }
            #[cfg(feature = "full")]
            Query::Call { method, replayable } => {
                return Ok(self.begin(Call::new(&method, replayable)));
            }
            // What there will be one day: the enum is not exhaustive for other crates.
            _ => Value::Null,
        }))
    }

    fn read<T>(&self, read: ReadObject<T>, object: &JsValue) -> Result<T, JsValue> {
        let object = value(object)?;
        self.link
            .with_engine(|engine| read(&object, engine.config(), platform::parse_url))
            .map_err(thrown)
    }
}

/// Reads an object for an engine with this config.
type ReadObject<T> = fn(&Value, &Config, UrlParser) -> Result<T, Problems>;

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
        let Some(health) = &endpoint.health else {
            return Outcome::Failure(FailureKind::Unexpected);
        };
        check::check(&self.host, health).await
    }

    async fn sleep_until(&self, at: Timestamp) {
        let left = at - self.now();
        TimeoutFuture::new(left.get().min(i32::MAX as u32)).await;
    }
}

impl steadfast::Host for WebTransport {
    fn connect(&self, id: ConnectionId, socket: SocketId, endpoint: Arc<Endpoint>) {
        let (name, url) = (endpoint.name.as_str(), endpoint.connect.as_str());
        self.host.connect(id.get() as f64, socket.0, name, url);
    }

    fn promote(&self, id: ConnectionId) {
        self.host.promote(id.get() as f64);
    }

    fn disconnect(&self, id: ConnectionId, reason: DisconnectReason) {
        self.host.disconnect(id.get() as f64, reason.as_str());
    }

    fn persist(&self) {
        self.host.persist();
    }

    fn emit(&self, _: Timestamp, event: Event) {
        self.host.emit(shown(event.to_value()));
    }
}
