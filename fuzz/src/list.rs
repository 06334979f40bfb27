//! A list: the same in any pieces, collected or streamed, and as another reader reads it.

use std::time::Duration;

use partner_api::{Company, Error, ErrorKind, RetryPolicy};

use crate::error::{check_error, is_markup};
use crate::service::{Pieces, Reply, client_of, service};
use crate::{block_on, model};

const DEADLINE: Duration = Duration::from_secs(5);

/// Tests a body that the service could send.
pub fn holds(body: &[u8]) {
    let (kept, streamed) = both_of(body, Pieces::Whole);
    for pieces in [Pieces::Bytes, Pieces::Any] {
        let (kept_again, streamed_again) = both_of(body, pieces);
        assert_eq!(kept_again.as_ref().map_err(Error::kind), kept.as_ref().map_err(Error::kind));
        are_the_same(&streamed_again, &streamed);
    }

    let other = model::text(body)
        .map(model::without_halves)
        .and_then(|text| serde_json::from_str::<model::Envelope>(&text).ok())
        .map(|model::Envelope { items, has_more }| {
            let companies: Vec<_> =
                items.iter().map(|item| serde_json::from_str::<Company>(item.get()).ok()).collect();
            (companies, has_more)
        });
    let has_more = other.as_ref().is_some_and(|(_, has_more)| *has_more);
    let other = other.map(|(companies, _)| companies);
    let is_incomplete = |error: &Error| matches!(error.kind(), ErrorKind::IncompleteList { .. });
    let last_error = streamed.last().and_then(|item| item.as_ref().err());
    assert_eq!(last_error.is_some_and(is_incomplete), has_more);
    let count = streamed.len() - usize::from(has_more);
    let items: Vec<_> = streamed.iter().take(count).map(|item| item.as_ref().ok()).collect();
    match &other {
        // The envelope is valid: every item is the same.
        Some(other) => {
            let other: Vec<_> = other.iter().map(Option::as_ref).collect();
            assert_eq!(items, other);
        }
        None => assert!(streamed.last().is_some_and(Result::is_err)),
    }
    let all = other.and_then(|other| other.into_iter().collect::<Option<Vec<_>>>());
    let all = all.filter(|_| !has_more);
    assert_eq!(kept.ok(), all);
}

type Item = Result<Company, Error>;

fn are_the_same(some: &[Item], others: &[Item]) {
    let kinds = |items: &[Item]| -> Vec<_> {
        let kind_of =
            |item: &Item| item.as_ref().map_err(Error::kind).cloned().map_err(Clone::clone);
        items.iter().map(kind_of).collect()
    };
    assert_eq!(kinds(some), kinds(others));
    for (one, other) in some.iter().zip(others) {
        let body = |item: &Item| item.as_ref().err().and_then(|error| Some(error.body()?.to_vec()));
        // The received part of an invalid item may be longer or shorter, but begins at the same
        // place.
        if let (Some(one), Some(other)) = (body(one), body(other)) {
            assert!(one.starts_with(&other) || other.starts_with(&one));
        }
    }
}

/// The list, collected and streamed.
fn both_of(body: &[u8], pieces: Pieces) -> (Result<Vec<Company>, Error>, Vec<Item>) {
    let (service, seen) = service(vec![Reply::ok(body)], pieces);
    let client = client_of(service)
        .timeout(DEADLINE)
        .retry(RetryPolicy::never())
        .build()
        .expect("a good configuration");
    let both = block_on(async {
        let kept = client.companies().await.map(Vec::from);
        let mut companies = client.companies().stream();
        let mut streamed = Vec::new();
        while let Some(company) = companies.next().await {
            streamed.push(company);
        }
        assert!(companies.next().await.is_none(), "it goes on after its end");
        (kept, streamed)
    });
    assert_eq!(seen.requests().len(), 2);
    let errors = both.1.iter().filter_map(|item| item.as_ref().err());
    for error in errors.chain(both.0.as_ref().err()) {
        let is_known = error.is_decode()
            || error.is_list_item()
            || error.is_connection()
            || matches!(error.kind(), ErrorKind::IncompleteList { .. })
            || is_markup(error, body);
        assert!(is_known, "{error:?}");
        check_error(error, DEADLINE);
    }
    both
}
