use super::disk::{self, failed};
use super::error::StateError;
use super::journal::Journal;
use super::key::HostKey;
use super::ledger::LedgerFile;
use super::lock::{LOCK, Lock};
use super::owner::{self, HostIdentity, Takeover, Verdict};
use super::salvage::read_ledger;
use super::undo::{Armed, UndoLog};
use crate::model::{Ledger, LedgerRecord};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// Where the state of a host stands.
pub const STATE_DIRECTORY: &str = "/var/lib/mesos-iac";

const LEDGER: &str = "ledger.json";
const JOURNAL: &str = "journal";

/// The state of a host during a run, which holds its lock.
#[derive(Debug)]
pub struct Store {
    ledger: Ledger,
    /// The ledger as it stands on disk.
    written: Ledger,
    disk: Option<Disk>,
    /// Whether all that can be read of a damaged state stands on disk in order.
    is_mended: bool,
    broke_off: bool,
    unconfirmed: Option<Armed>,
}

#[derive(Debug)]
struct Disk {
    directory: PathBuf,
    lock: Lock,
    journal: Journal,
}

impl Store {
    /// A state that lives as long as the value: for hosts in memory.
    #[must_use]
    pub fn in_memory() -> Self {
        Self {
            ledger: Ledger::default(),
            written: Ledger::default(),
            disk: None,
            is_mended: true,
            broke_off: false,
            unconfirmed: None,
        }
    }

    /// Locks the host whose state stands in `directory`, and reads it. There may be none yet.
    ///
    /// # Errors
    /// Another run is at work, the state belongs to another cluster, host or machine and `takeover` doesn't say that this
    /// is meant, it was written by a newer release, or the kernel refuses. Nothing was changed then.
    ///
    /// What is damaged is no error: [`Ledger::damage`] tells of it, and a copy of the file is kept beside it.
    pub fn open(directory: &Path, identity: &HostIdentity, takeover: &Takeover, who: &str) -> Result<Self, StateError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| failed("make a place for", directory, &error))?;
        close(directory)?;
        let lock = Lock::take(&directory.join(LOCK), who)?;
        let identity_file = directory.join("identity.json");
        let verdict = owner::judge(&identity_file, identity, takeover)?;
        let undo = UndoLog::of(directory);
        let unconfirmed = undo.armed()?;
        if let Some(armed) = &unconfirmed
            && undo.is_waited_for()?
        {
            return Err(StateError::Unconfirmed(armed.who.clone()));
        }
        disk::sweep(directory)?;
        let (ledger, journal) = read(directory)?;
        set_aside(directory, &ledger.0, &ledger.1)?;
        let broke_off = !journal.is_empty() || lock.before().is_some();
        let mut store = Self {
            broke_off,
            is_mended: ledger.1.damage.is_none(),
            written: ledger.0,
            ledger: ledger.1,
            disk: Some(Disk {
                directory: directory.to_owned(),
                lock,
                journal,
            }),
            unconfirmed,
        };
        if verdict == Verdict::Forget {
            store.ledger = Ledger {
                generation: store.ledger.generation,
                ..Ledger::default()
            };
        }
        if verdict == Verdict::Forget {
            store.fold()?;
        }
        // Last: a claim that is made before the old state is gone would make it look like ours.
        if verdict != Verdict::Ours {
            owner::write(&identity_file, identity)?;
        }
        HostKey::ensure(directory)?;
        Ok(store)
    }

    /// What the state in `directory` says, without locking the host or changing anything.
    ///
    /// # Errors
    /// As [`Store::open`], but for the lock.
    pub fn look(directory: &Path, identity: &HostIdentity, takeover: &Takeover) -> Result<Ledger, StateError> {
        match owner::judge(&directory.join("identity.json"), identity, takeover)? {
            Verdict::Forget => Ok(Ledger::default()),
            Verdict::Ours | Verdict::Claim => Ok(read(directory)?.0.1),
        }
    }

    /// What we own and owe.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Whether the last run on the host broke off: it was killed, or lost its power.
    #[must_use]
    pub const fn broke_off(&self) -> bool {
        self.broke_off
    }

    /// A run that nobody has confirmed, and that nobody waits for any more to be confirmed: it is to be undone.
    #[must_use]
    pub const fn unconfirmed(&self) -> Option<&Armed> {
        self.unconfirmed.as_ref()
    }

    /// Where is kept how the host was. `None`: it is in memory.
    #[must_use]
    pub fn undo_log(&self) -> Option<UndoLog> {
        self.disk.as_ref().map(|disk| UndoLog::of(&disk.directory))
    }

    /// The names of runs that broke off, of which something may still be running, and the name of this run. `None`: the
    /// host is in memory, and runs have no names.
    #[must_use]
    pub fn runs(&self) -> Option<(&[String], &str)> {
        self.disk.as_ref().map(|disk| disk.lock.runs())
    }

    /// Takes in that nothing of earlier runs is running any more.
    pub fn end_earlier_runs(&mut self) {
        if let Some(disk) = &mut self.disk {
            disk.lock.end_earlier_runs();
        }
    }

    /// Makes records durable before what they tell of begins. What the state says already isn't written again.
    ///
    /// # Errors
    /// They can't be written. What they tell of must not begin then.
    pub fn promise(&mut self, records: Vec<LedgerRecord>) -> Result<(), StateError> {
        self.write(records, true)
    }

    /// Takes in what happened. Were it lost, the next run would do more than it has to, and nothing less.
    ///
    /// # Errors
    /// It can't be written.
    pub fn tell(&mut self, records: Vec<LedgerRecord>) -> Result<(), StateError> {
        self.write(records, false)
    }

    /// Takes in that a resource is as desired. It is written when the run ends.
    pub fn settle(&mut self, record: &LedgerRecord) {
        self.ledger.take(record);
    }

    fn write(&mut self, mut records: Vec<LedgerRecord>, durably: bool) -> Result<(), StateError> {
        records.retain(|record| !self.ledger.says(record));
        if let Some(disk) = &mut self.disk {
            disk.journal.append(&records, durably)?;
        }
        records.iter().for_each(|record| self.ledger.take(record));
        Ok(())
    }

    /// Says what the run is doing, for whoever finds the host locked.
    pub fn say(&mut self, phase: &str) {
        if let Some(disk) = &mut self.disk {
            disk.lock.say(phase);
        }
    }

    /// The run that came last was undone: we own what we owned before it, and owe what is owed since.
    ///
    /// # Errors
    /// It can't be written.
    pub fn take_back(&mut self, before: Ledger) -> Result<(), StateError> {
        self.ledger.owned = before.owned;
        self.ledger.catalog = before.catalog;
        self.fold()
    }

    /// Ends the run, which has brought the host to the catalog with this digest, or as near to it as it got.
    ///
    /// # Errors
    /// The ledger can't be written; the journal says all that it would have said.
    pub fn finish(&mut self, catalog: Option<String>) -> Result<(), StateError> {
        if catalog.is_some() {
            self.ledger.catalog = catalog;
        }
        self.fold()
    }

    /// Writes the ledger with all that the journal says, and begins a new journal; nothing if there is nothing new.
    fn fold(&mut self) -> Result<(), StateError> {
        let Some(disk) = &mut self.disk else { return Ok(()) };
        if self.is_mended && self.ledger == self.written && disk.journal.is_empty() {
            return Ok(());
        }
        self.ledger.generation = self.written.generation + 1;
        let path = disk.directory.join(LEDGER);
        let json = serde_json::to_vec(&LedgerFile::from(&self.ledger)).map_err(|error| StateError::Damaged {
            file: path.display().to_string(),
            why: error.to_string(),
        })?;
        disk::replace(&path, &json)?;
        self.written = self.ledger.clone();
        self.is_mended = true;
        // Killed here: the journal is of an older generation, and isn't read.
        disk.journal.begin(self.ledger.generation)
    }
}

/// Keeps everybody else out, whoever made the directory.
fn close(directory: &Path) -> Result<(), StateError> {
    let closed = || -> std::io::Result<()> {
        let mut permissions = std::fs::metadata(directory)?.permissions();
        if permissions.mode() & 0o777 != 0o700 {
            permissions.set_mode(0o700);
            std::fs::set_permissions(directory, permissions)?;
        }
        Ok(())
    };
    closed().map_err(|error| failed("keep others out of", directory, &error))
}

/// The same for a host that no run works on, and that whoever calls this keeps runs from.
///
/// # Errors
/// The state can't be read or written.
pub fn take_back(directory: &Path, before: Ledger) -> Result<(), StateError> {
    let ((written, mut ledger), mut journal) = read(directory)?;
    set_aside(directory, &written, &ledger)?;
    ledger.owned = before.owned;
    ledger.catalog = before.catalog;
    ledger.generation = written.generation + 1;
    let path = directory.join(LEDGER);
    let json = serde_json::to_vec(&LedgerFile::from(&ledger)).map_err(|error| StateError::Damaged {
        file: path.display().to_string(),
        why: error.to_string(),
    })?;
    disk::replace(&path, &json)?;
    journal.begin(ledger.generation)
}

type LedgerOnDiskAndNow = (Ledger, Ledger);

/// The ledger on disk and with what the journal adds, and the journal. What is damaged stands in the second.
fn read(directory: &Path) -> Result<(LedgerOnDiskAndNow, Journal), StateError> {
    let mut written = read_ledger(&directory.join(LEDGER))?;
    let (journal, said) = Journal::open(directory.join(JOURNAL), written.generation)?;
    // A ledger that doesn't know its own generation takes it from the journal that went on from it.
    written.generation = written.generation.max(said.generation.unwrap_or_default());
    let mut ledger = written.clone();
    said.records.iter().for_each(|record| ledger.take(record));
    if let Some(damage) = said.damage {
        ledger.damage.parts.push(damage);
        ledger.damage.may_owe_more = true;
    }
    ledger.damage.owing.extend(said.owing);
    Ok(((written, ledger), journal))
}

/// Keeps a copy of each damaged file beside it.
fn set_aside(directory: &Path, written: &Ledger, now: &Ledger) -> Result<(), StateError> {
    if !written.damage.is_none() {
        disk::set_aside(&directory.join(LEDGER))?;
    }
    if written.damage.parts != now.damage.parts {
        disk::set_aside(&directory.join(JOURNAL))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AfterFailure, Ownership, RefreshAction, RefreshCause, Timing};
    use crate::state::Mismatch;
    use crate::words::{HostName, ResourceId};

    fn identity(cluster: &str, host: &str, machine: &str) -> HostIdentity {
        HostIdentity {
            cluster: cluster.to_owned(),
            host: HostName::new(host).unwrap(),
            machine: Some(machine.to_owned()),
        }
    }

    fn open(directory: &Path) -> Result<Store, StateError> {
        Store::open(
            directory,
            &identity("lab", "zk-1", "m1"),
            &Takeover::default(),
            "anna@here",
        )
    }

    fn id(text: &str) -> ResourceId {
        text.parse().unwrap()
    }

    fn owed() -> LedgerRecord {
        LedgerRecord::Owed {
            target: id("service[zookeeper]"),
            action: RefreshAction::Restart,
            timing: Timing::Delayed,
            after_failure: AfterFailure::default(),
            cause: RefreshCause {
                id: id("file[/etc/zoo.cfg]"),
                before: Some("digest".to_owned()),
            },
            boot: None,
        }
    }

    #[test]
    fn promises_survive_a_run_that_breaks_off_and_cleared_ones_don_t_come_back() {
        let directory = tempfile::tempdir().unwrap();
        open(directory.path()).unwrap().promise(vec![owed()]).unwrap();
        let mut store = open(directory.path()).unwrap();
        assert_eq!(
            store.ledger().owed.keys().collect::<Vec<_>>(),
            [&id("service[zookeeper]")]
        );
        let target = id("service[zookeeper]");
        store.tell(vec![LedgerRecord::Cleared { target }]).unwrap();
        drop(store);
        let mut store = open(directory.path()).unwrap();
        assert!(store.ledger().owed.is_empty());
        store.finish(Some("catalog".to_owned())).unwrap();
        drop(store);
        let store = open(directory.path()).unwrap();
        assert_eq!(
            (store.ledger().generation, store.ledger().catalog.as_deref()),
            (1, Some("catalog"))
        );
    }

    #[test]
    fn a_run_that_says_nothing_new_writes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let settled = LedgerRecord::Settled {
            id: id("file[/a]"),
            desired: "d".to_owned(),
            ownership: Ownership::Adopted,
            place: 0,
        };
        for generation in [1, 1] {
            let mut store = open(directory.path()).unwrap();
            store.settle(&settled);
            store.finish(Some("catalog".to_owned())).unwrap();
            assert_eq!(store.ledger().generation, generation);
        }
    }

    #[test]
    fn the_state_of_others_is_refused_until_it_is_said_to_be_meant() {
        let directory = tempfile::tempdir().unwrap();
        let mut store = open(directory.path()).unwrap();
        store.promise(vec![owed()]).unwrap();
        drop(store);
        let renamed = Takeover {
            renamed_from: Some(HostName::new("zk-1").unwrap()),
            ..Takeover::default()
        };
        let reimaged = Takeover {
            reimaged: true,
            ..Takeover::default()
        };
        let adopt = Takeover {
            adopt: true,
            ..Takeover::default()
        };
        for (other, takeover, mismatch, keeps) in [
            (
                identity("lab", "zk-2", "m1"),
                renamed,
                Mismatch::Host {
                    found: HostName::new("zk-1").unwrap(),
                    expected: HostName::new("zk-2").unwrap(),
                },
                true,
            ),
            (
                identity("other", "zk-2", "m1"),
                adopt,
                Mismatch::Cluster {
                    found: "lab".to_owned(),
                    expected: "other".to_owned(),
                },
                false,
            ),
            (identity("other", "zk-2", "m2"), reimaged, Mismatch::Machine, false),
        ] {
            let open = |takeover: &Takeover| Store::open(directory.path(), &other, takeover, "anna@here");
            assert_eq!(open(&Takeover::default()).unwrap_err(), StateError::Foreign(mismatch));
            assert_eq!(!open(&takeover).unwrap().ledger().owed.is_empty(), keeps);
            assert!(open(&Takeover::default()).is_ok());
        }
    }

    #[test]
    fn nobody_else_reads_the_state() {
        let place = tempfile::tempdir().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let state = place.path().join("var/lib/mesos-iac");
        let mut store = open(&state).unwrap();
        store.promise(vec![owed()]).unwrap();
        store.finish(None).unwrap();
        drop(store);
        assert_eq!(mode(&state), 0o700);
        for name in [LEDGER, JOURNAL] {
            assert_eq!(mode(&state.join(name)), 0o600, "{name}");
        }
        std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o755)).unwrap();
        open(&state).unwrap();
        assert_eq!(mode(&state), 0o700);
    }

    #[test]
    fn a_newer_ledger_is_refused_and_left_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(LEDGER);
        let text = r#"{"format":99,"whatever":true}"#;
        std::fs::write(&path, text).unwrap();
        assert!(matches!(open(directory.path()), Err(StateError::Newer { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }

    const DAMAGED: &str = r#"{"format":1,"generation":7,"catalog":"c","owned":[[{"kind":"core.file","key":"/a"},{"ownership":"Created","desired":"d","place":0,"inverse":null}],[{"kind":"core.file","key":"/b"},{"ownership":"Bananas","desired":"d","place":0,"inverse":null}]],"owed":[[{"kind":"core.service","key":"zookeeper"},{"action":"Restart","timing":"Now","after_failure":"HoldIfNeeded","because":[{"id":{"kind":"core.file","key":"/a"},"before":"1"}],"boot":"b"}],[{"kind":"core.service","key":"mesos-slave"},{"action":"Reload","timing":"Delayed","after_failure":"HoldIfNeeded","because":[{"id":{"kind":"core.file","key":"/a"},"before":null}],"boot":"b"}]]}"#;

    #[test]
    fn an_entry_that_can_t_be_read_is_told_by_name_and_costs_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(LEDGER);
        std::fs::write(&path, DAMAGED).unwrap();
        let looked = Store::look(directory.path(), &identity("lab", "zk-1", "m1"), &Takeover::default()).unwrap();
        assert!(
            !path.with_file_name("ledger.json.damaged").exists(),
            "a look changes nothing"
        );
        let mut store = open(directory.path()).unwrap();
        let ledger = store.ledger();
        assert_eq!(*ledger, looked);
        assert_eq!((ledger.generation, ledger.catalog.as_deref()), (7, Some("c")));
        assert_eq!(ledger.owned[&id("file[/a]")].ownership, Ownership::Created);
        assert_eq!(ledger.owned[&id("file[/b]")].ownership, Ownership::Adopted);
        let owed = &ledger.owed[&id("service[zookeeper]")];
        assert_eq!((owed.action, owed.boot.as_deref()), (RefreshAction::Restart, None));
        assert_eq!(owed.because[&id("service[zookeeper]")], None);
        assert_eq!(ledger.owed[&id("service[mesos-slave]")].boot.as_deref(), Some("b"));
        assert_eq!(
            ledger.damage.parts,
            [
                "ledger.json: how we came to own file[/b]: unknown variant `Bananas`, expected one of `Created`, \
                 `Adopted`, `Transient`; it is never removed",
                "ledger.json: what service[zookeeper] is owed: unknown variant `Now`, expected `Delayed` or `Immediate`",
            ]
        );
        assert_eq!(ledger.damage.owing, [id("service[zookeeper]")].into());
        assert!(!ledger.damage.may_owe_more);
        // Told until a run came to its end; then the file is in order.
        drop(store);
        store = open(directory.path()).unwrap();
        assert!(!store.ledger().damage.is_none());
        store.finish(None).unwrap();
        drop(store);
        let store = open(directory.path()).unwrap();
        assert!(store.ledger().damage.is_none());
        assert_eq!((store.ledger().generation, store.ledger().owed.len()), (8, 2));
        let aside = std::fs::read_to_string(path.with_file_name("ledger.json.damaged")).unwrap();
        assert_eq!(aside, DAMAGED);
    }

    #[test]
    fn of_a_ledger_that_says_nothing_everything_is_unknown_and_each_one_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(LEDGER);
        let mut store = open(directory.path()).unwrap();
        store.finish(Some("c".to_owned())).unwrap();
        store.promise(vec![owed()]).unwrap();
        drop(store);
        for (nth, text) in ["{", r#"{"format":1}"#, "[]", r#"{"format":1}"#, r#"{"generation":2}"#]
            .into_iter()
            .enumerate()
        {
            std::fs::write(&path, text).unwrap();
            let mut store = open(directory.path()).unwrap();
            let damage = &store.ledger().damage;
            assert!(damage.may_owe_more, "{text}: {damage:?}");
            // What the journal says is as good as before.
            assert!(
                store
                    .ledger()
                    .owes(&id("service[zookeeper]"), &id("file[/etc/zoo.cfg]"))
                    || nth > 0
            );
            assert!(store.ledger().generation >= 1, "{text}");
            store.finish(None).unwrap();
        }
        let kept = ["damaged", "damaged-2", "damaged-3", "damaged-4"];
        let kept = kept.map(|end| std::fs::read_to_string(path.with_file_name(format!("ledger.json.{end}"))).unwrap());
        assert_eq!(kept, ["{", r#"{"format":1}"#, "[]", r#"{"generation":2}"#]);
        assert!(!path.with_file_name("ledger.json.damaged-5").exists());
    }

    #[test]
    fn the_first_form_of_the_ledger_is_read() {
        let directory = tempfile::tempdir().unwrap();
        let text = r#"{"format":1,"generation":7,"catalog":"c","owned":[[{"kind":"core.file","key":"/a"},{"ownership":"Created","desired":"d","place":0,"inverse":null}]],"owed":[[{"kind":"core.service","key":"zookeeper"},{"action":"Restart","timing":"Delayed","after_failure":"HoldIfNeeded","because":[{"id":{"kind":"core.file","key":"/a"},"before":null}],"boot":"b"}]]}"#;
        std::fs::write(directory.path().join("ledger.json"), text).unwrap();
        let store = open(directory.path()).unwrap();
        let ledger = store.ledger();
        assert_eq!((ledger.generation, ledger.owned.len(), ledger.owed.len()), (7, 1, 1));
    }
}
