//! A client's handling of 401 is tested against the codes that the service sends. Each row of the
//! table in docs/http-behaviour.md is sent here as bytes.

use partner_api_mock::{AuthFailure, Disposition, MockServer};

use crate::raw;

/// Sends the header lines, in which $ is replaced by a valid key, and compares the response and the
/// disposition in the journal.
async fn check(mock: &MockServer, headers: &[u8], expected: Result<(), (&str, AuthFailure)>) {
    let shown = String::from_utf8_lossy(headers).into_owned();
    let response = raw::wallet(mock.address(), fill(headers, &mock.api_key())).await;
    let why = mock.requests().pop().unwrap().disposition;
    assert_eq!(response.header("content-type"), Some("application/json"), "{shown:?}");
    match expected {
        Ok(()) => {
            assert_eq!((response.status, why), (200, Disposition::Served), "{shown:?}");
            assert_eq!(response.header("www-authenticate"), None, "{shown:?}");
        }
        Err((code, refusal)) => {
            assert_eq!(
                (response.status, why),
                (401, Disposition::Unauthorized(refusal)),
                "{shown:?}"
            );
            assert_eq!(response.error(), code, "{shown:?}");
            let challenge = match code {
                "invalid_token" => r#"Bearer realm="Partner API", error="invalid_token""#,
                _ => r#"Bearer realm="Partner API""#,
            };
            assert_eq!(response.header("www-authenticate"), Some(challenge), "{shown:?}");
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
async fn without_a_bearer_token_the_code_is_missing_bearer_token() {
    let mock = MockServer::start().await.unwrap();
    let rows: [(&str, AuthFailure); 13] = [
        ("", AuthFailure::NoHeader),
        ("Authorization:\r\n", AuthFailure::NoHeader),
        ("Authorization: \t \r\n", AuthFailure::NoHeader),
        ("Authorization: Basic dXNlcjpwYXNz\r\n", AuthFailure::OtherScheme),
        ("Authorization: Token $\r\n", AuthFailure::OtherScheme),
        ("Authorization: $\r\n", AuthFailure::OtherScheme),
        ("Authorization: Bearer: $\r\n", AuthFailure::OtherScheme),
        ("Authorization: Bearer$\r\n", AuthFailure::OtherScheme),
        ("Authorization: Bearer\t$\r\n", AuthFailure::OtherScheme),
        ("Authorization: Bearer\r\n", AuthFailure::NoToken),
        ("Authorization: bearer   \r\n", AuthFailure::NoToken),
        ("X-Api-Key: $\r\n", AuthFailure::NoHeader),
        ("Proxy-Authorization: Bearer $\r\n", AuthFailure::NoHeader),
    ];
    for (headers, refusal) in rows {
        check(&mock, headers.as_bytes(), Err((MISSING, refusal))).await;
    }
}

#[tokio::test]
async fn with_an_unknown_token_the_code_is_invalid_token() {
    let mock = MockServer::start().await.unwrap();
    let long = format!("Authorization: Bearer {}\r\n", "a".repeat(60_000));
    let rows: [(&[u8], AuthFailure); 16] = [
        (b"Authorization: Bearer $x\r\n", AuthFailure::UnknownKey),
        (b"Authorization: Bearer x$\r\n", AuthFailure::UnknownKey),
        (b"Authorization: Bearer pk_live_xxx\r\n", AuthFailure::UnknownKey),
        (b"Authorization: Bearer $=\r\n", AuthFailure::UnknownKey),
        (long.as_bytes(), AuthFailure::UnknownKey),
        (b"Authorization: Bearer $ $\r\n", AuthFailure::MalformedToken),
        (b"Authorization: Bearer $,$\r\n", AuthFailure::MalformedToken),
        (b"Authorization: Bearer \"$\"\r\n", AuthFailure::MalformedToken),
        (b"Authorization: Bearer token=$\r\n", AuthFailure::MalformedToken),
        (b"Authorization: Bearer $\tx\r\n", AuthFailure::MalformedToken),
        (b"Authorization: Bearer \t$\r\n", AuthFailure::MalformedToken),
        (b"Authorization: Bearer =\r\n", AuthFailure::MalformedToken),
        (b"Authorization: Bearer $\xc3\xa9\r\n", AuthFailure::MalformedToken),
        (b"Authorization: Bearer \xff\r\n", AuthFailure::MalformedToken),
        (b"Authorization: Bearer $\r\nAuthorization: Bearer $\r\n", AuthFailure::SeveralHeaders),
        (b"Authorization: Basic eA==\r\nauthorization: Bearer $\r\n", AuthFailure::SeveralHeaders),
    ];
    for (headers, refusal) in rows {
        check(&mock, headers, Err((INVALID, refusal))).await;
    }
}

#[tokio::test]
async fn a_valid_key_is_accepted_in_every_spelling_of_the_header() {
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
async fn a_key_is_rejected_when_it_is_revoked_and_while_its_partner_is_inactive() {
    let mock = MockServer::start().await.unwrap();
    let partner = mock.partner();
    let headers = b"Authorization: Bearer $\r\n";

    partner.deactivate();
    assert!(!partner.is_active());
    check(&mock, headers, Err((INVALID, AuthFailure::InactivePartner))).await;
    partner.activate();
    check(&mock, headers, Ok(())).await;

    partner.revoke_key(&mock.api_key()).unwrap();
    check(&mock, headers, Err((INVALID, AuthFailure::RevokedKey))).await;
    assert_eq!(partner.requests().len(), 3, "refused or not, it is known whose key it was");
}

#[tokio::test]
async fn a_key_differs_by_letter_case() {
    let mock = MockServer::start().await.unwrap();
    let other_case = mock.api_key().replace("pk_live_", "PK_LIVE_");
    let response = raw::wallet_with(mock.address(), &other_case).await;
    assert_eq!((response.status, response.error()), (401, INVALID));
}

#[tokio::test]
async fn a_key_of_a_seed_may_end_in_equals_signs() {
    let seed = r#"{"partners": [{"name": "p", "keys": ["padded=="]}]}"#;
    let seed = partner_api_mock::Seed::from_json(seed).unwrap();
    let mock = MockServer::builder().seed(seed).start().await.unwrap();
    check(&mock, b"Authorization: Bearer padded==\r\n", Ok(())).await;
    for other in ["padded", "padded=", "padded==="] {
        let headers = format!("Authorization: Bearer {other}\r\n");
        let refused = Err((INVALID, AuthFailure::UnknownKey));
        check(&mock, headers.as_bytes(), refused).await;
    }
}

#[tokio::test]
async fn a_header_that_http_does_not_allow_is_400() {
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
        let response = raw::wallet(mock.address(), fill(headers, &mock.api_key())).await;
        let shown = String::from_utf8_lossy(headers);
        assert_eq!((response.status, response.body.as_str()), (400, ""), "{shown:?}");
    }
    assert!(mock.requests().is_empty());
}
