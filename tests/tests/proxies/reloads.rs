//! The proxy reloads its configuration under load: new processes take over, the old ones end their connections.

use crate::calls::{client, start};
use crate::load::{Kind, Load};
use crate::proxy::Program::{self, Haproxy, Nginx};
use crate::proxy::Protocol::{self, Http1, Http2};
use crate::proxy::Settings;

const RELOADS: usize = 3;
/// Calls that end between two reloads at least.
const CALLS_BETWEEN: u32 = 100;
/// As many as the mock's journal keeps.
const MAX_CALLS: usize = 10_000;

/// No GET is lost, no POST is received twice, and no POST is lost unless it may have been processed. Over HTTP/2
/// no retry costs anything.
async fn assert_reloads_are_survived(program: Program, protocol: Protocol) {
    let settings = Settings::new(program, protocol);
    for kind in [Kind::Get, Kind::Post] {
        let Some((mock, proxy)) = start(settings.clone()).await else { return };
        let load = Load::new(kind, 16, MAX_CALLS).start(&[client(&mock, &proxy)]);
        for _ in 0..RELOADS {
            load.progress(CALLS_BETWEEN).await;
            proxy.reload().await;
        }
        let report = load.stop(&mock).await;
        let verdict = match (kind, protocol) {
            // The end of a connection can cross with a request, and HTTP/1.1 cannot tell whether it was processed.
            (_, Http1) => report.only_ambiguous_posts_were_lost(),
            _ => report.all_succeeded(),
        };
        assert_eq!(verdict, Ok(()), "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_reloads_over_http1() {
    assert_reloads_are_survived(Nginx, Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nginx_reloads_over_http2() {
    assert_reloads_are_survived(Nginx, Http2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_reloads_over_http1() {
    assert_reloads_are_survived(Haproxy, Http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn haproxy_reloads_over_http2() {
    assert_reloads_are_survived(Haproxy, Http2).await;
}
