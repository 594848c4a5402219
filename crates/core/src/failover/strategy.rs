//! Strategies: which endpoint is the active one. Each is a type; the failover asks, it decides.

use super::view::EndpointView;
use crate::base::time::Millis;
use crate::config;

/// By how much another endpoint must be faster, beside a fifth, before the app moves there.
const FASTER_BY: Millis = Millis::new(50);

/// A way to choose the active endpoint.
pub(crate) trait Strategy: Sync {
    /// What follows from evidence against the active endpoint.
    fn response(&self) -> Response {
        Response::Investigate
    }

    /// Whether announcements of servers and the app's own traffic count.
    fn heeds_servers(&self) -> bool {
        true
    }

    /// Whether the app leaves an endpoint that works for one of a better rank.
    fn fails_back(&self) -> bool {
        true
    }

    /// Whether the place in the list decides among equals.
    fn goes_by_place(&self) -> bool {
        true
    }

    /// What decides among endpoints of one rank: smaller is better.
    fn tie_break(&self, _: &EndpointView) -> u32 {
        0
    }

    /// Whether the app leaves the active endpoint for another one that answers faster.
    fn is_faster(&self, _ours: &EndpointView, _theirs: &EndpointView) -> bool {
        false
    }
}

/// What follows from evidence against the active endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Response {
    /// The standbys are checked while evidence is gathered, and the best fresh one is taken.
    Investigate,
    /// At the threshold the next in the list is checked, once.
    TryNext,
}

struct Priority;
struct Latency;
struct Weighted;
struct Sticky;
struct Cyclic;

impl Strategy for Priority {}

impl Strategy for Latency {
    fn goes_by_place(&self) -> bool {
        false
    }

    fn tie_break(&self, endpoint: &EndpointView) -> u32 {
        endpoint.rtt.map_or(u32::MAX, Millis::get)
    }

    fn is_faster(&self, ours: &EndpointView, theirs: &EndpointView) -> bool {
        let (Some(our_rtt), Some(their_rtt)) = (ours.rtt, theirs.rtt) else { return false };
        // The difference must be more than what both estimates are uncertain by.
        let theirs_at_worst = their_rtt.get() + theirs.deviation.get();
        let ours_at_best = our_rtt.get().saturating_sub(ours.deviation.get());
        their_rtt <= our_rtt.scaled(4, 5)
            && their_rtt.get() + FASTER_BY.get() <= our_rtt.get()
            && theirs_at_worst <= ours_at_best
    }
}

/// The rank holds the draw.
impl Strategy for Weighted {}

impl Strategy for Sticky {
    fn fails_back(&self) -> bool {
        false
    }
}

impl Strategy for Cyclic {
    fn response(&self) -> Response {
        Response::TryNext
    }

    fn heeds_servers(&self) -> bool {
        false
    }

    fn fails_back(&self) -> bool {
        false
    }
}

/// The strategy of this name.
pub(crate) fn strategy(name: config::Strategy) -> &'static dyn Strategy {
    match name {
        config::Strategy::Priority => &Priority,
        config::Strategy::Latency => &Latency,
        config::Strategy::Weighted => &Weighted,
        config::Strategy::Sticky => &Sticky,
        config::Strategy::Cyclic => &Cyclic,
    }
}
