//! Many connections, more than the limit, and a shutdown in between: open connections continue, a
//! rejected one is told so, and no client gets half a response.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use super::{Running, raw};

const MAX_CONNECTIONS: usize = 10_000;
/// The most memory that one idle connection may take, including its timer for the next head.
const MAX_BYTES_EACH: u64 = 25 * 1000;

fn request(key: &str) -> String {
    format!("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\r\n")
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Sends a request and returns the status of its response, which ends with a JSON body.
fn ask(stream: &mut TcpStream, key: &str) -> u16 {
    stream.write_all(request(key).as_bytes()).unwrap();
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"}") {
        let mut some = [0; 1024];
        let count = match stream.read(&mut some) {
            // A read with a timeout ends early when the process was stopped for a while.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            count => count.unwrap(),
        };
        assert_ne!(count, 0, "{}", bytes.escape_ascii());
        bytes.extend(some.iter().take(count));
    }
    String::from_utf8(bytes).unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

/// Returns true if this process may open this many descriptors. If it has to raise its soft limit,
/// the test is run again in a process with the higher limit; if the hard limit is too low, a
/// message says that the test is skipped.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn may_have_descriptors(count: usize, test: &str) -> bool {
    let limits = Command::new("sh").args(["-c", "ulimit -Sn; ulimit -Hn"]).output().unwrap().stdout;
    let limits = String::from_utf8(limits).unwrap();
    let limits = limits.lines().map(|limit| limit.parse().unwrap_or(usize::MAX));
    let [now, most] = limits.collect::<Vec<usize>>().try_into().unwrap();
    if now >= count {
        return true;
    }
    if most < count {
        eprintln!("skipped: {test} needs {count} descriptors, and this machine allows {most}");
        return false;
    }
    let again = r#"ulimit -Sn "$0" && exec "$1" --exact "$2" --nocapture"#;
    let own = std::env::current_exe().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", again, &count.to_string()]).arg(own).arg(test);
    assert!(shell.status().unwrap().success());
    false
}

/// The resident memory of the program, if the system reports it.
fn memory(mock: &Running) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", mock.child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().unwrap() * 1024)
}

#[test]
fn a_connection_above_the_limit_is_told_so_and_the_others_continue() {
    let name = "load::a_connection_above_the_limit_is_told_so_and_the_others_continue";
    if !may_have_descriptors(MAX_CONNECTIONS + 200, name) {
        return;
    }
    let mock = Running::start(&["--listen", "127.0.0.1:0"]);
    let (address, key) = (mock.address(), mock.value("API key"));
    let mut open = vec![connect(address)];
    assert_eq!(ask(&mut open[0], key), 200);

    let before = memory(&mock);
    let opened = |open: &mut Vec<TcpStream>, count| {
        while open.len() < count {
            open.push(connect(address));
            assert_eq!(ask(open.last_mut().unwrap(), key), 200);
        }
    };
    opened(&mut open, MAX_CONNECTIONS / 2);
    if let (Some(before), Some(after)) = (before, memory(&mock)) {
        let each = (after - before) / open.len() as u64;
        println!("{each} bytes each of {} idle connections", open.len());
        assert!(each <= MAX_BYTES_EACH, "{each}");
    }
    opened(&mut open, MAX_CONNECTIONS);
    assert_eq!(ask(&mut connect(address), key), 503);
    for stream in open.iter_mut().step_by(1000) {
        assert_eq!(ask(stream, key), 200);
    }
    drop(open);
    // The mock has to notice that each has ended.
    while ask(&mut connect(address), key) != 200 {}
}

#[cfg(unix)]
#[test]
fn without_a_free_descriptor_open_connections_continue_and_the_mock_recovers() {
    let program = env!("CARGO_BIN_EXE_partner-api");
    let mut few = Command::new("sh");
    few.args(["-c", r#"ulimit -n 40 && exec "$0" mock --listen 127.0.0.1:0"#, program]);
    let mock = Running::spawn(super::piped(&mut few));
    let (address, key) = (mock.address(), mock.value("API key"));
    let mut live = connect(address);
    assert_eq!(ask(&mut live, key), 200);

    // More than there are descriptors; the system connects these, but the mock cannot accept them.
    let hostile: Vec<_> = (0..100).map(|_| connect(address)).collect();
    for _ in 0..100 {
        assert_eq!(ask(&mut live, key), 200);
    }
    let mut waiting = connect(address);
    waiting.write_all(request(key).as_bytes()).unwrap();
    let begun = std::time::Instant::now();
    drop(hostile);
    let mut first = [0; 15];
    waiting.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    println!("recovered in {:?}", begun.elapsed());
    assert_eq!(ask(&mut live, key), 200);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_completes_every_response_that_was_begun() {
    // Large enough that no response is written in one call.
    let company = |number| format!(r#"{{"id":"c-{number}","name":"{}"}}"#, "x".repeat(1000));
    let companies: Vec<String> = (0..500).map(company).collect();
    let seed = format!(
        r#"{{"partners":[{{"name":"p","keys":["k"],"companies":[{}]}}]}}"#,
        companies.join(",")
    );
    let file = std::env::temp_dir().join(format!("seed-load-{}.json", std::process::id()));
    std::fs::write(&file, seed).unwrap();
    let mock = Running::start(&["--listen", "127.0.0.1:0", "--seed", file.to_str().unwrap()]);
    std::fs::remove_file(&file).unwrap();
    let address = mock.address();
    let request = "GET /api/v1/companies HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer k\r\n\r\n";

    let (completed, mut count) = tokio::sync::mpsc::unbounded_channel();
    let clients: Vec<_> = (0..32)
        .map(|_| {
            let completed = completed.clone();
            tokio::spawn(async move {
                let mut connection = raw::Connection::open(address).await;
                while connection.try_send(request).await.is_ok() {
                    // No response, or a complete one: half a response panics here.
                    let Some(response) = connection.response_or_end().await else { break };
                    assert!(response.status == 200 && response.body.ends_with("}]}"));
                    let _ = completed.send(());
                }
            })
        })
        .collect();
    for _ in 0..100 {
        count.recv().await.unwrap();
    }
    mock.signal("-TERM");
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(mock.end(), (Some(0), String::new()));
}
