//! The options for the data of the mock give the same as a seed file or a test in Rust.

use partner_api_mock::{Company, MockServer, SEED_SCHEMA};

use crate::{Running, command, mock_fails, raw};

async fn companies(address: std::net::SocketAddr, key: &str) -> String {
    let head = format!("host: mock\r\nconnection: close\r\nauthorization: Bearer {key}");
    raw::exchange(address, format!("GET /api/v1/companies HTTP/1.1\r\n{head}\r\n\r\n")).await.body
}

#[tokio::test]
async fn generated_companies_are_those_of_the_library() {
    let mock = Running::start(&["--companies", "50", "--rng-seed", "7", "--listen", "127.0.0.1:0"]);
    let own = MockServer::start().await.unwrap();
    own.partner().set_companies(Company::generate(50, 7));
    let served = companies(mock.address(), mock.value("API key")).await;
    assert_eq!(served, companies(own.address(), &own.api_key()).await);
}

#[tokio::test]
async fn faults_apply_in_the_order_of_the_options() {
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-server/seed.example.json");
    let mock = Running::start(&[
        "--seed",
        seed,
        "--listen",
        "127.0.0.1:0",
        "--fault",
        "status=503 times=1 operation=wallet",
        "--fault",
        "status=502 htmlErrorPage times=1 partner=\"Example Partner\"",
    ]);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(raw::wallet_with(mock.address(), mock.value("API key")).await.status);
    }
    assert_eq!(statuses, [503, 502, 200]);
    let other = raw::wallet_with(mock.address(), "pk_live_exampleexampleexample002").await;
    assert_eq!(other.status, 503, "the rule for all counts for each partner");
}

#[test]
fn an_error_is_one_line_without_a_key() {
    for (arguments, expected) in [
        (
            &["--fault", "staus=503"][..],
            "--fault: unknown field `staus`, expected one of `status`, ",
        ),
        (&["--fault", "status=42"], "--fault: status: expected one from 200 to 599"),
        (&["--fault", "key=\"canary key\" status=503"], "--fault: key: expected letters, digits "),
        (&["--fault", "status=pk_live_canary"], "--fault: status: invalid type: string "),
        (
            &["--fault", "status=503 partner=defalt"],
            "--fault: partner: unknown `defalt`, expected one of this mock's; did you mean `default`?",
        ),
        (
            &["--fault", "status=503 operation=walet"],
            "--fault: operation: unknown `walet`; did you mean `wallet`?",
        ),
    ] {
        let said = mock_fails(arguments);
        assert!(said.starts_with(expected) && !said.contains("canary"), "{arguments:?}: {said}");
    }
}

#[test]
fn the_schema_is_printed() {
    let output = command(&["schema"]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), SEED_SCHEMA);
}
