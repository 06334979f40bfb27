//! Classifies the failures of an HTTP service: the kind of error, its reason, and whether the
//! service could have acted on the request.

use std::error::Error as StdError;
use std::io;

use hyper_util::client::legacy;

use super::tls;
use crate::error::{AttemptError, BoxError, ErrorKind, RequestOutcome, Unprocessed};

/// A failure of the default service.
#[derive(Debug, thiserror::Error)]
pub(super) enum SendError {
    /// Nothing was sent, and nothing would be by another attempt.
    #[error("{0}")]
    NotSent(BoxError),
    #[error("{cause}")]
    Failed { cause: BoxError, proxy_peer: Option<String> },
}

/// The error of an attempt that got no response.
pub(crate) fn send_error(cause: BoxError) -> AttemptError {
    let (cause, proxy_peer) = match cause.downcast::<SendError>().map(|error| *error) {
        Ok(SendError::NotSent(cause)) => {
            let kind = ErrorKind::Request(cause.to_string());
            return AttemptError::new(kind, RequestOutcome::NotSent);
        }
        Ok(SendError::Failed { cause, proxy_peer }) => (cause, proxy_peer),
        Err(cause) => (cause, None),
    };
    let summary = CauseSummary::of(cause.as_ref());
    let is_tls = summary.tls.is_some();
    let (kind, outcome) = match &summary {
        CauseSummary { tunnel_refused: true, .. } => (ErrorKind::Proxy, RequestOutcome::NotSent),
        CauseSummary { tls: Some(Handshake::Failed), .. } => {
            (ErrorKind::Tls, RequestOutcome::NotSent)
        }
        CauseSummary { tls: Some(Handshake::Unknown), .. } => {
            (ErrorKind::Tls, RequestOutcome::Unknown)
        }
        CauseSummary { connecting: true, .. } => (ErrorKind::Connect, RequestOutcome::NotSent),
        CauseSummary { unprocessed: Some(_), .. } => {
            (ErrorKind::Interrupted, RequestOutcome::NotSent)
        }
        CauseSummary { protocol: Some(problem), .. } => {
            (ErrorKind::Protocol((*problem).to_owned()), RequestOutcome::Unknown)
        }
        _ => (ErrorKind::Interrupted, RequestOutcome::Unknown),
    };
    let peer = proxy_peer.filter(|_| summary.tunnel_refused || (summary.connecting && !is_tls));
    let unprocessed = summary.unprocessed.filter(|_| kind == ErrorKind::Interrupted);
    let error = AttemptError::new(kind, outcome).with_source(cause);
    AttemptError { unprocessed, ..error.with_text(peer, summary.reason) }
}

/// The error of a response whose body broke off.
pub(crate) fn body_error(cause: BoxError) -> AttemptError {
    let summary = CauseSummary::of(cause.as_ref());
    let kind = if summary.invalid_data {
        ErrorKind::Protocol(
            "the body does not match the framing or compression in its headers".into(),
        )
    } else {
        ErrorKind::Interrupted
    };
    let error = AttemptError::new(kind, RequestOutcome::Responded).with_source(cause);
    error.with_text(None, summary.reason)
}

/// An error and its sources, in one line.
pub(super) fn chain(error: &(dyn StdError + 'static)) -> String {
    sources(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The summary of an error and its sources.
#[derive(Debug, Default)]
struct CauseSummary {
    /// No connection was made.
    connecting: bool,
    tls: Option<Handshake>,
    /// The proxy responded to `CONNECT` with an error.
    tunnel_refused: bool,
    unprocessed: Option<Unprocessed>,
    invalid_data: bool,
    /// The problem with the head of the response.
    protocol: Option<&'static str>,
    /// The reason of the first cause that is specific.
    reason: Option<String>,
}

/// The progress of a TLS handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handshake {
    /// It failed, so the server did not accept the request.
    Failed,
    Unknown,
}

impl CauseSummary {
    fn of(cause: &(dyn StdError + 'static)) -> Self {
        let mut summary = Self::default();
        for cause in sources(cause) {
            summary.add_connect_error(cause);
            if let Some(error) = cause.downcast_ref::<hyper::Error>() {
                summary.add_hyper_error(error);
            }
            #[cfg(feature = "http2")]
            if let Some(error) = cause.downcast_ref::<h2::Error>() {
                summary.add_h2_error(error);
            }
            #[cfg(feature = "gzip")]
            {
                summary.invalid_data |= cause.is::<flate2::DecompressError>();
            }
            if let Some(reason) = tls::handshake_error(cause) {
                summary.tls = Some(Handshake::Failed);
                summary.set_reason(reason);
            }
            if let Some(error) = cause.downcast_ref::<io::Error>() {
                summary.add_io_error(error);
            }
        }
        // hyper-util gave up this connection, because another one was upgraded to HTTP/2 or ended
        // before it was used: the request never reached hyper.
        let reached_hyper = sources(cause).any(<dyn StdError>::is::<hyper::Error>);
        if !reached_hyper && sources(cause).any(<dyn StdError>::is::<legacy::Error>) {
            summary.unprocessed = Some(Unprocessed::ConnectionEnded);
        }
        if summary.connecting && summary.reason.is_none() {
            summary.reason = sources(cause).last().map(ToString::to_string);
        }
        // TLS reports what is wrong with a certificate or a handshake as invalid data.
        if summary.connecting && summary.invalid_data {
            summary.tls = Some(Handshake::Failed);
        }
        summary
    }

    fn add_connect_error(&mut self, cause: &(dyn StdError + 'static)) {
        let error = cause.downcast_ref::<legacy::Error>();
        self.connecting |=
            error.is_some_and(|error| error.is_connect() && !is_checkout_error(error));
        let is_timeout = cause.downcast_ref().is_some_and(reqwest::Error::is_timeout);
        if is_timeout {
            self.set_reason("no response within the connect timeout");
        }
        // These types of hyper-util are private, so they are known by their text.
        match cause.to_string().as_str() {
            "dns error" => self.set_reason("the host name does not resolve"),
            "tunnel error: proxy authorization required" => {
                self.tunnel_refused = true;
                self.set_reason(
                    "it requires authentication (407), so its URL needs a user and a password",
                );
            }
            "tunnel error: unsuccessful" => {
                self.tunnel_refused = true;
                self.set_reason("its response to CONNECT was an error, such as 403 or 502");
            }
            _ => {}
        }
    }

    fn add_hyper_error(&mut self, error: &hyper::Error) {
        // hyper: "the message was never even started".
        if error.is_canceled() {
            self.unprocessed = Some(Unprocessed::Refused);
        }
        // hyper has `is_parse_too_large` for servers only.
        if error.is_parse() && error.to_string().starts_with("message head is too large") {
            self.protocol = Some(
                "the response head has more than 100 header fields or is larger than 400 KiB, the limits of \
                 this client",
            );
        } else if error.is_parse() {
            self.protocol = Some("not HTTP");
        } else if error.is_incomplete_message() {
            self.set_reason("closed before the response was complete");
        } else if error.is_timeout() {
            self.set_reason("the server did not respond to an HTTP/2 ping");
        }
    }

    /// RFC 9113, sections 6.8 and 8.7.
    #[cfg(feature = "http2")]
    fn add_h2_error(&mut self, error: &h2::Error) {
        let reason = error.reason();
        let is_refused = error.is_reset() && reason == Some(h2::Reason::REFUSED_STREAM);
        let is_orderly_end = error.is_go_away() && reason == Some(h2::Reason::NO_ERROR);
        if error.is_remote() && is_refused {
            self.unprocessed = Some(Unprocessed::Refused);
        } else if error.is_remote() && is_orderly_end {
            self.unprocessed = Some(Unprocessed::ConnectionEnded);
        }
        if error.is_library() && error.is_reset() && reason == Some(h2::Reason::PROTOCOL_ERROR) {
            self.protocol = Some(
                "it violates the HTTP/2 protocol, or its header fields are larger than 16 KiB, the \
                 limit of this client",
            );
        }
        match error.get_io() {
            Some(error) => self.add_io_error(error),
            None if error.is_go_away() => self.set_reason(format!(
                "the server closed it ({})",
                reason.map_or_else(String::new, |reason| format!("{reason:?}"))
            )),
            None => self.set_reason(format!(
                "the HTTP/2 stream was reset ({})",
                reason.map_or_else(String::new, |reason| format!("{reason:?}"))
            )),
        }
    }

    fn add_io_error(&mut self, error: &io::Error) {
        self.connecting |= error.kind() == io::ErrorKind::ConnectionRefused;
        self.invalid_data |=
            matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput);
        if let Some(alert) = tls::alert(error) {
            let failed = alert.rejects_certificate || self.connecting;
            self.tls = Some(if failed { Handshake::Failed } else { Handshake::Unknown });
            self.set_reason(alert.reason);
        } else if error.kind() == io::ErrorKind::UnexpectedEof {
            self.set_reason("closed before the response was complete");
        } else if error.raw_os_error().is_some() {
            self.set_reason(error.kind().to_string());
        }
    }

    fn set_reason(&mut self, reason: impl Into<String>) {
        self.reason.get_or_insert_with(|| reason.into());
    }
}

/// Returns true if a request waited for a connection that another one made, and that connection
/// ended first. hyper-util calls it a failure to connect.
fn is_checkout_error(error: &legacy::Error) -> bool {
    // The type of its source is private, so it is known by its text.
    let source = error.source().map(ToString::to_string);
    matches!(source.as_deref(), Some("checked out connection was closed" | "request was canceled"))
}

fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| source_of(*error))
}

/// `io::Error` leaves the error that it wraps out of its sources.
fn source_of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as _),
        None => error.source(),
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use bytes::Bytes;
    use http_body_util::Empty;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use tokio::net::TcpStream;

    use super::*;

    #[test]
    fn a_refused_connection_is_known_in_any_service() {
        let error = send_error(io::Error::from(io::ErrorKind::ConnectionRefused).into());
        assert_eq!((error.kind, error.outcome), (ErrorKind::Connect, RequestOutcome::NotSent));
    }

    #[test]
    fn a_connection_that_breaks_may_have_delivered_the_request() {
        let cause = io::Error::other(io::Error::from(io::ErrorKind::ConnectionReset));
        let error = send_error(cause.into());
        assert_eq!((error.kind, error.outcome), (ErrorKind::Interrupted, RequestOutcome::Unknown));
        assert_eq!(error.unprocessed, None);
    }

    /// The error of hyper-util for a connection that could not be made for this reason.
    async fn connect_error(reason: &'static str) -> BoxError {
        let connector = tower::service_fn(move |_: http::Uri| {
            ready(Err::<TokioIo<TcpStream>, _>(io::Error::other(reason)))
        });
        let client: legacy::Client<_, Empty<Bytes>> =
            legacy::Client::builder(TokioExecutor::new()).build(connector);
        client.get(http::Uri::from_static("http://127.0.0.1/")).await.unwrap_err().into()
    }

    #[tokio::test]
    async fn a_connection_that_ended_before_it_was_used_is_not_a_failure_to_connect() {
        for reason in ["checked out connection was closed", "request was canceled"] {
            let error = send_error(connect_error(reason).await);
            let outcome = (error.kind, error.outcome);
            assert_eq!(outcome, (ErrorKind::Interrupted, RequestOutcome::NotSent));
            assert_eq!(error.unprocessed, Some(Unprocessed::ConnectionEnded));
            // The same text from an HTTP service of the user means nothing.
            let error = send_error(io::Error::other(reason).into());
            assert_eq!((error.outcome, error.unprocessed), (RequestOutcome::Unknown, None));
        }
        let error = send_error(connect_error("no route").await);
        assert_eq!((error.kind, error.unprocessed), (ErrorKind::Connect, None));
    }

    #[cfg(feature = "http2")]
    #[test]
    fn an_h2_error_of_this_side_does_not_say_what_the_server_did() {
        let error = send_error(h2::Error::from(h2::Reason::REFUSED_STREAM).into());
        assert_eq!(error.outcome, RequestOutcome::Unknown);
    }

    #[test]
    fn a_truncated_body_is_distinguished_from_an_invalid_one() {
        let broken = body_error(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        assert_eq!(broken.kind, ErrorKind::Interrupted);
        let garbage = body_error(io::Error::from(io::ErrorKind::InvalidInput).into());
        assert!(matches!(garbage.kind, ErrorKind::Protocol(_)));
    }
}
