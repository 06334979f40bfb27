//! The builder of a request to any path below the base URL.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Uri};
use serde_core::Serialize;
use serde_core::de::DeserializeOwned;

use crate::decode::body_decoder::DocumentDecoder;
use crate::pipeline::retry::IDEMPOTENCY_KEY;
use crate::pipeline::{CallOptions, ClientInner};
use crate::request::call::{Call, ListCall, PreparedCall, debug_request};
use crate::request::headers::set_header;
use crate::transport::RequestBody;
use crate::transport::path::relative_path;

/// Builds a request to any path, for endpoints that this crate does not know.
///
/// Made by [`Client::request`](crate::Client::request) and its short forms. It is sent as the
/// documented calls are: with key, timeouts, retries and size limit.
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
/// // Paths and schemas are examples: the reference announces templates and shows none.
/// let created = client
///     .post("templates")
///     .idempotency_key("order-1764")
///     .json(&NewTemplate { name: "welcome" })
///     .send::<Template>()
///     .await?;
/// let template = client.get(["templates", &created.id]).send::<Template>().await?;
/// let all = client.get("templates").query("limit", "100").send_list::<Template>().await?;
/// client.delete(["templates", &template.id]).send_empty().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a request does nothing until send() and its like make a call of it that is awaited"]
pub struct RequestBuilder {
    inner: Arc<ClientInner>,
    options: CallOptions,
    /// Or the first problem with it, which the call returns.
    request: Result<Request<RequestBody>, String>,
    query: Vec<(String, String)>,
}

impl RequestBuilder {
    pub(crate) fn new(
        inner: Arc<ClientInner>,
        options: CallOptions,
        request: Result<Request<RequestBody>, String>,
    ) -> Self {
        Self { inner, options, request, query: Vec::new() }
    }

    /// Adds a parameter to the query, percent-encoded.
    pub fn query(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.query.push((name.into(), value.into()));
        self
    }

    /// Sets a header.
    ///
    /// Headers that belong to the client or to HTTP itself are refused (`Authorization`, `Host`,
    /// `Accept-Encoding`, those that frame the body or concern the connection): the call then fails
    /// with [`ErrorKind::Request`](crate::ErrorKind::Request), and nothing is sent.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.change(|request| set_header(request, name, value))
    }

    /// Sets the path with its variable parts as names, such as `templates/{id}`, for the name of the
    /// call's span.
    ///
    /// It is the attribute `url.template` of OpenTelemetry. Without it the span is named by its
    /// method only, since a path may hold identifiers.
    pub fn url_template(mut self, template: impl Into<String>) -> Self {
        let template = template.into();
        self.options.url_template = Some(relative_path(&template).to_owned().into());
        self
    }

    /// Sets the `Idempotency-Key` header (draft-ietf-httpapi-idempotency-key-header), so that the
    /// request is retried even if its method is not idempotent.
    ///
    /// The reference does not promise that the service acts only once on requests with the same
    /// key: use it where the service documents it.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header(IDEMPOTENCY_KEY.as_str(), key)
    }

    /// Sets the body to this value as JSON.
    pub fn json<B: Serialize + ?Sized>(self, body: &B) -> Self {
        self.change(|request| {
            let json = serde_json::to_vec(body)
                .map_err(|cause| format!("the body cannot be written as JSON: {cause}"))?;
            request
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            *request.body_mut() = RequestBody::from(Bytes::from(json));
            Ok(())
        })
    }

    /// Makes a call of it whose response is one JSON document.
    pub fn send<T: DeserializeOwned + Send + 'static>(self) -> Call<T> {
        Call::new(self.prepare(), DocumentDecoder::json)
    }

    /// Makes a call of it whose response is a list in the envelope that the reference shows,
    /// `{ "data": [ … ] }`.
    pub fn send_list<T: DeserializeOwned + Send + 'static>(self) -> ListCall<T> {
        ListCall::new(self.prepare())
    }

    /// Makes a call of it whose response has no body, or one that does not matter.
    pub fn send_empty(self) -> Call<()> {
        Call::new(self.prepare(), DocumentDecoder::ignored)
    }

    fn change(
        mut self,
        change: impl FnOnce(&mut Request<RequestBody>) -> Result<(), String>,
    ) -> Self {
        self.request = self.request.and_then(|mut request| change(&mut request).map(|()| request));
        self
    }

    fn prepare(mut self) -> PreparedCall {
        let query = std::mem::take(&mut self.query);
        let Self { inner, options, request, .. } =
            self.change(|request| add_query(request.uri_mut(), &query));
        PreparedCall { inner, request: request.map(Arc::new), options }
    }
}

fn add_query(uri: &mut Uri, query: &[(String, String)]) -> Result<(), String> {
    if query.is_empty() {
        return Ok(());
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    *uri = format!("{uri}?{query}").parse().map_err(|cause| format!("invalid query ({cause})"))?;
    Ok(())
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("RequestBuilder");
        debug_request(self.request.as_ref(), &mut debug);
        debug.finish_non_exhaustive()
    }
}
