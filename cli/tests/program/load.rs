//! What is at stake: many callers, more than there is room for, and an end in their midst. Who is
//! being served goes on, who is not is told so, and nobody gets half an answer.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use super::{Running, raw};

const MOST_CONNECTIONS: usize = 10_000;
/// The most memory that one idle connection may take, with a timer of its own for the next head.
const MOST_BYTES_EACH: u64 = 25 * 1000;

fn request(key: &str) -> String {
    format!("GET /api/v1/wallet HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer {key}\r\n\r\n")
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// The status of the next answer, whose body is the end of what is sent.
fn ask(stream: &mut TcpStream, key: &str) -> u16 {
    stream.write_all(request(key).as_bytes()).unwrap();
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"}") {
        let mut some = [0; 1024];
        let count = match stream.read(&mut some) {
            // A read with a limit ends early when the process is stopped for a while.
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            count => count.unwrap(),
        };
        assert_ne!(count, 0, "{}", bytes.escape_ascii());
        bytes.extend(some.iter().take(count));
    }
    String::from_utf8(bytes).unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

/// Whether this process may have so many descriptors. If it may have them for the asking, the test
/// is run again where it has asked; if not, that is said.
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

/// What the program has in memory, where the system says so.
fn memory(mock: &Running) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", mock.child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().unwrap() * 1024)
}

#[test]
fn with_all_connections_taken_one_more_is_told_so_and_the_others_go_on() {
    let name = "load::with_all_connections_taken_one_more_is_told_so_and_the_others_go_on";
    if !may_have_descriptors(MOST_CONNECTIONS + 200, name) {
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
    opened(&mut open, MOST_CONNECTIONS / 2);
    if let (Some(before), Some(after)) = (before, memory(&mock)) {
        let each = (after - before) / open.len() as u64;
        println!("{each} bytes each of {} idle connections", open.len());
        assert!(each <= MOST_BYTES_EACH, "{each}");
    }
    opened(&mut open, MOST_CONNECTIONS);
    assert_eq!(ask(&mut connect(address), key), 503);
    for stream in open.iter_mut().step_by(1000) {
        assert_eq!(ask(stream, key), 200);
    }
    drop(open);
    // The end of each has to be seen first.
    while ask(&mut connect(address), key) != 200 {}
}

#[cfg(unix)]
#[test]
fn with_no_descriptor_left_those_who_have_one_go_on_and_it_recovers() {
    let program = env!("CARGO_BIN_EXE_partner-api");
    let mut few = Command::new("sh");
    few.args(["-c", r#"ulimit -n 40 && exec "$0" mock --listen 127.0.0.1:0"#, program]);
    let mock = Running::spawn(super::piped(&mut few));
    let (address, key) = (mock.address(), mock.value("API key"));
    let mut live = connect(address);
    assert_eq!(ask(&mut live, key), 200);

    // More than there are descriptors; these connections are made, but cannot be taken.
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
async fn sigterm_under_load_loses_no_answer_that_was_begun() {
    // Large enough that no answer is written at once.
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

    let (answered, mut count) = tokio::sync::mpsc::unbounded_channel();
    let clients: Vec<_> = (0..32)
        .map(|_| {
            let answered = answered.clone();
            tokio::spawn(async move {
                let mut connection = raw::Connection::open(address).await;
                while connection.try_send(request).await.is_ok() {
                    // Nothing, or a whole one: half a one is a panic here.
                    let Some(answer) = connection.answer_or_end().await else { break };
                    assert!(answer.status == 200 && answer.body.ends_with("}]}"));
                    let _ = answered.send(());
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
