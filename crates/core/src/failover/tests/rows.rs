//! The rows of the table about the network, and about an active endpoint that is believed to work.

use super::scene::{
    Kind, NOW, STEADY, Scene, ago, ahead, all_down, degraded, down, in_maintenance, opening,
    presumed, reported, suspected, suspecting, unreachable, waiting, well,
};
use super::table::{Case, Row};
use crate::config::Strategy;
use crate::failover::state::State;
use crate::failover::transition::{Decision, Fact};
use crate::failover::view::EndpointView;
use crate::health::Health;
use crate::protocol::event::{OfflineReason, SwitchReason};
use crate::protocol::outcome::FailureKind::{Refused, Timeout, Unreachable};

const TRYING: State = State::Trying { target: 1 };

fn two() -> Scene {
    Scene::of([well(), well()])
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        lost(),
        lost_though_presumed(),
        found(),
        answered(),
        discarded(),
        discarded_in_an_outage(),
        doubted(),
        tried(),
        better(),
        served_again(),
        trial_opened(),
        trial_failed(),
    ]
}

fn lost() -> Row {
    let offline = |name, state| {
        Case::new(name, two(), state, Fact::NetworkLost)
            .leads_to(Kind::Reported)
            .with(Decision::Offline(OfflineReason::Told))
    };
    Row {
        words: [
            "any but `Offline`",
            "the platform reports that the network is gone",
            "`Offline(Reported)`",
            "`offline`",
        ],
        cases: vec![
            offline("all is well", STEADY),
            offline("a move is planned", opening(1, SwitchReason::Failback)),
            offline("there is a suspicion", suspecting()),
            offline("the next is tried", TRYING),
            offline("nobody is usable", all_down()),
        ],
    }
}

fn lost_though_presumed() -> Row {
    let fact = Fact::NetworkLost;
    Row {
        words: ["`Offline(Presumed)`", "the same", "`Offline(Reported)`", "none: the app knows"],
        cases: vec![
            Case::new("it was presumed", two(), presumed(), fact).leads_to(Kind::Reported),
            Case::new("it is reported again", two(), reported(), fact),
        ],
    }
}

fn found() -> Row {
    let answered = Decision::BackOnline { to: 0, void: false };
    let new = |scene: Scene| scene.but(|scene| scene.now = ago(9));
    let case = |name, scene, fact| Case::new(name, scene, reported(), fact);
    Row {
        words: [
            "`Offline(Reported)`",
            "the platform reports a network; a check passes; a message arrives",
            "`Steady`",
            "`online`",
        ],
        cases: vec![
            case("the platform reports a network", two(), Fact::NetworkFound)
                .leads_to(Kind::Steady)
                .with(Decision::Online),
            case("a check passes", new(two()), Fact::Passed).leads_to(Kind::Steady).with(answered),
            case("a message arrives", two(), Fact::Message).leads_to(Kind::Steady).with(answered),
            case("a connection opens", two(), Fact::Opened).leads_to(Kind::Steady).with(answered),
            case("a message was on its way", new(two()).but(|it| it.now = SOON), Fact::Message),
        ],
    }
}

/// Half a second after the report.
const SOON: crate::base::time::Timestamp =
    crate::base::time::Timestamp::from_millis(NOW.as_millis() - 9_500);

/// The network is presumed to be down though there were answers, as of a portal.
fn loud() -> State {
    match presumed() {
        State::Offline(crate::failover::state::Offline::Presumed(mut outage)) => {
            outage.silent = false;
            State::Offline(crate::failover::state::Offline::Presumed(outage))
        }
        other => other,
    }
}

fn answered() -> Row {
    let to = |to| Decision::BackOnline { to, void: true };
    let none = || Scene::of([down(Unreachable), down(Unreachable)]);
    let first = || none().but(|scene| scene.endpoints[0] = well());
    let second = || none().but(|scene| scene.endpoints[1] = well());
    let moved = Decision::BackOnline { to: 1, void: false };
    let refused = || {
        none().but(|scene| {
            scene.endpoints[1] = EndpointView { last_answer: Some(NOW), ..down(Refused) };
        })
    };
    let probed = || none().but(|scene| scene.probes.last_pass = Some(ago(1)));
    let answered_by = |name, scene, state| {
        Case::new(name, scene, state, Fact::Passed).and_observed().leads_to(Kind::Steady)
    };
    let steady = |name, fact| Case::new(name, none(), presumed(), fact).leads_to(Kind::Steady);
    Row {
        words: [
            "`Offline(Presumed)`",
            "an endpoint answers, a connectivity URL passes, a message arrives or, where nobody had \
             answered, a connection opens",
            "`Steady`",
            "`online`, then a move if the active endpoint did not answer",
        ],
        cases: vec![
            answered_by("a check of the active one passes", first(), presumed()).with(to(0)),
            answered_by("one of another passes where nobody had answered", second(), presumed())
                .with(to(0)),
            answered_by("one of another passes, and others had answered", second(), loud())
                .with(moved),
            answered_by("one refuses", refused(), presumed()).with(to(0)),
            answered_by("a connectivity URL passes", probed(), presumed()).with(to(0)),
            steady("a message arrives", Fact::Message).with(to(0)),
            steady("a connection opens", Fact::Opened).with(to(0)),
        ],
    }
}

fn discarded() -> Row {
    let case = |name, state| {
        let scene = Scene::of([suspected(Refused), well()]);
        Case::new(name, scene, state, Fact::Discarded).leads_to(Kind::Steady)
    };
    Row {
        words: [
            "`Suspecting`, `Trying`",
            "the checks under way were discarded (sleep, another network, background)",
            "`Steady`",
            "none",
        ],
        cases: vec![
            case("there was a suspicion", suspecting()),
            case("the next was tried", TRYING),
            case("a move was planned", waiting(1, SwitchReason::Failback, ahead(5))),
            case("a connection was opening", opening(1, SwitchReason::Failback)),
        ],
    }
}

fn discarded_in_an_outage() -> Row {
    let case = |name, state, fact| Case::new(name, two(), state, fact);
    Row {
        words: [
            "`AllDown`, `Offline(Presumed)`",
            "the same, the platform reports a network, or a connection opens where there were \
             answers, as of a portal",
            "same, round due now",
            "none",
        ],
        cases: vec![
            case("a portal may let connections open", loud(), Fact::Opened),
            case("checks were discarded in an outage", all_down(), Fact::Discarded),
            case("a network is reported in an outage", all_down(), Fact::NetworkFound),
            case("checks were discarded without a network", presumed(), Fact::Discarded),
            case("a network is reported that was missed", presumed(), Fact::NetworkFound),
            case("a network is reported in vain", STEADY, Fact::NetworkFound),
        ],
    }
}

fn doubted() -> Row {
    let case = |name, ours, theirs| {
        let scene = Scene::of([ours, theirs]).connected();
        Case::observed(name, scene, STEADY).leads_to(Kind::Suspecting).with(Decision::Suspect)
    };
    let planned = waiting(1, SwitchReason::Degraded, NOW);
    Row {
        words: [
            "`Steady`",
            "evidence against the active endpoint or its connection, or maintenance of the last \
             usable one",
            "`Suspecting`",
            "none: the standbys' attempts count anew",
        ],
        cases: vec![
            case("it has failed once", suspected(Timeout), well()),
            case("it is down", down(Refused), well()),
            case("it cannot be connected to", unreachable(), well()),
            case("it is in maintenance, and so is the other", in_maintenance(), in_maintenance()),
            Case::observed("a move was planned", Scene::of([suspected(Timeout), well()]), planned)
                .leads_to(Kind::Suspecting)
                .with(Decision::Suspect),
        ],
    }
}

fn tried() -> Row {
    let passed = |secs| EndpointView { last_pass: Some(ago(secs)), ..well() };
    let removed = |next| {
        let ours = EndpointView { health: Health::Unhealthy, down: true, ..passed(3) };
        Scene::of([ours, passed(next)]).by(Strategy::Cyclic)
    };
    let scene = |ours| Scene::of([ours, well()]).by(Strategy::Cyclic);
    Row {
        words: [
            "`Steady`",
            "strategy `cyclic`: the threshold is reached",
            "`Trying`",
            "check the next endpoint",
        ],
        cases: vec![
            Case::observed("it is down", scene(down(Refused)), STEADY)
                .leads_to(Kind::Trying)
                .with(Decision::Try(1)),
            Case::observed("it is only suspected", scene(suspected(Refused)), STEADY),
            Case::observed("it is taken out of rotation", removed(5), STEADY)
                .leads_to(Kind::Trying)
                .with(Decision::Try(1)),
            Case::observed("the next was asked since its own last check", removed(1), STEADY),
        ],
    }
}

fn served_again() -> Row {
    let cyclic = || two().by(Strategy::Cyclic).but(|scene| scene.outage_told = true);
    let ailing = cyclic().but(|scene| scene.endpoints[0] = suspected(Refused));
    let recovered = Decision::Recover { to: 0, void: false };
    Row {
        words: [
            "`Steady`",
            "strategy `cyclic`: the app was told `allDown`, and the active endpoint passes a check",
            "`Steady`",
            "`recovered`",
        ],
        cases: vec![
            Case::new("it passed", cyclic(), STEADY, Fact::Passed).with(recovered),
            Case::new("another one passed", ailing, STEADY, Fact::Passed),
            Case::new("there was no outage", two().by(Strategy::Cyclic), STEADY, Fact::Passed),
        ],
    }
}

fn better() -> Row {
    let reason = SwitchReason::Failback;
    let on_second = || two().but(|scene| scene.active = 1);
    let due = |name, scene: Scene, reason| {
        Case::observed(name, scene.connected(), waiting(0, reason, NOW))
            .leads_to(Kind::Opening)
            .with(Decision::Open(0))
    };
    let wished = on_second().but(|scene| scene.wish = Some(0));
    let slow = on_second().but(|scene| scene.endpoints[1] = degraded());
    let unwanted = Decision::Switch { to: 0, reason };
    Row {
        words: [
            "`Steady`",
            "the wished endpoint, or a better one, is usable and its wait is over",
            "`Steady`",
            "open a connection to it; without a wanted connection, `switched`",
        ],
        cases: vec![
            due("a better one is ready", on_second(), reason),
            due("the wished one is ready", wished, SwitchReason::Preferred),
            due("the active one is degraded", slow, SwitchReason::Degraded),
            Case::observed("no connection is wanted", on_second(), waiting(0, reason, NOW))
                .leads_to(Kind::Steady)
                .with(unwanted),
            Case::observed("it waits", on_second(), waiting(0, reason, ahead(1))),
            Case::observed("it is planned", on_second(), STEADY).leads_to(Kind::Waiting),
        ],
    }
}

fn trial_opened() -> Row {
    let scene = || two().but(|scene| scene.active = 1);
    let reason = SwitchReason::Failback;
    Row {
        words: ["`Steady`", "the connection of a planned move is open", "`Steady`", "`switched`"],
        cases: vec![
            Case::new("it is open", scene(), opening(0, reason), Fact::TrialOpened(0))
                .leads_to(Kind::Steady)
                .with(Decision::Switch { to: 0, reason }),
            Case::new("another is open", scene(), opening(0, reason), Fact::TrialOpened(1)),
            Case::new("none was planned", scene(), STEADY, Fact::TrialOpened(0)),
        ],
    }
}

fn trial_failed() -> Row {
    let scene = || two().but(|scene| scene.active = 1);
    let open = || opening(0, SwitchReason::Failback);
    let wished = || opening(0, SwitchReason::Preferred);
    Row {
        words: [
            "`Steady`",
            "the connection of a planned move did not open",
            "`Steady`",
            "none: a longer wait",
        ],
        cases: vec![
            Case::new("it did not open", scene(), open(), Fact::TrialFailed(0))
                .leads_to(Kind::Steady)
                .with(Decision::Postpone(0)),
            Case::new("another did not open", scene(), open(), Fact::TrialFailed(1)),
            Case::new("of a wish", scene(), wished(), Fact::TrialFailed(0)).leads_to(Kind::Steady),
            Case::new("by the app's doing", scene(), open(), Fact::TrialExcused(0))
                .leads_to(Kind::Steady),
            Case::new("another, by the app's doing", scene(), open(), Fact::TrialExcused(1)),
        ],
    }
}
