//! The client and the pages are described in the words of HTTP, Rust and SDKs: a private word or a confusing
//! phrase that was removed does not come back.
//!
//! To check more files, add them to `CHECKED`. A word that is needed in one place can be written in
//! another way, or be removed here.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

/// What is checked, from the root of the repository: folders and files.
///
/// Not yet: the sources of `mock-server` and `cli`, and `examples`.
const CHECKED: &[&str] = &[
    "AGENTS.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "README.md",
    "SECURITY.md",
    "cli/README.md",
    "client/Cargo.toml",
    "client/README.md",
    "client/docs",
    "client/src",
    "client/tests",
    "docs",
    "llms.txt",
    "mock-server/README.md",
    "mock-server/docs",
];

const EXTENSIONS: &[&str] = &["rs", "md", "toml", "txt"];

/// Words and phrases, and what to write instead. In lower case they are found in any case. Only
/// whole words are found, except that `*` at the end stands for any continuation.
const WORDS: &[(&[&str], &str)] = &[
    // Phrases of prose.
    (&["answer", "answers", "answered", "answering"], "response, respond"),
    (&[", too"], "also"),
    (
        &["stand in", "stands in", "stand at", "stands at", "stand above", "stands above"],
        "is, appears",
    ),
    (
        &["stand below", "stands below", "stand beside", "stands beside", "stands before"],
        "is, appears",
    ),
    (&["stand after", "stands after", "stand behind", "stands behind", "stand on"], "is, appears"),
    (&["mend", "mends", "mended"], "fix"),
    (&["whoever"], "name the actor"),
    (&["hangs on"], "depends on"),
    (&["in force"], "active"),
    (&["blotted"], "redacted"),
    (&["pass over", "passes over", "passed over"], "skip"),
    (&["is told of", "are told of", "tell of", "tells of"], "report"),
    (&["of its own", "of their own", "of your own", "of our own"], "own, separate"),
    (&["is none", "are none"], "name the thing"),
    (&["at once"], "immediately, at the same time"),
    (&["can pass"], "transient"),
    (&["in the place of", "in its place"], "instead of"),
    (&["made up", "made-up"], "generated, fictional"),
    (&["unless said otherwise", "unless more is said"], "by default"),
    (&["is due", "are due"], "expected"),
    (&["be it"], "whether"),
    (&["good answer", "good response"], "successful response"),
    (&["blank", "blanks"], "space"),
    (&["unknown word", "unknown words"], "unknown enum value"),
    (&["element", "elements"], "item"),
    (&["the house", "room", "rooms"], "architecture, module"),
    (&["at stake"], "describe the behaviour"),
    (&["canary", "canaries"], "mutation test"),
    (&["tenant", "tenants"], "partner"),
    (&["time-out", "time-outs"], "timeout"),
    // Names that were private to this project.
    (&["road", "roads", "travel"], "pipeline, execute"),
    (&["Journey", "Trip"], "CallOutput, RetryState"),
    (&["patience", "ERROR_BODY_PATIENCE"], "timeouts"),
    (&["Arrived", "Joined", "Exchanging"], "response, future"),
    (&["sink", "NewSink"], "body decoder"),
    (&["key ring", "key_ring", "KeyRing", "HeldKey"], "credentials, CachedKey"),
    (&["SentKey", "hide_in*"], "KeyRedactor, redact"),
    (&["DriftWatch", "drift_watch", "Drifting", "never_drifts*"], "DriftReporter, DetectDrift"),
    (&["Undecodable", "Nature"], "BodyError, BodyErrorKind"),
    (&["RetryAtOnce"], "RetryImmediately"),
    (&["EndsByClosing", "Signs"], "CloseDelimited, CauseSummary"),
    (&["CENTURY"], "FAR_FUTURE"),
    (&["Unpark"], "ThreadWaker"),
    (&["keep_retries_out", "unless_good", "NO_MEANING"], "see client/validate.rs"),
    // Public names that were renamed.
    (&["DEFAULT_DEADLINE"], "DEFAULT_TIMEOUT"),
    (&["KeySource", "key_source", "api_key_source"], "Credentials, api_key_provider"),
    (&["ApiRequest", "returning", "returning_list", "returning_nothing"], "RequestBuilder, send"),
    (&["RetriesOff", "AttemptsUsedUp", "BudgetUsedUp", "NotSafe"], "see NotRetried"),
    (&["MaybeProcessed"], "Unknown"),
    (&["ConfigProblem", "DecodeProblem"], "InvalidSetting, DecodeError"),
    (&["UnknownWord"], "UnknownVariant"),
    (&["is_element"], "is_list_item"),
    (&["max_body_bytes", "DEFAULT_MAX_BODY_BYTES"], "max_response_bytes"),
    (&["API_KEY_VARIABLE", "BASE_URL_VARIABLE"], "API_KEY_ENV, BASE_URL_ENV"),
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The files below a path, with their paths from the root of the repository.
fn files_below(path: &str, files: &mut Vec<PathBuf>) {
    let full = root().join(path);
    if !full.is_dir() {
        files.push(path.into());
        return;
    }
    for entry in fs::read_dir(full).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        files_below(&format!("{path}/{name}"), files);
    }
}

/// Returns true if the phrase is in the line as whole words.
fn contains(line: &str, lower: &str, phrase: &str) -> bool {
    let is_lower = !phrase.contains(char::is_uppercase);
    let line = if is_lower { lower } else { line };
    let (phrase, is_prefix) = match phrase.strip_suffix('*') {
        Some(prefix) => (prefix, true),
        None => (phrase, false),
    };
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(phrase).any(|(at, found)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + found.len()..).and_then(|after| after.chars().next());
        (!phrase.starts_with(is_word) || !before.is_some_and(is_word))
            && (is_prefix || !after.is_some_and(is_word))
    })
}

/// The words in a text, each with its line number and what to write instead.
fn words_in(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        for (phrases, instead) in WORDS {
            for phrase in phrases.iter().filter(|phrase| contains(line, &lower, phrase)) {
                found.push(format!("{}: `{phrase}`; write: {instead}", index + 1));
            }
        }
    }
    found
}

#[test]
fn no_private_word_is_in_the_checked_files() {
    let mut files = Vec::new();
    for path in CHECKED {
        files_below(path, &mut files);
    }
    files.retain(|file| {
        file.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
    });
    assert!(files.len() > 40, "only {} files were found", files.len());
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        found.extend(words_in(&text).iter().map(|word| format!("{}:{word}", file.display())));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_word_is_found_with_its_line() {
    let found = words_in("fn a() {}\n// The Answer, too.\n");
    assert_eq!(found, ["2: `answer`; write: response, respond", "2: `, too`; write: also"]);
    assert_eq!(words_in("hide_in_text"), ["1: `hide_in*`; write: KeyRedactor, redact"]);
    assert!(words_in("the response also names the item, toothless, broader").is_empty());
}
