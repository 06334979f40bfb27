//! A document: read the same in every way that the client has, and written back without a loss.

use std::fmt::Debug;
use std::time::Duration;

use partner_api::{Company, Connection, Counts, Error, RetryPolicy, Wallet};
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::{check_error, is_markup};
use crate::service::{Pieces, Reply, client_of, service};
use crate::{block_on, model};

const DEADLINE: Duration = Duration::from_secs(5);

/// Tests a body that the service could send.
pub fn holds(body: &[u8]) {
    reads_and_writes::<Company>(body);
    reads_and_writes::<Connection>(body);
    reads_and_writes::<Counts>(body);
    if let Some(wallet) = reads_and_writes::<Wallet>(body) {
        let _ = (wallet.balance_value(), wallet.affordable_messages());
        for messages in [-1, 0, 1, 1_000, i64::MAX] {
            let _ = wallet.cost_for(messages);
        }
    }

    let expected = model::text(body).map(model::without_halves);
    let expected = expected.and_then(|text| serde_json::from_str::<Wallet>(&text).ok());
    for pieces in [Pieces::Whole, Pieces::Any] {
        match wallet_of(body, pieces) {
            Ok(wallet) => assert_eq!(Some(wallet), expected),
            Err(error) => {
                assert_eq!(expected, None, "{error}");
                let is_known =
                    error.is_decode() || error.is_connection() || is_markup(&error, body);
                assert!(is_known, "{error:?}");
                check_error(&error, DEADLINE);
            }
        }
    }
}

fn wallet_of(body: &[u8], pieces: Pieces) -> Result<Wallet, Error> {
    let (service, _) = service(vec![Reply::ok(body)], pieces);
    let client = client_of(service)
        .timeout(DEADLINE)
        .retry(RetryPolicy::never())
        .build()
        .expect("a good configuration");
    block_on(client.wallet().into_future())
}

fn reads_and_writes<T>(body: &[u8]) -> Option<T>
where
    T: DeserializeOwned + Serialize + PartialEq + Debug,
{
    let read = serde_json::from_slice::<T>(body);
    if let Ok(text) = std::str::from_utf8(body) {
        let same = serde_json::from_str::<T>(text);
        assert_eq!(read.as_ref().ok(), same.as_ref().ok());
    }
    let read = read.ok()?;
    serde_json::from_slice::<IgnoredAny>(body).expect("what is read is JSON");
    let written = serde_json::to_string(&read).expect("what was read can be written");
    let again = serde_json::from_str::<T>(&written).expect("what was written can be read");
    assert_eq!(again, read, "{written}");
    let twice = serde_json::to_string(&again).expect("what was read can be written");
    assert_eq!(twice, written);
    Some(read)
}
