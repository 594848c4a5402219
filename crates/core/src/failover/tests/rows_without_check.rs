//! The rows of the table about endpoints without a health check.

use super::scene::{Kind, Scene, ago, ahead, down, suspecting, suspicion, well};
use super::table::{Case, Row};
use crate::base::time::Millis;
use crate::failover::state::{State, Suspicion};
use crate::failover::transition::Decision;
use crate::failover::view::{EndpointView, KnownBy};
use crate::health::Health;
use crate::protocol::event::SwitchReason;
use crate::protocol::outcome::FailureKind;

pub(super) fn rows() -> Vec<Row> {
    vec![tried(), tried_again()]
}

/// An endpoint without a health check, after so many attempts in vain.
fn refusing(failures: u32) -> EndpointView {
    EndpointView {
        health: Health::Unknown,
        known_by: KnownBy::Connections { open: false, failures },
        unreachable: failures > 0,
        retry_at: if failures > 0 { ahead(1) } else { ago(1_000) },
        last_pass: None,
        first_pass: None,
        ..well()
    }
}

/// One to which a connection is open.
fn open() -> EndpointView {
    EndpointView { known_by: KnownBy::Connections { open: true, failures: 0 }, ..refusing(0) }
}

fn scene<const N: usize>(endpoints: [EndpointView; N]) -> Scene {
    Scene::of(endpoints).connected()
}

fn tried() -> Row {
    let spread = Suspicion { spread: Millis::from_secs(60), ..suspicion() };
    let spread = State::Suspecting(Suspicion { verdict: Some(ago(1)), ..spread });
    let case = |name, scene| Case::observed(name, scene, suspecting());
    let unwanted = Scene::of([down(FailureKind::Refused), refusing(0)]);
    let switched = |reason| Decision::Switch { to: 1, reason };
    Row {
        words: [
            "`Suspecting`",
            "verdict, and a standby without a health check was not tried",
            "same",
            "open a connection to it, after the spread",
        ],
        cases: vec![
            case("one that nothing is known of", scene([refusing(1), refusing(0)]))
                .with(Decision::Open(1)),
            case("in order", scene([refusing(1), refusing(1), refusing(0)]))
                .with(Decision::Open(2)),
            Case::observed("a crowd waits", scene([refusing(1), refusing(0)]), spread),
            case("it is shown to work by another socket", scene([refusing(1), open()]))
                .leads_to(Kind::Steady)
                .with(switched(SwitchReason::Unconnectable)),
            case("nobody wants a connection", unwanted)
                .leads_to(Kind::Steady)
                .with(switched(SwitchReason::Unhealthy)),
        ],
    }
}

fn tried_again() -> Row {
    let case = |name, scene| Case::observed(name, scene, suspecting());
    Row {
        words: [
            "`Suspecting`",
            "fewer than three attempts to connect to the active endpoint failed, which has no health check, and nobody else is left",
            "same",
            "none: it is attempted again",
        ],
        cases: vec![
            case("the only one", scene([refusing(2)])),
            case("after the others", scene([refusing(2), refusing(1)])),
            case("the third attempt failed", scene([refusing(3), refusing(1)]))
                .leads_to(Kind::AllDown)
                .with(Decision::AllDown),
        ],
    }
}
