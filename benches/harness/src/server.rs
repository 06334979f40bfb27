//! What every measured server does: serve until its input ends, or start and stop again and again.

use std::error::Error;
use std::future::Future;
use std::io::{self, Read as _};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::allocations::counts;
use crate::measure::{Outcome, runtime};

/// Where a server is, and what lets one in.
pub struct Address {
    /// `127.0.0.1:PORT`.
    pub host: String,
    pub key: String,
}

/// A server that is a task, and ends when this is dropped.
pub struct Running<T>(pub JoinHandle<T>);

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// `serve COMPANIES` prints where it is and serves until its standard input ends; `starts AT_ONCE ROUNDS` tells how
/// long it takes each of so many that are up at once to start, to give its first answer and to be gone; `further
/// COUNT` tells what memory each further one takes; `answers COUNT` tells how often it allocates for so many answers.
///
/// # Errors
///
/// If it is none of these, or the server cannot start.
pub fn serve<F, Server>(start: impl Fn(usize) -> F) -> Outcome
where
    F: Future<Output = Result<(Server, Address), Box<dyn Error>>>,
{
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    runtime()?.block_on(async {
        match *arguments.as_slice() {
            ["serve", companies] => until_input_ends(start(companies.parse()?).await?).await,
            ["starts", at_once, rounds] => starts(at_once.parse()?, rounds.parse()?, start).await,
            ["further", count] => further(count.parse()?, start).await,
            ["answers", count] => answers(count.parse()?, start(1).await?).await,
            _ => {
                Err("expected: serve COMPANIES | starts AT_ONCE ROUNDS | further|answers COUNT"
                    .into())
            }
        }
    })
}

/// Prints where a server is, and keeps it until the standard input ends.
///
/// # Errors
///
/// If the input is lost.
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

async fn starts<F, Server>(at_once: u32, rounds: usize, start: impl Fn(usize) -> F) -> Outcome
where
    F: Future<Output = Result<(Server, Address), Box<dyn Error>>>,
{
    let mut took = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let began = Instant::now();
        let mut servers = Vec::new();
        for _ in 0..at_once {
            let (server, address) = start(1).await?;
            ask(&address).await?;
            servers.push(server);
        }
        for server in servers {
            drop(server);
            // wiremock waits in `drop` for a lock of tokio's, which is refused to one who never yields.
            tokio::task::yield_now().await;
        }
        took.push(began.elapsed() / at_once);
    }
    print_median(took);
    Ok(())
}

/// Prints the middle one.
pub fn print_median(mut took: Vec<Duration>) {
    took.sort();
    let median = took.get(took.len() / 2).map_or(0, Duration::as_nanos);
    println!(r#"{{"median_ns":{median}}}"#);
}

async fn ask(address: &Address) -> Outcome {
    let mut stream = TcpStream::connect(&address.host).await?;
    ask_on(&mut stream, &request(address)).await
}

fn request(Address { host, key }: &Address) -> String {
    format!("GET /api/v1/wallet HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n\r\n")
}

/// One request for the wallet. Its answer is small and comes in one piece. Nothing here allocates.
async fn ask_on(stream: &mut TcpStream, request: &str) -> Outcome {
    stream.write_all(request.as_bytes()).await?;
    let mut answer = [0; 512];
    let read = stream.read(&mut answer).await?;
    let answer = answer.get(..read).unwrap_or_default();
    if answer.starts_with(b"HTTP/1.1 200") { Ok(()) } else { Err("no good answer".into()) }
}

/// Asks so often that what a server keeps of its requests is full, and then counts.
async fn answers<Server>(count: usize, (server, address): (Server, Address)) -> Outcome {
    const BEFORE: usize = 12_000;
    let mut stream = TcpStream::connect(&address.host).await?;
    let request = request(&address);
    for _ in 0..BEFORE {
        ask_on(&mut stream, &request).await?;
    }
    let before = counts();
    for _ in 0..count {
        ask_on(&mut stream, &request).await?;
    }
    before.print_since(count);
    drop(server);
    Ok(())
}

/// Each has answered once, on a connection that is closed again, so that what it makes only then counts, too.
async fn further<F, Server>(count: usize, start: impl Fn(usize) -> F) -> Outcome
where
    F: Future<Output = Result<(Server, Address), Box<dyn Error>>>,
{
    let mut servers = Vec::with_capacity(count + 1);
    let mut before = 0;
    for number in 0..=count {
        let (server, address) = start(1).await?;
        ask_for_the_last_time(&address).await?;
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
async fn ask_for_the_last_time(address: &Address) -> Outcome {
    let mut stream = TcpStream::connect(&address.host).await?;
    let request = request(address).replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n");
    ask_on(&mut stream, &request).await?;
    while stream.read(&mut [0; 512]).await? > 0 {}
    Ok(())
}
