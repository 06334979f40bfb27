//! The program prints lines that work when pasted; wrong use gets one line that says what is right;
//! and a signal does not interrupt a request in progress.
//!
//! These tests are a separate program because they start processes: until a child process runs its
//! own program, it holds every descriptor of this one, and a port that was closed is still open.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test reports a failure by a panic"
)]

#[expect(dead_code, reason = "these tests need little of it")]
#[path = "../../../mock-server/tests/mock/raw.rs"]
mod raw;

mod control;
mod docs;
mod exec;
mod folder;
mod load;
mod logs;
mod observed;
mod ready;
mod record;
mod remote;
mod secrecy;
mod seeding;
mod tls;
mod usage;
mod verify;
mod watching;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_partner-api"));
    command.args(arguments).env_remove("RUST_LOG").env_remove("PARTNER_API_MOCK_TOKEN");
    piped(&mut command);
    command
}

/// The command to serve a mock.
fn mock_command(arguments: &[&str]) -> Command {
    let mut command = command(&["mock"]);
    command.args(arguments);
    command
}

fn piped(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped())
}

/// A running program that has printed its address. It is killed when dropped.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    greeting: Vec<String>,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        Self::spawn(&mut mock_command(arguments))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = Vec::<String>::new();
        // The last two lines are to be pasted.
        while greeting.iter().filter(|line| line.starts_with("curl ")).count() < 2 {
            let mut line = String::new();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "it ended after {greeting:?}");
            greeting.push(line.trim_end().to_owned());
        }
        Self { child, stdout, greeting }
    }

    fn value(&self, label: &str) -> &str {
        let line = self.greeting.iter().find_map(|line| line.strip_prefix(label));
        line.unwrap_or_else(|| panic!("{label} in {:?}", self.greeting)).trim()
    }

    fn address(&self) -> SocketAddr {
        let origin = self.value("base URL").strip_prefix("http://").unwrap();
        origin.strip_suffix("/api/v1").unwrap().parse().unwrap()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// The lines of the log, to its end.
    fn log(&mut self) -> Vec<String> {
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log.lines().map(str::to_owned).collect()
    }

    /// The exit code, and what was printed after the greeting.
    fn end(mut self) -> (Option<i32>, String) {
        let code = self.child.wait().unwrap().code();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (code, rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn fails(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.as_slice()), (Some(2), &b""[..]), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr.trim_end().strip_prefix("partner-api: ").unwrap().to_owned()
}

/// The error of clap for wrong use.
fn usage_fails(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = command(arguments).output().unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.as_slice()), (Some(2), &b""[..]), "{stderr}");
    stderr.strip_prefix("error: ").unwrap_or_else(|| panic!("{stderr}")).to_owned()
}

/// The error of a mock that does not start with these options.
fn mock_fails(arguments: &[&str]) -> String {
    fails(&[&["mock"], arguments].concat())
}

#[tokio::test]
async fn the_program_prints_its_url_a_valid_key_and_two_curl_lines() {
    let mock = Running::start(&["--listen", "127.0.0.1:0"]);
    let (address, key) = (mock.address(), mock.value("API key"));
    let curl = |path: &str| {
        format!(r#"curl http://{address}/api/v1/{path} -H "Authorization: Bearer {key}""#)
    };
    assert!(mock.greeting.ends_with(&[curl("companies"), curl("wallet")]), "{:?}", mock.greeting);
    assert_eq!(raw::wallet_with(address, key).await.status, 200);
}

#[tokio::test]
async fn a_seed_gives_the_data_and_the_key_that_is_shown() {
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-server/seed.example.json");
    let mock = Running::start(&["--seed", seed, "--listen", "127.0.0.1:0"]);
    assert_eq!(mock.value("API key"), "pk_live_exampleexampleexample001");
    let poor = raw::wallet_with(mock.address(), "pk_live_exampleexampleexample002").await;
    assert!(poor.body.starts_with(r#"{"balance":3,"currency":"EUR""#), "{poor:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn both_signals_finish_requests_in_progress_and_end_with_0() {
    for signal in ["-TERM", "-INT"] {
        let mock = Running::start(&["--listen", &raw::unshared_address().to_string()]);
        let (address, key) = (mock.address(), mock.value("API key").to_owned());
        let mut begun = raw::Connection::open(address).await;
        begun.send("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\n").await;
        // This response comes after the other connection was accepted, so that request is in
        // progress now.
        assert_eq!(raw::wallet_with(address, &key).await.status, 200);

        mock.signal(signal);
        while std::net::TcpStream::connect(address).is_ok() {
            tokio::task::yield_now().await;
        }
        begun.send(format!("authorization: Bearer {key}\r\n\r\n")).await;
        let response = begun.rest().await;
        assert!(response.starts_with(b"HTTP/1.1 200 OK\r\n"), "{signal}");
        assert_eq!(mock.end(), (Some(0), String::new()), "{signal}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_signal_ends_immediately() {
    let mock = Running::start(&["--listen", &raw::unshared_address().to_string()]);
    let mut stuck = raw::Connection::open(mock.address()).await;
    stuck.send("GET / HTTP/1.1\r\nhost:").await;
    raw::wallet(mock.address(), "").await;
    mock.signal("-INT");
    while std::net::TcpStream::connect(mock.address()).is_ok() {
        tokio::task::yield_now().await;
    }
    mock.signal("-INT");
    assert_eq!(mock.end().0, Some(0));
}

#[test]
fn a_busy_port_is_an_error_in_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said = mock_fails(&["--listen", &address]);
    assert!(
        said.starts_with(&format!("cannot listen on {address}: Address already in use")),
        "{said}"
    );
}

#[test]
fn the_error_for_a_wrong_seed_has_its_position() {
    let file = std::env::temp_dir().join(format!("seed-{}.json", std::process::id()));
    std::fs::write(&file, "{\"partners\": [\n  {\"name\": \"p\", \"kesy\": []}\n]}").unwrap();
    let name = file.to_str().unwrap();
    let said = mock_fails(&["--seed", name]);
    std::fs::remove_file(&file).unwrap();
    assert!(said.starts_with(&format!("{name}:2:22: partners[0].kesy: unknown field")), "{said}");
    assert!(said.ends_with("did you mean `keys`?"), "{said}");

    assert!(mock_fails(&["--seed", "no-such.json"]).starts_with("no-such.json: cannot be read: "));
}

#[cfg(unix)]
#[test]
fn a_seed_without_an_end_is_an_error_and_does_not_exhaust_memory() {
    assert_eq!(
        mock_fails(&["--seed", "/dev/zero"]),
        "/dev/zero:1:268435457: the file goes on after 256 MiB: expected no more than that"
    );
}

#[test]
fn listening_beyond_this_machine_logs_a_warning() {
    assert!(
        mock_fails(&["--listen", "0.0.0.0:0"])
            .ends_with(": set PARTNER_API_MOCK_TOKEN, or use --no-control")
    );
    let mut mock = Running::start(&["--listen", "0.0.0.0:0", "--no-control"]);
    assert!(mock.address().ip().is_loopback(), "the address shown is one that can be used");
    mock.signal("-TERM");
    let log = mock.log();
    let warning = "listening beyond this machine: everyone who reaches it can use its keys";
    assert!(log.iter().any(|line| line.contains("WARN") && line.ends_with(warning)), "{log:?}");
}
