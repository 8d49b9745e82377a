//! What a run that waits to be confirmed has changed, so that it can be undone: by whoever waits for the confirmation, by
//! the next boot, or by the next run.

use super::disk::{self, failed};
use super::error::StateError;
use super::ledger::LedgerFile;
use super::owner;
use super::salvage::read_ledger;
use crate::file_lock::FileLock;
use crate::model::{Ledger, PathAttributes, RefreshAction, Resource};
use crate::words::{AbsPath, HumanDuration};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// The version of the forms.
const UNDO_FORMAT: u32 = 1;

/// A run that is undone unless it is confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Armed {
    /// The version of the form.
    format: u32,
    /// Who started it, and where.
    pub who: String,
    /// What only whoever started it knows, so that nobody else confirms it.
    pub token: String,
    /// How long after the run's end it is waited for.
    pub within: HumanDuration,
    /// When it began, in seconds since 1970.
    pub began: u64,
}

impl Armed {
    /// A run of this person's.
    #[must_use]
    pub const fn new(who: String, token: String, within: HumanDuration, began: u64) -> Self {
        Self {
            format: UNDO_FORMAT,
            who,
            token,
            within,
            began,
        }
    }
}

/// How a part of the host was before it was changed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum UndoStep {
    /// What stood at a path.
    Path {
        /// Where, links followed.
        path: AbsPath,
        /// What.
        before: PathBefore,
    },
    /// The state of a unit.
    Unit {
        /// Its full name.
        name: String,
        /// Whether it ran.
        was_running: bool,
        /// `UnitFileState`.
        file_state: String,
    },
    /// What reads it when it is refreshed.
    Refresh {
        /// The resource.
        target: Box<dyn Resource>,
        /// How.
        action: RefreshAction,
    },
}

/// What stood at a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum PathBefore {
    /// Nothing.
    Absent,
    /// A file.
    File {
        /// Its content, in base64.
        base64: String,
        /// Whose it was, and its mode.
        attributes: PathAttributes,
    },
    /// A directory.
    Directory(PathAttributes),
    /// A link, and what it said.
    Symlink(String),
}

impl PathBefore {
    /// A file with this content.
    #[must_use]
    pub fn file(content: &[u8], attributes: PathAttributes) -> Self {
        Self::File {
            base64: BASE64.encode(content),
            attributes,
        }
    }

    /// The content of the file, if it was one and the file is whole in which it was remembered.
    #[must_use]
    pub fn content(&self) -> Option<Vec<u8>> {
        match self {
            Self::File { base64, .. } => BASE64.decode(base64).ok(),
            _ => None,
        }
    }
}

/// Where a host keeps how it was before a run that waits to be confirmed.
#[derive(Debug, Clone)]
pub struct UndoLog {
    directory: PathBuf,
}

/// Held by whoever waits for the confirmation, for as long as it lives.
#[derive(Debug)]
pub struct Waiting(#[expect(dead_code, reason = "it is held, and never read")] FileLock);

impl UndoLog {
    /// That of the host whose state stands in this directory.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        Self {
            directory: state.join("undo"),
        }
    }

    fn header(&self) -> PathBuf {
        self.directory.join("armed.json")
    }

    fn ledger_file(&self) -> PathBuf {
        self.directory.join("ledger.json")
    }

    fn steps_file(&self) -> PathBuf {
        self.directory.join("steps")
    }

    /// The run that waits to be confirmed, if there is one.
    ///
    /// # Errors
    /// It is damaged, or a newer release wrote it.
    pub fn armed(&self) -> Result<Option<Armed>, StateError> {
        let path = self.header();
        let Some(content) = disk::read(&path)? else {
            return Ok(None);
        };
        let damaged = |error: serde_json::Error| StateError::Damaged {
            file: path.display().to_string(),
            why: error.to_string(),
        };
        let json: serde_json::Value = serde_json::from_slice(&content).map_err(damaged)?;
        owner::refuse_newer(&json, UNDO_FORMAT, &path)?;
        serde_json::from_value(json).map(Some).map_err(damaged)
    }

    /// Makes durable that this run is undone unless it is confirmed, and what we owned before. It has changed nothing yet.
    ///
    /// # Errors
    /// It can't be written.
    pub fn arm(&self, armed: &Armed, ledger: &Ledger) -> Result<(), StateError> {
        let made = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory);
        made.map_err(|error| failed("make a place for", &self.directory, &error))?;
        disk::replace(&self.steps_file(), b"")?;
        let before = serde_json::to_vec(&LedgerFile::from(ledger)).map_err(|error| self.unwritable(&error))?;
        disk::replace(&self.ledger_file(), &before)?;
        let json = serde_json::to_vec(armed).map_err(|error| self.unwritable(&error))?;
        disk::replace(&self.header(), &json)
    }

    /// What we owned before the run.
    ///
    /// # Errors
    /// It can't be read.
    pub fn ledger(&self) -> Result<Ledger, StateError> {
        let file = self.ledger_file();
        let ledger = read_ledger(&file)?;
        match ledger.damage.is_none() {
            true => Ok(ledger),
            // Half of what we owned would take the other half away from us.
            false => Err(StateError::Damaged {
                file: file.display().to_string(),
                why: ledger.damage.parts.join("; "),
            }),
        }
    }

    /// Makes durable how parts of the host are, before they are changed.
    ///
    /// # Errors
    /// They can't be written. They must not be changed then.
    pub fn remember(&self, steps: &[UndoStep]) -> Result<(), StateError> {
        if steps.is_empty() {
            return Ok(());
        }
        let path = self.steps_file();
        let mut text = Vec::new();
        for step in steps {
            serde_json::to_writer(&mut text, step).map_err(|error| self.unwritable(&error))?;
            text.push(b'\n');
        }
        let append = || -> io::Result<()> {
            let mut file = OpenOptions::new().append(true).mode(0o600).open(&path)?;
            let length = file.metadata()?.len();
            let written = file.write_all(&text).and_then(|()| file.sync_data());
            if written.is_err() {
                // Half a line would spoil the next one.
                file.set_len(length)?;
            }
            written
        };
        append().map_err(|error| failed("write", &path, &error))
    }

    /// What was remembered, the earliest first, and why lines of it can't be read. A last line that wasn't written to its
    /// end is of something that wasn't changed.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn steps(&self) -> Result<(Vec<UndoStep>, Vec<String>), StateError> {
        let content = disk::read(&self.steps_file())?.unwrap_or_default();
        let (mut steps, mut unreadable) = (Vec::new(), Vec::new());
        let lines = content.split_inclusive(|byte| *byte == b'\n');
        for (number, line) in lines.filter(|line| line.ends_with(b"\n")).enumerate() {
            match serde_json::from_slice(line) {
                Ok(step) => steps.push(step),
                Err(error) => unreadable.push(format!("step {}: {error}", number + 1)),
            }
        }
        Ok((steps, unreadable))
    }

    /// Not everything could be undone, or what was put back may not be on the disk: what was remembered is kept beside, for
    /// people, and isn't tried any more. Returns where.
    ///
    /// # Errors
    /// It can't be renamed.
    pub fn give_up(&self) -> Result<PathBuf, StateError> {
        let kept = self.directory.join("not-undone");
        std::fs::rename(self.steps_file(), &kept).map_err(|error| failed("set aside", &kept, &error))?;
        self.disarm()?;
        Ok(kept)
    }

    /// The run is confirmed, or undone: nothing is to be undone any more.
    ///
    /// # Errors
    /// It can't be removed.
    pub fn disarm(&self) -> Result<(), StateError> {
        let remove = |path: PathBuf| match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &path, &error)),
            _ => Ok(()),
        };
        remove(self.header())?;
        disk::sync_directory(&self.header()).map_err(|error| failed("write", &self.directory, &error))?;
        remove(self.ledger_file())?;
        // It may hold what was secret in a file.
        remove(self.steps_file())
    }

    /// Confirms the run with this token. That it was confirmed already is as good: the answer may have been lost.
    ///
    /// # Errors
    /// No such run waits to be confirmed, or it can't be written that it doesn't any more.
    pub fn confirm(&self, token: &str) -> Result<(), StateError> {
        let confirmed = self.directory.join("confirmed");
        match self.armed()? {
            Some(armed) if armed.token == token => {
                disk::replace(&confirmed, token.as_bytes())?;
                self.disarm()
            }
            None if disk::read(&confirmed)?.is_some_and(|last| last == token.as_bytes()) => Ok(()),
            _ => Err(StateError::NotWaiting),
        }
    }

    /// Becomes the one who waits for the confirmation, once nobody else is.
    ///
    /// # Errors
    /// The file that is locked for it can't be made.
    pub fn wait_for_confirmation(&self) -> Result<Waiting, StateError> {
        let (path, file) = self.waiting()?;
        let lock = FileLock::wait(file).map_err(|error| failed("lock", &path, &error))?;
        Ok(Waiting(lock))
    }

    /// Whether somebody waits for the confirmation.
    ///
    /// # Errors
    /// The file that is locked for it can't be made.
    pub fn is_waited_for(&self) -> Result<bool, StateError> {
        let (_, file) = self.waiting()?;
        // One that can't be locked may be waited for.
        Ok(!matches!(FileLock::try_take(file), Ok(Ok(_))))
    }

    fn waiting(&self) -> Result<(PathBuf, File), StateError> {
        let path = self.directory.join("waiting");
        let open = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = open.map_err(|error| failed("lock", &path, &error))?;
        Ok((path, file))
    }

    fn unwritable(&self, error: &serde_json::Error) -> StateError {
        StateError::Damaged {
            file: self.steps_file().display().to_string(),
            why: error.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn armed() -> Armed {
        let within = HumanDuration(Duration::from_secs(60));
        Armed::new("anna@workstation".to_owned(), "token".to_owned(), within, 7)
    }

    fn step(content: &[u8]) -> UndoStep {
        UndoStep::Path {
            path: AbsPath::new("/etc/ssh/sshd_config").unwrap(),
            before: PathBefore::file(content, PathAttributes::default()),
        }
    }

    #[test]
    fn what_is_remembered_is_there_until_it_is_disarmed() {
        let directory = tempfile::tempdir().unwrap();
        let log = UndoLog::of(directory.path());
        assert_eq!(log.armed().unwrap(), None);
        log.arm(&armed(), &Ledger::default()).unwrap();
        log.remember(&[step(b"one")]).unwrap();
        log.remember(&[step(b"two")]).unwrap();
        assert_eq!(log.armed().unwrap(), Some(armed()));
        let contents = log.steps().unwrap().0.into_iter().map(|step| match step {
            UndoStep::Path { before, .. } => before.content().unwrap(),
            other => panic!("{other:?}"),
        });
        assert_eq!(contents.collect::<Vec<_>>(), [b"one", b"two"]);
        log.disarm().unwrap();
        assert_eq!(log.armed().unwrap(), None);
        assert!(log.steps().unwrap().0.is_empty());
        log.disarm().unwrap();
    }

    #[test]
    fn it_is_confirmed_by_its_token_and_may_be_so_twice() {
        let directory = tempfile::tempdir().unwrap();
        let log = UndoLog::of(directory.path());
        log.arm(&armed(), &Ledger::default()).unwrap();
        assert_eq!(log.confirm("another"), Err(StateError::NotWaiting));
        for _ in 0..2 {
            log.confirm("token").unwrap();
            assert_eq!(log.armed().unwrap(), None);
        }
        // The next one is undone: that isn't confirming it.
        log.arm(
            &Armed::new("a".to_owned(), "next".to_owned(), armed().within, 8),
            &Ledger::default(),
        )
        .unwrap();
        log.disarm().unwrap();
        assert_eq!(log.confirm("next"), Err(StateError::NotWaiting));
    }

    #[test]
    fn a_step_that_was_cut_off_was_not_taken() {
        let directory = tempfile::tempdir().unwrap();
        let log = UndoLog::of(directory.path());
        log.arm(&armed(), &Ledger::default()).unwrap();
        log.remember(&[step(b"one"), step(b"two")]).unwrap();
        let text = std::fs::read(log.steps_file()).unwrap();
        std::fs::write(log.steps_file(), &text[..text.len() - 5]).unwrap();
        assert_eq!(log.steps().unwrap().0.len(), 1);
    }

    #[test]
    fn a_step_that_cannot_be_read_spoils_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let log = UndoLog::of(directory.path());
        log.arm(&armed(), &Ledger::default()).unwrap();
        log.remember(&[step(b"one")]).unwrap();
        let mut text = std::fs::read(log.steps_file()).unwrap();
        text.extend(b"{\"Path\":{}}\n");
        std::fs::write(log.steps_file(), text).unwrap();
        log.remember(&[step(b"two")]).unwrap();
        let (steps, unreadable) = log.steps().unwrap();
        assert_eq!((steps.len(), unreadable.len()), (2, 1), "{unreadable:?}");
        assert!(log.give_up().unwrap().exists());
        assert_eq!(log.armed().unwrap(), None);
    }

    #[test]
    fn one_waits() {
        let directory = tempfile::tempdir().unwrap();
        let log = UndoLog::of(directory.path());
        log.arm(&armed(), &Ledger::default()).unwrap();
        assert!(!log.is_waited_for().unwrap());
        let waiting = log.wait_for_confirmation().unwrap();
        assert!(log.is_waited_for().unwrap());
        drop(waiting);
        assert!(!log.is_waited_for().unwrap());
    }

    #[test]
    fn the_first_forms_are_read() {
        let directory = tempfile::tempdir().unwrap();
        let log = UndoLog::of(directory.path());
        log.arm(&armed(), &Ledger::default()).unwrap();
        let header = r#"{"format":1,"who":"anna@workstation","token":"token","within":"60s","began":7}"#;
        std::fs::write(log.header(), header).unwrap();
        assert_eq!(log.armed().unwrap(), Some(armed()));
        let steps = concat!(
            r#"{"Path":{"path":"/etc/a","before":"Absent"}}"#,
            "\n",
            r#"{"Path":{"path":"/etc/b","before":{"File":{"base64":"Yg==","attributes":{"mode":"0600","owner":"root","group":null}}}}}"#,
            "\n",
            r#"{"Unit":{"name":"ssh.service","was_running":true,"file_state":"enabled"}}"#,
            "\n",
            r#"{"Refresh":{"target":{"core.service":{"name":"ssh","enabled":null,"running":null,"masked":null}},"action":"Restart"}}"#,
            "\n"
        );
        std::fs::write(log.steps_file(), steps).unwrap();
        let (steps, unreadable) = log.steps().unwrap();
        assert_eq!((steps.len(), unreadable.len()), (4, 0));
    }
}
