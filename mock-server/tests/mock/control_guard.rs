//! A web page that a developer visits must not read or change the mock on this machine, whatever
//! host name or address it uses and whatever it sends.
//!
//! The table is the full product of everything that such a request can state about itself. The
//! expected result of each is written here, value by value, and is not taken from the code.

use std::net::SocketAddr;

use partner_api_mock::{Control, MockServer, control_contract_json};

use crate::raw;

/// `{port}` is replaced by the port of the mock.
const OWN_HOSTS: [&str; 8] = [
    "127.0.0.1:{port}",
    "127.0.0.1",
    "127.5.6.7:{port}",
    "localhost:{port}",
    "LocalHost",
    "localhost:",
    "[::1]:{port}",
    "[0:0:0:0:0:0:0:1]",
];

/// IP addresses: no DNS name can be rebound to them, but other machines can reach them.
const OTHER_ADDRESSES: [&str; 8] = [
    "10.0.0.1:{port}",
    "192.168.1.5",
    "169.254.169.254",
    "0.0.0.0:{port}",
    "[::]:{port}",
    "[2001:db8::1]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "255.255.255.255",
];

/// Host names, and texts that a resolver may read as an address.
const NAMES: [&str; 13] = [
    "evil.example:{port}",
    "evil.example",
    "localhost.evil.example:{port}",
    "localhost.",
    "foo.localhost:{port}",
    "localhostx",
    "127.0.0.1.nip.io:{port}",
    "127.0.0.1.",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "mock.test:{port}",
];

/// Values that HTTP forbids. `|` separates two headers.
const NO_HOSTS: [&str; 6] =
    ["", "127.0.0.1|127.0.0.1", "a b", "127.0.0.1:80:80", "user@127.0.0.1", "[::1"];

/// `{host}` is replaced by the Host of the request; an empty value means no header.
const OWN_ORIGINS: [&str; 2] = ["none", "http://{host}"];

const OTHER_ORIGINS: [&str; 13] = [
    "null",
    "",
    "https://{host}",
    "http://{host}/",
    "http://{host}.evil.example",
    "http://evil.example",
    "http://evil.example/{host}",
    "http://evil.example#http://{host}",
    "HTTP://{host}",
    "{host}",
    "http://localhost:1",
    "http://{host}|http://{host}",
    "http://{host}, http://evil.example",
];

const OWN_SITES: [&str; 3] = ["none-sent", "same-origin", "none"];

const OTHER_SITES: [&str; 6] =
    ["same-site", "cross-site", "Same-Origin", "", "same-origin|same-origin", "same-origin, none"];

const JSON_TYPES: [&str; 4] = [
    "application/json",
    "application/json; charset=utf-8",
    "Application/JSON ; Charset=\"UTF-8\"",
    "application/json;charset=utf-8",
];

const OTHER_TYPES: [&str; 11] = [
    "none-sent",
    "",
    "text/plain",
    "text/plain; application/json",
    "text/plain, application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=application/json",
    "application/json; charset=utf-16",
    "application/json-patch+json",
    "application/json|application/json",
    "application/json, text/plain",
];

/// Everything that a request can state, apart from its host and its token.
struct Said {
    origins: Vec<(&'static str, bool)>,
    sites: Vec<(&'static str, bool)>,
    types: Vec<(&'static str, bool)>,
}

impl Said {
    fn all() -> Self {
        Self {
            origins: tagged(&OWN_ORIGINS, &OTHER_ORIGINS),
            sites: tagged(&OWN_SITES, &OTHER_SITES),
            types: tagged(&JSON_TYPES, &OTHER_TYPES),
        }
    }

    /// One foreign value of each kind.
    fn some() -> Self {
        Self {
            origins: tagged(&OWN_ORIGINS, &["http://evil.example"]),
            sites: tagged(&OWN_SITES, &["cross-site"]),
            types: tagged(&["application/json"], &["none-sent"]),
        }
    }
}

/// Pairs each value with whether it is allowed.
fn tagged<'a>(own: &[&'a str], other: &[&'a str]) -> Vec<(&'a str, bool)> {
    own.iter().map(|one| (*one, true)).chain(other.iter().map(|one| (*one, false))).collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Host {
    Ours,
    Other,
    NotHttp,
}

fn hosts(with_token: bool) -> Vec<(&'static str, Host)> {
    let addresses = if with_token { Host::Ours } else { Host::Other };
    let mut all = Vec::new();
    all.extend(OWN_HOSTS.map(|one| (one, Host::Ours)));
    all.extend(OTHER_ADDRESSES.map(|one| (one, addresses)));
    all.extend(NAMES.map(|one| (one, Host::Other)));
    all.extend(NO_HOSTS.map(|one| (one, Host::NotHttp)));
    all
}

/// The lines of a header: no line, one, or two that are separated by `|`.
fn header(name: &str, value: &str) -> String {
    if value == "none-sent" {
        return String::new();
    }
    let lines: Vec<_> = value.split('|').map(|value| format!("{name}: {value}\r\n")).collect();
    lines.concat()
}

struct Case {
    request: String,
    /// The status and its error code.
    expected: (u16, &'static str),
}

/// Every request of the product for one method and path, with its expected response.
fn product(
    address: SocketAddr,
    (method, path): (&str, &str),
    good: (u16, &'static str),
    said: &Said,
    tokens: &[(&str, bool)],
    with_token: bool,
) -> Vec<Case> {
    let mut cases = Vec::new();
    for (host, host_is) in hosts(with_token) {
        let host = host.replace("{port}", &address.port().to_string());
        for (origin, origin_is_own) in &said.origins {
            let origin = if *origin == "none" { "none-sent" } else { origin };
            let origin = origin.replace("{host}", &host);
            for (site, site_is_own) in &said.sites {
                for (media_type, is_json) in &said.types {
                    for (token, is_token) in tokens {
                        let expected = if host_is == Host::NotHttp {
                            (400, "bad_request")
                        } else if host_is == Host::Other {
                            (403, "forbidden_host")
                        } else if !origin_is_own {
                            (403, "forbidden_origin")
                        } else if !site_is_own {
                            (403, "forbidden_site")
                        } else if !is_token {
                            (401, "token_required")
                        } else if !is_json && method != "GET" {
                            (415, "unsupported_media_type")
                        } else {
                            good
                        };
                        let request = [
                            format!("{method} {path} HTTP/1.1\r\n"),
                            header("host", &host),
                            header("origin", &origin),
                            header("sec-fetch-site", site),
                            header("content-type", media_type),
                            header("authorization", token),
                            if method == "GET" { "" } else { "content-length: 0\r\n" }.to_owned(),
                        ];
                        cases.push(Case { request: request.concat(), expected });
                    }
                }
            }
        }
    }
    cases
}

/// Sends all of them, many on each connection, and returns how many were accepted.
async fn hold(address: SocketAddr, cases: &[Case]) -> usize {
    let mut accepted = 0;
    for some in cases.chunks(500) {
        let last = some.len() - 1;
        let wire = some.iter().enumerate().map(|(at, case)| {
            let close = if at == last { "connection: close\r\n" } else { "" };
            format!("{}{close}\r\n", case.request)
        });
        let mut connection = raw::Connection::open(address).await;
        connection.send(wire.collect::<String>()).await;
        let responses = raw::all(&connection.rest().await);
        assert_eq!(responses.len(), some.len());
        for (case, response) in some.iter().zip(responses) {
            let body: serde_json::Value = serde_json::from_str(&response.body).unwrap_or_default();
            let error = body["error"].as_str().unwrap_or_default();
            assert_eq!((response.status, error), case.expected, "{}", case.request);
            assert_eq!(response.header("x-partner-api-mock"), Some("control"), "{}", case.request);
            let cors = response.headers.iter().find(|(name, _)| name.starts_with("access-control"));
            assert_eq!(cors, None, "{}", case.request);
            accepted += usize::from(response.status < 300);
        }
    }
    accepted
}

#[tokio::test]
async fn no_foreign_request_of_the_table_is_accepted() {
    let mock = MockServer::builder().control(Control::new()).start().await.unwrap();
    let (address, all, none) = (mock.address(), Said::all(), [("none-sent", true)]);
    let own = OWN_HOSTS.len() * OWN_ORIGINS.len() * OWN_SITES.len();
    let all_types = JSON_TYPES.len() + OTHER_TYPES.len();

    let keys = mock.partner().keys().len();
    let cases =
        product(address, ("POST", "/_mock/partners/p-1/keys"), (201, ""), &all, &none, false);
    assert_eq!(cases.len(), 35 * 15 * 9 * 15);
    assert_eq!(hold(address, &cases).await, own * JSON_TYPES.len());
    assert_eq!(mock.partner().keys().len(), keys + own * JSON_TYPES.len());

    let cases = product(address, ("GET", "/_mock/partners/p-1"), (200, ""), &all, &none, false);
    assert_eq!(hold(address, &cases).await, own * all_types);
    assert_eq!(mock.requests(), []);
}

#[tokio::test]
async fn a_token_allows_every_address() {
    let control = Control::new().token("a-token-of-48+characters/such.as~these_==");
    let mock = MockServer::builder().control(control).start().await.unwrap();
    let address = mock.address();
    let tokens = [
        ("Bearer a-token-of-48+characters/such.as~these_==", true),
        ("bearer   a-token-of-48+characters/such.as~these_==", true),
        ("Bearer a-token-of-48+characters/such.as~these_=", false),
        ("none-sent", false),
        ("Basic a-token-of-48+characters/such.as~these_==", false),
        ("Bearer a-token-of-48+characters/such.as~these_==|Bearer x", false),
    ];
    let own = (OWN_HOSTS.len() + OTHER_ADDRESSES.len()) * OWN_ORIGINS.len() * OWN_SITES.len();
    let some = Said::some();
    let cases = product(address, ("GET", "/_mock/info"), (200, ""), &some, &tokens, true);
    assert_eq!(hold(address, &cases).await, own * 2 * 2);
}

#[tokio::test]
async fn only_the_page_health_and_readiness_need_no_token() {
    let mock = MockServer::builder().control(Control::new().token("t")).start().await.unwrap();
    let address = mock.address();
    let open = ["/_mock", "/_mock/", "/_mock/page/{file}", "/_mock/health", "/_mock/ready"];
    let document: serde_json::Value = serde_json::from_str(control_contract_json()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().filter(|key| *key != "parameters");
        methods.map(move |method| (method.to_ascii_uppercase(), path.clone()))
    });
    for (method, path) in operations {
        let target = path.replace("{file}", "page.js").replace(['{', '}'], "");
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: 0\r\n\r\n"
        );
        let response = raw::exchange(address, request).await;
        let is_open = open.contains(&path.as_str());
        assert_eq!(response.status != 401, is_open, "{method} {path}");
        let challenge = response.header("www-authenticate");
        assert_eq!(challenge.is_none(), is_open, "{method} {path}");
    }
}

#[tokio::test]
async fn an_absolute_target_must_not_have_another_origin() {
    let mock = MockServer::builder().control(Control::new()).start().await.unwrap();
    let address = mock.address();
    for (target, status) in [
        (format!("http://{address}/_mock/health"), 200),
        ("http://evil.example/_mock/health".to_owned(), 403),
        (format!("http://localhost:{}/_mock/health", address.port()), 403),
    ] {
        let request =
            format!("GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        assert_eq!(raw::exchange(address, request).await.status, status, "{target}");
    }
}

#[tokio::test]
async fn only_an_allowed_host_name_gets_a_response() {
    let control = Control::new().host("mock.test");
    let mock = MockServer::builder().control(control).start().await.unwrap();
    let address = mock.address();
    for (host, status) in [
        ("mock.test", 200),
        ("Mock.Test:4010", 200),
        ("mock.test.evil.example", 403),
        ("xmock.test", 403),
        ("localhost", 200),
        ("10.0.0.1", 403),
    ] {
        let request =
            format!("GET /_mock/info HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        assert_eq!(raw::exchange(address, request).await.status, status, "{host}");
    }
}

#[tokio::test]
async fn a_preflight_is_not_allowed_and_no_response_has_a_cors_header() {
    let mock = MockServer::builder().control(Control::new()).start().await.unwrap();
    let address = mock.address();
    for (origin, status) in
        [("http://evil.example".to_owned(), 403), (format!("http://{address}"), 405)]
    {
        let request = format!(
            "OPTIONS /_mock/partners HTTP/1.1\r\nhost: {address}\r\norigin: {origin}\r\n\
             access-control-request-method: POST\r\n\
             access-control-request-headers: content-type\r\nconnection: close\r\n\r\n"
        );
        let response = raw::exchange(address, request).await;
        assert_eq!(response.status, status, "{origin}");
        assert!(response.headers.iter().all(|(name, _)| !name.starts_with("access-control")));
        let allow = (status == 405).then_some("GET,HEAD,POST");
        assert_eq!(response.header("allow"), allow);
    }
}

#[tokio::test]
async fn every_response_has_the_security_headers() {
    let mock = MockServer::builder().control(Control::new()).start().await.unwrap();
    let address = mock.address();
    for path in ["/_mock/", "/_mock", "/_mock/page/page.js", "/_mock/info", "/_mock/nothing"] {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        let response = raw::exchange(address, request).await;
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(response.header(name), Some(value), "{path}");
        }
    }
}

#[tokio::test]
async fn a_control_api_open_to_other_machines_needs_a_valid_token_to_start() {
    let beyond: SocketAddr = "0.0.0.0:0".parse().unwrap();
    let start = async |address, control| {
        let start = MockServer::builder().listen(address).control(control).start().await;
        start.map(drop).map_err(|error| (error.to_string(), error.needs_token()))
    };
    let own: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let (said, needs_token) = start(beyond, Control::new()).await.unwrap_err();
    assert!(needs_token && said.contains("beyond this machine"), "{said}");
    assert_eq!(start(beyond, Control::new().token("t")).await, Ok(()));
    for token in ["", " ", "two words", "tab\t", "\u{e9}", "=", "a\n"] {
        for address in [own, beyond] {
            let (said, needs_token) =
                start(address, Control::new().token(token)).await.unwrap_err();
            assert!(!needs_token && said.contains("token"), "{token:?}: {said}");
            let is_shown = token.len() > 3 && said.contains(token);
            assert!(!is_shown, "{said}");
        }
    }
    for host in ["", "mock.test:80", "a b", "http://mock.test", "[::1]"] {
        let (said, _) = start(own, Control::new().host(host)).await.unwrap_err();
        assert!(said.contains("host"), "{said}");
    }
    assert!(!format!("{:?}", Control::new().token("secret-token")).contains("secret"));
}

#[tokio::test]
async fn by_default_there_is_no_control_api() {
    let mock = MockServer::start().await.unwrap();
    let address = mock.address();
    for path in ["/_mock", "/_mock/", "/_mock/health", "/_mock/partners"] {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        let response = raw::exchange(address, request).await;
        assert_eq!((response.status, response.error()), (404, "not_found"), "{path}");
        assert_eq!(response.header("x-partner-api-mock"), None);
    }
    assert_eq!(mock.requests().len(), 4);
}
