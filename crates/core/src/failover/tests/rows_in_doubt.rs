//! The rows of the table about an active endpoint that is suspected, and about outages.

use super::scene::{
    Kind, NOW, Scene, ago, ahead, all_down, down, fresh, given_up, in_maintenance, outage,
    suspected, suspecting, suspicion, unreachable, well,
};
use super::table::{Case, Row};
use crate::base::time::Millis;
use crate::config::Strategy;
use crate::failover::state::{Outage, State, Suspicion};
use crate::failover::transition::{Decision, Fact};
use crate::failover::view::{EndpointView, ProbesView};
use crate::protocol::event::{OfflineReason, SwitchReason};
use crate::protocol::outcome::FailureKind::{self, Refused, Timeout, Unreachable};

pub(super) fn rows() -> Vec<Row> {
    vec![
        try_passed(),
        try_failed(),
        refuted(),
        moved(),
        unasked(),
        retried(),
        retry_opened(),
        proving(),
        carried_through(),
        on_trial(),
        announced(),
        nobody_left(),
        round_planned(),
        recovered(),
        message(),
    ]
}

fn trying(name: &'static str, target: usize, passed: bool) -> Case {
    trying_one(name, well(), target, passed)
}

fn trying_one(name: &'static str, next: EndpointView, target: usize, passed: bool) -> Case {
    let scene = Scene::of([down(Refused), next]).by(Strategy::Cyclic);
    Case::new(name, scene, State::Trying { target: 1 }, Fact::Tried { target, passed })
}

fn try_passed() -> Row {
    let switched = Decision::Switch { to: 1, reason: SwitchReason::Unhealthy };
    let stranded = Scene::of([down(Refused), well()])
        .by(Strategy::Cyclic)
        .but(|scene| scene.outage_told = true);
    let fact = Fact::Tried { target: 1, passed: true };
    let outage_told = Case::new(
        "the app was told that nobody is usable",
        stranded,
        State::Trying { target: 1 },
        fact,
    );
    Row {
        words: [
            "`Trying`",
            "that check passed, and the endpoint may be used",
            "`Steady`",
            "`switched`, after `recovered` if the app was told `allDown`",
        ],
        cases: vec![
            trying("it passed", 1, true).leads_to(Kind::Steady).with(switched),
            outage_told.leads_to(Kind::Steady).with(Decision::Recover { to: 1, void: false }),
            trying("another one passed", 0, true),
        ],
    }
}

fn try_failed() -> Row {
    Row {
        words: [
            "`Trying`",
            "that check failed, or the endpoint may not be used",
            "`Steady`",
            "`allDown`; failures count from none",
        ],
        cases: vec![
            trying("it failed", 1, false).leads_to(Kind::Steady).with(Decision::TryFailed),
            trying_one("it passed, and is excluded", in_maintenance(), 1, true)
                .leads_to(Kind::Steady)
                .with(Decision::TryFailed),
            trying("another one failed", 0, false),
        ],
    }
}

fn refuted() -> Row {
    let two = Scene::of([well(), well()]);
    let alternative = Scene::of([in_maintenance(), well()]);
    let case = |name, scene| Case::observed(name, scene, suspecting()).leads_to(Kind::Steady);
    Row {
        words: [
            "`Suspecting`",
            "nothing speaks against the active endpoint any more",
            "`Steady`",
            "none",
        ],
        cases: vec![
            case("a check has passed", two),
            case("it is in maintenance, and another is usable", alternative),
        ],
    }
}

fn moved() -> Row {
    let switched = |reason| Decision::Switch { to: 1, reason };
    let case = |name, ours| Case::observed(name, Scene::of([ours, fresh()]), suspecting());
    let spread = |at| {
        let spread = Millis::from_secs(3);
        State::Suspecting(Suspicion { spread, verdict: Some(at), ..suspicion() })
    };
    let later = || Scene::of([down(Refused), fresh()]);
    let broken = || Scene::of([unreachable(), fresh()]).connected();
    let wished = Scene::of([suspected(Refused), well()]).but(|scene| scene.wish = Some(1));
    Row {
        words: [
            "`Suspecting`",
            "verdict, and a standby passed a check that began since",
            "`Steady`",
            "`switched`, after the spread",
        ],
        cases: vec![
            case("the evidence suffices", down(Refused))
                .leads_to(Kind::Steady)
                .with(switched(SwitchReason::Unhealthy)),
            case("there is no verdict", suspected(Refused)),
            Case::observed("it cannot be connected to", broken(), suspecting())
                .leads_to(Kind::Steady)
                .with(switched(SwitchReason::Unconnectable)),
            Case::observed("the spread lasts", later(), spread(ago(2))),
            Case::observed("the spread is over", later(), spread(ago(3)))
                .leads_to(Kind::Steady)
                .with(switched(SwitchReason::Unhealthy)),
            Case::observed("the app's wish needs no verdict", wished, suspecting())
                .leads_to(Kind::Steady)
                .with(switched(SwitchReason::Preferred)),
        ],
    }
}

fn unasked() -> Row {
    let check = |index| Decision::Check(index);
    let three = |ours, second| Scene::of([ours, second, well()]);
    let checking = || EndpointView { attempts: 1, checking: true, ..well() };
    let case = |name, scene| Case::observed(name, scene, suspecting());
    Row {
        words: ["`Suspecting`", "a standby has not been asked", "same", "check it"],
        cases: vec![
            case("the best first", three(suspected(Timeout), well())).with(check(1)),
            case("one after the other", three(suspected(Timeout), checking())),
            case("at the verdict side by side", three(down(Refused), checking())).with(check(2)),
        ],
    }
}

fn retried() -> Row {
    let refuses =
        |retry_at| EndpointView { retry_at, ..EndpointView { unreachable: true, ..fresh() } };
    let scene = |at| Scene::of([down(Refused), refuses(at)]).connected();
    let trying = scene(ago(20)).but(|scene| scene.connection.trying = true);
    Row {
        words: [
            "`Suspecting`",
            "verdict, all were asked, and one that is usable but for its connections was not tried",
            "same",
            "open a connection to it",
        ],
        cases: vec![
            Case::observed("its back-off was over before", scene(ago(20)), suspecting())
                .with(Decision::Open(1)),
            Case::observed("the connection is being opened", trying, suspecting()),
        ],
    }
}

fn retry_opened() -> Row {
    let scene = |ours| Scene::of([ours, unreachable()]).connected();
    let case = |name, ours, reason| {
        Case::new(name, scene(ours), suspecting(), Fact::TrialOpened(1))
            .leads_to(Kind::Steady)
            .with(Decision::Switch { to: 1, reason })
    };
    Row {
        words: ["`Suspecting`", "that connection is open", "`Steady`", "`switched`"],
        cases: vec![
            case("the evidence suffices", down(Refused), SwitchReason::Unhealthy),
            case("it is in maintenance", in_maintenance(), SwitchReason::Maintenance),
            case("it cannot be connected to", unreachable(), SwitchReason::Unconnectable),
            Case::new("it did not open", scene(down(Refused)), suspecting(), Fact::TrialFailed(1)),
        ],
    }
}

fn proving() -> Row {
    let unproven = EndpointView { successes: 1, proof: 9, attempts: 1, ..fresh() };
    let scene = Scene::of([down(Refused), unproven]);
    Row {
        words: [
            "`Suspecting`",
            "verdict, and a standby that passes must still prove itself",
            "same",
            "none",
        ],
        cases: vec![Case::observed("it had to be left a while ago", scene, suspecting())],
    }
}

fn carried_through() -> Row {
    let left = State::Suspecting(Suspicion { verdict: Some(ago(2)), ..suspicion() });
    let back = EndpointView { since: ago(1), ..well() };
    let opening =
        Scene::of([back, fresh()]).connected().but(|scene| scene.connection.trying = true);
    Row {
        words: [
            "`Suspecting`",
            "nothing speaks against the active endpoint any more, and the connection of a verdict is opening",
            "same",
            "none",
        ],
        cases: vec![Case::observed("it passed a check meanwhile", opening, left)],
    }
}

fn on_trial() -> Row {
    let scene = Scene::of([unreachable(), fresh()]).connected();
    let open = scene.but(|scene| scene.connection.open = true);
    Row {
        words: [
            "`Suspecting`",
            "nothing speaks against the active endpoint any more, and its connection has just opened",
            "same",
            "none",
        ],
        cases: vec![Case::observed("those before did not last", open, suspecting())],
    }
}

fn announced() -> Row {
    let before = || EndpointView {
        last_pass: Some(ago(20)),
        last_answer: Some(ago(20)),
        ..in_maintenance()
    };
    let case = |name, ours| Case::observed(name, Scene::of([ours]), suspecting());
    Row {
        words: [
            "`Suspecting`",
            "the active endpoint announced maintenance by closing the connection, nobody else is usable, and it was not checked since",
            "same",
            "check it",
        ],
        cases: vec![
            case("the last check was before", before()).with(Decision::Check(0)),
            case("a check is under way", EndpointView { checking: true, ..before() }),
        ],
    }
}

fn nobody_left() -> Row {
    let scene = |ours, theirs| Scene::of([down(ours), given_up(theirs)]);
    let case = |name, scene| Case::observed(name, scene, suspecting());
    let offline = |reason| Decision::Offline(reason);
    let silent = |failure: FailureKind| EndpointView {
        down: false,
        last_failure: Some(NOW),
        ..given_up(failure)
    };
    let portal =
        ProbesView { any: true, captive: true, all_asked_at: Some(NOW), ..ProbesView::default() };
    Row {
        words: [
            "`Suspecting`",
            "verdict, all were asked, nobody is usable",
            "`AllDown` or `Offline(Presumed)`",
            "`allDown` or `offline`; none while messages arrive, or have within the outage's hysteresis",
        ],
        cases: vec![
            case(
                "a check announced it",
                Scene::of([EndpointView { last_answer: Some(NOW), ..in_maintenance() }]),
            )
            .leads_to(Kind::AllDown)
            .with(Decision::AllDown),
            case("both refuse", scene(Refused, Refused))
                .leads_to(Kind::AllDown)
                .with(Decision::AllDown),
            case("neither can be reached", scene(Unreachable, Unreachable))
                .leads_to(Kind::Presumed)
                .with(offline(OfflineReason::Unreachable)),
            case("both are silent", Scene::of([silent(Timeout), silent(Timeout)]))
                .leads_to(Kind::AllDown)
                .with(Decision::AllDown),
            case("a portal answers", scene(Refused, Refused).but(|scene| scene.probes = portal))
                .leads_to(Kind::Presumed)
                .with(offline(OfflineReason::CaptivePortal)),
            case(
                "a portal was presumed a moment ago",
                scene(Refused, Refused).but(|scene| {
                    scene.probes = portal;
                    scene.hold = Millis::from_secs(5);
                }),
            )
            .leads_to(Kind::AllDown)
            .with(Decision::AllDown),
            case("messages arrive", scene(Refused, Refused).talking()),
        ],
    }
}

fn round_planned() -> Row {
    let none = || Scene::of([down(Refused), down(Refused)]);
    let busy = none().but(|scene| scene.endpoints[1].checking = true);
    let under_way = || State::AllDown(Outage { round: None, ..outage() });
    Row {
        words: [
            "`AllDown`, `Offline(Presumed)`",
            "the checks of a round have ended, and nobody is usable",
            "same, a round after the back-off",
            "none",
        ],
        cases: vec![
            Case::observed("all have ended", none(), under_way()),
            Case::observed("one is in flight", busy, under_way()),
            Case::observed("the next is planned", none(), all_down()),
        ],
    }
}

fn recovered() -> Row {
    let to = |to| Decision::Recover { to, void: false };
    let held = |since| {
        let standby = EndpointView { since, ..well() };
        Scene::of([down(Refused), standby])
    };
    let holding = || State::AllDown(Outage { hold: Millis::from_secs(5), ..outage() });
    let case = |name, scene| Case::observed(name, scene, all_down()).leads_to(Kind::Steady);
    Row {
        words: [
            "`AllDown`",
            "an endpoint is usable for as long as the outage's hysteresis asks",
            "`Steady`",
            "`recovered`, and a move if it is another one",
        ],
        cases: vec![
            case("the active one is back", Scene::of([well(), well()])).with(to(0)),
            case("another one is back", held(NOW)).with(to(1)),
            Case::observed("it is back for too short a time", held(ago(4)), holding()),
            Case::observed("it is back for long enough", held(ago(5)), holding())
                .leads_to(Kind::Steady)
                .with(to(1)),
            Case::observed("its connections fail", Scene::of([unreachable()]), all_down()),
            Case::observed("the round is not due", Scene::of([down(Refused)]), {
                State::AllDown(Outage { round: Some(ahead(1)), ..outage() })
            }),
        ],
    }
}

fn message() -> Row {
    let none = || Scene::of([down(Refused), down(Refused)]);
    let case = |name, scene, fact| Case::new(name, scene, all_down(), fact);
    Row {
        words: ["`AllDown`", "a message arrives", "`Suspecting`", "`recovered`"],
        cases: vec![
            case("from the active endpoint", none().talking(), Fact::Message)
                .leads_to(Kind::Suspecting)
                .with(Decision::Recover { to: 0, void: false }),
            case("from another one", none().connected(), Fact::Message),
            case("only a connection opens", none().connected(), Fact::Opened),
        ],
    }
}
