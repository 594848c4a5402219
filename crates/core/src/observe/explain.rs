//! Why the engine thinks what it thinks of an endpoint: in words and numbers.

use crate::base::time::Timestamp;
use crate::config::Name;
use crate::config::writer::records;
use crate::health::detector::Weighed;
use crate::health::evidence::Weight;
use crate::health::{EndpointHealth, Health};
use std::fmt::Write;

records! {
    /// Why the engine thinks what it thinks of an endpoint.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Explanation {
        /// Which endpoint.
        pub endpoint: Name,
        /// What is thought of it.
        pub health: Health,
        /// When it was last found unhealthy, in milliseconds before now.
        pub unhealthy_ms_ago: Option<u32>,
        /// The suspicion against it at that time, or now if it has never been found unhealthy: a
        /// working endpoint would show as much once in 10ⁿ times.
        pub suspicion: f64,
        /// The suspicion at which it is found unhealthy.
        pub level: f64,
        /// The last pieces of evidence, oldest first: at most 12.
        pub evidence: Vec<WeighedEvidence>,
        /// All of it in a sentence.
        pub text: String,
    }
}

records! {
    /// A piece of evidence and what it weighed.
    #[derive(Clone, Debug, PartialEq)]
    pub struct WeighedEvidence {
        /// How long ago, in milliseconds.
        pub ms_ago: u32,
        /// What happened.
        pub what: String,
        /// What it adds to the suspicion.
        pub weight: f64,
    }
}

impl Explanation {
    /// Puts an endpoint's health into words.
    pub(crate) fn new(endpoint: Name, health: &EndpointHealth, now: Timestamp) -> Self {
        let (detector, verdict) = (health.detector(), health.verdict());
        let past = verdict.filter(|_| !detector.suspects() || health.health() == Health::Unhealthy);
        let (suspicion, weighed) = past
            .map_or((detector.suspicion(), detector.evidence()), |it| (it.suspicion, &it.evidence));
        let ago = |at: Timestamp| (now - at).get();
        let decades = |weight: Weight| f64::from(weight.0) / 100.0;
        let mut text = format!("{endpoint} is {}", health.health());
        if let Some(verdict) = verdict {
            // Writing to a String cannot fail.
            let _ = write!(text, "; {} s ago it was found unhealthy", ago(verdict.at) / 1_000);
        }
        let mut evidence = Vec::new();
        if weighed.is_empty() {
            text.push_str(": nothing speaks against it");
        } else {
            let _ = write!(text, ": suspicion {suspicion} of {}, from", detector.level());
            for Weighed { at, evidence: what, weight } in weighed {
                let what = what.to_string();
                let comma = if evidence.is_empty() { "" } else { "," };
                let _ = write!(text, "{comma} {what} ({weight})");
                let (ms_ago, weight) = (ago(*at), decades(*weight));
                evidence.push(WeighedEvidence { ms_ago, what, weight });
            }
        }
        Self {
            endpoint,
            health: health.health(),
            unhealthy_ms_ago: verdict.map(|verdict| ago(verdict.at)),
            suspicion: decades(suspicion),
            level: decades(detector.level()),
            evidence,
            text,
        }
    }
}
