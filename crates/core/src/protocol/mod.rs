//! What crosses the boundary: inputs, effects, events, outcomes of checks, snapshots.

pub(crate) mod document;
pub(crate) mod effect;
pub(crate) mod event;
pub(crate) mod input;
pub(crate) mod message;
pub(crate) mod outcome;
pub(crate) mod snapshot;
