//! The client, with a layer below it that keeps each response as it was received.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Request, Response, Uri, Version};
use http_body::Body as _;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use partner_api::{
    API_PATH, BoxError, Client, ClientBuilder, Error, ErrorKind, HttpService, RequestBody,
    RetryPolicy, UnauthorizedCode,
};
use tower::layer::layer_fn;
use tower::{Service as _, service_fn};

use super::redact::{Redactor, is_enum_value};

/// The largest body that is read, in bytes: 256 MiB, as of a seed file. A list of 100,000 companies
/// has 33 MB.
const MAX_BODY: usize = 256 << 20;
/// A key that nobody has. It says so in the service's logs.
const MADE_UP_KEY: &str = "pk_live_madeupmadeupmadeupmadeup";

/// The key that a request is sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credentials {
    Key,
    NoKey,
    UnknownKey,
}

/// A service that can be called.
#[derive(Debug)]
pub(crate) struct Service {
    client: Client,
    made_up: Client,
    exchange: Arc<Mutex<Exchange>>,
    has_prefix: bool,
    pub(crate) redactor: Redactor,
}

/// What the layer does with the next request, and what it received for it.
#[derive(Debug, Default)]
struct Exchange {
    without_key: bool,
    accepts_gzip: bool,
    is_too_large: bool,
    response: Option<Response<Bytes>>,
}

/// A complete response, without the key where the service repeats it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    /// The client's judgement.
    error: Option<Error>,
}

/// There is no complete response.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct RequestError {
    /// No connection could be made, so another request is of no use.
    pub(crate) is_unreachable: bool,
    message: String,
}

impl Service {
    /// No connection is made yet.
    pub(super) fn new(
        builder: ClientBuilder,
        has_prefix: bool,
        redactor: Redactor,
    ) -> Result<Self, Error> {
        let exchange = Arc::new(Mutex::new(Exchange::default()));
        let shared = Arc::clone(&exchange);
        let client = builder
            .user_agent(concat!("partner-api-cli/", env!("CARGO_PKG_VERSION")))
            .max_response_bytes(MAX_BODY)
            .retry(RetryPolicy::never())
            .layer(layer_fn(move |http: HttpService| {
                let shared = Arc::clone(&shared);
                service_fn(move |mut request: Request<RequestBody>| {
                    if !has_prefix {
                        remove_prefix(request.uri_mut());
                    }
                    forward(http.clone(), Arc::clone(&shared), request)
                })
            }))
            .build()?;
        let made_up = client.with_api_key(MADE_UP_KEY)?;
        Ok(Self { client, made_up, exchange, has_prefix, redactor })
    }

    pub(crate) fn base_url(&self) -> &str {
        let base_url = self.client.base_url();
        if self.has_prefix { base_url } else { base_url.trim_end_matches(API_PATH) }
    }

    /// Sends a `GET` request for a path of the contract, such as `/wallet`.
    pub(crate) async fn get(
        &self,
        path: &str,
        credentials: Credentials,
    ) -> Result<Received, RequestError> {
        self.send(path, credentials, false).await
    }

    /// The same, with the key and an `Accept-Encoding` that allows gzip. The body is not decoded.
    pub(crate) async fn get_compressed(&self, path: &str) -> Result<Received, RequestError> {
        self.send(path, Credentials::Key, true).await
    }

    async fn send(
        &self,
        path: &str,
        credentials: Credentials,
        accepts_gzip: bool,
    ) -> Result<Received, RequestError> {
        {
            let mut exchange = lock(&self.exchange);
            exchange.without_key = credentials == Credentials::NoKey;
            exchange.accepts_gzip = accepts_gzip;
            exchange.is_too_large = false;
            exchange.response = None;
        }
        let client =
            if credentials == Credentials::UnknownKey { &self.made_up } else { &self.client };
        let error = client.get(path).send_empty().await.err();
        let (response, is_too_large) = {
            let mut exchange = lock(&self.exchange);
            (exchange.response.take(), exchange.is_too_large)
        };
        match (response, error) {
            (Some(response), error) => Ok(self.received(response, error)),
            (None, error) => Err(RequestError {
                is_unreachable: error.as_ref().is_some_and(|error| {
                    matches!(error.kind(), ErrorKind::Connect | ErrorKind::Tls | ErrorKind::Proxy)
                }),
                message: match error {
                    _ if is_too_large => "the response body is larger than 256 MiB".to_owned(),
                    Some(error) => self.redactor.shown(&message(&error), 500),
                    None => "the response was not kept".to_owned(),
                },
            }),
        }
    }

    fn received(&self, response: Response<Bytes>, error: Option<Error>) -> Received {
        let (mut head, body) = response.into_parts();
        for value in head.headers.values_mut() {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            let redacted = self.redactor.redact(&text);
            if redacted != text {
                *value = HeaderValue::from_str(&redacted)
                    .unwrap_or_else(|_| HeaderValue::from_static("[redacted]"));
            }
        }
        let body = match std::str::from_utf8(&body) {
            Ok(text) => self.redactor.redact(text).into_owned().into_bytes(),
            Err(_) => body.to_vec(),
        };
        Received {
            status: head.status.as_u16(),
            version: head.version,
            headers: head.headers,
            body,
            error,
        }
    }
}

impl Received {
    /// The content type without its parameters, in lower case.
    pub(crate) fn content_type(&self) -> Option<String> {
        let value = self.headers.get(CONTENT_TYPE)?.to_str().ok()?;
        Some(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
    }

    pub(crate) fn is_html(&self) -> bool {
        self.content_type().as_deref() == Some("text/html")
    }

    /// The content coding of the body.
    pub(crate) fn coding(&self) -> Option<&str> {
        let coding = self.headers.get(CONTENT_ENCODING)?.to_str().ok()?.trim();
        (!coding.is_empty() && coding != "identity").then_some(coding)
    }

    /// Returns true for a response that says nothing of the API: a redirect, or a status that is
    /// transient.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self.status, 300..=399 | 407 | 408 | 425 | 429 | 500..)
    }

    /// Why the request failed by its status, in the words of the client.
    pub(crate) fn problem(&self, redactor: &Redactor) -> String {
        match &self.error {
            // Other texts than a code can be anybody's data.
            Some(error) => match error.unauthorized_code() {
                Some(UnauthorizedCode::Other(code)) if !is_enum_value(code) => {
                    "the service rejected the API key (401); check the key in the dashboard"
                        .to_owned()
                }
                _ => redactor.shown(&message(error), 500),
            },
            None => format!("the service responded with {}", self.status),
        }
    }
}

/// Sends a request of the client as the exchange asks for, and keeps the whole response.
async fn forward(
    mut http: HttpService,
    exchange: Arc<Mutex<Exchange>>,
    mut request: Request<RequestBody>,
) -> Result<Response<Full<Bytes>>, BoxError> {
    {
        let exchange = lock(&exchange);
        let headers = request.headers_mut();
        headers.remove(ACCEPT_ENCODING);
        if exchange.accepts_gzip {
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if exchange.without_key {
            headers.remove(AUTHORIZATION);
        }
    }
    let (head, body) = http.call(request).await?.into_parts();
    // What is announced as too large is not read at all.
    if body.size_hint().lower() > MAX_BODY as u64 {
        lock(&exchange).is_too_large = true;
        return Err("the response body is too large".into());
    }
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            lock(&exchange).is_too_large = error.is::<LengthLimitError>();
            return Err(error);
        }
    };
    let response = Response::from_parts(head, body);
    lock(&exchange).response = Some(response.clone());
    Ok(response.map(Full::new))
}

/// Removes the last `/api/v1` of the path, which is that of the base URL.
fn remove_prefix(uri: &mut Uri) {
    let text = uri.to_string();
    let without = text.rsplit_once(API_PATH).map(|(before, after)| format!("{before}{after}"));
    if let Some(without) = without.and_then(|text| text.parse().ok()) {
        *uri = without;
    }
}

/// What failed, where, and what to do, for a user of the program.
fn message(error: &Error) -> String {
    let text = match error.kind() {
        ErrorKind::Timeout(_) => error.to_string().replace("raise timeout()", "raise --timeout"),
        ErrorKind::Proxy => error.to_string().replace("use no_proxy()", "set NO_PROXY"),
        _ => error.to_string(),
    };
    text.replace("; see Error::body() for details", "")
}

/// What is wrong with a setting, in the words of the command line.
pub(super) fn setting_message(message: &str) -> String {
    message
        .replace(", or call danger_allow_plain_http() in a network that you trust", "")
        .replace(", or use no_proxy()", "")
        .replace("set the key with api_key()", "set the key with PARTNER_API_KEY")
}

fn lock(exchange: &Mutex<Exchange>) -> MutexGuard<'_, Exchange> {
    exchange.lock().unwrap_or_else(PoisonError::into_inner)
}
