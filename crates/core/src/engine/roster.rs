//! How a new list of endpoints relates to the one before.

use crate::config::Endpoint;
use std::sync::Arc;

/// Where an endpoint of a new list stood in the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The place of the endpoint of the same name.
    pub(crate) before: Option<usize>,
    /// It is the same host: what was learnt of it stays.
    pub(crate) same_host: bool,
    /// It is checked as before, to the last header.
    pub(crate) same_check: bool,
}

/// Tells for each endpoint of a new list where it stood in the one before.
pub(crate) fn origins(before: &[Arc<Endpoint>], after: &[Endpoint]) -> Vec<Origin> {
    let mut origins = Vec::new();
    for endpoint in after {
        let place = before.iter().position(|known| known.name == endpoint.name);
        let known = place.map(|place| &before[place]);
        origins.push(Origin {
            before: place,
            same_host: known.is_some_and(|known| is_same_host(known, endpoint)),
            same_check: known.is_some_and(|known| known.health == endpoint.health),
        });
    }
    origins
}

/// Whether two endpoints are checked and connected to at the same place. What a URL's text leaves
/// out does not matter, nor what a check sends: a new token in a query or in a header makes no
/// other host.
fn is_same_host(one: &Endpoint, other: &Endpoint) -> bool {
    let (check, mut sends) = (one.check(), other.check().clone());
    sends.headers.clone_from(&check.headers);
    sends.body.clone_from(&check.body);
    *check == sends
        && one.connect.to_string() == other.connect.to_string()
        && health_url(one) == health_url(other)
}

fn health_url(endpoint: &Endpoint) -> Option<String> {
    endpoint.health.as_ref().map(|health| health.url.to_string())
}

/// Arranges what a machine knows of the endpoints as the new list wants it.
pub(crate) fn rearrange<T>(
    known: &mut Vec<T>,
    origins: &[Origin],
    mut new: impl FnMut(usize) -> T,
) {
    let mut before = Vec::new();
    before.extend(std::mem::take(known).into_iter().map(Some));
    for (index, origin) in origins.iter().enumerate() {
        let kept = origin.before.and_then(|place| before[place].take());
        known.push(kept.unwrap_or_else(|| new(index)));
    }
}

/// Arranges what is known of the endpoints' hosts. Of another host under a known name, nothing is
/// known.
pub(crate) fn rearrange_hosts<T: Default>(known: &mut Vec<T>, origins: &[Origin]) {
    rearrange(known, origins, |_| T::default());
    for (known, origin) in known.iter_mut().zip(origins) {
        if !origin.same_host {
            *known = T::default();
        }
    }
}
