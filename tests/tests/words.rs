//! The project is described in the words of HTTP, Rust and SDKs: a private word or a confusing phrase
//! that was removed does not come back.
//!
//! To check more files, add them to `CHECKED`. A word that is right in one place is added to `ALLOWED`.

#![cfg(test)]

use std::fs;
use std::path::Path;

/// The checked folders and files, from the root of the repository.
const CHECKED: &[&str] = &[
    ".ci",
    "AGENTS.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "README.md",
    "SECURITY.md",
    "benches",
    "cli",
    "client/Cargo.toml",
    "client/README.md",
    "client/docs",
    "client/src",
    "client/tests",
    "docs",
    "examples",
    "fuzz",
    "llms.txt",
    "mock-server/Cargo.toml",
    "mock-server/README.md",
    "mock-server/docs",
    "mock-server/openapi.yaml",
    "mock-server/src",
    "mock-server/tests",
    "mock-server/ui",
    "tests",
];

/// Folders and files that are not checked: quoted texts, test data, build output, and this file.
const SKIPPED: &[&str] = &[
    "benches/target",
    "fuzz/corpus",
    "fuzz/seeds",
    "fuzz/target",
    "tests/openapi-3.1",
    "tests/reference",
    "tests/tests/words.rs",
];

/// Files without an extension are scripts, and are checked.
const EXTENSIONS: &[&str] = &["html", "js", "md", "mjs", "rs", "sh", "toml", "txt", "yaml"];

/// Phrases that are right below a path: a term of the field, or quoted text.
const ALLOWED: &[(&str, &[&str])] = &[
    ("benches/service/src/main.rs", &["sink"]), // std::io::sink
    ("benches/tls-service/src/main.rs", &["sink"]), // std::io::sink
    ("cli/src/mock/signals.rs", &["sink"]),     // std::io::sink
    ("mock-server/src/faults/apply/mod.rs", &["time-out"]), // a page of nginx
    ("mock-server/src/mock/service.rs", &["sink"]), // tokio::io::sink
    ("mock-server/src/server/raw.rs", &["sink"]), // tokio::io::sink
    ("mock-server/src/state/generator", &["road", "travel"]), // names of streets and companies
    ("mock-server/tests/mock/faults.rs", &["time-out"]), // a page of nginx
    ("mock-server/ui", &["element", "elements"]), // of HTML
    ("tests/tests/page/driver.rs", &["element", "elements", "blank"]), // of WebDriver, about:blank
];

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
    (&["canary_*", "canaries"], "mutation test"),
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

/// The checked files below a path, with their paths from the root of the repository.
fn files_below(path: &str, files: &mut Vec<String>) {
    if SKIPPED.contains(&path) {
        return;
    }
    let full = root().join(path);
    if full.is_dir() {
        for entry in fs::read_dir(full).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            files_below(&format!("{path}/{name}"), files);
        }
    } else if full
        .extension()
        .is_none_or(|extension| EXTENSIONS.iter().any(|known| extension == *known))
    {
        files.push(path.to_owned());
    }
}

fn is_allowed(file: &str, phrase: &str) -> bool {
    ALLOWED
        .iter()
        .any(|(path, phrases)| Path::new(file).starts_with(path) && phrases.contains(&phrase))
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

/// The words in the text of a file, each with its line number and what to write instead.
fn words_in(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let lower = line.to_lowercase();
        for (phrases, instead) in WORDS {
            let found_here = phrases.iter().filter(|phrase| contains(line, &lower, phrase));
            for phrase in found_here.filter(|phrase| !is_allowed(file, phrase)) {
                found.push(format!("{file}:{}: `{phrase}`; write: {instead}", index + 1));
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
    assert!(files.len() > 400, "only {} files were found", files.len());
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(root().join(&file)).unwrap_or_else(|error| {
            panic!("{file}: {error}");
        });
        found.extend(words_in(&file, &text));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_word_is_found_with_its_line() {
    let found = words_in("a.rs", "fn a() {}\n// The Answer, too.\n");
    assert_eq!(
        found,
        ["a.rs:2: `answer`; write: response, respond", "a.rs:2: `, too`; write: also"]
    );
    let found = words_in("a.rs", "hide_in_text");
    assert_eq!(found, ["a.rs:1: `hide_in*`; write: KeyRedactor, redact"]);
    assert!(words_in("a.rs", "the response also names the item, toothless, broader").is_empty());
    assert!(words_in("mock-server/ui/dom.js", "an element").is_empty());
    assert!(!words_in("mock-server/ui2/dom.js", "an element").is_empty());
}
