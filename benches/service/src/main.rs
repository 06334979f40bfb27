//! Answers with ready bytes over plain sockets, so that what is measured is the client.
//!
//! `service COMPANIES` prints its origin and serves until its standard input ends.

use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// The reference's sample.
const WALLET: &str =
    r#"{"balance":8450,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;

fn main() -> io::Result<()> {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1);
    let wallet = Arc::new(answer(WALLET));
    let companies = Arc::new(answer(&companies(count)));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (wallet, companies) = (Arc::clone(&wallet), Arc::clone(&companies));
            thread::spawn(move || serve(stream, &wallet, &companies));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn serve(mut stream: TcpStream, wallet: &[u8], companies: &[u8]) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut head = Vec::new();
    let mut piece = [0; 4096];
    loop {
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut piece)? {
                0 => return Ok(()),
                read => head.extend_from_slice(&piece[..read]),
            }
        }
        let is_list = head.starts_with(b"GET /api/v1/companies");
        stream.write_all(if is_list { companies } else { wallet })?;
        head.clear();
    }
}

fn answer(body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         date: Mon, 01 Jun 2026 10:12:00 GMT\r\n\r\n{body}"
    )
    .into_bytes()
}

/// As the reference's sample, each with another number in it.
fn companies(count: usize) -> String {
    let mut list = String::from(r#"{"data":["#);
    for number in 0..count {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            list,
            r#"{comma}{{"id":"clx{number:022}","name":"Acme Coffee {number}","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[{{"id":"cly{number:022}","wabaId":"102290{number:09}","phoneNumberId":"106540{number:09}","displayPhoneNumber":"+237 6 90 00 00 00","qualityRating":"GREEN","status":"connected"}}],"_count":{{"templates":4}}}}"#
        );
    }
    list.push_str("]}");
    list
}
