//! Sends requests to a server as fast as it responds, on kept-alive connections, each with one request in progress.
//!
//! `load HOST KEY PATH CONNECTIONS requests|seconds COUNT PID` prints the number of responses, the time of all of them,
//! the median and the 99th percentile, and the part of that time in which the server, the process with that id, and
//! the load itself used a processor. If the load is as busy as the server, it measures itself.
//!
//! One thread waits for all connections, and nothing is allocated for a response, so that the load costs less than
//! any server.

mod connection;
mod processor;
mod response;

use std::error::Error;
use std::time::{Duration, Instant};

use mio::{Events, Poll};

use crate::connection::Connection;
use crate::processor::seconds_of;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The size of one read: of a large list, as much as a socket buffers.
const PIECE: usize = 256 * 1024;

/// The longest wait for the next response of all connections. A list of 100,000 companies under valgrind is slow.
const TIMEOUT: Duration = Duration::from_secs(120);

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [host, key, path, connections, unit, count, server] = arguments.as_slice() else {
        return Err("expected: HOST KEY PATH CONNECTIONS requests|seconds COUNT PID".into());
    };
    let until = match unit.as_str() {
        "requests" => Until::Requests(count.parse()?),
        "seconds" => Until::Ends(Duration::from_secs(count.parse()?)),
        other => return Err(format!("unknown unit `{other}`").into()),
    };
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n\r\n");
    let poll = Poll::new()?;
    let connections: Outcome<Vec<_>> = (0..connections.parse()?)
        .map(|number| Ok(Connection::open(host, request.as_bytes(), poll.registry(), number)?))
        .collect();
    let before = (seconds_of(server)?, seconds_of("self")?);
    let (mut times, took) = send_all(poll, connections?, until)?;
    let server = (seconds_of(server)? - before.0) / took.as_secs_f64();
    let load = (seconds_of("self")? - before.1) / took.as_secs_f64();
    times.sort_unstable();
    let (responses, took) = (times.len(), took.as_nanos());
    let at = |percent: usize| times.get(responses * percent / 100).map_or(0, Duration::as_nanos);
    let (middle, slow) = (at(50), at(99));
    println!(
        r#"{{"responses":{responses},"took_ns":{took},"p50_ns":{middle},"p99_ns":{slow},"server_busy":{server:.3},"load_busy":{load:.3}}}"#
    );
    Ok(())
}

#[derive(Clone, Copy)]
enum Until {
    Requests(usize),
    Ends(Duration),
}

/// The time of each response, and the time until the last one.
fn send_all(
    mut poll: Poll,
    mut connections: Vec<Connection<'_>>,
    until: Until,
) -> Outcome<(Vec<Duration>, Duration)> {
    let began = Instant::now();
    let is_more = |sent: usize, now: Instant| match until {
        Until::Requests(count) => sent < count,
        Until::Ends(after) => now.duration_since(began) < after,
    };
    let (mut sent, mut waiting) = (0, 0);
    for connection in &mut connections {
        if is_more(sent, began) {
            connection.send(Instant::now())?;
            (sent, waiting) = (sent + 1, waiting + 1);
        }
    }
    let mut times = Vec::with_capacity(1 << 20);
    let mut piece = vec![0; PIECE];
    let mut events = Events::with_capacity(connections.len());
    while waiting > 0 {
        poll.poll(&mut events, Some(TIMEOUT))?;
        if events.is_empty() {
            return Err(format!("no response within {TIMEOUT:?}").into());
        }
        for event in &events {
            let connection = &mut connections[event.token().0];
            let Some(sent_at) = connection.read_response(&mut piece, event.is_read_closed())?
            else {
                continue;
            };
            let now = Instant::now();
            times.push(now - sent_at);
            if is_more(sent, now) {
                connection.send(now)?;
                sent += 1;
            } else {
                waiting -= 1;
            }
        }
    }
    Ok((times, began.elapsed()))
}
