//! From the Authorization header to a partner, or to the rule by which it is refused.
//!
//! The table of odd cases is in `docs/http-behaviour.md`; `tests/mock/authorization.rs` sends
//! each of its rows over a raw socket.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Extensions, HeaderMap, HeaderValue};

use super::disposition::{AuthFailure, Disposition};
use crate::state::keys::api_key;
use crate::state::store::{Issued, PartnerState, Store};

/// The partner of a request, as it was resolved from the head. It is in the extensions
/// of every request.
#[derive(Debug, Clone)]
pub(crate) struct ResolvedPartner {
    /// The partner whose key the request carries, even if the key was revoked.
    pub(crate) partner: Option<Arc<PartnerState>>,
    failure: Option<AuthFailure>,
}

impl ResolvedPartner {
    pub(crate) fn of(store: &Store, headers: &HeaderMap) -> Self {
        let issued = bearer_token(headers)
            .and_then(|token| store.find_key(token).ok_or(AuthFailure::UnknownKey));
        match issued {
            Err(failure) => Self { partner: None, failure: Some(failure) },
            Ok(Issued { partner, revoked, .. }) => {
                let is_inactive = !partner.is_active();
                let failure = revoked
                    .then_some(AuthFailure::RevokedKey)
                    .or(is_inactive.then_some(AuthFailure::InactivePartner));
                Self { partner: Some(partner), failure }
            }
        }
    }
}

/// The active partner whose key the request carries. A request without one gets the documented 401.
pub(crate) struct Partner(pub(crate) Arc<PartnerState>);

impl<S: Sync> FromRequestParts<S> for Partner {
    type Rejection = Disposition;

    async fn from_request_parts(head: &mut Parts, _: &S) -> Result<Self, Disposition> {
        Self::of(&head.extensions)
    }
}

impl Partner {
    pub(crate) fn of(extensions: &Extensions) -> Result<Self, Disposition> {
        match extensions.get() {
            Some(ResolvedPartner { partner: Some(partner), failure: None }) => {
                Ok(Self(Arc::clone(partner)))
            }
            resolved => {
                let failure = resolved.and_then(|resolved: &ResolvedPartner| resolved.failure);
                Err(Disposition::Unauthorized(failure.unwrap_or(AuthFailure::NoHeader)))
            }
        }
    }
}

/// `"Bearer" 1*SP b64token`, the scheme in any case (RFC 6750, section 2.1; RFC 9110, section 11).
#[inline]
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<&[u8], AuthFailure> {
    let mut values = headers.get_all(AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    let value = match (values.next(), values.next()) {
        (None, _) => return Err(AuthFailure::NoHeader),
        (Some(_), Some(_)) => return Err(AuthFailure::SeveralHeaders),
        // Spaces around a field's value are not part of it (RFC 9110, section 5.5). A parser takes
        // them off; a request that comes without a socket has seen none.
        (Some(value), None) => value.trim_ascii(),
    };
    let (scheme, rest) = match memchr::memchr(b' ', value) {
        Some(space) => value.split_at(space),
        None => (value, <&[u8]>::default()),
    };
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let token = rest.split_at(spaces).1;
    if value.is_empty() {
        Err(AuthFailure::NoHeader)
    } else if !scheme.eq_ignore_ascii_case(b"Bearer") {
        Err(AuthFailure::OtherScheme)
    } else if token.is_empty() {
        Err(AuthFailure::NoToken)
    } else if !api_key::is_b64token(token) {
        Err(AuthFailure::MalformedToken)
    } else {
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token_of(value: &[u8]) -> Result<Vec<u8>, AuthFailure> {
        let value = HeaderValue::from_bytes(value).unwrap();
        let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
        bearer_token(&headers).map(<[u8]>::to_vec)
    }

    #[test]
    fn spaces_around_the_value_are_not_part_of_it_even_without_a_socket() {
        assert_eq!(token_of(b" Bearer  abc \t"), Ok(b"abc".to_vec()));
    }

    proptest! {
        #[test]
        fn any_header_gives_a_sendable_token_or_a_rule(value in "[ -~\\t\\u{80}-\\u{ff}]{0,40}") {
            if let Ok(token) = token_of(value.as_bytes()) {
                prop_assert!(api_key::is_b64token(&token));
                prop_assert!(value.to_ascii_lowercase().trim_start().starts_with("bearer "));
            }
        }

        #[test]
        fn every_token_that_can_be_sent_is_read_as_it_is(token in "[A-Za-z0-9._~+/-]{1,60}={0,2}") {
            prop_assert_eq!(token_of(format!("bEARER {token}").as_bytes()), Ok(token.into_bytes()));
        }
    }
}
