//! The public API of the client changes only intentionally, and contains no type of a crate that
//! may be replaced.
//!
//! The API is in `public-api/partner-api.txt`. After an intended change:
//!
//!     UPDATE_PUBLIC_API=1 cargo test -p partner-api-tests --test public_api -- --ignored

#![cfg(test)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Crates whose types may be in the API: their next major version requires one of this crate.
const MAY_SHOW: &[&str] = &[
    "alloc",
    "core",
    "std", // the standard library
    "bytes",
    "http",
    "http_body", // custom HTTP services
    "tower",
    "tower_layer",
    "tower_service", // their traits
    "futures_core",  // a stream
    "jiff",
    "rust_decimal", // time and money
    "serde",
    "serde_core", // values to and from JSON
    "partner_api",
];

fn manifest_dir() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(manifest_dir().join(".."));
    cargo
}

fn target_directory() -> PathBuf {
    let output = cargo()
        .args(["metadata", "--format-version", "1", "--no-deps", "--locked"])
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["target_directory"].as_str().unwrap().into()
}

/// The API in the JSON of rustdoc, one item in each line.
fn public_api() -> String {
    let output = cargo()
        .args(["rustdoc", "--locked", "--quiet", "--package", "partner-api"])
        .args(["--lib", "--all-features", "--"])
        .args(["-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTDOC", manifest_dir().join("public-api/rustdoc"))
        .output()
        .unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problem}");
    let json = target_directory().join("doc/partner_api.json");
    let api = public_api::Builder::from_rustdoc_json(json)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .build()
        .expect("public-api and the toolchain must know the same format of rustdoc's JSON");
    let items: Vec<_> = api.items().map(ToString::to_string).collect();
    items.join("\n") + "\n"
}

/// The crates that the paths in a line begin with.
fn crates_in(line: &str) -> impl Iterator<Item = &str> {
    let is_path = |character: char| character.is_alphanumeric() || "_:".contains(character);
    line.split(move |character| !is_path(character))
        .filter_map(|path| Some(path.trim_start_matches(':').split_once("::")?.0))
        .filter(|first| first.starts_with(|first: char| first.is_lowercase()))
}

#[test]
#[ignore = "it builds the documentation; CI runs it in a separate step"]
fn the_public_api_is_the_recorded_one() {
    let path = manifest_dir().join("public-api/partner-api.txt");
    let api = public_api();
    let foreign: BTreeSet<_> =
        api.lines().flat_map(crates_in).filter(|name| !MAY_SHOW.contains(name)).collect();
    assert!(foreign.is_empty(), "the API contains types of {foreign:?}");

    if env::var_os("UPDATE_PUBLIC_API").is_some() {
        fs::write(&path, &api).unwrap();
    }
    let agreed = fs::read_to_string(&path).unwrap_or_default();
    let (agreed, api): (BTreeSet<_>, BTreeSet<_>) =
        (agreed.lines().collect(), api.lines().collect());
    let gone = agreed.difference(&api).map(|line| format!("- {line}"));
    let new = api.difference(&agreed).map(|line| format!("+ {line}"));
    let changes: Vec<_> = gone.chain(new).collect();
    assert!(
        changes.is_empty(),
        "the public API has changed; if that is intended, run\n\
         UPDATE_PUBLIC_API=1 cargo test -p partner-api-tests --test public_api -- --ignored\n{}",
        changes.join("\n")
    );
}

#[test]
fn a_foreign_type_is_found_in_any_position() {
    for (line, expected) in [
        ("pub fn partner_api::f() -> core::option::Option<reqwest::Client>", "reqwest"),
        ("impl core::convert::From<hyper::error::Error> for partner_api::Error", "hyper"),
        ("pub fn partner_api::f(&self, x: &'a [url::Url])", "url"),
        ("pub fn partner_api::f<S: tower_http::Layer>(s: S)", "tower_http"),
    ] {
        assert!(crates_in(line).any(|name| name == expected), "{line}");
        assert!(!MAY_SHOW.contains(&expected));
    }
}
