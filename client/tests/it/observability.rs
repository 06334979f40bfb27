//! At stake: spans by OpenTelemetry's conventions, and no secret in anything that is traced or
//! logged, by this crate or by those below it.

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

use crate::support::{KEY, RawServer, Step, WALLET, answer, json, sightings};

type Fields = BTreeMap<String, String>;

/// What a subscriber with every level on sees: spans with their parents, and events.
#[derive(Clone, Default)]
struct Seen {
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
    /// What the test of this thread sees, while it looks.
    static SEEN: RefCell<Option<Seen>> = const { RefCell::new(None) };
}

/// Serves the tests of all threads: subscribers of their own would race for tracing's cache of what
/// is enabled.
struct Watch;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Watch {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(seen) = SEEN.with_borrow(Clone::clone) else {
            return;
        };
        let parent = context.span(id).and_then(|span| span.parent()).map(|parent| parent.name());
        let mut fields = Fields::new();
        attributes.record(&mut Collect(&mut fields));
        let name = attributes.metadata().name();
        seen.spans.lock().unwrap().push(Span { id: id.into_u64(), name, parent, fields });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let Some(seen) = SEEN.with_borrow(Clone::clone) else {
            return;
        };
        let mut spans = seen.spans.lock().unwrap();
        let span = spans.iter_mut().rev().find(|span| span.id == id.into_u64());
        if let Some(span) = span {
            values.record(&mut Collect(&mut span.fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(seen) = SEEN.with_borrow(Clone::clone) else {
            return;
        };
        let mut fields =
            Fields::from([("target".to_owned(), event.metadata().target().to_owned())]);
        event.record(&mut Collect(&mut fields));
        seen.events.lock().unwrap().push(fields);
    }
}

/// Ends the looking when it goes.
struct Looking;

impl Drop for Looking {
    fn drop(&mut self) {
        SEEN.set(None);
    }
}

impl Seen {
    /// Everything on this thread is seen until the guard goes; what is logged by `log` as well.
    fn start() -> (Self, Looking) {
        static WATCHING: Once = Once::new();
        WATCHING.call_once(|| {
            tracing_log::LogTracer::init().unwrap();
            tracing::subscriber::set_global_default(Registry::default().with(Watch)).unwrap();
        });
        let seen = Self::default();
        SEEN.set(Some(seen.clone()));
        (seen, Looking)
    }

    fn ours(&self) -> Vec<Span> {
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
async fn a_call_is_a_span_around_those_of_its_attempts() {
    let server = RawServer::start(|count| {
        let busy = answer("503 Service Unavailable", &["connection: close"], "");
        vec![Step::Read, Step::Send(if count == 0 { busy } else { json(WALLET) })]
    })
    .await;
    let client = server.builder().retry(fast_retries()).build().unwrap();
    let (seen, _guard) = Seen::start();
    client.wallet().await.unwrap();

    let spans = seen.ours();
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
    let told =
        |span, names: [&str; 4]| names.map(|name| field(span, name).unwrap_or("-").to_owned());
    let names = [
        "http.response.status_code",
        "error.type",
        "otel.status_code",
        "http.request.resend_count",
    ];
    assert_eq!(told(first, names), ["503", "503", "ERROR", "-"]);
    assert_eq!(told(second, names), ["200", "-", "-", "1"]);

    let events = seen.events.lock().unwrap();
    let retries: Vec<_> =
        events.iter().filter(|event| event["target"].starts_with("partner_api")).collect();
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
        let server = RawServer::answering(answer("204 No Content", &[], "")).await;
        let client = server.client();
        let (seen, _guard) = Seen::start();
        let mut request = client.delete(["templates", "t-1"]);
        if let Some(template) = template {
            request = request.url_template(template);
        }
        request.send_empty().await.unwrap();
        let spans = seen.ours();
        assert_eq!(field(&spans[0], "otel.name"), Some(name));
    }
}

#[tokio::test]
async fn a_failure_is_told_by_its_type_on_the_attempt_and_the_call() {
    for (steps, error_type) in [
        (vec![Step::Read], "interrupted"),
        (vec![Step::Read, Step::Send(answer("401 Unauthorized", &[], ""))], "401"),
        (vec![Step::Read, Step::Send(answer("302 Found", &["location: /x"], ""))], "redirect"),
        (vec![Step::Read, Step::Send(json("{}"))], "decode"),
        (vec![Step::Read, Step::Send(b"nonsense\r\n\r\n".to_vec())], "protocol"),
    ] {
        let server = RawServer::start(move |_| steps.clone()).await;
        let client = server.client();
        let (seen, _guard) = Seen::start();
        client.wallet().await.unwrap_err();
        let spans = seen.ours();
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
async fn a_stream_is_in_the_span_of_its_call_to_its_end() {
    let server = RawServer::answering(json(r#"{"data":[]"#)).await;
    let client = server.client();
    let (seen, _guard) = Seen::start();
    let mut companies = client.companies().stream();
    companies.next().await.unwrap().unwrap_err();
    let spans = seen.ours();
    assert_eq!(field(&spans[0], "error.type"), Some("decode"));
    assert_eq!(field(&spans[1], "error.type"), None);
}

#[tokio::test]
async fn control_characters_and_queries_stay_out_and_a_strange_method_has_no_name() {
    let server = RawServer::answering(json("{}")).await;
    let client = server.client();
    let (seen, _guard) = Seen::start();
    let method = http::Method::from_bytes(b"PURGE").unwrap();
    let request = client.request(method, ["caches\u{1b}[2J"]).query("token", "hunter2");
    request.send_empty().await.unwrap();
    let spans = seen.ours();
    assert_eq!(field(&spans[0], "otel.name"), Some("_OTHER"));
    assert_eq!(field(&spans[1], "http.request.method"), Some("_OTHER"));
    assert_eq!(field(&spans[1], "http.request.method_original"), Some("PURGE"));
    let text = format!("{spans:?}");
    assert!(!text.contains("hunter2") && !text.contains('\u{1b}'), "{text}");
}

#[tokio::test]
async fn no_key_is_seen_at_any_level_of_any_crate() {
    let echo = format!("{{\"error\":\"{KEY}\"}}");
    let (seen, _guard) = Seen::start();
    for steps in [
        vec![Step::Read, Step::Send(json(WALLET))],
        vec![Step::Read, Step::Send(answer("401 Unauthorized", &[], &echo))],
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
    // No certificate is right for it: what is logged of TLS is seen, too.
    let tls = RawServer::start(|_| vec![Step::Send(b"not TLS".to_vec())]).await;
    let client = Client::new(&tls.url().replace("http://", "https://"), KEY).unwrap();
    client.wallet().await.unwrap_err();

    let text = seen.text();
    assert!(
        text.contains("hyper_util"),
        "the crates below log nothing, so this proves nothing of them"
    );
    assert_eq!(sightings(&text), Vec::<String>::new());
}

#[test]
fn a_planted_key_would_be_seen() {
    let (seen, _guard) = Seen::start();
    let header = http::HeaderValue::from_str(KEY).unwrap();
    tracing::trace!(?header, "planted");
    let span = tracing::info_span!("partner_api.planted", key = tracing::field::Empty);
    span.record("key", KEY);
    assert!(!sightings(&format!("{:?}", seen.events.lock().unwrap())).is_empty());
    assert!(!sightings(&format!("{:?}", seen.spans.lock().unwrap())).is_empty());
}
