//! Sends ready bytes over plain sockets, so that only the client is measured.
//!
//! `service COMPANIES` prints its origin and serves until its standard input ends.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use harness::{WALLET, companies};

fn main() -> io::Result<()> {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(1);
    let wallet = Arc::new(response(WALLET));
    let list = Arc::new(response(&companies(count)));
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (wallet, list) = (Arc::clone(&wallet), Arc::clone(&list));
            thread::spawn(move || serve(stream, &wallet, &list));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn serve(mut stream: TcpStream, wallet: &[u8], list: &[u8]) -> io::Result<()> {
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
        stream.write_all(if is_list { list } else { wallet })?;
        head.clear();
    }
}

fn response(body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         date: Mon, 01 Jun 2026 10:12:00 GMT\r\n\r\n{body}"
    )
    .into_bytes()
}
