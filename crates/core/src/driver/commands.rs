//! What the app says of single endpoints.

use super::Link;
use crate::config::Name;
use crate::protocol::input::{Command, Input};

impl Link {
    /// Says that an endpoint is not to be used for a while; an unknown name changes nothing.
    pub fn begin_maintenance(&self, endpoint: Name) {
        self.send(Input::Command(Command::BeginMaintenance(endpoint)));
    }

    /// Says that an endpoint may be used again; an unknown name changes nothing.
    pub fn end_maintenance(&self, endpoint: Name) {
        self.send(Input::Command(Command::EndMaintenance(endpoint)));
    }

    /// Lets an endpoint's circuit breaker refuse every request; an unknown name changes nothing.
    #[cfg(feature = "breaker")]
    pub fn isolate(&self, endpoint: Name) {
        self.send(Input::Command(Command::Isolate(endpoint)));
    }

    /// Lets the breaker of an isolated endpoint begin anew; an unknown name changes nothing.
    #[cfg(feature = "breaker")]
    pub fn release(&self, endpoint: Name) {
        self.send(Input::Command(Command::Release(endpoint)));
    }
}
