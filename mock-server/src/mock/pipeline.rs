//! The request pipeline: what happens to every request, around the axum router of the service.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::Method;
use http::header::CONTENT_LENGTH;
use http_body::Body as _;
use tower_service::Service as _;

use super::handler::RequestHandler;
use super::log;
use super::request_body::{BodyError, BodyLimits, LimitedBody};
use crate::api;
use crate::api::auth::{self, Partner, ResolvedPartner};
use crate::api::disposition::Disposition;
use crate::api::headers::is_bodyless;
use crate::api::host::{self, RequestSource};
use crate::faults::apply::{abort, apply};
use crate::faults::registry::{MatchedRule, RequestInfo};
use crate::journal::{MAX_RECORDED_BODY, Pending};
use crate::state::store::PartnerState;
use crate::stubs::{Found, StubRequestBody};

/// The service of one mock: a request passes limits, partner, journal, faults and router, in this
/// order, and its response comes back through them.
///
/// It is one `async fn` and not a stack of axum layers: each of those would cost a request about as
/// many instructions (2,800) as the step inside of it.
#[derive(Debug, Clone)]
pub(crate) struct Pipeline {
    handler: Arc<RequestHandler>,
    source: RequestSource,
    limits: BodyLimits,
    router: Router,
}

impl Pipeline {
    pub(crate) fn new(
        handler: &Arc<RequestHandler>,
        source: RequestSource,
        limits: BodyLimits,
    ) -> Self {
        Self { handler: Arc::clone(handler), source, limits, router: api::router() }
    }

    pub(crate) fn handler(&self) -> &RequestHandler {
        &self.handler
    }

    pub(crate) async fn respond(&self, request: Request) -> Response {
        let mut request = self.limit_body(request);
        let partner = self.resolve_partner(&mut request);
        let is_head = request.method() == Method::HEAD;
        let pending = self.begin_entry(&request);
        let mut response = match self.match_fault(&request, partner.as_deref()) {
            None => self.route(request).await,
            Some(fault) => self.route_with_fault(request, fault).await,
        };
        self.record(pending, partner.as_deref(), &mut response).await;
        if is_head { without_body(response) } else { response }
    }

    /// Bounds the body, whether a stub or a fault reads it.
    fn limit_body(&self, request: Request) -> Request {
        if request.body().is_end_stream() {
            return request;
        }
        request.map(|body| Body::new(LimitedBody::new(body, self.limits.clone())))
    }

    /// Finds the partner of the key in the head, and rejects nothing.
    fn resolve_partner(&self, request: &mut Request) -> Option<Arc<PartnerState>> {
        let resolved = ResolvedPartner::of(&self.handler.store, request.headers());
        let partner = resolved.partner.clone();
        request.extensions_mut().insert(resolved);
        partner
    }

    fn begin_entry(&self, request: &Request) -> Pending<'_> {
        Pending::new(&self.handler.store.redactor, self.handler.clock.now(), request)
    }

    /// Records the request and its response, before the response is sent.
    async fn record(
        &self,
        pending: Pending<'_>,
        partner: Option<&PartnerState>,
        response: &mut Response,
    ) {
        let entry = pending.end(partner.map(|one| one.id), response).await;
        if log::request_log_enabled() {
            let number = self.handler.journal.record(entry.clone());
            let redactor = &self.handler.store.redactor;
            let name = partner.map(|partner| redactor.redact_text(&partner.name()));
            log::request(number, name.as_deref(), entry.request());
        } else {
            self.handler.journal.record(entry);
        }
    }

    /// The fault of the first rule that matches the request.
    fn match_fault(
        &self,
        request: &Request,
        partner: Option<&PartnerState>,
    ) -> Option<MatchedRule> {
        if self.handler.rules.is_empty() {
            return None;
        }
        let path = request.uri().path();
        self.handler.rules.decide(RequestInfo {
            partner,
            token: auth::bearer_token(request.headers()).ok(),
            operation: api::find(request.method(), path).map(|route| route.name),
            path,
        })
    }

    async fn route_with_fault(&self, request: Request, fault: MatchedRule) -> Response {
        let request = if fault.reads_whole_request() { read(request).await } else { request };
        let response = self.route(request).await;
        apply(fault, self.source, response, &self.handler.clock, MAX_RECORDED_BODY).await
    }

    /// Responds with a stub of the partner, if there is one for the request, or by the router.
    async fn route(&self, request: Request) -> Response {
        let is_wire = self.source == RequestSource::Socket;
        if is_wire && !host::is_valid_host(request.version(), request.headers()) {
            return Disposition::BadHost.into_response();
        }
        let path = request.uri().path();
        if self.handler.stubs.is_on(path) {
            return self.route_stubbed_path(request).await;
        }
        self.route_documented(request).await
    }

    /// `HEAD` is `GET` here, and no length is declared: a fault may change the body yet.
    async fn route_documented(&self, mut request: Request) -> Response {
        if request.method() == Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        let Ok(mut response) = self.router.clone().call(request).await;
        response.headers_mut().remove(CONTENT_LENGTH);
        response
    }

    /// Whose stub it is depends on the key, so the key comes before the method here.
    async fn route_stubbed_path(&self, request: Request) -> Response {
        let partner = match Partner::of(request.extensions()) {
            Ok(Partner(partner)) => partner,
            Err(unauthorized) => return unauthorized.into_response(),
        };
        let (method, path) = (request.method(), request.uri().path());
        let is_documented = api::is_documented(method, path);
        let placed = match self.handler.stubs.find(partner.id, method, path, is_documented) {
            Found::Stub(placed) => placed,
            Found::OtherMethods(methods) => return api::wrong_method(path, &methods),
            Found::Nothing => return self.route_documented(request).await,
        };
        let (head, body) = request.into_parts();
        let body = match to_bytes(body, usize::MAX).await {
            Ok(body) => body,
            Err(error) => return self.reject_body(&error),
        };
        placed.hit();
        let mut response = placed.stub.respond_to(&head, &body, &partner.name());
        response.extensions_mut().insert(Disposition::Stubbed);
        response.extensions_mut().insert(StubRequestBody(body));
        response
    }

    fn reject_body(&self, error: &axum::Error) -> Response {
        let error = BodyError::find(error);
        let disposition = error.map_or(Disposition::BadBody, BodyError::disposition);
        let mut response = disposition.into_response();
        if error.is_none_or(BodyError::is_aborted) {
            abort(&self.handler.clock, &mut response);
        }
        response
    }
}

/// The response to a `HEAD`: with the length of the body that a `GET` would get.
fn without_body(mut response: Response) -> Response {
    declare_length(&mut response);
    response.map(|_| Body::empty())
}

/// As HTTP libraries do when they send a response.
pub(super) fn declare_length(response: &mut Response) {
    if let Some(length) = response.body().size_hint().exact()
        && !is_bodyless(response.status())
    {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(length.into());
    }
}

/// The request with its body in memory. If the body cannot be read to its end, it is empty.
async fn read(request: Request) -> Request {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    Request::from_parts(head, Body::from(body))
}
