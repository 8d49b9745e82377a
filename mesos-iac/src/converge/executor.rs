use super::event::{Event, Outcome, RefreshOutcome, Summary};
use super::refreshes::{Owed, Refreshes};
use crate::model::{Catalog, Check, Entry, Error, Refreshed, System, SystemError};
use crate::plan::guarded;
use crate::words::ResourceId;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Asks a run to stop from outside. It stops at the next boundary between resources.
#[derive(Debug, Clone, Default)]
pub struct Control(Arc<AtomicBool>);

impl Control {
    /// A run that nobody has asked to stop.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the run to stop.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the run was asked to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Brings a machine to its catalog and tells what happens.
///
/// Resources are taken in the catalog's order, in which each comes after what it depends on. A failed one skips exactly
/// those that depend on it; the rest goes on. Refreshes come at the end, each target once, unless something that the
/// target depends on failed: then it is held.
pub fn converge(catalog: &Catalog, system: &dyn System, control: &Control, tell: &mut dyn FnMut(Event)) -> Summary {
    let mut run = Run {
        system,
        control,
        tell,
        summary: Summary::default(),
        refreshes: Refreshes::new(catalog),
        failed: HashMap::new(),
    };
    run.tell(Event::RunStarted {
        resources: catalog.entries.len(),
    });
    for entry in &catalog.entries {
        run.take(entry);
    }
    for entry in &catalog.entries {
        if let Some(owed) = run.refreshes.take(&entry.id) {
            run.refresh(entry, owed);
        }
    }
    let summary = run.summary;
    run.tell(Event::RunFinished(summary));
    summary
}

struct Run<'c, 'r> {
    system: &'r dyn System,
    control: &'r Control,
    tell: &'r mut dyn FnMut(Event),
    summary: Summary,
    refreshes: Refreshes<'c>,
    /// What failed or was skipped, and what is at the root of it.
    failed: HashMap<&'c ResourceId, &'c ResourceId>,
}

impl<'c> Run<'c, '_> {
    fn tell(&mut self, event: Event) {
        self.summary.count(&event);
        (self.tell)(event);
    }

    fn take(&mut self, entry: &'c Entry) {
        let started = Instant::now();
        let outcome = self.outcome(entry);
        match &outcome {
            Outcome::Failed(_) => {
                self.failed.insert(&entry.id, &entry.id);
            }
            Outcome::Skipped { .. } | Outcome::NotReached => {
                if let Some(root) = self.failed_root(entry) {
                    self.failed.insert(&entry.id, root);
                }
            }
            Outcome::NoChange | Outcome::Changed(_) | Outcome::Unknown(_) => {}
        }
        let satisfied = match &outcome {
            Outcome::Changed(diff) => self.refreshes.satisfy(entry, diff),
            _ => None,
        };
        for note in self.system.notes() {
            self.tell(Event::Noted(format!("{}: {note}", entry.id)));
        }
        let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.tell(Event::ResourceFinished {
            id: entry.id.clone(),
            outcome,
            milliseconds,
        });
        if let Some(owed) = satisfied {
            self.finish_refresh(entry, owed, RefreshOutcome::Satisfied);
        }
        if let Some(owed) = self.refreshes.take_immediate(&entry.id) {
            self.refresh(entry, owed);
        }
    }

    fn outcome(&mut self, entry: &'c Entry) -> Outcome {
        if self.control.is_stopped() {
            return Outcome::NotReached;
        }
        if let Some(root) = self.failed_root(entry) {
            return Outcome::Skipped { because: root.clone() };
        }
        let behavior = entry.resource.behavior();
        let diff = match guarded("check", || behavior.check(self.system)) {
            Ok(Check::NoChange) => return Outcome::NoChange,
            Ok(Check::Change(diff)) => diff,
            Err(error) => return failure(error),
        };
        // Before the change and not after it: a resource that fails half-way may have changed all the same.
        self.refreshes.owe(&entry.id);
        match guarded("apply", || behavior.apply(self.system, &diff)) {
            Ok(()) => Outcome::Changed(diff),
            Err(error) => {
                let outcome = failure(error);
                if matches!(outcome, Outcome::Unknown(_)) {
                    self.refreshes.forgive(&entry.id);
                }
                outcome
            }
        }
    }

    fn failed_root(&self, entry: &Entry) -> Option<&'c ResourceId> {
        entry.after.iter().find_map(|edge| self.failed.get(&edge.on).copied())
    }

    fn refresh(&mut self, entry: &'c Entry, owed: Owed) {
        let blocked = self.failed.get(&entry.id).copied().or_else(|| self.failed_root(entry));
        let outcome = if let Some(root) = blocked {
            RefreshOutcome::Held { because: root.clone() }
        } else if self.control.is_stopped() {
            RefreshOutcome::NotReached
        } else {
            match guarded("refresh", || {
                entry.resource.behavior().refresh(self.system, owed.action)
            }) {
                Ok(Refreshed::Done) => RefreshOutcome::Done,
                Ok(Refreshed::Needless) => RefreshOutcome::Satisfied,
                Err(Error::System(error @ SystemError::Unknowable { .. })) => {
                    RefreshOutcome::Unknown(error.to_string())
                }
                Err(error) => {
                    self.failed.insert(&entry.id, &entry.id);
                    RefreshOutcome::Failed(error.to_string())
                }
            }
        };
        self.finish_refresh(entry, owed, outcome);
    }

    fn finish_refresh(&mut self, entry: &Entry, owed: Owed, outcome: RefreshOutcome) {
        self.tell(Event::RefreshFinished {
            target: entry.id.clone(),
            action: owed.action,
            because: owed.because,
            outcome,
        });
    }
}

fn failure(error: Error) -> Outcome {
    match error {
        Error::System(error @ SystemError::Unknowable { .. }) => Outcome::Unknown(error.to_string()),
        error => Outcome::Failed(error.to_string()),
    }
}
