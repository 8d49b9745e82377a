//! One run at a time.

use super::disk::failed;
use super::error::StateError;
use crate::words::visible;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Who works on a host, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holder {
    /// Who started the run, and where: `anna@workstation`.
    pub who: String,
    /// The process on the host.
    pub process: u32,
    /// When the run began, in seconds since 1970.
    pub since: u64,
    /// What it did last: `file[/etc/mesos/zk]`, `starting`.
    pub phase: String,
    /// When it said so, in seconds since 1970.
    pub heartbeat: u64,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ago = |then: u64| seconds_now().saturating_sub(then);
        write!(
            f,
            "{} (process {}) has been at work on it for {} s, {} s ago at {}",
            visible(&self.who),
            self.process,
            ago(self.since),
            ago(self.heartbeat),
            visible(&self.phase)
        )
    }
}

/// The lock on a host, held until it is dropped or the process is gone.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    holder: Holder,
}

impl Lock {
    /// Takes the lock, which doesn't wait.
    ///
    /// # Errors
    /// Another run has it, or the file can't be made.
    pub(super) fn take(path: &Path, who: &str) -> Result<Self, StateError> {
        // Rust opens files close-on-exec, so no daemon that a run starts holds on to it. The file is never removed: a
        // removed one could be held by one run while the next one locks another of the same name.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(|error| failed("lock", path, &error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(StateError::Locked(holder(&file))),
            Err(error) => return Err(failed("lock", path, &error.into())),
        }
        let now = seconds_now();
        let mut lock = Self {
            file,
            holder: Holder {
                who: who.to_owned(),
                process: std::process::id(),
                since: now,
                phase: "starting".to_owned(),
                heartbeat: now,
            },
        };
        lock.write();
        Ok(lock)
    }

    /// Says what the run is doing. It is for people, so a failure is of no consequence.
    pub(super) fn say(&mut self, phase: &str) {
        self.holder.heartbeat = seconds_now();
        phase.clone_into(&mut self.holder.phase);
        self.write();
    }

    fn write(&mut self) {
        let mut text = serde_json::to_string(&self.holder).unwrap_or_default();
        text.push('\n');
        let written = self.file.rewind().and_then(|()| self.file.write_all(text.as_bytes()));
        if written.is_ok() {
            self.file.set_len(text.len() as u64).ok();
        }
    }
}

fn holder(mut file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    // The holder may be writing: its first line counts.
    serde_json::from_str(text.lines().next()?).ok()
}

pub(super) fn seconds_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holds_it_and_the_other_is_told_who() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let mut held = Lock::take(&path, "anna@workstation").unwrap();
        held.say("file[/etc/mesos/zk]");
        let refused = Lock::take(&path, "ben@laptop").unwrap_err().to_string();
        assert!(
            refused.contains("anna@workstation") && refused.contains("file[/etc/mesos/zk]"),
            "{refused}"
        );
        drop(held);
        Lock::take(&path, "ben@laptop").unwrap();
    }
}
