//! What the app says.

use super::Link;
use crate::config::{Endpoint, Name, Problems};
use crate::protocol::input::{Command, Input};

impl Link {
    /// Ranks this endpoint first from now on; `None` takes that back.
    pub fn prefer(&self, name: Option<Name>) {
        self.send(Input::Command(Command::Prefer(name)));
    }

    /// Replaces the endpoints, or reports everything that is wrong with them.
    pub fn set_endpoints(&self, endpoints: Vec<Endpoint>) -> Result<(), Problems> {
        let endpoints = self.lock().engine.config().validate_endpoints(endpoints)?;
        self.send(Input::Command(Command::SetEndpoints(endpoints)));
        Ok(())
    }

    /// Replaces the open connection of each socket by another one to the same endpoint, for apps
    /// with a heartbeat of their own.
    pub fn reconnect(&self) {
        self.send(Input::Command(Command::Reconnect(None)));
    }

    /// Reports that a request of the app's own succeeded that no permit was asked for.
    pub fn report_success(&self, endpoint: Name) {
        self.send(Input::Traffic { endpoint, ok: true });
    }

    /// Reports that such a request failed, which is evidence against the endpoint.
    pub fn report_failure(&self, endpoint: Name) {
        self.send(Input::Traffic { endpoint, ok: false });
    }

    /// Ends the driving: checks are cancelled, connections closed, and nothing follows.
    pub fn stop(&self) {
        self.send(Input::Command(Command::Stop));
    }

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
