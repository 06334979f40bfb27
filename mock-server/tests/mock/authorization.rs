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
    assert_eq!(
        answer.header("content-type"),
        Some("application/json"),
        "{shown:?}"
    );
    match expected {
        Ok(()) => {
            assert_eq!((answer.status, why), (200, Why::Served), "{shown:?}");
            assert_eq!(answer.header("www-authenticate"), None, "{shown:?}");
        }
        Err((code, refusal)) => {
            assert_eq!(
                (answer.status, why),
                (401, Why::Refused(refusal)),
                "{shown:?}"
            );
            assert_eq!(answer.error(), code, "{shown:?}");
            let challenge = match code {
                "invalid_token" => r#"Bearer realm="Partner API", error="invalid_token""#,
                _ => r#"Bearer realm="Partner API""#,
            };
            assert_eq!(
                answer.header("www-authenticate"),
                Some(challenge),
                "{shown:?}"
            );
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
        (
            "Authorization: Basic dXNlcjpwYXNz\r\n",
            Refusal::OtherScheme,
        ),
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
        (
            b"Authorization: Bearer pk_live_xxx\r\n",
            Refusal::UnknownKey,
        ),
        (b"Authorization: Bearer $=\r\n", Refusal::UnknownKey),
        (long.as_bytes(), Refusal::UnknownKey),
        (b"Authorization: Bearer $ $\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer $,$\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer \"$\"\r\n", Refusal::MalformedToken),
        (
            b"Authorization: Bearer token=$\r\n",
            Refusal::MalformedToken,
        ),
        (b"Authorization: Bearer $\tx\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer \t$\r\n", Refusal::MalformedToken),
        (b"Authorization: Bearer =\r\n", Refusal::MalformedToken),
        (
            b"Authorization: Bearer $\xc3\xa9\r\n",
            Refusal::MalformedToken,
        ),
        (b"Authorization: Bearer \xff\r\n", Refusal::MalformedToken),
        (
            b"Authorization: Bearer $\r\nAuthorization: Bearer $\r\n",
            Refusal::SeveralHeaders,
        ),
        (
            b"Authorization: Basic eA==\r\nauthorization: Bearer $\r\n",
            Refusal::SeveralHeaders,
        ),
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
    assert_eq!(
        partner.requests().len(),
        3,
        "refused or not, it is known whose key it was"
    );
}

#[tokio::test]
async fn a_key_differs_by_letter_case() {
    let mock = MockServer::start().await.unwrap();
    let other_case = mock.api_key().replace("pk_live_", "PK_LIVE_");
    let answer = raw::wallet_with(mock.address(), &other_case).await;
    assert_eq!((answer.status, answer.error()), (401, INVALID));
}

#[tokio::test]
async fn a_token_longer_than_a_head_may_be_is_431() {
    let mock = MockServer::start().await.unwrap();
    let mut connection = raw::Connection::open(mock.address()).await;
    let head = "GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer ";
    // The server answers and closes before it has read all, so the last of it may not arrive.
    let _ = connection
        .try_send(format!("{head}{}", "a".repeat(1_000_000)))
        .await;
    let answer = String::from_utf8(connection.rest().await).unwrap();
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
        "{answer}"
    );
    assert_eq!(
        raw::wallet_with(mock.address(), mock.api_key())
            .await
            .status,
        200
    );
}
