//! At stake: nothing that a partner, a request or an answer is called can ever become a part of the
//! page, and the page asks nobody but the mock. It is so by how the page is made, which is looked at
//! here; `hostile.rs` tries it.

use std::fs;
use std::path::Path;

/// What turns text into something else than text.
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

/// How large the page may be, all its files together, as they are sent.
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
fn no_file_of_the_page_makes_anything_of_text_but_text() {
    for (name, text) in files() {
        for dangerous in DANGEROUS {
            assert!(!text.contains(dangerous), "{name}: {dangerous}");
        }
    }
}

#[test]
fn no_file_of_the_page_names_a_place_elsewhere() {
    for (name, text) in files() {
        // The name of a namespace is an address that nobody asks for.
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
