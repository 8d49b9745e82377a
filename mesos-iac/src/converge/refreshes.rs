use crate::model::{Catalog, Entry, LedgerRecord, RefreshCause, Subscription};
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
