//! What a plan that was saved bounds: a run may do what it says, and nothing else.

use super::types::{Plan, Planned, PlannedRefresh, PlannedResource};
use super::unified::change_text;
use crate::model::{Catalog, Entry, PackageChange, RefreshAction, Shown};
use crate::words::{ResourceId, check_package_version};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Something that a host isn't any more as a plan says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Difference {
    /// What.
    pub id: ResourceId,
    /// What the plan says of it, line by line.
    pub planned: Vec<String>,
    /// What it would be now, line by line.
    pub now: Vec<String>,
}

impl Difference {
    /// All of it, for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.id.to_string(), "the plan says:".to_owned()];
        lines.extend(self.planned.iter().map(|line| format!("  {line}")));
        lines.push("now:".to_owned());
        lines.extend(self.now.iter().map(|line| format!("  {line}")));
        lines
    }
}

/// What a run may do that a plan bounds. It leaves the rest as it is, and says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The resources that it may change.
    pub changes: BTreeSet<ResourceId>,
    /// The targets that it may refresh, and the strongest refresh that each may get.
    pub refreshes: BTreeMap<ResourceId, RefreshAction>,
    /// The orphans that it may remove, if it is asked to prune.
    pub removed: BTreeSet<ResourceId>,
    /// The orphans that it may release and mustn't touch, if it is asked to prune.
    pub released: BTreeSet<ResourceId>,
}

impl Plan {
    /// What a run may do that this plan of the catalog bounds. What the plan foresees to be held isn't done by such a run:
    /// nobody has agreed to it.
    #[must_use]
    pub fn bounds(&self, catalog: &Catalog) -> Bounds {
        let orphans = |is_meant: fn(&Planned) -> bool| {
            let meant = self.orphans.iter().filter(|orphan| is_meant(&orphan.removal));
            meant.map(|orphan| orphan.id.clone()).collect()
        };
        Bounds {
            changes: self.changes(),
            refreshes: self.foreseen(catalog, |refresh| refresh.held.is_none()),
            removed: orphans(|removal| matches!(removal, Planned::WouldChange(_))),
            released: orphans(|removal| matches!(removal, Planned::NoChange)),
        }
    }

    /// The strongest refresh of each target that the plan foresees. A change that does what a refresh does is one, too: a
    /// run that broke off behind a service's start left it to the next one to find that out.
    fn foreseen(
        &self,
        catalog: &Catalog,
        is_meant: fn(&PlannedRefresh) -> bool,
    ) -> BTreeMap<ResourceId, RefreshAction> {
        let entries: HashMap<&ResourceId, &Entry> = catalog.entries.iter().map(|entry| (&entry.id, entry)).collect();
        let mut foreseen = BTreeMap::new();
        for resource in &self.resources {
            let (Planned::WouldChange(diff)
            | Planned::Unknown {
                as_it_stands: Some(diff),
                ..
            }) = &resource.planned
            else {
                continue;
            };
            let Some(entry) = entries.get(&resource.id) else {
                continue;
            };
            let behavior = entry.resource.behavior();
            let actions = [RefreshAction::Rerun, RefreshAction::Reload, RefreshAction::Restart];
            let done = actions
                .into_iter()
                .filter(|action| behavior.satisfies(diff, *action))
                .max();
            foreseen.extend(done.map(|action| (resource.id.clone(), action)));
        }
        for refresh in self.refreshes.iter().filter(|refresh| is_meant(refresh)) {
            let strongest = foreseen.entry(refresh.target.clone()).or_insert(refresh.action);
            *strongest = (*strongest).max(refresh.action);
        }
        foreseen
    }

    fn changes(&self) -> BTreeSet<ResourceId> {
        let may_change = |planned: &Planned| matches!(planned, Planned::WouldChange(_) | Planned::Unknown { .. });
        let planned = self.resources.iter().filter(|resource| may_change(&resource.planned));
        planned.map(|resource| resource.id.clone()).collect()
    }

    /// The exact versions that the plan says packages get. A run that it bounds installs these and no others, whatever the
    /// repositories offer by then.
    #[must_use]
    pub fn versions(&self) -> BTreeMap<ResourceId, String> {
        let version = |resource: &PlannedResource| {
            let Planned::WouldChange(diff) = &resource.planned else {
                return None;
            };
            match &diff.change("version")?.to {
                Shown::Value(version) if check_package_version(version).is_ok() => {
                    Some((resource.id.clone(), version.clone()))
                }
                _ => None,
            }
        };
        self.resources.iter().filter_map(version).collect()
    }
}

/// What a run would do now that the earlier plan doesn't say. What is done already is no difference: a run that broke off
/// can be repeated with the same plan. Only what the planned changes read is looked at.
#[must_use]
pub fn beyond(earlier: &Plan, now: &Plan, catalog: &Catalog) -> Vec<Difference> {
    let earlier_of: BTreeMap<&ResourceId, &PlannedResource> = earlier
        .resources
        .iter()
        .map(|resource| (&resource.id, resource))
        .collect();
    let read = read_by(earlier, catalog);
    let mut differences = Vec::new();
    for resource in &now.resources {
        let Some(known) = earlier_of.get(&resource.id) else {
            continue;
        };
        let planned = &known.planned;
        let is_within = match (planned, &resource.planned) {
            (_, Planned::NoChange) | (Planned::Unknown { .. }, _) => true,
            (planned, now) => planned == now,
        };
        // A plan that was made before the host had a key bounds nothing of its secrets.
        let is_broken = known.seal.is_some() && resource.seal != known.seal && resource.planned != Planned::NoChange;
        if read.contains(&resource.id) && !is_within {
            differences.push(Difference {
                id: resource.id.clone(),
                planned: told(planned),
                now: told(&resource.planned),
            });
        } else if read.contains(&resource.id) && is_broken {
            let mut now = told(&resource.planned);
            now.push("the secret that is there, or that it is to be, isn't the one of the plan".to_owned());
            differences.push(Difference {
                id: resource.id.clone(),
                planned: told(planned),
                now,
            });
        }
    }
    differences.extend(along_differences(earlier, now));
    // A restart includes a reload, and not the other way round.
    let foreseen = earlier.foreseen(catalog, |_| true);
    let is_beyond = |refresh: &&PlannedRefresh| {
        let known = foreseen.get(&refresh.target);
        refresh.held.is_none() && read.contains(&refresh.target) && known.is_none_or(|known| *known < refresh.action)
    };
    differences.extend(now.refreshes.iter().filter(is_beyond).map(|refresh| Difference {
        id: refresh.target.clone(),
        planned: vec![match foreseen.get(&refresh.target) {
            Some(known) => format!("it gets a {known}"),
            None => "no refresh".to_owned(),
        }],
        now: vec![format!("it would get a {}", refresh.action)],
    }));
    differences
}

/// What package transactions would bring along now and the plan doesn't say. What came along already is no difference.
fn along_differences(earlier: &Plan, now: &Plan) -> Vec<Difference> {
    // A plan that couldn't tell what comes along bounds nothing of it.
    if earlier
        .transactions
        .iter()
        .any(|transaction| transaction.unknown.is_some())
    {
        return Vec::new();
    }
    let known: Vec<&PackageChange> = earlier.transactions.iter().flat_map(|one| &one.along).collect();
    let mut differences = Vec::new();
    for transaction in &now.transactions {
        let Some(id) = transaction.of.first() else { continue };
        for change in transaction.along.iter().filter(|change| !known.contains(change)) {
            let planned = known.iter().find(|planned| planned.name == change.name);
            let along = |change: &PackageChange| vec![format!("along with it: {change}")];
            differences.push(Difference {
                id: id.clone(),
                planned: planned.map_or_else(
                    || vec![format!("{} doesn't come along", change.name)],
                    |planned| along(planned),
                ),
                now: along(change),
            });
        }
    }
    differences
}

/// What the plan changes or refreshes, and all that this depends on.
fn read_by(plan: &Plan, catalog: &Catalog) -> BTreeSet<ResourceId> {
    let mut read = plan.changes();
    read.extend(plan.refreshes.iter().map(|refresh| refresh.target.clone()));
    // What an entry depends on stands before it.
    for entry in catalog.entries.iter().rev() {
        if read.contains(&entry.id) {
            read.extend(entry.after.iter().map(|edge| edge.on.clone()));
        }
    }
    read
}

fn told(planned: &Planned) -> Vec<String> {
    match planned {
        Planned::NoChange => vec!["it is as desired".to_owned()],
        Planned::WouldChange(diff) => change_text(diff).lines,
        Planned::Unknown { because, .. } => vec![format!("it can't be known: {because}")],
        Planned::Failed(why) => vec![format!("it can't be planned: failed to {why}")],
        Planned::Skipped { because } => vec![format!("it would be skipped: {because} can't be planned")],
    }
}
