//! What a WebSocket close code says about the server.

/// Whether a close code says that the server is going away for a while: going away, service
/// restart, try again later.
pub(crate) fn announces_maintenance(code: Option<u16>) -> bool {
    matches!(code, Some(1001 | 1012 | 1013))
}

/// Whether a close code speaks against the server's health. Application codes (4xxx), normal
/// closing, and complaints about the client do not.
pub(crate) fn blames_server(code: Option<u16>) -> bool {
    // RFC 6455, section 7.4.1, and the IANA registry of close codes: going away, abnormal, internal
    // error, restart, try later, bad gateway, TLS.
    matches!(code, None | Some(1001 | 1006 | 1011..=1015))
}

/// Whether a close code is about the client or of the application: one that ends each connection at
/// once says nothing of whether the server can be connected to.
pub(crate) fn is_about_client(code: Option<u16>) -> bool {
    // Protocol error, unsupported data, invalid payload, policy, too big, missing extension.
    matches!(code, Some(1002 | 1003 | 1007..=1010 | 3000..=4999))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_apps_own_close_codes_blame_nobody() {
        for code in [1000, 1002, 1005, 1008, 3000, 4000, 4999] {
            assert!(!blames_server(Some(code)), "{code}");
        }
        for code in [1002, 1003, 1007, 1008, 1009, 1010, 3000, 4999] {
            assert!(is_about_client(Some(code)), "{code}");
        }
        for code in [0, 1000, 1001, 1004, 1005, 1006, 1011, 1015, 2999, 5000] {
            assert!(!is_about_client(Some(code)), "{code}");
        }
        for code in [None, Some(1001), Some(1006), Some(1012), Some(1013)] {
            assert!(blames_server(code), "{code:?}");
        }
    }
}
