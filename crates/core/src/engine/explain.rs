//! Why the engine thinks what it thinks of an endpoint: in words and numbers.

use super::Engine;
use crate::config::Name;
use crate::config::writer::records;
use crate::detector::Proof;
use crate::evidence::Weight;
use crate::health::Health;
use crate::time::Timestamp;
use std::fmt::Write;

/// The evidence by which an endpoint was found unhealthy.
#[derive(Clone, Debug)]
pub(super) struct Verdict {
    at: Timestamp,
    suspicion: Weight,
    proofs: Vec<Proof>,
}

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
        /// The suspicion against it at that time, or now if it has never been found unhealthy: a working endpoint would show as much once in
        /// 10ⁿ times.
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

impl Engine {
    /// Why the engine thinks what it thinks of an endpoint, which evidence led to its last verdict and what each piece weighed; of the active
    /// endpoint if no name is given, `None` for an unknown name.
    ///
    /// ```
    /// # #[cfg(feature = "url")] {
    /// use steadfast::{Config, Endpoint, Engine, Preset, Timestamp};
    /// let endpoint = Endpoint::new("only", "wss://a.example/".parse().unwrap(), "https://a.example/_ping".parse().unwrap());
    /// let engine = Engine::new(Config::new(Preset::Default, vec![endpoint]), 1, Timestamp::from_millis(0)).unwrap();
    /// assert_eq!(engine.explain(None).unwrap().text, "only is unknown: nothing speaks against it");
    /// # }
    /// ```
    pub fn explain(&self, endpoint: Option<&Name>) -> Option<Explanation> {
        let index = endpoint.map_or(Some(self.active), |name| self.index_of(name))?;
        let tracked = &self.endpoints[index];
        let detector = &tracked.condition.detector;
        let verdict = tracked.verdict.as_deref();
        let (suspicion, proofs) = verdict.map_or((detector.suspicion(), detector.proofs()), |verdict| (verdict.suspicion, &verdict.proofs));
        let ago = |at: Timestamp| (self.now - at).get();
        let decades = |weight: Weight| f64::from(weight.0) / 100.0;
        let mut text = format!("{} is {}", tracked.endpoint.name, tracked.condition.health());
        if let Some(verdict) = verdict {
            // Writing to a String cannot fail.
            let _ = write!(text, "; {} s ago it was found unhealthy", ago(verdict.at) / 1_000);
        }
        let mut evidence = Vec::new();
        if proofs.is_empty() {
            text.push_str(": nothing speaks against it");
        } else {
            let _ = write!(text, ": suspicion {suspicion} of {}, from", detector.level());
            for Proof { at, evidence: what, weight } in proofs {
                let what = what.to_string();
                let _ = write!(text, "{} {what} ({weight})", if evidence.is_empty() { "" } else { "," });
                evidence.push(WeighedEvidence { ms_ago: ago(*at), what, weight: decades(*weight) });
            }
        }
        Some(Explanation {
            endpoint: tracked.name(),
            health: tracked.condition.health(),
            unhealthy_ms_ago: verdict.map(|verdict| ago(verdict.at)),
            suspicion: decades(suspicion),
            level: decades(detector.level()),
            evidence,
            text,
        })
    }

    /// Keeps the evidence if it has just sufficed.
    pub(super) fn note_verdict(&mut self, index: usize) {
        let tracked = &mut self.endpoints[index];
        let detector = &tracked.condition.detector;
        if detector.is_down() && tracked.condition.since() == self.now && tracked.condition.health() == Health::Unhealthy {
            tracked.verdict = Some(Box::new(Verdict { at: self.now, suspicion: detector.suspicion(), proofs: detector.proofs().to_vec() }));
            self.open_circuit(index);
        }
    }
}
