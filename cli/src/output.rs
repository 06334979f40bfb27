//! Writes results so that none is lost without an error: to stdout, or to a file of the owner.

use std::fs::{self, Metadata};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::Builder;

/// Writes to stdout. A closed pipe is no error: its reader has what it wants.
pub(crate) fn write_stdout(text: &str) -> Result<(), String> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("stdout: cannot be written: {error}"))
        }
        _ => Ok(()),
    }
}

/// Checks that a file can be put at a path: nothing is there, or a regular file that may be
/// replaced. A device, a pipe or a link is never replaced.
pub(crate) fn check(path: &Path, replace: bool) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => Err(format!(
            "{}: there is {}, which is not replaced; choose another path",
            named(path),
            kind_of(&there)
        )),
        Ok(_) if !replace => {
            Err(format!("{}: there is a file already; pass --force to replace it", named(path)))
        }
        _ => Ok(()),
    }
}

/// Writes the whole file, readable by its owner only, or leaves what was there.
pub(crate) fn save(path: &Path, content: &str, replace: bool) -> Result<(), String> {
    write(path, content, replace, &Builder::new()) // mode 0600
}

/// Writes the whole file, or leaves what was there. The umask decides who can read it.
pub(crate) fn save_public(path: &Path, content: &str) -> Result<(), String> {
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    write(path, content, true, &builder)
}

fn write(
    path: &Path,
    content: &str,
    replace: bool,
    builder: &Builder<'_, '_>,
) -> Result<(), String> {
    check(path, replace)?;
    let write = || {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(content.as_bytes())?;
        file.as_file().sync_all()?;
        if replace { file.persist(path) } else { file.persist_noclobber(path) }?;
        io::Result::Ok(())
    };
    write().map_err(|error| format!("{}: cannot be written: {error}", named(path)))
}

fn kind_of(there: &Metadata) -> &'static str {
    if there.is_dir() {
        "a directory"
    } else if there.is_symlink() {
        "a symbolic link"
    } else {
        "a device, a pipe or a socket"
    }
}

fn named(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}
