//! Replacing the content of a file in one step.

use super::convert::command;
use super::files::{Durability, Files, Wanted, in_the_way, open_inert};
use super::refusal::{because, reason, refused};
use super::root::{AtEnd, Spot};
use super::temp_name::temp_name;
use super::xattr;
use crate::model::{FileWrite, SystemError};
use crate::words::{AbsPath, CommandLine, Mode};
use rustix::fs::{AtFlags, FileType, Mode as Bits, OFlags};
use rustix::io::Errno;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::fd::{AsFd as _, OwnedFd};

type Result<T> = std::result::Result<T, SystemError>;

/// Stands for the new file in the command that verifies it.
const PLACEHOLDER: &str = "{}";

/// What runs the command that verifies a new file.
pub type Verifier<'a> = &'a dyn Fn(&CommandLine) -> Result<()>;

/// A new file, complete and with its owner and mode, that hasn't taken its place yet. Dropping it removes it.
#[derive(Debug)]
pub struct Draft<'a> {
    files: &'a Files,
    spot: Spot<'a>,
    path: AbsPath,
    temp: String,
    file: OwnedFd,
    wanted: Option<Wanted>,
    is_placed: bool,
}

impl Files {
    /// Makes the file, or replaces its content in one step: at every moment the old file or the new one is there.
    ///
    /// Owner, group and mode that aren't given are those of the replaced file, as are its ACL and its other extended
    /// attributes. A bind-mounted file can't be replaced: it is written in place, and a [`Note`](super::Note) says so.
    ///
    /// # Errors
    /// The directory doesn't exist, something else than a file stands there, `verify` refuses, the owner or group
    /// doesn't exist, or the kernel refuses. The old file is there then, and nothing beside it.
    pub fn write_file(&self, path: &AbsPath, write: &FileWrite<'_>, verify: Verifier<'_>) -> Result<()> {
        self.draft(path, write, verify)?.place()
    }

    /// Makes the new file beside the path, for [`Draft::place`] to put in its place.
    ///
    /// # Errors
    /// As [`Files::write_file`].
    pub fn draft(&self, path: &AbsPath, write: &FileWrite<'_>, verify: Verifier<'_>) -> Result<Draft<'_>> {
        let spot = self.root().look_up_to_change("write", path, AtEnd::Follow)?;
        match spot.kind() {
            None | Some(FileType::RegularFile) => {}
            Some(kind) => return Err(in_the_way("write", path, kind)),
        }
        let wanted = self.wanted(write.attributes, spot.stat.as_ref(), Mode::FILE)?;
        let draft = Draft::create(self, spot, path, wanted)?;
        draft.fill(write.content)?;
        if let Some(command) = write.verify {
            draft.verify(command, verify)?;
        }
        draft.dress()?;
        Ok(draft)
    }
}

impl<'a> Draft<'a> {
    fn create(files: &'a Files, spot: Spot<'a>, path: &AbsPath, wanted: Option<Wanted>) -> Result<Self> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let refused = |error| refused("make a temporary file beside", path, error);
        let temp = temp_name(&spot.name).map_err(refused)?;
        // Readable by nobody else before it has its owner and mode.
        let file = rustix::fs::openat(&spot, &temp, flags, Bits::RUSR | Bits::WUSR).map_err(refused)?;
        Ok(Self {
            files,
            spot,
            path: path.clone(),
            temp,
            file,
            wanted,
            is_placed: false,
        })
    }

    fn refused(&self, error: Errno) -> SystemError {
        refused("write", &self.path, error)
    }

    fn fill(&self, content: &[u8]) -> Result<()> {
        let mut file = File::from(
            self.file
                .try_clone()
                .map_err(|error| because("write", &self.path, reason(&error)))?,
        );
        file.write_all(content)
            .map_err(|error| because("write", &self.path, reason(&error)))
    }

    fn verify(&self, asked: &CommandLine, verify: Verifier<'_>) -> Result<()> {
        let temp = self.files.root().outside(&self.spot.sibling(&self.temp)?)?;
        let words = std::iter::once(asked.program()).chain(asked.arguments().iter().map(String::as_str));
        let words = words.map(|word| if word == PLACEHOLDER { temp.as_str() } else { word });
        let command = command(words)?;
        verify(&command)?;
        // What takes the path's place is the file that we made, or nothing.
        let ours = rustix::fs::fstat(&self.file).map_err(|error| self.refused(error))?;
        match rustix::fs::statat(&self.spot, &self.temp, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(there) if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino) => Ok(()),
            _ => Err(because(
                "write",
                &self.path,
                format!("`{command}` took away the file that it was to verify"),
            )),
        }
    }

    /// Gives it its owner, its attributes and its mode, in this order: a change of owner takes the set-user-id bits and
    /// the capabilities away, and an ACL's mask is the mode's.
    fn dress(&self) -> Result<()> {
        let Some(wanted) = self.wanted else { return Ok(()) };
        let set = |error| refused("set the owner and mode of", &self.path, error);
        wanted.set_owner(&self.file).map_err(set)?;
        if self.spot.stat.is_some() {
            let kept =
                open_inert(&self.spot, OFlags::empty()).and_then(|old| xattr::copy(old.as_fd(), self.file.as_fd()));
            kept.map_err(|error| refused("keep the extended attributes of", &self.path, error))?;
        }
        wanted.set_mode(&self.file).map_err(set)
    }

    /// Lets it take its place.
    ///
    /// # Errors
    /// The kernel refuses; the old file is there then.
    pub fn place(mut self) -> Result<()> {
        if self.files.durability() == Durability::Each {
            rustix::fs::fsync(&self.file).map_err(|error| self.refused(error))?;
        }
        match rustix::fs::renameat(&self.spot, &self.temp, &self.spot, &self.spot.name) {
            Ok(()) => {
                self.is_placed = true;
                self.files.flush_directory(&self.spot, &self.path)
            }
            // A mount point can't be renamed over. Containers mount /etc/hosts and /etc/resolv.conf so.
            Err(Errno::BUSY | Errno::XDEV) if self.spot.stat.is_some() => self.write_in_place(),
            Err(error) => Err(self.refused(error)),
        }
    }

    fn write_in_place(&self) -> Result<()> {
        let refused = |error| refused("write in place", &self.path, error);
        let flags = OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let target = rustix::fs::openat(&self.spot, &self.spot.name, flags, Bits::empty()).map_err(refused)?;
        let stat = rustix::fs::fstat(&target).map_err(refused)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(in_the_way("write", &self.path, FileType::from_raw_mode(stat.st_mode)));
        }
        if let Some(wanted) = self.wanted {
            // Whoever may not read the new content may not read it from the first byte on.
            rustix::fs::fchmod(&target, Bits::from_raw_mode(stat.st_mode & wanted.mode & 0o777)).map_err(refused)?;
            wanted.set_owner(&target).map_err(refused)?;
        }
        let mut file = File::from(target);
        let failed = |error: std::io::Error| because("write in place", &self.path, reason(&error));
        let mut new = File::from(self.file.try_clone().map_err(failed)?);
        new.rewind().map_err(failed)?;
        let length = std::io::copy(&mut new, &mut file).map_err(failed)?;
        file.set_len(length).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        if let Some(wanted) = self.wanted {
            wanted.set_mode(&file.into()).map_err(refused)?;
        }
        let text =
            "it is a mount point and was written in place: for a moment it was neither the old file nor the new one";
        self.files.note(&self.path, text);
        Ok(())
    }
}

impl Drop for Draft<'_> {
    fn drop(&mut self) {
        if !self.is_placed {
            // Nothing more can be done about it than the error that is already on its way.
            let _gone = rustix::fs::unlinkat(&self.spot, &self.temp, AtFlags::empty());
        }
    }
}
