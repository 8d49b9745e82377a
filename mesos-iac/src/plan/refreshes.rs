//! The refreshes that a run would come to, and what becomes of them where something fails.

use super::guarded::guarded;
use super::types::{Certainty, Planned, PlannedRefresh};
use crate::model::{AfterFailure, Diff, Entry, OwedRefresh, ReadSystem, RefreshAction, Timing};
use crate::words::ResourceId;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What is known of an entry once it has been planned.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It stays as it is.
    Same,
    /// It changes.
    Changes,
    /// It may change.
    Open,
    /// It fails, or is skipped.
    Fails,
}

/// What all entries of a plan came to.
pub(super) struct Outlook<'c> {
    /// Each in its own name; an anchor in that of what it comes after.
    fates: HashMap<&'c ResourceId, (Fate, &'c ResourceId)>,
    /// What fails, each with what is at the root of it.
    pub(super) failed: HashMap<&'c ResourceId, ResourceId>,
    /// What fails only once it is tried: a run owes refreshes for it then.
    tried: HashSet<&'c ResourceId>,
    /// The differences that are sure to go away, or would as things stand.
    pub(super) changes: BTreeMap<&'c ResourceId, Diff>,
}

impl<'c> Outlook<'c> {
    pub(super) fn new(entries: usize) -> Self {
        Self {
            fates: HashMap::with_capacity(entries),
            failed: HashMap::new(),
            tried: HashSet::new(),
            changes: BTreeMap::new(),
        }
    }

    pub(super) fn fate(&self, id: &ResourceId) -> Fate {
        self.fates.get(id).map_or(Fate::Same, |(fate, _)| *fate)
    }

    /// What an entry comes after that has one of these fates.
    pub(super) fn after<'o>(
        &'o self,
        entry: &'o Entry,
        wanted: &'o [Fate],
    ) -> impl Iterator<Item = &'c ResourceId> + 'o {
        let known = entry.after.iter().filter_map(|edge| self.fates.get(&edge.on));
        known.filter(|(fate, _)| wanted.contains(fate)).map(|(_, id)| *id)
    }

    /// An anchor fails with any of what it comes after, and changes with any of it, in whose name it does.
    pub(super) fn pass(&mut self, anchor: &'c Entry) {
        let failed = self.after(anchor, &[Fate::Fails]).next();
        let moving = self.after(anchor, &[Fate::Changes, Fate::Open]).next();
        let known = match (failed, moving) {
            (Some(id), _) => (Fate::Fails, id),
            (None, Some(id)) => (self.fate(id), id),
            (None, None) => (Fate::Same, &anchor.id),
        };
        if let Some(root) = failed.and_then(|id| self.failed.get(id)).cloned() {
            self.failed.insert(&anchor.id, root);
        }
        self.fates.insert(&anchor.id, known);
    }

    /// Takes note of what was planned of an entry.
    pub(super) fn note(&mut self, entry: &'c Entry, planned: &Planned, tried: bool) -> Fate {
        let fate = planned.fate();
        if tried {
            self.tried.insert(&entry.id);
        }
        match planned {
            Planned::WouldChange(diff)
            | Planned::Unknown {
                as_it_stands: Some(diff),
                ..
            } => drop(self.changes.insert(&entry.id, diff.clone())),
            Planned::Failed(_) => drop(self.failed.insert(&entry.id, entry.id.clone())),
            Planned::Skipped { because } => {
                let root = self.failed.get(because).unwrap_or(because).clone();
                self.failed.insert(&entry.id, root);
            }
            _ => {}
        }
        self.fates.insert(&entry.id, (fate, &entry.id));
        fate
    }

    /// The refresh that an entry would get: the strongest of those that it asked for.
    pub(super) fn refresh(
        &self,
        entry: &Entry,
        owed: Option<&OwedRefresh>,
        system: &dyn ReadSystem,
    ) -> Option<PlannedRefresh> {
        let mut asked: Option<(RefreshAction, Timing, AfterFailure)> = None;
        let mut ask = |action: RefreshAction, timing: Timing, policy: AfterFailure| {
            asked = Some(asked.map_or((action, timing, policy), |(a, t, p)| {
                (a.max(action), t.max(timing), p.max(policy))
            }));
        };
        let behavior = entry.resource.behavior();
        let own = self.changes.get(&entry.id);
        let fate = self.fate(&entry.id);
        // A service that doesn't run now is started by its own change, whatever comes first: packages start nothing.
        let is_satisfied = |action| fate != Fate::Fails && own.is_some_and(|diff| behavior.satisfies(diff, action));
        let (mut certainty, mut because) = (Certainty::IfChanged, Vec::new());
        if let Some(owed) = owed
            && !is_satisfied(owed.action)
        {
            ask(owed.action, owed.timing, owed.after_failure);
            certainty = Certainty::Pending;
            because.extend(owed.because.keys().cloned());
        }
        for subscription in &entry.refresh_on {
            let sure = match self.fate(&subscription.on) {
                Fate::Changes => Certainty::Certain,
                Fate::Open => Certainty::IfChanged,
                Fate::Fails if self.tried.contains(&subscription.on) => Certainty::Certain,
                Fate::Same | Fate::Fails => continue,
            };
            if is_satisfied(subscription.action) {
                continue;
            }
            ask(subscription.action, subscription.timing, subscription.after_failure);
            certainty = certainty.min(sure);
            because.push(subscription.on.clone());
        }
        let (action, timing, policy) = asked?;
        let held = self.holds_back(entry, timing, policy);
        if held.is_none() {
            let is_open = fate == Fate::Open || self.may_be_held(timing, policy);
            if is_open && certainty != Certainty::Pending {
                certainty = Certainty::IfNeeded;
            }
            match guarded("check", || Ok(behavior.has_refresh(system, own, action))) {
                Ok(Some(true)) => {}
                Ok(Some(false)) => return None,
                // One that is owed stays so, needed or not.
                Ok(None) | Err(_) if certainty != Certainty::Pending => certainty = Certainty::IfNeeded,
                Ok(None) | Err(_) => {}
            }
        }
        because.sort();
        because.dedup();
        Some(PlannedRefresh {
            target: entry.id.clone(),
            action,
            certainty,
            because,
            held,
        })
    }

    /// The failure because of which the refresh would be held.
    fn holds_back(&self, entry: &Entry, timing: Timing, policy: AfterFailure) -> Option<ResourceId> {
        let needed = || {
            let needs = std::iter::once(&entry.id).chain(entry.after.iter().map(|edge| &edge.on));
            needs.into_iter().find_map(|id| self.failed.get(id)).cloned()
        };
        match policy {
            AfterFailure::Deliver => None,
            AfterFailure::HoldIfNeeded => needed(),
            AfterFailure::Hold => match timing {
                Timing::Immediate => needed(),
                Timing::Delayed => needed().or_else(|| self.failed.values().min().cloned()),
            },
        }
    }

    /// Whether the refresh comes before or after some failure that would hold it.
    fn may_be_held(&self, timing: Timing, policy: AfterFailure) -> bool {
        timing == Timing::Immediate && policy == AfterFailure::Hold && !self.failed.is_empty()
    }
}
