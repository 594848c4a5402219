//! A deterministic world for the engine: endpoints that fail on schedule, networks that go and
//! come, in time that costs nothing.
//!
//! A [`Scenario`] is a file: a config, what happens in the world, and what the engine should make
//! of it.
//!
//! ```
//! let scenario = steadfast_sim::Scenario::from_json(r#"{
//!     "config": { "endpoints": [
//!         { "name": "a", "connect": "ws://a/", "health": "http://a/" },
//!         { "name": "b", "connect": "ws://b/", "health": "http://b/" }
//!     ] },
//!     "duration": "1m",
//!     "world": [ { "at": "30s", "endpoint": "a", "health": "refused" } ],
//!     "expect": [ { "event": "switched", "from": "a", "to": "b" } ]
//! }"#).unwrap();
//! let script = scenario.script().unwrap();
//! assert_eq!(scenario.differences(&script), None);
//! ```

mod access;
mod base;
mod command;
mod entry;
mod expect;
mod pattern;
mod patterns;
mod scenario;
mod script;
mod simulation;
mod world;
pub mod worlds;

pub use access::{Access, Bursty};
pub use command::AppCommand;
pub use entry::{
    Answers, Connections, Device, Entry, FailsAfter, Fault, Happening, Health, NetworkState, Socket,
};
pub use patterns::{ColdStart, Cuts, Latency, TwoModes};
pub use scenario::{Invalid, Line, Scenario};
pub use script::Script;
pub use simulation::{Observer, Open, Simulation};
pub use world::World;
