//! The guard over all of `/_mock/`: no page of another origin gets anything from this machine's
//! mock, nor does anything to it, by whatever name it was led here.
//!
//! A browser tells where a request comes from in Host, Origin and Sec-Fetch-Site, and no page can
//! forge them. It sends no request of another origin as `application/json` without asking first,
//! and nobody answers it that it may.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, request};

use super::response::ApiError;
use super::{Control, ControlError};
use crate::api::auth;
use crate::api::host;
use crate::state::api_key::{self, KeyHash};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

#[derive(Debug)]
pub(super) struct OriginPolicy {
    /// To compare hashes takes no longer for a guess that is nearly right.
    token: Option<KeyHash>,
    hosts: Vec<String>,
}

impl OriginPolicy {
    pub(super) fn new(control: &Control) -> Result<Self, ControlError> {
        if control.token.as_ref().is_some_and(|token| !api_key::is_b64token(token.as_bytes())) {
            return Err(ControlError::Token);
        }
        let is_name = |name: &String| host::is_reg_name(name);
        if let Some(wrong) = control.hosts.iter().find(|name| !is_name(name)) {
            return Err(ControlError::Host(wrong.clone()));
        }
        Ok(Self { token: control.token.as_deref().map(KeyHash::of), hosts: control.hosts.clone() })
    }

    /// Whether a request comes from this machine, and from no page but ours.
    pub(super) fn check_origin(&self, head: &request::Parts) -> Result<(), ApiError> {
        if !host::is_valid_host(head.version, &head.headers) {
            let message = "expected one Host header, of a host and perhaps a port";
            return Err(ApiError::of(StatusCode::BAD_REQUEST, "bad_request", message));
        }
        let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        // A target with an origin of its own must not say another one.
        let target = head.uri.authority().map(http::uri::Authority::as_str);
        if !self.is_ours(host) || target.is_some_and(|target| target != host) {
            return Err(ApiError::forbidden("forbidden_host", self.expected_host()));
        }
        let origin = format!("http://{host}");
        if !all(&head.headers, &ORIGIN, |sent| sent == origin) {
            let message = "a page of another origin may not ask this: expected no Origin, or \
                           http:// and the Host";
            return Err(ApiError::forbidden("forbidden_origin", message));
        }
        if !all(&head.headers, &SEC_FETCH_SITE, |sent| sent == "same-origin" || sent == "none") {
            let message = "a page of another site may not ask this, nor lead here: expected no \
                           Sec-Fetch-Site, or same-origin, or none";
            return Err(ApiError::forbidden("forbidden_site", message));
        }
        Ok(())
    }

    /// A name can be made to lead anywhere, and then has this machine's mock answer to a page of
    /// that name; an address cannot.
    fn is_ours(&self, host: &str) -> bool {
        let name = match host.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => name,
            _ => host,
        };
        let address = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(address) => address.parse::<Ipv6Addr>().map(IpAddr::from).ok(),
            None => name.parse::<Ipv4Addr>().map(IpAddr::from).ok(),
        };
        let is_ours = |address: IpAddr| self.token.is_some() || address.is_loopback();
        address.is_some_and(is_ours)
            || name.eq_ignore_ascii_case("localhost")
            || self.hosts.iter().any(|one| one.eq_ignore_ascii_case(name))
    }

    fn expected_host(&self) -> &'static str {
        match self.token {
            Some(_) => "this Host is refused: expected an IP address, or localhost",
            None => "this Host is refused: expected localhost, or an IP address of the loopback",
        }
    }

    pub(super) fn check_token(&self, head: &request::Parts) -> Result<(), ApiError> {
        let Some(expected) = &self.token else {
            return Ok(());
        };
        let sent = auth::bearer_token(&head.headers).ok().map(KeyHash::of);
        if sent.as_ref() == Some(expected) { Ok(()) } else { Err(ApiError::token_required()) }
    }
}

/// No form can send JSON, and no script of another origin without asking first. So what changes
/// anything has to be JSON, even where there is nothing to send.
pub(super) fn check_media_type(head: &request::Parts) -> Result<(), ApiError> {
    if matches!(head.method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    let mut sent = head.headers.get_all(CONTENT_TYPE).iter();
    let is_json = |value: &HeaderValue| value.to_str().is_ok_and(is_json);
    if sent.next().is_some_and(is_json) && sent.next().is_none() {
        return Ok(());
    }
    let message = "expected `Content-Type: application/json`, also where there is no body";
    Err(ApiError::of(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message))
}

fn is_json(media_type: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let is_json =
        parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"));
    let is_utf_8 = |parameter: &str| {
        parameter.split_once('=').is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("charset")
                && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    };
    is_json && parts.all(is_utf_8)
}

/// Whether a header that may be left out is sent once at most, and is good.
fn all(headers: &HeaderMap, name: &HeaderName, is_good: impl Fn(&str) -> bool) -> bool {
    let mut sent = headers.get_all(name).iter();
    match (sent.next(), sent.next()) {
        (None, _) => true,
        (Some(value), None) => value.to_str().is_ok_and(is_good),
        (Some(_), Some(_)) => false,
    }
}
