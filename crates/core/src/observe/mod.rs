//! Those that watch: they read events, own what they make of them, and influence nothing.

pub(crate) mod explain;
#[cfg(feature = "recovery")]
pub(crate) mod failures;
#[cfg(feature = "reports")]
pub(crate) mod history;
#[cfg(feature = "reports")]
mod observers;
#[cfg(feature = "reports")]
pub(crate) mod report;

#[cfg(feature = "reports")]
pub(crate) use observers::Observers;
