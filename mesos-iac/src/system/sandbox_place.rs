//! Where a sandbox stands, and that nothing in a definition or on the disk leads out of it or into what is its own.

use super::sandbox::SandboxError;
use crate::model::{Catalog, Effect};
use crate::words::AbsPath;
use std::fs::FileType;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// The directory of a sandbox's model and state, in the directory that stands for the host's root.
pub(super) const OWN: &str = ".mesos-iac";

/// Whether a path of the host is the sandbox's own.
pub(super) fn is_own(path: &AbsPath) -> bool {
    path.as_path().starts_with(Path::new("/").join(OWN))
}

/// Refuses a catalog that declares what is the sandbox's own.
///
/// # Errors
/// A resource owns a path there.
pub(super) fn admit(catalog: &Catalog) -> Result<(), SandboxError> {
    for entry in &catalog.entries {
        for effect in entry.resource.behavior().effects().writes {
            if let Effect::Path(path) = effect
                && is_own(&path)
            {
                return Err(SandboxError::Own {
                    resource: entry.id.clone(),
                });
            }
        }
    }
    Ok(())
}

/// Refuses a directory of a host that is none, and anything but directories and files where the sandbox keeps its own: a
/// link would be followed out of the sandbox, and a pipe waited for.
///
/// # Errors
/// As said, or what is there can't be looked at. What doesn't exist is no error.
pub(super) fn inspect(place: &Path) -> Result<(), SandboxError> {
    let fail = |path: &Path, why: String| SandboxError::Path {
        path: path.to_owned(),
        why,
    };
    let mut directories = vec![place.to_owned(), place.join(OWN)];
    for directory in &directories {
        match kind(directory).map_err(|error| fail(directory, error.to_string()))? {
            None => return Ok(()),
            Some(kind) if kind.is_dir() => {}
            Some(kind) => return Err(fail(directory, stands_there(kind, "a directory"))),
        }
    }
    directories.remove(0);
    while let Some(directory) = directories.pop() {
        let listed = list(&directory).map_err(|error| fail(&directory, error.to_string()))?;
        for (path, kind) in listed {
            if kind.is_dir() {
                directories.push(path);
            } else if !kind.is_file() {
                return Err(fail(&path, stands_there(kind, "a file")));
            }
        }
    }
    Ok(())
}

fn list(directory: &Path) -> io::Result<Vec<(PathBuf, FileType)>> {
    let mut listed = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        listed.push((entry.path(), entry.file_type()?));
    }
    listed.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(listed)
}

/// What stands at the path itself; none: nothing.
fn kind(path: &Path) -> io::Result<Option<FileType>> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata.file_type())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn stands_there(kind: FileType, wanted: &str) -> String {
    let found = if kind.is_symlink() {
        "a symbolic link, which may lead out of the sandbox,"
    } else if kind.is_file() {
        "a file"
    } else if kind.is_dir() {
        "a directory"
    } else {
        "a device, socket or pipe"
    };
    format!("{found} stands there instead of {wanted}; remove it, or use another directory")
}
