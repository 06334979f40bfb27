//! The commands of every measured server: serve until the input ends, or start and stop repeatedly.

use std::error::Error;
use std::future::Future;
use std::io::{self, Read as _};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::allocations::counts;
use crate::measure::{Outcome, runtime};

/// The address of a server, and a key for it.
pub struct Address {
    /// `127.0.0.1:PORT`.
    pub host: String,
    pub key: String,
}

/// A server that runs as a task. It ends when this is dropped.
pub struct Running<T>(pub JoinHandle<T>);

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// `serve COMPANIES` prints its address and serves until its standard input ends. `starts CONCURRENT ROUNDS` measures the
/// time of start, first response and end, for each of this many concurrent servers. `further COUNT` measures the memory
/// of each further server. `responses COUNT` counts the allocations of this many responses.
///
/// # Errors
///
/// If the command is unknown, or the server cannot start.
pub fn serve<F, Server>(start: impl Fn(usize) -> F) -> Outcome
where
    F: Future<Output = Result<(Server, Address), Box<dyn Error>>>,
{
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    runtime()?.block_on(async {
        match *arguments.as_slice() {
            ["serve", companies] => until_input_ends(start(companies.parse()?).await?).await,
            ["starts", concurrent, rounds] => {
                starts(concurrent.parse()?, rounds.parse()?, start).await
            }
            ["further", count] => further(count.parse()?, start).await,
            ["responses", count] => responses(count.parse()?, start(1).await?).await,
            _ => Err(
                "expected: serve COMPANIES | starts CONCURRENT ROUNDS | further|responses COUNT"
                    .into(),
            ),
        }
    })
}

/// Prints the address of a server, and keeps it until the standard input ends.
///
/// # Errors
///
/// If the input cannot be read.
pub async fn until_input_ends<Server>((server, address): (Server, Address)) -> Outcome {
    let Address { host, key } = address;
    println!(r#"{{"host":"{host}","key":"{key}"}}"#);
    let (ended, end) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    end.await?;
    drop(server);
    Ok(())
}

async fn starts<F, Server>(concurrent: u32, rounds: usize, start: impl Fn(usize) -> F) -> Outcome
where
    F: Future<Output = Result<(Server, Address), Box<dyn Error>>>,
{
    let mut took = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let began = Instant::now();
        let mut servers = Vec::new();
        for _ in 0..concurrent {
            let (server, address) = start(1).await?;
            ask(&address).await?;
            servers.push(server);
        }
        for server in servers {
            drop(server);
            // wiremock waits in `drop` for a lock of tokio, which a task that never yields does not get.
            tokio::task::yield_now().await;
        }
        took.push(began.elapsed() / concurrent);
    }
    print_median(took);
    Ok(())
}

/// Prints the median.
pub fn print_median(mut took: Vec<Duration>) {
    took.sort();
    let median = took.get(took.len() / 2).map_or(0, Duration::as_nanos);
    println!(r#"{{"median_ns":{median}}}"#);
}

async fn ask(address: &Address) -> Outcome {
    let mut stream = TcpStream::connect(&address.host).await?;
    send_request_on(&mut stream, &request(address)).await
}

fn request(Address { host, key }: &Address) -> String {
    format!("GET /api/v1/wallet HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n\r\n")
}

/// One request for the wallet. Its response is small and arrives in one piece. Nothing here allocates.
async fn send_request_on(stream: &mut TcpStream, request: &str) -> Outcome {
    stream.write_all(request.as_bytes()).await?;
    let mut response = [0; 512];
    let read = stream.read(&mut response).await?;
    let response = response.get(..read).unwrap_or_default();
    if response.starts_with(b"HTTP/1.1 200") { Ok(()) } else { Err("unsuccessful response".into()) }
}

/// Sends requests until the journal of the server is full, and then counts.
async fn responses<Server>(count: usize, (server, address): (Server, Address)) -> Outcome {
    const BEFORE: usize = 12_000;
    let mut stream = TcpStream::connect(&address.host).await?;
    let request = request(&address);
    for _ in 0..BEFORE {
        send_request_on(&mut stream, &request).await?;
    }
    let before = counts();
    for _ in 0..count {
        send_request_on(&mut stream, &request).await?;
    }
    before.print_since(count);
    drop(server);
    Ok(())
}

/// Each server has sent one response, on a connection that is closed again, so that memory of the first request counts
/// also.
async fn further<F, Server>(count: usize, start: impl Fn(usize) -> F) -> Outcome
where
    F: Future<Output = Result<(Server, Address), Box<dyn Error>>>,
{
    let mut servers = Vec::with_capacity(count + 1);
    let mut before = 0;
    for number in 0..=count {
        let (server, address) = start(1).await?;
        request_and_close(&address).await?;
        servers.push(server);
        if number == 0 {
            before = counts().live;
        }
    }
    let each = (counts().live - before) / count as u64;
    println!(r#"{{"bytes":{each}}}"#);
    Ok(())
}

/// Waits until the server has closed the connection.
async fn request_and_close(address: &Address) -> Outcome {
    let mut stream = TcpStream::connect(&address.host).await?;
    let request = request(address).replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    send_request_on(&mut stream, &request).await?;
    while stream.read(&mut [0; 512]).await? > 0 {}
    Ok(())
}
