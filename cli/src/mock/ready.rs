//! The URLs, key and process id for a program that starts the mock.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use partner_api_mock::MockServer;
use serde::{Deserialize, Serialize};

use crate::output;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ready {
    pub(super) base_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) control_url: Option<String>,
    pub(super) api_key: String,
    pid: u32,
}

impl Ready {
    pub(super) fn of(mock: &MockServer, has_control: bool) -> Self {
        Self {
            base_url: mock.base_url().to_owned(),
            control_url: has_control.then(|| format!("{}/_mock", mock.url())),
            api_key: mock.api_key(),
            pid: std::process::id(),
        }
    }

    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|line| line + "\n")
    }
}

/// A file that is there while the mock is ready. It is removed when this is dropped.
pub(super) struct ReadyFile {
    path: PathBuf,
    written: String,
}

impl ReadyFile {
    /// Removes a file that an earlier run left, so that nobody takes it for this one's. A file with
    /// other content is an error.
    pub(super) fn new(path: PathBuf) -> Result<Self, String> {
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(metadata) if metadata.is_file() && is_ready_file(&path) => {
                fs::remove_file(&path).map_err(|error| failed(&path, &error))?;
            }
            Ok(_) => {
                let problem = "something else is there; remove it, or name another file";
                return Err(failed(&path, &problem));
            }
            Err(error) => return Err(failed(&path, &error)),
        }
        Ok(Self { path, written: String::new() })
    }

    /// Readers see the whole content or no file. Only the owner can read it, since there is a key
    /// in it.
    pub(super) fn write(&mut self, content: &str) -> Result<(), String> {
        let saved = output::save(&self.path, content, true);
        saved.map_err(|error| format!("--ready-file {error}"))?;
        content.clone_into(&mut self.written);
        Ok(())
    }
}

impl Drop for ReadyFile {
    fn drop(&mut self) {
        let is_ours = fs::read_to_string(&self.path).is_ok_and(|content| content == self.written);
        if is_ours && !self.written.is_empty() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether a file is empty, as mktemp makes it, or was written by [`ReadyFile::write`].
fn is_ready_file(path: &Path) -> bool {
    fs::read_to_string(path)
        .is_ok_and(|content| content.is_empty() || serde_json::from_str::<Ready>(&content).is_ok())
}

fn failed(path: &Path, problem: &dyn std::fmt::Display) -> String {
    format!("--ready-file {}: {problem}", path.to_string_lossy().escape_debug())
}
