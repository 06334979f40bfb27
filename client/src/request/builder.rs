//! A request to any path under the base URL: for what the service has and this crate does not know.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE,
    TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderName, HeaderValue, Request, Uri};
use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::decode::body_decoder::{self, NewSink};
use crate::pipeline::Road;
use crate::pipeline::retry::IDEMPOTENCY_KEY;
use crate::pipeline::timeouts::Limits;
use crate::request::call::{Call, ListCall, show_request};
use crate::transport::RequestBody;

/// Headers that belong to the client or to HTTP itself.
const RESERVED: [HeaderName; 8] = [
    AUTHORIZATION,
    HOST,
    ACCEPT_ENCODING,
    CONNECTION,
    CONTENT_LENGTH,
    TE,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// A request that becomes a [`Call`] once it is said what it returns. Made by
/// [`Client::request`](crate::Client::request) and its short forms.
///
/// It goes the same road as the documented calls: key, deadline, retries, size limit, errors.
///
/// ```no_run
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize)]
/// struct NewTemplate<'a> {
///     name: &'a str,
/// }
///
/// #[derive(Deserialize)]
/// struct Template {
///     id: String,
/// }
///
/// # async fn run(client: partner_api::Client) -> Result<(), partner_api::Error> {
/// // The paths and shapes are invented: the reference announces templates and shows none.
/// let created: Template = client
///     .post("templates")
///     .idempotency_key("order-1764")
///     .json(&NewTemplate { name: "welcome" })
///     .returning()
///     .await?;
/// let read: Template = client.get(["templates", &created.id]).returning().await?;
/// let all: Vec<Template> = client.get("templates").query("limit", "100").returning_list().await?;
/// client.delete(["templates", &read.id]).returning_nothing().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a request does nothing until it is said what it returns and that is awaited"]
pub struct ApiRequest {
    road: Arc<Road>,
    limits: Limits,
    /// What was wrong first, said when the call is made.
    request: Result<Request<RequestBody>, String>,
    query: Vec<(String, String)>,
}

impl ApiRequest {
    pub(crate) fn new(
        road: Arc<Road>,
        limits: Limits,
        request: Result<Request<RequestBody>, String>,
    ) -> Self {
        Self { road, limits, request, query: Vec::new() }
    }

    /// Adds a parameter to the query, escaped.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a header. Those that belong to the client or to HTTP itself (`Authorization`, `Host`,
    /// `Accept-Encoding`, what frames the body or is about the connection) are refused: the call
    /// then fails with [`ErrorKind::Request`](crate::ErrorKind::Request).
    pub fn header(self, name: &str, value: &str) -> Self {
        self.change(|request| {
            let name = HeaderName::try_from(name)
                .map_err(|_| "the name of a header is not one".to_owned())?;
            if RESERVED.contains(&name) {
                return Err(format!("the header {name} is the client's own"));
            }
            let value = HeaderValue::try_from(value.trim()).map_err(|_| {
                format!("the header {name} has a character that a header cannot have")
            })?;
            if name == IDEMPOTENCY_KEY && value.is_empty() {
                return Err(
                    "the idempotency key is empty, so the service could tell nothing by it".into(),
                );
            }
            request.headers_mut().insert(name, value);
            Ok(())
        })
    }

    /// Says that the service may get this request twice and will act on it once, by the
    /// `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header), so that it is retried
    /// even if its method is not idempotent.
    ///
    /// The reference promises no such thing: use it where the service documents it.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header(IDEMPOTENCY_KEY.as_str(), key)
    }

    /// Gives it a JSON body.
    pub fn json<B: Serialize + ?Sized>(self, body: &B) -> Self {
        self.change(|request| {
            let json = serde_json::to_vec(body)
                .map_err(|cause| format!("its body cannot be written as JSON: {cause}"))?;
            request
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = RequestBody::from(Bytes::from(json));
            Ok(())
        })
    }

    /// It returns one JSON document.
    pub fn returning<T: DeserializeOwned + Send + 'static>(self) -> Call<T> {
        self.call(body_decoder::document)
    }

    /// It returns a list in the envelope that the reference shows, `{ "data": [ … ] }`.
    pub fn returning_list<T: DeserializeOwned + Send + 'static>(self) -> ListCall<T> {
        self.call(body_decoder::list)
    }

    /// It returns nothing that matters, or nothing at all: a body is read and forgotten.
    pub fn returning_nothing(self) -> Call<()> {
        self.call(body_decoder::nothing)
    }

    fn change(
        mut self,
        change: impl FnOnce(&mut Request<RequestBody>) -> Result<(), String>,
    ) -> Self {
        self.request = self.request.and_then(|mut request| change(&mut request).map(|()| request));
        self
    }

    fn call<T, Shape>(mut self, sink: NewSink<T>) -> Call<T, Shape> {
        let query = std::mem::take(&mut self.query);
        let Self { road, limits, request, .. } =
            self.change(|request| add_query(request.uri_mut(), &query));
        Call::new(road, request.map(Arc::new), limits, sink)
    }
}

fn add_query(uri: &mut Uri, query: &[(String, String)]) -> Result<(), String> {
    if query.is_empty() {
        return Ok(());
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    *uri = format!("{uri}?{query}")
        .parse()
        .map_err(|cause| format!("its query is too much ({cause})"))?;
    Ok(())
}

impl fmt::Debug for ApiRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("ApiRequest");
        show_request(self.request.as_ref(), &mut shown);
        shown.finish_non_exhaustive()
    }
}
