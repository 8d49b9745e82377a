//! What becomes of refreshes that earlier runs came to owe.

use super::guarded::guarded;
use crate::model::{Catalog, Entry, Ledger, LedgerRecord, OwedRefresh, ReadSystem, RefreshCause, Timing};
use crate::words::{ResourceId, listed};
use std::collections::HashMap;

/// What becomes of the refreshes that are owed.
#[derive(Default)]
pub(crate) struct Judged {
    /// Those that aren't owed any more.
    pub(crate) records: Vec<LedgerRecord>,
    /// Those that a boot has done.
    pub(crate) satisfied: Vec<(ResourceId, OwedRefresh)>,
    /// Those that nobody can do any more.
    pub(crate) notes: Vec<String>,
}

/// Finds the refreshes that aren't owed any more: the host has booted since, or what had changed is back as it was. Where
/// the record of one can't be read it stays owed, by the strongest action that the definition asks for.
pub(crate) fn judge_owed(catalog: &Catalog, system: &dyn ReadSystem, ledger: &Ledger, boot: Option<&str>) -> Judged {
    let entries: HashMap<&ResourceId, &Entry> = catalog.entries.iter().map(|entry| (&entry.id, entry)).collect();
    let mut judged = Judged::default();
    for (target, owed) in &ledger.owed {
        let cleared = LedgerRecord::Cleared { target: target.clone() };
        let Some(entry) = entries.get(target) else {
            let (action, causes) = (owed.action, listed(owed.because.keys()));
            judged.notes.push(format!(
                "{target} was owed a {action} because {causes} changed, and isn't in the definition any more: it doesn't get it"
            ));
            judged.records.push(cleared);
            continue;
        };
        if ledger.damage.owing.contains(target) {
            judged.records.extend(raised(entry, boot));
            continue;
        }
        let has_booted = matches!((&owed.boot, boot), (Some(then), Some(now)) if then != now);
        if has_booted && entry.resource.behavior().is_refreshed_by_boot(owed.action) {
            judged.satisfied.push((target.clone(), owed.clone()));
            judged.records.push(cleared);
            continue;
        }
        for (cause, before) in &owed.because {
            let image = |entry: &&Entry| {
                guarded("check", || entry.resource.behavior().image(system))
                    .ok()
                    .flatten()
            };
            let now = entries.get(cause).and_then(image);
            if before.is_some() && now == *before {
                judged.records.push(LedgerRecord::Forgiven {
                    target: target.clone(),
                    cause: cause.clone(),
                });
            }
        }
    }
    judged
}

/// What the definition refreshes the entry for, as if all of it had changed.
fn raised<'e>(entry: &'e Entry, boot: Option<&'e str>) -> impl Iterator<Item = LedgerRecord> + 'e {
    entry.refresh_on.iter().map(move |subscription| LedgerRecord::Owed {
        target: entry.id.clone(),
        action: subscription.action,
        timing: Timing::Delayed,
        after_failure: subscription.after_failure,
        cause: RefreshCause {
            id: subscription.on.clone(),
            before: None,
        },
        boot: boot.map(ToOwned::to_owned),
    })
}
