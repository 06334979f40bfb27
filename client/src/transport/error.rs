//! What it means when an HTTP service fails: which kind of error, and could the service have acted.

use std::error::Error as StdError;
use std::io;

use crate::error::{BoxError, ErrorKind, Fault, Outcome};

/// A failure of the default service, with what only it can know.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub(super) struct SendError {
    /// The request went out on a connection of the pool.
    pub(super) reused: bool,
    pub(super) cause: BoxError,
}

/// What it means that no answer came.
pub(crate) fn send_fault(cause: BoxError) -> Fault {
    let (reused, cause) = match cause.downcast::<SendError>() {
        Ok(known) => (known.reused, known.cause),
        Err(cause) => (false, cause),
    };
    let signs = Signs::of(cause.as_ref());
    let fault = if signs.connecting {
        // What TLS finds wrong with a certificate or a handshake is invalid data.
        let kind = if signs.invalid_data { ErrorKind::Tls } else { ErrorKind::Connect };
        Fault::new(kind, Outcome::NotSent)
    } else if signs.not_http {
        Fault::new(ErrorKind::Protocol("it is not HTTP".into()), Outcome::MaybeProcessed)
    } else {
        let broken = Fault::new(ErrorKind::Connection, Outcome::MaybeProcessed);
        Fault { stale_connection: reused && signs.ended, ..broken }
    };
    fault.caused_by(cause)
}

/// What it means that the body of an answer broke off.
pub(crate) fn body_fault(cause: BoxError) -> Fault {
    let kind = if Signs::of(cause.as_ref()).invalid_data {
        ErrorKind::Protocol("its body is not framed or compressed as its headers say".into())
    } else {
        ErrorKind::Connection
    };
    Fault::new(kind, Outcome::Answered).caused_by(cause)
}

/// An error and all below it, in one line.
pub(super) fn chain(error: &(dyn StdError + 'static)) -> String {
    sources(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// What the errors below one another tell.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each can be there beside any other")]
struct Signs {
    /// No connection was made.
    connecting: bool,
    /// The connection ended before the answer began. A stream of HTTP/2 that was reset is no such
    /// end: its connection lives.
    ended: bool,
    invalid_data: bool,
    not_http: bool,
}

impl Signs {
    fn of(cause: &(dyn StdError + 'static)) -> Self {
        let mut signs = Self::default();
        for cause in sources(cause) {
            if let Some(error) = cause.downcast_ref::<hyper::Error>() {
                signs.not_http |= error.is_parse();
                signs.ended |= error.is_incomplete_message() || error.is_closed();
            }
            signs.connecting |= cause
                .downcast_ref::<hyper_util::client::legacy::Error>()
                .is_some_and(hyper_util::client::legacy::Error::is_connect);
            #[cfg(feature = "gzip")]
            {
                signs.invalid_data |= cause.is::<flate2::DecompressError>();
            }
            #[cfg(feature = "native-tls")]
            {
                signs.invalid_data |= is_refusal_of_native_tls(cause);
            }
            if let Some(error) = cause.downcast_ref::<io::Error>() {
                signs.connecting |= error.kind() == io::ErrorKind::ConnectionRefused;
                signs.ended |= matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::BrokenPipe
                        | io::ErrorKind::UnexpectedEof
                );
                signs.invalid_data |= matches!(
                    error.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
                );
            }
        }
        signs
    }
}

/// Told from a connection that broke during the handshake, which has an `io::Error` below, or
/// OpenSSL's words for an early end.
#[cfg(feature = "native-tls")]
fn is_refusal_of_native_tls(cause: &(dyn StdError + 'static)) -> bool {
    cause.is::<native_tls::Error>()
        && !sources(cause).any(<dyn StdError>::is::<io::Error>)
        && !cause.to_string().to_ascii_lowercase().contains("unexpected eof")
}

pub(super) fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| below(*error))
}

/// `io::Error` leaves the error that it wraps out of its sources.
fn below<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as _),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_by(kind: io::ErrorKind) -> io::Error {
        io::Error::other(io::Error::new(kind, "inner"))
    }

    #[test]
    fn an_old_connection_that_ends_is_told_from_a_new_one() {
        for reused in [false, true] {
            let cause = refused_by(io::ErrorKind::ConnectionReset).into();
            let fault = send_fault(SendError { reused, cause }.into());
            assert_eq!(
                (fault.kind, fault.outcome),
                (ErrorKind::Connection, Outcome::MaybeProcessed)
            );
            assert_eq!(fault.stale_connection, reused);
        }
    }

    #[test]
    fn what_is_no_end_of_a_connection_is_not_taken_for_one() {
        let cause = io::Error::other("the stream was reset").into();
        assert!(!send_fault(SendError { reused: true, cause }.into()).stale_connection);
    }

    #[test]
    fn a_refused_connection_is_known_in_any_service() {
        let fault = send_fault(io::Error::from(io::ErrorKind::ConnectionRefused).into());
        assert_eq!((fault.kind, fault.outcome), (ErrorKind::Connect, Outcome::NotSent));
    }

    #[test]
    fn a_body_that_breaks_off_is_told_from_one_that_is_garbage() {
        let broken = body_fault(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        assert_eq!(broken.kind, ErrorKind::Connection);
        let garbage = body_fault(io::Error::from(io::ErrorKind::InvalidInput).into());
        assert!(matches!(garbage.kind, ErrorKind::Protocol(_)));
    }
}
