//! How a program starts the mock: the ready file, the ready line, the key, and the end.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};

use serde_json::Value;

use super::folder::Folder;
use super::{Running, command, mock_command, mock_fails, raw};

fn address(ready: &Value) -> std::net::SocketAddr {
    let url = ready["baseUrl"].as_str().unwrap().strip_prefix("http://").unwrap();
    url.strip_suffix("/api/v1").unwrap().parse().unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn the_ready_file_has_urls_key_and_process_id_while_the_mock_is_there() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let path = folder.file("mock.json");
    // Left by an earlier run.
    fs::write(&path, r#"{"baseUrl":"http://old","apiKey":"old","pid":1}"#).unwrap();
    let mock = Running::start(&["--listen", "127.0.0.1:0", "--ready-file", &path, "--key", "k-1"]);
    let ready: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let url = format!("http://{}", mock.address());
    assert_eq!(ready["baseUrl"], format!("{url}/api/v1"));
    assert_eq!(ready["controlUrl"], format!("{url}/_mock"));
    assert_eq!((&ready["apiKey"], &ready["pid"]), (&"k-1".into(), &mock.child.id().into()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    assert_eq!(raw::wallet_with(mock.address(), "k-1").await.status, 200);

    mock.signal("-TERM");
    assert_eq!(mock.end().0, Some(0));
    assert!(!fs::exists(&path).unwrap());
}

#[test]
fn a_ready_file_replaces_no_other_file() {
    let folder = Folder::new();
    let path = folder.file("notes.txt");
    fs::write(&path, "important").unwrap();
    let refused = "something else is there; remove it, or name another file";
    for path in [path.as_str(), folder.path().to_str().unwrap(), "/dev/null"] {
        let said = mock_fails(&["--listen", "127.0.0.1:0", "--ready-file", path]);
        assert_eq!(said, format!("--ready-file {path}: {refused}"));
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "important");
    let missing = folder.file("no/such/folder.json");
    let mut failing = mock_command(&["--listen", "127.0.0.1:0", "--quiet"]);
    let output = failing.args(["--ready-file", &missing]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    // As mktemp makes it.
    let empty = folder.file("empty");
    fs::write(&empty, "").unwrap();
    drop(Running::start(&["--listen", "127.0.0.1:0", "--ready-file", &empty]));
}

/// A mock that prints a line of JSON to stdout when it is ready.
fn ready(arguments: &[&str], variables: &[(&str, &str)]) -> (Child, Value) {
    let mut program = mock_command(&["--listen", "127.0.0.1:0", "--ready", "json"]);
    program.args(arguments).envs(variables.iter().copied());
    let mut child = program.stdin(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

#[tokio::test]
async fn the_ready_line_is_json_and_the_mock_ends_with_stdin() {
    let key = ("PARTNER_API_MOCK_KEY", "from-the-environment");
    let (mut child, ready) = ready(&["--exit-with-stdin", "--no-control"], &[key]);
    assert_eq!((&ready["apiKey"], ready.get("controlUrl")), (&key.1.into(), None));
    assert_eq!(raw::wallet_with(address(&ready), key.1).await.status, 200);
    drop(child.stdin.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test]
async fn by_default_the_end_of_stdin_ends_nothing() {
    let (mut child, ready) = ready(&["--key", "k"], &[]);
    drop(child.stdin.take());
    assert_eq!(raw::wallet_with(address(&ready), "k").await.status, 200);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn the_key_comes_before_those_of_the_seed() {
    let seed = concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-server/seed.example.json");
    let (first, second) = ("pk_live_exampleexampleexample001", "pk_live_exampleexampleexample002");
    let mock = Running::start(&["--listen", "127.0.0.1:0", "--seed", seed, "--key", "k"]);
    assert_eq!(mock.value("API key"), "k");
    for key in ["k", first] {
        assert_eq!(raw::wallet_with(mock.address(), key).await.status, 200);
    }
    let said = mock_fails(&["--listen", "127.0.0.1:0", "--seed", seed, "--key", second]);
    assert!(said.ends_with("another partner of the seed has this key"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_mock_while_the_seed_is_a_pipe_without_a_writer() {
    let folder = Folder::new();
    let pipe = folder.file("seed.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for signal in ["-TERM", "-INT"] {
        let mut child =
            mock_command(&["--seed", &pipe, "--listen", "127.0.0.1:0"]).spawn().unwrap();
        // Opened when the program has opened it also.
        let writer = fs::OpenOptions::new().write(true).open(&pipe).unwrap();
        let id = child.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(2));
        drop(writer);
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(said, "partner-api: ended before the mock was ready: the seed was still read\n");
    }
}

#[tokio::test]
async fn health_says_whether_a_mock_is_ready() {
    let mock = Running::start(&["--listen", "127.0.0.1:0"]);
    for url in [mock.address().to_string(), mock.value("base URL").to_owned()] {
        let output = command(&["mock", "health", &url]).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"ready\n"[..]));
    }
    let without = Running::start(&["--listen", "127.0.0.1:0", "--no-control"]);
    let said = super::fails(&["mock", "health", without.value("base URL")]);
    assert!(said.contains("without --no-control"), "{said}");
    let free = raw::unshared_address().to_string();
    let said = super::fails(&["mock", "health", &free]);
    assert!(said.contains("Connection refused"), "{said}");
}
