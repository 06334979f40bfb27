//! The pages hold together: links lead somewhere, code blocks are run by a test, and READMEs are
//! short and show no hidden lines.
//!
//! Rust blocks are doctests (`tests/build.rs`), console blocks and scripts are run by `cli/tests/program/docs.rs`.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders with pages, and the files beside them, from the root of the repository.
const PAGES: &[&str] = &[
    "README.md",
    "AGENTS.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "llms.txt",
    "cli/README.md",
    "client/README.md",
    "client/docs",
    "docs",
    "examples/README.md",
    "mock-server/README.md",
    "mock-server/docs",
];

/// The pages that a registry shows, or that are read first.
const READMES: &[&str] =
    &["README.md", "cli/README.md", "client/README.md", "mock-server/README.md"];

/// The languages of code blocks that a test runs or parses, and `text`, which is not code.
const LANGUAGES: &[&str] = &[
    "rust",
    "rust,no_run",
    "rust,ignore",
    "no_run",
    "",
    "console",
    "python",
    "js",
    "json",
    "yaml",
    "toml",
    "text",
];

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A page, with its path from the root of the repository.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        Self { path, text }
    }

    /// The guides of the crates are rustdoc, where a block without a language is Rust.
    fn is_rustdoc(&self) -> bool {
        self.path.starts_with("client/docs") || self.path.starts_with("mock-server/docs")
    }

    /// The code blocks, each with its language.
    fn blocks(&self) -> Vec<(&str, String)> {
        let mut blocks = Vec::new();
        let mut open: Option<(&str, String)> = None;
        for line in self.text.lines() {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(language), None) => open = Some((language, String::new())),
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some((_, block))) => block.extend([line, "\n"]),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a code block has no end", self.path.display());
        blocks
    }

    /// The text without code blocks and without code in lines.
    fn prose(&self) -> String {
        let mut prose = String::new();
        let mut in_block = false;
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                in_block = !in_block;
            } else if !in_block {
                prose.extend(line.split('`').step_by(2));
                prose.push('\n');
            }
        }
        prose
    }

    /// The targets of its links, inline and by reference.
    fn links(&self) -> Vec<String> {
        let prose = self.prose();
        let inline = prose.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        let by_reference = prose.lines().filter_map(|line| {
            let (_, target) = line.strip_prefix('[')?.split_once("]: ")?;
            Some(target.trim())
        });
        inline.chain(by_reference).map(str::to_owned).collect()
    }

    /// The anchors of its headings, as GitHub makes them.
    fn anchors(&self) -> BTreeSet<String> {
        let mut in_block = false;
        let mut anchors = BTreeSet::new();
        for line in self.text.lines() {
            in_block ^= line.trim_start().starts_with("```");
            if let (false, Some(heading)) = (in_block, line.strip_prefix('#')) {
                anchors.insert(anchor(heading.trim_start_matches('#').trim()));
            }
        }
        anchors
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn pages() -> Vec<Page> {
    let mut pages = Vec::new();
    for path in PAGES {
        let full = root().join(path);
        if full.is_file() {
            pages.push(Page::read(path.into()));
            continue;
        }
        for entry in fs::read_dir(&full).unwrap_or_else(|error| panic!("{path}: {error}")) {
            let name = entry.unwrap().file_name();
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                pages.push(Page::read(Path::new(path).join(name)));
            }
        }
    }
    pages
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_in_it() {
    let mut broken = Vec::new();
    let mut checked = 0;
    for page in pages() {
        for link in page.links() {
            let is_elsewhere = link.contains("://") || link.starts_with("mailto:");
            // Links of rustdoc are checked by rustdoc.
            let is_rust = page.is_rustdoc() && link.contains("::");
            if is_elsewhere || is_rust {
                continue;
            }
            checked += 1;
            let (file, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => root().join(&page.path),
                file => root().join(&page.path).parent().unwrap().join(file),
            };
            let has_heading = || Page::read(target.clone()).anchors().contains(heading);
            if !target.exists() || (!heading.is_empty() && !has_heading()) {
                broken.push(format!("{}: {link}", page.path.display()));
            }
        }
    }
    assert!(checked > 100, "only {checked} links were found");
    assert!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
}

/// A registry shows only the README, without the rest of the repository.
#[test]
fn a_page_that_a_registry_shows_has_no_link_into_the_repository() {
    for page in pages()
        .iter()
        .filter(|page| READMES.iter().skip(1).any(|readme| page.path == Path::new(readme)))
    {
        for link in page.links() {
            assert!(link.starts_with("https://"), "{}: {link}", page.path.display());
        }
    }
}

#[test]
fn a_readme_is_short_and_hides_no_line() {
    for path in READMES {
        let page = Page::read(path.into());
        let lines = page.text.lines().count();
        assert!(lines <= 150, "{path} has {lines} lines");
        for part in ["## Install", "## First ", "## What you get"] {
            assert!(page.text.contains(part), "{path} lacks {part}");
        }
    }
    for page in pages().iter().filter(|page| !page.is_rustdoc()) {
        for (language, block) in page.blocks() {
            let hidden = block.lines().find(|line| *line == "#" || line.starts_with("# "));
            let is_rust = language.starts_with("rust");
            assert!(!is_rust || hidden.is_none(), "{}: {hidden:?}", page.path.display());
        }
    }
}

#[test]
fn every_code_block_is_of_a_language_that_a_test_runs() {
    let doctests = include_str!("../build.rs");
    let guides =
        [include_str!("../../client/src/lib.rs"), include_str!("../../mock-server/src/lib.rs")];
    for page in pages() {
        let path = page.path.to_str().unwrap();
        for (language, block) in page.blocks() {
            assert!(LANGUAGES.contains(&language), "{path}: ```{language}");
            match language {
                "json" => drop(serde_json::from_str::<serde_json::Value>(&block).expect(path)),
                // Of axum, which the client does not know: compiled by `tests/tests/error_status.rs`.
                "rust,ignore" => assert!(include_str!("error_status.rs").contains(path), "{path}"),
                "yaml" => drop(yaml_serde::from_str::<yaml_serde::Value>(&block).expect(path)),
                "rust" | "rust,no_run" | "no_run" | "" => {
                    let name = page.path.file_name().unwrap().to_str().unwrap();
                    let is_run = if page.is_rustdoc() {
                        guides.iter().any(|guide| guide.contains(&format!("../docs/{name}")))
                    } else {
                        path.starts_with("docs/") || doctests.contains(&format!("\"{path}\""))
                    };
                    let is_rust = page.is_rustdoc() || language.starts_with("rust");
                    assert!(is_run && is_rust, "{path}: a block of {language:?} that no test runs");
                }
                _ => {}
            }
        }
    }
}

/// Lines to type, such as `cargo install --path cli`, name what is in the repository.
#[test]
fn commands_of_cargo_name_packages_features_examples_and_folders_that_there_are() {
    let mut checked = 0;
    for page in pages() {
        let path = page.path.display();
        for line in page.text.lines() {
            for command in line.split("cargo ").skip(1) {
                let command = command.split(['`', '#']).next().unwrap();
                let words: Vec<_> = command.split_whitespace().collect();
                for pair in words.windows(2) {
                    let value = pair[1];
                    let exists = match pair[0] {
                        "--example" => {
                            value.ends_with('…')
                                || root().join(format!("examples/examples/{value}.rs")).is_file()
                        }
                        "--path" if value != "PATH" => {
                            root().join(value.rsplit("partner-api/").next().unwrap()).is_dir()
                        }
                        "--package" | "-p" if words[0] != "clean" => package(value),
                        "install" if value.starts_with("partner-api") => package(value),
                        _ => continue,
                    };
                    checked += 1;
                    assert!(exists, "{path}: cargo {command}");
                }
                for word in words
                    .iter()
                    .filter(|word| word.starts_with("partner-api") && !word.contains('/'))
                {
                    checked += 1;
                    assert!(package(word), "{path}: cargo {command}");
                }
            }
        }
    }
    assert!(checked > 20, "only {checked} were found");
}

/// Returns true if a package of the workspace has this name.
fn package(name: &str) -> bool {
    ["cli", "client", "examples", "mock-server", "tests"].iter().any(|folder| {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        manifest.contains(&format!("name = \"{name}\""))
    })
}

#[test]
fn links_and_anchors_are_found_in_a_page() {
    let text = "# A `code` heading, and more\n[a](b.md#c) `[no](code.md)`\n```text\n# no\n[no](x)\n```\n[d]: e.md\n";
    let page = Page { path: "docs/x.md".into(), text: text.to_owned() };
    assert_eq!(page.links(), ["b.md#c", "e.md"]);
    assert_eq!(page.anchors(), BTreeSet::from(["a-code-heading-and-more".to_owned()]));
    assert_eq!(page.blocks(), [("text", "# no\n[no](x)\n".to_owned())]);
}
