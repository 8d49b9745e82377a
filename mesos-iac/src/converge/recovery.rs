//! What earlier runs left behind when they broke off.

use super::event::{Event, RefreshOutcome};
use super::executor::Run;
use super::refreshes::refresh_finished;
use crate::model::{Catalog, Effect};
use crate::plan::judge_owed;
use crate::words::AbsPath;
use std::collections::BTreeSet;

impl<'c> Run<'c, '_> {
    /// Takes over what an earlier run left: drafts of files, and refreshes that it came to owe.
    pub(super) fn recover(&mut self, catalog: &'c Catalog) {
        for note in self.store.notes() {
            self.tell(Event::Noted(note));
        }
        if self.store.broke_off() {
            self.store.say("waiting for what an earlier run left behind");
            let directories = directories(catalog);
            if let Err(error) = self.system.sweep(&directories) {
                self.tell(Event::Noted(format!(
                    "what a run that broke off left behind wasn't removed: {error}"
                )));
            }
        }
        self.boot = self.system.boot().unwrap_or_default();
        if self.store.ledger().owed.is_empty() {
            return;
        }
        let judged = judge_owed(catalog, self.system, self.store.ledger(), self.boot.as_deref());
        self.record(judged.records);
        for note in judged.notes {
            self.tell(Event::Noted(note));
        }
        for (target, owed) in judged.satisfied {
            self.tell(refresh_finished(&target, &owed, true, RefreshOutcome::Satisfied));
        }
        self.recovered = self.store.ledger().owed.keys().cloned().collect();
    }
}

/// The directories in which a run with this catalog writes files.
fn directories(catalog: &Catalog) -> Vec<AbsPath> {
    let written = catalog
        .entries
        .iter()
        .flat_map(|entry| entry.resource.behavior().effects().writes);
    let directories: BTreeSet<AbsPath> = written
        .filter_map(|effect| match effect {
            Effect::Path(path) => path.parent(),
            _ => None,
        })
        .collect();
    directories.into_iter().collect()
}
