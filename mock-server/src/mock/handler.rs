//! The way of a request: where to, whose, what to answer, into the journal.

use std::error::Error;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode, request};
use http_body::Body;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::log;
use crate::api::auth::{self, Denied};
use crate::api::error::Failure;
use crate::api::headers::{BY_THE_MOCK, LIMIT};
use crate::api::host::{self, Arrival};
use crate::api::{Unrouted, allow, find, json};
use crate::faults::apply::{self, Injection};
use crate::faults::body::AnswerBody;
use crate::faults::registry::{Asked, Decided, Rules};
use crate::journal::{Answered, Entry, Exchange, Journal, RecordedRequest, Why};
use crate::state::clock::Clock;
use crate::state::payload::Content;
use crate::state::store::{Store, Tenant};
use crate::stubs::{Found, StubList};

/// What may be asked of a path in the table, which so far has `GET` only.
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD");

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
    pub(crate) stubs: StubList,
    pub(crate) clock: Clock,
    max_request_body: usize,
}

/// How large the body of a request to a stub may be in bytes, unless
/// [the builder](crate::MockServerBuilder::max_request_body) says otherwise.
pub const MAX_REQUEST_BODY: usize = 1024 * 1024;

/// How a request came, and when its head had been read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    arrival: Arrival,
    at: SystemTime,
    since: Instant,
}

/// What a request gets.
#[derive(Debug)]
pub(crate) enum Answer {
    Ready(Response<AnswerBody>),
    Injected(Box<Injection>),
}

impl Api {
    pub(crate) fn new(store: Store, max_request_body: usize) -> Self {
        Self {
            store,
            journal: Journal::default(),
            rules: Rules::default(),
            stubs: StubList::default(),
            clock: Clock::default(),
            max_request_body,
        }
    }

    /// A request came in this way, and its head has just been read.
    pub(crate) fn receive(&self, arrival: Arrival) -> Received {
        Received { arrival, at: self.clock.system_time(), since: Instant::now() }
    }

    /// Whether the body of this request is to be read before it is answered: only stubs have one.
    #[inline]
    pub(crate) fn wants_body(&self, head: &request::Parts) -> bool {
        !self.stubs.is_empty() && self.stubs.is_on(head.uri.path())
    }

    /// The answer to a request whose body [is wanted](Self::wants_body). An error if that broke off.
    pub(crate) async fn answer_with_body<B>(
        &self,
        received: Received,
        head: &request::Parts,
        body: B,
    ) -> Result<Answer, Box<dyn Error + Send + Sync>>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        // Who says that it is too large has it sent for nothing.
        let is_large = body.size_hint().lower() > self.max_request_body as u64;
        let body = if is_large {
            Sent::TooLarge
        } else {
            match Limited::new(body, self.max_request_body).collect().await {
                Ok(body) => Sent::Whole(body.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => Sent::TooLarge,
                Err(error) => return Err(error),
            }
        };
        Ok(self.answer_to(received, head, &body))
    }

    /// The answer to a request whose body is not wanted. It stands in the journal before it is
    /// returned.
    pub(crate) fn answer(&self, received: Received, head: &request::Parts) -> Answer {
        self.answer_to(received, head, &Sent::Unread)
    }

    fn answer_to(&self, received: Received, head: &request::Parts, body: &Sent) -> Answer {
        let Received { arrival, at, since } = received;
        let (tenant, mut response, why, is_documented) = match self.serve(arrival, head, body) {
            Ok(Served { tenant, response, why }) => {
                (Some(tenant), response, why, why == Why::Served)
            }
            Err(Unserved { tenant, why, allow }) => {
                let is_documented = allow.is_none();
                (tenant, refuse(why, allow), why, is_documented)
            }
        };
        let record = |status, fault, answer| {
            let exchange = Exchange {
                tenant: tenant.as_ref().map(|tenant| tenant.id),
                request: head,
                body: body.bytes(),
                received_at: at,
                took: since.elapsed(),
                status,
                why,
                fault,
                answer,
            };
            let entry = Entry::new(exchange);
            let told = log::wants_requests().then(|| entry.clone());
            let number = self.journal.record(entry);
            if let Some(entry) = told {
                let partner = tenant.as_ref().map(|tenant| tenant.name());
                log::request(&entry.told(number, partner.as_deref()));
            }
        };
        let decided =
            if self.rules.is_empty() { None } else { self.decide(tenant.as_deref(), head) };
        if let Some(decided) = decided {
            let (status, injection) = apply::inject(&decided, arrival, response, &self.clock);
            let answer = injection.answer().map_or(Answered::Nothing, |answer| {
                Answered::other(answer.headers(), answer.body().content())
            });
            record(status, Some(Box::new(decided.injected)), answer);
            return Answer::Injected(Box::new(injection));
        }
        let answered = if is_documented {
            Answered::documented(response.body())
        } else {
            let sent = response.body();
            let content = (sent.len() as u64, sent.pieces().iter().cloned());
            Answered::other(response.headers(), content)
        };
        record(response.status(), None, answered);
        self.clock.date(response.headers_mut());
        Answer::Ready(response.map(AnswerBody::whole))
    }

    /// An entry of the journal as a test reads it.
    pub(crate) fn read(&self, entry: &Entry) -> RecordedRequest {
        entry.read(entry.tenant.and_then(|id| self.store.name_of(id)), documented_headers)
    }

    #[cold]
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
        body: &Sent,
    ) -> Result<Served, Unserved> {
        if arrival == Arrival::Socket && !host::is_acceptable(head.version, &head.headers) {
            return Err(Why::BadHost.into());
        }
        let route = find(&head.method, head.uri.path());
        if let Some(body) = body.read()
            && let Some(served) = self.serve_stub(head, body, route.is_ok())?
        {
            return Ok(served);
        }
        let route = route?;
        let tenant = auth::authorize(&self.store, &head.headers)?;
        let response = (route.handler)(&tenant);
        Ok(Served { tenant, response, why: Why::Served })
    }

    /// What a stub makes of it. Whose stub it is hangs on the key, so the key comes first here.
    #[cold]
    fn serve_stub(
        &self,
        head: &request::Parts,
        body: Result<&Bytes, Why>,
        is_documented: bool,
    ) -> Result<Option<Served>, Unserved> {
        let (method, path) = (&head.method, head.uri.path());
        let tenant = auth::authorize(&self.store, &head.headers)?;
        let found = self.stubs.find(tenant.id, method, path, is_documented);
        let (why, allow) = match (found, body) {
            (Found::Nothing, _) => return Ok(None),
            (Found::Stub(placed), Ok(body)) => {
                return Ok(Some(Served {
                    response: placed.stub.answer(head, body, &tenant.name()),
                    tenant,
                    why: Why::Stubbed,
                }));
            }
            (Found::Stub(_), Err(why)) => (why, None),
            (Found::OtherMethods(methods), _) => (Why::WrongMethod, allow(path, &methods)),
        };
        Err(Unserved { tenant: Some(tenant), why, allow })
    }
}

/// The body of a request.
enum Sent {
    /// Not looked at: none of the documented calls has one.
    Unread,
    Whole(Bytes),
    TooLarge,
}

impl Sent {
    fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Unread | Self::TooLarge => None,
        }
    }

    /// A body that was wanted, or why there is none after all.
    fn read(&self) -> Option<Result<&Bytes, Why>> {
        match self {
            Self::Unread => None,
            Self::Whole(bytes) => Some(Ok(bytes)),
            Self::TooLarge => Some(Err(Why::BodyTooLarge)),
        }
    }
}

/// A request that gets what it asked for.
struct Served {
    tenant: Arc<Tenant>,
    response: Response<Content>,
    why: Why,
}

/// A request that gets no data.
struct Unserved {
    tenant: Option<Arc<Tenant>>,
    why: Why,
    /// What may be asked of this path, if it is not what may be asked of the documented ones.
    allow: Option<HeaderValue>,
}

impl From<Why> for Unserved {
    fn from(why: Why) -> Self {
        Self { tenant: None, why, allow: None }
    }
}

impl From<Unrouted> for Unserved {
    fn from(unrouted: Unrouted) -> Self {
        let why = match unrouted {
            Unrouted::UnknownPath => Why::UnknownPath,
            Unrouted::WrongMethod => Why::WrongMethod,
        };
        why.into()
    }
}

impl From<Denied> for Unserved {
    fn from(denied: Denied) -> Self {
        Self { tenant: denied.tenant, why: Why::Refused(denied.refusal), allow: None }
    }
}

/// The headers of a documented answer, which is known by why it was sent.
fn documented_headers(why: Why) -> HeaderMap {
    let response = match why {
        Why::Served => json(StatusCode::OK, Bytes::new()),
        why => refuse(why, None),
    };
    response.into_parts().0.headers
}

fn refuse(why: Why, allow: Option<HeaderValue>) -> Response<Content> {
    let failure = match why {
        Why::Refused(refusal) => refusal.failure(),
        Why::WrongMethod => Failure::MethodNotAllowed,
        Why::BadHost => Failure::BadRequest,
        Why::BodyTooLarge => Failure::PayloadTooLarge,
        Why::UnknownPath | Why::Served | Why::Stubbed => Failure::NotFound,
    };
    let mut response = json(failure.status(), failure.body());
    match failure {
        Failure::MissingBearerToken => response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE),
        Failure::InvalidToken => response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE_INVALID),
        Failure::MethodNotAllowed => response.headers_mut().insert(ALLOW, allow.unwrap_or(ALLOWED)),
        Failure::PayloadTooLarge => response.headers_mut().insert(BY_THE_MOCK, LIMIT),
        Failure::NotFound | Failure::BadRequest => None,
    };
    response
}
