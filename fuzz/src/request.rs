//! A request to any path: rejected before it is sent, or one that stays below the base URL and has
//! the given path, query and headers.
//!
//! The bytes are lines: method, path, name and value of a query parameter, name and value of a
//! header. `\n`, `\r` and `\t` are replaced by those characters.

use std::time::Duration;

use http::Method;
use http::header::AUTHORIZATION;
use partner_api::{ApiPath, Client, ErrorKind, RetryPolicy};
use url::Url;

use crate::block_on;
use crate::error::{KEY, check_error};
use crate::service::{Pieces, Reply, service};

const BASE_URL: &str = "https://app.example.com:8443/eu/api/v1";

/// Tests a request in the form above.
pub fn holds(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n').map(|line| {
        let line = line.replace("\\n", "\n").replace("\\r", "\r");
        line.replace("\\t", "\t")
    });
    let mut next = || lines.next().unwrap_or_default();
    let method = Method::from_bytes(next().as_bytes()).unwrap_or(Method::GET);
    let path = next();
    let (query, header) = ((next(), next()), (next(), next()));

    let at_slashes: Vec<_> = path.strip_prefix('/').unwrap_or(&path).split('/').collect();
    let as_it_is = ["templates", &path, "x"];
    let ways = [
        (ApiPath::from(path.as_str()), at_slashes.as_slice()),
        (ApiPath::from(as_it_is), &as_it_is),
    ];
    for (path, segments) in ways {
        let (service, seen) = service(vec![Reply::ok(b"{}")], Pieces::Whole);
        let client = Client::builder()
            .base_url(BASE_URL)
            .api_key(KEY)
            .retry(RetryPolicy::never())
            .http_service(service)
            .build()
            .expect("a good configuration");
        let mut request = client.request(method.clone(), path);
        if !query.0.is_empty() {
            request = request.query(&query.0, &query.1);
        }
        if !header.0.is_empty() {
            request = request.header(&header.0, &header.1);
        }
        let shown = format!("{request:?} {request:#?}");
        assert!(!shown.contains(KEY), "{shown}");
        let result = block_on(request.send_empty().into_future());
        let requests = seen.requests();
        if let Err(error) = result {
            assert!(matches!(error.kind(), ErrorKind::Request(_)), "{error:?}");
            check_error(&error, Duration::ZERO);
            assert!(requests.is_empty(), "it was sent");
            continue;
        }
        let [(_, request)] = requests.as_slice() else { panic!("{} requests", requests.len()) };
        has_given_parts(request, segments, &query);
        assert_eq!(*request.method(), method);
    }
}

fn has_given_parts(
    request: &http::Request<()>,
    segments: &[&str],
    (name, value): &(String, String),
) {
    let uri = request.uri();
    // A reader that resolves `..` by the rules of URLs gets the same path.
    let url = Url::parse(&uri.to_string()).expect("a URI with an origin is a URL");
    let base = Url::parse(BASE_URL).expect("a URL");
    assert_eq!(url.origin(), base.origin());
    assert_eq!(url.path(), uri.path());
    let below = uri.path().strip_prefix(base.path()).expect("below the base");
    let got: Vec<_> = below.split('/').skip(1).map(unescaped).collect();
    let given: Vec<_> = segments.iter().map(|segment| segment.as_bytes()).collect();
    assert_eq!(got, given, "{uri}");

    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let given = (!name.is_empty()).then(|| (name.clone(), value.clone()));
    assert_eq!(pairs, Vec::from_iter(given));

    let keys: Vec<_> = request.headers().get_all(AUTHORIZATION).iter().collect();
    assert_eq!(keys, [&format!("Bearer {KEY}")]);
    assert!(!request.headers().contains_key("host"));
}

/// Decodes percent-encoding (RFC 3986, section 2.1).
fn unescaped(segment: &str) -> Vec<u8> {
    let mut bytes = segment.bytes();
    let mut plain = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut digit = || char::from(bytes.next().unwrap_or_default()).to_digit(16);
        plain.push(match byte {
            b'%' => u8::try_from(digit().zip(digit()).map_or(0, |(high, low)| high * 16 + low))
                .unwrap_or_default(),
            byte => byte,
        });
    }
    plain
}
