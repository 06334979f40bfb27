//! The request pipeline: an axum router and its layers.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use tower::ServiceBuilder;

use super::handler::RequestHandler;
use super::log;
use super::request_body::{BodyError, BodyLimits, LimitedBody};
use crate::api;
use crate::api::auth::{self, Partner, ResolvedPartner};
use crate::api::disposition::Disposition;
use crate::api::host::{self, RequestSource};
use crate::faults::apply::{abort, apply};
use crate::faults::registry::RequestInfo;
use crate::journal::{MAX_RECORDED_BODY, Pending};
use crate::state::store::PartnerState;
use crate::stubs::{Found, StubRequestBody};

#[derive(Clone)]
struct Pipeline {
    handler: Arc<RequestHandler>,
    source: RequestSource,
    limits: BodyLimits,
}

/// The service: each request passes the layers in this order, and each response comes back through
/// them.
pub(crate) fn router(
    handler: &Arc<RequestHandler>,
    source: RequestSource,
    limits: BodyLimits,
) -> Router {
    let handler = Arc::clone(handler);
    let pipeline = Pipeline { handler, source, limits };
    let (for_limits, for_partner) = (pipeline.clone(), pipeline.clone());
    let layers = ServiceBuilder::new()
        .map_request(move |request| limits_layer(&for_limits, request))
        .map_request(move |request| partner_layer(&for_partner, request))
        .layer(from_fn_with_state(pipeline.clone(), journal_layer))
        .layer(from_fn_with_state(pipeline.clone(), faults_layer))
        .layer(from_fn_with_state(pipeline, stubs_layer));
    // With its state, the router wraps the handlers in the layers once, and not for each request.
    api::router().layer(layers).with_state(())
}

/// Bounds the body, for whoever reads it.
fn limits_layer(pipeline: &Pipeline, request: Request) -> Request {
    if http_body::Body::is_end_stream(request.body()) {
        return request;
    }
    request.map(|body| Body::new(LimitedBody::new(body, pipeline.limits.clone())))
}

/// Resolves the key in the head to a partner, and rejects nothing.
fn partner_layer(pipeline: &Pipeline, mut request: Request) -> Request {
    let resolved = ResolvedPartner::of(&pipeline.handler.store, request.headers());
    request.extensions_mut().insert(resolved);
    request
}

fn partner_of(request: &Request) -> Option<Arc<PartnerState>> {
    request.extensions().get().and_then(|resolved: &ResolvedPartner| resolved.partner.clone())
}

/// Records the request and its response, before the response is sent.
async fn journal_layer(
    State(Pipeline { handler, .. }): State<Pipeline>,
    request: Request,
    next: Next,
) -> Response {
    let partner = partner_of(&request);
    let redactor = &handler.store.redactor;
    let pending = Pending::new(redactor, handler.clock.now(), &request);
    let response = next.run(request).await;
    let (entry, response) = pending.end(partner.as_ref().map(|one| one.id), response).await;
    if log::request_log_enabled() {
        let number = handler.journal.record(entry.clone());
        let name = partner.map(|partner| redactor.redact_text(&partner.name()));
        log::request(number, name.as_deref(), entry.request());
    } else {
        handler.journal.record(entry);
    }
    response
}

/// Applies the fault of the first rule that matches the request.
async fn faults_layer(
    State(Pipeline { handler, source, .. }): State<Pipeline>,
    request: Request,
    next: Next,
) -> Response {
    if handler.rules.is_empty() {
        return next.run(request).await;
    }
    let path = request.uri().path();
    let matched = handler.rules.decide(RequestInfo {
        partner: partner_of(&request).as_deref(),
        token: auth::bearer_token(request.headers()).ok(),
        operation: api::find(request.method(), path).map(|route| route.name),
        path,
    });
    let Some(matched) = matched else {
        return next.run(request).await;
    };
    let request = if matched.reads_whole_request() { read(request).await } else { request };
    let response = next.run(request).await;
    apply(matched, source, response, &handler.clock, MAX_RECORDED_BODY).await
}

/// The request with its body in memory. If the body cannot be read to its end, it is empty.
async fn read(request: Request) -> Request {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    Request::from_parts(head, Body::from(body))
}

/// Lets a stub respond, if the partner has one for the request. Whose stub it is depends on the key,
/// so the key comes before the method here.
async fn stubs_layer(
    State(Pipeline { handler, source, .. }): State<Pipeline>,
    request: Request,
    next: Next,
) -> Response {
    if source == RequestSource::Socket && !host::is_valid_host(request.version(), request.headers())
    {
        return Disposition::BadHost.into_response();
    }
    let path = request.uri().path();
    if handler.stubs.is_empty() || !handler.stubs.is_on(path) {
        return next.run(request).await;
    }
    let partner = match Partner::of(request.extensions()) {
        Ok(Partner(partner)) => partner,
        Err(unauthorized) => return unauthorized.into_response(),
    };
    let is_documented = api::is_documented(request.method(), path);
    let placed = match handler.stubs.find(partner.id, request.method(), path, is_documented) {
        Found::Stub(placed) => placed,
        Found::OtherMethods(methods) => return api::wrong_method(path, &methods),
        Found::Nothing => return next.run(request).await,
    };
    let (head, body) = request.into_parts();
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => {
            let error = BodyError::find(&error);
            let disposition = error.map_or(Disposition::BadBody, BodyError::disposition);
            let mut response = disposition.into_response();
            if error.is_none_or(BodyError::is_aborted) {
                abort(&handler.clock, &mut response);
            }
            return response;
        }
    };
    let mut response = placed.stub.respond_to(&head, &body, &partner.name());
    response.extensions_mut().insert(Disposition::Stubbed);
    response.extensions_mut().insert(StubRequestBody(body));
    response
}
