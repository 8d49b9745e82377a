//! The interface through which a resource sees and changes a machine.

use super::{
    Facts, Fetch, HttpAnswer, HttpChange, HttpQuestion, Invocation, Output, PackageForecast, PackageRequest,
    PackageSource, Probe, Sha256Digest, SystemError, UnitAction, UnitState, Unpack,
};
use crate::words::{AbsPath, CommandLine, Mode, SecretSource, SecretText};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most bytes of a file's content, as it is declared and as [`ReadSystem::read`] returns it: files of configuration are
/// far smaller.
pub const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// What stands for an agent where there is none.
const NO_PROGRAM: &str = "#!/bin/sh\n# The agent itself would stand here on a real host; this one is a model.\n\
    echo 'no agent: this file was written where hosts are only a model' >&2\nexit 1\n";

type Result<T> = std::result::Result<T, SystemError>;

/// What stands at a path, links not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathEntry {
    /// What it is.
    pub kind: PathKind,
    /// Its permission bits; none where the system can't know them.
    pub mode: Option<Mode>,
    /// Its owner's name, or number where it has no name; none where the system can't know it.
    pub owner: Option<String>,
    /// Its group's name, or number where it has no name; none where the system can't know it.
    pub group: Option<String>,
}

/// What can stand at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, and what it says.
    Symlink(String),
    /// A device, socket or pipe.
    Other,
}

impl fmt::Display for PathKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "a file",
            Self::Directory => "a directory",
            Self::Symlink(_) => "a symbolic link",
            Self::Other => "a device, socket or pipe",
        })
    }
}

/// An entry of the user database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The numeric user id.
    pub uid: u32,
    /// The numeric id of the primary group.
    pub gid: u32,
    /// The primary group's name, or its number where it has no name.
    pub group: String,
    /// The full name (GECOS).
    pub comment: String,
    /// The home directory.
    pub home: String,
    /// The login shell.
    pub shell: String,
    /// The names of the supplementary groups, sorted.
    pub groups: Vec<String>,
}

/// An entry of the group database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupEntry {
    /// The numeric group id.
    pub gid: u32,
    /// The names of its members, sorted.
    pub members: Vec<String>,
}

/// The new content of a file, with what the file is to be.
#[derive(Debug, Clone, Copy)]
pub struct FileWrite<'a> {
    /// All of the content.
    pub content: &'a [u8],
    /// What the file is to be; what is `None` is kept from the file that is replaced.
    pub attributes: &'a Attributes,
    /// A command that must succeed on the new file before it takes its place. `{}` stands for the new file's path.
    pub verify: Option<&'a CommandLine>,
}

/// The owner, group and mode of a path; `None` leaves one as it is.
///
/// On creation, `None` means root, root, and 0644 for a file or 0755 for a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attributes {
    /// The permission bits.
    pub mode: Option<Mode>,
    /// The owner's name.
    pub owner: Option<String>,
    /// The group's name.
    pub group: Option<String>,
}

impl<'a> FileWrite<'a> {
    /// This content, with everything else as it is, or as it is by default for a new file.
    #[must_use]
    pub const fn new(content: &'a [u8]) -> Self {
        Self {
            content,
            attributes: &Attributes::UNMANAGED,
            verify: None,
        }
    }
}

impl Attributes {
    /// Everything is left as it is.
    pub const UNMANAGED: Self = Self {
        mode: None,
        owner: None,
        group: None,
    };
}

/// What a user's account is to become; `None` leaves a property as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountChange {
    /// The numeric user id.
    pub uid: Option<u32>,
    /// The primary group's name.
    pub group: Option<String>,
    /// The full name.
    pub comment: Option<String>,
    /// The home directory.
    pub home: Option<AbsPath>,
    /// The login shell.
    pub shell: Option<AbsPath>,
    /// The supplementary groups, all of them.
    pub groups: Option<Vec<String>>,
    /// On creation: a system account.
    pub system: bool,
    /// On creation: make the home directory.
    pub create_home: bool,
}

/// How a resource sees a machine. It can't change one: there is no such call here.
pub trait ReadSystem: Send + Sync {
    /// What is true of the machine.
    ///
    /// # Errors
    /// A fact can't be read.
    fn facts(&self) -> Result<Facts>;

    /// What stands at the path; a link at its end isn't followed. `None`: nothing.
    ///
    /// # Errors
    /// The path can't be looked up.
    fn entry(&self, path: &AbsPath) -> Result<Option<PathEntry>>;

    /// The path with every link in it followed, its end included. A path that doesn't exist is resolved as far as it does.
    ///
    /// # Errors
    /// A link on the way belongs to someone who may not redirect root, or the links go in circles.
    fn resolve(&self, path: &AbsPath) -> Result<AbsPath>;

    /// The content of the regular file at the path, links followed as [`ReadSystem::resolve`] does. `None`: there is no
    /// file.
    ///
    /// # Errors
    /// It can't be read, is no regular file, or is longer than [`MOST_BYTES`].
    fn read(&self, path: &AbsPath) -> Result<Option<Vec<u8>>>;

    /// The SHA-256 digest of the regular file at the path, of any length, links followed. `None`: there is no file.
    ///
    /// # Errors
    /// It can't be read, or is no regular file.
    fn digest(&self, path: &AbsPath) -> Result<Option<Sha256Digest>>;

    /// The names in the directory at the path, sorted. `None`: there is no directory.
    ///
    /// # Errors
    /// It can't be read or is no directory.
    fn list(&self, path: &AbsPath) -> Result<Option<Vec<String>>>;

    /// The installed version of the package. `None`: not installed, or not completely.
    ///
    /// # Errors
    /// The package database can't be read.
    fn package(&self, name: &str) -> Result<Option<String>>;

    /// Whether the package is neither installed nor gone: its installation or removal was begun and not finished.
    ///
    /// # Errors
    /// The package database can't be read.
    fn package_is_unfinished(&self, name: &str) -> Result<bool>;

    /// What one transaction would come to that installs and removes these packages: exact versions, and what comes along.
    /// Asked once for all packages of a transaction. Changes nothing.
    ///
    /// # Errors
    /// The system can't know, which [`SystemError::Unknowable`] says; or the package manager doesn't work.
    fn foresee_packages(&self, install: &[PackageRequest], remove: &[String]) -> Result<PackageForecast> {
        let _ = (install, remove);
        Err(SystemError::Unknowable {
            system: "this system".into(),
            what: "what a transaction of packages brings along".into(),
        })
    }

    /// Whether the package manager has read what this repository offers.
    ///
    /// # Errors
    /// Its lists can't be looked at.
    fn knows_package_source(&self, source: &PackageSource) -> Result<bool>;

    /// What the service manager says of the unit, which is named in full (`zookeeper.service`).
    ///
    /// # Errors
    /// The service manager doesn't answer.
    fn unit(&self, name: &str) -> Result<UnitState>;

    /// The account of the user. `None`: there is none.
    ///
    /// # Errors
    /// The user database can't be read.
    fn user(&self, name: &str) -> Result<Option<Account>>;

    /// The group. `None`: there is none.
    ///
    /// # Errors
    /// The group database can't be read.
    fn group(&self, name: &str) -> Result<Option<GroupEntry>>;

    /// Asks the host by running a command.
    ///
    /// # Errors
    /// The command can't be started, takes too long, or ends with anything but 0 and 1; or this is a plan and the probe
    /// isn't marked as read-only. None of these reads as yes or no.
    fn probe(&self, probe: &Probe) -> Result<bool>;

    /// Asks a program that answers on HTTP, with `GET`. Redirects are followed.
    ///
    /// # Errors
    /// It can't be reached in time, or its answer can't be understood or is longer than
    /// [`MOST_HTTP_BYTES`](super::MOST_HTTP_BYTES). A status that tells of a mistake is an answer.
    fn http_get(&self, question: &HttpQuestion) -> Result<HttpAnswer> {
        Err(SystemError::Unknowable {
            system: "this system".into(),
            what: format!("what http://{}{} answers", question.address, question.target),
        })
    }

    /// Whether commands can be run here at all. Where they can't, what a command would do is unknown.
    fn runs_commands(&self) -> bool {
        true
    }

    /// Whether directories above a new path are made here when need be, which a host doesn't do.
    fn makes_directories(&self) -> bool {
        false
    }

    /// Whether a path can be given only to users and groups that exist, as on a host.
    fn needs_accounts(&self) -> bool {
        true
    }

    /// The program that looks at this machine, for an agent that stays on it: all of its bytes. A machine that is only a
    /// model has a placeholder, which says so when it is started.
    ///
    /// # Errors
    /// It can't be read.
    fn own_program(&self) -> Result<Vec<u8>> {
        Ok(NO_PROGRAM.as_bytes().to_vec())
    }

    /// Which boot of the machine this is, in words that no other boot has. `None`: there is no knowing.
    ///
    /// # Errors
    /// It can't be read.
    fn boot(&self) -> Result<Option<String>>;

    /// The value of a secret that came with this run.
    ///
    /// # Errors
    /// It didn't come with this run.
    fn reveal(&self, secret: &SecretSource) -> Result<SecretText>;

    /// The text without the values of the secrets that came with this run; where one stood, its source stands.
    ///
    /// Whatever is told of a run goes through this on its way. Who shortens a text that others wrote does it before: a
    /// value that is cut isn't known for one any more.
    fn redacted(&self, text: String) -> String;
}

/// A new file, complete, that hasn't taken its place yet. Dropping it removes it.
pub trait FileDraft: Send {
    /// Lets it take its place, in one step.
    ///
    /// # Errors
    /// The kernel refuses; the old file is there then.
    fn place(self: Box<Self>) -> Result<()>;
}

/// How a resource changes a machine.
pub trait System: ReadSystem {
    /// Makes the file, or replaces its content in one step: at every moment the old file or the new one is there.
    ///
    /// # Errors
    /// The directory doesn't exist, something else than a file stands there, `verify` refuses, the owner or group
    /// doesn't exist, or the kernel refuses.
    fn write_file(&self, path: &AbsPath, write: &FileWrite<'_>) -> Result<()>;

    /// Makes the new file beside its path, for [`FileDraft::place`] to put in its place once [`System::sync`] has made it
    /// durable. `None`: this system gains nothing from that, and [`System::write_file`] does it all.
    ///
    /// # Errors
    /// As [`System::write_file`].
    fn draft_file<'s>(&'s self, path: &AbsPath, write: &FileWrite<'_>) -> Result<Option<Box<dyn FileDraft + 's>>> {
        let _ = (path, write);
        Ok(None)
    }

    /// Sees to what a run that broke off left behind: drafts in these directories that never took their place are removed, and
    /// a package transaction that still goes on is waited for.
    ///
    /// # Errors
    /// A directory can't be read, something in it can't be removed, or the transaction doesn't end.
    fn sweep(&self, directories: &[AbsPath]) -> Result<()> {
        let _ = directories;
        Ok(())
    }

    /// Sees to it that all that was drafted or changed so far survives a power failure.
    ///
    /// # Errors
    /// The kernel couldn't write it.
    fn sync(&self) -> Result<()> {
        Ok(())
    }

    /// Makes the directory; its parent must exist. One that is there gets the attributes that are given.
    ///
    /// # Errors
    /// As [`System::write_file`].
    fn create_directory(&self, path: &AbsPath, attributes: &Attributes) -> Result<()>;

    /// Fetches a file from the network. It takes its place in one step, once its digest is right; else nothing is left of it.
    ///
    /// # Errors
    /// It can't be fetched, its digest is another, or as [`System::write_file`].
    fn fetch(&self, path: &AbsPath, fetch: &Fetch<'_>) -> Result<()>;

    /// Unpacks an archive into a directory of its own, which takes its place in one step, and the old one's with all that
    /// is in it.
    ///
    /// # Errors
    /// The archive isn't there, its digest is another, it can't be unpacked, or the kernel refuses.
    fn unpack(&self, directory: &AbsPath, unpack: &Unpack<'_>) -> Result<()>;

    /// Makes the link say `target`, in one step if there was a link.
    ///
    /// # Errors
    /// As [`System::write_file`].
    fn write_symlink(&self, path: &AbsPath, target: &str) -> Result<()>;

    /// Changes owner, group and mode of a file or directory.
    ///
    /// # Errors
    /// There is no such path, it is a link, the owner or group doesn't exist, or the kernel refuses.
    fn set_attributes(&self, path: &AbsPath, attributes: &Attributes) -> Result<()>;

    /// Removes the file, link or empty directory; nothing there is success.
    ///
    /// # Errors
    /// The directory isn't empty, or the kernel refuses.
    fn remove(&self, path: &AbsPath) -> Result<()>;

    /// Installs the packages in one transaction that removes nothing and starts no service.
    ///
    /// # Errors
    /// The package manager ends with an error.
    fn install_packages(&self, packages: &[PackageRequest]) -> Result<()>;

    /// Removes the packages and keeps their configuration.
    ///
    /// # Errors
    /// The package manager ends with an error.
    fn remove_packages(&self, names: &[String]) -> Result<()>;

    /// Has the package manager read what this repository offers, and no other's.
    ///
    /// # Errors
    /// It can't be reached, isn't signed by its key, or the package manager ends with an error.
    fn read_package_source(&self, source: &PackageSource) -> Result<()>;

    /// Does this to the unit and waits until it is done.
    ///
    /// # Errors
    /// The service manager refuses, or the unit fails.
    fn control_unit(&self, name: &str, action: UnitAction) -> Result<()>;

    /// Has the service manager read its unit files again.
    ///
    /// # Errors
    /// The service manager refuses.
    fn reload_units(&self) -> Result<()>;

    /// Makes the user.
    ///
    /// # Errors
    /// The tool ends with an error.
    fn create_user(&self, name: &str, change: &AccountChange) -> Result<()>;

    /// Changes the user.
    ///
    /// # Errors
    /// The tool ends with an error.
    fn change_user(&self, name: &str, change: &AccountChange) -> Result<()>;

    /// Removes the user and keeps the home directory; nobody there is success.
    ///
    /// # Errors
    /// The tool ends with an error.
    fn remove_user(&self, name: &str) -> Result<()>;

    /// Makes the group.
    ///
    /// # Errors
    /// The tool ends with an error.
    fn create_group(&self, name: &str, gid: Option<u32>, system: bool) -> Result<()>;

    /// Changes the group's number.
    ///
    /// # Errors
    /// The tool ends with an error.
    fn change_group(&self, name: &str, gid: u32) -> Result<()>;

    /// Removes the group; none there is success.
    ///
    /// # Errors
    /// The tool ends with an error.
    fn remove_group(&self, name: &str) -> Result<()>;

    /// Has a program that answers on HTTP change something. Redirects are followed.
    ///
    /// # Errors
    /// As [`ReadSystem::http_get`]; whether anything was changed isn't known then.
    fn http_send(&self, question: &HttpQuestion, change: HttpChange, body: &[u8]) -> Result<HttpAnswer> {
        let _ = body;
        Err(SystemError::Unknowable {
            system: "this system".into(),
            what: format!("what {change} http://{}{} does", question.address, question.target),
        })
    }

    /// Says which run this is. Before the first program of it is started, this process moves to a group that has the run's
    /// name, where the machine has such groups, so that a later run finds what is left of this one. That a machine refuses
    /// is one of its [`System::notes`].
    fn announce_run(&self, run: &str) {
        let _ = run;
    }

    /// Moves to the group of the run that was announced, if that wasn't done yet: something is about to be changed.
    fn enclose(&self) {}

    /// What the run that was announced started and what is running still, such as `sleep (4711)`.
    fn left_running(&self) -> Vec<String> {
        Vec::new()
    }

    /// Starts a process of its own that waits until the run is confirmed, undoes it otherwise, and does so after a reboot
    /// before the network is up.
    ///
    /// # Errors
    /// It can't be started, or there is no such thing here.
    fn start_guard(&self) -> Result<()> {
        Err(SystemError::Unsupported {
            what: "undoing a run that nobody confirms".into(),
            why: "that takes a running systemd".into(),
        })
    }

    /// Nothing is to be undone after a reboot any more.
    ///
    /// # Errors
    /// What would do it can't be removed.
    fn end_guard(&self) -> Result<()> {
        Ok(())
    }

    /// Ends what a run of this name left running. Returns what that was.
    ///
    /// # Errors
    /// It can't be ended.
    fn end_run(&self, run: &str) -> Result<Vec<String>> {
        let _ = run;
        Ok(Vec::new())
    }

    /// What people should be told of the changes since the last call, such as that a file couldn't be replaced in one step.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Runs the command. How it ended is part of the answer, not an error.
    ///
    /// # Errors
    /// It can't be started or takes too long.
    fn run(&self, invocation: &Invocation) -> Result<Output>;
}
