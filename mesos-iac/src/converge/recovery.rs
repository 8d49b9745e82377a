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
            self.sweep(catalog);
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

impl Run<'_, '_> {
    /// Waits for the package transaction of a run that broke off, ends what else is left of it, and removes its drafts.
    fn sweep(&mut self, catalog: &Catalog) {
        let earlier: Vec<String> = self
            .store
            .runs()
            .map(|(earlier, _)| earlier.to_vec())
            .unwrap_or_default();
        let swept = self.system.sweep(&directories(catalog)).and_then(|()| {
            let ended = earlier.iter().map(|run| self.system.end_run(run));
            ended.collect::<Result<Vec<_>, _>>()
        });
        match swept {
            Ok(ended) => {
                self.store.end_earlier_runs();
                let ended = ended.concat();
                if !ended.is_empty() {
                    let ended = ended.join(", ");
                    self.tell(Event::Noted(format!(
                        "what a run that broke off left running was ended: {ended}"
                    )));
                }
            }
            Err(error) => self.tell(Event::Noted(format!(
                "what a run that broke off left behind wasn't removed: {error}"
            ))),
        }
    }

    /// Something is about to be changed or started: from now on this run can be found by a later one.
    pub(super) fn begin(&mut self) {
        if std::mem::replace(&mut self.is_enclosed, true) {
            return;
        }
        let Some((_, own)) = self.store.runs() else { return };
        if let Err(error) = self.system.enclose(own) {
            self.tell(Event::Noted(format!(
                "what this run starts isn't in a cgroup of its own: {error}; were it killed, the next run couldn't end it"
            )));
        }
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
