//! What is done about failures: order, limits and conditions.

use super::*;
use crate::base::keyword::Keyword;
use crate::observe::failures::Severity;
use FailureEventKind::{ContainerStopped, DnsFailed, HealthCheckFailed, HighResponseTime};
use RecoveryStrategy::{Recreate, RemoveFromLoadBalancer, Restart, ScaleOut};

fn event(kind: FailureEventKind, consecutive: u32) -> FailureEvent {
    let (severity, message) = (Severity::Low, String::new());
    FailureEvent {
        endpoint: "a".into(),
        kind,
        severity,
        critical: false,
        message,
        consecutive,
        in_window: 1,
        first_ms_ago: 0,
    }
}

fn at(secs: u64) -> Timestamp {
    Timestamp::from_millis(secs * 1_000)
}

fn failed() -> Result<(), String> {
    Err("no".into())
}

/// Ends an action; what to do next.
fn end(
    recoveries: &mut Recoveries,
    rules: &Recovery,
    id: u32,
    result: Result<(), String>,
    now: Timestamp,
) -> Option<Step> {
    if recoveries.end(id, result, now) { recoveries.after(rules, id, now) } else { None }
}

#[test]
fn the_documents_table_is_what_is_done() {
    let document = include_str!("../../../../../docs/recovery.md");
    for kind in FailureEventKind::KEYWORDS {
        let strategies: Vec<_> =
            recovery_strategies(*kind).iter().map(|strategy| format!("`{strategy}`")).collect();
        let row = format!("\n| `{kind}` | {} |\n", strategies.join(", "));
        assert!(document.contains(&row), "{row}");
    }
}

#[test]
fn the_first_success_ends_the_list_and_a_failure_goes_on() {
    let (mut recoveries, rules) = (Recoveries::default(), Recovery::default());
    assert_eq!(recoveries.begin(&rules, &event(HealthCheckFailed, 2), at(0)), None, "not yet");
    let first = recoveries.begin(&rules, &event(HealthCheckFailed, 3), at(0)).unwrap();
    assert_eq!(first.strategy, RemoveFromLoadBalancer);
    assert_eq!(
        recoveries.begin(&rules, &event(HealthCheckFailed, 4), at(0)),
        None,
        "one thing at a time"
    );
    let second = end(&mut recoveries, &rules, first.id, failed(), at(1)).unwrap();
    let third = end(&mut recoveries, &rules, second.id, failed(), at(2)).unwrap();
    assert_eq!((second.strategy, third.strategy), (Restart, Recreate));
    assert_eq!(end(&mut recoveries, &rules, third.id, Ok(()), at(5)), None);
    assert_eq!(end(&mut recoveries, &rules, third.id, Ok(()), at(5)), None, "reported twice");
    let list = recoveries.list(at(10));
    assert_eq!(
        list.iter().map(|action| action.ok).collect::<Vec<_>>(),
        [Some(false), Some(false), Some(true)]
    );
    assert_eq!(
        (list[2].began_ms_ago, list[2].took_ms, list[0].error.as_deref()),
        (8_000, 3_000, Some("no"))
    );
}

#[test]
fn limits_hold_even_if_every_attempt_fails() {
    let (mut recoveries, rules) = (Recoveries::default(), Recovery::default());
    let mut restarts = 0;
    for second in 0..299 {
        let mut step = recoveries.begin(&rules, &event(HealthCheckFailed, 3), at(second));
        while let Some(Step { id, strategy, .. }) = step {
            restarts += u32::from(strategy == Restart);
            step = end(&mut recoveries, &rules, id, failed(), at(second));
        }
    }
    assert_eq!(restarts, 3);
    assert_eq!(recoveries.list(at(299)).len(), 32);
    let mut recoveries = Recoveries::default();
    let mut reconnects = 0;
    for second in 0..299 {
        let mut step = recoveries.begin(&rules, &event(DnsFailed, 3), at(second));
        while let Some(Step { id, strategy, .. }) = step {
            let reconnects_now = strategy == RecoveryStrategy::Reconnect;
            reconnects += u32::from(reconnects_now);
            let result = if reconnects_now { Ok(()) } else { failed() };
            step = end(&mut recoveries, &rules, id, result, at(second));
        }
    }
    assert_eq!(reconnects, 3, "each one succeeds, and the failures go on");
}

#[test]
fn scaling_out_and_recreating_have_conditions() {
    let (mut recoveries, rules) =
        (Recoveries::default(), Recovery { after: 1, ..Recovery::default() });
    let first = recoveries.begin(&rules, &event(HighResponseTime, 1), at(0)).unwrap();
    assert_eq!(
        end(&mut recoveries, &rules, first.id, failed(), at(0)).unwrap().strategy,
        Restart,
        "scaling out waits for the second"
    );
    let (mut recoveries, rules) =
        (Recoveries::default(), Recovery { after: 1, restarts: 0, ..Recovery::default() });
    let first = recoveries.begin(&rules, &event(HealthCheckFailed, 9), at(0)).unwrap();
    assert_eq!(
        end(&mut recoveries, &rules, first.id, failed(), at(0)),
        None,
        "without a restart nothing is recreated"
    );
    assert_eq!(
        recoveries.begin(&rules, &event(ContainerStopped, 1), at(0)).unwrap().strategy,
        Recreate
    );
    let mut recoveries = Recoveries::default();
    let first = recoveries.begin(&rules, &event(HighResponseTime, 2), at(0)).unwrap();
    assert_eq!(end(&mut recoveries, &rules, first.id, failed(), at(1)).unwrap().strategy, ScaleOut);
}

#[test]
fn what_nobody_reports_has_failed_in_time() {
    let (mut recoveries, rules) = (Recoveries::default(), Recovery::default());
    let step = recoveries.begin(&rules, &event(ContainerStopped, 3), at(0)).unwrap();
    assert_eq!((recoveries.due(&rules), recoveries.overdue(&rules, at(59))), (Some(at(60)), None));
    assert_eq!(recoveries.overdue(&rules, at(60)), Some(step.id));
}

#[test]
fn every_kind_of_failure_has_something_that_can_be_done() {
    for kind in FailureEventKind::KEYWORDS {
        assert!(!recovery_strategies(*kind).is_empty());
    }
}
