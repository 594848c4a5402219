//! The engine as a whole: its contract, and what must always hold. Behaviour over time stands in
//! `tests/scenarios`.

mod afterwards;
mod awaiting;
mod breaker;
mod calls;
mod contract;
mod cyclic;
mod economy;
mod hangs;
mod happening;
mod invariants;
mod lateness;
mod learning;
mod liveness;
#[cfg(feature = "json")]
mod memory;
mod permits;
#[cfg(feature = "recovery")]
mod recovery;
mod replacing;
mod requests;
mod restarting;
mod served;
mod several;
mod stranded;
mod world;

use super::*;
use crate::config::{Preset, ValidEndpoints};
use crate::{Answer, FailureKind, Outcome, SocketId};

/// The socket that the app holds.
const SOCKET: SocketId = SocketId(0);

fn endpoint(name: &str) -> Endpoint {
    let url = |scheme: &str| format!("{scheme}://{name}.example/").parse().unwrap();
    Endpoint::new(name, url("ws"), url("http"))
}

fn endpoints(count: usize) -> Vec<Endpoint> {
    (0..count).map(|index| endpoint(&format!("e{index}"))).collect()
}

fn valid(endpoints: Vec<Endpoint>) -> ValidEndpoints {
    Config::default().validate_endpoints(endpoints).unwrap()
}

fn engine(preset: Preset, count: usize) -> Engine {
    Engine::new(Config::new(preset, endpoints(count)).validate().unwrap(), 7, at(0))
}

fn drain(engine: &mut Engine) -> Vec<Effect> {
    std::iter::from_fn(|| engine.poll_effect()).collect()
}

fn answer(status: u16) -> Answer {
    Answer { status: Some(status), latency: Millis::new(5), ..Answer::default() }
}

fn passed() -> Outcome {
    Outcome::Answer(answer(200))
}

fn refused() -> Outcome {
    Outcome::Failure(FailureKind::Refused)
}

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}
