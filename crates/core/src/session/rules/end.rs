//! How a connection ends, and what that means for the socket that it carried.

use crate::base::time::Millis;
use crate::health::Health;

/// Close codes after which another attempt would meet the same, by default: what the HTTP statuses
/// 401 and 403 are as close codes, by custom.
pub const STOP_CODES: &[u16] = &[4401, 4403];

/// What the end of a connection is reported with that is the app's own doing, as where a function of
/// its own fails: a code of applications, which blames no server.
pub const BY_APP: u16 = 4000;

/// Whether a socket stops for good after this end of a connection, instead of attempting again what
/// would be refused again: `code` is the close code, `status` the HTTP status by which the server
/// refused the upgrade, each if there was one.
pub fn is_final(code: Option<u16>, status: Option<u16>, stop_codes: &[u16]) -> bool {
    matches!(status, Some(401 | 403)) || code.is_some_and(|code| stop_codes.contains(&code))
}

/// How long a connection may go on delivering what its server had sent, once another one carries
/// the socket and before that one delivers anything: until it has closed, and no longer than this.
///
/// From a server that is taken for unhealthy and of which nothing has been `heard` for a second,
/// nothing more is waited for: the app waits already.
pub fn drain_limit(health: Health, heard: Option<Millis>) -> Millis {
    /// How long a close may take.
    const CLOSE_WITHIN: Millis = Millis::from_secs(2);
    /// What was heard of no longer ago than this is alive.
    const LATELY: Millis = Millis::from_secs(1);
    let is_alive = heard.is_some_and(|ago| ago <= LATELY);
    if health == Health::Unhealthy && !is_alive { Millis::ZERO } else { CLOSE_WITHIN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_we_are_is_not_asked_again() {
        for (code, status, expected) in [
            (Some(4401), None, true),
            (Some(4403), None, true),
            (None, Some(401), true),
            (None, Some(403), true),
            (Some(4000), None, false),
            (Some(1008), None, false),
            (None, Some(503), false),
            (None, None, false),
        ] {
            assert_eq!(is_final(code, status, STOP_CODES), expected, "{code:?} {status:?}");
        }
        assert!(is_final(Some(4000), None, &[4000]));
        assert!(!is_final(Some(4401), None, &[]));
    }

    #[test]
    fn only_a_server_that_hangs_is_not_waited_for() {
        let ago = |millis| Some(Millis::new(millis));
        assert_eq!(drain_limit(Health::Unhealthy, None), Millis::ZERO);
        assert_eq!(drain_limit(Health::Unhealthy, ago(1_001)), Millis::ZERO);
        assert!(drain_limit(Health::Unhealthy, ago(1_000)) > Millis::ZERO, "it talks");
        assert!(drain_limit(Health::Maintenance, None) > Millis::ZERO, "it is alive");
        assert!(drain_limit(Health::Healthy, ago(60_000)) > Millis::ZERO);
    }
}
