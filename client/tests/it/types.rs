//! Properties of the public types that callers rely on: `Send` and `Sync`, `UnwindSafe`, and their
//! sizes.

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
    // For items of any type: the stream pins none of them.
    moves_while_polled::<ListStream<std::marker::PhantomPinned>>();
};

/// Never called: it compiles only if the futures are `Send`.
#[expect(dead_code, reason = "compiling it is the test")]
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

const POINTER: usize = size_of::<usize>();

#[test]
fn an_error_is_one_pointer_so_that_results_stay_small() {
    assert_eq!(size_of::<Error>(), POINTER);
    assert_eq!(size_of::<Result<(), Error>>(), POINTER);
    assert_eq!(size_of::<Result<Company, Error>>(), size_of::<Company>());
}

#[test]
fn unknown_fields_take_one_pointer_in_every_object() {
    assert_eq!(size_of::<UnknownFields>(), POINTER);
}

#[cfg(target_pointer_width = "64")]
#[test]
fn types_do_not_exceed_their_size_bounds() {
    // For types that lists and results contain, the bound is the size today; types that a program
    // has few of may grow a little. A bound may be lowered freely; to raise it needs a reason.
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
