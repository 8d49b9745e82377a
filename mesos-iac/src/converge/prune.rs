//! Removes what earlier runs made and the definition doesn't have any more.

use super::event::{Event, OrphanOutcome, Summary};
use crate::model::{Catalog, Check, Error, LedgerRecord, Orphan, Ownership, Result, System, SystemError};
use crate::plan::guarded;
use crate::state::Store;
use crate::words::ResourceId;

/// Takes these resources out of the ledger, where they are in it, and tells of each. What the definition has can't be
/// forgotten: the next run would own it again.
pub fn forget(catalog: &Catalog, store: &mut Store, ids: &[ResourceId], tell: &mut dyn FnMut(Event)) -> Summary {
    let mut summary = Summary::default();
    for id in ids {
        let Some(ownership) = store.ledger().owned.get(id).map(|owned| owned.ownership) else {
            continue;
        };
        let outcome = if catalog.entry(id).is_some() {
            OrphanOutcome::Failed("forget it: the definition has it still; take it out there first".to_owned())
        } else {
            match store.promise(vec![LedgerRecord::Forgotten { id: id.clone() }]) {
                Ok(()) => OrphanOutcome::Released("forgotten".to_owned()),
                Err(error) => OrphanOutcome::Failed(error.to_string()),
            }
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
