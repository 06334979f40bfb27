//! Lists of any length are read item by item, and are complete or an error.

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

/// What a stream gives: names and errors.
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
async fn every_company_comes_in_its_order() {
    let companies: Vec<_> = (0..1000).map(|count| company(&count.to_string())).collect();
    let server = RawServer::responding(json(list(&companies))).await;
    let (names, error) = names_of(&server).await;
    assert!(error.is_none());
    assert!(names.iter().enumerate().all(|(count, name)| *name == count.to_string()));
    assert_eq!(names.len(), 1000);
}

#[tokio::test]
async fn a_company_comes_before_the_next_is_sent() {
    let start = format!(r#"{{"data":[{}"#, company("first"));
    let server = RawServer::start(move |_| {
        vec![Step::Read, Step::Send(CHUNKED.to_vec()), Step::Send(chunk(&start)), Step::AwaitClose]
    })
    .await;
    let mut companies = server.client().companies().stream();
    assert_eq!(companies.next().await.unwrap().unwrap().name, "first");
    // The server waits for ever: dropping the stream is what ends the transfer.
    drop(companies);
    server.connection_ended().await;
}

#[tokio::test]
async fn a_malformed_company_is_named_and_kept_and_the_others_come() {
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

    // Kept, the list is whole or it is an error that shows the same.
    let error = server.client().companies().await.unwrap_err();
    let ErrorKind::Decode(problem) = error.kind() else { panic!("{error:?}") };
    assert_eq!(problem.path, "data[1].connections[0].wabaId");
    assert_eq!(error.body(), Some(bad.as_bytes()));
}

#[tokio::test]
async fn a_list_that_was_cut_gives_what_came_whole_and_then_an_error() {
    let body = list(&[company("a"), company("b"), company("c")]);
    let second = body.find(r#""name":"b""#).unwrap();
    let third = body.find(r#""name":"c""#).unwrap();
    for (cut, whole) in [(second, 1), (third, 2), (body.len() - 2, 3), (body.len() - 1, 3)] {
        let announced = json(&body);
        let announced = announced[..announced.len() - (body.len() - cut)].to_vec();
        let closing = format!("HTTP/1.1 200 OK\r\n\r\n{}", &body[..cut]).into_bytes();
        for sent in [announced, closing] {
            let server =
                RawServer::start(move |_| vec![Step::Read, Step::Send(sent.clone())]).await;
            let (names, error) = names_of(&server).await;
            let error = error.unwrap();
            assert_eq!(names.len(), whole, "{error}");
            assert_eq!(
                (error.kind(), error.outcome()),
                (&ErrorKind::Interrupted, RequestOutcome::Responded)
            );
            assert_eq!(error.attempts().len(), 1);
        }
    }
}

#[tokio::test]
async fn companies_that_came_in_one_piece_with_broken_json_are_given_before_the_error() {
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
async fn no_more_than_the_start_of_a_malformed_company_is_kept() {
    let bad = company(&"x".repeat(2 * MAX_ERROR_BODY_BYTES)).replace("\"clx\"", "7");
    let server = RawServer::responding(json(list(std::slice::from_ref(&bad)))).await;
    let start = &bad.as_bytes()[..MAX_ERROR_BODY_BYTES];
    let streamed = first_error_of(&server).await;
    let kept = server.client().companies().await.unwrap_err();
    assert!(streamed.is_list_item() && kept.is_decode());
    for error in [streamed, kept] {
        assert_eq!(error.body(), Some(start));
    }
}

async fn first_error_of(server: &RawServer) -> partner_api::Error {
    let mut companies = server.client().companies().stream();
    companies.next().await.unwrap().unwrap_err()
}

#[tokio::test]
async fn a_literal_that_is_cut_in_the_middle_of_a_list_is_wrong_and_no_broken_connection() {
    for body in [r#"{"data":[tru,1]}"#, r#"{"data":nul}"#, r#"{"x":fals,"data":[]}"#] {
        // No length is told, so a body that ends too early would look like a broken connection.
        let server = RawServer::responding(format!("HTTP/1.1 200 OK\r\n\r\n{body}")).await;
        let kept = server.client().companies().await.unwrap_err();
        for error in [kept, first_error_of(&server).await] {
            assert!(error.is_decode() && !error.is_retryable(), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_list_that_is_kept_fails_the_same_however_it_is_cut_up() {
    let malformed = company("bad").replace("[]", "7");
    let body = format!(r#"{{"data":[{malformed},{{"id":}}]}}"#);
    let whole = body.clone();
    let server = RawServer::start(move |count| {
        let step = if count == 0 { Step::Send } else { Step::SendByteByByte };
        vec![Step::Read, step(json(&whole))]
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
async fn what_is_no_list_at_all_can_be_looked_at() {
    for page in ["<html>Sign in</html>", r#"{"data":[{"id":}]}"#] {
        let server = RawServer::responding(json(page)).await;
        let kept = server.client().companies().await.unwrap_err();
        for error in [kept, first_error_of(&server).await] {
            let body = error.body().unwrap();
            assert!(!body.is_empty() && page.as_bytes().ends_with(body), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_list_that_is_no_list_ends_with_an_error_that_is_not_of_an_element() {
    let whole = list(&[company("a")]);
    for (body, count) in [
        (whole.trim_end_matches('}').to_owned(), 1),
        (whole.replace("}]}", "}}"), 1),
        (format!("{whole}x"), 1),
        (whole.replace("data", "items"), 0),
        (r#"{"data":null}"#.to_owned(), 0),
        ("{}".to_owned(), 0),
        ("[]".to_owned(), 0),
        (String::new(), 0),
    ] {
        // The length is right, so it is the JSON that is not.
        let server = RawServer::responding(json(&body)).await;
        let (names, error) = names_of(&server).await;
        let error = error.unwrap();
        assert!(error.is_decode() && !error.is_list_item(), "{body}: {error:?}");
        assert_eq!(names.len(), count, "{body}");
    }
}

#[tokio::test]
async fn a_refusal_is_the_only_item() {
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
async fn what_can_pass_is_tried_again_before_the_list_begins() {
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
async fn a_list_that_stalls_runs_into_the_deadline() {
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
async fn the_size_limit_counts_for_each_company_and_not_for_all() {
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
async fn a_poll_that_is_dropped_loses_nothing() {
    let companies: Vec<_> = (0..50).map(|count| company(&count.to_string())).collect();
    let body = list(&companies);
    let server =
        RawServer::start(move |_| vec![Step::Read, Step::SendByteByByte(json(&body))]).await;
    let mut stream = server.client().companies().stream();
    let mut count = 0;
    loop {
        // Polled once and dropped, again and again.
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
fn it_is_a_stream_as_the_field_knows_it() {
    fn stream_of<T>(_: &impl Stream<Item = Result<T, partner_api::Error>>) {}
    let client = partner_api::Client::new("http://127.0.0.1:9", "pk_live_x").unwrap();
    stream_of::<Company>(&client.companies().stream());
}

#[tokio::test]
async fn a_list_that_announces_more_pages_is_an_error_at_its_end() {
    let whole = list(&[company("a"), company("b")]);
    let with = |fields: &str| whole.replacen('{', &format!("{{{fields},"), 1);
    let after = |fields: &str| whole.strip_suffix('}').unwrap().to_owned() + "," + fields + "}";
    for (body, header, field) in [
        (with(r#""hasMore":true"#), "x: y", "hasMore"),
        (after(r#""nextCursor":"c-1","hasMore":true"#), "x: y", "nextCursor"),
        (after(r#""meta":{"total":9,"next_page":2}"#), "x: y", "meta.next_page"),
        (with(r#""links":{"next":"/x"}"#), "x: y", "links.next"),
        (whole.clone(), "link: </x?cursor=1>; rel=\"next\"", "Link"),
    ] {
        let response = http_response("200 OK", &["content-type: application/json", header], &body);
        let server = RawServer::responding(response).await;
        let collected = server.client().companies().await.unwrap_err();
        let custom = server.client().get("companies").send_list::<Company>().await.unwrap_err();
        let (names, streamed) = names_of(&server).await;
        assert_eq!(names, ["a", "b"], "{body}");
        for error in [collected, custom, streamed.unwrap()] {
            let ErrorKind::IncompleteList { field: at, .. } = error.kind() else {
                panic!("{body}: {error:?}")
            };
            assert_eq!(at, field);
            assert!(!error.is_retryable() && error.outcome() == RequestOutcome::Responded);
            assert!(error.to_string().starts_with("the list is incomplete: `"), "{error}");
            assert_eq!((error.status().unwrap().as_u16(), error.attempts().len()), (200, 1));
        }
    }
}

#[tokio::test]
async fn other_fields_beside_a_complete_list_are_no_error() {
    let fields = r#""next":null,"cursor":"","hasMore":false,"total":2,"page":1,"meta":{"hasMore":false},"data":["#;
    let body = list(&[company("a"), company("b")]).replacen(r#""data":["#, fields, 1);
    let server =
        RawServer::responding(http_response("200 OK", &["link: </x>; rel=prev"], &body)).await;
    let response = server.client().companies().with_response().await.unwrap();
    assert_eq!((response.value.len(), response.unknown_fields.len()), (2, 6));
    let (names, error) = names_of(&server).await;
    assert!(names == ["a", "b"] && error.is_none());
}
