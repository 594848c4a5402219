//! Runs the engine in browsers, workers and Node. It converts and forwards, and decides nothing.
//!
//! Connections stay in JavaScript: the [`Host`] opens and closes them, and reports what becomes of them.

#![allow(clippy::float_cmp, reason = "in what wasm-bindgen generates for an enum")]

mod fetch;
mod platform;
mod value;

use gloo_timers::future::TimeoutFuture;
use js_sys::{Date, Math};
use serde::Serialize;
use serde_wasm_bindgen::Serializer;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use steadfast::{
    Clock, Command, Config, ConnectionId, Effect, Endpoint, Engine, Input, Lifecycle, Link, Millis, Network, Outcome, Problems, Route,
    Timestamp, Transport,
};
use value::value;
use wasm_bindgen::prelude::*;

/// Half the size of the standard one.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[wasm_bindgen]
extern "C" {
    /// What executes effects: an object of the TypeScript face.
    pub type Host;

    #[wasm_bindgen(method)]
    fn connect(this: &Host, id: f64, endpoint: &str, url: &str);
    #[wasm_bindgen(method)]
    fn promote(this: &Host, id: f64);
    #[wasm_bindgen(method)]
    fn disconnect(this: &Host, id: f64, reason: &str);
    #[wasm_bindgen(method)]
    fn persist(this: &Host);
    #[wasm_bindgen(method)]
    fn emit(this: &Host, at: f64, event: JsValue);
}

/// What the platform says of itself.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum Signal {
    /// There is a network.
    Online,
    /// There is none.
    Offline,
    /// It is another one than before.
    Changed,
    /// The page is visible.
    Foreground,
    /// The page is hidden.
    Background,
    /// The page is about to be suspended.
    Frozen,
    /// The page was suspended, and runs again.
    Resumed,
}

/// An engine and its driver.
#[wasm_bindgen]
pub struct Core {
    link: Link,
    transport: Rc<WebTransport>,
}

#[wasm_bindgen]
impl Core {
    /// Starts an engine, with what an earlier one saved if there is such. Throws a list of problems if the config is wrong.
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
        Ok(Self { link, transport })
    }

    /// The engine's state at this moment.
    pub fn snapshot(&self) -> JsValue {
        shown(&self.link.snapshot())
    }

    /// Tells the engine what the platform says of itself.
    pub fn signal(&self, signal: Signal) {
        self.link.send(match signal {
            Signal::Online => Input::Network(Network::Online),
            Signal::Offline => Input::Network(Network::Offline),
            Signal::Changed => Input::Network(Network::Changed),
            Signal::Foreground => Input::Lifecycle(Lifecycle::Foreground),
            Signal::Background => Input::Lifecycle(Lifecycle::Background),
            Signal::Frozen => Input::Lifecycle(Lifecycle::Frozen),
            Signal::Resumed => Input::Lifecycle(Lifecycle::Resumed),
        });
    }

    /// Tells the engine that a connection is open.
    pub fn opened(&self, id: f64) {
        self.link.send(Input::ConnectionOpened { id: connection(id) });
    }

    /// Tells the engine that a connection has closed, or did not open.
    pub fn closed(&self, id: f64, code: Option<u16>) {
        self.link.send(Input::ConnectionClosed { id: connection(id), code });
    }

    /// Tells the engine that something arrived on a connection.
    pub fn received(&self, id: f64) {
        self.link.send(Input::ConnectionActive { id: connection(id) });
    }

    /// Asks for a connection to the active endpoint, or for none.
    pub fn hold_connection(&self, wanted: bool) {
        self.link.send(Input::Command(if wanted { Command::Connect } else { Command::Disconnect }));
    }

    /// Checks the active endpoint at once.
    pub fn check_now(&self) {
        // The face waits for the event itself: a promise from here would cost more bytes.
        self.link.send(Input::Command(Command::CheckNow));
    }

    /// Ranks this endpoint first from now on; none takes that back.
    pub fn prefer(&self, name: Option<String>) {
        self.link.prefer(name.map(|name| name.as_str().into()));
    }

    /// What has been learnt, for the next start.
    pub fn save(&self) -> JsValue {
        shown(&self.link.save(Date::now() as u64))
    }

    /// Why the engine thinks what it thinks of an endpoint; of the active one if none is named.
    pub fn explain(&self, name: Option<String>) -> JsValue {
        shown(&self.link.explain(name.as_deref().map(Into::into).as_ref()))
    }

    /// What the endpoints have been like in so many milliseconds.
    pub fn report(&self, period: f64) -> JsValue {
        shown(&self.link.report(Millis::new(period as u32)))
    }

    /// Says that an endpoint is not to be used for a while, or may be used again.
    pub fn maintenance(&self, name: &str, begins: bool) {
        self.link.maintenance(name.into(), begins);
    }

    /// Lets an endpoint's circuit breaker refuse everything, or begin anew.
    pub fn isolate(&self, name: &str, isolated: bool) {
        self.link.isolate(name.into(), isolated);
    }

    /// Leave to make a request, to the active endpoint or to the best other one. Throws a refusal.
    pub fn try_acquire(&self, besides: Option<String>) -> Result<Permit, JsValue> {
        let route = besides.map_or(Route::Active, |name| Route::Besides(name.as_str().into()));
        let permit = self.link.try_acquire(self.transport.now(), &route).map_err(|refusal| shown(&refusal))?;
        Ok(Permit { permit, link: self.link.clone() })
    }

    /// Replaces the endpoints. Throws a list of problems if they are wrong.
    pub fn set_endpoints(&self, endpoints: JsValue) -> Result<(), JsValue> {
        let value = value(&endpoints);
        let endpoints = self.link.with_engine(|engine| engine.config().read_endpoints(&value, platform::parse_url)).map_err(thrown)?;
        self.link.set_endpoints(endpoints);
        Ok(())
    }

    /// Ends everything.
    pub fn stop(&self) {
        self.link.stop();
    }
}

/// Leave to make one request.
#[wasm_bindgen]
pub struct Permit {
    permit: steadfast::Permit,
    link: Link,
}

#[wasm_bindgen]
impl Permit {
    /// To which endpoint.
    #[wasm_bindgen(getter)]
    pub fn endpoint(&self) -> String {
        self.permit.endpoint.to_string()
    }

    /// Says how the request ended, after so many milliseconds.
    pub fn end(self, ok: bool, took: f64) {
        self.link.call_ended(self.permit, ok, Millis::new(took as u32));
    }
}

fn connection(id: f64) -> ConnectionId {
    ConnectionId::from_number(id as u64)
}

fn thrown(problems: Problems) -> JsValue {
    shown(&problems.as_slice())
}

fn shown(what: &impl Serialize) -> JsValue {
    // Texts and numbers always convert.
    what.serialize(&Serializer::new().serialize_missing_as_null(true).serialize_maps_as_objects(true)).unwrap_or(JsValue::NULL)
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
        let started = platform::monotonic_now();
        match fetch::check(&endpoint.health).await {
            Ok(mut answer) => {
                answer.latency = Millis::new((platform::monotonic_now() - started) as u32);
                Outcome::Answer(answer)
            }
            Err(kind) => Outcome::Failure(kind),
        }
    }

    async fn sleep_until(&self, at: Timestamp) {
        let left = at - self.now();
        TimeoutFuture::new(left.get().min(i32::MAX as u32)).await;
    }

    fn apply(&self, effect: Effect) {
        match effect {
            Effect::Connect { id, endpoint } => self.host.connect(id.get() as f64, endpoint.name.as_str(), endpoint.connect.as_str()),
            Effect::Promote { id } => self.host.promote(id.get() as f64),
            Effect::Disconnect { id, reason } => self.host.disconnect(id.get() as f64, reason.as_str()),
            Effect::Persist => self.host.persist(),
            Effect::Emit { at, event } => self.host.emit(at.as_millis() as f64, shown(&event)),
            // The driver has seen to these.
            Effect::StartCheck { .. } | Effect::CancelCheck { .. } => {}
        }
    }
}
