//! One run at a time.

use super::disk::failed;
use super::error::StateError;
use crate::file_lock::FileLock;
use crate::words::visible;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The file's name.
pub(super) const LOCK: &str = "lock";

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
    /// The name of the run, which no other run on the host has, behind those of earlier ones that broke off and of which
    /// something may still be running.
    #[serde(default)]
    pub runs: Vec<String>,
}

impl Holder {
    /// Who is at work on the host whose state stands in this directory, for whoever only looks at it. The lock isn't tried:
    /// a run that begins at that moment would be refused.
    #[must_use]
    pub fn at_work(state: &Path) -> Option<Self> {
        let file = File::open(state.join(LOCK)).ok()?;
        let inode = file.metadata().ok()?.ino();
        let holder = holder(&file)?;
        let locks = std::fs::read_to_string("/proc/locks").ok()?;
        locks
            .lines()
            .any(|line| is_lock_of(line, holder.process, inode))
            .then_some(holder)
    }
}

/// Whether a line of `/proc/locks` tells that this process holds an exclusive `flock` on this inode:
/// `1: FLOCK  ADVISORY  WRITE 708 00:2a:1234 0 EOF`. Who waits for one has an arrow instead of the second word.
fn is_lock_of(line: &str, process: u32, inode: u64) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "FLOCK", _, "WRITE", by, on, ..] = words.as_slice() else {
        return false;
    };
    let on = on.rsplit(':').next();
    by.parse() == Ok(process) && on.and_then(|on| on.parse().ok()) == Some(inode)
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

/// The lock on a host, held until it is dropped or the process is gone. Whoever drops it leaves the file empty: a name in
/// a file that isn't locked is that of a run which broke off.
#[derive(Debug)]
pub(super) struct Lock {
    lock: FileLock,
    holder: Holder,
    before: Option<Holder>,
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
        let lock = taken(file, path)?;
        let before = holder(lock.file());
        let mut runs = before.as_ref().map(|before| before.runs.clone()).unwrap_or_default();
        runs.push(new_run());
        let now = seconds_now();
        let mut lock = Self {
            lock,
            holder: Holder {
                who: who.to_owned(),
                process: std::process::id(),
                since: now,
                phase: "starting".to_owned(),
                heartbeat: now,
                runs,
            },
            before,
        };
        lock.write();
        Ok(lock)
    }

    /// Who held the lock last, if that run broke off.
    pub(super) const fn before(&self) -> Option<&Holder> {
        self.before.as_ref()
    }

    /// The names of runs that broke off, and the name of this run.
    pub(super) fn runs(&self) -> (&[String], &str) {
        match self.holder.runs.split_last() {
            Some((own, earlier)) => (earlier, own),
            None => (&[], ""),
        }
    }

    /// Nothing of earlier runs is running any more.
    pub(super) fn end_earlier_runs(&mut self) {
        let own = self.holder.runs.pop();
        self.holder.runs = own.into_iter().collect();
        self.write();
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
        let mut file = self.lock.file();
        let written = file.rewind().and_then(|()| file.write_all(text.as_bytes()));
        if written.is_ok() {
            file.set_len(text.len() as u64).ok();
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.holder.runs.pop();
        if let Some(before) = self.before.take().filter(|_| !self.holder.runs.is_empty()) {
            // This run was refused, or couldn't end what earlier ones left running: the next one still has to.
            self.holder = before;
            self.write();
        } else {
            // What stands there otherwise makes the next run look for what this one left, of which there is nothing.
            self.lock.file().set_len(0).ok();
        }
    }
}

/// The lock on a host, held by something that is no run: the file keeps saying what the last run said.
#[derive(Debug)]
pub struct Hold(FileLock);

impl Hold {
    /// The names of runs that broke off, of which something may still be running.
    #[must_use]
    pub fn runs(&self) -> Vec<String> {
        holder(self.0.file()).map(|holder| holder.runs).unwrap_or_default()
    }

    /// Waits until no run is at work on the host whose state stands in this directory, and keeps others from beginning.
    ///
    /// # Errors
    /// The lock can't be opened.
    pub fn wait(state: &Path) -> Result<Self, StateError> {
        let (path, file) = Self::open(state)?;
        let lock = FileLock::wait(file).map_err(|error| failed("lock", &path, &error))?;
        Ok(Self(lock))
    }

    /// Keeps runs from beginning, if none is at work.
    ///
    /// # Errors
    /// One is at work, or the lock can't be opened.
    pub fn take(state: &Path) -> Result<Self, StateError> {
        let (path, file) = Self::open(state)?;
        taken(file, &path).map(Self)
    }

    fn open(state: &Path) -> Result<(PathBuf, File), StateError> {
        let path = state.join(LOCK);
        let open = OpenOptions::new().read(true).write(true).open(&path);
        let file = open.map_err(|error| failed("lock", &path, &error))?;
        Ok((path, file))
    }
}

/// The lock on this file.
///
/// # Errors
/// Another has it, who is told, or the kernel can't lock it.
fn taken(file: File, path: &Path) -> Result<FileLock, StateError> {
    match FileLock::try_take(file) {
        Ok(Ok(lock)) => Ok(lock),
        Ok(Err(file)) => Err(StateError::Locked(holder(&file))),
        Err(error) => Err(failed("lock", path, &error)),
    }
}

/// A name that no other run on this host has, not even one before a reboot.
fn new_run() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), now.as_micros())
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
        let next = Lock::take(&path, "ben@laptop").unwrap();
        assert!(next.before().is_none() && next.runs().0.is_empty());
    }

    #[test]
    fn whoever_only_looks_is_told_of_a_run_that_is_at_work_and_of_no_other() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(Holder::at_work(directory.path()), None);
        let path = directory.path().join(LOCK);
        let held = Lock::take(&path, "anna@workstation").unwrap();
        let at_work = Holder::at_work(directory.path()).unwrap();
        assert_eq!(
            (at_work.who.as_str(), at_work.process),
            ("anna@workstation", std::process::id())
        );
        let said = std::fs::read(&path).unwrap();
        drop(held);
        assert_eq!(Holder::at_work(directory.path()), None);
        // As if it had been killed.
        std::fs::write(&path, said).unwrap();
        assert_eq!(Holder::at_work(directory.path()), None);
    }

    #[test]
    fn a_line_of_the_kernel_is_read() {
        let held = "7: FLOCK  ADVISORY  WRITE 708 00:2a:1234 0 EOF";
        assert!(is_lock_of(held, 708, 1234));
        for other in [
            "7: FLOCK  ADVISORY  READ 708 00:2a:1234 0 EOF",
            "7: POSIX  ADVISORY  WRITE 708 00:2a:1234 0 EOF",
            "7: -> FLOCK  ADVISORY  WRITE 708 00:2a:1234 0 EOF",
            "7: FLOCK  ADVISORY  WRITE 709 00:2a:1234 0 EOF",
            "7: FLOCK  ADVISORY  WRITE 708 00:2a:4321 0 EOF",
            "",
        ] {
            assert!(!is_lock_of(other, 708, 1234), "{other}");
        }
    }

    #[test]
    fn the_next_run_knows_of_those_that_broke_off() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let mut broken_off = Vec::new();
        for who in ["anna@workstation", "ben@laptop"] {
            let held = Lock::take(&path, who).unwrap();
            assert_eq!(held.runs().0, broken_off);
            broken_off.push(held.runs().1.to_owned());
            let said = std::fs::read(&path).unwrap();
            drop(held);
            // As if it had been killed.
            std::fs::write(&path, said).unwrap();
        }
        let mut held = Lock::take(&path, "cleo@phone").unwrap();
        assert_eq!(held.before().map(|before| before.who.as_str()), Some("ben@laptop"));
        assert_eq!(held.runs().0, broken_off);
        // It is refused, and ended nothing.
        drop(held);
        held = Lock::take(&path, "cleo@phone").unwrap();
        assert_eq!(held.runs().0, broken_off);
        held.end_earlier_runs();
        assert!(held.runs().0.is_empty());
        drop(held);
        assert!(Lock::take(&path, "cleo@phone").unwrap().runs().0.is_empty());
    }

    #[test]
    fn a_name_of_one_release_back_is_read() {
        let text = r#"{"who":"anna@workstation","process":7,"since":1,"phase":"packages","heartbeat":2}"#;
        assert_eq!(serde_json::from_str::<Holder>(text).unwrap().runs, [""; 0]);
    }
}
