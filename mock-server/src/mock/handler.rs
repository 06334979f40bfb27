//! The request pipeline: route, authorization, handler or stub, faults, journal and log.

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
use crate::api::error::ErrorBody;
use crate::api::headers::{BY_THE_MOCK, LIMIT};
use crate::api::host::{self, RequestSource};
use crate::api::{Unrouted, allow, find, json};
use crate::faults::apply::{self, FaultOutcome};
use crate::faults::body::ResponseBody;
use crate::faults::registry::{FaultRegistry, MatchedRule, RequestInfo};
use crate::journal::{Disposition, Entry, Exchange, Journal, RecordedRequest, ResponseRecord};
use crate::state::clock::Clock;
use crate::state::payload::Payload;
use crate::state::store::{PartnerState, Store};
use crate::stubs::{Found, StubList};

/// What may be asked of a path in the table, which so far has `GET` only.
const ALLOWED: HeaderValue = HeaderValue::from_static("GET, HEAD");

/// A challenge has at least one parameter (RFC 6750, section 3), and names no error for a request
/// that brought no token (section 3.1).
const CHALLENGE: HeaderValue = HeaderValue::from_static(r#"Bearer realm="Partner API""#);
const CHALLENGE_INVALID: HeaderValue =
    HeaderValue::from_static(r#"Bearer realm="Partner API", error="invalid_token""#);

/// The service without its socket: its state, and the requests that it has received.
#[derive(Debug)]
pub(crate) struct RequestHandler {
    pub(crate) store: Store,
    pub(crate) journal: Journal,
    pub(crate) rules: FaultRegistry,
    pub(crate) stubs: StubList,
    pub(crate) clock: Clock,
    max_request_body: usize,
}

/// How large the body of a request to a stub may be in bytes, unless
/// [the builder](crate::MockServerBuilder::max_request_body) says otherwise.
pub const DEFAULT_MAX_REQUEST_BODY: usize = 1024 * 1024;

/// How a request came, and when its head had been read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    source: RequestSource,
    at: SystemTime,
    since: Instant,
}

/// The outcome of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    Response(Response<ResponseBody>),
    Faulted(Box<FaultOutcome>),
}

impl RequestHandler {
    pub(crate) fn new(store: Store, max_request_body: usize) -> Self {
        Self {
            store,
            journal: Journal::default(),
            rules: FaultRegistry::default(),
            stubs: StubList::default(),
            clock: Clock::default(),
            max_request_body,
        }
    }

    /// A request came in this way, and its head has just been read.
    pub(crate) fn receive(&self, source: RequestSource) -> Received {
        Received { source, at: self.clock.system_time(), since: Instant::now() }
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
    ) -> Result<Outcome, Box<dyn Error + Send + Sync>>
    where
        B: Body<Data = Bytes>,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        // Reject before reading when Content-Length already exceeds the limit.
        let is_large = body.size_hint().lower() > self.max_request_body as u64;
        let body = if is_large {
            RequestBody::TooLarge
        } else {
            match Limited::new(body, self.max_request_body).collect().await {
                Ok(body) => RequestBody::Whole(body.to_bytes()),
                Err(error) if error.is::<LengthLimitError>() => RequestBody::TooLarge,
                Err(error) => return Err(error),
            }
        };
        Ok(self.answer_to(received, head, &body))
    }

    /// The answer to a request whose body is not wanted. It stands in the journal before it is
    /// returned.
    pub(crate) fn answer(&self, received: Received, head: &request::Parts) -> Outcome {
        self.answer_to(received, head, &RequestBody::Unread)
    }

    fn answer_to(&self, received: Received, head: &request::Parts, body: &RequestBody) -> Outcome {
        let Received { source, at, since } = received;
        let (partner, mut response, disposition, is_documented) =
            match self.serve(source, head, body) {
                Ok(Handled { partner, response, disposition }) => {
                    (Some(partner), response, disposition, disposition == Disposition::Served)
                }
                Err(Rejected { partner, disposition, allow }) => {
                    let is_documented = allow.is_none();
                    (partner, refuse(disposition, allow), disposition, is_documented)
                }
            };
        let record = |status, fault, answer| {
            let exchange = Exchange {
                partner: partner.as_ref().map(|partner| partner.id),
                request: head,
                body: body.bytes(),
                received_at: at,
                duration: since.elapsed(),
                status,
                disposition,
                fault,
                answer,
            };
            let entry = Entry::new(exchange);
            let told = log::request_log_enabled().then(|| entry.clone());
            let number = self.journal.record(entry);
            if let Some(entry) = told {
                let partner = partner.as_ref().map(|partner| partner.name());
                log::request(&entry.log_record(number, partner.as_deref()));
            }
        };
        let decided =
            if self.rules.is_empty() { None } else { self.decide(partner.as_deref(), head) };
        if let Some(decided) = decided {
            let (status, injection) = apply::apply(&decided, source, response, &self.clock);
            let answer = injection.answer().map_or(ResponseRecord::Nothing, |answer| {
                ResponseRecord::other(answer.headers(), answer.body().content())
            });
            record(status, Some(Box::new(decided.applied)), answer);
            return Outcome::Faulted(Box::new(injection));
        }
        let answered = if is_documented {
            ResponseRecord::documented(response.body())
        } else {
            let sent = response.body();
            let content = (sent.len() as u64, sent.pieces().iter().cloned());
            ResponseRecord::other(response.headers(), content)
        };
        record(response.status(), None, answered);
        self.clock.date(response.headers_mut());
        Outcome::Response(response.map(ResponseBody::whole))
    }

    /// An entry of the journal as a test reads it.
    pub(crate) fn read(&self, entry: &Entry) -> RecordedRequest {
        entry.read(entry.partner.and_then(|id| self.store.name_of(id)), documented_headers)
    }

    #[cold]
    fn decide(&self, partner: Option<&PartnerState>, head: &request::Parts) -> Option<MatchedRule> {
        let path = head.uri.path();
        self.rules.decide(RequestInfo {
            partner,
            token: auth::bearer_token(&head.headers).ok(),
            operation: find(&head.method, path).ok().map(|route| route.name),
            path,
        })
    }

    /// Where to comes before whose: a path that is not there is 404 with and without a key.
    fn serve(
        &self,
        source: RequestSource,
        head: &request::Parts,
        body: &RequestBody,
    ) -> Result<Handled, Rejected> {
        if source == RequestSource::Socket && !host::is_valid_host(head.version, &head.headers) {
            return Err(Disposition::BadHost.into());
        }
        let route = find(&head.method, head.uri.path());
        if let Some(body) = body.read()
            && let Some(served) = self.serve_stub(head, body, route.is_ok())?
        {
            return Ok(served);
        }
        let route = route?;
        let partner = auth::authorize(&self.store, &head.headers)?;
        let response = (route.handler)(&partner);
        Ok(Handled { partner, response, disposition: Disposition::Served })
    }

    /// What a stub makes of it. Whose stub it is hangs on the key, so the key comes first here.
    #[cold]
    fn serve_stub(
        &self,
        head: &request::Parts,
        body: Result<&Bytes, Disposition>,
        is_documented: bool,
    ) -> Result<Option<Handled>, Rejected> {
        let (method, path) = (&head.method, head.uri.path());
        let partner = auth::authorize(&self.store, &head.headers)?;
        let found = self.stubs.find(partner.id, method, path, is_documented);
        let (disposition, allow) = match (found, body) {
            (Found::Nothing, _) => return Ok(None),
            (Found::Stub(placed), Ok(body)) => {
                return Ok(Some(Handled {
                    response: placed.stub.answer(head, body, &partner.name()),
                    partner,
                    disposition: Disposition::Stubbed,
                }));
            }
            (Found::Stub(_), Err(disposition)) => (disposition, None),
            (Found::OtherMethods(methods), _) => (Disposition::WrongMethod, allow(path, &methods)),
        };
        Err(Rejected { partner: Some(partner), disposition, allow })
    }
}

/// The body of a request.
enum RequestBody {
    /// Not looked at: none of the documented calls has one.
    Unread,
    Whole(Bytes),
    TooLarge,
}

impl RequestBody {
    fn bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Unread | Self::TooLarge => None,
        }
    }

    /// A body that was wanted, or why there is none after all.
    fn read(&self) -> Option<Result<&Bytes, Disposition>> {
        match self {
            Self::Unread => None,
            Self::Whole(bytes) => Some(Ok(bytes)),
            Self::TooLarge => Some(Err(Disposition::BodyTooLarge)),
        }
    }
}

/// A request that gets what it asked for.
struct Handled {
    partner: Arc<PartnerState>,
    response: Response<Payload>,
    disposition: Disposition,
}

/// A request that gets no data.
struct Rejected {
    partner: Option<Arc<PartnerState>>,
    disposition: Disposition,
    /// What may be asked of this path, if it is not what may be asked of the documented ones.
    allow: Option<HeaderValue>,
}

impl From<Disposition> for Rejected {
    fn from(disposition: Disposition) -> Self {
        Self { partner: None, disposition, allow: None }
    }
}

impl From<Unrouted> for Rejected {
    fn from(unrouted: Unrouted) -> Self {
        let disposition = match unrouted {
            Unrouted::UnknownPath => Disposition::UnknownPath,
            Unrouted::WrongMethod => Disposition::WrongMethod,
        };
        disposition.into()
    }
}

impl From<Denied> for Rejected {
    fn from(denied: Denied) -> Self {
        Self {
            partner: denied.partner,
            disposition: Disposition::Unauthorized(denied.failure),
            allow: None,
        }
    }
}

/// The headers of a documented response, which is known by why it was sent.
fn documented_headers(disposition: Disposition) -> HeaderMap {
    let response = match disposition {
        Disposition::Served => json(StatusCode::OK, Bytes::new()),
        disposition => refuse(disposition, None),
    };
    response.into_parts().0.headers
}

fn refuse(disposition: Disposition, allow: Option<HeaderValue>) -> Response<Payload> {
    let failure = match disposition {
        Disposition::Unauthorized(failure) => failure.error_body(),
        Disposition::WrongMethod => ErrorBody::MethodNotAllowed,
        Disposition::BadHost => ErrorBody::BadRequest,
        Disposition::BodyTooLarge => ErrorBody::PayloadTooLarge,
        Disposition::UnknownPath | Disposition::Served | Disposition::Stubbed => {
            ErrorBody::NotFound
        }
    };
    let mut response = json(failure.status(), failure.body());
    match failure {
        ErrorBody::MissingBearerToken => response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE),
        ErrorBody::InvalidToken => {
            response.headers_mut().insert(WWW_AUTHENTICATE, CHALLENGE_INVALID)
        }
        ErrorBody::MethodNotAllowed => {
            response.headers_mut().insert(ALLOW, allow.unwrap_or(ALLOWED))
        }
        ErrorBody::PayloadTooLarge => response.headers_mut().insert(BY_THE_MOCK, LIMIT),
        ErrorBody::NotFound | ErrorBody::BadRequest => None,
    };
    response
}
