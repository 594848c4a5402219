//! The rows in which Steadfast is held against its marks, with `HAProxy` beside.

use crate::faults::{Fault, passing};
use crate::marks::Mark;
use crate::measure::Measure;
use crate::setting::{DAY, Setting};
use steadfast::{Millis, Timestamp};
use steadfast_sim::{Access, Answers, ColdStart, Cuts, Latency, TwoModes};

/// Days in which moves are counted.
const DAYS: u64 = 60;

/// Rows about one thing.
pub(crate) struct Group {
    /// By which it is selected.
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// Something that is measured, and the most that may come out.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) setting: Setting,
    pub(crate) measure: Measure,
    pub(crate) mark: Option<Mark>,
}

pub(crate) fn groups() -> Vec<Group> {
    let group = |name, about, rows| Group { name, about, rows };
    vec![
        group(
            "outages",
            "A hang after ten outages of 30 s, one an hour, the last one an hour and a half before",
            outages(),
        ),
        group("day", "A hang after a day in the same network", day()),
        group(
            "together",
            "Several endpoints hang together, and the client is at the first of them",
            together(),
        ),
        group(
            "standby",
            "A hang while checks of the standby are lost (3 % of the primary's are)",
            standby(),
        ),
        group("shares", "A share of the checks goes unanswered, or is answered with 500", shares()),
        group("modes", "Half of the answers, at random, are slow", modes()),
        group("cold", "The standby needs 4 s to start when it has not been asked for 10 s", cold()),
        group("busy", "On the socket, a message arrives each second", busy()),
        group(
            "stall",
            "The primary answers nothing that it is asked for a while, and is well again",
            stall(),
        ),
    ]
}

fn row(name: &'static str, setting: Setting, measure: Measure) -> Row {
    Row { name, setting, measure, mark: None }
}

impl Row {
    fn mark(self, mark: Mark) -> Self {
        Self { mark: Some(mark), ..self }
    }

    fn median(self, seconds: u32) -> Self {
        self.mark(Mark::Median(Millis::from_secs(seconds)))
    }

    fn p95(self, seconds: u32) -> Self {
        self.mark(Mark::P95(Millis::from_secs(seconds)))
    }
}

fn hang() -> Measure {
    Measure::Time(Fault::hang())
}

fn hours(hours: u64) -> Timestamp {
    Timestamp::from_millis(hours * 3_600_000)
}

fn outages() -> Vec<Row> {
    let (length, last) = (Millis::from_secs(30), 10);
    let usual = Setting { warm_up: Millis::from_secs(11 * 3_600 + 1_800), ..Setting::usual() };
    let mut server = usual.clone();
    for hour in 1..=last {
        server.past.extend(usual.failure(&Fault::hang(), hours(hour), length));
    }
    let cuts = Cuts { first: hours(1), length, every: Millis::from_secs(3_600), count: last };
    let network = Setting { access: Access::Cut(cuts), ..usual.clone() };
    vec![
        row("without an outage", usual, hang()),
        row("outages of the server", server, hang()).median(6),
        row("outages of the client's own network", network, hang()).median(6),
    ]
}

fn day() -> Vec<Row> {
    let after = |access| Setting { warm_up: DAY, ..Setting::behind(access) };
    vec![
        row("lift: no network for 20 s each 30 min", after(Access::Cut(Cuts::lifts())), hang())
            .median(6),
        row("bursts", after(Access::bursty()), hang()).median(6),
        row("10 % lost", after(Access::Lossy(0.1)), hang()),
        row("commuter", after(Access::Commute), hang()),
    ]
}

fn together() -> Vec<Row> {
    let of = |failing, endpoints| Setting { endpoints, failing, ..Setting::usual() };
    vec![
        row("two of three", of(2, 3), hang()).median(6),
        row("63 of 64", of(63, 64), hang()).median(6),
    ]
}

fn standby() -> Vec<Row> {
    let losing = |share| Setting {
        first: Answers { loss: 0.03, ..passing() },
        others: Answers { loss: share, ..passing() },
        ..Setting::usual()
    };
    vec![
        row("20 % lost", losing(0.2), hang()).p95(10),
        row("50 % lost", losing(0.5), hang()).p95(10),
    ]
}

fn shares() -> Vec<Row> {
    let unanswered =
        |name, share| row(name, Setting::usual(), Measure::Time(Fault::unanswered(share)));
    let erring = |share| Answers { errors: share, ..passing() };
    let first = |name, share| {
        row(name, Setting { first: erring(share), ..Setting::usual() }, Measure::Switches(DAYS))
    };
    let both = |name, share| {
        let setting = Setting { first: erring(share), others: erring(share), ..Setting::usual() };
        row(name, setting, Measure::Switches(DAYS))
    };
    vec![
        unanswered("30 % never answered", 0.3),
        unanswered("50 % never answered", 0.5).median(20),
        unanswered("70 % never answered", 0.7),
        first("the primary answers 3 % with 500: switches", 0.03).mark(Mark::ADay(2)),
        first("the primary answers 10 % with 500: switches", 0.1).mark(Mark::ADay(12)),
        first("the primary answers 30 % with 500: switches", 0.3),
        both("both answer 10 % with 500: switches", 0.1),
        both("both answer 30 % with 500: switches", 0.3),
    ]
}

fn modes() -> Vec<Row> {
    let latency = |slow, share| {
        let (quick, slow) = (Millis::new(100), Millis::new(slow));
        Some(Latency::TwoModes(TwoModes { quick, slow, share }))
    };
    let setting = |first, others| Setting {
        first_latency: first,
        others_latency: others,
        ..Setting::usual()
    };
    let both = setting(latency(800, 0.5), latency(800, 0.5));
    let first = setting(latency(1_500, 0.5), latency(100, 0.0));
    let away = || Measure::MovesAway(DAYS);
    vec![
        row("both, 100 ms or 800 ms: moves away", both.clone(), away()).mark(Mark::Moves(1)),
        row("both, 100 ms or 800 ms: hang", both, hang()),
        row("the primary, 100 ms or 1.5 s: moves away", first.clone(), away()).mark(Mark::Moves(1)),
        row("the primary, 100 ms or 1.5 s: hang", first, hang()),
    ]
}

fn cold() -> Vec<Row> {
    let secs = Millis::from_secs;
    let after =
        |idle| Some(Latency::ColdStart(ColdStart::new(secs(idle), secs(4), Millis::new(100))));
    let quiet = Setting { others_latency: after(10), ..Setting::usual() };
    let busy = Setting { messages: Some(secs(1)), ..quiet.clone() };
    let both = Setting { first_latency: after(10), ..busy.clone() };
    let soon = Setting { first_latency: after(2), others_latency: after(2), ..Setting::usual() };
    let kill = || Measure::Time(Fault::kill());
    let away = || Measure::MovesAway(DAYS);
    vec![
        row("moves away", quiet.clone(), away()),
        row("kill", quiet.clone(), kill()),
        row("hang", quiet, hang()),
        row("a message each second: moves away", busy.clone(), away()),
        row("a message each second: kill", busy.clone(), kill()),
        row("a message each second: hang", busy, hang()),
        row("a message each second, the primary too: moves away", both.clone(), away()),
        row("a message each second, the primary too: hang", both, hang()),
        row("after 2 s, the primary too: moves away", soon.clone(), away()),
        row("after 2 s, the primary too: hang", soon, hang()),
    ]
}

fn busy() -> Vec<Row> {
    let busy = Setting { messages: Some(Millis::from_secs(1)), ..Setting::usual() };
    let time = |fault: Fault| row(fault.name, busy.clone(), Measure::Time(fault));
    vec![
        time(Fault::unavailable()).median(10),
        time(Fault::slow()).median(15),
        time(Fault::hang()).median(3),
        time(Fault::kill()).median(1),
        row("checks of the primary", busy.clone(), Measure::Checks(10)).mark(Mark::AnHour(300)),
    ]
}

fn stall() -> Vec<Row> {
    let stall = |name, millis| {
        row(name, Setting::usual(), Measure::Leaving(Fault::hang(), Millis::new(millis)))
    };
    vec![
        stall("0.5 s", 500),
        stall("1 s", 1_000),
        stall("1.5 s", 1_500),
        stall("2 s", 2_000),
        stall("2.5 s", 2_500),
        stall("3 s", 3_000),
        stall("4 s", 4_000),
        stall("5 s", 5_000),
        stall("7 s", 7_000),
    ]
}
