//! The list of endpoints.

use super::read::Read;
use super::reader::{Reader, Setting};
use super::writer::Write;
use super::{Check, Endpoint, Value};

/// The endpoints of a config.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Endpoints(pub(crate) Vec<Endpoint>);

/// Maximum number of endpoints.
pub const MAX_ENDPOINTS: usize = 64;

impl Setting for Endpoints {
    fn overlay(&mut self, value: &Value, reader: &mut Reader) {
        let Value::List(items) = value else {
            return reader.expected("a list of endpoints", value);
        };
        check_count(items.len(), reader);
        self.0.clear();
        let mut names = Vec::new();
        // What follows the 64th is only counted: a list from the network may be of any length.
        for (index, item) in items.iter().take(MAX_ENDPOINTS).enumerate() {
            // Checked here and not later: the place in the list is known here even if another
            // endpoint cannot be read.
            if let Some(mut endpoint) = reader.item(index, |reader| Endpoint::read(item, reader)) {
                reader.item(index, |reader| endpoint.validate(&names, reader));
                names.push((index, endpoint.name.clone()));
                self.0.push(endpoint);
            }
        }
    }
}

impl Write for Endpoints {
    fn write(&self) -> Value {
        self.0.write()
    }
}

impl Endpoints {
    /// The tree that [`Config::read_endpoints`](crate::Config::read_endpoints) reads as these endpoints.
    pub fn to_value(&self) -> Value {
        self.write()
    }

    pub(super) fn check_all(&mut self, reader: &mut Reader) {
        check_count(self.0.len(), reader);
        let mut names = Vec::new();
        for (index, endpoint) in self.0.iter_mut().enumerate() {
            reader.item(index, |reader| endpoint.validate(&names, reader));
            names.push((index, endpoint.name.clone()));
        }
    }

    /// Writes `check` into the health checks that do not say how they ask.
    pub(super) fn spell_out(&mut self, check: &Check) {
        for health in self.0.iter_mut().filter_map(|endpoint| endpoint.health.as_mut()) {
            health.spell_out(check);
        }
    }
}

fn check_count(count: usize, reader: &mut Reader) {
    if count == 0 || count > MAX_ENDPOINTS {
        reader.problem(COUNT_ALLOWED);
    }
}

const COUNT_ALLOWED: &str = "allowed: 1 to 64 endpoints";
