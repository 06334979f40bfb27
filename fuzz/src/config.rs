//! A configuration: rejected with the name of the setting and without its secret, or one whose
//! requests stay below the base URL.
//!
//! The bytes are lines: base URL, key, product for the `User-Agent`, then numbers: total, attempt
//! and connect timeouts in milliseconds, size limit, attempts, and 1 for plain HTTP.

use std::net::IpAddr;
use std::time::Duration;

use http::header::{AUTHORIZATION, USER_AGENT};
use partner_api::{API_PATH, Client, ErrorKind, RetryPolicy};
use url::{Host, Url};

use crate::block_on;
use crate::error::{SLACK, check_error};
use crate::service::{Pieces, Reply, service};

/// No test waits longer, although waiting takes no time.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Tests a configuration in the form above.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let base_url = lines.next().unwrap_or_default();
    let key = lines.next().unwrap_or_default();
    let product = lines.next().unwrap_or_default();
    let mut numbers =
        lines.next().unwrap_or_default().split(' ').map(|number| number.parse::<u64>().ok());
    let mut next = || numbers.next().flatten();

    let hangs = Reply { hangs: true, ..Reply::ok(b"") };
    let (service, seen) = service(vec![hangs], Pieces::Whole);
    let mut builder = Client::builder().base_url(base_url).api_key(key).http_service(service);
    if !product.is_empty() {
        builder = builder.user_agent(product);
    }
    let deadline = next().map(Duration::from_millis);
    if let Some(deadline) = deadline {
        builder = builder.timeout(deadline);
    }
    if let Some(limit) = next() {
        builder = builder.attempt_timeout(Duration::from_millis(limit));
    }
    if let Some(limit) = next() {
        builder = builder.connect_timeout(Duration::from_millis(limit));
    }
    if let Some(limit) = next() {
        builder = builder.max_response_bytes(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    let mut policy = RetryPolicy::default();
    if let Some(attempts) = next() {
        policy.max_attempts = u32::try_from(attempts % 9).unwrap_or_default();
        builder = builder.retry(policy.clone());
    }
    let plain_http = next() == Some(1);
    if plain_http {
        builder = builder.danger_allow_plain_http();
    }

    let secret = key.trim_ascii();
    // A key that looks like one, and not like a part of a message, such as `example.com`.
    let is_secret = secret.len() >= 8
        && secret.starts_with("pk_")
        && !base_url.contains(secret)
        && !product.contains(secret);
    let hidden = |shown: &str| assert!(!is_secret || !shown.contains(secret), "{shown}");
    hidden(&format!("{builder:?} {builder:#?}"));
    match builder.build() {
        Err(error) => {
            check_error(&error, Duration::ZERO);
            hidden(&format!("{error} {error:?}"));
            let ErrorKind::Config(problems) = error.kind() else {
                panic!("build() says {error:?}")
            };
            assert!(!problems.is_empty());
        }
        Ok(client) => {
            hidden(&format!("{client:?} {client:#?} {:?}", client.wallet()));
            is_a_safe_base(client.base_url(), base_url, plain_http);
            let limit = deadline.unwrap_or(LONGEST).min(LONGEST);
            let errors = block_on(async {
                let started = tokio::time::Instant::now();
                let wallet = client.wallet().timeout(limit).await;
                let companies = client.companies().timeout(limit).await;
                assert!(started.elapsed() <= 2 * (limit + SLACK));
                [wallet.err(), companies.err()]
            });
            for error in errors.iter().map(|error| error.as_ref().expect("no reply ends")) {
                assert!(error.is_timeout(), "{error:?}");
                check_error(error, limit);
                hidden(&format!("{error} {error:?}"));
            }
            let requests = seen.requests();
            assert!(requests.len() >= 2);
            for (_, request) in requests {
                stays_below(request.uri(), client.base_url());
                hidden(&format!("{request:?}"));
                let values: Vec<_> = request.headers().get_all(AUTHORIZATION).iter().collect();
                assert_eq!(values, [&format!("Bearer {secret}")]);
                assert_eq!(request.headers().get_all(USER_AGENT).iter().count(), 1);
            }
        }
    }
}

fn is_a_safe_base(base_url: &str, given: &str, plain_http: bool) {
    let base = Url::parse(base_url).expect("it was a URL");
    let given = Url::parse(given.trim_ascii()).expect("it was a URL");
    assert_eq!(base.origin(), given.origin());
    assert!(base.path().ends_with(API_PATH), "{base}");
    let prefix = given.path().trim_end_matches('/');
    assert!(base.path().starts_with(prefix), "{base} for {given}");
    for url in [&base, &given] {
        assert!(url.username().is_empty() && url.password().is_none(), "{url}");
        assert!(url.query().is_none() && url.fragment().is_none(), "{url}");
    }
    let this_machine = match base.host() {
        Some(Host::Domain(name)) => name.rsplit('.').next() == Some("localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    };
    match base.scheme() {
        "https" => {}
        "http" => assert!(plain_http || this_machine, "{base} is open to all"),
        other => panic!("{other} is neither http nor https"),
    }
}

fn stays_below(uri: &http::Uri, base_url: &str) {
    let base = Url::parse(base_url).expect("it was a URL");
    let sent = Url::parse(&uri.to_string()).expect("a URI with an origin is a URL");
    assert_eq!(sent.origin(), base.origin());
    let below =
        uri.path().strip_prefix(base.path()).unwrap_or_else(|| panic!("{uri} is not below {base}"));
    assert!(["/wallet", "/companies"].contains(&below), "{uri}");
    assert_eq!(uri.to_string(), format!("{base_url}{below}"));
    assert_eq!(uri.query(), None);
    assert!(!uri.authority().is_some_and(|authority| authority.as_str().contains('@')));
}
