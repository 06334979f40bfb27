//! No response takes much more memory than the size limit, and the memory of a streamed list does
//! not grow with its length.
//!
//! Memory is measured as the allocations of the client's thread; servers run in separate threads. A
//! block that grows counts twice while it is copied, although most allocators move it.

#![cfg(test)]

use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use partner_api::monitor::changes;
use partner_api::{
    Client, Company, CompleteList, Connection, ConnectionStatus, Counts,
    DEFAULT_MAX_RESPONSE_BYTES, Error, ErrorKind, QualityRating, RetryPolicy, Wallet,
};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// The size limit of the clients here, unless it is the default.
const LIMIT: u64 = MIB;
/// What a call may take in addition.
const BESIDE: u64 = 8 * MIB;

/// Starts a server that runs this function for each request and closes the connection. It ends with
/// the process.
fn server(write: impl Fn(&mut TcpStream) -> io::Result<()> + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while head.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            // The client closes most of these connections early.
            let _ = write(&mut stream);
        }
    });
    format!("http://{address}")
}

fn client(url: &str, limit: u64) -> Client {
    Client::builder()
        .base_url(url)
        .api_key("pk_live_0123456789abcdef")
        .retry(RetryPolicy::never())
        .max_response_bytes(usize::try_from(limit).unwrap())
        .build()
        .unwrap()
}

/// Returns the output of a call, and its peak memory.
fn peak_of<T>(call: impl AsyncFnOnce() -> T) -> (T, u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut result = None;
    let info = allocation_counter::measure(|| result = Some(runtime.block_on(call())));
    (result.unwrap(), info.bytes_max)
}

/// Reads a response in three ways: as a document, as a buffered list, as a streamed list.
fn errors_and_peaks(url: &str, limit: u64) -> [(&'static str, Option<Error>, u64); 3] {
    let client = client(url, limit);
    let (wallet, wallet_peak) = peak_of(async || client.wallet().await.err());
    let (buffered, buffered_peak) = peak_of(async || client.companies().await.err());
    let (streamed, streamed_peak) = peak_of(async || {
        let mut companies = client.companies().stream();
        while let Some(company) = companies.next().await {
            if let Err(error) = company {
                return Some(error);
            }
        }
        None
    });
    [
        ("wallet", wallet, wallet_peak),
        ("buffered", buffered, buffered_peak),
        ("streamed", streamed, streamed_peak),
    ]
}

/// Asserts that each way ends in an error of this kind, within the limits.
fn assert_error_within_limits(name: &str, url: &str, is_expected: impl Fn(&Error) -> bool) {
    for (way, error, peak) in errors_and_peaks(url, LIMIT) {
        let error = error.unwrap_or_else(|| panic!("{name}, {way}: no error"));
        println!("{name}, {way}: {} KiB, {error}", peak / KIB);
        assert!(is_expected(&error), "{name}, {way}: {error:?}");
        assert!(peak <= LIMIT + BESIDE, "{name}, {way}: {peak} bytes");
    }
}

fn is_too_large(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::BodyTooLarge { .. })
}

/// A mebibyte of spaces, deflated so that it can be repeated: it ends at a byte boundary and has no
/// references to earlier data.
#[cfg(feature = "gzip")]
fn deflated_mebibyte() -> Vec<u8> {
    use flate2::{Compress, Compression, FlushCompress};
    let mut block = Vec::with_capacity(1 << 16);
    Compress::new(Compression::best(), false)
        .compress_vec(&b" ".repeat(1 << 20), &mut block, FlushCompress::Full)
        .unwrap();
    block
}

#[cfg(feature = "gzip")]
const GZIP_HEAD: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255];

/// A mebibyte on the wire, a gibibyte when it is decompressed.
#[cfg(feature = "gzip")]
fn gzip_bomb(status: u16) -> String {
    let block = deflated_mebibyte();
    let bomb = block.len() * 1024;
    assert!(bomb < 1_100_000, "{bomb} bytes are no bomb");
    server(move |stream| {
        let location = "location: https://other.example/";
        let length = GZIP_HEAD.len() + bomb;
        write!(
            stream,
            "HTTP/1.1 {status} X\r\n{location}\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n"
        )?;
        stream.write_all(GZIP_HEAD)?;
        (0..1024).try_for_each(|_| stream.write_all(&block))
    })
}

fn endless(start: &'static str, again: impl AsRef<[u8]> + Send + 'static) -> String {
    server(move |stream| {
        write!(stream, "HTTP/1.1 200 OK\r\n\r\n{start}")?;
        let again = again.as_ref().repeat(1 + 4096 / again.as_ref().len());
        loop {
            stream.write_all(&again)?;
        }
    })
}

#[cfg(feature = "gzip")]
#[test]
fn a_gzip_bomb_is_an_error_within_the_limits() {
    assert_error_within_limits("bomb, 200", &gzip_bomb(200), is_too_large);
    for status in [302, 401, 404, 503] {
        let name = format!("bomb, {status}");
        assert_error_within_limits(&name, &gzip_bomb(status), |error| {
            error.status().is_some_and(|received| received == status)
        });
    }
}

#[test]
fn an_endless_body_is_an_error_within_the_limits() {
    let company = r#"{"id":"c","name":"n","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[],"_count":{"templates":4}"#;
    let in_company = format!(r#"{{"data":[{company},"x":"#);
    for (name, start, again) in [
        ("spaces", String::new(), " "),
        ("a name", r#"{"data":[{"name":""#.into(), "x"),
        ("escapes", r#"{"data":[{"name":""#.into(), "\\u0041"),
        ("a number", r#"{"data":["#.into(), "9"),
        ("depth", r#"{"data":["#.into(), "["),
        ("depth of objects", r#"{"data":["#.into(), r#"{"a":"#),
        ("a field's name", r#"{""#.into(), "x"),
        ("a field beside", r#"{"beside":["#.into(), "1,"),
        ("fields beside", "{".into(), r#""x":1,"#),
        ("an unknown field", format!("{in_company}["), "1,"),
        ("unknown fields", format!("{in_company}1"), r#","x":1"#),
    ] {
        let url = endless(start.leak(), again);
        assert_error_within_limits(name, &url, is_too_large);
    }
}

#[test]
fn unknown_fields_take_little_more_memory_than_on_the_wire() {
    let fields = r#","x":1"#.repeat(170_000);
    let company = r#"{"id":"c","name":"n","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[],"_count":{"templates":4}"#;
    let wallet = r#"{"balance":1,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1"#;
    for body in [
        format!(r#"{{"data":[{company}{fields}}}]}}"#),
        format!(r#"{{"data":[]{fields}}}"#),
        format!("{wallet}{fields}}}"),
    ] {
        let url = server(move |stream| write!(stream, "HTTP/1.1 200 OK\r\n\r\n{body}"));
        for (way, error, peak) in errors_and_peaks(&url, LIMIT) {
            println!("unknown fields, {way}: {} KiB", peak / KIB);
            assert!(error.is_none_or(|error| error.is_decode()));
            assert!(peak <= LIMIT + BESIDE, "{way}: {peak} bytes");
        }
    }
}

#[cfg(feature = "gzip")]
#[test]
fn the_default_limit_is_kept() {
    let limit = DEFAULT_MAX_RESPONSE_BYTES as u64;
    let url = gzip_bomb(200);
    let client = client(&url, limit);
    let (wallet, peak) = peak_of(async || client.wallet().await);
    assert!(is_too_large(&wallet.unwrap_err()));
    println!("bomb, default limit: {} MiB", peak / MIB);
    // The buffer doubles up to the limit, and half of it exists twice while it is copied.
    assert!(peak <= limit + limit / 2 + BESIDE, "{peak} bytes");
}

#[test]
fn ten_thousand_levels_of_nesting_are_an_error() {
    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        for (before, after) in [
            (r#"{"data":["#, "]}"),
            (r#"{"beside":"#, r#","data":[7]}"#),
            (r#"{"data":[{"id":"#, "}]}"),
            (r#"{"balance":"#, "}"),
        ] {
            let body = format!("{before}{}1{}{after}", open.repeat(10_000), close.repeat(10_000));
            let url = server(move |stream| write!(stream, "HTTP/1.1 200 OK\r\n\r\n{body}"));
            assert_error_within_limits("depth", &url, |error| {
                error.is_decode() || error.is_list_item()
            });
        }
    }
}

#[test]
fn a_body_in_pieces_of_one_byte_takes_no_more_memory() {
    let body = r#"{"data":["#.to_owned() + &"1,".repeat(20_000) + "2]}";
    let url = server(move |stream| {
        stream.set_nodelay(true)?;
        write!(stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")?;
        let mut chunks = String::new();
        for byte in body.chars() {
            chunks.push_str("1\r\n");
            chunks.push(byte);
            chunks.push_str("\r\n");
        }
        write!(stream, "{chunks}0\r\n\r\n")
    });
    assert_error_within_limits("one byte at a time", &url, |error| {
        error.is_decode() || error.is_list_item()
    });
}

/// A list of this many companies, each like the sample of the reference.
fn list_of(count: u64) -> String {
    server(move |stream| {
        let mut stream = io::BufWriter::new(stream);
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")?;
        write!(stream, r#"{{"data":["#)?;
        for index in 0..count {
            let comma = if index == 0 { "" } else { "," };
            write!(
                stream,
                r#"{comma}{{"id":"clx{index}","name":"Acme Coffee {index}","onboardedAt":"2026-06-01T10:12:00.000Z","connections":[{{"id":"clx456...","wabaId":"102290129340398","phoneNumberId":"106540352242922","displayPhoneNumber":"+237 6 90 00 00 00","qualityRating":"GREEN","status":"connected"}}],"_count":{{"templates":4}}}}"#
            )?;
        }
        write!(stream, "]}}")?;
        stream.flush()
    })
}

fn streamed(count: u64) -> u64 {
    let url = list_of(count);
    let client = client(&url, LIMIT);
    let (received, peak) = peak_of(async || {
        let mut companies = client.companies().stream();
        let mut received = 0;
        while let Some(company) = companies.next().await {
            let company: Company = company.unwrap();
            assert_eq!(company.connections.len(), 1);
            received += 1;
        }
        received
    });
    assert_eq!(received, count);
    println!("{count} companies streamed: {} KiB", peak / KIB);
    peak
}

#[test]
fn a_streamed_list_of_any_length_takes_at_most_a_mebibyte() {
    let (short, long) = (streamed(10_000), streamed(100_000));
    assert!(short <= MIB && long <= MIB, "{short} and {long} bytes");
    // Ten times as long, with the same memory, except for differences in the size of pieces.
    assert!(long <= short + 64 * KIB, "{long} bytes after {short}");
}

#[test]
fn a_buffered_list_takes_the_memory_of_its_items() {
    let url = list_of(3_000);
    let client = client(&url, DEFAULT_MAX_RESPONSE_BYTES as u64);
    let (companies, peak) = peak_of(async || client.companies().await.unwrap());
    assert_eq!(companies.len(), 3_000);
    println!("3000 companies buffered: {} KiB", peak / KIB);
    // About a kilobyte each, and the list twice while it grows.
    assert!(peak <= 4 * MIB, "{peak} bytes");
}

#[test]
fn a_wallet_takes_a_few_kilobytes() {
    let body = r#"{"balance":1,"currency":"XAF","creditUnitPrice":"25.0000","costPerMessage":1}"#;
    let url = server(move |stream| write!(stream, "HTTP/1.1 200 OK\r\n\r\n{body}"));
    let client = client(&url, LIMIT);
    let (wallet, peak) = peak_of(async || -> Result<Wallet, Error> { client.wallet().await });
    assert_eq!(wallet.unwrap().balance, 1);
    println!("a wallet: {} KiB", peak / KIB);
    assert!(peak <= 64 * KIB, "{peak} bytes");
}

/// The peak memory of comparing so many companies with themselves and with these changes.
fn compared(companies: usize, change: fn(&mut Vec<Company>)) -> (usize, u64) {
    let list = |change: fn(&mut Vec<Company>)| {
        let company = |number| {
            let connection = Connection::new(
                format!("cly{number:022}").into(),
                "1".into(),
                "2".into(),
                "+237".into(),
                QualityRating::Green,
                ConnectionStatus::Connected,
            );
            let onboarded_at = "2026-06-01T10:12:00Z".parse().unwrap();
            let id = format!("clx{number:022}").into();
            Company::new(id, "Acme".into(), onboarded_at, vec![connection], Counts::new(4))
        };
        let mut companies = (0..companies).map(company).collect();
        change(&mut companies);
        companies
    };
    let old = list(|_| ());
    let new = CompleteList::assume_complete(list(change));
    let mut count = 0;
    let info = allocation_counter::measure(|| count = changes(&old, &new).len());
    (count, info.bytes_max)
}

#[test]
fn comparing_lists_takes_memory_for_the_changes_and_a_few_bytes_for_each_id() {
    for companies in [1_000, 50_000] {
        let ids = 2 * companies as u64;
        let (none, least) = compared(companies, |_| ());
        assert_eq!(none, 0);
        println!("{companies} companies compared: {} bytes for each id", least / ids);
        assert!(least <= 20 * ids, "{least} bytes");
        // One in front and one gone shift all others; nothing is kept for them.
        let (count, few) = compared(companies, |list| {
            let mut added = list.remove(7);
            added.id = "new".into();
            list.insert(0, added);
        });
        assert_eq!(count, 3, "added, moved, removed");
        assert!(few <= least + 8 * KIB, "{few} bytes after {least}");
        // Each change takes the same, however many there are.
        let (all, most) =
            compared(companies, |list| list.iter_mut().for_each(|company| company.name.push('!')));
        assert_eq!(all, companies);
        assert!(most <= least + 1200 * companies as u64, "{most} bytes after {least}");
    }
}
