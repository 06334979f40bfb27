//! Lists the pages, so that their Rust code blocks become doctests of `src/lib.rs`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// The pages outside of `docs/`. The guides of the crates are doctests of the crates.
const PAGES: &[&str] =
    &["AGENTS.md", "README.md", "client/README.md", "llms.txt", "mock-server/README.md"];

fn main() -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages: Vec<PathBuf> = PAGES.iter().map(|page| root.join(page)).collect();
    for entry in fs::read_dir(root.join("docs"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    pages.sort();

    let mut code = String::new();
    for (number, page) in pages.iter().enumerate() {
        let page = page.display();
        writeln!(code, "#[doc = include_str!(r#\"{page}\"#)]\nstruct Page{number};")
            .map_err(io::Error::other)?;
    }
    let folder = env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?;
    fs::write(Path::new(&folder).join("pages.rs"), code)?;
    println!("cargo::rerun-if-changed=../docs");
    Ok(())
}
