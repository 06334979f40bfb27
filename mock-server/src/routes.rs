//! The route table, and the way of a request: where to, whose, what to answer, into the journal.

mod companies;
mod wallet;

use std::sync::Arc;

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Response, StatusCode, request};

use crate::auth::{self, Denied};
use crate::body::AnswerBody;
use crate::host::{self, Arrival};
use crate::inject::{self, Injection};
use crate::journal::{Entry, Journal, RecordedRequest, Why};
use crate::rules::{Asked, Decided, Rules};
use crate::store::{Store, Tenant};
use crate::wire::Failure;

/// An endpoint of the reference.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Route {
    /// What it is called in rules, and in the reference's paths: `companies`, `wallet`.
    pub name: &'static str,
    /// The method, in capitals.
    pub method: &'static str,
    /// The path, `/api/v1` included.
    pub path: &'static str,
    handler: fn(&Tenant) -> Response<Bytes>,
}

/// Every route of the mock: the endpoints that the reference lists, and no other.
///
/// Requests are matched against this table. `HEAD` works wherever `GET` does (RFC 9110, section
/// 9.3.2).
pub const ROUTES: &[Route] = &[companies::ROUTE, wallet::ROUTE];

/// What may be asked of a path in the table, which so far has `GET` only.
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A challenge has at least one parameter (RFC 6750, section 3), and names no error for a request
/// that brought no token (section 3.1).
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="Partner API""#);
const CHALLENGE_INVALID: HeaderValue =
    HeaderValue::from_static(r#"Bearer realm="Partner API", error="invalid_token""#);

/// The service without its socket: its state, and what was asked of it.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) store: Store,
    pub(crate) journal: Journal,
    pub(crate) rules: Rules,
}

/// What a request gets.
#[derive(Debug)]
pub(crate) enum Answer {
    Ready(Response<AnswerBody>),
    Injected(Box<Injection>),
}

impl Api {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            journal: Journal::default(),
            rules: Rules::default(),
        }
    }

    /// The answer to a request. It stands in the journal before it is returned. A body is not
    /// looked at: none of the endpoints has one.
    pub(crate) fn answer(&self, arrival: Arrival, head: &request::Parts) -> Answer {
        let (tenant, response, why) = match self.serve(arrival, head) {
            Ok((tenant, response)) => (Some(tenant), response, Why::Served),
            Err(Unserved { tenant, why }) => (tenant, refuse(why), why),
        };
        let id = tenant.as_ref().map(|tenant| tenant.id);
        if !self.rules.is_empty()
            && let Some(decided) = self.decide(tenant.as_deref(), head)
        {
            let (status, injection) = inject::inject(&decided, arrival, response);
            let injected = Some(Box::new(decided.injected));
            self.journal.record(id, head, status, why, injected);
            return Answer::Injected(Box::new(injection));
        }
        self.journal.record(id, head, response.status(), why, None);
        Answer::Ready(response.map(AnswerBody::whole))
    }

    /// An entry of the journal as a test reads it.
    pub(crate) fn read(&self, entry: &Entry) -> RecordedRequest {
        entry.read(entry.tenant.and_then(|id| self.store.name_of(id)))
    }

    fn decide(&self, tenant: Option<&Tenant>, head: &request::Parts) -> Option<Decided> {
        let path = head.uri.path();
        self.rules.decide(Asked {
            tenant,
            token: auth::bearer_token(&head.headers).ok(),
            operation: find(&head.method, path).ok().map(|route| route.name),
            path,
        })
    }

    /// Where to comes before whose: a path that is not there is 404 with and without a key.
    fn serve(
        &self,
        arrival: Arrival,
        head: &request::Parts,
    ) -> Result<(Arc<Tenant>, Response<Bytes>), Unserved> {
        if arrival == Arrival::Socket && !host::is_acceptable(head.version, &head.headers) {
            return Err(Why::BadHost.into());
        }
        let route = find(&head.method, head.uri.path())?;
        let tenant = auth::authorize(&self.store, &head.headers)?;
        let response = (route.handler)(&tenant);
        Ok((tenant, response))
    }
}

/// A request that gets no data.
struct Unserved {
    tenant: Option<Arc<Tenant>>,
    why: Why,
}

impl From<Why> for Unserved {
    fn from(why: Why) -> Self {
        Self { tenant: None, why }
    }
}

impl From<Denied> for Unserved {
    fn from(denied: Denied) -> Self {
        Self {
            tenant: denied.tenant,
            why: Why::Refused(denied.refusal),
        }
    }
}

fn find(method: &Method, path: &str) -> Result<&'static Route, Why> {
    let method = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let mut here = ROUTES.iter().filter(|route| route.path == path).peekable();
    here.peek().ok_or(Why::UnknownPath)?;
    here.find(|route| method == route.method)
        .ok_or(Why::WrongMethod)
}

fn refuse(why: Why) -> Response<Bytes> {
    let failure = match why {
        Why::Refused(refusal) => refusal.failure(),
        Why::WrongMethod => Failure::MethodNotAllowed,
        Why::BadHost => Failure::BadRequest,
        Why::UnknownPath | Why::Served => Failure::NotFound,
    };
    let mut response = json(failure.status(), failure.body());
    match failure {
        Failure::MissingBearerToken => response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE),
        Failure::InvalidToken => response
            .headers_mut()
            .insert(WWW_AUTHENTICATE, CHALLENGE_INVALID),
        Failure::MethodNotAllowed => response.headers_mut().insert(ALLOW, ALLOWED),
        Failure::NotFound | Failure::BadRequest => None,
    };
    response
}

/// "All responses are JSON" (reference, Base URL).
fn json(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
