//! Tells failures apart by their types, never by their texts.

use std::error::Error;
use std::io::{self, ErrorKind};
use steadfast::FailureKind;

/// The host's name was not found. Given by our resolver, so that it can be told from other errors
/// by its type.
#[derive(Debug, thiserror::Error)]
#[error("host name not found: {0}")]
pub(crate) struct NameNotFound(pub(crate) io::Error);

/// What went wrong, from the first cause in the chain that has a type we know.
pub(crate) fn kind_of(error: &(dyn Error + 'static)) -> FailureKind {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error.is::<NameNotFound>() {
            return FailureKind::Dns;
        }
        if error.is::<rustls::Error>() {
            return FailureKind::Tls;
        }
        if error
            .downcast_ref::<hyper::Error>()
            .is_some_and(|error| error.is_incomplete_message() || error.is_canceled())
        {
            return FailureKind::Reset;
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            if let Some(kind) = kind_of_io(io.kind()) {
                return kind;
            }
            // An io::Error wraps others without calling them its source.
            if let Some(inner) = io.get_ref() {
                return kind_of(inner);
            }
        }
        cause = error.source();
    }
    FailureKind::Unexpected
}

fn kind_of_io(kind: ErrorKind) -> Option<FailureKind> {
    Some(match kind {
        ErrorKind::ConnectionRefused => FailureKind::Refused,
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => FailureKind::Reset,
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => FailureKind::Unreachable,
        ErrorKind::TimedOut => FailureKind::Timeout,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_type_decides_however_deep_it_stands() {
        let wrapped = io::Error::other(io::Error::other(rustls::Error::DecryptError));
        assert_eq!(kind_of(&wrapped), FailureKind::Tls);
        assert_eq!(kind_of(&io::Error::from(ErrorKind::ConnectionRefused)), FailureKind::Refused);
        assert_eq!(
            kind_of(&io::Error::from(ErrorKind::NetworkUnreachable)),
            FailureKind::Unreachable
        );
        assert_eq!(
            kind_of(&io::Error::other("dns tls refused")),
            FailureKind::Unexpected,
            "texts mean nothing"
        );
    }
}
