//! Asks a server as fast as it answers, on kept-alive connections, each with one request under way.
//!
//! `load HOST KEY PATH CONNECTIONS requests COUNT` or `… seconds COUNT`; prints how many were answered, in what
//! time, and how long the middle one and the slowest of a hundred took.

use std::cell::Cell;
use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, key, path, connections, unit, count] = arguments.as_slice() else {
        return Err("expected: HOST KEY PATH CONNECTIONS requests|seconds COUNT".into());
    };
    let until = match unit.as_str() {
        "requests" => Until::Requests(count.parse()?),
        "seconds" => Until::Seconds(count.parse()?),
        other => return Err(format!("unknown unit `{other}`").into()),
    };
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n\r\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    let (mut answers, took) =
        local.block_on(&runtime, ask_all(host, request, connections.parse()?, until))?;
    answers.sort_unstable();
    let (answered, took) = (answers.len(), took.as_nanos());
    let at = |percent: usize| answers.get(answered * percent / 100).copied().unwrap_or_default();
    let (middle, slow) = (at(50).as_nanos(), at(99).as_nanos());
    println!(r#"{{"answered":{answered},"took_ns":{took},"p50_ns":{middle},"p99_ns":{slow}}}"#);
    Ok(())
}

#[derive(Clone, Copy)]
enum Until {
    Requests(u64),
    Seconds(u64),
}

async fn ask_all(
    host: &str,
    request: String,
    connections: u64,
    until: Until,
) -> Outcome<(Vec<Duration>, Duration)> {
    let request: &'static [u8] = request.leak().as_bytes();
    let left: &'static Cell<u64> = Box::leak(Box::new(Cell::new(match until {
        Until::Requests(count) => count,
        Until::Seconds(_) => u64::MAX,
    })));
    let began = Instant::now();
    let ends = match until {
        Until::Requests(_) => None,
        Until::Seconds(count) => Some(began + Duration::from_secs(count)),
    };
    let mut asking = JoinSet::new();
    for _ in 0..connections {
        let mut stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        asking.spawn_local(async move {
            let mut answers = Vec::new();
            let mut buffer = Vec::with_capacity(64 * 1024);
            while left.get() > 0 && ends.is_none_or(|ends| Instant::now() < ends) {
                left.set(left.get() - 1);
                let asked = Instant::now();
                stream.write_all(request).await?;
                read_answer(&mut stream, &mut buffer).await?;
                answers.push(asked.elapsed());
            }
            io::Result::Ok(answers)
        });
    }
    let mut answers = Vec::new();
    while let Some(one) = asking.join_next().await {
        answers.append(&mut one??);
    }
    Ok((answers, began.elapsed()))
}

/// Reads an answer to its end, by its `content-length`.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<()> {
    buffer.clear();
    let (head, length) = loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            if !head.starts_with("http/1.1 200") {
                return Err(io::Error::other(head));
            }
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length = length.and_then(|length| length.trim().parse::<usize>().ok());
            break (end + 4, length.ok_or_else(|| io::Error::other("no content-length"))?);
        }
    };
    let mut rest = (head + length).saturating_sub(buffer.len());
    while rest > 0 {
        buffer.clear();
        let read = stream.read_buf(buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        rest = rest.saturating_sub(read);
    }
    Ok(())
}
