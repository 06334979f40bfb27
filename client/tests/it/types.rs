//! At stake: what a caller builds on without a word: types that cross threads, that survive a panic
//! beside them, and that stay as small as they are in long lists and results.

use std::fmt::Debug;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::Duration;

use partner_api::{
    ApiKey, ApiPath, ApiResponse, Attempt, Call, CallFuture, Client, ClientBuilder, Company,
    CompanyId, Connection, ConnectionStatus, Counts, DecodeError, Drift, Error, ErrorKind, Escaped,
    InvalidApiKey, InvalidSetting, ListCall, ListStream, MessageCost, NotRetried, QualityRating,
    RequestBody, RequestBuilder, RequestOutcome, RetryPolicy, TimeLimit, UnauthorizedCode,
    UnknownFields, Wallet, WalletError,
};

const fn crosses_threads<T: Debug + Send + Sync>() {}
const fn moves_to_a_thread<T: Send>() {}
const fn survives_a_panic<T: UnwindSafe + RefUnwindSafe>() {}
const fn moves_while_polled<T: Unpin>() {}
const fn clones<T: Clone>() {}
const fn is_an_error<T: std::error::Error + 'static>() {}

/// Values: they cross threads, survive a panic and clone.
macro_rules! values {
    ($($Type:ty),+ $(,)?) => {
        const _: () = {
            $(crosses_threads::<$Type>();
            survives_a_panic::<$Type>();
            clones::<$Type>();)+
        };
    };
}

values![
    ApiKey,
    ApiPath,
    ApiResponse<Vec<Company>>,
    ApiResponse<Wallet>,
    Attempt,
    Company,
    CompanyId,
    InvalidSetting,
    Connection,
    ConnectionStatus,
    Counts,
    DecodeError,
    Drift,
    ErrorKind,
    Escaped<'static>,
    InvalidApiKey,
    MessageCost,
    NotRetried,
    RequestOutcome,
    QualityRating,
    RequestBody,
    RetryPolicy,
    TimeLimit,
    UnauthorizedCode,
    UnknownFields,
    Wallet,
    WalletError,
];

const _: () = {
    crosses_threads::<Error>();
    survives_a_panic::<Error>();
    is_an_error::<Error>();
    is_an_error::<InvalidApiKey>();
    is_an_error::<WalletError>();

    crosses_threads::<Client>();
    clones::<Client>();
    crosses_threads::<ClientBuilder>();
    crosses_threads::<Call<Wallet>>();
    crosses_threads::<ListCall<Company>>();
    crosses_threads::<RequestBuilder>();

    moves_to_a_thread::<CallFuture<Wallet>>();
    moves_to_a_thread::<ListStream<Company>>();
    moves_while_polled::<CallFuture<Wallet>>();
    moves_while_polled::<ListStream<Company>>();
    // Whatever the elements are: the stream pins none of them.
    moves_while_polled::<ListStream<std::marker::PhantomPinned>>();
};

/// Never called: it compiles, or the futures are not what they should be.
#[expect(dead_code, reason = "it is proved by compiling")]
fn futures_move_to_a_thread(client: &Client) {
    fn moves<T: Send + 'static>(_: T) {}
    fn moves_here<T: Send>(_: T) {}
    moves(client.wallet().into_future());
    moves(client.wallet().with_response());
    moves(client.companies().into_future());
    moves(client.companies().with_response());
    moves(client.companies().timeout(Duration::MAX).stream());
    moves_here(client.companies().stream().next());
}

const WORD: usize = size_of::<usize>();

#[test]
fn an_error_is_one_pointer_so_that_results_stay_small() {
    assert_eq!(size_of::<Error>(), WORD);
    assert_eq!(size_of::<Result<(), Error>>(), WORD);
    assert_eq!(size_of::<Result<Company, Error>>(), size_of::<Company>());
}

#[test]
fn what_is_kept_in_every_object_of_a_list_is_one_word() {
    assert_eq!(size_of::<UnknownFields>(), WORD);
}

#[cfg(target_pointer_width = "64")]
#[test]
fn no_type_grows_unseen() {
    // Their size today for what lists and results are made of, and room to grow for what a program
    // has few of. Less may be noted here at once; more wants a reason.
    for (name, size, bound) in [
        ("Company", size_of::<Company>(), 112),
        ("Connection", size_of::<Connection>(), 152),
        ("Wallet", size_of::<Wallet>(), 64),
        ("ErrorKind", size_of::<ErrorKind>(), 56),
        ("Attempt", size_of::<Attempt>(), 80),
        ("ListStream<Company>", size_of::<ListStream<Company>>(), 24),
        ("Client", size_of::<Client>(), 64),
        ("ApiKey", size_of::<ApiKey>(), 40),
        ("Call<Wallet>", size_of::<Call<Wallet>>(), 512),
        ("ListCall<Company>", size_of::<ListCall<Company>>(), 512),
        ("ApiResponse<()>", size_of::<ApiResponse<()>>(), 192),
    ] {
        assert!(size <= bound, "{name} has {size} bytes, more than {bound}");
    }
}
