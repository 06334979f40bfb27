//! The kinds of errors, and the text of each.

use std::fmt;

use http::StatusCode;

use crate::error::escape::Escaped;

/// What went wrong. More kinds may be added: match with a wildcard arm.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The configuration of the client is invalid. Every invalid setting is named.
    Config(Vec<InvalidSetting>),
    /// The request is invalid, for instance its path. Nothing was sent.
    Request(String),
    /// The API key provider failed or timed out; [`source`](std::error::Error::source) is its
    /// error. Nothing was sent with the key that was requested.
    Credentials,
    /// The service rejected the key (401). Never retried with the same key.
    Unauthorized(UnauthorizedCode),
    /// The service, or a proxy in front of it, responded with another status that is not a success.
    Status(StatusCode),
    /// The server redirected (3xx). Redirects are not followed, so the key was sent nowhere else.
    #[non_exhaustive]
    Redirect {
        /// The status.
        status: StatusCode,
        /// The host of the redirect's target, if it has one.
        host: Option<String>,
    },
    /// No connection could be made: the name did not resolve, the port refused, or the server did
    /// not respond within the connect timeout.
    Connect,
    /// The configured proxy refused to open a tunnel to the service. Never retried.
    Proxy,
    /// The TLS handshake failed: the certificate is not trusted, expired or of another host, the
    /// server requires a client certificate, or there is no common protocol. Never retried.
    Tls,
    /// The connection was interrupted after the request was sent.
    Interrupted,
    /// A timeout ended the attempt or the call.
    Timeout(TimeLimit),
    /// The response is not one of the API, for instance an HTML page with status 200.
    Protocol(String),
    /// The body of a successful response could not be decoded.
    Decode(DecodeError),
    /// An item of a streamed list could not be decoded. Later items are still delivered.
    ListItem(DecodeError),
    /// The response holds a part of the list only: it announces more pages, which this version of
    /// the crate cannot read. Read them with custom requests, as
    /// [`guide::long_lists`](crate::guide::long_lists) shows.
    #[non_exhaustive]
    IncompleteList {
        /// The field of the response that announces more, such as `meta.nextCursor`, or the header
        /// `Link`.
        field: String,
    },
    /// The body, after decompression, is larger than the client's limit.
    #[non_exhaustive]
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

/// An invalid setting of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidSetting {
    /// The setting: a builder method or an environment variable.
    pub setting: &'static str,
    /// What is wrong with it and what is expected. Never holds the key.
    pub message: String,
}

/// The code in the body of a 401. Source: the reference, "Errors".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnauthorizedCode {
    /// `missing_bearer_token`: the service saw no `Authorization` header. A proxy may have removed
    /// it, since this client always sends one.
    MissingBearerToken,
    /// `invalid_token`: the key is unknown or revoked, or the partner is inactive.
    InvalidToken,
    /// A code that the reference does not name, as the service wrote it.
    Other(String),
    /// The body has no readable code; the response may come from a proxy.
    Unspecified,
}

/// Which timeout ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeLimit {
    /// The timeout of the whole call: its deadline has passed.
    Deadline,
    /// The timeout of one attempt.
    Attempt,
}

/// Where a body could not be decoded, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The JSON path, such as `data[17].connections[0].wabaId`; `.` is the whole document.
    pub path: String,
    /// What is wrong. Never holds a value of the body.
    pub message: String,
}

impl ErrorKind {
    /// Returns true if the same request may succeed later with nothing changed.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Connect | Self::Interrupted | Self::Timeout(_) => true,
            Self::Status(status) => {
                matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
            }
            _ => false,
        }
    }

    /// Writes what failed, where, and what to do. A call that is not repeatable may have been
    /// processed.
    pub(crate) fn describe(
        &self,
        peer: Option<&str>,
        reason: Option<&str>,
        is_repeatable: bool,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        let peer = Escaped(peer.unwrap_or("the server"));
        let because = reason.map_or_else(String::new, |reason| format!(": {}", Escaped(reason)));
        let repeat = if is_repeatable {
            "retry later"
        } else {
            "check whether the request was processed before you repeat it"
        };
        match self {
            Self::Config(settings) => {
                f.write_str("invalid client configuration: ")?;
                for (index, InvalidSetting { setting, message }) in settings.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(f, "{separator}{setting}: {:.1000}", Escaped(message))?;
                }
                Ok(())
            }
            Self::Request(message) => {
                write!(f, "the request was not sent: {:.1000}", Escaped(message))
            }
            Self::Credentials => {
                write!(f, "the API key provider failed{because}; see the source of this error")
            }
            Self::Unauthorized(code) => {
                write!(f, "the service rejected the API key (401 {code}); {}", code.advice())
            }
            Self::Status(status) => {
                write!(f, "the service responded with {status}; {}", status_advice(*status))?;
                if self.is_transient() { write!(f, "; {repeat}") } else { Ok(()) }
            }
            Self::Redirect { status, host } => {
                f.write_str("the server redirected")?;
                if let Some(host) = host {
                    write!(f, " to {}", Escaped(host))?;
                }
                write!(
                    f,
                    " ({}); redirects are not followed, because the API key would be sent there: \
                     set the base URL to the final address",
                    status.as_u16()
                )
            }
            Self::Connect => write!(
                f,
                "could not connect to {peer}{because}; check the base URL and the network"
            ),
            Self::Proxy => write!(
                f,
                "{peer} refused to open a tunnel{because}; check the proxy setting, or use no_proxy()"
            ),
            Self::Tls => write!(
                f,
                "TLS handshake with {peer} failed{because}; check the base URL and the certificates"
            ),
            Self::Interrupted => {
                write!(f, "the connection to {peer} was interrupted{because}; {repeat}")
            }
            Self::Timeout(limit) => {
                let after = reason.map_or_else(String::new, |after| format!(" after {after}"));
                let (what, setting) = match limit {
                    TimeLimit::Deadline => ("the call", "timeout()"),
                    TimeLimit::Attempt => ("the attempt", "attempt_timeout()"),
                };
                write!(
                    f,
                    "{what} timed out{after} waiting for {peer}; {repeat}, or raise {setting}"
                )
            }
            Self::Protocol(message) => write!(
                f,
                "unexpected response from {peer}: {}; check that the base URL points at the API",
                Escaped(message)
            ),
            Self::Decode(error) => write!(
                f,
                "the response does not have the documented schema: {error}; update this crate or \
                 report it"
            ),
            Self::ListItem(error) => {
                write!(f, "invalid list item at {error} (later items are still delivered)")
            }
            Self::IncompleteList { field } => write!(
                f,
                "the list is incomplete: `{}` in the response announces more pages, which this \
                 method does not read; request them one by one with \
                 client.get(path).query(name, value).send()",
                Escaped(field)
            ),
            Self::BodyTooLarge { limit } => write!(
                f,
                "the response body is larger than {limit} bytes; raise max_response_bytes() if \
                 that is expected"
            ),
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.describe(None, None, true, f)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", Escaped(&self.path), Escaped(&self.message))
    }
}

impl fmt::Display for UnauthorizedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingBearerToken => f.write_str("missing_bearer_token"),
            Self::InvalidToken => f.write_str("invalid_token"),
            Self::Other(code) => write!(f, "{}", Escaped(code)),
            Self::Unspecified => f.write_str("without a code"),
        }
    }
}

impl UnauthorizedCode {
    fn advice(&self) -> &'static str {
        match self {
            Self::MissingBearerToken => "a proxy may have removed the Authorization header",
            Self::InvalidToken => {
                "it is unknown or revoked, or the partner is inactive: check it in the dashboard"
            }
            Self::Other(_) => "check the key in the dashboard",
            Self::Unspecified => "the response may come from a proxy in front of the service",
        }
    }
}

fn status_advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "the key does not allow this request",
        404 => "check the path and the base URL",
        429 => "it asks the client to slow down",
        500..=599 => "the service or a proxy in front of it has a problem",
        _ => "see Error::body() for details",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_what_failed_and_what_to_do() {
        let error = DecodeError { path: "a".into(), message: "b".into() };
        for (kind, advice) in [
            (ErrorKind::Request("the path is empty; name one".into()), "name one"),
            (ErrorKind::Credentials, "see the source"),
            (ErrorKind::Unauthorized(UnauthorizedCode::InvalidToken), "check it in the dashboard"),
            (ErrorKind::Unauthorized(UnauthorizedCode::Unspecified), "a proxy in front of"),
            (ErrorKind::Status(StatusCode::FORBIDDEN), "does not allow"),
            (ErrorKind::Status(StatusCode::IM_A_TEAPOT), "Error::body()"),
            (ErrorKind::Redirect { status: StatusCode::FOUND, host: None }, "set the base URL"),
            (ErrorKind::Connect, "check the base URL"),
            (ErrorKind::Proxy, "check the proxy setting"),
            (ErrorKind::Tls, "the certificates"),
            (ErrorKind::Interrupted, "retry later"),
            (ErrorKind::Timeout(TimeLimit::Deadline), "raise timeout()"),
            (ErrorKind::Timeout(TimeLimit::Attempt), "raise attempt_timeout()"),
            (ErrorKind::Protocol("it is not HTTP".into()), "check that the base URL"),
            (ErrorKind::Decode(error.clone()), "update this crate"),
            (ErrorKind::ListItem(error), "later items are still delivered"),
            (ErrorKind::IncompleteList { field: "next".into() }, "request them one by one"),
            (ErrorKind::BodyTooLarge { limit: 1 }, "raise max_response_bytes()"),
        ] {
            assert!(kind.to_string().contains(advice), "{kind}");
        }
    }
}
