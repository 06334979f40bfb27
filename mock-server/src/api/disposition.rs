//! How the service handled a request. It travels in the extensions of the response, for the journal.

use std::fmt;

use axum::body::Body;
use axum::response::{IntoResponse, Response};

use super::error::ErrorBody;

/// Why a request got 401.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum AuthFailure {
    /// There is no Authorization header, or it is empty.
    #[error("no Authorization header")]
    NoHeader,
    /// The header has another scheme than `Bearer`.
    #[error("another scheme than Bearer")]
    OtherScheme,
    /// Nothing follows `Bearer`.
    #[error("no token after Bearer")]
    NoToken,
    /// There is more than one Authorization header.
    #[error("more than one Authorization header")]
    SeveralHeaders,
    /// What follows `Bearer` is no token by RFC 6750, section 2.1.
    #[error("not a bearer token by RFC 6750")]
    MalformedToken,
    /// No partner ever had this key.
    #[error("unknown key")]
    UnknownKey,
    /// The key was revoked.
    #[error("revoked key")]
    RevokedKey,
    /// The key is good, and its partner is not active.
    #[error("inactive partner")]
    InactivePartner,
}

impl AuthFailure {
    /// "`missing_bearer_token`: no Authorization header; `invalid_token`: unknown, revoked, or
    /// inactive partner" (reference, Errors). What belongs to which in between is our decision.
    fn error_body(self) -> ErrorBody {
        match self {
            Self::NoHeader | Self::OtherScheme | Self::NoToken => ErrorBody::MissingBearerToken,
            Self::SeveralHeaders
            | Self::MalformedToken
            | Self::UnknownKey
            | Self::RevokedKey
            | Self::InactivePartner => ErrorBody::InvalidToken,
        }
    }
}

/// How the service handled a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Disposition {
    /// The partner's own data was sent.
    Served,
    /// A stub responded.
    Stubbed,
    /// 401, by this rule.
    Unauthorized(AuthFailure),
    /// 404: the reference has no such path.
    UnknownPath,
    /// 405: the path exists, and the method is neither `GET` nor `HEAD`.
    WrongMethod,
    /// 413: a body for a stub that is larger than [`DEFAULT_MAX_REQUEST_BODY`](crate::DEFAULT_MAX_REQUEST_BODY).
    BodyTooLarge,
    /// 408: a body for a stub that was not complete within
    /// [`DEFAULT_BODY_READ_TIMEOUT`](crate::DEFAULT_BODY_READ_TIMEOUT).
    BodyTimedOut,
    /// 503: with this body, all bodies that were being read had more than
    /// [`MAX_BODIES_BYTES`](crate::MAX_BODIES_BYTES).
    TooManyBodies,
    /// 400: a body for a stub that is malformed. If the body broke off, the connection was closed.
    BadBody,
    /// 400: no Host header, two of them, or one that is invalid (RFC 9112, section 3.2).
    BadHost,
}

impl Disposition {
    pub(crate) const ALL: [Self; 17] = [
        Self::Served,
        Self::Stubbed,
        Self::Unauthorized(AuthFailure::NoHeader),
        Self::Unauthorized(AuthFailure::OtherScheme),
        Self::Unauthorized(AuthFailure::NoToken),
        Self::Unauthorized(AuthFailure::SeveralHeaders),
        Self::Unauthorized(AuthFailure::MalformedToken),
        Self::Unauthorized(AuthFailure::UnknownKey),
        Self::Unauthorized(AuthFailure::RevokedKey),
        Self::Unauthorized(AuthFailure::InactivePartner),
        Self::UnknownPath,
        Self::WrongMethod,
        Self::BodyTooLarge,
        Self::BodyTimedOut,
        Self::TooManyBodies,
        Self::BadBody,
        Self::BadHost,
    ];

    /// From the text that `Display` writes.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.to_string() == text)
    }
}

impl fmt::Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Served => f.write_str("served"),
            Self::Stubbed => f.write_str("stubbed"),
            Self::Unauthorized(failure) => failure.fmt(f),
            Self::UnknownPath => f.write_str("unknown path"),
            Self::WrongMethod => f.write_str("wrong method"),
            Self::BodyTooLarge => f.write_str("body too large"),
            Self::BodyTimedOut => f.write_str("body timed out"),
            Self::TooManyBodies => f.write_str("too many bodies"),
            Self::BadBody => f.write_str("bad body"),
            Self::BadHost => f.write_str("bad Host header"),
        }
    }
}

/// The response of a request that gets no data.
impl IntoResponse for Disposition {
    fn into_response(self) -> Response<Body> {
        let error = match self {
            Self::Unauthorized(failure) => failure.error_body(),
            Self::WrongMethod => ErrorBody::MethodNotAllowed,
            Self::BadHost | Self::BadBody => ErrorBody::BadRequest,
            Self::BodyTooLarge => ErrorBody::PayloadTooLarge,
            Self::BodyTimedOut => ErrorBody::RequestTimeout,
            Self::TooManyBodies => ErrorBody::TooManyBodies,
            Self::UnknownPath | Self::Served | Self::Stubbed => ErrorBody::NotFound,
        };
        let mut response = error.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
