//! A list of any length is returned item by item, and an incomplete list is always an error.

use std::time::Duration;

use futures_core::Stream;
use partner_api::{Company, ErrorKind, MAX_ERROR_BODY_BYTES, RequestOutcome, TimeLimit};

use crate::support::{RawServer, Step, http_response, json};

fn company(name: &str) -> String {
    format!(
        r#"{{"id":"clx","name":"{name}","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[],"_count":{{"templates":4}}}}"#
    )
}

fn list(items: &[String]) -> String {
    format!(r#"{{"data":[{}]}}"#, items.join(","))
}

fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/// Reads a stream to its end: the names, and the error if there was one.
async fn names_of(server: &RawServer) -> (Vec<String>, Option<partner_api::Error>) {
    let mut companies = server.client().companies().stream();
    let mut names = Vec::new();
    while let Some(company) = companies.next().await {
        match company {
            Ok(company) => names.push(company.name),
            Err(error) => {
                assert!(companies.next().await.is_none(), "{error:?}");
                return (names, Some(error));
            }
        }
    }
    assert!(companies.next().await.is_none());
    (names, None)
}

#[tokio::test]
async fn companies_are_returned_in_order() {
    let companies: Vec<_> = (0..1000).map(|count| company(&count.to_string())).collect();
    let server = RawServer::responding(json(list(&companies))).await;
    let (names, error) = names_of(&server).await;
    assert!(error.is_none());
    assert!(names.iter().enumerate().all(|(count, name)| *name == count.to_string()));
    assert_eq!(names.len(), 1000);
}

#[tokio::test]
async fn a_company_is_returned_before_the_next_one_is_sent() {
    let start = format!(r#"{{"data":[{}"#, company("first"));
    let server = RawServer::start(move |_| {
        vec![Step::Read, Step::Send(CHUNKED.to_vec()), Step::Send(chunk(&start)), Step::AwaitClose]
    })
    .await;
    let mut companies = server.client().companies().stream();
    assert_eq!(companies.next().await.unwrap().unwrap().name, "first");
    // The server waits until the connection is closed, which the drop of the stream does.
    drop(companies);
    server.connection_ended().await;
}

#[tokio::test]
async fn an_invalid_company_is_named_and_later_companies_are_still_returned() {
    let bad = company("bad").replace("[]", r#"[{"id":"x","wabaId":7}]"#);
    let server =
        RawServer::responding(json(list(&[company("a"), bad.clone(), company("b")]))).await;
    let mut companies = server.client().companies().stream();
    assert_eq!(companies.next().await.unwrap().unwrap().name, "a");
    let error = companies.next().await.unwrap().unwrap_err();
    let ErrorKind::ListItem(problem) = error.kind() else { panic!("{error:?}") };
    assert_eq!(problem.path, "data[1].connections[0].wabaId");
    assert_eq!(error.body(), Some(bad.as_bytes()));
    assert_eq!(error.status().unwrap(), 200);
    assert_eq!(companies.next().await.unwrap().unwrap().name, "b");
    assert!(companies.next().await.is_none());

    // A buffered list is an error with the same path and body.
    let error = server.client().companies().await.unwrap_err();
    let ErrorKind::Decode(problem) = error.kind() else { panic!("{error:?}") };
    assert_eq!(problem.path, "data[1].connections[0].wabaId");
    assert_eq!(error.body(), Some(bad.as_bytes()));
}

#[tokio::test]
async fn a_truncated_list_returns_the_complete_companies_and_then_an_error() {
    let body = list(&[company("a"), company("b"), company("c")]);
    let second = body.find(r#""name":"b""#).unwrap();
    let third = body.find(r#""name":"c""#).unwrap();
    for (length, complete) in [(second, 1), (third, 2), (body.len() - 2, 3), (body.len() - 1, 3)] {
        let announced = json(&body);
        let announced = announced[..announced.len() - (body.len() - length)].to_vec();
        let closing = format!("HTTP/1.1 200 OK\r\n\r\n{}", &body[..length]).into_bytes();
        for sent in [announced, closing] {
            let server =
                RawServer::start(move |_| vec![Step::Read, Step::Send(sent.clone())]).await;
            let (names, error) = names_of(&server).await;
            let error = error.unwrap();
            assert_eq!(names.len(), complete, "{error}");
            assert_eq!(
                (error.kind(), error.outcome()),
                (&ErrorKind::Interrupted, RequestOutcome::Responded)
            );
            assert_eq!(error.attempts().len(), 1);
        }
    }
}

#[tokio::test]
async fn companies_in_the_same_piece_as_invalid_json_are_returned_before_the_error() {
    for (broken, path) in [
        (r#"{"data":[A,B,{"id":}]}"#, "data[2]"),
        (r#"{"data":[A,B,]}"#, "data[2]"),
        (r#"{"data":[A,B],"data":[]}"#, "data"),
        (r#"{"data":[A,B]}x"#, "."),
    ] {
        let body = broken.replace('A', &company("a")).replace('B', &company("b"));
        let server = RawServer::responding(json(body)).await;
        let (names, error) = names_of(&server).await;
        assert_eq!(names, ["a", "b"], "{broken}");
        let ErrorKind::Decode(problem) = error.as_ref().unwrap().kind() else {
            panic!("{error:?}")
        };
        assert_eq!(problem.path, path);
    }
}

#[tokio::test]
async fn only_the_start_of_an_invalid_company_is_kept() {
    let bad = company(&"x".repeat(2 * MAX_ERROR_BODY_BYTES)).replace("\"clx\"", "7");
    let server = RawServer::responding(json(list(std::slice::from_ref(&bad)))).await;
    let start = &bad.as_bytes()[..MAX_ERROR_BODY_BYTES];
    let streamed = first_error_of(&server).await;
    let buffered = server.client().companies().await.unwrap_err();
    assert!(streamed.is_list_item() && buffered.is_decode());
    for error in [streamed, buffered] {
        assert_eq!(error.body(), Some(start));
    }
}

async fn first_error_of(server: &RawServer) -> partner_api::Error {
    let mut companies = server.client().companies().stream();
    companies.next().await.unwrap().unwrap_err()
}

#[tokio::test]
async fn a_truncated_literal_in_the_middle_of_a_list_is_a_decode_error() {
    for body in [r#"{"data":[tru,1]}"#, r#"{"data":nul}"#, r#"{"x":fals,"data":[]}"#] {
        // Without a length, a truncated body would look like an interrupted connection.
        let server = RawServer::responding(format!("HTTP/1.1 200 OK\r\n\r\n{body}")).await;
        let buffered = server.client().companies().await.unwrap_err();
        for error in [buffered, first_error_of(&server).await] {
            assert!(error.is_decode() && !error.is_retryable(), "{error:?}");
        }
    }
}

#[tokio::test]
async fn the_error_of_a_buffered_list_does_not_depend_on_how_it_arrives() {
    let malformed = company("bad").replace("[]", "7");
    let body = format!(r#"{{"data":[{malformed},{{"id":}}]}}"#);
    let copy = body.clone();
    let server = RawServer::start(move |count| {
        let step = if count == 0 { Step::Send } else { Step::SendByteByByte };
        vec![Step::Read, step(json(&copy))]
    })
    .await;
    for _ in 0..2 {
        let error = server.client().companies().await.unwrap_err();
        let ErrorKind::Decode(problem) = error.kind() else { panic!("{error:?}") };
        assert_eq!(problem.path, "data[0].connections");
        assert_eq!(error.body(), Some(malformed.as_bytes()));
    }
}

#[tokio::test]
async fn the_error_of_a_response_that_is_not_a_list_has_its_body() {
    for page in ["<html>Sign in</html>", r#"{"data":[{"id":}]}"#] {
        let server = RawServer::responding(json(page)).await;
        let buffered = server.client().companies().await.unwrap_err();
        for error in [buffered, first_error_of(&server).await] {
            let body = error.body().unwrap();
            assert!(!body.is_empty() && page.as_bytes().ends_with(body), "{error:?}");
        }
    }
}

#[tokio::test]
async fn an_invalid_list_ends_with_an_error_that_is_not_a_list_item_error() {
    let complete = list(&[company("a")]);
    for (body, count) in [
        (complete.trim_end_matches('}').to_owned(), 1),
        (complete.replace("}]}", "}}"), 1),
        (format!("{complete}x"), 1),
        (complete.replace("data", "items"), 0),
        (r#"{"data":null}"#.to_owned(), 0),
        ("{}".to_owned(), 0),
        ("[]".to_owned(), 0),
        (String::new(), 0),
    ] {
        // The length is correct, so only the JSON is wrong.
        let server = RawServer::responding(json(&body)).await;
        let (names, error) = names_of(&server).await;
        let error = error.unwrap();
        assert!(error.is_decode() && !error.is_list_item(), "{body}: {error:?}");
        assert_eq!(names.len(), count, "{body}");
    }
}

#[tokio::test]
async fn an_error_response_is_the_only_item() {
    let server = RawServer::responding(http_response(
        "401 Unauthorized",
        &[],
        r#"{"error":"invalid_token"}"#,
    ))
    .await;
    let (names, error) = names_of(&server).await;
    assert!(names.is_empty() && error.unwrap().is_unauthorized());
}

#[tokio::test]
async fn a_transient_error_is_retried_before_the_list_begins() {
    let server = RawServer::start(|count| {
        let responses = [
            http_response("503 Service Unavailable", &["retry-after: 0"], ""),
            json(list(&[company("a")])),
        ];
        vec![Step::Read, Step::Send(responses[count].clone())]
    })
    .await;
    let client = server.builder().retry(partner_api::RetryPolicy::default()).build().unwrap();
    let mut companies = client.companies().stream();
    assert_eq!(companies.next().await.unwrap().unwrap().name, "a");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_list_that_stalls_exceeds_the_deadline() {
    let start = format!(r#"{{"data":[{}"#, company("first"));
    let server = RawServer::start(move |_| {
        vec![Step::Read, Step::Send(CHUNKED.to_vec()), Step::Send(chunk(&start)), Step::Hang]
    })
    .await;
    let mut companies = server.client().companies().timeout(Duration::from_millis(200)).stream();
    assert!(companies.next().await.unwrap().is_ok());
    let error = companies.next().await.unwrap().unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout(TimeLimit::Deadline));
    assert!(companies.next().await.is_none());
}

#[tokio::test]
async fn the_size_limit_of_a_stream_applies_to_each_company() {
    let companies: Vec<_> = (0..100).map(|count| company(&count.to_string())).collect();
    let limit = companies[99].len() + 50;
    let server = RawServer::responding(json(list(&companies))).await;
    let client = server.builder().max_response_bytes(limit).build().unwrap();
    let mut stream = client.companies().stream();
    let mut count = 0;
    while let Some(company) = stream.next().await {
        company.unwrap();
        count += 1;
    }
    assert_eq!(count, 100);
    assert!(matches!(client.companies().await.unwrap_err().kind(), ErrorKind::BodyTooLarge { .. }));

    let endless = [CHUNKED, &chunk(r#"{"data":[{"id":""#)].concat();
    let server = RawServer::start(move |_| {
        let filler = chunk(&"x".repeat(4096));
        vec![Step::Read, Step::Send(endless.clone()), Step::SendForever(filler)]
    })
    .await;
    let client = server.builder().max_response_bytes(1 << 16).build().unwrap();
    let error = client.companies().stream().next().await.unwrap().unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::BodyTooLarge { limit, .. } if *limit == 1 << 16),
        "{error:?}"
    );
}

#[tokio::test]
async fn next_is_cancel_safe() {
    let companies: Vec<_> = (0..50).map(|count| company(&count.to_string())).collect();
    let body = list(&companies);
    let server =
        RawServer::start(move |_| vec![Step::Read, Step::SendByteByByte(json(&body))]).await;
    let mut stream = server.client().companies().stream();
    let mut count = 0;
    loop {
        // The future of `next` is polled once and dropped, repeatedly.
        let polled = std::future::poll_fn(|cx| {
            let mut next = std::pin::pin!(stream.next());
            std::task::Poll::Ready(next.as_mut().poll(cx))
        })
        .await;
        match polled {
            std::task::Poll::Ready(None) => break,
            std::task::Poll::Ready(Some(company)) => {
                assert_eq!(company.unwrap().name, count.to_string());
                count += 1;
            }
            std::task::Poll::Pending => tokio::task::yield_now().await,
        }
    }
    assert_eq!(count, 50);
}

#[test]
fn a_list_stream_implements_the_stream_trait() {
    fn stream_of<T>(_: &impl Stream<Item = Result<T, partner_api::Error>>) {}
    let client = partner_api::Client::new("http://127.0.0.1:9", "pk_live_x").unwrap();
    stream_of::<Company>(&client.companies().stream());
}
