//! Spans follow OpenTelemetry's conventions, and no span, event or log line of this crate or its
//! dependencies contains a secret.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Once};

use partner_api::{Client, RetryPolicy};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry};

use crate::support::{KEY, RawServer, Step, WALLET, http_response, json, key_forms_in};

type Fields = BTreeMap<String, String>;

/// All spans, with their parents, and all events, at every level.
#[derive(Clone, Default)]
struct Recorded {
    spans: Arc<Mutex<Vec<Span>>>,
    events: Arc<Mutex<Vec<Fields>>>,
}

#[derive(Clone, Debug)]
struct Span {
    id: u64,
    name: &'static str,
    parent: Option<&'static str>,
    fields: Fields,
}

struct Collect<'a>(&'a mut Fields);

impl Visit for Collect<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

thread_local! {
    /// Where the test of this thread records, while it does.
    static RECORDED: RefCell<Option<Recorded>> = const { RefCell::new(None) };
}

/// A layer for the tests of all threads: separate subscribers would race for tracing's cache of
/// what is enabled.
struct RecordLayer;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for RecordLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(recorded) = RECORDED.with_borrow(Clone::clone) else {
            return;
        };
        let parent = context.span(id).and_then(|span| span.parent()).map(|parent| parent.name());
        let mut fields = Fields::new();
        attributes.record(&mut Collect(&mut fields));
        let name = attributes.metadata().name();
        recorded.spans.lock().unwrap().push(Span { id: id.into_u64(), name, parent, fields });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let Some(recorded) = RECORDED.with_borrow(Clone::clone) else {
            return;
        };
        let mut spans = recorded.spans.lock().unwrap();
        let span = spans.iter_mut().rev().find(|span| span.id == id.into_u64());
        if let Some(span) = span {
            values.record(&mut Collect(&mut span.fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(recorded) = RECORDED.with_borrow(Clone::clone) else {
            return;
        };
        let mut fields =
            Fields::from([("target".to_owned(), event.metadata().target().to_owned())]);
        event.record(&mut Collect(&mut fields));
        recorded.events.lock().unwrap().push(fields);
    }
}

/// Stops the recording when it is dropped.
struct RecordGuard;

impl Drop for RecordGuard {
    fn drop(&mut self) {
        RECORDED.set(None);
    }
}

impl Recorded {
    /// Records everything on this thread, also log records, until the guard is dropped.
    fn start() -> (Self, RecordGuard) {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| {
            tracing_log::LogTracer::init().unwrap();
            tracing::subscriber::set_global_default(Registry::default().with(RecordLayer)).unwrap();
        });
        let recorded = Self::default();
        RECORDED.set(Some(recorded.clone()));
        (recorded, RecordGuard)
    }

    fn client_spans(&self) -> Vec<Span> {
        let spans = self.spans.lock().unwrap();
        spans.iter().filter(|span| span.name.starts_with("partner_api.")).cloned().collect()
    }

    fn text(&self) -> String {
        format!("{:?} {:?}", self.spans.lock().unwrap(), self.events.lock().unwrap())
    }
}

fn field<'a>(span: &'a Span, name: &str) -> Option<&'a str> {
    span.fields.get(name).map(String::as_str)
}

fn fast_retries() -> RetryPolicy {
    let mut policy = RetryPolicy::default();
    policy.base_delay = std::time::Duration::ZERO;
    policy
}

#[tokio::test]
async fn the_span_of_a_call_contains_the_spans_of_its_attempts() {
    let server = RawServer::start(|count| {
        let busy = http_response("503 Service Unavailable", &["connection: close"], "");
        vec![Step::Read, Step::Send(if count == 0 { busy } else { json(WALLET) })]
    })
    .await;
    let client = server.builder().retry(fast_retries()).build().unwrap();
    let (recorded, _guard) = Recorded::start();
    client.wallet().await.unwrap();

    let spans = recorded.client_spans();
    let [call, first, second] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(
        (call.name, field(call, "otel.name")),
        ("partner_api.call", Some("GET /api/v1/wallet"))
    );
    assert_eq!((field(call, "otel.kind"), field(call, "error.type")), (Some("internal"), None));
    assert_eq!(field(call, "url.template"), Some("/api/v1/wallet"));
    assert_eq!(field(call, "partner_api.retry_tokens"), Some("500"));
    let port = server.address.port().to_string();
    let url = format!("{}/api/v1/wallet", server.url());
    for attempt in [first, second] {
        assert_eq!(
            (attempt.name, attempt.parent),
            ("partner_api.attempt", Some("partner_api.call"))
        );
        for (name, value) in [
            ("otel.name", "GET"),
            ("otel.kind", "client"),
            ("http.request.method", "GET"),
            ("server.address", "127.0.0.1"),
            ("server.port", port.as_str()),
            ("url.full", url.as_str()),
        ] {
            assert_eq!(field(attempt, name), Some(value), "{name}");
        }
    }
    let values =
        |span, names: [&str; 4]| names.map(|name| field(span, name).unwrap_or("-").to_owned());
    let names = [
        "http.response.status_code",
        "error.type",
        "otel.status_code",
        "http.request.resend_count",
    ];
    assert_eq!(values(first, names), ["503", "503", "ERROR", "-"]);
    assert_eq!(values(second, names), ["200", "-", "-", "1"]);

    let events = recorded.events.lock().unwrap();
    let retries: Vec<_> = events.iter().filter(|event| event["target"] == "partner_api").collect();
    let [retry] = &retries[..] else { panic!("{retries:?}") };
    assert_eq!(
        (retry["message"].as_str(), retry["error.type"].as_str()),
        ("retrying request", "503")
    );
}

#[tokio::test]
async fn a_custom_request_is_named_by_its_template_and_never_by_its_path() {
    for (template, name) in [
        (None, "DELETE"),
        (Some("/api/v1/templates/{id}"), "DELETE /api/v1/templates/{id}"),
        (Some("templates/{id}"), "DELETE /api/v1/templates/{id}"),
    ] {
        let server = RawServer::responding(http_response("204 No Content", &[], "")).await;
        let client = server.client();
        let (recorded, _guard) = Recorded::start();
        let mut request = client.delete(["templates", "t-1"]);
        if let Some(template) = template {
            request = request.url_template(template);
        }
        request.send_empty().await.unwrap();
        let spans = recorded.client_spans();
        assert_eq!(field(&spans[0], "otel.name"), Some(name));
    }
}

#[tokio::test]
async fn the_error_type_is_recorded_on_the_attempt_and_the_call() {
    for (steps, error_type) in [
        (vec![Step::Read], "interrupted"),
        (vec![Step::Read, Step::Send(http_response("401 Unauthorized", &[], ""))], "401"),
        (
            vec![Step::Read, Step::Send(http_response("302 Found", &["location: /x"], ""))],
            "redirect",
        ),
        (vec![Step::Read, Step::Send(json("{}"))], "decode"),
        (vec![Step::Read, Step::Send(b"nonsense\r\n\r\n".to_vec())], "protocol"),
    ] {
        let server = RawServer::start(move |_| steps.clone()).await;
        let client = server.client();
        let (recorded, _guard) = Recorded::start();
        client.wallet().await.unwrap_err();
        let spans = recorded.client_spans();
        assert_eq!(spans.len(), 2);
        for span in &spans {
            assert_eq!(
                (field(span, "error.type"), field(span, "otel.status_code")),
                (Some(error_type), Some("ERROR"))
            );
        }
    }
}

#[tokio::test]
async fn an_error_of_a_stream_is_recorded_on_the_span_of_its_call() {
    let server = RawServer::responding(json(r#"{"data":[]"#)).await;
    let client = server.client();
    let (recorded, _guard) = Recorded::start();
    let mut companies = client.companies().stream();
    companies.next().await.unwrap().unwrap_err();
    let spans = recorded.client_spans();
    assert_eq!(field(&spans[0], "error.type"), Some("decode"));
    assert_eq!(field(&spans[1], "error.type"), None);
}

#[tokio::test]
async fn spans_contain_no_query_no_control_character_and_no_unregistered_method_name() {
    let server = RawServer::responding(json("{}")).await;
    let client = server.client();
    let (recorded, _guard) = Recorded::start();
    let method = http::Method::from_bytes(b"PURGE").unwrap();
    let request = client.request(method, ["caches\u{1b}[2J"]).query("token", "hunter2");
    request.send_empty().await.unwrap();
    let spans = recorded.client_spans();
    assert_eq!(field(&spans[0], "otel.name"), Some("_OTHER"));
    assert_eq!(field(&spans[1], "http.request.method"), Some("_OTHER"));
    assert_eq!(field(&spans[1], "http.request.method_original"), Some("PURGE"));
    let text = format!("{spans:?}");
    assert!(!text.contains("hunter2") && !text.contains('\u{1b}'), "{text}");
}

#[tokio::test]
async fn no_level_of_any_crate_contains_the_key() {
    let echo = format!("{{\"error\":\"{KEY}\"}}");
    let (recorded, _guard) = Recorded::start();
    for steps in [
        vec![Step::Read, Step::Send(json(WALLET))],
        vec![Step::Read, Step::Send(http_response("401 Unauthorized", &[], &echo))],
        vec![Step::Read, Step::Send(json(&echo))],
        vec![Step::Read, Step::Reset],
        vec![Step::Read, Step::Send(b"HTTP/1.1 500 Oops\r\n\r\n".to_vec())],
    ] {
        let server = RawServer::start(move |_| steps.clone()).await;
        let client = server.builder().retry(fast_retries()).build().unwrap();
        let _ = client.wallet().await;
        let _ = client.post("messages").json(&KEY).query("key", KEY).send_empty().await;
        let _ = client.companies().stream().next().await;
    }
    // A handshake that fails, so that the log records of TLS are also checked.
    let tls = RawServer::start(|_| vec![Step::Send(b"not TLS".to_vec())]).await;
    let client = Client::new(&tls.url().replace("http://", "https://"), KEY).unwrap();
    client.wallet().await.unwrap_err();

    let text = recorded.text();
    assert!(
        text.contains("hyper_util"),
        "the dependencies log nothing, so this test proves nothing about them"
    );
    assert_eq!(key_forms_in(&text), Vec::<String>::new());
}

#[test]
fn a_planted_key_is_found() {
    let (recorded, _guard) = Recorded::start();
    let header = http::HeaderValue::from_str(KEY).unwrap();
    tracing::trace!(?header, "planted");
    let span = tracing::info_span!("partner_api.planted", key = tracing::field::Empty);
    span.record("key", KEY);
    assert!(!key_forms_in(&format!("{:?}", recorded.events.lock().unwrap())).is_empty());
    assert!(!key_forms_in(&format!("{:?}", recorded.spans.lock().unwrap())).is_empty());
}
