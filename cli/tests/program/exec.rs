//! `mock exec`: a command with a separate mock, its environment, its signals and its exit code.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use super::{command, fails, raw};

fn exec(arguments: &[&str], script: &str) -> Command {
    let mut program = command(&["mock", "exec"]);
    program.args(arguments).args(["--", "sh", "-c", script]);
    program
}

#[test]
fn the_command_gets_urls_and_a_key_and_only_its_output_is_printed() {
    let script = r#"printf '%s\n' "$PARTNER_API_BASE_URL" "$PARTNER_API_MOCK_CONTROL_URL" "$PARTNER_API_KEY"; cat"#;
    let output = exec(&["--key", "k-1"], script).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let [base, control, key] = stdout.lines().collect::<Vec<_>>().try_into().unwrap();
    let origin = base.strip_suffix("/api/v1").unwrap();
    assert!(origin.starts_with("http://127.0.0.1:"), "{origin}");
    assert_eq!((control, key), (format!("{origin}/_mock").as_str(), "k-1"));
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[tokio::test]
async fn the_mock_runs_while_the_command_runs_and_logs_on_request() {
    let mut program =
        exec(&["--fault", "status=503 times=1"], r#"echo "$PARTNER_API_BASE_URL"; cat"#);
    let mut child = program.env("RUST_LOG", "info").stdin(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let origin = line.trim().strip_prefix("http://").unwrap();
    let address = origin.strip_suffix("/api/v1").unwrap().parse().unwrap();
    for status in [503, 401] {
        assert_eq!(raw::wallet_with(address, "unknown").await.status, status);
    }
    drop(child.stdin.take());
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("disposition=\"unknown key\""), "{log}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[cfg(unix)]
#[test]
fn exec_ends_with_the_exit_code_of_the_command() {
    for (script, code) in [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)]
    {
        assert_eq!(exec(&[], script).status().unwrap().code(), Some(code), "{script}");
    }
    for (program, code) in [("/no/such/program", 127), ("/", 126)] {
        let output = command(&["mock", "exec", "--", program]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.starts_with(&format!("partner-api: cannot run `{program}`: ")), "{said}");
    }
    assert!(fails(&["mock", "exec", "--seed", "no-such.json", "--", "true"]).contains("no-such"));
}

#[cfg(unix)]
#[test]
fn signals_are_forwarded() {
    for (signal, code) in [("TERM", 41), ("INT", 42)] {
        let script = "trap 'exit 41' TERM; trap 'exit 42' INT; echo ready; read line";
        let mut child = exec(&[], script).stdin(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let id = child.id().to_string();
        let name = format!("-{signal}");
        assert!(Command::new("kill").args([&name, &id]).status().unwrap().success());
        // Its stdin stays open, so only the signal can have ended it.
        let stdin = child.stdin.take();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{signal}");
        drop(stdin);
    }
}

/// The exit code and stderr of `mock exec` with these options, whose command exits with this code
/// when the test has requested these paths with the key `k`.
async fn requested(arguments: &[&str], paths: &[&str], code: i32) -> (Option<i32>, String) {
    let script = format!(r#"echo "$PARTNER_API_BASE_URL"; cat; exit {code}"#);
    let arguments = [&["--key", "k"], arguments].concat();
    let mut child = exec(&arguments, &script).stdin(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let origin = line.trim().strip_prefix("http://").unwrap();
    let address = origin.strip_suffix("/api/v1").unwrap().parse().unwrap();
    for path in paths {
        let mut connection = raw::Connection::open(address).await;
        let head = "host: mock\r\nauthorization: Bearer k\r\nconnection: close";
        connection.send(format!("GET /api/v1/{path} HTTP/1.1\r\n{head}\r\n\r\n")).await;
        connection.rest().await;
    }
    drop(child.stdin.take());
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

const ALL_KINDS: [&str; 2] = ["--fail-on", "unknown-path,unmatched-rule,unused-stub"];

#[tokio::test]
async fn each_kind_of_fail_on_is_printed_and_fails_a_command_that_succeeded() {
    let seed = std::env::temp_dir().join(format!("exec-fail-on-{}.json", std::process::id()));
    let stubs = r#"{"partners":[{"name":"p"}],"stubs":[{"path":"stats","json":{}}]}"#;
    std::fs::write(&seed, stubs).unwrap();
    let seed = ["--seed", seed.to_str().unwrap()];
    let fault = ["--fault", "status=503 operation=wallet"];
    let paths = "paths     1 request GET /api/v1/walet of partner p-1\n";
    let rules = "rules     rule f-1 `status=503 operation=wallet` was applied to no request: no request reached it\n";
    let stubs = "stubs     stub s-1 GET /api/v1/stats responded to no request\n";
    let set_up = [seed, fault].concat();
    for (kinds, found) in [
        ("unknown-path", paths.to_owned()),
        ("unmatched-rule", rules.to_owned()),
        ("unused-stub", stubs.to_owned()),
        ("unknown-path,unused-stub", format!("{stubs}{paths}")),
        ("unknown-path,unmatched-rule,unused-stub", format!("{stubs}{rules}{paths}")),
    ] {
        let arguments = [&["--fail-on", kinds][..], &set_up].concat();
        for (code, exit_code) in [(0, 1), (7, 7)] {
            let (ended, stderr) = requested(&arguments, &["walet"], code).await;
            assert_eq!(stderr, format!("partner-api: --fail-on found:\n{found}"), "{kinds}");
            assert_eq!(ended, Some(exit_code), "{kinds}");
        }
    }
    // Not selected.
    assert_eq!(requested(&set_up, &["walet"], 0).await, (Some(0), String::new()));
    let others = [&["--fail-on", "unmatched-rule,unused-stub"][..], &set_up].concat();
    assert_eq!(
        requested(&others, &["walet", "wallet", "stats"], 0).await,
        (Some(0), String::new())
    );
    std::fs::remove_file(seed[1]).unwrap();
}

#[tokio::test]
async fn fail_on_is_silent_if_nothing_is_found() {
    assert_eq!(requested(&ALL_KINDS, &["wallet"], 0).await, (Some(0), String::new()));
    assert_eq!(requested(&ALL_KINDS, &[], 7).await, (Some(7), String::new()));
}
