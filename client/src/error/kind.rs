//! What can happen, and how it is said.

use std::fmt;

use http::StatusCode;

use crate::error::escape::Escaped;

/// What happened. More kinds may come: match with a wildcard arm.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client cannot be built like this. Every problem that was found is named.
    Config(Vec<ConfigProblem>),
    /// The request cannot be sent like this, for instance because of its path. Nothing was sent.
    Request(String),
    /// The source of keys failed; see [`source`](std::error::Error::source) for why. Nothing was
    /// sent with the key that was asked for.
    KeySource,
    /// The service refused the key: status 401. Never retried with the same key.
    Unauthorized(UnauthorizedCode),
    /// The service, or a proxy before it, answered with another status that is not a success.
    Status(StatusCode),
    /// The service answered with a redirect (3xx). It was not followed, so the key went nowhere
    /// else.
    #[non_exhaustive]
    Redirect {
        /// The status.
        status: StatusCode,
        /// The host that the redirect names, if it names one.
        host: Option<String>,
    },
    /// No connection could be made: the name did not resolve, the port refused, nobody answered.
    Connect,
    /// No TLS connection could be made: the certificate is not trusted, expired or another host's,
    /// or there is no protocol in common. Never retried, since it would fail again.
    Tls,
    /// The connection broke after the request was under way.
    Connection,
    /// A time limit ran out.
    Timeout(TimeLimit),
    /// The answer is not what HTTP and the API allow, for instance an HTML page with status 200.
    Protocol(String),
    /// The body of a good answer could not be read as what was asked for.
    Decode(DecodeProblem),
    /// An element of a list that is streamed could not be read as what was asked for. The others
    /// still come.
    Element(DecodeProblem),
    /// The body, after decompression, is larger than the client's limit.
    #[non_exhaustive]
    BodyTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
}

/// A problem with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigProblem {
    /// The setting: a builder method or an environment variable.
    pub setting: &'static str,
    /// What is wrong with it and what is expected. Never holds the key.
    pub problem: String,
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
    /// The body has no code that can be read; the answer may come from a proxy.
    Unspecified,
}

/// Which time limit ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TimeLimit {
    /// The deadline of the whole call.
    Deadline,
    /// The limit of one attempt.
    Attempt,
}

/// What is wrong with a body, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeProblem {
    /// The JSON path, such as `data[17].connections[0].wabaId`; `.` is the whole document.
    pub path: String,
    /// What is wrong. Values of the body are left out.
    pub problem: String,
}

impl ErrorKind {
    /// Whether the same request may succeed later with nothing changed.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Connect | Self::Connection | Self::Timeout(_) => true,
            Self::Status(status) => {
                matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504)
            }
            _ => false,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(problems) => {
                f.write_str("the client's configuration is wrong: ")?;
                for (index, problem) in problems.iter().enumerate() {
                    let separator = if index == 0 { "" } else { "; " };
                    write!(
                        f,
                        "{separator}{}: {:.1000}",
                        problem.setting,
                        Escaped(&problem.problem)
                    )?;
                }
                Ok(())
            }
            Self::Request(problem) => write!(f, "the request was not sent: {:.1000}", Escaped(problem)),
            Self::KeySource => f.write_str("the source of API keys failed; see its own error below"),
            Self::Unauthorized(code) => write!(
                f,
                "the service refused the key (401 {code}); {}",
                code.advice()
            ),
            Self::Status(status) => write!(
                f,
                "the service answered {status}; {}",
                status_advice(*status)
            ),
            Self::Redirect { status, host } => {
                write!(
                    f,
                    "the service answered {} with a redirect",
                    status.as_u16()
                )?;
                if let Some(host) = host {
                    write!(f, " to {}", Escaped(host))?;
                }
                f.write_str(", which was not followed, so that the key stays here; set the base URL to where the API is")
            }
            Self::Connect => f.write_str("no connection to the service; check the base URL and the network"),
            Self::Tls => {
                f.write_str("no TLS connection to the service; check the base URL and the certificate that stands there")
            }
            Self::Connection => f.write_str("the connection broke before the answer was whole; call again later"),
            Self::Timeout(TimeLimit::Deadline) => {
                f.write_str("the call's deadline ran out; call again later, or allow more time")
            }
            Self::Timeout(TimeLimit::Attempt) => {
                f.write_str("the service kept silent for too long; call again later, or allow more with attempt_timeout()")
            }
            Self::Protocol(problem) => {
                write!(
                    f,
                    "the answer is not one of the API: {}; does the base URL name the right host?",
                    Escaped(problem)
                )
            }
            Self::Decode(problem) => write!(
                f,
                "the answer does not have the documented shape: at {problem}; update this crate, or report it"
            ),
            Self::Element(problem) => write!(
                f,
                "an element of the list does not have the documented shape: at {problem}; the others still come"
            ),
            Self::BodyTooLarge { limit } => {
                write!(
                    f,
                    "the body is larger than {limit} bytes; raise max_body_bytes() if that is expected"
                )
            }
        }
    }
}

impl fmt::Display for DecodeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Escaped(&self.path), Escaped(&self.problem))
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
            Self::MissingBearerToken => {
                "a proxy on the way may have removed the Authorization header"
            }
            Self::InvalidToken => {
                "it is unknown or revoked, or the partner is inactive: check it in the dashboard"
            }
            Self::Other(_) => "see the dashboard for the key's state",
            Self::Unspecified => "the answer may come from a proxy before the service",
        }
    }
}

fn status_advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "the key may not do this",
        404 => "check the base URL: the API may be elsewhere",
        429 => "it asks to slow down",
        500..=599 => "the fault is on the service's side or in a proxy before it",
        _ => "see the body for what it says",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_says_what_happened_and_what_to_do() {
        let problem = DecodeProblem { path: "a".into(), problem: "b".into() };
        for (kind, advice) in [
            (ErrorKind::Request("the path is empty; name one".into()), "name one"),
            (ErrorKind::KeySource, "see its own error"),
            (ErrorKind::Unauthorized(UnauthorizedCode::InvalidToken), "check it in the dashboard"),
            (ErrorKind::Unauthorized(UnauthorizedCode::Unspecified), "a proxy before the service"),
            (ErrorKind::Status(StatusCode::FORBIDDEN), "may not do this"),
            (ErrorKind::Status(StatusCode::IM_A_TEAPOT), "see the body"),
            (ErrorKind::Redirect { status: StatusCode::FOUND, host: None }, "set the base URL"),
            (ErrorKind::Connect, "check the base URL"),
            (ErrorKind::Tls, "the certificate"),
            (ErrorKind::Connection, "call again later"),
            (ErrorKind::Timeout(TimeLimit::Deadline), "allow more time"),
            (ErrorKind::Timeout(TimeLimit::Attempt), "attempt_timeout()"),
            (ErrorKind::Protocol("it is not HTTP".into()), "does the base URL name the right host"),
            (ErrorKind::Decode(problem.clone()), "update this crate"),
            (ErrorKind::Element(problem), "the others still come"),
            (ErrorKind::BodyTooLarge { limit: 1 }, "raise max_body_bytes()"),
        ] {
            assert!(kind.to_string().contains(advice), "{kind}");
        }
    }
}
