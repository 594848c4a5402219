//! The driver under a hand-turned executor and a clock that moves only when told: no sleeping, no
//! runtime.

mod inputs;
mod waiting;

use super::*;
use crate::config::ValidEndpoints;
use crate::protocol::effect::{ConnectionId, DisconnectReason, SocketId};
use crate::{Answer, Config, Engine, Event, FailureKind, Input, Lifecycle, Preset, State};
use std::cell::{Cell, RefCell};
use std::future::{pending, ready};
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Wake;

/// A platform whose time and answers the test decides.
#[derive(Clone, Default)]
struct Scripted {
    now: Rc<Cell<u64>>,
    timer: Rc<Cell<Option<Timestamp>>>,
    answer: Rc<Cell<Option<u16>>>,
    under_way: Rc<Cell<i32>>,
    applied: Rc<RefCell<Vec<Effect>>>,
    /// Whether each event makes the app panic.
    panics: Rc<Cell<bool>>,
}

struct Guard(Rc<Cell<i32>>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Transport for Scripted {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.get())
    }

    async fn check(&self, _: Arc<Endpoint>, _: Millis) -> Outcome {
        self.under_way.set(self.under_way.get() + 1);
        let guard = Guard(self.under_way.clone());
        let outcome = match self.answer.get() {
            Some(0) => Outcome::Failure(FailureKind::Refused),
            Some(status) => Outcome::Answer(Answer { status: Some(status), ..Answer::default() }),
            None => pending().await,
        };
        drop(guard);
        outcome
    }

    fn sleep_until(&self, at: Timestamp) -> impl Future<Output = ()> {
        self.timer.set(Some(at));
        let now = self.now.clone();
        poll_fn(move |_| if now.get() >= at.as_millis() { Poll::Ready(()) } else { Poll::Pending })
    }
}

impl Host for Scripted {
    fn connect(&self, id: ConnectionId, socket: SocketId, endpoint: Arc<Endpoint>) {
        self.applied.borrow_mut().push(Effect::Connect { id, socket, endpoint });
    }

    fn promote(&self, id: ConnectionId) {
        self.applied.borrow_mut().push(Effect::Promote { id });
    }

    fn disconnect(&self, id: ConnectionId, reason: DisconnectReason) {
        self.applied.borrow_mut().push(Effect::Disconnect { id, reason });
    }

    fn persist(&self) {
        self.applied.borrow_mut().push(Effect::Persist);
    }

    fn emit(&self, at: Timestamp, event: Event) {
        assert!(!self.panics.get(), "the app panics");
        self.applied.borrow_mut().push(Effect::Emit { at, event });
    }
}

struct Wakes(AtomicU32);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn endpoint(name: &str) -> Endpoint {
    let (connect, health) = ("ws://a.example/".parse(), "http://a.example/".parse());
    Endpoint::new(name, connect.unwrap(), health.unwrap())
}

/// A driver under test.
fn valid(endpoints: Vec<Endpoint>) -> ValidEndpoints {
    Config::default().validate_endpoints(endpoints).unwrap()
}

struct Driven {
    link: Link,
    transport: Scripted,
    wakes: Arc<Wakes>,
    future: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl Driven {
    fn new() -> Self {
        let config = Config::new(Preset::Default, vec![endpoint("a"), endpoint("b")]);
        let link = Link::new(Engine::new(config.validate().unwrap(), 1, Timestamp::from_millis(0)));
        let transport = Scripted::default();
        let future =
            Some(Box::pin(drive(link.clone(), transport.clone()))
                as Pin<Box<dyn Future<Output = ()>>>);
        Self { link, transport, wakes: Arc::new(Wakes(AtomicU32::new(0))), future }
    }

    fn turn(&mut self) -> Poll<()> {
        let waker = self.wakes.clone().into();
        self.future.as_mut().unwrap().as_mut().poll(&mut Context::from_waker(&waker))
    }

    /// A driver whose app has been in the background for a minute, after one in which all was well.
    fn unseen() -> Self {
        let mut driven = Self::new();
        driven.transport.answer.set(Some(200));
        assert!(driven.turn().is_pending());
        driven.advance(60_000);
        driven.link.send(Input::Lifecycle(Lifecycle::Background));
        assert!(driven.turn().is_pending());
        driven.advance(60_000);
        driven
    }

    fn advance(&mut self, millis: u64) {
        let end = self.transport.now.get() + millis;
        while let Some(at) = self.transport.timer.get().filter(|at| at.as_millis() <= end) {
            self.transport.now.set(at.as_millis().max(self.transport.now.get()));
            self.transport.timer.set(None);
            assert!(self.turn().is_pending());
        }
        self.transport.now.set(end);
    }

    fn events(&self) -> Vec<Event> {
        let events = self.transport.applied.borrow();
        events
            .iter()
            .filter_map(|effect| {
                if let Effect::Emit { event, .. } = effect { Some(event.clone()) } else { None }
            })
            .collect()
    }
}

#[test]
fn checks_run_and_their_outcomes_arrive() {
    let mut driven = Driven::new();
    driven.transport.answer.set(Some(200));
    assert!(driven.turn().is_pending());
    driven.advance(10_000);
    assert_eq!(driven.link.snapshot().state, State::Steady);
    assert!(driven.events().iter().filter(|event| matches!(event, Event::Check(_))).count() >= 3);
}

#[test]
fn a_hanging_check_is_dropped_at_its_timeout() {
    let mut driven = Driven::new();
    assert!(driven.turn().is_pending());
    assert_eq!(driven.transport.under_way.get(), 1);
    driven.advance(90_000);
    assert!(driven.transport.under_way.get() <= 12);
    assert_eq!(driven.link.snapshot().state, State::AllDown);
}

#[test]
fn a_stop_ends_everything_and_nothing_follows() {
    let mut driven = Driven::new();
    assert!(driven.turn().is_pending());
    driven.link.stop();
    assert_eq!(driven.wakes.0.load(Ordering::Relaxed), 1, "the stop wakes the driver");
    assert!(driven.turn().is_ready());
    driven.future = None;
    assert_eq!(driven.transport.under_way.get(), 0);
    assert_eq!(driven.events().last(), Some(&Event::Stopped));
    drop(driven.link.check_now());
    assert_eq!(driven.link.snapshot().state, State::Stopped);
}

#[test]
fn dropping_the_driver_is_a_stop() {
    let mut driven = Driven::new();
    assert!(driven.turn().is_pending());
    driven.link.send(Input::Command(Command::Connect(SocketId::default())));
    assert!(driven.turn().is_pending());
    driven.future = None;
    assert_eq!(driven.transport.under_way.get(), 0);
    let applied = driven.transport.applied.borrow();
    let opened = applied.iter().filter(|effect| matches!(effect, Effect::Connect { .. })).count();
    let closed =
        applied.iter().filter(|effect| matches!(effect, Effect::Disconnect { .. })).count();
    assert_eq!((opened, closed), (1, 1));
    assert_eq!(driven.link.snapshot().state, State::Stopped);
}

#[test]
fn a_driver_that_was_never_polled_leaves_nothing() {
    let driven = Driven::new();
    drop(driven.future);
    assert!(driven.transport.applied.borrow().is_empty());
    assert_eq!(driven.link.snapshot().state, State::Idle);
}

#[test]
fn a_second_driver_ends_at_once_and_a_later_one_starts_anew() {
    let mut driven = Driven::new();
    assert!(driven.turn().is_pending());
    let mut second = Box::pin(drive(driven.link.clone(), driven.transport.clone()));
    let waker = driven.wakes.clone().into();
    assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    assert!(!driven.link.with_engine(Engine::is_stopped), "the first one goes on");
    driven.link.stop();
    assert!(driven.turn().is_ready());
    driven.future = Some(Box::pin(drive(driven.link.clone(), driven.transport.clone())));
    assert!(driven.turn().is_pending());
    assert_eq!(driven.link.snapshot().state, State::Steady);
}

#[test]
fn the_future_is_send_if_the_transport_is() {
    struct Threaded;
    impl Transport for Threaded {
        fn now(&self) -> Timestamp {
            Timestamp::default()
        }
        fn check(&self, _: Arc<Endpoint>, _: Millis) -> impl Future<Output = Outcome> {
            ready(Outcome::Failure(FailureKind::Unexpected))
        }
        fn sleep_until(&self, _: Timestamp) -> impl Future<Output = ()> {
            pending()
        }
    }
    impl Host for Threaded {
        fn connect(&self, _: ConnectionId, _: SocketId, _: Arc<Endpoint>) {}
        fn promote(&self, _: ConnectionId) {}
        fn disconnect(&self, _: ConnectionId, _: DisconnectReason) {}
        fn persist(&self) {}
        fn emit(&self, _: Timestamp, _: Event) {}
    }
    fn assert_send(_: impl Send) {}
    assert_send(drive(Driven::new().link, Threaded));
}
