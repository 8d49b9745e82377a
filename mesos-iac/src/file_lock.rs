//! Locks on files.

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use std::fs::File;
use std::io;

/// An exclusive lock on a file (`flock`), held until it is dropped or the process is gone.
///
/// It is given back by saying so. Closing the file wouldn't do: a program that another thread is just starting has a copy of
/// every descriptor until it is executed, and would hold the lock for that moment.
#[derive(Debug)]
pub(crate) struct FileLock(File);

impl FileLock {
    /// Takes the lock if nobody has it; else the file is returned as it was.
    ///
    /// # Errors
    /// The kernel can't lock the file.
    pub(crate) fn try_take(file: File) -> io::Result<Result<Self, File>> {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Ok(Self(file))),
            Err(Errno::WOULDBLOCK) => Ok(Err(file)),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the lock once nobody else has it.
    ///
    /// # Errors
    /// The kernel can't lock the file.
    pub(crate) fn wait(file: File) -> io::Result<Self> {
        loop {
            match flock(&file, FlockOperation::LockExclusive) {
                Ok(()) => return Ok(Self(file)),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub(crate) const fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // The file is closed next, which gives the lock back a moment later at the most.
        let _unlocked = flock(&self.0, FlockOperation::Unlock);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_given_back_although_another_has_a_copy_of_the_descriptor() {
        let directory = tempfile::tempdir().unwrap();
        let open = || File::create(directory.path().join("lock")).unwrap();
        let lock = FileLock::try_take(open()).unwrap().unwrap();
        assert!(FileLock::try_take(open()).unwrap().is_err());
        // As a program that is being started has.
        let copy = lock.file().try_clone().unwrap();
        drop(lock);
        let next = FileLock::try_take(open()).unwrap().unwrap();
        drop(copy);
        assert!(FileLock::try_take(open()).unwrap().is_err());
        drop(next);
        FileLock::wait(open()).unwrap();
    }
}
