//! Whole answers, one after the other: whatever they are, a call ends in time with a value or a
//! sound error.
//!
//! The bytes are answers, separated by a line `===`. An answer is a line with its status, lines
//! with headers, an empty line, and the body. A header whose name begins with a colon tells the
//! service what to do: `:fails`, `:breaks`, `:hangs`, `:http2`, or `:delay` with milliseconds
//! before the head and each piece. `$KEY` stands for the key, as if the service sent it back.

use std::io;
use std::time::Duration;

use partner_api::{Client, Company, DEFAULT_MAX_ATTEMPTS, Error, ErrorKind, TimeLimit, Wallet};

use crate::error::{KEY, SLACK, is_sound};
use crate::service::{Answer, Pieces, client_of, service};
use crate::{block_on, model};

const DEADLINE: Duration = Duration::from_secs(20);
const MAX_BODY_BYTES: usize = 1 << 16;

/// Takes answers in the form above.
pub fn holds(bytes: &[u8]) {
    let answers: Vec<_> = split(bytes, b"\n===\n").map(answer).collect();
    let wallet = a_wallet_is_what_came(&answers);
    let kept = call(&answers, async |client| client.companies().await.map(Vec::from));
    let streamed = call(&answers, async |client| {
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
    kept_and_streamed_agree(&answers, &kept, &streamed);
    for error in [wallet.err(), kept.err(), streamed.err()].iter().flatten() {
        is_sound(error, DEADLINE);
        is_told_apart(error);
    }
}

fn a_wallet_is_what_came(answers: &[Answer]) -> Result<Wallet, Error> {
    let wallet = call(answers, async |client| client.wallet().await);
    if let Ok(wallet) = &wallet {
        let came = answers.iter().any(|answer| {
            let compressed = answer
                .headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(b"content-encoding"));
            let whole = !answer.breaks && !answer.hangs && answer.fails.is_none();
            let same = || {
                let text = model::text(&answer.body)?;
                let text = model::without_halves(text);
                Some(serde_json::from_str::<Wallet>(&text).ok()? == *wallet)
            };
            let good = (200..300).contains(&answer.status);
            good && whole && (compressed || same().unwrap_or(false))
        });
        assert!(came, "{wallet:?} was never sent");
    }
    wallet
}

fn call<T>(
    answers: &[Answer],
    call: impl AsyncFnOnce(&Client) -> Result<T, Error>,
) -> Result<T, Error> {
    let (service, seen) = service(answers.to_vec(), Pieces::Any);
    let client = client_of(service)
        .timeout(DEADLINE)
        .max_response_bytes(MAX_BODY_BYTES)
        .build()
        .expect("a good configuration");
    let result = block_on(async {
        let started = tokio::time::Instant::now();
        let result = call(&client).await;
        let elapsed = started.elapsed();
        assert!(elapsed <= DEADLINE + SLACK, "it took {elapsed:?}");
        result
    });
    let sent = seen.requests().len();
    let told = result.as_ref().err().map_or(sent, |error| error.attempts().len());
    assert!((1..=DEFAULT_MAX_ATTEMPTS as usize).contains(&sent));
    // An error of a stream tells of those before its answer, too.
    assert!(told == sent || told + 1 == sent, "{told} of {sent} attempts");
    result
}

/// The same companies, or both an error. What one can see and the other cannot is left out: a list
/// that is kept is tried again when its body breaks, and has one limit for all of it.
fn kept_and_streamed_agree(
    answers: &[Answer],
    kept: &Result<Vec<Company>, Error>,
    streamed: &Result<Vec<Company>, Error>,
) {
    match (kept, streamed) {
        (Ok(kept), Ok(streamed)) => assert_eq!(kept, streamed),
        (Err(_), Err(_)) => {}
        (Ok(_), Err(error)) => {
            assert!(answers.len() > 1, "kept, but not streamed: {error:?}");
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

/// What an error says of itself fits together.
fn is_told_apart(error: &Error) {
    let status = error.status().map(|status| status.as_u16());
    match error.kind() {
        ErrorKind::Unauthorized(_) => assert_eq!(status, Some(401)),
        ErrorKind::Status(told) => {
            assert_eq!(status, Some(told.as_u16()));
            assert!(!told.is_success() && !told.is_redirection());
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
        other => panic!("{other:?} cannot come of an answer"),
    }
    assert!(!(error.is_retryable() && error.is_unauthorized()));
    assert_eq!(error.status().is_some(), error.body().is_some());
}

fn answer(bytes: &[u8]) -> Answer {
    let (head, body) = split_once(bytes, b"\n\n").unwrap_or((bytes, b""));
    let mut lines = split(head, b"\n");
    let status = lines.next().and_then(number).unwrap_or(0) % 900;
    let mut answer = Answer::ok(&with_key(body));
    answer.status = 100 + (900 + u16::try_from(status).unwrap_or(0) - 100) % 900;
    for line in lines {
        let colon = line.iter().skip(1).position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.map_or(line.len(), |at| at + 1));
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii();
        match name {
            b":fails" => {
                answer.fails = Some(match value {
                    b"refused" => io::ErrorKind::ConnectionRefused,
                    b"garbage" => io::ErrorKind::InvalidData,
                    _ => io::ErrorKind::ConnectionReset,
                });
            }
            b":breaks" => answer.breaks = true,
            b":hangs" => answer.hangs = true,
            b":http2" => answer.http2 = true,
            b":delay" => {
                answer.delay = Duration::from_millis(number(value).unwrap_or(0).min(60_000));
            }
            _ => answer.headers.push((name.to_vec(), with_key(value))),
        }
    }
    answer
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
