//! One request on a connection: to the control API or to the service, and what is sent back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, Request};
use http_body::Body as _;
use hyper::body::Incoming;

use super::limits::Limits;
use super::raw::{ConnectionTakeover, RawAction};
use crate::api::disposition::Disposition;
use crate::api::error::ErrorBody;
use crate::api::headers::BY_THE_MOCK;
use crate::api::host;
use crate::control::{ControlApi, Unread};
use crate::faults::apply::deliver;
use crate::mock::handler::RequestHandler;
use crate::mock::pipeline::Pipeline;
use crate::mock::request_body::{BodyError, BodyLimits, LimitedBody};

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The service and the control API of one port.
#[derive(Debug)]
pub(super) struct App {
    pub(super) handler: Arc<RequestHandler>,
    pub(super) pipeline: Pipeline,
    pub(super) control: Option<Arc<ControlApi>>,
    pub(super) limits: Limits,
}

/// Whether more of a request may be on its way when its connection ends.
#[derive(Debug, Default)]
pub(super) struct UnreadBody(AtomicBool);

impl UnreadBody {
    fn set(&self, is_left: bool) {
        self.0.store(is_left, Ordering::Relaxed);
    }

    pub(super) fn is_left(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl App {
    /// The response to a request, or what is done with its connection instead.
    pub(super) async fn respond(
        &self,
        unread: &UnreadBody,
        request: Request<Incoming>,
    ) -> Result<Response, ConnectionTakeover> {
        let has_body = !request.body().is_end_stream();
        unread.set(has_body);
        if let Some(error) = unsupported(&request) {
            return Ok(self.last(error));
        }
        if let Some(control) = &self.control
            && ControlApi::is_for(request.uri().path())
        {
            let (head, body) = request.into_parts();
            return self.respond_by_control(control, unread, &head, body).await;
        }
        let body = |body| if has_body { Body::new(body) } else { Body::empty() };
        let mut response = self.pipeline.respond(request.map(body)).await;
        let is_left = has_body && response.extensions().get() != Some(&Disposition::Stubbed);
        unread.set(is_left);
        if is_left && response.headers().contains_key(BY_THE_MOCK) {
            response.headers_mut().insert(CONNECTION, CLOSE);
        }
        deliver(&self.handler.clock, response).await.map_err(ConnectionTakeover::of)
    }

    async fn respond_by_control(
        &self,
        control: &Arc<ControlApi>,
        unread: &UnreadBody,
        head: &Parts,
        body: Incoming,
    ) -> Result<Response, ConnectionTakeover> {
        let budget = self.handler.body_limits.budget.clone();
        // The control API has a limit of its own on the size and the time of a body.
        let limits = BodyLimits { bytes: usize::MAX, time: None, budget };
        let mut body = LimitedBody::new(Body::new(body), limits);
        let response = control.answer(head, &mut body, self.limits.body).await;
        unread.set(!body.is_end_stream());
        match response {
            Ok(response) => {
                let mut response = response.map(Body::from);
                if unread.is_left() {
                    response.headers_mut().insert(CONNECTION, CLOSE);
                }
                Ok(response)
            }
            Err(Unread::Late) => Ok(self.last(ErrorBody::RequestTimeout)),
            Err(Unread::Broken(error)) => match BodyError::find(&*error) {
                Some(BodyError::TooMany) => Ok(self.last(ErrorBody::TooManyBodies)),
                Some(error) if error.is_aborted() => Err(ConnectionTakeover::new(RawAction::Close)),
                _ => Ok(self.last(ErrorBody::BadRequest)),
            },
        }
    }

    /// An error after which the connection is closed.
    pub(super) fn last(&self, error: ErrorBody) -> Response {
        let mut response = error.into_response();
        response.headers_mut().insert(CONNECTION, CLOSE);
        self.handler.clock.date(response.headers_mut());
        response
    }
}

/// The error of a request that hyper accepts and no server should serve.
fn unsupported(request: &Request<Incoming>) -> Option<ErrorBody> {
    if !request.uri().path().starts_with('/') {
        return unsupported_target(request);
    }
    if request.body().is_end_stream() { None } else { unsupported_coding(request) }
}

/// `*` is for `OPTIONS`, and a host with a port for `CONNECT` (RFC 9112, sections 3.2.3 and 3.2.4),
/// which only proxies support.
fn unsupported_target(request: &Request<Incoming>) -> Option<ErrorBody> {
    if !host::is_valid_host(request.version(), request.headers()) {
        return Some(ErrorBody::BadRequest);
    }
    match (request.method(), request.uri().path()) {
        (&Method::OPTIONS, "*") => None,
        (&Method::CONNECT, _) => Some(ErrorBody::NotImplemented),
        _ => Some(ErrorBody::BadRequest),
    }
}

/// hyper decodes `chunked` and ignores any coding before it, and a second `chunked`.
fn unsupported_coding(request: &Request<Incoming>) -> Option<ErrorBody> {
    let mut codings = request.headers().get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => None,
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => None,
        _ => Some(ErrorBody::NotImplemented),
    }
}
