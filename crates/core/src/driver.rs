//! Runs an engine against a transport: one future for every shell and every executor. It decides
//! nothing.

#[cfg(feature = "breaker")]
mod calls;
mod commands;
mod platform;

pub use platform::{Host, Transport};

#[cfg(feature = "reports")]
use crate::base::time::Millis;
use crate::base::time::Timestamp;
use crate::config::{Endpoint, Name, Value};
use crate::engine::Engine;
use crate::observe::explain::Explanation;
#[cfg(feature = "reports")]
use crate::observe::report::Report;
use crate::protocol::effect::{CheckId, Effect};
use crate::protocol::event::{CheckReport, Event};
use crate::protocol::input::{Command, Input};
use crate::protocol::outcome::Outcome;
use crate::protocol::snapshot::Snapshot;
use futures_channel::oneshot;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// A handle on an engine that is, was or will be driven: read its state and send it inputs from
/// anywhere.
///
/// ```
/// # #[cfg(feature = "url")] {
/// use steadfast::{Config, Endpoint, Engine, Link, Preset, Timestamp};
/// let url = |text: &str| text.parse().unwrap();
/// let endpoint = Endpoint::new("only", url("wss://a.example/"), url("https://a.example/_ping"));
/// let config = Config::new(Preset::Default, vec![endpoint]);
/// let link = Link::new(Engine::new(config.validate().unwrap(), 1, Timestamp::from_millis(0)));
/// // spawn `steadfast::drive(link.clone(), transport)` on any executor, then:
/// assert_eq!(link.active().name.as_str(), "only");
/// link.stop();
/// # }
/// ```
#[derive(Clone)]
pub struct Link {
    shared: Arc<Mutex<Shared>>,
}

/// Somebody who waits for the check that answers a request.
struct Waiting {
    request: u32,
    answer: Box<dyn FnOnce(&CheckReport) + Send>,
}

struct Shared {
    engine: Engine,
    /// There is rarely more than one; a queue would cost a browser half a kilobyte.
    inbox: Vec<Input>,
    waiting: Vec<Waiting>,
    waker: Option<Waker>,
    driven: bool,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("engine", &self.lock().engine).finish_non_exhaustive()
    }
}

/// Maximum number of inputs that wait while nobody drives the engine; then the oldest are worth
/// nothing. While it is driven, none is ever dropped.
const MAX_INBOX_AT_REST: usize = 1024;

/// Maximum number of pending `check_now` futures; when exceeded, the oldest resolves to `None`.
const MAX_WAITING: usize = 1024;

impl Link {
    /// A handle on `engine`.
    pub fn new(engine: Engine) -> Self {
        let shared =
            Shared { engine, inbox: Vec::new(), waiting: Vec::new(), waker: None, driven: false };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// Sends an input to the engine, which takes it in when it is driven next.
    pub fn send(&self, input: Input) {
        Self::push(self.lock(), input);
    }

    /// Sends an input that takes effect before this returns, after those that were sent before: what
    /// is asked next sees it. What follows for the platform is executed when the engine is driven
    /// next. `now` is the transport's. Before the start it is as [`send`](Self::send).
    pub fn deliver(&self, now: Timestamp, input: Input) {
        let shared = self.lock();
        if shared.engine.is_running() {
            Self::at_once(shared, now, |engine| engine.handle(now, input));
        } else {
            Self::push(shared, input);
        }
    }

    /// Works on the engine after what was sent before. What follows for the platform is executed
    /// when the engine is driven next.
    fn at_once<R>(
        mut shared: MutexGuard<'_, Shared>,
        now: Timestamp,
        work: impl FnOnce(&mut Engine) -> R,
    ) -> R {
        if shared.engine.is_running() {
            for earlier in std::mem::take(&mut shared.inbox) {
                shared.engine.handle(now, earlier);
            }
        }
        let done = work(&mut shared.engine);
        Self::push(shared, Input::Wake);
        done
    }

    fn push(mut shared: MutexGuard<'_, Shared>, input: Input) {
        // One wake-up does for all that wait.
        if !matches!((&input, shared.inbox.last()), (Input::Wake, Some(Input::Wake))) {
            if !shared.driven && shared.inbox.len() >= MAX_INBOX_AT_REST {
                // What the app wants is kept if anything else can make room.
                let oldest =
                    shared.inbox.iter().position(|input| !matches!(input, Input::Command(_)));
                shared.inbox.remove(oldest.unwrap_or(0));
            }
            shared.inbox.push(input);
        }
        let waker = shared.waker.take();
        drop(shared);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The endpoint that the app should be connected to.
    pub fn active(&self) -> Arc<Endpoint> {
        self.lock().engine.active().clone()
    }

    /// The engine's state at this moment.
    pub fn snapshot(&self) -> Snapshot {
        self.lock().engine.snapshot()
    }

    /// Why the engine thinks what it thinks of an endpoint; see [`Engine::explain`].
    pub fn explain(&self, endpoint: Option<&Name>) -> Option<Explanation> {
        self.lock().engine.explain(endpoint)
    }

    /// Metrics for a scraper; see [`Engine::metrics`].
    #[cfg(feature = "metrics")]
    pub fn metrics(&self) -> String {
        self.lock().engine.metrics()
    }

    /// What has been learnt so far; see [`Engine::save`].
    pub fn save(&self, wall: u64) -> Value {
        self.lock().engine.save(wall)
    }

    /// What the endpoints have been like in the last `period`; see [`Engine::report`].
    #[cfg(feature = "reports")]
    pub fn report(&self, period: Millis) -> Report {
        self.lock().engine.report(period)
    }

    /// Looks at the engine, as for reading its config.
    pub fn with_engine<R>(&self, look: impl FnOnce(&Engine) -> R) -> R {
        look(&self.lock().engine)
    }

    /// Checks the active endpoint at once, even in the background. What comes of it can be waited
    /// for, or not; it is `None` if the engine is stopped before.
    pub fn check_now(&self) -> impl Future<Output = Option<CheckReport>> + Send + use<> {
        let (sender, receiver) = oneshot::channel();
        let mut shared = self.lock();
        if !shared.engine.is_stopped() {
            if shared.waiting.len() >= MAX_WAITING {
                drop(shared.waiting.remove(0));
            }
            let asks = |input: &&Input| matches!(input, Input::Command(Command::CheckNow));
            let ahead = shared.inbox.iter().filter(asks).count() as u32;
            let request = shared.engine.requests().wrapping_add(ahead + 1);
            // Whoever has stopped waiting need not know.
            let answer = Box::new(|report: &CheckReport| drop(sender.send(report.clone())));
            shared.waiting.push(Waiting { request, answer });
        }
        Self::push(shared, Input::Command(Command::CheckNow));
        async { receiver.await.ok() }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A panic elsewhere leaves the engine in a state that is at worst old.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self, now: Timestamp, input: Input) {
        self.lock().engine.handle(now, input);
    }

    fn poll_effect(&self) -> Option<Effect> {
        let mut shared = self.lock();
        let effect = shared.engine.poll_effect();
        if let Some(Effect::Emit { event: Event::Check(report), .. }) = &effect
            && let Some(answered) = report.request
        {
            // A check answers every request that was made before it began.
            for waiting in shared.waiting.extract_if(.., |waiting| waiting.request <= answered) {
                (waiting.answer)(report);
            }
        }
        effect
    }

    /// The oldest input, or the promise to wake `context` when there is one.
    fn next_input(&self, context: &Context<'_>) -> Option<Input> {
        let mut shared = self.lock();
        if shared.inbox.is_empty() {
            shared.waker = Some(context.waker().clone());
            return None;
        }
        Some(shared.inbox.remove(0))
    }
}

/// Runs the engine behind `link` until it is stopped. Dropping the future at any moment stops it
/// too, and closes what it had opened.
///
/// A link is driven by one future at a time; a second one ends at once. After a stop it can be
/// driven anew. A panic in the platform's code, as in what an app does with an event, stops it
/// without further events.
pub async fn drive<P: Transport + Host>(link: Link, platform: P) {
    let Some(session) = Session::begin(&link, &platform) else { return };
    let mut checks = Vec::new();
    let mut timer = None;
    let mut next = Some(Input::Started);
    poll_fn(|context| {
        loop {
            // What has happened comes before what is merely due: an answer that is there is not
            // late.
            let input = next
                .take()
                .or_else(|| link.next_input(context))
                .or_else(|| poll_checks(&mut checks, context))
                .or_else(|| poll_timer(&mut timer, context));
            let Some(input) = input else { return Poll::Pending };
            link.handle(platform.now(), input);
            while let Some(effect) = link.poll_effect() {
                match effect {
                    Effect::StartCheck { id, endpoint, timeout } => {
                        checks.push((id, Box::pin(platform.check(endpoint, timeout))));
                    }
                    Effect::CancelCheck { id } => {
                        if let Some(at) = checks.iter().position(|(check, _)| *check == id) {
                            drop(checks.swap_remove(at));
                        }
                    }
                    other => execute(&platform, other),
                }
            }
            let (stopped, wakeup) =
                link.with_engine(|engine| (engine.is_stopped(), engine.next_wakeup()));
            if stopped {
                return Poll::Ready(());
            }
            if timer.as_ref().map(|(at, _)| *at) != wakeup {
                timer = wakeup.map(|at| (at, Box::pin(platform.sleep_until(at))));
            }
        }
    })
    .await;
    drop(session);
}

/// Executes an effect; checks are the driver's own.
fn execute(host: &impl Host, effect: Effect) {
    match effect {
        Effect::StartCheck { .. } | Effect::CancelCheck { .. } => {}
        Effect::Connect { id, socket, endpoint } => host.connect(id, socket, endpoint),
        Effect::Promote { id } => host.promote(id),
        Effect::Disconnect { id, reason } => host.disconnect(id, reason),
        Effect::Persist => host.persist(),
        Effect::Emit { at, event } => host.emit(at, event),
    }
}

type Pinned<F> = Pin<Box<F>>;

/// A check that has ended, if one has.
fn poll_checks<F: Future<Output = Outcome>>(
    checks: &mut Vec<(CheckId, Pinned<F>)>,
    context: &mut Context<'_>,
) -> Option<Input> {
    for (index, (id, check)) in checks.iter_mut().enumerate() {
        if let Poll::Ready(outcome) = check.as_mut().poll(context) {
            let id = *id;
            drop(checks.swap_remove(index));
            return Some(Input::CheckFinished { id, outcome });
        }
    }
    None
}

/// The wake-up, if its time has come.
fn poll_timer<F: Future<Output = ()>>(
    timer: &mut Option<(Timestamp, Pinned<F>)>,
    context: &mut Context<'_>,
) -> Option<Input> {
    let (_, sleep) = timer.as_mut()?;
    sleep.as_mut().poll(context).is_ready().then(|| {
        *timer = None;
        Input::Wake
    })
}

/// The time during which a link is driven. Its end, however it comes, leaves nothing open.
struct Session<'a, P: Transport + Host> {
    link: &'a Link,
    platform: &'a P,
}

impl<'a, P: Transport + Host> Session<'a, P> {
    fn begin(link: &'a Link, platform: &'a P) -> Option<Self> {
        let already = std::mem::replace(&mut link.lock().driven, true);
        if already { None } else { Some(Self { link, platform }) }
    }
}

impl<P: Transport + Host> Drop for Session<'_, P> {
    fn drop(&mut self) {
        self.link.handle(self.platform.now(), Input::Command(Command::Stop));
        while let Some(effect) = self.link.poll_effect() {
            // What the app does with an event or with its storage may be what panics: a second time
            // would end the process.
            let apps = matches!(effect, Effect::Emit { .. } | Effect::Persist);
            if !(std::thread::panicking() && apps) {
                execute(self.platform, effect);
            }
        }
        let mut shared = self.link.lock();
        shared.driven = false;
        shared.inbox.clear();
        shared.waiting.clear();
        shared.waker = None;
    }
}

#[cfg(test)]
#[cfg(feature = "url")]
mod tests;
