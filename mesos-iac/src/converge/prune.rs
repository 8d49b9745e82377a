//! Removes what earlier runs made and the definition doesn't have any more.

use super::event::{Event, OrphanOutcome, Summary};
use super::executor::Run;
use crate::model::{Catalog, Check, Effect, Error, LedgerRecord, Orphan, Ownership, Result, System, SystemError};
use crate::plan::{Bounds, guarded};
use crate::state::Store;
use crate::words::{AbsPath, ResourceId};
use std::collections::{BTreeMap, BTreeSet};

/// Takes these resources out of the ledger where they are orphans, and tells of each.
pub fn forget(catalog: &Catalog, store: &mut Store, ids: &[ResourceId], tell: &mut dyn FnMut(Event)) -> Summary {
    let mut summary = Summary::default();
    let damage = &store.ledger().damage;
    if !damage.is_none() {
        let event = Event::Damaged(damage.told(catalog));
        summary.count(&event);
        tell(event);
    }
    for id in ids {
        let Some(ownership) = store.ledger().owned.get(id).map(|owned| owned.ownership) else {
            continue;
        };
        // On this host it is no orphan: the next run would own it again.
        if catalog.entry(id).is_some() {
            continue;
        }
        let outcome = match store.promise(vec![LedgerRecord::Forgotten { id: id.clone() }]) {
            Ok(()) => OrphanOutcome::Released("forgotten".to_owned()),
            Err(error) => OrphanOutcome::Failed(error.to_string()),
        };
        let event = Event::OrphanFinished {
            id: id.clone(),
            ownership,
            outcome,
        };
        summary.count(&event);
        tell(event);
    }
    if let Err(error) = store.finish(None) {
        tell(Event::Noted(format!(
            "failed to {error}; the next run reads the journal instead"
        )));
    }
    tell(Event::RunFinished(summary));
    summary
}

/// Why an orphan that the plan doesn't have is kept.
const NOT_PLANNED: &str = "the plan that bounds the run doesn't remove it";

/// Removes an orphan, if it may be removed; releases it if there is nothing to remove.
fn prune(system: &dyn System, orphan: &Orphan, may_be_removed: bool) -> OrphanOutcome {
    if orphan.ownership == Ownership::Adopted {
        return OrphanOutcome::Released("it was there before us".to_owned());
    }
    let Some(inverse) = &orphan.inverse else {
        return OrphanOutcome::Released("its kind has nothing that undoes it".to_owned());
    };
    let inverse = match inverse.resource() {
        Ok(inverse) => inverse,
        Err(why) => return OrphanOutcome::Failed(why),
    };
    let undo = || -> Result<OrphanOutcome> {
        Ok(match inverse.behavior().check(system)? {
            Check::NoChange => OrphanOutcome::Released("it is gone already".to_owned()),
            Check::Change(_) if !may_be_removed => OrphanOutcome::Kept(NOT_PLANNED.to_owned()),
            Check::Change(diff) => match inverse.behavior().apply(system, &diff) {
                Ok(()) => OrphanOutcome::Removed(diff),
                // dpkg fails for as long as any package of the host can't be configured: what is gone counts.
                Err(_) if inverse.behavior().check(system)? == Check::NoChange => OrphanOutcome::Removed(diff),
                Err(error) => return Err(error),
            },
        })
    };
    match guarded("remove", undo) {
        Ok(outcome) => outcome,
        Err(Error::System(error @ SystemError::NotEmpty { .. })) => OrphanOutcome::Failed(format!(
            "{error}; it stays, and is ours until it is removed or forgotten"
        )),
        Err(error) => OrphanOutcome::Failed(error.to_string()),
    }
}

/// What couldn't be removed, and whose it is: a file must not come to belong to the next user who gets the number.
#[derive(Default)]
struct Left {
    paths: Vec<AbsPath>,
    users: BTreeMap<String, AbsPath>,
    groups: BTreeMap<String, AbsPath>,
}

impl Left {
    fn take(&mut self, orphan: &Orphan, system: &dyn System) {
        for effect in owned_by(orphan) {
            let Effect::Path(path) = effect else { continue };
            // Whose it is may not be known, as in a sandbox; then nothing else has to stay for it.
            if let Ok(Some(entry)) = system.entry(&path) {
                self.users.extend(entry.owner.map(|owner| (owner, path.clone())));
                self.groups.extend(entry.group.map(|group| (group, path.clone())));
                self.paths.push(path);
            }
        }
    }

    /// Why an orphan has to stay: what was left belongs to it.
    fn belongs_to(&self, orphan: &Orphan, system: &dyn System) -> Option<String> {
        if orphan.ownership == Ownership::Adopted || self.paths.is_empty() {
            return None;
        }
        let left = owned_by(orphan).into_iter().find_map(|effect| match effect {
            Effect::User(name) => self.users.get(&name).cloned().or_else(|| self.home(&name, system)),
            Effect::Group(name) => self.groups.get(&name).cloned(),
            _ => None,
        })?;
        Some(format!("{left} couldn't be removed, and belongs to it"))
    }

    fn home(&self, user: &str, system: &dyn System) -> Option<AbsPath> {
        let home = system.user(user).ok()??.home;
        self.paths.iter().find(|path| path.as_str() == home).cloned()
    }
}

fn owned_by(orphan: &Orphan) -> Vec<Effect> {
    let inverse = orphan.inverse.as_ref().and_then(|inverse| inverse.resource().ok());
    inverse
        .map(|inverse| inverse.behavior().effects().writes)
        .unwrap_or_default()
}

impl Run<'_, '_> {
    /// Removes what left the definition, if that is asked for and nothing failed; tells of it otherwise.
    pub(super) fn see_to_orphans(&mut self, catalog: &Catalog) {
        let mut left = Left::default();
        let bounds = self.options.bounds.as_ref();
        for orphan in self.store.ledger().orphans(catalog) {
            let may_be =
                |of: fn(&Bounds) -> &BTreeSet<ResourceId>| bounds.is_none_or(|bounds| of(bounds).contains(&orphan.id));
            let may_be_removed = may_be(|bounds| &bounds.removed);
            let is_planned = may_be_removed || may_be(|bounds| &bounds.released);
            let outcome = if !self.options.prune {
                OrphanOutcome::Kept("it isn't in the definition any more".to_owned())
            } else if !is_planned {
                OrphanOutcome::Kept(NOT_PLANNED.to_owned())
            } else if !self.store.ledger().damage.is_none() {
                OrphanOutcome::Kept("part of what the host keeps can't be read, so nothing is removed".to_owned())
            } else if self.options.control.is_stopped() {
                OrphanOutcome::Kept("the run was asked to stop".to_owned())
            } else if let Some(failed) = self.failed.values().min() {
                OrphanOutcome::Kept(format!("{failed} failed, and what replaces it may not be in place"))
            } else if let Some(why) = left.belongs_to(&orphan, self.system) {
                OrphanOutcome::Kept(why)
            } else {
                self.say(&format!("removing {}", orphan.id));
                match self.begin().and_then(|()| self.remember_orphan(&orphan)) {
                    Ok(()) => prune(self.system, &orphan, may_be_removed),
                    Err(why) => OrphanOutcome::Failed(why),
                }
            };
            if matches!(outcome, OrphanOutcome::Failed(_)) {
                left.take(&orphan, self.system);
            }
            if matches!(outcome, OrphanOutcome::Removed(_) | OrphanOutcome::Released(_)) {
                self.has_begun = true;
                self.record(vec![LedgerRecord::Forgotten { id: orphan.id.clone() }]);
            }
            self.tell(Event::OrphanFinished {
                id: orphan.id,
                ownership: orphan.ownership,
                outcome,
            });
        }
    }
}
