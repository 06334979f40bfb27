//! Responses that a proxy writes itself or changes: error pages, HTML pages, compression.

use partner_api::ErrorKind;
use partner_api_mock::Company;

use crate::calls::{self, client, client_at, client_without_retries, start};
use crate::proxy::Program::{Haproxy, Nginx};
use crate::proxy::Protocol::{Http1, Http2};
use crate::proxy::Settings;

#[tokio::test]
async fn an_upstream_that_is_down_is_an_error_status_until_it_is_back() {
    for (program, protocol, status) in
        [(Nginx, Http1, 502), (Nginx, Http2, 502), (Haproxy, Http1, 503), (Haproxy, Http2, 503)]
    {
        let Some((mock, proxy)) = start(Settings::new(program, protocol)).await else { continue };
        let client = client_without_retries(&mock, &proxy);
        calls::start_outage(&mock);
        for error in
            [calls::get(&client).await.unwrap_err(), calls::post(&client, 0).await.unwrap_err()]
        {
            assert!(matches!(error.kind(), ErrorKind::Status(got) if *got == status), "{error:?}");
            let page = String::from_utf8_lossy(error.body().unwrap()).into_owned();
            assert!(page.contains(&status.to_string()) && page.contains("<html>"), "{page}");
        }
        calls::end_outage(&mock);
        calls::get(&client).await.unwrap();
        assert!(calls::received_posts(&mock).is_empty());
    }
}

/// A proxy that got no response cannot know whether the request was processed.
#[tokio::test]
async fn an_upstream_that_breaks_off_costs_a_get_one_retry_and_a_post_its_success() {
    for (program, protocol) in [(Nginx, Http1), (Nginx, Http2), (Haproxy, Http1)] {
        let Some((mock, proxy)) = start(Settings::new(program, protocol)).await else { continue };
        calls::reset_requests(&mock, 1);
        let failed = calls::get(&client(&mock, &proxy)).await.unwrap();
        assert_eq!(failed.len(), 1, "{program:?}: {failed:?}");
        assert!(calls::had_status(&failed[0], 502), "{program:?}: {failed:?}");

        calls::reset_requests(&mock, 1);
        let error = calls::post(&client(&mock, &proxy), 7).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Status(got) if *got == 502), "{error:?}");
        assert_eq!(error.attempts().len(), 1, "{error:?}");
        assert_eq!(calls::received_posts(&mock).into_iter().collect::<Vec<_>>(), [(7, 1)]);
    }
}

/// haproxy ends the client's connection without a response if the one to the mock had served a request before, so that
/// the client decides what to do (<https://github.com/haproxy/haproxy/issues/3414>).
#[tokio::test]
async fn an_upstream_that_breaks_off_later_ends_the_connection_to_haproxy_over_http1() {
    let Some((mock, proxy)) = start(Settings::new(Haproxy, Http1)).await else { return };
    let client = client(&mock, &proxy);
    calls::get(&client).await.unwrap();
    calls::reset_requests(&mock, 1);
    assert_eq!(calls::get(&client).await.unwrap().len(), 1);

    calls::reset_requests(&mock, 1);
    let error = calls::post(&client, 7).await.unwrap_err();
    assert!(calls::is_ambiguous(&error), "{error:?}");
    assert_eq!(calls::received_posts(&mock).into_iter().collect::<Vec<_>>(), [(7, 1)]);
}

/// Over HTTP/2 haproxy resets the stream with `REFUSED_STREAM` in the same situation (the same issue). That means that
/// the request was not processed (RFC 9113, section 8.7), so a client sends it again; here the mock had received it,
/// which no client can know. The client must at least stop, which not every client does: see
/// <https://github.com/curl/curl/issues/5794>.
#[tokio::test]
async fn an_upstream_that_always_breaks_off_behind_haproxy_over_http2_is_not_called_for_ever() {
    const MAX_REQUESTS: usize = 20;
    let Some((mock, proxy)) = start(Settings::new(Haproxy, Http2)).await else { return };
    calls::reset_requests(&mock, u64::MAX);
    let client = client(&mock, &proxy);
    calls::get(&client).await.unwrap_err();
    calls::post(&client, 7).await.unwrap_err();
    assert!(mock.requests().len() <= 2 * MAX_REQUESTS, "{}", mock.requests().len());
}

#[tokio::test]
async fn an_html_page_with_status_200_is_not_a_response_of_the_service() {
    for protocol in [Http1, Http2] {
        let Some((mock, proxy)) = start(Settings::new(Nginx, protocol)).await else { return };
        let client = client_at(&mock, &format!("{}/maintenance", proxy.url()));
        for error in
            [calls::get(&client).await.unwrap_err(), calls::post(&client, 0).await.unwrap_err()]
        {
            assert!(matches!(error.kind(), ErrorKind::Protocol(_)), "{error:?}");
            assert_eq!(error.attempts().len(), 1, "{error:?}");
        }
        assert!(mock.requests().is_empty());
    }
}

#[tokio::test]
async fn a_long_list_is_the_same_whether_the_proxy_compresses_it_or_not() {
    for protocol in [Http1, Http2] {
        for settings in [Settings::new(Nginx, protocol).gzip(), Settings::new(Nginx, protocol)] {
            let is_compressed = settings.gzip;
            let Some((mock, proxy)) = start(settings).await else { return };
            mock.partner().set_companies(Company::generate(500, 7));
            let direct = client_at(&mock, mock.url()).companies().await.unwrap();
            assert_eq!(direct.len(), 500);
            let listed = client(&mock, &proxy).companies().await.unwrap();
            assert_eq!(listed, direct);
            let mut stream = client(&mock, &proxy).companies().stream();
            for expected in &direct {
                assert_eq!(stream.next().await.unwrap().unwrap(), *expected);
            }
            assert!(stream.next().await.is_none());
            proxy.until_logged(if is_compressed { " gzip " } else { " - " }).await;
        }
    }
}

/// Some services label every response, whether it has a body or not.
#[tokio::test]
async fn an_empty_body_that_is_labelled_gzip_is_an_empty_body() {
    for program in [Nginx, Haproxy] {
        for protocol in [Http1, Http2] {
            let settings = Settings::new(program, protocol);
            let Some((mock, proxy)) = start(settings).await else { continue };
            for status in [200, 204] {
                calls::stub_empty_delete_labelled_gzip(&mock, status);
                calls::delete(&client(&mock, &proxy)).await.unwrap();
            }
        }
    }
}
