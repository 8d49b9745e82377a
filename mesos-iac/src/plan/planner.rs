use super::accounts::Accounts;
use super::directories::Directories;
use super::guarded::guarded;
use super::links::Linked;
use super::locations::Locations;
use super::owed::judge_owed;
use super::packages::{Forecast, Foreseen};
use super::provided::{brings, is_called, lacks, makes_unit, minds_company, replaces};
use super::refreshes::{Fate, Outlook};
use super::types::{Because, Doubt, Plan, Planned, PlannedOrphan, PlannedResource};
use super::witness::Witness;
use crate::model::{
    Catalog, Check, Diff, Effects, Entry, Error, Ledger, Orphan, OwedRefresh, Ownership, ReadSystem, Reason,
    SystemError, Work,
};
use crate::words::ResourceId;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Plans a run on one host, whose ledger tells what earlier runs left. Nothing is changed, and no guard is run that isn't
/// marked as read-only.
///
/// What depends on something that changes first and that nobody can foresee is unknown, and never guessed: what a package
/// brings along, what a command that is asked answers then. Links that the catalog makes lead where they will lead. The package manager is asked once for each transaction, and
/// only where a package would change.
pub fn plan(catalog: &Catalog, system: &dyn ReadSystem, ledger: &Ledger) -> Plan {
    let linked = Linked::new(catalog, system);
    let system = linked.system();
    let mut left_out = HashSet::new();
    loop {
        let forecast = Forecast::of(catalog, system, &left_out);
        let plan = Planner::new(catalog, system, ledger, &forecast).plan(ledger);
        let is_skipped = |resource: &&PlannedResource| {
            matches!(resource.planned, Planned::Skipped { .. }) && forecast.has(&resource.id)
        };
        let skipped: Vec<ResourceId> = plan
            .resources
            .iter()
            .filter(is_skipped)
            .map(|one| one.id.clone())
            .collect();
        if skipped.is_empty() {
            return Plan {
                transactions: forecast.transactions,
                ..plan
            };
        }
        // What is skipped takes no part in a transaction. There are fewer packages each time, so this ends.
        left_out.extend(skipped);
    }
}

/// What we own on one host and the definition doesn't have any more. Nothing else is looked at, so no secret is needed.
pub fn plan_orphans(catalog: &Catalog, system: &dyn ReadSystem, ledger: &Ledger) -> Plan {
    let orphans = ledger.orphans(catalog).into_iter();
    Plan {
        orphans: orphans.map(|orphan| plan_orphan(orphan, system)).collect(),
        generation: ledger.generation,
        applied: ledger.catalog.clone(),
        ..Plan::default()
    }
}

/// What the look at an entry came to.
enum Looked {
    /// This, whatever a run would try.
    Settled(Planned),
    /// A difference, of which it is to be seen whether it can be done away with; and what the entry is about.
    Differs(Effects, Diff),
}

struct Planner<'c, 'p> {
    catalog: &'c Catalog,
    entries: HashMap<&'c ResourceId, &'c Entry>,
    system: &'p dyn ReadSystem,
    forecast: &'p Forecast<'c>,
    owed: BTreeMap<ResourceId, OwedRefresh>,
    shared: HashMap<&'c ResourceId, String>,
    directories: Directories<'c>,
    accounts: Accounts,
    outlook: Outlook<'c>,
}

impl<'c, 'p> Planner<'c, 'p> {
    fn new(catalog: &'c Catalog, system: &'p dyn ReadSystem, ledger: &Ledger, forecast: &'p Forecast<'c>) -> Self {
        Self {
            catalog,
            entries: catalog.entries.iter().map(|entry| (&entry.id, entry)).collect(),
            system,
            forecast,
            owed: owed(catalog, system, ledger),
            shared: Locations::all(catalog, system).shared(system),
            directories: Directories::default(),
            accounts: Accounts::default(),
            outlook: Outlook::new(catalog.entries.len()),
        }
    }

    fn plan(mut self, ledger: &Ledger) -> Plan {
        let mut plan = plan_orphans(self.catalog, self.system, ledger);
        for entry in &self.catalog.entries {
            if entry.is_anchor() {
                self.outlook.pass(entry);
                self.directories.pass(entry);
                continue;
            }
            let (planned, tried) = self.plan_entry(entry);
            let fate = self.outlook.note(entry, &planned, tried);
            let change = match &planned {
                Planned::WouldChange(diff) => Some(diff.clone()),
                _ => matches!(fate, Fate::Open | Fate::Changes).then(Diff::new),
            };
            self.directories.note(entry, change.as_ref());
            if change.is_some() {
                self.accounts.note(entry);
            }
            let cause = match fate {
                Fate::Changes => entry.digest().ok().map(|desired| ledger.cause(&entry.id, &desired)),
                _ => None,
            };
            plan.resources.push(PlannedResource {
                id: entry.id.clone(),
                planned,
                cause,
                seal: None,
            });
        }
        for entry in self.catalog.resources() {
            let refresh = self.outlook.refresh(entry, self.owed.get(&entry.id), self.system);
            plan.refreshes.extend(refresh);
        }
        plan
    }

    /// What would be done to an entry, and whether a run would come to try it.
    fn plan_entry(&self, entry: &'c Entry) -> (Planned, bool) {
        match self.look_at(entry) {
            Looked::Settled(planned) => (planned, false),
            Looked::Differs(effects, diff) => (self.judge(entry, &effects, diff), true),
        }
    }

    fn look_at(&self, entry: &'c Entry) -> Looked {
        if let Some(failed) = self.outlook.after(entry, &[Fate::Fails]).next() {
            return Looked::Settled(Planned::Skipped {
                because: failed.clone(),
            });
        }
        if let Some(why) = self.shared.get(&entry.id) {
            return Looked::Settled(Planned::Failed(why.clone()));
        }
        let witness = Witness::new(self.system);
        let found = guarded("check", || entry.resource.behavior().check(&witness));
        let Some(moving) = self.moving(entry).next() else {
            // The usual case: nothing that it depends on changes.
            return match found {
                Ok(Check::NoChange) => Looked::Settled(Planned::NoChange),
                Ok(Check::Change(diff)) => Looked::Differs(entry.resource.behavior().effects(), diff),
                Err(error) => Looked::Settled(failure(error, None)),
            };
        };
        let effects = entry.resource.behavior().effects();
        let provider = self.provider(entry, &effects);
        let asked = || witness.has_probed().then_some(moving);
        Looked::Settled(match found {
            Ok(Check::NoChange) => {
                let adds = |first: &&ResourceId| {
                    let replaced = self
                        .entries
                        .get(*first)
                        .is_some_and(|first| replaces(&first.resource.behavior().effects(), &effects));
                    replaced || minds_company(&effects) || lacks(&effects, self.system)
                };
                match provider.filter(adds).or_else(asked) {
                    Some(first) => whether(first, None),
                    None => Planned::NoChange,
                }
            }
            // What is brought along can't be seen before it is there, so neither can a difference from it.
            Ok(Check::Change(diff)) => match provider.or_else(asked) {
                Some(first) => whether(first, Some(diff)),
                None => return Looked::Differs(effects, diff),
            },
            Err(Error::System(SystemError::Missing { what, name })) => {
                let mends = self.mends(entry, &name).or(provider);
                failure(Error::System(SystemError::Missing { what, name }), mends)
            }
            Err(error) => failure(error, Some(moving)),
        })
    }

    /// What the entry depends on and what would change, or might.
    fn moving<'e>(&'e self, entry: &'e Entry) -> impl Iterator<Item = &'c ResourceId> + 'e {
        self.outlook.after(entry, &[Fate::Changes, Fate::Open])
    }

    /// Something that changes first and brings along what the entry is about.
    fn provider(&self, entry: &Entry, effects: &Effects) -> Option<&'c ResourceId> {
        let brings = |id: &&ResourceId| {
            let first = self.entries.get(*id).map(|first| first.resource.behavior().effects());
            first.is_some_and(|first| brings(&first, effects) || makes_unit(&first, effects, self.system))
        };
        self.moving(entry).find(brings)
    }

    /// Something that comes first and may bring what a check didn't find: a package or command, or a file that is called
    /// so, such as a unit's.
    fn mends(&self, entry: &Entry, name: &str) -> Option<&'c ResourceId> {
        let is_called_so = |id: &&ResourceId| {
            let first = self.entries.get(*id);
            let writes = first.map(|first| first.resource.behavior().effects().writes);
            writes.into_iter().flatten().any(|effect| is_called(&effect, name))
        };
        let opened = self.directories.opened_by(entry);
        opened.or_else(|| self.moving(entry).find(is_called_so))
    }

    /// What becomes of a difference that nothing which changes first can do away with.
    fn judge(&self, entry: &'c Entry, effects: &Effects, diff: Diff) -> Planned {
        if let Some(foreseen) = self.forecast.foreseen(&entry.id) {
            return self.judge_package(entry, diff, foreseen);
        }
        let missing = self.directories.missing(entry, &diff, self.system);
        let missing = missing.or_else(|| self.accounts.missing(effects, self.system));
        match (missing, self.directories.opened_by(entry)) {
            (None, _) => Planned::WouldChange(diff),
            (Some(_), Some(first)) => whether(first, Some(diff)),
            (Some(error), None) => Planned::Failed(error.to_string()),
        }
    }

    fn judge_package(&self, entry: &Entry, diff: Diff, foreseen: &Foreseen<'_>) -> Planned {
        match foreseen {
            Foreseen::At(version) => {
                let exact = diff.clone().at_version(version);
                match self.repository(entry).filter(|_| exact != diff) {
                    Some(repository) => Planned::Unknown {
                        doubt: Doubt::How,
                        because: Because::Upstream(repository.clone()),
                        as_it_stands: Some(exact),
                    },
                    None => Planned::WouldChange(exact),
                }
            }
            Foreseen::ComesAlong(first) => whether(first, Some(diff)),
            Foreseen::Refused(error) => match self.moving(entry).next() {
                // Whatever changes first may be what makes the package available.
                Some(first) => whether(first, Some(diff)),
                None => Planned::Failed(error.to_string()),
            },
            Foreseen::NoLists => Planned::Unknown {
                doubt: Doubt::Whether,
                because: Because::NoLists,
                as_it_stands: Some(diff),
            },
        }
    }

    /// Something that changes first and may change which packages can be had: a repository, its files, a command.
    fn repository(&self, entry: &Entry) -> Option<&'c ResourceId> {
        let may = |id: &&ResourceId| {
            let reason = entry.after.iter().find(|edge| edge.on == **id).map(|edge| edge.because);
            let is_command = || {
                let first = self.entries.get(*id);
                first.is_some_and(|first| first.resource.behavior().work(&Diff::new()) == Work::Alone)
            };
            match reason {
                Some(Reason::Repository | Reason::Path) => true,
                Some(Reason::Declared | Reason::Refresh) => is_command(),
                _ => false,
            }
        };
        self.moving(entry).find(may)
    }
}

/// The refreshes that are owed still.
fn owed(catalog: &Catalog, system: &dyn ReadSystem, ledger: &Ledger) -> BTreeMap<ResourceId, OwedRefresh> {
    if ledger.owed.is_empty() {
        return BTreeMap::new();
    }
    let boot = system.boot().unwrap_or_default();
    let mut now = ledger.clone();
    for record in judge_owed(catalog, system, ledger, boot.as_deref()).records {
        now.take(&record);
    }
    now.owed
}

fn plan_orphan(orphan: Orphan, system: &dyn ReadSystem) -> PlannedOrphan {
    let removal = match &orphan.inverse {
        Some(inverse) if orphan.ownership == Ownership::Created => match inverse.resource() {
            Ok(inverse) => match guarded("check", || inverse.behavior().check(system)) {
                Ok(Check::NoChange) => Planned::NoChange,
                Ok(Check::Change(diff)) => Planned::WouldChange(diff),
                Err(error) => Planned::Failed(error.to_string()),
            },
            Err(why) => Planned::Failed(why),
        },
        _ => Planned::NoChange,
    };
    PlannedOrphan {
        id: orphan.id,
        ownership: orphan.ownership,
        removal,
    }
}

/// What becomes of a check that failed, where something may mend that first or not.
fn failure(error: Error, mends: Option<&ResourceId>) -> Planned {
    let unknown = |because| Planned::Unknown {
        doubt: Doubt::Whether,
        because,
        as_it_stands: None,
    };
    match (error, mends) {
        (Error::System(SystemError::GuardNotRun { .. }), _) => unknown(Because::GuardNotRun),
        (Error::System(error @ SystemError::Unknowable { .. }), _) => unknown(Because::Unknowable(error.to_string())),
        (_, Some(first)) => whether(first, None),
        (error, None) => Planned::Failed(error.to_string()),
    }
}

/// Nobody knows whether it differs once that has changed.
fn whether(first: &ResourceId, as_it_stands: Option<Diff>) -> Planned {
    Planned::Unknown {
        doubt: Doubt::Whether,
        because: Because::Upstream(first.clone()),
        as_it_stands,
    }
}
