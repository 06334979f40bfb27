//! `verify` beside the contract: a service without the prefix of the API, and what is observed.

use std::net::SocketAddr;

use partner_api_mock::{Fault, MockServer, Rule};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::remote::{WALLET, against, altered, run, serve};

async fn observed(mock: &MockServer) -> Value {
    let run = against(mock, &["verify", "--format", "json", "--allow", "additions"]).await;
    assert_eq!(run.code, Some(0), "{run:?}");
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    report.get("observed").unwrap().clone()
}

#[tokio::test]
async fn http_version_compression_paging_and_rate_limits_are_observed_and_never_fail() {
    let mock = MockServer::start().await.unwrap();
    let nothing = json!({
        "httpVersions": ["HTTP/1.1"], "compression": null, "paging": [], "rateLimitHeaders": [],
    });
    assert_eq!(observed(&mock).await, nothing);

    let paged = altered(WALLET, "{", r#"{"nextCursor":"x","links":{"next":"/x"},"#);
    serve(&mock.partner(), "wallet", paged);
    let fault = Fault::passthrough()
        .header("link", r#"</api/v1/companies?page=2>; rel="next""#)
        .header("x-ratelimit-remaining", "99")
        .header("ratelimit", "limit=100");
    mock.partner().faults().add(Rule::new(fault).operation("companies")).unwrap();
    // The seventh request is the one that allows compression: the third for the wallet.
    let gzip = Fault::passthrough().header("content-encoding", "gzip");
    mock.partner().faults().add(Rule::new(gzip).operation("wallet").after(1)).unwrap();
    assert_eq!(
        observed(&mock).await,
        json!({
            "httpVersions": ["HTTP/1.1"],
            "compression": "gzip",
            "paging": ["header Link", "links.next", "nextCursor"],
            "rateLimitHeaders": ["ratelimit", "x-ratelimit-remaining"],
        })
    );
    let asked = mock.requests();
    let last = asked.last().unwrap();
    assert_eq!(last.headers.get("accept-encoding").unwrap(), "gzip");
}

/// The mock without the prefix of its paths, a connection for each request.
async fn without_prefix(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await?);
                }
                let head = String::from_utf8(head).unwrap();
                let head = head.replacen("GET /", "GET /api/v1/", 1);
                let head = head.replacen("\r\n", "\r\nconnection: close\r\n", 1);
                let mut mock = TcpStream::connect(to).await?;
                mock.write_all(head.as_bytes()).await?;
                tokio::io::copy(&mut mock, &mut client).await?;
                client.shutdown().await
            });
        }
    });
    address
}

#[tokio::test]
async fn a_service_without_the_prefix_can_be_verified_and_recorded() {
    let mock = MockServer::start().await.unwrap();
    let base = format!("http://{}", without_prefix(mock.address()).await);
    let (key, with_prefix) = (mock.api_key(), format!("{base}/api/v1/"));
    let environment = [("PARTNER_API_KEY", key.as_str())];
    for base_url in [&base, &with_prefix] {
        let arguments = ["verify", "--no-prefix", "--base-url", base_url];
        let verified = run(&arguments, &environment).await;
        assert_eq!(verified.code, Some(0), "{verified:?}");
        assert!(
            verified.stdout.starts_with(&format!("Partner API v1 at {base}\n")),
            "{verified:?}"
        );
    }
    let recorded = run(&["record", "--no-prefix", "--base-url", &base], &environment).await;
    assert_eq!(recorded.code, Some(0), "{recorded:?}");
    let paths: Vec<_> = mock.requests().iter().map(|request| request.path.clone()).collect();
    assert!(paths.iter().all(|path| path.starts_with("/api/v1/")), "{paths:?}");
    assert!(paths.iter().all(|path| path.matches("/api/v1").count() == 1), "{paths:?}");
}
