//! `--watch`: loads the seed file again when it has changed.
//!
//! The file is polled four times a second instead of using notifications of the system. Polling
//! works the same for an editor that renames a new file to this name, for the swapped links of
//! Kubernetes' config maps, for mounts of containers and networks without notifications, and for a
//! file that is missing for a while. A poll is one system call; the file is read only if its
//! metadata differs from the last time, and has stopped changing.

use std::fs::Metadata;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::Read as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use partner_api::Escaped;
use partner_api_mock::{MAX_SEED_BYTES, Mock};

use super::seed_options::SeedOptions;
use crate::output::write_stdout;

const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// The metadata of a file. Links are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileFingerprint {
    modified: Option<SystemTime>,
    length: u64,
    #[cfg(unix)]
    file: (u64, u64),
}

impl FileFingerprint {
    fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }

    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            modified: metadata.modified().ok(),
            length: metadata.len(),
            #[cfg(unix)]
            file: (metadata.dev(), metadata.ino()),
        }
    }

    /// Clocks of file systems are coarse: two changes within a moment have the same time.
    fn is_fresh(self) -> bool {
        let age = self.modified.and_then(|modified| modified.elapsed().ok());
        age.is_some_and(|age| age < Duration::from_secs(3))
    }
}

/// A seed file, and the result of its last load.
pub(crate) struct SeedReload {
    seed_options: SeedOptions,
    seen: Option<FileFingerprint>,
    /// Its metadata when it was last read, and a hash of its content.
    read: Option<(FileFingerprint, u64)>,
    /// The error of the last load, if it failed.
    last_error: Option<String>,
}

impl SeedReload {
    /// Create it before the mock reads the file, so that a change in between is found.
    pub(crate) fn new(seed_options: SeedOptions) -> Self {
        let mut watched = Self { seed_options, seen: None, read: None, last_error: None };
        watched.seen = FileFingerprint::at(watched.path());
        watched.read = watched.seen.zip(watched.content().ok());
        watched
    }

    fn path(&self) -> &Path {
        self.seed_options.file.as_deref().unwrap_or(Path::new(""))
    }

    fn content(&self) -> io::Result<u64> {
        let mut hashing = Hashing(DefaultHasher::new());
        let most = u64::try_from(MAX_SEED_BYTES).map_or(u64::MAX, |most| most.saturating_add(4));
        io::copy(&mut fs::File::open(self.path())?.take(most), &mut hashing)?;
        Ok(hashing.0.finish())
    }

    /// Watches the file as long as the program runs.
    pub(crate) fn start(mut self, mock: Mock) -> io::Result<()> {
        let watch = move || {
            loop {
                thread::sleep(POLL_INTERVAL);
                if self.has_changed() {
                    self.load(&mock);
                }
            }
        };
        thread::Builder::new().name("watch".to_owned()).spawn(watch).map(drop)
    }

    /// Returns true if there is new content, or if the file is gone.
    fn has_changed(&mut self) -> bool {
        let look = FileFingerprint::at(self.path());
        if std::mem::replace(&mut self.seen, look) != look {
            return false; // It may still be written.
        }
        let is_read = self.read.map(|(read, _)| read) == look;
        if is_read && !look.is_some_and(FileFingerprint::is_fresh) {
            return false;
        }
        let before = self.read;
        self.read = look.zip(self.content().ok());
        self.read.is_none()
            || self.read.map(|(_, content)| content) != before.map(|(_, content)| content)
    }

    /// Loads the file, or logs why the old data stays, once for each reason.
    fn load(&mut self, mock: &Mock) {
        let seed = match self.seed_options.read() {
            Ok(seed) => seed,
            Err(wrong) => {
                if self.last_error.as_ref() != Some(&wrong) {
                    tracing::warn!("{:.1000}; the data loaded before stays", Escaped(&wrong));
                    self.last_error = Some(wrong);
                }
                return;
            }
        };
        self.last_error = None;
        let (partners, key) = (seed.partners(), mock.api_key());
        mock.load(seed);
        if mock.api_key() != key {
            let key = format!("API key   {}\n", mock.api_key());
            if let Err(error) = write_stdout(&key) {
                tracing::warn!("{error}");
            }
        }
        let file = self.path().display().to_string();
        tracing::info!(file, partners, "seed loaded again");
    }
}

struct Hashing(DefaultHasher);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
