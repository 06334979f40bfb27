//! The properties of `fuzz/` hold for its seeds, and for mutations of them that are the same in
//! each run: no response and no configuration breaks the client, and no request breaks the mock.
//! `fuzz/run` searches further, guided by coverage.

#![cfg(test)]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use fastrand::Rng;
use partner_api_fuzz::{TARGETS, Target};

/// How many mutations of each seed are tried.
const MUTATIONS: u64 = 8;
/// Larger seeds are tried without mutations: they test size limits.
const MAX_MUTATED: usize = 4_096;

/// Parts that mutations insert, such as syntax of JSON, YAML, HTTP and URLs.
const PARTS: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\n",
    b" ",
    b"\0",
    b"\x1b",
    b"\x7f",
    b"null",
    b"true",
    b"-",
    b"0",
    b"1e999",
    b"99999999999999999999",
    b"0.1",
    b"\\ud800",
    b"\\u0000",
    b"\\u001b",
    b"\"data\"",
    b"\"data\":[",
    b"\"id\":",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xc3",
    b"\xe2\x80\xae",
    b"[[[[[[[[",
    b"]]]]]]]]",
    b"{\"a\":",
    b"$KEY",
    b"\n===\n200\n\n",
    b"\n===\n503\nretry-after: 1\n\n",
    b":breaks:\n",
    b":hangs:\n",
    b":delay: 700\n",
    b"content-type: text/html\n",
    b"content-encoding: gzip\n",
    b"location: https://x.example\n",
    b"x-request-id: \t\x80\n",
    b"http://",
    b"https://",
    b"@",
    b"#",
    b"?",
    b"/",
    b"//",
    b"..",
    b"%2e%2e",
    b"/api/v1",
    b".localhost",
    b"[::1]",
    b"127.0.0.1",
    b"Wed, 21 Oct 2015 07:28:00 GMT",
    b"Bearer ",
    b"\nBearer $KEY",
    b"\n===\nGET /partners\n",
    b"\n===\nDELETE /partners/p-1\n",
    b"/p-1",
    b"\"keys\":[\"$KEY\"]",
    b"\"faults\":[\"reset\"]",
    b"- ",
    b"&a *a",
    b"!!str ",
    b"|\n  ",
];

fn mutated(seed: &[u8], others: &[(PathBuf, Vec<u8>)], random: &mut Rng) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..random.u32(1..=3) {
        let at = random.usize(0..=bytes.len());
        let end = (at + random.usize(0..=16)).min(bytes.len());
        match random.u32(0..8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.u32(0..8),
            1 if at < bytes.len() => bytes[at] = random.u8(..),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.truncate(at),
            4 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            5 => {
                let (_, other) = &others[random.usize(0..others.len())];
                let other = &other[..other.len().min(MAX_MUTATED)];
                let from = random.usize(0..=other.len());
                bytes.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let part = PARTS[random.usize(0..PARTS.len())];
                bytes.splice(at..end.min(at + part.len()), part.iter().copied());
            }
        }
    }
    bytes
}

/// The seeds of a target, in the same order on every machine.
fn seeds(target: &Target) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths: Vec<_> =
        fs::read_dir(target.folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: PathBuf| (path.clone(), fs::read(path).unwrap());
    paths.into_iter().map(read).collect()
}

/// All failures, so that a run reports every one.
fn failures(target: &Target) -> Vec<String> {
    let seeds = seeds(target);
    assert!(seeds.len() > 20, "{}: too few seeds were found", target.name);
    let mut failures = Vec::new();
    let mut try_bytes = |bytes: &[u8], what: String| {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.holds)(bytes))) {
            let why = panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            failures.push(format!(
                "{what}: {}\n  {}",
                bytes.escape_ascii(),
                why.unwrap_or_default()
            ));
        }
    };
    for (path, seed) in &seeds {
        try_bytes(seed, path.display().to_string());
        if seed.len() > MAX_MUTATED {
            continue;
        }
        // From the name of the seed, so that a new seed does not change the mutations of the
        // others.
        let name = path.file_name().unwrap().as_encoded_bytes();
        let number = name
            .iter()
            .fold(7, |hash: u64, byte| hash.wrapping_mul(0x0100_0000_01b3) ^ u64::from(*byte));
        for mutation in 0..MUTATIONS {
            let mut random = Rng::with_seed(number.wrapping_add(mutation));
            let bytes = mutated(seed, &seeds, &mut random);
            try_bytes(&bytes, format!("{} + {mutation}", path.display()));
        }
    }
    failures
}

fn hold(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let failures = failures(target);
    assert!(
        failures.is_empty(),
        "{} of {name} do not hold:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn responses_of_any_kind_end_in_time_with_a_value_or_a_consistent_error() {
    hold("response");
}

#[test]
fn authorizations_of_any_kind_are_rejected_by_the_documented_rule() {
    hold("authorization");
}

#[test]
fn configurations_are_rejected_by_name_or_stay_below_their_base_url() {
    hold("config");
}

#[test]
fn requests_to_the_control_api_get_responses_and_are_never_half_applied() {
    hold("control");
}

#[test]
fn documents_read_the_same_in_every_way_and_are_written_back_without_a_loss() {
    hold("decode");
}

#[test]
fn lists_read_the_same_in_any_pieces_whole_or_streamed() {
    hold("list");
}

#[test]
fn requests_are_rejected_before_they_are_sent_or_stay_below_the_base_url() {
    hold("request");
}

#[test]
fn retry_after_is_obeyed_as_documented_and_never_past_the_deadline() {
    hold("retry_after");
}

#[test]
fn seed_files_are_served_or_rejected_in_one_line_with_an_existing_position() {
    hold("seed");
}

#[test]
fn a_property_that_does_not_hold_is_reported() {
    let planted = Target {
        name: "planted",
        seeds: "json",
        holds: |bytes| assert!(!bytes.starts_with(b"{\"data\":[]}"), "planted"),
    };
    let failures = failures(&planted);
    assert!(failures.iter().any(|failure| failure.contains("empty_list.json: ")));
    assert!(failures.iter().any(|failure| failure.contains(" + ")), "no mutation was tried");
}
