//! Reports of runs that nobody heard to their end, kept for the next one.

use super::disk::{self, failed};
use super::error::StateError;
use super::owner;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The version of the form.
const REPORT_FORMAT: u32 = 1;

/// How many are kept; the oldest goes.
const MOST: usize = 10;

/// What stands in a file of which nothing is understood, so that it isn't tried again.
const DAMAGED: &str = "damaged";

/// What a run did that nobody heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptReport<E> {
    /// The version of the form.
    format: u32,
    /// Who started it, and where.
    pub who: String,
    /// When it began, in seconds since 1970.
    pub began: u64,
    /// What happened.
    pub events: Vec<E>,
}

impl<E> KeptReport<E> {
    /// A report of a run that this person began at this time, in seconds since 1970.
    #[must_use]
    pub const fn new(who: String, began: u64, events: Vec<E>) -> Self {
        Self {
            format: REPORT_FORMAT,
            who,
            began,
            events,
        }
    }
}

/// The reports that are kept in a host's state.
#[derive(Debug, Clone)]
pub struct Reports {
    directory: PathBuf,
}

impl Reports {
    /// Those of the host whose state stands in this directory.
    #[must_use]
    pub fn of(state: &Path) -> Self {
        Self {
            directory: state.join("reports"),
        }
    }

    /// Keeps a report.
    ///
    /// # Errors
    /// It can't be written.
    pub fn keep<E: Serialize>(&self, report: &KeptReport<E>) -> Result<(), StateError> {
        let made = std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory);
        made.map_err(|error| failed("make a place for", &self.directory, &error))?;
        let mut names = self.names()?;
        for oldest in names.drain(..(names.len() + 1).saturating_sub(MOST)) {
            self.remove(&oldest)?;
        }
        // By the moment, so that the names are in order. A clock that is set back only spoils that.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let name = format!("{:020}-{}.json", now.as_micros(), std::process::id());
        let json = serde_json::to_vec(report).map_err(|error| StateError::Damaged {
            file: name.clone(),
            why: error.to_string(),
        })?;
        disk::replace(&self.directory.join(name), &json)
    }

    /// The names of what is kept, the oldest first.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn names(&self) -> Result<Vec<String>, StateError> {
        let read = || -> io::Result<Vec<String>> {
            let entries = std::fs::read_dir(&self.directory)?;
            let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
            names.collect()
        };
        let mut names = match read() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(|error| failed("read", &self.directory, &error))?,
        };
        names.retain(|name| Path::new(name).extension().is_some_and(|extension| extension == "json"));
        names.sort_unstable();
        Ok(names)
    }

    /// The report of this name.
    ///
    /// # Errors
    /// It is damaged, or a newer release wrote it.
    pub fn read<E: DeserializeOwned>(&self, name: &str) -> Result<KeptReport<E>, StateError> {
        let path = self.directory.join(name);
        let damaged = |error: serde_json::Error| StateError::Damaged {
            file: path.display().to_string(),
            why: error.to_string(),
        };
        let json: serde_json::Value =
            serde_json::from_slice(&disk::read(&path)?.unwrap_or_default()).map_err(damaged)?;
        owner::refuse_newer(&json, REPORT_FORMAT, &path)?;
        serde_json::from_value(json).map_err(damaged)
    }

    /// Removes the report of this name: somebody has heard it.
    ///
    /// # Errors
    /// It can't be removed.
    pub fn remove(&self, name: &str) -> Result<(), StateError> {
        let path = self.directory.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &path, &error)),
            _ => Ok(()),
        }
    }

    /// Sets aside the report of this name, which can't be read.
    ///
    /// # Errors
    /// It can't be renamed.
    pub fn set_aside(&self, name: &str) -> Result<(), StateError> {
        let path = self.directory.join(name);
        std::fs::rename(&path, path.with_extension(DAMAGED)).map_err(|error| failed("set aside", &path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reports() -> (tempfile::TempDir, Reports) {
        let directory = tempfile::tempdir().unwrap();
        let reports = Reports::of(directory.path());
        (directory, reports)
    }

    #[test]
    fn what_is_kept_is_read_and_the_oldest_goes() {
        let (_directory, reports) = reports();
        assert!(reports.names().unwrap().is_empty());
        for began in 1..=12 {
            let report = KeptReport::new("anna@workstation".to_owned(), began, vec![began]);
            reports.keep(&report).unwrap();
        }
        let names = reports.names().unwrap();
        let began: Vec<u64> = names
            .iter()
            .map(|name| reports.read::<u64>(name).unwrap().began)
            .collect();
        assert_eq!(began, (3..=12).collect::<Vec<u64>>());
        for name in &names {
            reports.remove(name).unwrap();
        }
        assert!(reports.names().unwrap().is_empty());
    }

    #[test]
    fn what_is_damaged_is_told_and_set_aside() {
        let (_directory, reports) = reports();
        reports
            .keep(&KeptReport::new("anna@workstation".to_owned(), 1, vec![1]))
            .unwrap();
        let name = reports.names().unwrap().remove(0);
        std::fs::write(reports.directory.join(&name), "{\"format\":1,").unwrap();
        assert!(matches!(reports.read::<u64>(&name), Err(StateError::Damaged { .. })));
        std::fs::write(reports.directory.join(&name), "{\"format\":2}").unwrap();
        assert!(matches!(reports.read::<u64>(&name), Err(StateError::Newer { .. })));
        reports.set_aside(&name).unwrap();
        assert!(reports.names().unwrap().is_empty());
    }

    #[test]
    fn the_first_form_is_read() {
        let (directory, reports) = reports();
        std::fs::create_dir(directory.path().join("reports")).unwrap();
        let text = r#"{"format":1,"who":"anna@workstation","began":7,"events":[1,2]}"#;
        std::fs::write(directory.path().join("reports/a.json"), text).unwrap();
        let expected = KeptReport::new("anna@workstation".to_owned(), 7, vec![1, 2]);
        assert_eq!(reports.read::<u64>("a.json").unwrap(), expected);
    }
}
