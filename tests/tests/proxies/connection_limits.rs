//! Connections that a proxy ends, after a number of requests or when they are idle, under load.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::calls::{client, start};
use crate::load::{Kind, Load};
use crate::proxy::Program::{self, Haproxy, Nginx};
use crate::proxy::Protocol::{self, Http1, Http2};
use crate::proxy::Settings;

/// Calls of each kind and concurrency, where connections end while requests are in progress.
const MANY_CALLS: usize = 1000;
/// Calls of each kind and concurrency, elsewhere.
const CALLS: usize = 250;
/// Calls of each kind, with a pause after each.
const CALLS_WITH_PAUSES: usize = 120;
const AT_ONCE: [usize; 3] = [4, 16, 64];

/// Held by a test that keeps the processors busy.
static LOAD: Mutex<()> = Mutex::const_new(());

/// No call is lost, none is paid for from the retry budget, and each POST is received once.
async fn assert_nothing_is_lost(settings: Settings, calls: usize) {
    let _one_at_a_time = LOAD.lock().await;
    let Some((mock, proxy)) = start(settings).await else { return };
    let mut problems = String::new();
    for at_once in AT_ONCE {
        for kind in [Kind::Get, Kind::Post] {
            let clients = [client(&mock, &proxy)];
            let report = Load::new(kind, at_once, calls).start(&clients).report(&mock).await;
            if let Err(problem) = report.all_succeeded() {
                let _ = writeln!(problems, "{kind:?}, {at_once} concurrent: {problem}");
            }
        }
    }
    assert!(problems.is_empty(), "{problems}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_ends_http2_connections_after_7_requests() {
    assert_nothing_is_lost(Settings::new(Nginx, Http2).keepalive_requests(7), MANY_CALLS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_ends_http2_connections_after_100_requests() {
    assert_nothing_is_lost(Settings::new(Nginx, Http2).keepalive_requests(100), MANY_CALLS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_ends_http1_connections_after_7_requests() {
    assert_nothing_is_lost(Settings::new(Nginx, Http1).keepalive_requests(7), CALLS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_ends_http1_connections_after_100_requests() {
    assert_nothing_is_lost(Settings::new(Nginx, Http1).keepalive_requests(100), CALLS).await;
}

/// From haproxy 3.0 on; older versions have no such limit, and serve all calls over one connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_ends_http2_connections_after_7_requests() {
    assert_nothing_is_lost(Settings::new(Haproxy, Http2).keepalive_requests(7), CALLS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_keeps_http1_connections() {
    assert_nothing_is_lost(Settings::new(Haproxy, Http1), CALLS).await;
}

/// Each caller has its own connection, and makes its next call at the moment when the proxy closes it as idle, so that
/// both cross on the wire. If the client cannot tell whether a POST was processed, it may fail, and is not repeated.
async fn assert_idle_ends_lose_only_ambiguous_posts(program: Program, protocol: Protocol) {
    let idle = Duration::from_millis(5);
    let settings = Settings::new(program, protocol).keepalive_timeout(idle);
    let Some((mock, proxy)) = start(settings).await else { return };
    for kind in [Kind::Get, Kind::Post] {
        let clients: Vec<_> = std::iter::repeat_with(|| client(&mock, &proxy)).take(4).collect();
        let load = Load { pause: idle, ..Load::new(kind, clients.len(), CALLS_WITH_PAUSES) };
        let report = load.start(&clients).report(&mock).await;
        assert_eq!(report.only_ambiguous_posts_were_lost(), Ok(()), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_ends_idle_http1_connections() {
    assert_idle_ends_lose_only_ambiguous_posts(Nginx, Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_ends_idle_http2_connections() {
    assert_idle_ends_lose_only_ambiguous_posts(Nginx, Http2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_ends_idle_http1_connections() {
    assert_idle_ends_lose_only_ambiguous_posts(Haproxy, Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_ends_idle_http2_connections() {
    assert_idle_ends_lose_only_ambiguous_posts(Haproxy, Http2).await;
}
