//! The error of every response that is not a success has its status, and says what to do.

use partner_api::{ErrorKind, RequestOutcome, UnauthorizedCode};

use wiremock::ResponseTemplate;

use crate::support::{RawServer, Step, client, received, responding};

const PROXY_PAGE: &str = "<html><body>\u{1b}[31m502 Bad Gateway hunter2</body></html>";

#[tokio::test]
async fn the_documented_codes_of_a_401_are_distinguished() {
    for (body, code, advice) in [
        (r#"{ "error": "missing_bearer_token" }"#, UnauthorizedCode::MissingBearerToken, "proxy"),
        (r#"{ "error": "invalid_token" }"#, UnauthorizedCode::InvalidToken, "dashboard"),
        (
            r#"{ "error": "key_expired" }"#,
            UnauthorizedCode::Other("key_expired".into()),
            "key_expired",
        ),
        ("", UnauthorizedCode::Unspecified, "without a code"),
        (PROXY_PAGE, UnauthorizedCode::Unspecified, "without a code"),
    ] {
        let server = responding(ResponseTemplate::new(401).set_body_string(body)).await;
        let error = client(&server.uri()).wallet().await.unwrap_err();
        assert_eq!(error.unauthorized_code(), Some(&code));
        assert!(error.is_unauthorized() && !error.is_retryable());
        assert_eq!(error.status().unwrap(), 401);
        assert_eq!(error.outcome(), RequestOutcome::Responded);
        assert!(error.to_string().contains(advice), "{error}");
        assert_eq!(received(&server).await.len(), 1);
    }
}

#[tokio::test]
async fn an_html_page_of_a_proxy_keeps_its_status_and_is_not_in_the_message() {
    let page = ResponseTemplate::new(502).set_body_raw(PROXY_PAGE, "text/html");
    let server = responding(page).await;
    let error = client(&server.uri()).companies().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Status(http::StatusCode::BAD_GATEWAY));
    assert!(error.is_retryable());
    assert_eq!(error.body(), Some(PROXY_PAGE.as_bytes()));
    for text in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
        assert!(
            text.contains("502") && !text.contains("hunter2") && !text.contains('\u{1b}'),
            "{text}"
        );
    }
}

#[tokio::test]
async fn only_transient_statuses_are_retryable() {
    for (status, retryable) in [
        (400, false),
        (403, false),
        (404, false),
        (408, true),
        (425, true),
        (429, true),
        (500, true),
        (501, false),
        (503, true),
        (504, true),
        (599, false),
        (999, false),
    ] {
        let response = ResponseTemplate::new(status)
            .insert_header("x-request-id", "req-7")
            .set_body_string("{}");
        let server = responding(response).await;
        let error = client(&server.uri()).wallet().await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(error.is_retryable(), retryable, "{status}");
        assert_eq!(error.is_throttled(), status == 429);
        assert_eq!(error.request_id(), Some("req-7"));
        assert!(error.to_string().contains("(request id req-7)"), "{error}");
        assert_eq!(error.attempts().len(), 1);
    }
}

#[tokio::test]
async fn no_redirect_is_followed_so_the_key_is_sent_nowhere_else() {
    for status in [301, 302, 303, 307, 308] {
        let other_server = responding(ResponseTemplate::new(200)).await;
        let address = other_server.address();
        for location in [
            format!("http://{address}/api/v1/wallet?token=hunter2"),
            format!("http://localhost:{}/api/v1/wallet", address.port()),
            format!("//{address}/api/v1/wallet"),
            "https://evil.example/".to_owned(),
            "/api/v1/wallet/".to_owned(),
            String::new(),
        ] {
            let redirect = ResponseTemplate::new(status).insert_header("location", location);
            let server = responding(redirect).await;
            let error = client(&server.uri()).wallet().await.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Redirect { .. }), "{error:?}");
            assert!(!error.is_retryable());
            assert!(!error.to_string().contains("hunter2"), "{error}");
            assert_eq!(received(&server).await.len(), 1);
        }
        assert!(received(&other_server).await.is_empty());
    }
}

#[tokio::test]
async fn the_error_of_a_redirect_names_the_target_host() {
    let redirect =
        ResponseTemplate::new(308).insert_header("location", "https://api.example.com/v2?k=1");
    let server = responding(redirect).await;
    let error = client(&server.uri()).wallet().await.unwrap_err();
    let ErrorKind::Redirect { status, host, .. } = error.kind() else { panic!("{error:?}") };
    assert_eq!((status.as_u16(), host.as_deref()), (308, Some("api.example.com")));
    assert!(error.to_string().contains("api.example.com"), "{error}");
}

#[tokio::test]
async fn the_start_of_an_error_body_is_kept_also_if_the_body_is_truncated() {
    let long = "x".repeat(2 * partner_api::MAX_ERROR_BODY_BYTES);
    let server = responding(ResponseTemplate::new(500).set_body_string(&long)).await;
    let error = client(&server.uri()).wallet().await.unwrap_err();
    assert_eq!(error.status().unwrap(), 500);
    assert_eq!(error.body().unwrap().len(), partner_api::MAX_ERROR_BODY_BYTES);

    // The code of a 401 is read, also if a long text follows it.
    let rejected = format!(r#"{{"error":"invalid_token","trace":"{long}"}}"#);
    let server = responding(ResponseTemplate::new(401).set_body_string(rejected)).await;
    let error = client(&server.uri()).wallet().await.unwrap_err();
    assert_eq!(error.unauthorized_code(), Some(&UnauthorizedCode::InvalidToken));

    let cut = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 100\r\n\r\nhalf".to_vec();
    let server = RawServer::start(move |_| vec![Step::Read, Step::Send(cut.clone())]).await;
    let error = server.client().wallet().await.unwrap_err();
    assert_eq!((error.status().unwrap().as_u16(), error.body()), (503, Some(&b"half"[..])));
}

#[tokio::test]
async fn a_coding_that_was_not_accepted_does_not_hide_the_status() {
    for (status, coding) in [(503, "br"), (429, "deflate"), (401, "zstd"), (404, "")] {
        let response = ResponseTemplate::new(status)
            .insert_header("content-encoding", coding)
            .set_body_string("zzz");
        let server = responding(response).await;
        let error = client(&server.uri()).wallet().await.unwrap_err();
        assert_eq!(error.status().unwrap(), status);
        assert_eq!((error.is_retryable(), error.is_unauthorized()), (status > 404, status == 401));
    }
}

#[tokio::test]
async fn a_long_text_of_the_service_is_truncated_wherever_an_error_shows_it() {
    let long = "n".repeat(1 << 20);
    for (status, body) in [
        (200, format!(r#"{{"{long}":tru}}"#)),
        (401, format!(r#"{{"error":"{}"}}"#, &long[..16_000])),
    ] {
        let server = responding(ResponseTemplate::new(status).set_body_string(body)).await;
        for error in [
            client(&server.uri()).companies().await.unwrap_err(),
            client(&server.uri()).wallet().await.unwrap_err(),
        ] {
            assert!(
                format!("{error:?}").len() < 10_000 && error.to_string().len() < 1_000,
                "{error}"
            );
        }
    }
}
