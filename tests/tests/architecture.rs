//! Each folder of the client and of the mock uses only folders below it, opens with what it is for, and
//! has few entries.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The most entries that a folder may have.
const MAX_ENTRIES: usize = 11;

struct Package {
    source: &'static str,
    /// Its folders, from top to bottom.
    folders: &'static [&'static str],
}

const CLIENT: Package = Package {
    source: concat!(env!("CARGO_MANIFEST_DIR"), "/../client/src"),
    folders: &[
        "blocking",
        "client",
        "monitor",
        "request",
        "pipeline",
        "decode",
        "models",
        "transport",
        "auth",
        "error",
    ],
};

const MOCK: Package = Package {
    source: concat!(env!("CARGO_MANIFEST_DIR"), "/../mock-server/src"),
    folders: &[
        "server", "control", "mock", "seed", "journal", "faults", "stubs", "api", "input", "state",
    ],
};

impl Package {
    fn folders_found(&self) -> BTreeSet<String> {
        let entries = fs::read_dir(self.source).unwrap().map(Result::unwrap);
        let folders = entries.filter(|entry| entry.path().is_dir());
        folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }

    /// The modules that this folder may not use of these, with the reason.
    fn violations(&self, folder: &str, used: &BTreeSet<&str>) -> Vec<String> {
        let level = |name: &str| self.folders.iter().position(|known| *known == name);
        let own = level(folder);
        used.iter()
            .filter_map(|module| match level(module) {
                None => Some(format!("{folder} uses crate::{module}, which is not a folder")),
                other if other < own => Some(format!("{folder} uses {module}, which is above it")),
                _ => None,
            })
            .collect()
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in entries(folder) {
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The modules of the crate root that a file names, in code and not in comments: `crate::a::B`,
/// `use crate::{a::B, c}`.
fn modules_used(text: &str) -> BTreeSet<&str> {
    let mut used = BTreeSet::new();
    let paths = text.match_indices("crate::").filter(|(at, _)| !is_in_comment(text, *at));
    for (at, found) in paths {
        let part = text.get(at + found.len()..).unwrap_or_default();
        let Some(list) = part.strip_prefix('{') else {
            used.insert(first_name(part));
            continue;
        };
        let mut depth = 0;
        let mut start = Some(list);
        for (at, character) in list.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => start = list.get(at + 1..),
                _ => continue,
            }
            if let Some(item) = start.take() {
                used.insert(first_name(item.trim_start()));
            }
        }
        used.extend(start.map(|item| first_name(item.trim_start())));
    }
    used.remove("");
    used
}

/// Returns true if this position is in a line that is a comment.
fn is_in_comment(text: &str, at: usize) -> bool {
    let line = text.get(..at).unwrap_or_default().lines().next_back().unwrap_or_default();
    line.trim_start().starts_with("//")
}

fn first_name(path: &str) -> &str {
    let end = path.find(|character: char| !character.is_alphanumeric() && character != '_');
    path.get(..end.unwrap_or(path.len())).unwrap_or_default()
}

#[test]
fn each_folder_uses_only_folders_below_it() {
    let mut found = Vec::new();
    for package in [CLIENT, MOCK] {
        for folder in package.folders {
            let mut files = Vec::new();
            rust_files(&Path::new(package.source).join(folder), &mut files);
            for file in files {
                let text = fs::read_to_string(&file).unwrap();
                let violations = package.violations(folder, &modules_used(&text));
                let place = file.display();
                found.extend(violations.iter().map(|problem| format!("{place}: {problem}")));
            }
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_folders_are_those_that_are_ordered() {
    for package in [CLIENT, MOCK] {
        let ordered = package.folders.iter().map(|folder| (*folder).to_owned());
        assert_eq!(package.folders_found(), ordered.collect());
    }
}

#[test]
fn each_folder_opens_with_what_it_is_for() {
    for package in [CLIENT, MOCK] {
        for folder in package.folders {
            let module = Path::new(package.source).join(folder).join("mod.rs");
            let text = fs::read_to_string(&module).unwrap();
            assert!(text.starts_with("//! "), "{} has no opening comment", module.display());
        }
    }
}

#[test]
fn each_folder_has_few_entries() {
    let mut folders = vec![PathBuf::from(CLIENT.source), PathBuf::from(MOCK.source)];
    while let Some(folder) = folders.pop() {
        let entries = entries(&folder);
        let number = entries.len();
        assert!(number <= MAX_ENTRIES, "{} has {number} entries", folder.display());
        folders.extend(entries.into_iter().filter(|entry| entry.is_dir()));
    }
}

#[test]
fn a_use_of_a_folder_above_is_found() {
    let text = "//! [`crate::client`]\nuse crate::{\n    error::{Error, kind},\n    client::Client,\n};\n\
                fn a(b: $crate::auth::Key) -> crate::Wallet {}";
    let used = modules_used(text);
    assert_eq!(used, ["Wallet", "auth", "client", "error"].into());
    assert_eq!(
        CLIENT.violations("auth", &used),
        ["auth uses crate::Wallet, which is not a folder", "auth uses client, which is above it"]
    );
}
