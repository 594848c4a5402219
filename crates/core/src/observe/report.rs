//! What the endpoints have been like over a time: for the operator, and for those who ask how good
//! they are.

use crate::base::keyword::{Keyword, keywords};
use crate::config::Name;
use crate::config::writer::records;
use crate::observe::history::{Slot, Sum};
use crate::protocol::outcome::FailureKind;

records! {
    /// What the endpoints have been like over a time.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Report {
        /// The time that was asked for; what is older than the config's `history` is not known.
        pub period_ms: u32,
        /// How often the app was moved in that time from one endpoint to another.
        pub switches: u32,
        /// Each endpoint, in the order of the config.
        pub endpoints: Vec<EndpointReport>,
    }
}

records! {
    /// What one endpoint has been like.
    #[derive(Clone, Debug, PartialEq)]
    pub struct EndpointReport {
        /// Its name.
        pub endpoint: Name,
        /// Percentage of the known time in which it could be used; none if nothing is known.
        /// Announced maintenance and time in which our own network was down are not counted.
        pub uptime_percent: Option<f64>,
        /// Checks that ended.
        pub checks: u32,
        /// Of them, those that failed.
        pub failed: u32,
        /// Mean time that checks took that passed, in milliseconds.
        pub average_ms: Option<u32>,
        /// The time that half of them did not exceed, to a tenth or 2 ms.
        pub p50_ms: Option<u32>,
        /// The time that 95 % of them did not exceed, to a tenth or 2 ms.
        pub p95_ms: Option<u32>,
        /// The time that 99 % of them did not exceed, to a tenth or 2 ms.
        pub p99_ms: Option<u32>,
        /// Failed checks by class; those that did not occur are left out.
        pub errors: Vec<ErrorCount>,
        /// How long it was the active endpoint, in milliseconds.
        pub active_ms: u32,
        /// How long it was down, in milliseconds.
        pub down_ms: u32,
        /// Its uptime in percent for each twenty-fourth of the config's `history`, oldest first, as
        /// far as the period reaches; none where nothing is known. For a sparkline.
        pub uptime_over_time: Vec<Option<f64>>,
        /// The same for the mean time that checks took, in milliseconds.
        pub latency_over_time: Vec<Option<u32>>,
    }
}

records! {
    /// How many checks failed in one way.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ErrorCount {
        /// In which way.
        pub class: ErrorClass,
        /// How many.
        pub count: u32,
    }
}

keywords! {
    /// The classes of errors that metrics know.
    pub enum ErrorClass {
        /// No answer in time.
        Timeout = "timeout",
        /// Refused, reset or unreachable.
        Connection = "connection",
        /// The name was not found.
        Dns = "dns",
        /// The TLS handshake failed.
        Ssl = "ssl",
        /// An answer, but not the right one.
        Http = "http",
        /// Anything else.
        Unknown = "unknown",
    }
}

impl ErrorClass {
    pub(crate) const fn of(kind: FailureKind) -> Self {
        match kind {
            FailureKind::Timeout => Self::Timeout,
            FailureKind::Refused | FailureKind::Unreachable | FailureKind::Reset => {
                Self::Connection
            }
            FailureKind::Dns => Self::Dns,
            FailureKind::Tls => Self::Ssl,
            FailureKind::Status
            | FailureKind::Body
            | FailureKind::Reported
            | FailureKind::Redirect => Self::Http,
            FailureKind::Cors | FailureKind::MixedContent | FailureKind::Unexpected => {
                Self::Unknown
            }
        }
    }
}

impl Slot {
    fn uptime(&self) -> Option<f64> {
        let [up, down] = [Sum::Up, Sum::Down].map(|sum| f64::from(self[sum]));
        (up + down > 0.0).then(|| 100.0 * up / (up + down))
    }

    fn average(&self) -> Option<u32> {
        self[Sum::Took].checked_div(self[Sum::Passed])
    }
}

impl EndpointReport {
    /// What these slots, one after the other, and their `sum` say of the endpoint.
    pub(crate) fn new(endpoint: Name, sum: &Slot, slots: &[Slot]) -> Self {
        let mut errors = Vec::new();
        for (&class, &count) in ErrorClass::KEYWORDS.iter().zip(sum.errors()) {
            if count > 0 {
                errors.push(ErrorCount { class, count: count.into() });
            }
        }
        let (mut uptime_over_time, mut latency_over_time) = (Vec::new(), Vec::new());
        for slot in slots {
            uptime_over_time.push(slot.uptime());
            latency_over_time.push(slot.average());
        }
        Self {
            endpoint,
            uptime_percent: sum.uptime(),
            checks: sum[Sum::Passed] + sum.failed(),
            failed: sum.failed(),
            average_ms: sum.average(),
            p50_ms: sum.quantile(500),
            p95_ms: sum.quantile(950),
            p99_ms: sum.quantile(990),
            errors,
            active_ms: sum[Sum::Active],
            down_ms: sum[Sum::Down],
            uptime_over_time,
            latency_over_time,
        }
    }
}
