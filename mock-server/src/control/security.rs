//! The layer over all of `/_mock/`: a page of another origin can neither read this machine's mock nor
//! change it, whatever name it uses (cross-site requests and DNS rebinding).
//!
//! A browser states where a request comes from in Host, Origin and Sec-Fetch-Site, which no page can
//! forge. It sends a request of another origin as `application/json` only after a preflight, which
//! fails here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use super::response::ApiError;
use super::{Control, ControlError, ControlState, PREFIX};
use crate::api::auth;
use crate::api::host;
use crate::state::keys::api_key::{self, KeyHash};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Rejects a request that may come from a foreign page, has no token where one is needed, or is not
/// JSON.
pub(super) async fn check(
    State(control): State<ControlState>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let policy = &control.0.policy;
    policy.check_origin(&request)?;
    let path = request.uri().path().strip_prefix(PREFIX).unwrap_or_default();
    if !(matches!(*request.method(), Method::GET | Method::HEAD) && is_public(path)) {
        policy.check_token(request.headers())?;
    }
    check_media_type(&request)?;
    Ok(next.run(request).await)
}

/// Whether to read this path needs no token: the page's files, health and readiness.
pub(super) fn is_public(path: &str) -> bool {
    matches!(path, "" | "/" | "/health" | "/ready") || path.starts_with("/page/")
}

#[derive(Debug)]
pub(super) struct OriginPolicy {
    /// To compare hashes takes no longer for a guess that is nearly right.
    token: Option<KeyHash>,
    hosts: Vec<String>,
    scheme: &'static str,
}

impl OriginPolicy {
    pub(super) fn new(control: &Control, base_url: &str) -> Result<Self, ControlError> {
        if control.token.as_ref().is_some_and(|token| !api_key::is_b64token(token.as_bytes())) {
            return Err(ControlError::Token);
        }
        let is_name = |name: &String| host::is_reg_name(name);
        if let Some(wrong) = control.hosts.iter().find(|name| !is_name(name)) {
            return Err(ControlError::Host(wrong.clone()));
        }
        Ok(Self {
            token: control.token.as_deref().map(KeyHash::of),
            hosts: control.hosts.clone(),
            scheme: if base_url.starts_with("https:") { "https" } else { "http" },
        })
    }

    /// Accepts a request from this machine, and from no page but the mock's own.
    fn check_origin(&self, request: &Request) -> Result<(), ApiError> {
        let headers = request.headers();
        if !host::is_valid_host(request.version(), headers) {
            let message = "expected one Host header, with a host and an optional port";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "bad_request", message));
        }
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        // An absolute target must name the same host.
        let target = request.uri().authority().map(http::uri::Authority::as_str);
        if !self.is_ours(host) || target.is_some_and(|target| target != host) {
            let address = if self.token.is_some() { "an IP address" } else { "a loopback address" };
            let message = format!(
                "foreign Host; expected `localhost`, {address} or a name of --control-host"
            );
            return Err(ApiError::forbidden("forbidden_host", &message));
        }
        let origin = format!("{}://{host}", self.scheme);
        if !all(headers, &ORIGIN, |sent| sent == origin) {
            let message = "foreign Origin; expected none, or the scheme of this mock and the Host";
            return Err(ApiError::forbidden("forbidden_origin", message));
        }
        if !all(headers, &SEC_FETCH_SITE, |sent| sent == "same-origin" || sent == "none") {
            let message = "foreign Sec-Fetch-Site; expected none, `same-origin` or `none`";
            return Err(ApiError::forbidden("forbidden_site", message));
        }
        Ok(())
    }

    /// A name can be made to lead anywhere, and then has this machine's mock respond to a page of
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

    fn check_token(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let Some(expected) = &self.token else {
            return Ok(());
        };
        let sent = auth::bearer_token(headers).ok().map(KeyHash::of);
        if sent.as_ref() == Some(expected) { Ok(()) } else { Err(ApiError::token_required()) }
    }
}

/// A form cannot send JSON, and a script of another origin only after a preflight. So every write
/// must be JSON, also without a body.
fn check_media_type(request: &Request) -> Result<(), ApiError> {
    if !matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH | Method::DELETE) {
        return Ok(());
    }
    let mut sent = request.headers().get_all(CONTENT_TYPE).iter();
    let is_json = |value: &HeaderValue| value.to_str().is_ok_and(is_json);
    if sent.next().is_some_and(is_json) && sent.next().is_none() {
        return Ok(());
    }
    let message = "expected `Content-Type: application/json`, also without a body";
    Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message))
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
