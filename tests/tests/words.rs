//! The client is described in the words of HTTP, Rust and SDKs: a private word or a confusing
//! phrase that was removed does not come back.
//!
//! To check more files, add them to `CHECKED`. A word that is needed in one place can be written in
//! another way, or its pattern be made narrower here.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

/// What is checked, from the root of the repository: folders and files.
///
/// Not yet: `client/tests`, `mock-server`, `cli`, `README.md`, `examples`.
const CHECKED: &[&str] = &["client/src", "client/docs", "client/README.md", "client/Cargo.toml"];

/// Parts that are not cleaned yet. The goal is an empty list.
const NOT_YET: &[&str] = &[
    "client/src/decode",
    "client/src/models",
    "client/docs/long_lists.md",
    "client/docs/endpoints_not_covered.md",
];

const EXTENSIONS: &[&str] = &["rs", "md", "toml"];

/// Patterns of words and phrases, and what to write instead.
const WORDS: &[(&str, &str)] = &[
    // Phrases of prose.
    (r"\b[Aa]nswer(s|ed|ing)?\b", "response, respond"),
    (r", too\b", "also"),
    (r"\bstands? (in|at|above|below|twice|beside|before|after|behind|on|for)\b", "is, appears"),
    (r"\bmend(s|ed)?\b", "fix"),
    (r"\b[Ww]hoever\b", "name the actor"),
    (r"\bhangs on\b", "depends on"),
    (r"\bin force\b", "active"),
    (r"\bblotted\b", "redacted"),
    (r"\bpass(es|ed)? over\b", "skip"),
    (r"\b(is|are) told of\b|\btells? of\b", "report"),
    (r"\bof (its|their|your|our) own\b", "own, separate"),
    (r"\b(is|are) none\b", "name the thing"),
    (r"\bat once\b", "immediately, at the same time"),
    (r"\bcan pass\b", "transient"),
    (r"\bgood (answer|response)\b", "successful response"),
    (r"\bblanks?\b", "space"),
    (r"\bunknown words?\b", "unknown enum value"),
    (r"\belements?\b", "item"),
    (r"\bthe house\b|\brooms?\b", "architecture, module"),
    (r"\b[Aa]t stake\b", "describe the behaviour"),
    (r"\bcanar(y|ies)\b", "mutation test"),
    (r"\btenants?\b", "partner"),
    (r"\btime-outs?\b", "timeout"),
    // Names that were private to this project.
    (r"\b[Rr]oads?\b|road::", "pipeline"),
    (r"\bJourney\b|\bTrip\b|\btravel\b", "CallOutput, RetryState, execute"),
    (r"\bPatience\b|_PATIENCE\b", "timeouts"),
    (r"\bArrived\b|\bJoined\b|\bExchanging\b", "response, future"),
    (r"\b[Ss]ink\b|\bNewSink\b", "body decoder"),
    (r"\b[Kk]ey ?[Rr]ing\b|key_ring|\bHeldKey\b", "credentials, cached key"),
    (r"\bSentKey\b|\bhide_in", "redactor, redact"),
    (r"\bDriftWatch\b|\bDrifting\b|\bnever_drifts\b", "drift reporter, DetectDrift, no_drift"),
    (r"\bUndecodable\b|\bNature\b", "BodyError, BodyErrorKind"),
    (r"\bRetryAtOnce\b", "RetryImmediately"),
    (r"\bEndsByClosing\b|\bSigns\b", "CloseDelimited, CauseSummary"),
    (r"\bCENTURY\b", "FAR_FUTURE"),
    (r"\bUnpark\b", "ThreadWaker"),
    (r"\bkeep_retries_out\b|\bunless_good\b|\bNO_MEANING\b", "see the module"),
    // Public names that were renamed.
    (
        r"\bDEFAULT_DEADLINE\b|\bKeySource\b|\bapi_key_source\b|\bkey_source\b",
        "timeout, credentials",
    ),
    (r"\bApiRequest\b|\breturning(_list|_nothing)?\(", "RequestBuilder, send"),
    (r"\bRetriesOff\b|\bAttemptsUsedUp\b|\bBudgetUsedUp\b|\bNotSafe\b", "see NotRetried"),
    (r"\bMaybeProcessed\b", "Unknown"),
    (r"\bConfigProblem\b|\bDecodeProblem\b", "InvalidSetting, DecodeError"),
    (r"\bUnknownWord\b", "UnknownVariant"),
    (r"\bis_element\b|::Element\b", "is_list_item, ListItem"),
    (r"\b(DEFAULT_MAX|max)_body_bytes\b", "max_response_bytes"),
    (r"\b(API_KEY|BASE_URL)_VARIABLE\b", "_ENV"),
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The files below a path, with their paths from the root of the repository.
fn files_below(path: &str, files: &mut Vec<PathBuf>) {
    if NOT_YET.contains(&path) {
        return;
    }
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

fn patterns() -> Vec<(Regex, &'static str)> {
    WORDS.iter().map(|(pattern, instead)| (Regex::new(pattern).unwrap(), *instead)).collect()
}

/// The words in a text, each with its line number and what to write instead.
fn words_in(text: &str, patterns: &[(Regex, &'static str)]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for (pattern, instead) in patterns {
            for word in pattern.find_iter(line) {
                found.push(format!("{}: `{}`; write: {instead}", index + 1, word.as_str()));
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
    let patterns = patterns();
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(root().join(&file)).unwrap();
        found.extend(
            words_in(&text, &patterns).iter().map(|word| format!("{}:{word}", file.display())),
        );
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn parts_that_are_not_cleaned_yet_exist() {
    for path in NOT_YET {
        assert!(root().join(path).exists(), "{path} is gone: remove it from NOT_YET");
    }
}

#[test]
fn a_word_is_found_with_its_line() {
    let found = words_in("fn a() {}\n// The answer, too.\n", &patterns());
    assert_eq!(found, ["2: `answer`; write: response, respond", "2: `, too`; write: also"]);
    assert!(words_in("the response also names the item\n", &patterns()).is_empty());
}
