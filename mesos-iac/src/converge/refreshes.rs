//! What is owed a refresh for what, and when it gets it.

use super::event::{Event, RefreshOutcome};
use super::executor::Run;
use crate::model::{
    AfterFailure, Catalog, Diff, Entry, Error, LedgerRecord, OwedRefresh, RefreshAction, RefreshCause, Refreshed,
    Subscription, SystemError, Timing,
};
use crate::plan::guarded;
use crate::words::ResourceId;
use std::collections::HashMap;

/// Who is to be refreshed when something changes. What is owed stands in the host's ledger.
pub(super) struct Subscribers<'c>(HashMap<&'c ResourceId, Vec<(&'c Entry, &'c Subscription)>>);

impl<'c> Subscribers<'c> {
    pub(super) fn new(catalog: &'c Catalog) -> Self {
        let mut subscribers = HashMap::<_, Vec<_>>::new();
        for entry in &catalog.entries {
            for subscription in &entry.refresh_on {
                let waiting = subscribers.entry(&subscription.on).or_default();
                waiting.push((entry, subscription));
            }
        }
        Self(subscribers)
    }

    /// Whether anything is to be refreshed when this changes.
    pub(super) fn has(&self, cause: &ResourceId) -> bool {
        self.0.contains_key(cause)
    }

    /// What is to be refreshed when this changes, and how.
    pub(super) fn of(&self, cause: &ResourceId) -> Vec<(&'c Entry, RefreshAction)> {
        let subscribers = self.0.get(cause).into_iter().flatten();
        subscribers
            .map(|(target, subscription)| (*target, subscription.action))
            .collect()
    }

    /// What comes to be owed when this changes: the targets, and the records that say so.
    pub(super) fn owed(
        &self,
        cause: &RefreshCause,
        boot: Option<&str>,
    ) -> impl Iterator<Item = (&'c ResourceId, LedgerRecord)> {
        let subscribers = self.0.get(&cause.id).into_iter().flatten();
        subscribers.map(move |(target, subscription)| {
            let record = LedgerRecord::Owed {
                target: target.id.clone(),
                action: subscription.action,
                timing: subscription.timing,
                after_failure: subscription.after_failure,
                cause: cause.clone(),
                boot: boot.map(ToOwned::to_owned),
            };
            (&target.id, record)
        })
    }
}

impl<'c> Run<'c, '_> {
    /// The refresh that an entry is owed and that its own change did already.
    pub(super) fn satisfied(&self, entry: &Entry, diff: &Diff) -> Option<OwedRefresh> {
        let owed = self.store.ledger().owed.get(&entry.id)?;
        entry
            .resource
            .behavior()
            .satisfies(diff, owed.action)
            .then(|| owed.clone())
    }

    /// Makes durable which targets are about to read what changed, all that are refreshed at the end at once: each would
    /// wait for the disk otherwise.
    pub(super) fn promise_refreshes(&mut self, catalog: &'c Catalog) {
        if self.options.control.is_stopped() {
            return;
        }
        let owed = &self.store.ledger().owed;
        let is_due = |entry: &&'c Entry| {
            let owed = owed.get(&entry.id).filter(|owed| owed.timing == Timing::Delayed);
            owed.is_some_and(|owed| {
                let is_left = self.is_beyond_bounds(entry, owed.action);
                !is_left && self.holds_back(entry, owed.after_failure).is_none()
            })
        };
        let due = catalog.entries.iter().filter(is_due);
        let records = due.map(|entry| reading(&entry.id)).collect();
        // If they can't be written, each refresh is tried by itself, and says why it isn't done.
        self.store.promise(records).ok();
    }

    pub(super) fn refresh_if_owed(&mut self, entry: &'c Entry, timing: Timing) {
        let Some(owed) = self
            .store
            .ledger()
            .owed
            .get(&entry.id)
            .filter(|owed| owed.timing == timing)
            .cloned()
        else {
            return;
        };
        let is_recovered = self.recovered.contains(&entry.id);
        let outcome = if self.options.control.is_stopped() {
            RefreshOutcome::NotReached
        } else if self.is_beyond_bounds(entry, owed.action) {
            RefreshOutcome::OutOfBounds
        } else if let Some(root) = self.holds_back(entry, owed.after_failure) {
            RefreshOutcome::Held { because: root.clone() }
        } else {
            let begun = self.begin().and_then(|()| {
                let promised = self.store.promise(vec![reading(&entry.id)]);
                promised.map_err(|error| error.to_string())
            });
            // What such a refresh does isn't undone by putting back what this run changed.
            if begun.is_ok() && self.options.confirm.is_some() && (is_recovered || owed.action == RefreshAction::Rerun)
            {
                self.lasting.push(entry.id.clone());
            }
            self.say(&format!("{} {}", owed.action, entry.id));
            let behavior = entry.resource.behavior();
            let system = self.system;
            let refresh = || guarded("refresh", || behavior.refresh(system, owed.action));
            let refreshed = match begun {
                Ok(()) => self.refresh_again(entry, refresh),
                Err(why) => Err(Error::message(why)),
            };
            match refreshed {
                Ok(Refreshed::Done) => return self.clear(entry, &owed, RefreshOutcome::Done),
                Ok(Refreshed::Needless) => return self.clear(entry, &owed, RefreshOutcome::Satisfied),
                Err(Error::System(error @ SystemError::Unknowable { .. })) => {
                    return self.clear(entry, &owed, RefreshOutcome::Unknown(error.to_string()));
                }
                Err(error) => {
                    self.failed.insert(&entry.id, &entry.id);
                    RefreshOutcome::Failed(error.to_string())
                }
            }
        };
        // It stays owed.
        self.tell(refresh_finished(&entry.id, &owed, is_recovered, outcome));
    }

    /// Whether the plan that bounds the run doesn't have this refresh. A refresh that finds nothing to do isn't in a plan,
    /// and does nothing that isn't.
    fn is_beyond_bounds(&self, entry: &Entry, action: RefreshAction) -> bool {
        let Some(bounds) = &self.options.bounds else {
            return false;
        };
        if bounds
            .refreshes
            .get(&entry.id)
            .is_some_and(|planned| *planned >= action)
        {
            return false;
        }
        let behavior = entry.resource.behavior();
        let has_work = guarded("check", || Ok(behavior.has_refresh(self.system, None, action)));
        !matches!(has_work, Ok(Some(false)))
    }

    /// The failure because of which a refresh is held.
    fn holds_back(&self, entry: &Entry, policy: AfterFailure) -> Option<&'c ResourceId> {
        let needed = || self.failed.get(&entry.id).copied().or_else(|| self.failed_root(entry));
        match policy {
            AfterFailure::Deliver => None,
            AfterFailure::HoldIfNeeded => needed(),
            AfterFailure::Hold => needed().or_else(|| self.failed.values().min().copied()),
        }
    }

    /// A refresh isn't owed any more.
    pub(super) fn clear(&mut self, entry: &Entry, owed: &OwedRefresh, outcome: RefreshOutcome) {
        let target = entry.id.clone();
        self.record(vec![LedgerRecord::Cleared { target }]);
        let is_recovered = self.recovered.remove(&entry.id);
        self.tell(refresh_finished(&entry.id, owed, is_recovered, outcome));
    }
}

fn reading(target: &ResourceId) -> LedgerRecord {
    LedgerRecord::Reading { target: target.clone() }
}

pub(super) fn refresh_finished(
    target: &ResourceId,
    owed: &OwedRefresh,
    is_recovered: bool,
    outcome: RefreshOutcome,
) -> Event {
    Event::RefreshFinished {
        target: target.clone(),
        action: owed.action,
        because: owed.because.keys().cloned().collect(),
        is_recovered,
        outcome,
    }
}
