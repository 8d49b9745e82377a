//! What is read of a file system below a root: files and directories.

use super::refusal::{because, reason, refused};
use super::root::{AtEnd, Lookup, Root, Spot};
use crate::model::{MOST_BYTES, Sha256Digest, SystemError, fits};
use crate::words::AbsPath;
use rustix::fs::{Dir, FileType, Mode, OFlags};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{ErrorKind, Read as _};

type Result<T> = std::result::Result<T, SystemError>;

impl Root {
    /// The content of the regular file at the path, links followed. `None`: there is no file.
    ///
    /// # Errors
    /// It can't be read, is no regular file, or is longer than [`MOST_BYTES`].
    pub fn read(&self, path: &AbsPath) -> Result<Option<Vec<u8>>> {
        match self.look_up_to_read(path, AtEnd::Follow)? {
            Some(spot) => read_at(&spot, path),
            None => Ok(None),
        }
    }

    /// The SHA-256 digest of the regular file at the path, of any length, links followed. `None`: there is no file.
    ///
    /// # Errors
    /// It can't be read, or is no regular file.
    pub fn digest(&self, path: &AbsPath) -> Result<Option<Sha256Digest>> {
        let Some(spot) = self.look_up_to_read(path, AtEnd::Follow)? else {
            return Ok(None);
        };
        match open_regular(&spot, path)? {
            Some(file) => digest_of(file, path).map(Some),
            None => Ok(None),
        }
    }

    /// The names in the directory at the path, links followed, sorted. `None`: there is no directory.
    ///
    /// # Errors
    /// It can't be read or is no directory, or a name in it isn't UTF-8.
    pub fn list(&self, path: &AbsPath) -> Result<Option<Vec<String>>> {
        let spot = match self.look_up(path, AtEnd::Follow)? {
            Lookup::Spot(spot) if spot.stat.is_some() => spot,
            _ => return Ok(None),
        };
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let directory = match rustix::fs::openat(&spot, &spot.name, flags, Mode::empty()) {
            Ok(fd) => Dir::new(fd),
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => return Err(because("list", path, "it is no directory")),
            Err(error) => return Err(refused("list", path, error)),
        };
        let mut names = Vec::new();
        for entry in directory.map_err(|error| refused("list", path, error))? {
            let entry = entry.map_err(|error| refused("list", path, error))?;
            match entry.file_name().to_str() {
                Ok("." | "..") => {}
                Ok(name) => names.push(name.to_owned()),
                Err(_) => {
                    let why = format!("the name {:?} in it isn't UTF-8", entry.file_name());
                    return Err(because("list", path, why));
                }
            }
        }
        names.sort_unstable();
        Ok(Some(names))
    }
}

/// The digest of all that is in the file, which may be long.
pub(super) fn digest_of(mut file: File, path: &AbsPath) -> Result<Sha256Digest> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Sha256Digest::from(digest)),
            Ok(length) => digest.update(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(because("read", path, reason(&error))),
        }
    }
}

/// The regular file at the spot, open; none: it went away.
fn open_regular(spot: &Spot<'_>, path: &AbsPath) -> Result<Option<File>> {
    let no_file = || because("read", path, "it is no regular file");
    // Not even opened if it is something else: opening a pipe or a device may do things.
    if spot.kind() != Some(FileType::RegularFile) {
        return Err(no_file());
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = match rustix::fs::openat(spot, &spot.name, flags, Mode::empty()) {
        Ok(fd) => fd,
        Err(Errno::NOENT) => return Ok(None),
        Err(error) => return Err(refused("read", path, error)),
    };
    let stat = rustix::fs::fstat(&fd).map_err(|error| refused("read", path, error))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(no_file());
    }
    Ok(Some(File::from(fd)))
}

/// The content of the regular file at the spot; none: it went away.
pub(super) fn read_at(spot: &Spot<'_>, path: &AbsPath) -> Result<Option<Vec<u8>>> {
    let Some(file) = open_regular(spot, path)? else {
        return Ok(None);
    };
    let too_long = |why| {
        because(
            "read",
            path,
            format!("{why}; if it stands in the way of another, move it away"),
        )
    };
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    fits(length).map_err(too_long)?;
    // Files of /proc say that they are empty, and a log may grow while it is read.
    let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    let mut limited = file.take(MOST_BYTES + 1);
    limited
        .read_to_end(&mut content)
        .map_err(|error| because("read", path, reason(&error)))?;
    fits(content.len() as u64).map_err(too_long)?;
    Ok(Some(content))
}
