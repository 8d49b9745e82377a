use crate::model::{Catalog, Diff, Entry, RefreshAction, Timing};
use crate::words::ResourceId;
use std::collections::{BTreeMap, HashMap};

/// The refreshes that a run owes: one for each target, whatever the number of causes.
///
/// This is where they will become durable; for now they live as long as the run.
pub(super) struct Refreshes<'c> {
    subscribers: HashMap<&'c ResourceId, Vec<(&'c Entry, RefreshAction, Timing)>>,
    owed: BTreeMap<&'c ResourceId, Owed>,
}

/// A refresh that is owed.
#[derive(Debug, Clone)]
pub(super) struct Owed {
    pub(super) action: RefreshAction,
    pub(super) because: Vec<ResourceId>,
    pub(super) immediate: bool,
}

impl<'c> Refreshes<'c> {
    pub(super) fn new(catalog: &'c Catalog) -> Self {
        let mut subscribers = HashMap::<_, Vec<_>>::new();
        for entry in &catalog.entries {
            for subscription in &entry.refresh_on {
                let waiting = (entry, subscription.action, subscription.timing);
                subscribers.entry(&subscription.on).or_default().push(waiting);
            }
        }
        Self {
            subscribers,
            owed: BTreeMap::new(),
        }
    }

    /// A resource is about to change: whoever subscribed to it is owed a refresh. A restart includes a reload.
    pub(super) fn owe(&mut self, cause: &ResourceId) {
        for (target, action, timing) in self.subscribers.get(cause).into_iter().flatten() {
            let owed = self.owed.entry(&target.id).or_insert_with(|| Owed {
                action: *action,
                because: Vec::new(),
                immediate: false,
            });
            owed.action = owed.action.max(*action);
            owed.immediate |= *timing == Timing::Immediate;
            if !owed.because.contains(cause) {
                owed.because.push(cause.clone());
            }
        }
    }

    /// A change turned out not to have been made: nobody is owed anything for it.
    pub(super) fn forgive(&mut self, cause: &ResourceId) {
        for owed in self.owed.values_mut() {
            owed.because.retain(|because| because != cause);
        }
        self.owed.retain(|_, owed| !owed.because.is_empty());
    }

    /// A target changed by itself: what that change does needs no refresh any more. Returns what was satisfied.
    pub(super) fn satisfy(&mut self, target: &Entry, diff: &Diff) -> Option<Owed> {
        let owed = self.owed.get(&target.id)?;
        target
            .resource
            .behavior()
            .satisfies(diff, owed.action)
            .then(|| self.owed.remove(&target.id))
            .flatten()
    }

    /// The refresh that a target is owed in its own place in the order.
    pub(super) fn take_immediate(&mut self, target: &ResourceId) -> Option<Owed> {
        if self.owed.get(target)?.immediate {
            self.owed.remove(target)
        } else {
            None
        }
    }

    /// The refresh that a target is owed.
    pub(super) fn take(&mut self, target: &ResourceId) -> Option<Owed> {
        self.owed.remove(target)
    }
}
