//! What is true of the client and of the mock whatever bytes they are given.
//!
//! Each module has one function, `holds`, that panics where its properties do not hold. All of it
//! goes through the public API. The seeds under `seeds/` are text wherever they can be, so that a
//! reader sees what each is about.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

pub mod answer;
pub mod authorization;
pub mod config;
pub mod control;
pub mod decode;
mod error;
pub mod list;
mod mock;
mod model;
pub mod request;
pub mod retry_after;
pub mod seed;
mod service;

/// A function that holds for any bytes, and the bytes to begin with.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, as `cargo fuzz run` knows it.
    pub name: &'static str,
    /// The folder of its seeds, below `seeds/`.
    pub seeds: &'static str,
    /// Panics if a property does not hold.
    pub holds: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 9] = [
    Target { name: "answer", seeds: "answers", holds: answer::holds },
    Target { name: "authorization", seeds: "authorizations", holds: authorization::holds },
    Target { name: "config", seeds: "configs", holds: config::holds },
    Target { name: "control", seeds: "control", holds: control::holds },
    Target { name: "decode", seeds: "json", holds: decode::holds },
    Target { name: "list", seeds: "json", holds: list::holds },
    Target { name: "request", seeds: "requests", holds: request::holds },
    Target { name: "retry_after", seeds: "retry_after", holds: retry_after::holds },
    Target { name: "seed", seeds: "seed_files", holds: seed::holds },
];

impl Target {
    /// The folder of its seeds.
    pub fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(self.seeds)
    }
}

/// Runs a future on a clock that stands still unless all wait.
fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O")
        .block_on(async {
            // The client's jitter is drawn from this thread's generator: the same each time.
            fastrand::seed(0);
            future.await
        })
}
