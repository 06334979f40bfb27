//! The log reports of every request what the journal records, and contains neither a key nor a
//! control character, even if a path or a name does.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::Request;
use partner_api_mock::{Fault, Mock, MockServer, Rule};
use tower::ServiceExt as _;
use tracing::field::{Field, Visit};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber, span};

/// The events of this thread, each as its target and fields.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    /// While another test registers an event, tracing does not yet know its subscribers, so this
    /// waits until it gets an event.
    async fn listen() -> (Self, DefaultGuard) {
        let told = Self::default();
        let guard = tracing::subscriber::set_default(told.clone());
        while told.lines().is_empty() {
            tracing::callsite::rebuild_interest_cache();
            ask(&Mock::new(), "/", "").await;
        }
        (told, guard)
    }

    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Subscriber for Told {
    fn enabled(&self, about: &Metadata<'_>) -> bool {
        about.target().starts_with("partner_api_mock")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        assert_eq!(*event.metadata().level(), Level::INFO);
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() != "duration_us" {
            write!(self.0, " {}={value:?}", field.name()).unwrap();
        }
    }
}

async fn ask(mock: &Mock, target: &str, key: &str) {
    let request = Request::get(target).header("authorization", format!("Bearer {key}"));
    let _ = mock.service().oneshot(request.body(Body::empty()).unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn every_request_is_one_event_with_status_and_disposition() {
    let (told, _guard) = Told::listen().await;
    let mock = Mock::new();
    let key = mock.api_key();
    ask(&mock, "/api/v1/wallet?a=1", &key).await;
    ask(&mock, "/api/v1/wallet", "pk_live_unknown").await;
    let rule =
        Rule::new(Fault::status(503).delay(Duration::from_secs(2))).probability(1.0).times(1);
    mock.faults().add(rule).unwrap();
    ask(&mock, "/api/v1/companies", &key).await;
    mock.partner().fail_next(Fault::close()).unwrap();
    ask(&mock, "/api/v1/companies", &key).await;

    let lines = told.lines();
    let draw = mock.requests()[2].fault.as_ref().unwrap().draw().unwrap();
    let draw = format!("{draw:.6}");
    let request_event = |rest: &str| {
        format!("partner_api_mock::request message=request handled {rest}").replace("DRAW", &draw)
    };
    assert_eq!(
        lines,
        [
            request_event(
                "request.id=req-1 http.request.method=GET url.path=/api/v1/wallet url.query=a=1 \
                 http.response.status_code=200 disposition=served partner=default"
            ),
            request_event(
                "request.id=req-2 http.request.method=GET url.path=/api/v1/wallet \
                 http.response.status_code=401 disposition=unknown key"
            ),
            request_event(
                "request.id=req-3 http.request.method=GET url.path=/api/v1/companies \
                 http.response.status_code=503 disposition=served partner=default \
                 fault=rule 1 (status=503 delay=2s times=1 probability=1.0), request 1, draw DRAW \
                 delay_us=2000000"
            ),
            // No response was sent, so there is no status.
            request_event(
                "request.id=req-4 http.request.method=GET url.path=/api/v1/companies disposition=served \
                 partner=default fault=rule 1 (connection=close times=1), request 1"
            ),
        ]
    );
}

#[tokio::test]
async fn neither_a_key_nor_a_control_character_is_logged() {
    let (told, _guard) = Told::listen().await;
    let mock = Mock::new();
    let partner = mock.add_partner("a\u{1b}[31m\n\u{9b}\u{202e}");
    let key = partner.issue_key();
    let secret = key.strip_prefix("pk_live_").unwrap();
    let fault = Fault::status(500).body(format!("{key}\u{7f}\u{9b}")).header("x-key", key.clone());
    partner.faults().add(fault).unwrap();
    for target in [
        format!("/{key}/\u{9b}31m\u{202e}?key={key}&\u{9b}=\u{85}"),
        format!("/api/v1/wallet?{key}&%1b%5b31m"),
    ] {
        ask(&mock, &target, &key).await;
    }
    let lines = told.lines();
    assert_eq!(lines.len(), 2);
    for line in &lines {
        assert!(!line.contains(secret) && line.contains("pk_live_[redacted]"), "{line}");
        assert!(!line.chars().any(|char| char.is_control() || char == '\u{202e}'), "{line}");
    }
    assert!(lines[0].contains(r"/pk_live_[redacted]\u{9b}31m\u{202e} "), "{}", lines[0]);
    assert!(lines[0].contains(r"url.query=key=pk_live_[redacted]&\u{9b}=\u{85} "), "{}", lines[0]);
    assert!(lines[1].contains("url.query=pk_live_[redacted]&%1b%5b31m "), "{}", lines[1]);
    assert!(lines[1].contains(r"partner=a\u{1b}[31m\n\u{9b}\u{202e} "), "{}", lines[1]);
    assert!(
        lines[1].contains(r#"status=500 body="pk_live_[redacted]\u{7f}\u{9b}""#),
        "{}",
        lines[1]
    );
}

#[tokio::test]
async fn a_server_logs_its_address_and_its_end() {
    let (told, _guard) = Told::listen().await;
    let mock = MockServer::start().await.unwrap();
    let address = mock.address();
    mock.shutdown().await;
    let told = told.lines();
    let lines: Vec<_> =
        told.iter().map(|line| line.strip_prefix("partner_api_mock::server ").unwrap()).collect();
    assert_eq!(
        lines,
        [
            format!("message=listening address={address}"),
            format!("message=shutting down: finishing requests under way address={address}"),
            format!("message=shut down address={address}"),
        ]
    );
}
