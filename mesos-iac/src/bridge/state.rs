//! What the bridge did last, from run to run.

use super::BridgeError;
use crate::file_lock::FileLock;
use crate::words::AbsPath;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

/// The version of the state's form.
const STATE_FORMAT: u32 = 1;

/// What the bridge did last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// The version of this form.
    pub(super) format: u32,
    /// The SHA-256 digest of the file that it put in place, in hexadecimal.
    pub(super) file: String,
    /// Whether HAProxy has read it.
    pub(super) is_loaded: bool,
    /// The ports on which HAProxy may listen because of this or the file before.
    pub(super) ports: BTreeSet<u16>,
}

impl State {
    pub(super) fn new(file: String, is_loaded: bool, ports: BTreeSet<u16>) -> Self {
        Self {
            format: STATE_FORMAT,
            file,
            is_loaded,
            ports,
        }
    }

    /// What the last run left. One that can't be read counts as none: the file is put in place and loaded once more.
    pub(super) fn read(directory: &AbsPath) -> Option<Self> {
        let text = std::fs::read_to_string(directory.as_path().join("state.json")).ok()?;
        let state: Self = serde_json::from_str(&text).ok()?;
        (state.format == STATE_FORMAT).then_some(state)
    }

    /// Keeps it, in one step.
    pub(super) fn write(&self, directory: &AbsPath) -> Result<(), BridgeError> {
        let path = directory.as_path().join("state.json");
        let json = serde_json::to_string(self).map_err(|error| failed("write", &path, &error.into()))?;
        write_whole(&path, json.as_bytes(), 0o600)
    }
}

/// The lock that keeps a second run away until it is dropped.
pub(super) struct Lock(#[expect(dead_code, reason = "it is held, and never read")] FileLock);

impl Lock {
    /// Takes it.
    pub(super) fn take(directory: &AbsPath) -> Result<Self, BridgeError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory.as_path())
            .map_err(|error| failed("make the directory", directory.as_path(), &error))?;
        let path = directory.as_path().join("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| failed("open", &path, &error))?;
        match FileLock::try_take(file) {
            Ok(Ok(lock)) => Ok(Self(lock)),
            Ok(Err(_)) => Err(BridgeError::Busy { path }),
            Err(error) => Err(failed("lock", &path, &error)),
        }
    }
}

/// Replaces a file in one step, durably: after a crash it is the old one or the new one.
pub(super) fn write_whole(path: &Path, content: &[u8], mode: u32) -> Result<(), BridgeError> {
    let fresh = fresh(path);
    draft(&fresh, content, mode)?;
    place(&fresh, path)
}

/// Where the new content of a file stands before it takes the file's place. HAProxy reads nothing from a directory that
/// begins with a dot or doesn't end in `.cfg`.
pub(super) fn fresh(path: &Path) -> std::path::PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

/// Writes a file that isn't in its place yet.
pub(super) fn draft(fresh: &Path, content: &[u8], mode: u32) -> Result<(), BridgeError> {
    // One that a run left behind; whoever has the lock is alone.
    std::fs::remove_file(fresh).ok();
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(fresh)
        .and_then(|mut file| {
            file.write_all(content)?;
            file.sync_all()
        });
    written.map_err(|error| failed("write", fresh, &error))
}

/// Puts it there.
pub(super) fn place(fresh: &Path, path: &Path) -> Result<(), BridgeError> {
    let placed = std::fs::rename(fresh, path).and_then(|()| match path.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    });
    placed.map_err(|error| failed("put in place", path, &error))
}

pub(super) fn failed(action: &'static str, path: &Path, error: &std::io::Error) -> BridgeError {
    BridgeError::File {
        action,
        path: path.to_owned(),
        why: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written_and_one_of_another_release_counts_as_none() {
        let directory = tempfile::tempdir().unwrap();
        let place = AbsPath::new(directory.path().to_str().unwrap()).unwrap();
        assert_eq!(State::read(&place), None);
        let state = State::new("00".to_owned(), true, BTreeSet::from([80]));
        state.write(&place).unwrap();
        assert_eq!(State::read(&place), Some(state));
        let path = directory.path().join("state.json");
        // As format 1 was written: this text is never edited.
        std::fs::write(&path, r#"{"format":1,"file":"00","is_loaded":false,"ports":[80]}"#).unwrap();
        assert!(State::read(&place).is_some());
        std::fs::write(&path, r#"{"format":2,"file":"00","is_loaded":false,"ports":[80]}"#).unwrap();
        assert_eq!(State::read(&place), None);
    }

    #[test]
    fn a_second_run_is_kept_away() {
        let directory = tempfile::tempdir().unwrap();
        let place = AbsPath::new(directory.path().join("a/b").to_str().unwrap()).unwrap();
        let lock = Lock::take(&place).unwrap();
        assert!(matches!(Lock::take(&place), Err(BridgeError::Busy { .. })));
        drop(lock);
        Lock::take(&place).unwrap();
    }
}
