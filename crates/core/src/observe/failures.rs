//! Failure events: what is wrong with an endpoint, how often and since when, in the terms of those
//! who run it.

use crate::base::keyword::keywords;
use crate::base::sliding::Sliding;
use crate::base::time::{Millis, Timestamp};
use crate::config::Name;
use crate::config::settings::settings;
use crate::config::writer::records;
use crate::protocol::outcome::FailureKind;

settings! {
    /// When a failure is an event of its own.
    pub struct FailureEvents of preset {
        /// Whether there are such events at all.
        enabled: bool = false, Orchestrator: true;
        /// A check that passes but takes longer than this is a failure, too.
        response_time: Millis = Millis::from_secs(5), "1ms" ..= "10m";
        /// Percentage of failed checks within `window` above which the endpoint's error rate is
        /// high.
        error_rate_percent: u32 = 5, "1" ..= "100";
        /// Checks in the window below which a rate means nothing.
        minimum: u32 = 10, "1" ..= "10000";
        /// How far back is counted.
        window: Millis = Millis::from_secs(600), "1s" ..= "1d";
        /// Failures of one kind in a row that make it critical.
        critical_after: u32 = 5, "1" ..= "1000";
    }
}

keywords! {
    /// What is wrong. A client finds out only some of these; the others are for those who watch
    /// containers.
    pub enum FailureEventKind {
        /// A check was answered, but not as it should be.
        HealthCheckFailed = "healthCheckFailed",
        /// A check was not answered in time.
        HealthCheckTimeout = "healthCheckTimeout",
        /// A check could not be made, or broke off.
        HealthCheckError = "healthCheckError",
        /// A check passed, but slowly.
        HighResponseTime = "highResponseTime",
        /// Too many checks failed lately.
        HighErrorRate = "highErrorRate",
        /// Too much memory or processor time is used.
        HighResourceUsage = "highResourceUsage",
        /// The container does not run.
        ContainerStopped = "containerStopped",
        /// The container starts again and again.
        ContainerRestartLoop = "containerRestartLoop",
        /// The container was ended for want of memory.
        ContainerOutOfMemory = "containerOutOfMemory",
        /// There is no way to the host.
        NetworkUnreachable = "networkUnreachable",
        /// Nothing accepts connections.
        PortNotListening = "portNotListening",
        /// The host's name was not found.
        DnsFailed = "dnsFailed",
        /// The application did not start.
        ApplicationStartupFailed = "applicationStartupFailed",
        /// The application runs and does nothing.
        ApplicationDeadlock = "applicationDeadlock",
        /// The application uses ever more memory.
        ApplicationMemoryLeak = "applicationMemoryLeak",
    }
}

keywords! {
    /// How bad it is.
    pub enum Severity {
        /// Worth knowing.
        Low = "low",
        /// Users notice.
        Medium = "medium",
        /// Users cannot work.
        High = "high",
        /// Someone must act now.
        Critical = "critical",
    }
}

impl FailureEventKind {
    /// What a failed check is, by its typed cause and never by the words of an error.
    pub(crate) const fn of(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Status
            | FailureKind::Body
            | FailureKind::Reported
            | FailureKind::Redirect => Self::HealthCheckFailed,
            FailureKind::Timeout => Self::HealthCheckTimeout,
            FailureKind::Refused => Self::PortNotListening,
            FailureKind::Unreachable => Self::NetworkUnreachable,
            FailureKind::Dns => Self::DnsFailed,
            FailureKind::Tls
            | FailureKind::Reset
            | FailureKind::Cors
            | FailureKind::MixedContent
            | FailureKind::Unexpected => Self::HealthCheckError,
        }
    }

    /// How bad it is in itself.
    pub const fn severity(self) -> Severity {
        match self {
            Self::ContainerStopped | Self::ContainerOutOfMemory => Severity::Critical,
            Self::ContainerRestartLoop | Self::ApplicationStartupFailed => Severity::High,
            Self::HealthCheckTimeout | Self::HighResponseTime => Severity::Medium,
            _ => Severity::Low,
        }
    }

    /// Whether it is critical the first time.
    const fn is_critical(self) -> bool {
        matches!(self, Self::ApplicationStartupFailed)
            || matches!(self.severity(), Severity::Critical)
    }
}

records! {
    /// What is wrong with an endpoint.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct FailureEvent {
        /// Which endpoint.
        pub endpoint: Name,
        /// What is wrong.
        pub kind: FailureEventKind,
        /// How bad it is in itself.
        pub severity: Severity,
        /// Whether someone must act now: by its kind, or because it has happened so often in a row.
        pub critical: bool,
        /// In words.
        pub message: String,
        /// Times in a row, without a check between that passed.
        pub consecutive: u32,
        /// Times within the window.
        pub in_window: u32,
        /// How long ago it happened for the first time since the window was last free of it, in
        /// milliseconds.
        pub first_ms_ago: u32,
    }
}

/// The failures of one endpoint, kind by kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failures {
    kinds: Vec<Counted>,
    /// Checks, and those that failed.
    checks: Sliding<2>,
}

#[derive(Clone, Debug)]
struct Counted {
    kind: FailureEventKind,
    consecutive: u32,
    window: Sliding<1>,
    first: Timestamp,
}

impl Failures {
    /// What a check that has ended makes of the endpoint: nothing, or one or two kinds of failure.
    pub(crate) fn observe(
        &mut self,
        rules: &FailureEvents,
        endpoint: &Name,
        failure: Option<FailureKind>,
        latency: Millis,
        now: Timestamp,
    ) -> Vec<FailureEvent> {
        self.checks.add([true, failure.is_some()], rules.window, now);
        let [checks, failed] = self.checks.sums(rules.window, now);
        let mut found = Vec::new();
        if let Some(kind) = failure {
            found.push((FailureEventKind::of(kind), kind.advice().to_owned()));
        } else {
            // A check that passed ends every row of failures, whatever their kind.
            let slow = latency > rules.response_time;
            let ends = |counted: &&mut Counted| counted.kind != FailureEventKind::HighErrorRate;
            for counted in self.kinds.iter_mut().filter(ends) {
                if !(slow && counted.kind == FailureEventKind::HighResponseTime) {
                    counted.consecutive = 0;
                }
            }
            if slow {
                found.push((
                    FailureEventKind::HighResponseTime,
                    format!("the answer took {latency}, allowed: {}", rules.response_time),
                ));
            }
        }
        if checks >= rules.minimum && failed * 100 > rules.error_rate_percent * checks {
            if failure.is_some() {
                found.push((
                    FailureEventKind::HighErrorRate,
                    format!("{failed} of {checks} checks failed within {}", rules.window),
                ));
            }
        } else if let Some(counted) =
            self.kinds.iter_mut().find(|counted| counted.kind == FailureEventKind::HighErrorRate)
        {
            counted.consecutive = 0;
        }
        found
            .into_iter()
            .map(|(kind, message)| self.count(rules, endpoint, kind, message, now))
            .collect()
    }

    fn count(
        &mut self,
        rules: &FailureEvents,
        endpoint: &Name,
        kind: FailureEventKind,
        message: String,
        now: Timestamp,
    ) -> FailureEvent {
        let at = self.kinds.iter().position(|counted| counted.kind == kind).unwrap_or_else(|| {
            self.kinds.push(Counted {
                kind,
                consecutive: 0,
                window: Sliding::default(),
                first: now,
            });
            self.kinds.len() - 1
        });
        let counted = &mut self.kinds[at];
        if counted.window.sums(rules.window, now) == [0] {
            counted.first = now;
        }
        counted.window.add([true], rules.window, now);
        counted.consecutive = counted.consecutive.saturating_add(1);
        let [in_window] = counted.window.sums(rules.window, now);
        FailureEvent {
            endpoint: endpoint.clone(),
            kind,
            severity: kind.severity(),
            critical: kind.is_critical() || counted.consecutive >= rules.critical_after,
            message,
            consecutive: counted.consecutive,
            in_window,
            first_ms_ago: (now - counted.first).get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use FailureEventKind::{
        HealthCheckFailed, HealthCheckTimeout, HighErrorRate, HighResponseTime,
    };
    use FailureKind::{Status, Timeout};

    struct Test {
        failures: Failures,
        rules: FailureEvents,
        now: Timestamp,
    }

    impl Test {
        fn new() -> Self {
            let rules = FailureEvents { error_rate_percent: 100, ..FailureEvents::default() };
            Self { failures: Failures::default(), rules, now: Timestamp::from_millis(10_000_000) }
        }

        fn check(&mut self, failure: Option<FailureKind>, millis: u32) -> Vec<FailureEvent> {
            self.now = self.now + Millis::from_secs(10);
            self.failures.observe(&self.rules, &"a".into(), failure, Millis::new(millis), self.now)
        }

        fn kinds(
            &mut self,
            failure: Option<FailureKind>,
            millis: u32,
        ) -> Vec<(FailureEventKind, u32)> {
            self.check(failure, millis)
                .into_iter()
                .map(|event| (event.kind, event.consecutive))
                .collect()
        }
    }

    #[test]
    fn rows_are_counted_by_kind_and_end_with_a_success() {
        let mut test = Test::new();
        assert_eq!(test.kinds(Some(Status), 1), [(HealthCheckFailed, 1)]);
        assert_eq!(
            test.kinds(Some(Timeout), 5_001),
            [(HealthCheckTimeout, 1)],
            "a timeout is not slow as well"
        );
        assert_eq!(test.kinds(Some(Status), 1), [(HealthCheckFailed, 2)]);
        assert_eq!(test.kinds(None, 1), []);
        assert_eq!(test.kinds(Some(Status), 1), [(HealthCheckFailed, 1)]);
        let event = test.check(Some(Status), 1).remove(0);
        assert_eq!(
            (event.in_window, event.first_ms_ago, event.severity),
            (4, 50_000, Severity::Low)
        );
        test.now = test.now + Millis::from_secs(3_600);
        let event = test.check(Some(Status), 1).remove(0);
        assert_eq!(
            (event.in_window, event.first_ms_ago),
            (1, 0),
            "the others have left the window"
        );
    }

    #[test]
    fn five_in_a_row_are_critical_and_slowness_that_passes_is_told() {
        let mut test = Test::new();
        let critical: Vec<_> = (0..6).map(|_| test.check(Some(Timeout), 1)[0].critical).collect();
        assert_eq!(critical, [false, false, false, false, true, true]);
        assert_eq!(test.kinds(None, 5_001), [(HighResponseTime, 1)]);
        assert_eq!(test.kinds(None, 5_001), [(HighResponseTime, 2)]);
        assert_eq!(test.kinds(None, 5_000), []);
        assert_eq!(test.check(None, 6_000)[0].severity, Severity::Medium);
    }

    #[test]
    fn a_high_error_rate_is_told_once_there_are_enough_checks() {
        let mut test = Test::new();
        test.rules.error_rate_percent = 5;
        (0..8).for_each(|_| assert!(test.check(None, 1).is_empty()));
        assert_eq!(test.kinds(Some(Status), 1), [(HealthCheckFailed, 1)], "one of nine");
        assert_eq!(
            test.kinds(Some(Status), 1),
            [(HealthCheckFailed, 2), (HighErrorRate, 1)],
            "two of ten"
        );
    }

    #[test]
    fn an_error_rate_that_has_ended_is_counted_anew() {
        let mut test = Test::new();
        test.rules.error_rate_percent = 5;
        (0..9).for_each(|_| assert!(test.check(None, 1).is_empty()));
        assert_eq!(test.kinds(Some(Status), 1)[1], (HighErrorRate, 1));
        assert!(test.check(None, 1).is_empty());
        assert_eq!(test.kinds(Some(Status), 1)[1], (HighErrorRate, 2), "one success is no end");
        test.now = test.now + Millis::from_secs(3_600);
        (0..10).for_each(|_| assert!(test.check(None, 1).is_empty()));
        assert_eq!(test.kinds(Some(Status), 1)[1], (HighErrorRate, 1));
    }
}
