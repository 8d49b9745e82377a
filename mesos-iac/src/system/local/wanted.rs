use rustix::fs::{Gid, Mode, Uid};
use rustix::io::Errno;
use std::os::fd::AsFd;

/// The owner, group and mode that something is to have, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub uid: u32,
    pub gid: u32,
    pub mode: u32,
}

impl Wanted {
    /// Sets the owner and group, if they differ.
    pub(super) fn set_owner(self, file: impl AsFd + Copy) -> Result<(), Errno> {
        let stat = rustix::fs::fstat(file)?;
        let uid = (stat.st_uid != self.uid).then(|| Uid::from_raw(self.uid));
        let gid = (stat.st_gid != self.gid).then(|| Gid::from_raw(self.gid));
        if uid.is_none() && gid.is_none() {
            Ok(())
        } else {
            rustix::fs::fchown(file, uid, gid)
        }
    }

    pub(super) fn set_mode(self, file: impl AsFd + Copy) -> Result<(), Errno> {
        rustix::fs::fchmod(file, Mode::from_raw_mode(self.mode))
    }

    /// Sets everything; the mode last, because a change of owner takes the set-user-id bits away.
    pub(super) fn set(self, file: impl AsFd + Copy) -> Result<(), Errno> {
        self.set_owner(file)?;
        self.set_mode(file)
    }
}
