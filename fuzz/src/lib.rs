//! Properties of the client and the mock for any bytes.
//!
//! Each module has one function, `holds`, that panics if its properties do not hold. All modules use
//! the public API only. The seeds under `seeds/` are text where possible, so that a reader can see
//! what each tests.

#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

pub mod authorization;
pub mod config;
pub mod control;
pub mod decode;
mod error;
pub mod list;
mod mock;
mod model;
pub mod request;
pub mod response;
pub mod retry_after;
pub mod seed;
mod service;

/// A function that must hold for any bytes, and the bytes to begin with.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name in `cargo fuzz run`.
    pub name: &'static str,
    /// The folder of its seeds, below `seeds/`.
    pub seeds: &'static str,
    /// Panics if a property does not hold.
    pub holds: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 9] = [
    Target { name: "authorization", seeds: "authorizations", holds: authorization::holds },
    Target { name: "config", seeds: "configs", holds: config::holds },
    Target { name: "control", seeds: "control", holds: control::holds },
    Target { name: "decode", seeds: "json", holds: decode::holds },
    Target { name: "list", seeds: "json", holds: list::holds },
    Target { name: "request", seeds: "requests", holds: request::holds },
    Target { name: "response", seeds: "responses", holds: response::holds },
    Target { name: "retry_after", seeds: "retry_after", holds: retry_after::holds },
    Target { name: "seed", seeds: "seed_files", holds: seed::holds },
];

impl Target {
    /// The folder of its seeds.
    pub fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(self.seeds)
    }
}

/// Runs a future on a paused clock, which advances when all tasks wait.
fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without I/O")
        .block_on(async {
            // The client draws its jitter from this thread's generator: it is the same each time.
            fastrand::seed(0);
            future.await
        })
}
