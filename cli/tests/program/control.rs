//! At stake: the walk through the control API that the README shows is what happens when its lines are
//! pasted; and the program opens it to no more than it was told to.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::{Running, mock_command, raw};

const README: &str = include_str!("../../../mock-server/README.md");

/// A command of the README, and what is shown below it.
struct Step {
    typed: String,
    shown: String,
}

fn steps() -> Vec<Step> {
    let block = README.split("```console\n").nth(1).and_then(|rest| rest.split("```").next());
    let mut steps: Vec<Step> = Vec::new();
    for line in block.unwrap().lines() {
        match (line.strip_prefix("$ "), steps.last_mut()) {
            (Some(typed), _) => steps.push(Step { typed: typed.into(), shown: String::new() }),
            (None, Some(step)) => step.shown.extend([line, "\n"]),
            (None, None) => panic!("{line}"),
        }
    }
    steps
}

#[test]
fn the_walk_that_the_readme_shows_is_what_happens() {
    let can = |program: &str| {
        let asked = Command::new(program).arg("--version").stdout(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    };
    if !can("bash") || !can("curl") {
        let _ = std::io::stderr().write_all(b"SKIPPED: this machine has no bash or no curl\n");
        return;
    }
    let mock = Running::start(&["--listen", "127.0.0.1:0"]);
    let steps = steps();
    assert!(steps.len() > 10, "{}", steps.len());
    let script = steps.iter().map(|step| format!("{}\nprintf '\\036'\n", step.typed));
    let script = script.collect::<String>().replace("127.0.0.1:4010", &mock.address().to_string());
    let mut bash = Command::new("bash");
    bash.env("no_proxy", "127.0.0.1").arg("-c").arg(script);
    let output = bash.output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let said: Vec<_> = output.split_terminator('\u{1e}').collect();
    assert_eq!(said.len(), steps.len());
    for (step, said) in steps.iter().zip(said) {
        assert_eq!(said.trim_end(), step.shown.trim_end(), "{}", step.typed);
    }
}

async fn status(mock: &Running, host: &str, headers: &str) -> u16 {
    let request =
        format!("GET /_mock/info HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
    raw::exchange(mock.address(), request).await.status
}

#[tokio::test]
async fn it_has_a_control_api_unless_it_is_told_to_have_none() {
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
