use super::directories::Directories;
use super::guarded::guarded;
use super::locations::shared_locations;
use super::owed::judge_owed;
use super::types::{Because, Certainty, Plan, Planned, PlannedOrphan, PlannedRefresh, PlannedResource};
use crate::model::{
    Catalog, Check, Diff, Entry, Error, Ledger, Orphan, OwedRefresh, Ownership, ReadSystem, Reason, RefreshAction,
    SystemError,
};
use crate::words::ResourceId;
use std::collections::{BTreeMap, HashMap};

/// What is known of an entry once it has been planned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Same,
    Changes,
    Open,
    Fails,
}

/// What is known of all entries that have been planned.
struct Fates<'c>(HashMap<&'c ResourceId, (Fate, &'c ResourceId)>);

impl<'c> Fates<'c> {
    fn with_capacity(count: usize) -> Self {
        Self(HashMap::with_capacity(count))
    }

    fn insert(&mut self, entry: &'c Entry, fate: Fate) {
        self.0.insert(&entry.id, (fate, &entry.id));
    }

    /// An anchor fails with any of what it comes after, and changes with any of it, in whose name it does.
    fn pass(&mut self, anchor: &'c Entry) {
        let first = |wanted: &[Fate]| self.first(anchor, wanted);
        let known = first(&[Fate::Fails]).or_else(|| first(&[Fate::Changes, Fate::Open]));
        self.0.insert(&anchor.id, known.unwrap_or((Fate::Same, &anchor.id)));
    }

    fn of(&self, id: &ResourceId) -> Fate {
        self.0.get(id).map_or(Fate::Same, |(fate, _)| *fate)
    }

    /// The first of what an entry comes after that has one of these fates.
    fn first(&self, entry: &Entry, wanted: &[Fate]) -> Option<(Fate, &'c ResourceId)> {
        let known = entry.after.iter().filter_map(|edge| self.0.get(&edge.on).copied());
        known.into_iter().find(|(fate, _)| wanted.contains(fate))
    }
}

/// Plans a run on one host, whose ledger tells what earlier runs left. Nothing is changed, and no guard is run that isn't
/// marked as read-only.
pub fn plan(catalog: &Catalog, system: &dyn ReadSystem, ledger: &Ledger) -> Plan {
    let owed = owed(catalog, system, ledger);
    let mut fates = Fates::with_capacity(catalog.entries.len());
    let mut plan = Plan {
        orphans: ledger
            .orphans(catalog)
            .into_iter()
            .map(|orphan| plan_orphan(orphan, system))
            .collect(),
        generation: ledger.generation,
        applied: ledger.catalog.clone(),
        ..Plan::default()
    };
    let mut directories = Directories::default();
    let mut satisfied = BTreeMap::<&ResourceId, Diff>::new();
    let shared = shared_locations(catalog, system);
    for entry in &catalog.entries {
        if entry.is_anchor() {
            fates.pass(entry);
            directories.pass(entry);
            continue;
        }
        let planned = plan_entry(entry, system, &fates, &directories, shared.get(&entry.id));
        let fate = match &planned {
            Planned::NoChange => Fate::Same,
            Planned::WouldChange(diff) => {
                satisfied.insert(&entry.id, diff.clone());
                Fate::Changes
            }
            Planned::Unknown {
                because: Because::Unknowable(_),
                ..
            } => Fate::Same,
            Planned::Unknown { as_it_stands, .. } => {
                if let Some(diff) = as_it_stands {
                    satisfied.insert(&entry.id, diff.clone());
                }
                Fate::Open
            }
            Planned::Failed(_) | Planned::Skipped { .. } => Fate::Fails,
        };
        fates.insert(entry, fate);
        let change = match &planned {
            Planned::WouldChange(diff) => Some(diff.clone()),
            _ => (fate == Fate::Open).then(Diff::new),
        };
        directories.note(entry, change.as_ref());
        let cause = match &planned {
            Planned::WouldChange(_) => entry.digest().ok().map(|desired| ledger.cause(&entry.id, &desired)),
            _ => None,
        };
        plan.resources.push(PlannedResource {
            id: entry.id.clone(),
            planned,
            cause,
        });
    }
    for entry in catalog.resources() {
        if fates.of(&entry.id) != Fate::Fails {
            let refresh = plan_refresh(entry, &fates, satisfied.get(&entry.id), owed.get(&entry.id));
            plan.refreshes.extend(refresh);
        }
    }
    plan
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

fn plan_entry(
    entry: &Entry,
    system: &dyn ReadSystem,
    fates: &Fates<'_>,
    directories: &Directories<'_>,
    shared: Option<&String>,
) -> Planned {
    if let Some((_, failed)) = fates.first(entry, &[Fate::Fails]) {
        return Planned::Skipped {
            because: failed.clone(),
        };
    }
    if let Some(why) = shared {
        return Planned::Failed(why.clone());
    }
    let moving = |id: &ResourceId| matches!(fates.of(id), Fate::Changes | Fate::Open);
    let upstream = || {
        let moving = fates.first(entry, &[Fate::Changes, Fate::Open]);
        moving.map(|(_, id)| Because::Upstream(id.clone()))
    };
    // What a package brings along can't be seen before it is there, so neither can a difference from it.
    let provider = || {
        let provided = entry
            .after
            .iter()
            .find(|edge| edge.because == Reason::Provider && moving(&edge.on));
        provided.map(|edge| Because::Upstream(edge.on.clone()))
    };
    match guarded("check", || entry.resource.behavior().check(system)) {
        Ok(Check::NoChange) => Planned::NoChange,
        Ok(Check::Change(diff)) => match provider() {
            Some(because) => Planned::Unknown {
                because,
                as_it_stands: Some(diff),
            },
            None => directories.judge(entry, diff, system),
        },
        Err(Error::System(SystemError::GuardNotRun { .. })) => unknown(Because::GuardNotRun),
        Err(Error::System(error @ SystemError::Unknowable { .. })) => unknown(Because::Unknowable(error.to_string())),
        Err(error) => upstream().map_or_else(|| Planned::Failed(error.to_string()), unknown),
    }
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

const fn unknown(because: Because) -> Planned {
    Planned::Unknown {
        because,
        as_it_stands: None,
    }
}

/// The refresh that an entry would get: the strongest of those that it asked for.
fn plan_refresh(
    entry: &Entry,
    fates: &Fates<'_>,
    own: Option<&Diff>,
    owed: Option<&OwedRefresh>,
) -> Option<PlannedRefresh> {
    let mut action: Option<RefreshAction> = None;
    let mut certainty = Certainty::IfChanged;
    let mut because = Vec::new();
    let is_satisfied = |action| own.is_some_and(|diff| entry.resource.behavior().satisfies(diff, action));
    if let Some(owed) = owed
        && !is_satisfied(owed.action)
    {
        action = Some(owed.action);
        certainty = Certainty::Pending;
        because.extend(owed.because.keys().cloned());
    }
    for subscription in &entry.refresh_on {
        let sure = match fates.of(&subscription.on) {
            Fate::Changes => Certainty::Certain,
            Fate::Open => Certainty::IfChanged,
            _ => continue,
        };
        if is_satisfied(subscription.action) {
            continue;
        }
        action = Some(action.map_or(subscription.action, |so_far| so_far.max(subscription.action)));
        certainty = certainty.min(sure);
        because.push(subscription.on.clone());
    }
    because.sort();
    because.dedup();
    Some(PlannedRefresh {
        target: entry.id.clone(),
        action: action?,
        certainty,
        because,
    })
}
