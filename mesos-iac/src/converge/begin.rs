//! What has to be in place before a run changes anything: a way to find what it starts, and a way back where one is asked
//! for.

use super::event::{Event, Outcome};
use super::executor::{Change, Run};
use super::undo::before;
use crate::model::{Diff, Inverse, Orphan, Resource};
use crate::state::UndoStep;
use crate::words::ResourceId;

impl<'c> Run<'c, '_> {
    /// Something is about to be changed or started: from now on this run can be found by a later one, and is undone unless
    /// it is confirmed, if that was asked for.
    ///
    /// # Errors
    /// It couldn't be undone. Nothing was changed, and nothing must be.
    pub(super) fn begin(&mut self) -> Result<(), String> {
        if let Some(begun) = &self.begun {
            return begun.clone();
        }
        self.system.enclose();
        let begun = self.arm();
        self.begun = Some(begun.clone());
        begun
    }

    fn arm(&mut self) -> Result<(), String> {
        let Some(armed) = &self.options.confirm else {
            return Ok(());
        };
        let log = self.store.undo_log();
        let log = log.ok_or("a run that isn't confirmed can't be undone on a host without a state")?;
        log.arm(armed, self.store.ledger()).map_err(|error| error.to_string())?;
        if let Err(error) = self.system.start_guard() {
            // Nothing was changed, so there is nothing to undo.
            log.disarm().map_err(|error| error.to_string())?;
            return Err(error.to_string());
        }
        self.tell(Event::Armed(armed.within));
        Ok(())
    }

    /// The changes for which everything is in place; the others fail, with nothing changed.
    pub(super) fn ready(&mut self, changes: Vec<Change<'c>>) -> Vec<Change<'c>> {
        if changes.is_empty() {
            return changes;
        }
        let mut ready = Vec::with_capacity(changes.len());
        for change in changes {
            let entry = change.entry;
            let remembered = self
                .begin()
                .and_then(|()| self.remember(&entry.id, &*entry.resource, Some(&change.diff)));
            match remembered {
                Ok(()) => ready.push(change),
                Err(why) => self.settle(change.at, entry, Outcome::Failed(why), change.took),
            }
        }
        ready
    }

    pub(super) fn remember_orphan(&mut self, orphan: &Orphan) -> Result<(), String> {
        match orphan.inverse.as_ref().map(Inverse::resource).transpose()? {
            Some(inverse) => self.remember(&orphan.id, &*inverse, None),
            None => Ok(()),
        }
    }

    /// Makes durable how everything is that a change of this resource reaches.
    fn remember(&mut self, id: &ResourceId, resource: &dyn Resource, change: Option<&Diff>) -> Result<(), String> {
        let Some(log) = self.options.confirm.as_ref().and_then(|_| self.store.undo_log()) else {
            return Ok(());
        };
        let mut steps = before(self.system, resource, change).map_err(|error| error.to_string())?;
        if steps.is_empty() {
            self.lasting.push(id.clone());
        }
        for (target, action) in self.subscribers.of(id) {
            // A refresh may end in a unit that doesn't run any more.
            steps.extend(before(self.system, &*target.resource, None).map_err(|error| error.to_string())?);
            steps.push(UndoStep::Refresh {
                target: target.resource.clone(),
                action,
            });
        }
        log.remember(&steps).map_err(|error| error.to_string())
    }

    /// Says what commands left running. A run that came to its end leaves it alone, and so does the next one: a daemon
    /// that a command started is there to stay. What a run that broke off left is ended.
    pub(super) fn tell_what_goes_on(&mut self) {
        let left = self.system.left_running();
        if !left.is_empty() {
            let left = left.join(", ");
            self.tell(Event::Noted(format!(
                "what a command of this run started goes on in the background: {left}"
            )));
        }
    }

    /// Says what stays even if the run is undone.
    pub(super) fn tell_what_lasts(&mut self) {
        let lasting: Vec<String> = std::mem::take(&mut self.lasting)
            .iter()
            .map(ToString::to_string)
            .collect();
        if !lasting.is_empty() {
            let lasting = lasting.join(", ");
            self.tell(Event::Noted(format!(
                "if the run isn't confirmed, these changes stay all the same: {lasting}"
            )));
        }
    }
}
