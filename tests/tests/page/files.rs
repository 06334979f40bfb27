//! No name, path, header or body can become a part of the page, and the page sends requests only to
//! the mock. This is so by its construction, which is checked here; `hostile.rs` tests it in a
//! browser.

use std::fs;
use std::path::Path;

/// Functions and attributes that turn text into markup or code.
const DANGEROUS: [&str; 13] = [
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "createContextualFragment",
    "DOMParser",
    "setHTML",
    "srcdoc",
    "eval(",
    "new Function",
    "javascript:",
    "style=",
    "@import",
];

const ELSEWHERE: [&str; 3] = ["http://", "https://", " url("];

/// The most bytes that all files of the page may have together, as they are sent.
const MOST_BYTES: usize = 115_000;

fn files() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-server/ui");
    let entries = fs::read_dir(Path::new(folder)).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn no_file_of_the_page_turns_text_into_markup_or_code() {
    for (name, text) in files() {
        for dangerous in DANGEROUS {
            assert!(!text.contains(dangerous), "{name}: {dangerous}");
        }
    }
}

#[test]
fn no_file_of_the_page_has_an_external_url() {
    for (name, text) in files() {
        // The name of a namespace is a URL to which no request is sent.
        let text = text.replace("http://www.w3.org/2000/svg", "");
        for elsewhere in ELSEWHERE {
            assert!(!text.contains(elsewhere), "{name}: {elsewhere}");
        }
    }
}

#[test]
fn the_document_has_no_script_and_no_listener_in_it() {
    let files = files();
    let (_, html) = files.iter().find(|(name, _)| name == "index.html").unwrap();
    for tag in html.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        assert!(!tag.starts_with("style"), "{tag}");
        assert!(!tag.starts_with("script") || tag.contains(" src="), "{tag}");
        assert!(!tag.contains(" on"), "{tag}");
    }
}

#[test]
fn the_whole_page_is_small() {
    let bytes: usize = files().iter().map(|(_, text)| text.len()).sum();
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}
