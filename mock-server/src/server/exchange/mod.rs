//! One request on a connection: to the control API or to the service, and what is sent back.

#[cfg(feature = "gzip")]
mod gzip;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Uri};
use http_body::Body as _;
use hyper::body::Incoming;

use super::limits::Limits;
use super::raw::{ConnectionTakeover, RawAction};
use crate::api::disposition::Disposition;
use crate::api::error::ErrorBody;
use crate::api::host;
use crate::control::{ControlApi, Unread};
use crate::faults::apply::deliver;
use crate::faults::outage::ScheduledOutage;
use crate::mock::handler::RequestHandler;
use crate::mock::pipeline::Pipeline;
use crate::mock::request_body::{BodyError, BodyLimits, LimitedBody};

const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// The service and the control API of one port.
pub(super) struct App {
    pub(super) handler: Arc<RequestHandler>,
    pub(super) pipeline: Pipeline,
    pub(super) control: Option<Arc<ControlApi>>,
    pub(super) limits: Limits,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<tokio_rustls::TlsAcceptor>,
    #[cfg(feature = "gzip")]
    pub(super) gzip: bool,
}

/// What the requests of a connection leave to be done when it ends.
#[derive(Debug, Default)]
pub(super) struct Leftover {
    body: AtomicBool,
    outage: OnceLock<ScheduledOutage>,
}

impl Leftover {
    fn set_body(&self, is_left: bool) {
        self.body.store(is_left, Ordering::Relaxed);
    }

    /// Whether more of a request may be on its way.
    pub(super) fn has_body(&self) -> bool {
        self.body.load(Ordering::Relaxed)
    }

    /// The outage that starts now that the response to its request was sent.
    pub(super) fn outage(&self) -> Option<ScheduledOutage> {
        self.outage.get().copied()
    }
}

impl App {
    /// The response to a request, or what is done with its connection instead.
    pub(super) async fn respond(
        &self,
        leftover: &Leftover,
        request: Request<Incoming>,
    ) -> Result<Response, ConnectionTakeover> {
        let has_body = !request.body().is_end_stream();
        leftover.set_body(has_body);
        if let Some(error) = unsupported(&request) {
            return Ok(self.last(error));
        }
        if let Some(control) = &self.control
            && ControlApi::is_for(request.uri().path())
        {
            let (head, body) = request.into_parts();
            return self.respond_by_control(control, leftover, &head, body).await;
        }
        if !is_ascii(request.uri()) {
            return Ok(self.last(ErrorBody::BadRequest));
        }
        #[cfg(feature = "gzip")]
        let (accepted, is_head) =
            (gzip::accept_encoding(&request), request.method() == Method::HEAD);
        let body = |body| if has_body { Body::new(body) } else { Body::empty() };
        let mut response = self.pipeline.respond(request.map(body)).await;
        let is_left = has_body && response.extensions().get() != Some(&Disposition::Stubbed);
        leftover.set_body(is_left);
        if is_left {
            // hyper reads what has arrived of the body and otherwise closes the connection. A client
            // that is not told would send its next request on it (RFC 9112, section 9.6).
            response.headers_mut().insert(CONNECTION, CLOSE);
        }
        let response = deliver(&self.handler.clock, response).await;
        #[cfg(feature = "gzip")]
        let response = match (response, accepted) {
            (Ok(response), Some(accepted)) if self.gzip => {
                Ok(gzip::compress(accepted, is_head, response).await)
            }
            (response, _) => response,
        };
        response.map_err(ConnectionTakeover::of)
    }

    async fn respond_by_control(
        &self,
        control: &Arc<ControlApi>,
        leftover: &Leftover,
        head: &Parts,
        body: Incoming,
    ) -> Result<Response, ConnectionTakeover> {
        // The control API has its own limit on the size and the time of a body.
        let limits =
            BodyLimits { bytes: usize::MAX, time: None, ..self.handler.body_limits.clone() };
        let mut body = LimitedBody::new(Body::new(body), limits);
        let response = control.handle(head, &mut body, self.limits.body).await;
        leftover.set_body(!body.is_end_stream());
        match response {
            Ok(response) => {
                let mut response = response.map(Body::from);
                let outage = response.extensions_mut().remove::<ScheduledOutage>();
                if let Some(outage) = outage {
                    leftover.outage.get_or_init(|| outage);
                }
                if leftover.has_body() || outage.is_some() {
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

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// The error of a request that hyper accepts and no server should serve.
fn unsupported(request: &Request<Incoming>) -> Option<ErrorBody> {
    if !request.uri().path().starts_with('/') {
        return unsupported_target(request);
    }
    if request.body().is_end_stream() { None } else { unsupported_coding(request) }
}

/// The bytes of a target that are beyond ASCII are percent-encoded (RFC 3986, section 2.1).
fn is_ascii(target: &Uri) -> bool {
    target.path_and_query().is_none_or(|target| target.as_str().is_ascii())
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
