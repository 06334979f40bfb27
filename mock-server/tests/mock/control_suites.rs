//! Many test suites, in several languages, share one mock at the same time, each with its own
//! partner. No suite sees or changes anything that belongs to another.

use std::net::SocketAddr;

use partner_api_mock::{Control, MockServer};
use serde_json::Value;

use crate::asking::{ask, told};
use crate::raw;

const SUITES: usize = 24;
const ROUNDS: usize = 6;

/// Everything that a test suite does, over sockets only.
async fn suite(address: SocketAddr, number: usize) {
    let new = format!(
        r#"{{"name":"suite","wallet":{{"balance":{number}}},
            "companies":[{{"id":"c-{number}","name":"C"}}]}}"#
    );
    let added = told(address, "POST", "/partners", &new, 201).await;
    let key = added["key"].as_str().unwrap().to_owned();
    let mine = format!("/partners/{}", added["id"].as_str().unwrap());
    for round in 0..ROUNDS {
        let wallet = format!(r#"{{"balance":{},"currency":"S{number}"}}"#, number + round);
        told(address, "PATCH", &format!("{mine}/wallet"), &wallet, 200).await;
        let status = 500 + (number + round) % 90;
        let rule = format!(r#"{{"status":{status},"operation":"wallet","times":1}}"#);
        told(address, "POST", &format!("{mine}/faults"), &rule, 201).await;
        let stub = format!(r#"{{"path":"stats","body":"{number}"}}"#);
        told(address, "POST", &format!("{mine}/stubs"), &stub, 201).await;

        assert_eq!(usize::from(raw::wallet_with(address, &key).await.status), status);
        let wallet = raw::wallet_with(address, &key).await;
        let expected = format!(r#"{{"balance":{},"currency":"S{number}""#, number + round);
        assert!(wallet.body.starts_with(&expected), "{wallet:?}");
        for (path, expected) in
            [("stats", number.to_string()), ("companies", format!("c-{number}"))]
        {
            let request = format!(
                "GET /api/v1/{path} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\
                 connection: close\r\n\r\n"
            );
            let response = raw::exchange(address, request).await;
            assert!(response.status == 200 && response.body.contains(&expected), "{response:?}");
        }
        let asked = format!("{mine}/requests?exactly=4&within=20s");
        let all = told(address, "GET", &asked, "", 200).await;
        assert!(each(&all).all(|one| one["partner"] == added["id"]));
        for what in ["faults", "stubs"] {
            let list = told(address, "GET", &format!("{mine}/{what}"), "", 200).await;
            assert!(each(&list).all(|one| one["partner"] == added["id"]), "{list}");
            told(address, "DELETE", &format!("{mine}/{what}"), "", 204).await;
        }
        told(address, "DELETE", &format!("{mine}/requests"), "", 204).await;
    }
    told(address, "DELETE", &mine, "", 204).await;
    assert_eq!(ask(address, "GET", &mine, "").await.status, 404);
    assert_eq!(raw::wallet_with(address, &key).await.status, 401);
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list["data"].as_array().unwrap().iter()
}

#[tokio::test(flavor = "multi_thread")]
async fn many_suites_at_the_same_time_see_only_their_own_data() {
    let mock = MockServer::builder().control(Control::new()).start().await.unwrap();
    let address = mock.address();
    let suites: Vec<_> = (0..SUITES).map(|number| tokio::spawn(suite(address, number))).collect();
    for suite in suites {
        suite.await.unwrap();
    }
    // Nothing of the partners is left, except requests with keys that were already removed.
    let partners = told(address, "GET", "/partners", "", 200).await;
    assert_eq!(each(&partners).count(), 1);
    assert_eq!(mock.requests().len(), SUITES);
    assert!(mock.requests().iter().all(|request| request.status == 401));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_is_removed_during_requests_leaves_nothing_behind() {
    let mock = MockServer::builder().control(Control::new()).start().await.unwrap();
    let address = mock.address();
    for round in 0..10 {
        let new = format!(r#"{{"name":"brief","keys":["pk_live_brief{round}"]}}"#);
        let added = told(address, "POST", "/partners", &new, 201).await;
        let mine = format!("/partners/{}", added["id"].as_str().unwrap());
        let mut busy = Vec::new();
        for (what, body) in [
            ("faults", r#"{"delay":"1ms"}"#),
            ("stubs", r#"{"path":"stats"}"#),
            ("keys", "{}"),
            ("companies", r#"{"id":"c","name":"C"}"#),
        ] {
            let path = format!("{mine}/{what}");
            busy.push(tokio::spawn(async move {
                for _ in 0..8 {
                    let status = ask(address, "POST", &path, body).await.status;
                    assert!(matches!(status, 201 | 404), "{path}: {status}");
                }
            }));
        }
        let key = format!("pk_live_brief{round}");
        busy.push(tokio::spawn(async move {
            for _ in 0..8 {
                raw::wallet_with(address, &key).await;
            }
        }));
        told(address, "GET", &mine, "", 200).await;
        told(address, "DELETE", &mine, "", 204).await;
        for one in busy {
            one.await.unwrap();
        }
        let dropped = told(address, "GET", "/requests", "", 200).await;
        assert!(each(&dropped).all(|one| one["partner"].is_null()), "{dropped}");
    }
    for id in 1..=1000 {
        for path in [format!("/faults/f-{id}"), format!("/stubs/s-{id}")] {
            if id <= 400 {
                told(address, "GET", &path, "", 404).await;
            }
        }
    }
}
