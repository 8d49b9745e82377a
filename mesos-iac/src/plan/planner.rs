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

/// Plans a run on one host, whose ledger tells what earlier runs left. Nothing is changed, and no guard is run that isn't
/// marked as read-only.
pub fn plan(catalog: &Catalog, system: &dyn ReadSystem, ledger: &Ledger) -> Plan {
    let owed = owed(catalog, system, ledger);
    let mut fates = HashMap::<&ResourceId, Fate>::with_capacity(catalog.entries.len());
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
        fates.insert(&entry.id, fate);
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
    for entry in &catalog.entries {
        if fates.get(&entry.id) != Some(&Fate::Fails) {
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
    fates: &HashMap<&ResourceId, Fate>,
    directories: &Directories<'_>,
    shared: Option<&String>,
) -> Planned {
    let fate = |id: &ResourceId| fates.get(id).copied().unwrap_or(Fate::Same);
    if let Some(failed) = entry.after.iter().find(|edge| fate(&edge.on) == Fate::Fails) {
        return Planned::Skipped {
            because: failed.on.clone(),
        };
    }
    if let Some(why) = shared {
        return Planned::Failed(why.clone());
    }
    let moving = |id: &ResourceId| matches!(fate(id), Fate::Changes | Fate::Open);
    let upstream = || {
        entry
            .after
            .iter()
            .find(|edge| moving(&edge.on))
            .map(|edge| Because::Upstream(edge.on.clone()))
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
    fates: &HashMap<&ResourceId, Fate>,
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
        let sure = match fates.get(&subscription.on) {
            Some(Fate::Changes) => Certainty::Certain,
            Some(Fate::Open) => Certainty::IfChanged,
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
