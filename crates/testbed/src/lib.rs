//! Real endpoints that misbehave on command: what the demo shows, what every end-to-end test runs
//! against, and where trouble is reproduced.
//!
//! Each endpoint serves `/_ping` (health) and `/live` (a WebSocket that greets with the endpoint's
//! name and echoes). A control server on an address of its own sets their faults, because an
//! endpoint that hangs cannot be told to stop hanging.

mod control;
mod endpoint;
mod fault;

pub use endpoint::Served;
pub use fault::Fault;

use std::net::SocketAddr;
use std::sync::Arc;

/// Endpoints under one control.
#[derive(Clone, Debug)]
pub struct Testbed {
    endpoints: Arc<[Served]>,
}

impl Testbed {
    /// Serves an endpoint at each address; port 0 takes a free one. They are served until the
    /// runtime ends.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    pub fn start(endpoints: &[(String, SocketAddr)]) -> anyhow::Result<Self> {
        let mut served = Vec::new();
        for (name, address) in endpoints {
            served.push(Served::start(name.clone(), *address)?);
        }
        Ok(Self { endpoints: served.into() })
    }

    /// The endpoints.
    pub fn endpoints(&self) -> &[Served] {
        &self.endpoints
    }

    /// The endpoint of that name.
    pub fn endpoint(&self, name: &str) -> Option<&Served> {
        self.endpoints.iter().find(|endpoint| endpoint.name() == name)
    }

    /// Serves the control until the runtime ends; returns where.
    pub async fn control(&self, address: SocketAddr) -> anyhow::Result<SocketAddr> {
        control::serve(self.clone(), address).await
    }
}
