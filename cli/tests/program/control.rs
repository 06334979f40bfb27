//! The program opens the control API to no more than its options allow.

use super::{Running, mock_command, raw};

async fn status(mock: &Running, host: &str, headers: &str) -> u16 {
    let request =
        format!("GET /_mock/info HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
    raw::exchange(mock.address(), request).await.status
}

#[tokio::test]
async fn there_is_a_control_api_unless_an_option_disables_it() {
    let with = Running::start(&["--listen", "127.0.0.1:0", "--control-host", "mock.test"]);
    assert!(with.greeting[2].starts_with("control   http://127.0.0.1:"), "{:?}", with.greeting);
    for (host, expected) in [("localhost", 200), ("mock.test", 200), ("other.test", 403)] {
        assert_eq!(status(&with, host, "").await, expected, "{host}");
    }
    let without = Running::start(&["--listen", "127.0.0.1:0", "--no-control"]);
    assert!(without.greeting.iter().all(|line| !line.contains("_mock")), "{:?}", without.greeting);
    assert_eq!(status(&without, "localhost", "").await, 404);
}

#[tokio::test]
async fn the_token_comes_from_the_environment_and_is_never_shown() {
    let token = "a-token-that-nobody-guesses";
    let mut program = mock_command(&["--listen", "0.0.0.0:0"]);
    let mock = Running::spawn(program.env("PARTNER_API_MOCK_TOKEN", token));
    assert_eq!(status(&mock, "10.0.0.1", "").await, 401);
    assert_eq!(status(&mock, "10.0.0.1", &format!("authorization: Bearer {token}\r\n")).await, 200);
    assert!(mock.greeting.iter().all(|line| !line.contains(token)), "{:?}", mock.greeting);

    for wrong in ["", "  ", "two words"] {
        let mut failing = mock_command(&["--listen", "127.0.0.1:0"]);
        let output = failing.env("PARTNER_API_MOCK_TOKEN", wrong).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {said}");
        assert!(
            said.contains(": PARTNER_API_MOCK_TOKEN: ") && !said.contains("two words"),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}
