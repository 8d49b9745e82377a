//! Removes what earlier runs made and the definition doesn't have any more.

use super::event::{Event, OrphanOutcome, Summary};
use super::executor::Run;
use crate::model::{Catalog, Check, Error, LedgerRecord, Orphan, Ownership, Result, System, SystemError};
use crate::plan::guarded;
use crate::state::Store;
use crate::words::ResourceId;

/// Takes these resources out of the ledger where they are orphans, and tells of each.
pub fn forget(catalog: &Catalog, store: &mut Store, ids: &[ResourceId], tell: &mut dyn FnMut(Event)) -> Summary {
    let mut summary = Summary::default();
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

/// Removes an orphan, if it may be removed.
pub(super) fn prune(system: &dyn System, orphan: &Orphan) -> OrphanOutcome {
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
    let undo = || -> Result<Option<_>> {
        match inverse.behavior().check(system)? {
            Check::NoChange => Ok(None),
            Check::Change(diff) => {
                inverse.behavior().apply(system, &diff)?;
                Ok(Some(diff))
            }
        }
    };
    match guarded("remove", undo) {
        Ok(Some(diff)) => OrphanOutcome::Removed(diff),
        Ok(None) => OrphanOutcome::Released("it is gone already".to_owned()),
        Err(Error::System(error @ SystemError::NotEmpty { .. })) => OrphanOutcome::Kept(error.to_string()),
        Err(error) => OrphanOutcome::Failed(error.to_string()),
    }
}

impl Run<'_, '_> {
    /// Removes what left the definition, if that is asked for and nothing failed; tells of it otherwise.
    pub(super) fn see_to_orphans(&mut self, catalog: &Catalog) {
        for orphan in self.store.ledger().orphans(catalog) {
            let outcome = if !self.options.prune {
                OrphanOutcome::Kept("it isn't in the definition any more".to_owned())
            } else if self.options.control.is_stopped() {
                OrphanOutcome::Kept("the run was asked to stop".to_owned())
            } else if let Some(failed) = self.failed.values().min() {
                OrphanOutcome::Kept(format!("{failed} failed, and what replaces it may not be in place"))
            } else {
                self.say(&format!("removing {}", orphan.id));
                match self.begin().and_then(|()| self.remember_orphan(&orphan)) {
                    Ok(()) => prune(self.system, &orphan),
                    Err(why) => OrphanOutcome::Failed(why),
                }
            };
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
