//! How we come to own what a run makes or finds.

use super::executor::{Change, Run};
use crate::kinds::Package;
use crate::model::{Diff, Entry, Inverse, Kind as _, LedgerRecord, Ownership, Reason, Result};
use crate::plan::guarded;

impl<'c> Run<'c, '_> {
    /// Whether a change makes something that is ours, or is made to something that is.
    ///
    /// # Errors
    /// What is there can't be read.
    pub(super) fn creates(&self, entry: &Entry, diff: &Diff) -> Result<bool> {
        match self.store.ledger().owned.get(&entry.id) {
            Some(owned) => Ok(owned.ownership == Ownership::Created),
            None => {
                let is_brought = self.is_brought_by_ours(entry);
                guarded("check", || {
                    entry.resource.behavior().creates(self.system, diff, is_brought)
                })
            }
        }
    }

    /// Whether what brings an entry along is ours: its package or its unit file.
    fn is_brought_by_ours(&self, entry: &Entry) -> bool {
        let owned = &self.store.ledger().owned;
        entry.after.iter().any(|edge| {
            let brings = match edge.because {
                Reason::Provider | Reason::Path => true,
                // A declared edge stands for what it would be otherwise.
                Reason::Declared | Reason::Refresh => edge.on.kind.as_str() == Package::KIND,
                _ => false,
            };
            brings
                && owned
                    .get(&edge.on)
                    .is_some_and(|first| first.ownership == Ownership::Created)
        })
    }

    /// That a change is about to be made, and how we own what it is made to.
    pub(super) fn changing(change: &Change<'c>) -> LedgerRecord {
        LedgerRecord::Changing {
            id: change.entry.id.clone(),
            ownership: ownership(change.entry, change.creates),
            place: change.at,
            inverse: change.creates.then(|| Inverse::of(change.entry)).flatten(),
        }
    }
}

/// How we come to own a resource that isn't ours yet.
pub(super) fn ownership(entry: &Entry, creates: bool) -> Ownership {
    if entry.resource.behavior().effects().writes.is_empty() {
        Ownership::Transient
    } else if creates {
        Ownership::Created
    } else {
        Ownership::Adopted
    }
}
