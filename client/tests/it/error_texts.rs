//! The text of an error contains the peer, the reason and what to do, without its sources.

use std::time::Duration;

use partner_api::{Client, RetryPolicy};

use crate::support::{KEY, RawServer, Step, closed_port, http_response, key_forms_in};

/// Makes a call and returns the text of its error, which contains neither key nor query.
async fn text_of(client: &Client) -> String {
    let call = client.get("stats").query("q", "hunter2").send_empty();
    let error = call.await.unwrap_err();
    let text = error.to_string();
    assert!(key_forms_in(&text).is_empty() && !text.contains("hunter2"), "{text}");
    text
}

#[tokio::test]
async fn a_refused_connection_names_the_port() {
    let address = closed_port();
    let client = Client::new(&format!("http://{address}"), KEY).unwrap();
    let call = client.wallet().retry(RetryPolicy::never()).await;
    assert_eq!(
        call.unwrap_err().to_string(),
        format!(
            "could not connect to {address}: connection refused; check the base URL and the network"
        )
    );
}

#[tokio::test]
async fn a_host_that_does_not_resolve_is_named() {
    // Resolvers reject a label of more than 63 characters without using the network.
    let host = format!("{}.example.com", "a".repeat(64));
    let builder = Client::builder().base_url(format!("http://{host}")).api_key(KEY);
    let text = text_of(&builder.danger_allow_plain_http().build().unwrap()).await;
    assert!(
        text.contains(&format!("could not connect to {host}:80: the host name does not resolve")),
        "{text}"
    );
}

#[tokio::test]
async fn a_timeout_names_its_length_and_the_server() {
    let server = RawServer::start(|_| vec![Step::Read, Step::Hang]).await;
    let builder = server.builder().attempt_timeout(Duration::from_millis(100));
    let text = text_of(&builder.build().unwrap()).await;
    assert_eq!(
        text,
        format!(
            "the attempt timed out after 100ms waiting for {}; retry later, or raise attempt_timeout()",
            server.address
        )
    );
    let builder = server.builder().timeout(Duration::from_millis(100));
    let text = text_of(&builder.build().unwrap()).await;
    assert!(
        text.starts_with("the call timed out after 100ms") && text.contains("raise timeout()"),
        "{text}"
    );
}

#[tokio::test]
async fn an_interrupted_connection_has_the_reason() {
    let server = RawServer::start(|_| vec![Step::Read]).await;
    let text = text_of(&server.client()).await;
    assert_eq!(
        text,
        format!(
            "the connection to {} was interrupted: closed before the response was complete; retry later",
            server.address
        )
    );
    let server = RawServer::start(|_| vec![Step::Read, Step::Reset]).await;
    let text = text_of(&server.client()).await;
    assert!(text.contains("interrupted: connection reset"), "{text}");
}

#[tokio::test]
async fn a_post_that_may_have_been_processed_is_not_advised_to_be_repeated() {
    for step in [Step::Reset, Step::Send(http_response("503 Service Unavailable", &[], ""))] {
        let server = RawServer::start(move |_| vec![Step::Read, step.clone()]).await;
        let error = server.client().post("messages").json(&1).send_empty().await.unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("check whether the request was processed")
                && !text.contains("retry later"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_names_the_limits() {
    let many = "x-many: a\r\n".repeat(101);
    let large = format!("x-large: {}\r\n", "a".repeat(500 * 1024));
    for headers in [many, large] {
        let head = format!("HTTP/1.1 200 OK\r\n{headers}\r\n");
        let server =
            RawServer::start(move |_| vec![Step::Read, Step::Send(head.clone().into())]).await;
        let text = text_of(&server.client()).await;
        assert!(text.contains("more than 100 header fields") && text.contains("400 KiB"), "{text}");
    }
}

#[cfg(any(feature = "native-tls", feature = "rustls"))]
mod proxies {
    use partner_api::ErrorKind;

    use super::*;

    /// A client whose requests go through this proxy.
    fn client_behind(proxy: &str, policy: RetryPolicy) -> Client {
        Client::builder()
            .base_url("https://app.example.com")
            .api_key(KEY)
            .proxy(format!("http://user:hunter2@{proxy}"))
            .retry(policy)
            .build()
            .unwrap()
    }

    #[tokio::test]
    async fn a_proxy_that_refuses_the_tunnel_is_named_and_the_call_is_not_retried() {
        for (status, reason) in [
            ("407 Proxy Authentication Required", "authentication (407)"),
            ("403 Forbidden", "CONNECT was an error"),
            ("502 Bad Gateway", "CONNECT was an error"),
        ] {
            let response = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
            let proxy = RawServer::responding(response).await;
            let client = client_behind(&proxy.address.to_string(), RetryPolicy::default());
            let error = client.wallet().await.unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::Proxy, "{error:?}");
            assert_eq!((error.attempts().len(), error.is_retryable()), (1, false), "{error:?}");
            assert!(error.is_connection());
            let text = text_of(&client).await;
            assert!(
                text.starts_with(&format!("the proxy {} refused to open a tunnel", proxy.address)),
                "{text}"
            );
            assert!(text.contains(reason), "{text}");
        }
    }

    #[tokio::test]
    async fn a_proxy_that_is_down_is_named_and_the_call_is_retried() {
        let address = closed_port();
        let mut policy = RetryPolicy::default();
        policy.base_delay = Duration::ZERO;
        let client = client_behind(&address.to_string(), policy);
        let error = client.wallet().await.unwrap_err();
        assert_eq!((error.kind(), error.attempts().len()), (&ErrorKind::Connect, 3));
        let text = text_of(&client).await;
        assert!(
            text.starts_with(&format!(
                "could not connect to the proxy {address}: connection refused"
            )),
            "{text}"
        );
    }
}
