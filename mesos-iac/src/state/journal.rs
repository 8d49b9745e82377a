//! A file of records, one on a line, each behind its checksum.

use super::disk::{self, failed};
use super::error::StateError;
use crate::model::{LedgerRecord, hex};
use crate::words::ResourceId;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The version of the journal's form.
const JOURNAL_FORMAT: u32 = 1;

/// How many hexadecimal digits of a line's digest stand before it.
const CHECKSUM: usize = 16;

/// The journal of the runs since the ledger was written.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    /// Opened when the first record is written: most runs have none.
    file: Option<File>,
    /// The ledger's generation that this journal goes on from.
    generation: u64,
    is_empty: bool,
}

/// What a journal says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) records: Vec<LedgerRecord>,
    /// What couldn't be understood, for people.
    pub(super) damage: Option<String>,
    /// What may be owed a refresh by what stands in or behind the damage; the records say that it is.
    pub(super) owing: BTreeSet<ResourceId>,
    /// The ledger's generation that it goes on from.
    pub(super) generation: Option<u64>,
}

impl Journal {
    /// Reads the journal that goes on from a ledger of this generation.
    ///
    /// The end of the last line may be missing: it was being written when the power went, so nothing that it tells of had
    /// begun. Damage anywhere else is told, and of what comes behind it nothing is believed but that refreshes are owed.
    pub(super) fn open(path: PathBuf, generation: u64) -> Result<(Self, Said), StateError> {
        let content = disk::read(&path)?.unwrap_or_default();
        let said = parse(&path, &content)?;
        // Folded into the ledger already, by a run that was killed before it could begin a new journal.
        let is_older = said.generation.is_some_and(|of| of < generation);
        let said = if is_older { Said::default() } else { said };
        let journal = Self {
            path,
            file: None,
            generation,
            is_empty: said.records.is_empty(),
        };
        Ok((journal, said))
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.is_empty
    }

    /// Appends records, durably: when it returns they survive a power failure.
    ///
    /// # Errors
    /// They can't be written. None of them counts then: the file ends where it ended before, or in a line without an end.
    pub(super) fn append(&mut self, records: &[LedgerRecord], durably: bool) -> Result<(), StateError> {
        if records.is_empty() {
            return Ok(());
        }
        let mut lines = Vec::new();
        for record in records {
            push_line(&mut lines, record, &self.path)?;
        }
        let path = self.path.clone();
        let failed = |error: std::io::Error| failed("write", &path, &error);
        let file = self.file()?;
        let length = file.metadata().map_err(failed)?.len();
        let written = file
            .write_all(&lines)
            .and_then(|()| if durably { file.sync_data() } else { Ok(()) });
        if let Err(error) = written {
            // A half line in the middle would be damage.
            file.set_len(length).ok();
            return Err(failed(error));
        }
        self.is_empty = false;
        Ok(())
    }

    fn file(&mut self) -> Result<&mut File, StateError> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.open_to_append()?,
        };
        Ok(self.file.insert(file))
    }

    fn open_to_append(&mut self) -> Result<File, StateError> {
        if self.is_empty {
            self.begin(self.generation)?;
        }
        let opened = OpenOptions::new().append(true).open(&self.path);
        let file = opened.map_err(|error| failed("open", &self.path, &error))?;
        cut_half_line(&file, &self.path)?;
        Ok(file)
    }

    /// Begins anew, behind a ledger of this generation that has all that the journal said.
    pub(super) fn begin(&mut self, generation: u64) -> Result<(), StateError> {
        let mut header = Vec::new();
        push_line(&mut header, &(JOURNAL_FORMAT, generation), &self.path)?;
        self.file = None;
        disk::replace(&self.path, &header)?;
        self.generation = generation;
        self.is_empty = true;
        Ok(())
    }
}

fn push_line(lines: &mut Vec<u8>, value: &impl serde::Serialize, path: &Path) -> Result<(), StateError> {
    let json = serde_json::to_vec(value).map_err(|error| StateError::Damaged {
        file: path.display().to_string(),
        why: error.to_string(),
    })?;
    lines.extend_from_slice(checksum(&json).as_bytes());
    lines.push(b' ');
    lines.extend_from_slice(&json);
    lines.push(b'\n');
    Ok(())
}

fn checksum(json: &[u8]) -> String {
    let mut digits = hex(&Sha256::digest(json));
    digits.truncate(CHECKSUM);
    digits
}

/// Takes away the beginning of a line that was never finished, so that what follows isn't damage.
fn cut_half_line(file: &File, path: &Path) -> Result<(), StateError> {
    let content = disk::read(path)?.unwrap_or_default();
    let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    if whole < content.len() {
        file.set_len(whole as u64)
            .map_err(|error| failed("mend", path, &error))?;
    }
    Ok(())
}

fn parse(path: &Path, content: &[u8]) -> Result<Said, StateError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut said = Said::default();
    let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let lines: Vec<&[u8]> = content[..whole]
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .collect();
    for (index, line) in lines.iter().enumerate() {
        let is_last = index + 1 == lines.len();
        let number = index + 1;
        let Some(json) = verified(line) else {
            // The file system may have kept a last line's length and not its bytes.
            if !is_last {
                said.damage = Some(format!("{name}: line {number} is damaged, and what follows is lost"));
                said.salvage(&lines[index..]);
            }
            break;
        };
        if index == 0 {
            said.generation = header(path, json)?;
            if said.generation.is_none() {
                said.damage = Some(format!("{name}: it doesn't begin as a journal does, and is lost"));
                said.salvage(&lines[1..]);
                break;
            }
            continue;
        }
        match serde_json::from_slice(json) {
            Ok(record) => said.records.push(record),
            Err(error) => {
                said.damage = Some(format!("{name}: line {number} says nothing that is known: {error}"));
                said.salvage(&lines[index..]);
                break;
            }
        }
    }
    Ok(said)
}

/// The generation in the first line. `None`: no journal begins like this.
fn header(path: &Path, json: &[u8]) -> Result<Option<u64>, StateError> {
    let first: serde_json::Value = serde_json::from_slice(json).unwrap_or_default();
    let number = |index: usize| first.get(index).and_then(serde_json::Value::as_u64);
    let Some(format) = number(0) else { return Ok(None) };
    let format = u32::try_from(format).unwrap_or(u32::MAX);
    if format > JOURNAL_FORMAT {
        return Err(StateError::Newer {
            file: path.display().to_string(),
            found: format,
            known: JOURNAL_FORMAT,
        });
    }
    Ok(number(1))
}

impl Said {
    /// Takes from damaged lines, and from those behind them, that refreshes are owed. One too many costs a restart; one too
    /// few would be lost.
    fn salvage(&mut self, lines: &[&[u8]]) {
        for line in lines {
            let json = line.get(CHECKSUM + 1..).unwrap_or_default();
            if let Ok(record @ LedgerRecord::Owed { .. }) = serde_json::from_slice(json) {
                if let LedgerRecord::Owed { target, .. } = &record {
                    self.owing.insert(target.clone());
                }
                self.records.push(record);
            }
        }
    }
}

/// The JSON of a line whose checksum is right.
fn verified(line: &[u8]) -> Option<&[u8]> {
    let (sum, json) = (line.get(..CHECKSUM)?, line.get(CHECKSUM + 1..)?);
    (line[CHECKSUM] == b' ' && checksum(json).as_bytes() == sum).then_some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(key: &str) -> LedgerRecord {
        LedgerRecord::Settled {
            id: format!("file[{key}]").parse().unwrap(),
            desired: "digest".to_owned(),
            ownership: crate::model::Ownership::Adopted,
            place: 0,
        }
    }

    /// A journal with two records, and where it stands.
    fn journal() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let (mut journal, said) = Journal::open(path.clone(), 3).unwrap();
        assert_eq!(said, Said::default());
        journal.append(&[settled("/a")], true).unwrap();
        journal.append(&[settled("/b")], false).unwrap();
        (directory, path)
    }

    fn said(path: &Path) -> Said {
        Journal::open(path.to_owned(), 3).unwrap().1
    }

    #[test]
    fn what_was_written_is_read() {
        let (_directory, path) = journal();
        assert_eq!(said(&path).records, [settled("/a"), settled("/b")]);
    }

    #[test]
    fn cut_at_any_byte_it_says_what_was_whole_and_goes_on() {
        let (_directory, path) = journal();
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (mut journal, said) = Journal::open(path.clone(), 3).unwrap();
            assert_eq!(said.damage, None, "{length}");
            let mut expected = said.records;
            assert!(expected.len() < 2);
            journal.append(&[settled("/c")], true).unwrap();
            expected.push(settled("/c"));
            let (_, said) = Journal::open(path.clone(), 3).unwrap();
            assert_eq!((said.records, said.damage), (expected, None), "{length}");
        }
    }

    #[test]
    fn damage_in_the_middle_is_told_and_what_is_owed_behind_it_stays_owed() {
        let (_directory, path) = journal();
        let (mut journal, _) = Journal::open(path.clone(), 3).unwrap();
        let owed = LedgerRecord::Owed {
            target: "service[zookeeper]".parse().unwrap(),
            action: crate::model::RefreshAction::Restart,
            timing: crate::model::Timing::Delayed,
            after_failure: crate::model::AfterFailure::default(),
            cause: crate::model::RefreshCause {
                id: "file[/b]".parse().unwrap(),
                before: None,
            },
            boot: None,
        };
        journal.append(std::slice::from_ref(&owed), true).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut damaged = whole.clone();
        let at = damaged.windows(2).position(|window| window == b"/a").unwrap();
        damaged[at + 1] = b'x';
        std::fs::write(&path, &damaged).unwrap();
        let damage = |said: &Said| said.damage.clone().unwrap();
        let target = "service[zookeeper]".parse().unwrap();
        let behind = said(&path);
        assert_eq!(damage(&behind), "journal: line 2 is damaged, and what follows is lost");
        assert_eq!(
            (behind.records, behind.owing),
            (vec![owed.clone()], BTreeSet::from([target]))
        );
        // The line of the promise itself.
        let mut damaged = whole.clone();
        let at = whole.iter().rposition(|byte| *byte == b' ').unwrap();
        damaged[at - 1] ^= 1;
        damaged.extend_from_slice(b"more\n");
        std::fs::write(&path, &damaged).unwrap();
        let within = said(&path);
        assert_eq!(damage(&within), "journal: line 4 is damaged, and what follows is lost");
        assert_eq!(within.records, [settled("/a"), settled("/b"), owed]);
        // The beginning.
        let mut damaged = Vec::new();
        push_line(&mut damaged, &"hello", &path).unwrap();
        std::fs::write(&path, &damaged).unwrap();
        assert_eq!(
            damage(&said(&path)),
            "journal: it doesn't begin as a journal does, and is lost"
        );
    }

    #[test]
    fn one_that_is_folded_in_already_says_nothing() {
        let (_directory, path) = journal();
        let (_, said) = Journal::open(path, 4).unwrap();
        assert_eq!(said, Said::default());
    }

    #[test]
    fn a_newer_form_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("journal");
        let mut line = Vec::new();
        push_line(&mut line, &(JOURNAL_FORMAT + 1, 0), &path).unwrap();
        std::fs::write(&path, &line).unwrap();
        assert!(matches!(Journal::open(path.clone(), 0), Err(StateError::Newer { .. })));
        assert_eq!(std::fs::read(path).unwrap(), line);
    }
}
