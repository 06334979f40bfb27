//! `mock exec`: a command with a mock of its own, its environment, its signals and its exit code.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use super::{command, fails, raw};

fn exec(arguments: &[&str], script: &str) -> Command {
    let mut program = command(&["mock", "exec"]);
    program.args(arguments).args(["--", "sh", "-c", script]);
    program
}

#[test]
fn the_command_gets_urls_and_a_key_and_its_output_is_all_there_is() {
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
async fn the_mock_is_there_while_the_command_runs_and_its_log_if_it_is_asked_for() {
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
fn it_ends_with_the_exit_code_of_the_command() {
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
