//! What the package transactions of a run would come to: exact versions, and what comes along.

use super::guarded::guarded;
use super::types::PlannedTransaction;
use crate::model::{Catalog, Check, Diff, Edge, Entry, PackageChange, PackageRequest, ReadSystem, SystemError, Work};
use crate::words::ResourceId;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a transaction would do to a package that the definition names.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Foreseen<'c> {
    /// It gets this version.
    At(String),
    /// It comes along with the transaction before its own, in which this is.
    ComesAlong(&'c ResourceId),
    /// It can't be had, or can't go.
    Refused(SystemError),
    /// The host has no lists that it could be in.
    NoLists,
}

/// What all transactions of a run would come to.
#[derive(Default)]
pub(super) struct Forecast<'c> {
    foreseen: HashMap<&'c ResourceId, Foreseen<'c>>,
    members: HashSet<&'c ResourceId>,
    pub(super) transactions: Vec<PlannedTransaction>,
}

/// The packages of one transaction.
#[derive(Default)]
struct Members<'c> {
    ids: Vec<&'c ResourceId>,
    install: Vec<(&'c ResourceId, PackageRequest)>,
    remove: Vec<(&'c ResourceId, String)>,
}

impl<'c> Forecast<'c> {
    /// Asks the system once for each transaction, and not at all where no package would change.
    pub(super) fn of(catalog: &'c Catalog, system: &dyn ReadSystem, left_out: &HashSet<ResourceId>) -> Self {
        let mut forecast = Self::default();
        let mut known = Vec::<PackageChange>::new();
        let mut install = Vec::<PackageRequest>::new();
        let mut before = None;
        for members in transactions(catalog, system, left_out).into_values() {
            // A later transaction finds what the earlier ones brought.
            install.extend(members.install.iter().map(|(_, request)| request.clone()));
            let remove: Vec<String> = members.remove.iter().map(|(_, name)| name.clone()).collect();
            let mut transaction = PlannedTransaction {
                of: members.ids.iter().map(|id| (*id).clone()).collect(),
                ..PlannedTransaction::default()
            };
            match system.foresee_packages(&install, &remove) {
                Ok(found) => {
                    for (id, request) in &members.install {
                        let came_along = known.iter().any(|change| change.name == request.name);
                        let foreseen = match (found.refused.get(&request.name), before) {
                            (_, Some(before)) if came_along => Foreseen::ComesAlong(before),
                            (Some(_), _) if !found.has_lists => Foreseen::NoLists,
                            (Some(error), _) => Foreseen::Refused(error.clone()),
                            (None, _) => match found.version(&request.name) {
                                Some(version) => Foreseen::At(version.to_owned()),
                                None => continue,
                            },
                        };
                        forecast.foreseen.insert(id, foreseen);
                    }
                    for (id, name) in &members.remove {
                        if let Some(error) = found.refused.get(name) {
                            forecast.foreseen.insert(id, Foreseen::Refused(error.clone()));
                        }
                    }
                    let is_asked = |change: &PackageChange| {
                        let asked = install.iter().map(|request| &request.name).chain(&remove);
                        asked.into_iter().any(|name| *name == change.name)
                    };
                    let is_new = |change: &&PackageChange| !known.contains(change) && !is_asked(change);
                    transaction.along = found.changes.iter().filter(is_new).cloned().collect();
                    transaction.along.sort();
                    known = found.changes;
                }
                Err(error) => transaction.unknown = Some(error.to_string()),
            }
            before = members.ids.first().copied();
            forecast.members.extend(members.ids);
            forecast.transactions.push(transaction);
        }
        forecast
    }

    pub(super) fn foreseen(&self, id: &ResourceId) -> Option<&Foreseen<'c>> {
        self.foreseen.get(id)
    }

    /// Whether a package is in one of the transactions.
    pub(super) fn has(&self, id: &ResourceId) -> bool {
        self.members.contains(id)
    }
}

/// The packages that differ, by the transaction in which a run takes them: after as many others as the longest way to it
/// passes.
fn transactions<'c>(
    catalog: &'c Catalog,
    system: &dyn ReadSystem,
    left_out: &HashSet<ResourceId>,
) -> BTreeMap<usize, Members<'c>> {
    let mut transactions = BTreeMap::<usize, Members<'c>>::new();
    if !catalog.entries.iter().any(may_be_package) {
        return transactions;
    }
    let mut after = HashMap::<&ResourceId, usize>::with_capacity(catalog.entries.len());
    for entry in &catalog.entries {
        let passed = |edge: &Edge| after.get(&edge.on).copied().unwrap_or_default();
        let number = entry.after.iter().map(passed).max().unwrap_or_default();
        let work = if may_be_package(entry) && !left_out.contains(&entry.id) {
            change_of(entry, system)
        } else {
            None
        };
        let takes_one = matches!(work, Some(Work::Install(_) | Work::Remove(_)));
        if takes_one {
            let members = transactions.entry(number).or_default();
            members.ids.push(&entry.id);
            match work {
                Some(Work::Install(request)) => members.install.push((&entry.id, request)),
                Some(Work::Remove(name)) => members.remove.push((&entry.id, name)),
                _ => {}
            }
        }
        after.insert(&entry.id, number + usize::from(takes_one));
    }
    transactions
}

fn may_be_package(entry: &Entry) -> bool {
    matches!(
        entry.resource.behavior().work(&Diff::new()),
        Work::Install(_) | Work::Remove(_)
    )
}

/// How a package would be changed; none: not at all, or its check fails, which is told elsewhere.
fn change_of(entry: &Entry, system: &dyn ReadSystem) -> Option<Work> {
    let behavior = entry.resource.behavior();
    match guarded("check", || behavior.check(system)) {
        Ok(Check::Change(diff)) => Some(behavior.work(&diff)),
        _ => None,
    }
}
