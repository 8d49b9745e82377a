//! Keeping package installations from starting services.
//!
//! Maintainer scripts start, stop and restart services through `invoke-rc.d` and `deb-systemd-invoke` (debhelper writes
//! nothing else into them). Both ask `/usr/sbin/policy-rc.d`, if there is one that may be executed, and do nothing, with
//! success, where it ends with 101. So a script of ours stands there during the transaction and answers 101.
//!
//! A kill must not leave behind a host on which no package can ever start a service again. So the script denies only
//! while a lock is held, and allows everything else, as if it weren't there. What a killed run leaves is inert; the next
//! run takes it over and removes it.
//!
//! The lock is held by us and, through an inherited descriptor, by `apt-get`: if we are killed and `apt-get` goes on, the
//! denial goes on with it, exactly as long as the transaction. It goes no further: apt closes what it inherited before it
//! starts dpkg, so no maintainer script, and no daemon that one leaves running, can hold the lock for ever.
//!
//! A host's own `policy-rc.d` is not touched. Ours is bound over it in a mount namespace that only `apt-get` and its
//! children live in; mounts that maintainer scripts make stay in it too, and end with it.

use super::convert::{command, path};
use super::files::Files;
use super::process::Call;
use super::refusal::{because, reason, refused};
use super::root::AtEnd;
use crate::file_lock::FileLock;
use crate::model::{Ended, FileWrite, PathAttributes, SystemError};
use crate::words::{AbsPath, Mode};
use rustix::fs::{Mode as Bits, OFlags};
use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, SystemError>;

const SCRIPT: &str = include_str!("policy-rc.d");

/// The line by which we know our own script, of whichever version.
const MARK: &[u8] = b"# mesos-iac: no services during a package transaction";

const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Where our script stands if the host has its own. Not below /run or /var, which may forbid execution.
const BESIDE: &str = "/usr/sbin/policy-rc.d.mesos-iac";

const LOCK: &str = "/run/mesos-iac.no-services";

/// How long a host's own script, or a try of `unshare`, may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the transaction of an earlier run is waited for: as long as apt-get waits for somebody else's.
const EARLIER_RUN: Duration = Duration::from_secs(600);

/// What is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Denied {
    /// Everything: an upgrade that stops a service and may not start it would leave it stopped.
    Everything,
    /// All but stopping: a removed package's service must not go on without its files.
    AllButStop,
}

/// Services can't be started by maintainer scripts for as long as this lives.
#[derive(Debug)]
pub(super) struct ServicesDenied<'a> {
    files: &'a Files,
    lock: FileLock,
    by: By,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Our script stands where it is looked for.
    OurScript,
    /// It stands beside the host's, and has to be bound over it.
    OurScriptBound,
    /// The host's own script denies everything.
    TheirScript,
}

impl<'a> ServicesDenied<'a> {
    /// Denies from now on.
    ///
    /// # Errors
    /// A package transaction of an earlier run doesn't end, the script can't be written, or the host has a script of
    /// its own and no mount namespaces.
    pub(super) fn begin(files: &'a Files, denied: Denied) -> Result<Self> {
        let lock = take_lock(files, denied)?;
        let (policy, beside) = (path(POLICY)?, path(BESIDE)?);
        let by = match files.root().read(&policy)? {
            None => By::OurScript,
            Some(script) if is_ours(&script) => By::OurScript,
            Some(_) if can_unshare()? => By::OurScriptBound,
            Some(_) if denies_everything(&policy)? => By::TheirScript,
            Some(_) => {
                let why = "the host has its own, and without mount namespaces ours can't stand in for it; \
                           services would start during the installation";
                return Err(because("use", &policy, why));
            }
        };
        let begun = Self { files, lock, by };
        match by {
            By::OurScript => begun.write_script(&policy)?,
            By::OurScriptBound => begun.write_script(&beside)?,
            By::TheirScript => {}
        }
        Ok(begun)
    }

    /// The descriptor that whoever carries out the transaction must inherit.
    pub(super) fn lock(&self) -> BorrowedFd<'_> {
        self.lock.file().as_fd()
    }

    /// The words that run the command where services are denied.
    pub(super) fn wrap(&self, words: Vec<String>) -> Vec<String> {
        if self.by != By::OurScriptBound {
            return words;
        }
        // As "slave", the host's mounts are seen and ours aren't.
        let script = r#"mount --bind -- "$1" "$2" && shift 2 && exec "$@""#;
        let wrapper = [
            "unshare",
            "--mount",
            "--propagation",
            "slave",
            "sh",
            "-c",
            script,
            "sh",
            BESIDE,
            POLICY,
        ];
        wrapper.into_iter().map(str::to_owned).chain(words).collect()
    }

    /// Allows everything again.
    ///
    /// # Errors
    /// The script can't be removed; it is inert then.
    pub(super) fn end(self) -> Result<()> {
        self.remove_script()
    }

    fn write_script(&self, path: &AbsPath) -> Result<()> {
        let attributes = PathAttributes {
            mode: Some(Mode::DIRECTORY),
            ..PathAttributes::default()
        };
        let write = FileWrite {
            content: SCRIPT.as_bytes(),
            attributes: &attributes,
            verify: None,
        };
        self.files.write_file(path, &write, &|_| Ok(()))
    }

    fn remove_script(&self) -> Result<()> {
        for place in [POLICY, BESIDE] {
            let place = path(place)?;
            if self.files.root().read(&place)?.is_some_and(|script| is_ours(&script)) {
                self.files.remove(&place)?;
            }
        }
        Ok(())
    }
}

/// Waits for the transaction that a killed run left behind, and takes away what denied services to it.
///
/// # Errors
/// The transaction doesn't end, or the script can't be removed.
pub(super) fn sweep(files: &Files) -> Result<()> {
    if files.entry(&path(LOCK)?)?.is_none() {
        return Ok(());
    }
    let lock = take_lock(files, Denied::Everything)?;
    let left = ServicesDenied {
        files,
        lock,
        by: By::OurScript,
    };
    left.end()
}

impl Drop for ServicesDenied<'_> {
    fn drop(&mut self) {
        // Without the lock the script allows everything: that it can't be removed does no harm.
        let _removed = self.remove_script();
    }
}

fn take_lock(files: &Files, denied: Denied) -> Result<FileLock> {
    let place = path(LOCK)?;
    let spot = files.root().look_up_to_change("lock", &place, AtEnd::Stay)?;
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(&spot, &spot.name, flags, Bits::RUSR | Bits::WUSR);
    let mut file = File::from(opened.map_err(|error| refused("lock", &place, error))?);
    // A run that was killed leaves its transaction behind, which goes on: ending dpkg halfway is worse than waiting.
    let began = Instant::now();
    let failed = |action, error: &io::Error| because(action, &place, reason(error));
    let lock = loop {
        match FileLock::try_take(file).map_err(|error| failed("lock", &error))? {
            Ok(lock) => break lock,
            Err(held) if began.elapsed() < EARLIER_RUN => {
                file = held;
                std::thread::sleep(Duration::from_millis(50));
            }
            Err(_) => {
                let why = "the package transaction of an earlier run is still going on; see what it waits for";
                return Err(because("lock", &place, why));
            }
        }
    };
    let word = match denied {
        Denied::Everything => "everything\n",
        Denied::AllButStop => "all-but-stop\n",
    };
    let mut file = lock.file();
    let written = file.set_len(0).and_then(|()| file.write_all(word.as_bytes()));
    written.map_err(|error| failed("write", &error))?;
    Ok(lock)
}

fn is_ours(script: &[u8]) -> bool {
    script.split(|byte| *byte == b'\n').any(|line| line == MARK)
}

fn can_unshare() -> Result<bool> {
    let command = command(["unshare", "--mount", "--propagation", "slave", "true"])?;
    Ok(Call::new(&command, PATIENCE).run()?.ended == Ended::Exit(0))
}

/// Whether the host's own script denies even what it can't know of. Images of containers have such a one.
fn denies_everything(policy: &AbsPath) -> Result<bool> {
    let command = command([policy.as_str(), "mesos-iac-asks.service", "restart"])?;
    Ok(Call::new(&command, PATIENCE).run()?.ended == Ended::Exit(101))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;

    #[test]
    fn the_script_is_known_and_looks_at_the_same_lock() {
        assert!(is_ours(SCRIPT.as_bytes()));
        assert!(!is_ours(b"#!/bin/sh\nexit 101\n"));
        assert!(SCRIPT.contains(&format!("lock={LOCK}\n")));
    }

    #[test]
    fn the_script_denies_only_while_the_lock_is_held() {
        let directory = tempfile::tempdir().unwrap();
        let (script, lock) = (directory.path().join("policy-rc.d"), directory.path().join("lock"));
        std::fs::write(&script, SCRIPT.replace(LOCK, lock.to_str().unwrap())).unwrap();
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let ask = |arguments: &[&str]| {
            Command::new("sh")
                .arg(&script)
                .args(arguments)
                .status()
                .unwrap()
                .code()
                .unwrap()
        };
        assert_eq!(ask(&["zookeeper", "start"]), 0, "there is no lock");
        std::fs::write(&lock, "everything\n").unwrap();
        assert_eq!(ask(&["zookeeper", "start"]), 0, "nobody holds it");
        let held = FileLock::wait(File::open(&lock).unwrap()).unwrap();
        assert_eq!(ask(&["zookeeper", "start"]), 101);
        assert_eq!(ask(&["--quiet", "zookeeper", "stop"]), 101);
        std::fs::write(&lock, "all-but-stop\n").unwrap();
        assert_eq!(ask(&["zookeeper.service", "restart"]), 101);
        assert_eq!(ask(&["zookeeper.service", "stop"]), 0);
        assert_eq!(ask(&["--quiet", "zookeeper", "stop", "2"]), 0);
        drop(held);
        assert_eq!(ask(&["zookeeper", "restart"]), 0);
    }
}
