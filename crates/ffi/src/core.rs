//! An engine that a foreign platform runs.

use crate::attempt::UnderWay;
use crate::config::{as_written, checked, parse_url};
use crate::error::{CallbackError, ConfigError, RunError};
use crate::platform::{ClockReading, Listener, PlatformTransport};
use std::future::pending;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use steadfast::config::Endpoints;
use steadfast::{
    CallOutcome, CheckReport, Clock, Command, Config, ConnectionId, DisconnectReason, Endpoint,
    Engine, Event, Explanation, FailureKind, Host, Input, Lifecycle, Link, Millis, Name, Network,
    Outcome, RecoveryAction, Report, Snapshot, SocketId, Timestamp, Transport,
};

/// An engine, and what its platform gave it.
#[derive(uniffi::Object)]
pub struct Core {
    link: Link,
    platform: Box<dyn PlatformTransport>,
    listener: Box<dyn Listener>,
    clock: Mutex<PlatformClock>,
    timer_failure: Mutex<Option<String>>,
    under_way: Mutex<UnderWay>,
}

#[uniffi::export]
impl Core {
    /// An engine for `config`, or all that is wrong with the config. It does nothing until it is
    /// run.
    ///
    /// `saved` is what an engine of an earlier run saved; what is not ours, or damaged, is as good
    /// as nothing. `seed` makes every random decision repeatable; without one they differ from
    /// engine to engine, as they should.
    #[uniffi::constructor]
    pub fn new(
        config: Config,
        platform: Box<dyn PlatformTransport>,
        listener: Box<dyn Listener>,
        seed: Option<i64>,
        saved: Option<String>,
    ) -> Result<Arc<Self>, ConfigError> {
        // The standard library's random keys differ from process to process and from call to call,
        // which is all that jitter needs.
        let seed = seed.map_or_else(|| RandomState::new().hash_one(0), i64::cast_unsigned);
        let mut clock = PlatformClock::default();
        let mut engine = Engine::new(checked(&config)?, seed, clock.read(platform.now()));
        if let Some(saved) = saved.and_then(|saved| serde_json::from_str(&saved).ok()) {
            let _ = engine.restore(&saved, clock.date);
        }
        let link = Link::new(engine);
        Ok(Arc::new(Self {
            link,
            platform,
            listener,
            clock: Mutex::new(clock),
            timer_failure: Mutex::default(),
            under_way: Mutex::default(),
        }))
    }

    /// Runs the engine until it is stopped, or until this call is cancelled.
    pub async fn run(&self) -> Result<(), RunError> {
        steadfast::drive(self.link.clone(), self).await;
        lock(&self.timer_failure).take().map_or(Ok(()), |reason| Err(RunError::Timer { reason }))
    }

    /// Ends the run: checks are cancelled, connections closed, and nothing follows. It can be run
    /// anew.
    pub fn stop(&self) {
        self.link.stop();
    }

    /// The endpoint that the app should be connected to.
    pub fn active(&self) -> Endpoint {
        (*self.link.active()).clone()
    }

    /// The engine's state at this moment.
    pub fn snapshot(&self) -> Snapshot {
        self.link.snapshot()
    }

    /// Checks the active endpoint at once, even in the background, and says what came of it;
    /// nothing if the engine is stopped before.
    pub async fn check_now(&self) -> Option<CheckReport> {
        self.link.check_now().await
    }

    /// Ranks this endpoint first from now on; none takes that back.
    pub fn prefer(&self, name: Option<Name>) {
        self.tell(Input::Command(Command::Prefer(name)));
    }

    /// Replaces the endpoints. Those that stay the same keep what is known of them.
    pub fn set_endpoints(&self, endpoints: Vec<Endpoint>) -> Result<(), ConfigError> {
        let endpoints = self.link.with_engine(|engine| {
            engine
                .config()
                .read_endpoints(&as_written(Endpoints::from(endpoints).to_value()), parse_url)
        })?;
        self.tell(Input::Command(Command::SetEndpoints(endpoints)));
        Ok(())
    }

    /// What has been learnt, as JSON, for the next start. It holds no URLs.
    pub fn save(&self) -> String {
        // The reading is as old as the last input.
        let _ = Transport::now(self);
        let saved = self.link.save(lock(&self.clock).date);
        // Texts and numbers always serialize.
        serde_json::to_string(&saved).unwrap_or_default()
    }

    /// Why the engine thinks what it thinks of an endpoint, of the active one if none is named;
    /// nothing for an unknown name.
    pub fn explain(&self, name: Option<Name>) -> Option<Explanation> {
        self.link.explain(name.as_ref())
    }

    /// What the endpoints have been like in this time.
    pub fn report(&self, period: Millis) -> Report {
        self.link.report(period)
    }

    /// What is and was done about failures, oldest first.
    pub fn recoveries(&self) -> Vec<RecoveryAction> {
        self.link.with_engine(Engine::recoveries)
    }

    /// An action of a recovery event that was left to the app has ended.
    pub fn recovery_ended(&self, id: u32, ok: bool, error: Option<String>) {
        self.tell(Input::RecoveryEnded { id, ok, error });
    }

    /// Says that an endpoint is not to be used for a while.
    pub fn begin_maintenance(&self, name: Name) {
        self.tell(Input::Command(Command::BeginMaintenance(name)));
    }

    /// Says that an endpoint may be used again.
    pub fn end_maintenance(&self, name: Name) {
        self.tell(Input::Command(Command::EndMaintenance(name)));
    }

    /// Lets an endpoint's circuit breaker refuse every request, or begin anew.
    pub fn isolate(&self, name: Name, isolated: bool) {
        let command = if isolated { Command::Isolate } else { Command::Release };
        self.tell(Input::Command(command(name)));
    }

    /// Reports how a request of the app's own ended that no permit was asked for; an unknown name
    /// changes nothing.
    pub fn report_call(&self, name: Name, outcome: CallOutcome) {
        self.tell(Input::Traffic { endpoint: name, ok: !outcome.is_failure() });
    }

    /// Says what the platform says of the network.
    pub fn set_network(&self, network: Network) {
        self.tell(Input::Network(network));
    }

    /// Says what the platform says of the app.
    pub fn set_lifecycle(&self, lifecycle: Lifecycle) {
        self.tell(Input::Lifecycle(lifecycle));
    }

    /// Holds a socket of this number, with a connection to the active endpoint.
    pub fn connect(&self, socket: SocketId) {
        self.tell(Input::Command(Command::Connect(socket)));
    }

    /// Holds that socket no more.
    pub fn disconnect(&self, socket: SocketId) {
        self.tell(Input::Command(Command::Disconnect(socket)));
    }

    /// Replaces the open connection of this socket, or of each, by another one to the same endpoint;
    /// without an open one, another attempt is made soon.
    pub fn reconnect(&self, socket: Option<SocketId>) {
        self.tell(Input::Command(Command::Reconnect(socket)));
    }

    /// The app is asked for something that a connection needs, or prepares one that is about to take
    /// over: its time, which is the config's `connectTimeout`, is not the server's.
    pub fn connection_awaits_app(&self, id: ConnectionId) {
        self.tell(Input::ConnectionAwaitsApp { id });
    }

    /// The app has answered, and the connection is being opened.
    pub fn connection_begun(&self, id: ConnectionId) {
        self.tell(Input::ConnectionBegun { id });
    }

    /// A connection is open, and may take over.
    pub fn connection_opened(&self, id: ConnectionId) {
        self.tell(Input::ConnectionOpened { id });
    }

    /// A connection has closed, or did not open; with the WebSocket close code, if there was one.
    pub fn connection_closed(&self, id: ConnectionId, code: Option<u16>) {
        self.tell(Input::ConnectionClosed { id, code });
    }

    /// Something has arrived on a connection.
    pub fn connection_active(&self, id: ConnectionId) {
        self.tell(Input::ConnectionActive { id });
    }

    /// Something was sent on a connection.
    pub fn connection_sent(&self, id: ConnectionId) {
        self.tell(Input::ConnectionSent { id });
    }

    /// Something was due on a connection and did not arrive, as the answer to a ping: the
    /// connection is replaced.
    pub fn connection_silent(&self, id: ConnectionId) {
        self.tell(Input::ConnectionSilent { id });
    }
}

impl Core {
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    pub(crate) fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        lock(&self.under_way)
    }

    /// Sends the engine an input that the next call sees the effect of.
    fn tell(&self, input: Input) {
        self.link.deliver(Transport::now(self), input);
    }
}

impl Transport for Core {
    fn now(&self) -> Timestamp {
        lock(&self.clock).read(self.platform.now())
    }

    async fn check(&self, endpoint: Arc<Endpoint>, timeout: Millis) -> Outcome {
        let checked = self.platform.check((*endpoint).clone(), timeout).await;
        let mut outcome =
            checked.map_or(Outcome::Failure(FailureKind::Unexpected), |checked| checked.outcome);
        if let Outcome::Answer(answer) = &mut outcome {
            answer.understand(endpoint.check());
        }
        outcome
    }

    async fn sleep_until(&self, at: Timestamp) {
        let duration = at - Transport::now(self);
        if let Err(CallbackError::Failed { reason }) = self.platform.sleep(duration).await {
            *lock(&self.timer_failure) = Some(reason);
            self.link.stop();
            pending::<()>().await;
        }
    }
}

/// A listener that throws has been told all the same.
impl Host for Core {
    fn connect(&self, id: ConnectionId, socket: SocketId, endpoint: Arc<Endpoint>) {
        drop(self.listener.on_connect(id, socket, (*endpoint).clone()));
    }

    fn promote(&self, id: ConnectionId) {
        drop(self.listener.on_promote(id));
    }

    fn disconnect(&self, id: ConnectionId, reason: DisconnectReason) {
        drop(self.listener.on_disconnect(id, reason));
    }

    fn persist(&self) {
        drop(self.listener.on_persist());
    }

    fn emit(&self, at: Timestamp, event: Event) {
        drop(self.listener.on_event(at, event));
    }
}

/// The platform's clocks as one; it stands still while they cannot be read.
#[derive(Default)]
struct PlatformClock {
    clock: Clock,
    last: Timestamp,
    date: u64,
}

impl PlatformClock {
    fn read(&mut self, reading: Result<ClockReading, CallbackError>) -> Timestamp {
        if let Ok(ClockReading { monotonic, wall, date }) = reading {
            // A time before the clock's start is its start.
            let [monotonic, wall, date] =
                [monotonic, wall, date].map(|at| at.max(0).cast_unsigned());
            self.last = self.clock.read(monotonic, wall);
            self.date = date;
        }
        self.last
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves values that are at worst old.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
