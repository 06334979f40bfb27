//! A file that only its owner reads, and that takes no other's place by accident.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

const TAKEN: &str = "there is a file already; say --force to replace it";

/// Refuses a path at which something stands.
pub(super) fn is_free(path: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Ok(_) => Err(format!("{}: {TAKEN}", named(path))),
        Err(_) => Ok(()),
    }
}

/// Writes the whole file, or leaves what was there.
pub(super) fn save(path: &Path, content: &[u8], force: bool) -> Result<(), String> {
    let saved = if force {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", std::process::id()));
        let beside = path.with_file_name(name);
        if fs::symlink_metadata(&beside).is_ok() {
            return Err(format!("{}: it stands in the way; remove it first", named(&beside)));
        }
        write_new(&beside, content).and_then(|()| {
            fs::rename(&beside, path).inspect_err(|_| {
                let _ = fs::remove_file(&beside);
            })
        })
    } else {
        write_new(path, content)
    };
    saved.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("{}: {TAKEN}", named(path)),
        _ => format!("{}: cannot be written: {error}", named(path)),
    })
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

fn named(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}
