//! What is at stake: a client's handling of 401 is tested against the codes that the service would
//! send. Each row of the table in the README is sent here as bytes.

use partner_api_mock::{MockServer, Refusal, Why};

use crate::raw;

/// Sends the header lines, in which $ stands for a good key, and compares the answer and the
/// rule in the journal.
async fn check(mock: &MockServer, headers: &[u8], expected: Result<(), (&str, Refusal)>) {
    let shown = String::from_utf8_lossy(headers).into_owned();
    let answer = raw::wallet(mock.address(), fill(headers, mock.api_key())).await;
    let why = mock.requests().pop().unwrap().why;
    assert_eq!(answer.header("content-type"), Some("application/json"), "{shown:?}");
    match expected {
        Ok(()) => {
            assert_eq!((answer.status, why), (200, Why::Served), "{shown:?}");
            assert_eq!(answer.header("www-authenticate"), None, "{shown:?}");
        }
        Err((code, refusal)) => {
            assert_eq!((answer.status, why), (401, Why::Refused(refusal)), "{shown:?}");
            assert_eq!(answer.error(), code, "{shown:?}");
            let challenge = match code {
                "invalid_token" => r#"Bearer realm="Partner API", error="invalid_token""#,
                _ => r#"Bearer realm="Partner API""#,
            };
            assert_eq!(answer.header("www-authenticate"), Some(challenge), "{shown:?}");
        }
    }
}

fn fill(headers: &[u8], key: &str) -> Vec<u8> {
    let pieces: Vec<_> = headers.split(|byte| *byte == b'$').collect();
    pieces.join(key.as_bytes())
}

const MISSING: &str = "missing_bearer_token";
const INVALID: &str = "invalid_token";

#[tokio::test]
async fn without_a_bearer_token_it_is_missing() {
    let mock = MockServer::start().await.unwrap();
    let rows: [(&str, Refusal); 13] = [
        ("", Refusal::NoHeader),
        ("Authorization:\r\n", Refusal::NoHeader),
        ("Authorization: \t \r\n", Refusal::NoHeader),
        ("Authorization: Basic dXNlcjpwYXNz\r\n", Refusal::OtherScheme),
        ("Authorization: Token $\r\n", Refusal::OtherScheme),
        ("Authorization: $\r\n", Refusal::OtherScheme),
        ("Authorization: Bearer: $\r\n", Refusal::OtherScheme),
        ("Authorization: Bearer$\r\n", Refusal::OtherScheme),
        ("Authorization: Bearer\t$\r\n", Refusal::OtherScheme),
        ("Authorization: Bearer\r\n", Refusal::NoToken),
        ("Authorization: bearer   \r\n", Refusal::NoToken),
        ("X-Api-Key: $\r\n", Refusal::NoHeader),
        ("Proxy-Authorization: Bearer $\r\n", Refusal::NoHeader),
    ];
    for (headers, refusal) in rows {
        check(&mock, headers.as_bytes(), Err((MISSING, refusal))).await;
    }
}

#[tokio::test]
async fn with_a_token_that_opens_nothing_it_is_invalid() {
    let mock = MockServer::start().await.unwrap();
    let long = format!("Authorization: Bearer {}\r\n", "a".repeat(100_000));
    let rows: [(&[u8], Refusal); 16] = [
        (b"Authorization: Bearer $x\r\n", Refusal::UnknownKey),
        (b"Authorization: Bearer x$\r\n", Refusal::UnknownKey),
        (b"Authorization: Bearer pk_live_xxx\r\n", Refusal::UnknownKey),
        (b"Authorization: Bearer $=\r\n", Refusal::UnknownKey),
        (long.as_bytes(), Refusal::UnknownKey),
        (b"Authorization: Bearer $ $\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer $,$\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer \"$\"\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer token=$\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer $\tx\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer \t$\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer =\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer $\xc3\xa9\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer \xff\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer $\r\nAuthorization: Bearer $\r\n", Refusal::SeveralHeaders),
        (b"Authorization: Basic eA==\r\nauthorization: Bearer $\r\n", Refusal::SeveralHeaders),
    ];
    for (headers, refusal) in rows {
        check(&mock, headers, Err((INVALID, refusal))).await;
    }
}

#[tokio::test]
async fn a_good_key_opens_however_the_header_is_spelled() {
    let mock = MockServer::start().await.unwrap();
    for headers in [
        "Authorization: Bearer $\r\n",
        "authorization:Bearer $\r\n",
        "AUTHORIZATION: bearer $\r\n",
        "Authorization: BEARER $\r\n",
        "Authorization: bEaReR $\r\n",
        "Authorization: Bearer    $\r\n",
        "Authorization: \t Bearer $ \t \r\n",
        "Authorization: Bearer $\r\nProxy-Authorization: Basic eA==\r\n",
    ] {
        check(&mock, headers.as_bytes(), Ok(())).await;
    }
}

#[tokio::test]
async fn a_key_is_refused_once_it_is_revoked_and_while_its_partner_is_inactive() {
    let mock = MockServer::start().await.unwrap();
    let partner = mock.partner();
    let headers = b"Authorization: Bearer $\r\n";

    partner.deactivate();
    assert!(!partner.is_active());
    check(&mock, headers, Err((INVALID, Refusal::InactivePartner))).await;
    partner.activate();
    check(&mock, headers, Ok(())).await;

    partner.revoke_key(mock.api_key()).unwrap();
    check(&mock, headers, Err((INVALID, Refusal::RevokedKey))).await;
    assert_eq!(partner.requests().len(), 3, "refused or not, it is known whose key it was");
}

#[tokio::test]
async fn a_key_differs_by_letter_case() {
    let mock = MockServer::start().await.unwrap();
    let other_case = mock.api_key().replace("pk_live_", "PK_LIVE_");
    let answer = raw::wallet_with(mock.address(), &other_case).await;
    assert_eq!((answer.status, answer.error()), (401, INVALID));
}

#[tokio::test]
async fn a_key_of_a_seed_may_end_in_equals_signs() {
    let seed = r#"{"partners": [{"name": "p", "keys": ["padded=="]}]}"#;
    let seed = partner_api_mock::Seed::from_json(seed).unwrap();
    let mock = MockServer::builder().seed(seed).start().await.unwrap();
    check(&mock, b"Authorization: Bearer padded==\r\n", Ok(())).await;
    for other in ["padded", "padded=", "padded==="] {
        let headers = format!("Authorization: Bearer {other}\r\n");
        let refused = Err((INVALID, Refusal::UnknownKey));
        check(&mock, headers.as_bytes(), refused).await;
    }
}

/// What comes back, which may be nothing: a server that closes with bytes unread resets the
/// connection, and its last answer can be lost by that.
async fn sent_alone(mock: &MockServer, request: &[u8]) -> String {
    let mut connection = raw::Connection::open(mock.address()).await;
    // The server answers and closes before it has read all, so the last of it may not arrive.
    let _ = connection.try_send(request).await;
    String::from_utf8(connection.rest().await).unwrap()
}

#[tokio::test]
async fn a_header_that_http_does_not_allow_is_400_with_no_body() {
    let mock = MockServer::start().await.unwrap();
    let rows: [&[u8]; 13] = [
        b"authorization: Bearer\r\n $\r\n",
        b"authorization: Bearer $\r\n\tx\r\n",
        b"x-a: 1\r\n 2\r\nauthorization: Bearer $\r\n",
        b"authorization : Bearer $\r\n",
        b"authorization\t: Bearer $\r\n",
        b"authorization: Bearer $\0\r\n",
        b"authorization: Bearer $\x01\r\n",
        b"authorization: Bearer $\x1b[31m\r\n",
        b"authorization: Bearer $\x7f\r\n",
        b"authorization: Bearer\x08 $\r\n",
        b"authorization: Bearer $\rx\r\n",
        b"x-a: \r1\r\nauthorization: Bearer $\r\n",
        b"x\0a: 1\r\nauthorization: Bearer $\r\n",
    ];
    for headers in rows {
        let answer = raw::wallet(mock.address(), fill(headers, mock.api_key())).await;
        let shown = String::from_utf8_lossy(headers);
        assert_eq!((answer.status, answer.body.as_str()), (400, ""), "{shown:?}");
        assert_eq!(answer.header("content-length"), Some("0"), "{shown:?}");
    }
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn the_preface_of_http_2_is_closed() {
    let mock = MockServer::start().await.unwrap();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    assert_eq!(sent_alone(&mock, preface).await, "");
    assert!(mock.requests().is_empty());
}

/// A head for the wallet that has so many bytes and no end.
fn endless_head(mock: &MockServer, length: usize) -> String {
    let key = mock.api_key();
    let head = "GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nconnection: close\r\n";
    let head = format!("{head}authorization: Bearer {key}\r\nx-a: ");
    let rest = "a".repeat(length - head.len());
    head + &rest
}

#[tokio::test]
async fn a_head_is_too_large_once_417_792_bytes_of_it_came_without_its_end() {
    let mock = MockServer::start().await.unwrap();
    let too_large = endless_head(&mock, 417_792);
    let answer = sent_alone(&mock, too_large.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 431 "), "{head}");
    assert_eq!(body, "");
    assert!(mock.requests().is_empty());

    let largest = endless_head(&mock, 417_787) + "\r\n\r\n";
    let answer = sent_alone(&mock, largest.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");

    // More may pass, if its end is read together with what is too much; it may not hang.
    for length in [500_000, 1_000_000] {
        let head = endless_head(&mock, length) + "\r\n\r\n";
        let answer = sent_alone(&mock, head.as_bytes()).await;
        let status = answer.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
        assert!(matches!(status, None | Some("200" | "431")), "{answer}");
    }
}
