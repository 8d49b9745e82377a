//! Files that survive a crash.

use super::error::StateError;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// How the name of a file ends that hasn't taken its place yet.
const FRESH: &str = "new";

/// Replaces a file in one step, durably: after a crash it is the old one or the new one.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), StateError> {
    let fresh = path.with_extension(FRESH);
    // One that a run left behind, which had the lock or a name of its own as we do.
    std::fs::remove_file(&fresh).ok();
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(content)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)?;
        sync_directory(path)
    };
    write().map_err(|error| {
        std::fs::remove_file(&fresh).ok();
        failed("write", path, &error)
    })
}

/// How many copies of damaged files of one name are kept.
const MOST_COPIES: usize = 9;

/// Keeps a copy of a damaged file beside it: `NAME.damaged`, or `NAME.damaged-2` if there is another one already. A copy
/// that says the same is enough; the last one is replaced if there are too many.
pub(super) fn set_aside(path: &Path) -> Result<(), StateError> {
    let Some(content) = read(path)? else { return Ok(()) };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    for nth in 1..=MOST_COPIES {
        let copy = path.with_file_name(match nth {
            1 => format!("{name}.damaged"),
            nth => format!("{name}.damaged-{nth}"),
        });
        match read(&copy)? {
            Some(kept) if kept == content => break,
            Some(_) if nth < MOST_COPIES => {}
            _ => return replace(&copy, &content),
        }
    }
    Ok(())
}

/// Removes files that a run left behind before they took their places. Only for whoever holds the lock.
pub(super) fn sweep(directory: &Path) -> Result<(), StateError> {
    let swept = || -> io::Result<()> {
        for entry in std::fs::read_dir(directory)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == FRESH) {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    };
    swept().map_err(|error| failed("tidy", directory, &error))
}

/// Makes durable that a file exists, or is another one now.
pub(super) fn sync_directory(of: &Path) -> io::Result<()> {
    match of.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// The content of a file, if there is one.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StateError> {
    match std::fs::read(path) {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path, &error)),
    }
}

pub(super) fn failed(action: &str, path: &Path, error: &io::Error) -> StateError {
    StateError::Io {
        action: action.to_owned(),
        file: path.display().to_string(),
        why: error.to_string(),
    }
}
