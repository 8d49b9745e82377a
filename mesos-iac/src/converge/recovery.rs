//! What earlier runs left behind when they broke off.

use super::event::{Event, RefreshOutcome};
use super::executor::Run;
use super::refreshes::refresh_finished;
use super::undo::{UndoOptions, undo_log};
use crate::model::{Catalog, Effect};
use crate::plan::judge_owed;
use crate::words::AbsPath;
use std::collections::BTreeSet;

impl<'c> Run<'c, '_> {
    /// Takes over what an earlier run left: drafts of files, and refreshes that it came to owe.
    pub(super) fn recover(&mut self, catalog: &'c Catalog) {
        self.tell_damage(catalog);
        if self.store.broke_off() {
            self.say("waiting for what an earlier run left behind");
            self.sweep(catalog);
        }
        self.undo_unconfirmed();
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
    /// Says what of the host's state can't be read, and of each target whose promises were lost that they are unknown.
    fn tell_damage(&mut self, catalog: &Catalog) {
        let damage = self.store.ledger().damage.clone();
        if damage.is_none() {
            return;
        }
        self.tell(Event::Damaged(damage.told(catalog)));
        for id in damage.unknown(catalog) {
            let subscriptions = catalog
                .entry(id)
                .map(|entry| entry.refresh_on.as_slice())
                .unwrap_or_default();
            let Some(action) = subscriptions.iter().map(|subscription| subscription.action).max() else {
                continue;
            };
            if self.store.ledger().owed.contains_key(id) {
                continue;
            }
            let why = "say whether it is owed: the record on the host can't be read".to_owned();
            self.tell(Event::RefreshFinished {
                target: id.clone(),
                action,
                because: subscriptions
                    .iter()
                    .map(|subscription| subscription.on.clone())
                    .collect(),
                is_recovered: true,
                outcome: RefreshOutcome::Unknown(why),
            });
        }
    }

    /// Undoes a run that nobody confirmed, if whoever should have done it is gone.
    fn undo_unconfirmed(&mut self) {
        let (Some(_), Some(log)) = (self.store.unconfirmed(), self.store.undo_log()) else {
            return;
        };
        self.say("undoing an earlier run");
        self.system.enclose();
        let (system, store) = (self.system, &mut *self.store);
        let undone = undo_log(&log, system, UndoOptions::default(), &mut |ledger| {
            store.take_back(ledger)
        });
        undone.into_iter().for_each(|line| self.tell(Event::Noted(line)));
        self.record_done(self.system.end_guard().map_err(|error| error.to_string()));
    }

    fn record_done(&mut self, done: Result<(), String>) {
        if let Err(why) = done {
            self.tell(Event::Noted(format!("failed to {why}")));
        }
    }

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
