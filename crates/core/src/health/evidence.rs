//! What speaks against an endpoint, and how much: in decades, that is, as the power of ten by which
//! it is rare of a healthy one.

use crate::protocol::outcome::FailureKind;
use std::fmt;

/// How rare something is of a healthy endpoint, in hundredths of a decade: 300 is once in 10³.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Weight(pub(crate) u16);

impl Weight {
    pub(crate) const ZERO: Self = Self(0);

    pub(crate) const fn decades(decades: u16) -> Self {
        Self(decades * 100)
    }

    /// Of something with this chance.
    pub(crate) fn of_chance(per_million: u32) -> Self {
        Self((600 - log10(per_million.clamp(1, 1_000_000))) as u16)
    }

    /// As much more, at most `most`.
    pub(crate) fn plus(self, more: Self, most: Self) -> Self {
        Self(self.0.saturating_add(more.0).min(most.0))
    }

    pub(crate) const fn minus(self, less: Self) -> Self {
        Self(self.0.saturating_sub(less.0))
    }
}

impl fmt::Display for Weight {
    /// In decades, to one place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0 + 5) / 10;
        write!(f, "{}.{}", tenths / 10, tenths % 10)
    }
}

/// A hundred times the decimal logarithm, rounded.
pub(crate) fn log10(x: u32) -> u32 {
    // 100 · log10(2) / 2¹⁰, rounded to the nearest.
    ((u64::from(log2(x)) * 30_103 + 512_000) / 1_024_000) as u32
}

/// 1,024 times the binary logarithm, the same on every platform: libraries' floating-point
/// logarithms differ in the last bit, and a decision must not.
pub(crate) fn log2(x: u32) -> u32 {
    let whole = x.max(1).ilog2();
    // The rest is found bit by bit: squaring a number doubles its logarithm. It lies in [1, 2) and
    // is held in 31 bits.
    let mut rest = u64::from(x.max(1)) << (31 - whole);
    let mut log2 = whole;
    for _ in 0..10 {
        rest = (rest * rest) >> 31;
        log2 *= 2;
        if rest >> 32 != 0 {
            rest >>= 1;
            log2 += 1;
        }
    }
    log2
}

/// A piece of evidence against an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evidence {
    /// A check failed, with this HTTP status if there was one.
    Check(FailureKind, Option<u16>),
    /// The app's connection was closed, with this code if there was one.
    Closed(Option<u16>),
    /// A connection on which something used to arrive fell silent.
    Silent,
    /// The app says that a request of its own failed.
    Reported,
    /// So many of the app's requests failed that its circuit breaker opened.
    #[cfg(feature = "breaker")]
    BreakerOpened,
}

impl Evidence {
    /// How rare it is of a healthy endpoint; `None` for a timeout, of which each endpoint's own
    /// history tells.
    ///
    /// The figures are orders of magnitude. A server that works refuses connections, breaks them
    /// off or answers 5xx about once in 10³ times, mostly while it or the proxy before it restarts;
    /// its certificate is ten times less likely to be wrong for a moment. Sockets break off for
    /// reasons of the network's own about once in a hundred times that they are looked at.
    pub(crate) const fn weight(self) -> Option<Weight> {
        Some(Weight::decades(match self {
            Self::Check(FailureKind::Timeout, _) => return None,
            Self::Check(FailureKind::Tls, _) => 4,
            // The server works and has had enough of us; or it has nothing to say.
            Self::Check(FailureKind::Status, Some(429)) | Self::Silent => 1,
            Self::Check(FailureKind::Unreachable, _)
            | Self::Closed(None | Some(1006))
            | Self::Reported => 2,
            Self::Check(..) | Self::Closed(_) => 3,
            #[cfg(feature = "breaker")]
            Self::BreakerOpened => 3,
        }))
    }
}

impl Evidence {
    /// Whether it is an answer that a working endpoint gives now and then; how often is learnt.
    pub(crate) const fn is_error(self) -> bool {
        matches!(
            self,
            Self::Check(
                FailureKind::Status
                    | FailureKind::Body
                    | FailureKind::Reported
                    | FailureKind::Redirect
                    | FailureKind::Refused
                    | FailureKind::Reset,
                _
            )
        )
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Check(FailureKind::Status, Some(status)) => write!(f, "status {status}"),
            Self::Check(kind, _) => kind.fmt(f),
            Self::Closed(Some(code)) => write!(f, "socket closed with {code}"),
            Self::Closed(None) => f.write_str("socket broke off"),
            Self::Silent => f.write_str("socket fell silent"),
            Self::Reported => f.write_str("the app's own request failed"),
            #[cfg(feature = "breaker")]
            Self::BreakerOpened => f.write_str("circuit breaker opened"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_are_right_to_a_hundredth() {
        for x in (1..20_000).chain([99_999, 123_456, 1_000_000, u32::MAX]) {
            let exact = 100.0 * f64::from(x).log10();
            assert!((f64::from(log10(x)) - exact).abs() < 1.0, "{x}: {} {exact}", log10(x));
        }
        assert_eq!([1, 10, 100, 1_000_000].map(log10), [0, 100, 200, 600]);
    }

    #[test]
    fn rarer_weighs_more() {
        assert_eq!(Weight::of_chance(1_000), Weight::decades(3));
        assert_eq!(Weight::of_chance(1_000_000), Weight::ZERO);
        assert_eq!(Weight::of_chance(0), Weight::decades(6));
        assert_eq!(Weight(784).to_string(), "7.8");
        assert_eq!(Weight(796).to_string(), "8.0");
    }
}
