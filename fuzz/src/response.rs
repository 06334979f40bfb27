//! Complete responses, one after the other: whatever they are, a call ends in time with a value or
//! a consistent error.
//!
//! The bytes are responses, separated by a line `===`. A response is a line with its status, lines
//! with headers, an empty line, and the body. A header whose name begins with a colon tells the
//! service what to do: `:fails`, `:breaks`, `:hangs`, `:http2`, or `:delay` with milliseconds
//! before the head and each piece. `$KEY` is replaced by the key, as if the service sent it back.

use std::io;
use std::time::Duration;

use partner_api::{Client, Company, DEFAULT_MAX_ATTEMPTS, Error, ErrorKind, TimeLimit, Wallet};

use crate::error::{KEY, SLACK, check_error};
use crate::service::{Pieces, Reply, client_of, service};
use crate::{block_on, model};

const TIMEOUT: Duration = Duration::from_secs(20);
const MAX_RESPONSE_BYTES: usize = 1 << 16;

/// Tests responses in the form above.
pub fn holds(bytes: &[u8]) {
    let replies: Vec<_> = split(bytes, b"\n===\n").map(reply).collect();
    let wallet = wallet_was_sent(&replies);
    let kept = call(&replies, async |client| client.companies().await.map(Vec::from));
    let streamed = call(&replies, async |client| {
        let mut companies = client.companies().stream();
        let mut all = Vec::new();
        let mut failed = None;
        while let Some(company) = companies.next().await {
            match company {
                Ok(company) => all.push(company),
                Err(error) => failed = Some(failed.unwrap_or(error)),
            }
        }
        failed.map_or(Ok(all), Err)
    });
    kept_and_streamed_agree(&replies, &kept, &streamed);
    for error in [wallet.err(), kept.err(), streamed.err()].iter().flatten() {
        check_error(error, TIMEOUT);
        check_kind(error);
    }
}

fn wallet_was_sent(replies: &[Reply]) -> Result<Wallet, Error> {
    let wallet = call(replies, async |client| client.wallet().await);
    if let Ok(wallet) = &wallet {
        let was_sent = replies.iter().any(|reply| {
            let compressed = reply
                .headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(b"content-encoding"));
            let whole = !reply.breaks && !reply.hangs && reply.fails.is_none();
            let same = || {
                let text = model::text(&reply.body)?;
                let text = model::without_halves(text);
                Some(serde_json::from_str::<Wallet>(&text).ok()? == *wallet)
            };
            let good = (200..300).contains(&reply.status);
            good && whole && (compressed || same().unwrap_or(false))
        });
        assert!(was_sent, "{wallet:?} was never sent");
    }
    wallet
}

fn call<T>(
    replies: &[Reply],
    call: impl AsyncFnOnce(&Client) -> Result<T, Error>,
) -> Result<T, Error> {
    let (service, seen) = service(replies.to_vec(), Pieces::Any);
    let client = client_of(service)
        .timeout(TIMEOUT)
        .max_response_bytes(MAX_RESPONSE_BYTES)
        .build()
        .expect("a good configuration");
    let result = block_on(async {
        let started = tokio::time::Instant::now();
        let result = call(&client).await;
        let elapsed = started.elapsed();
        assert!(elapsed <= TIMEOUT + SLACK, "it took {elapsed:?}");
        result
    });
    let sent = seen.requests().len();
    let reported = result.as_ref().err().map_or(sent, |error| error.attempts().len());
    assert!((1..=DEFAULT_MAX_ATTEMPTS as usize).contains(&sent));
    // An error of a stream also has the attempts before its response.
    assert!(reported == sent || reported + 1 == sent, "{reported} of {sent} attempts");
    result
}

/// Both calls return the same companies, or both an error. Two differences are allowed: a collected
/// list is retried when its body breaks, and has one size limit for all of it.
fn kept_and_streamed_agree(
    replies: &[Reply],
    kept: &Result<Vec<Company>, Error>,
    streamed: &Result<Vec<Company>, Error>,
) {
    match (kept, streamed) {
        (Ok(kept), Ok(streamed)) => assert_eq!(kept, streamed),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) => {
            assert!(replies.len() > 1, "kept, but not streamed: {error:?}");
        }
        (Err(error), Ok(_)) => assert!(
            matches!(
                error.kind(),
                ErrorKind::BodyTooLarge { .. } | ErrorKind::Timeout(TimeLimit::Attempt)
            ),
            "streamed, but not kept: {error:?}"
        ),
    }
}

/// Checks that the properties of an error are consistent.
fn check_kind(error: &Error) {
    let status = error.status().map(|status| status.as_u16());
    match error.kind() {
        ErrorKind::Unauthorized(_) => assert_eq!(status, Some(401)),
        ErrorKind::Status(reported) => {
            assert_eq!(status, Some(reported.as_u16()));
            assert!(!reported.is_success() && !reported.is_redirection());
        }
        ErrorKind::Redirect { .. } => {
            assert!(status.is_some_and(|status| (300..400).contains(&status)));
        }
        ErrorKind::Decode(_)
        | ErrorKind::ListItem(_)
        | ErrorKind::IncompleteList { .. }
        | ErrorKind::BodyTooLarge { .. } => {
            assert!(status.is_some_and(|status| (200..300).contains(&status)));
        }
        ErrorKind::Connect => assert_eq!(status, None),
        ErrorKind::Interrupted | ErrorKind::Timeout(_) | ErrorKind::Protocol(_) => {}
        other => panic!("{other:?} cannot come of a response"),
    }
    assert!(!(error.is_retryable() && error.is_unauthorized()));
    assert_eq!(error.status().is_some(), error.body().is_some());
}

fn reply(bytes: &[u8]) -> Reply {
    let (head, body) = split_once(bytes, b"\n\n").unwrap_or((bytes, b""));
    let mut lines = split(head, b"\n");
    let status = lines.next().and_then(number).unwrap_or(0) % 900;
    let mut reply = Reply::ok(&with_key(body));
    reply.status = 100 + (900 + u16::try_from(status).unwrap_or(0) - 100) % 900;
    for line in lines {
        let colon = line.iter().skip(1).position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.map_or(line.len(), |at| at + 1));
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
        match name {
            b":fails" => {
                reply.fails = Some(match value {
                    b"refused" => io::ErrorKind::ConnectionRefused,
                    b"garbage" => io::ErrorKind::InvalidData,
                    _ => io::ErrorKind::ConnectionReset,
                });
            }
            b":breaks" => reply.breaks = true,
            b":hangs" => reply.hangs = true,
            b":http2" => reply.http2 = true,
            b":delay" => {
                reply.delay = Duration::from_millis(number(value).unwrap_or(0).min(60_000));
            }
            _ => reply.headers.push((name.to_vec(), with_key(value))),
        }
    }
    reply
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

fn with_key(bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    for (count, part) in split(bytes, b"$KEY").enumerate() {
        if count > 0 {
            whole.extend_from_slice(KEY.as_bytes());
        }
        whole.extend_from_slice(part);
    }
    whole
}

fn split_once<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    let (before, after) = bytes.split_at(at);
    Some((before, after.get(separator.len()..)?))
}

fn split<'a>(bytes: &'a [u8], separator: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let (part, after) = match split_once(bytes, separator) {
            Some((part, after)) => (part, Some(after)),
            None => (bytes, None),
        };
        rest = after;
        Some(part)
    })
}
