use super::{AfterFailure, Catalog, Damage, Inverse, Orphan, RefreshAction, Timing};
use crate::words::ResourceId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What we own on a host and what we owe it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    /// How many times it was written.
    pub generation: u64,
    /// The digest of the catalog that the host was brought to last.
    pub catalog: Option<String>,
    /// What we own.
    pub owned: BTreeMap<ResourceId, OwnedResource>,
    /// The refreshes that are owed, by their targets.
    pub owed: BTreeMap<ResourceId, OwedRefresh>,
    /// What of it couldn't be read. It isn't written.
    pub damage: Damage,
}

/// A resource that we own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnedResource {
    /// Whether it is ours.
    pub ownership: Ownership,
    /// The digest of what was desired when it was last as desired; `None` if it never was.
    pub desired: Option<String>,
    /// Its place in the catalog by which it was last seen to. What comes later there goes first when it is removed.
    pub place: usize,
    /// What undoes it; only of what was created.
    pub inverse: Option<Inverse>,
}

/// How we came to own a resource. What was adopted is never removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ownership {
    /// It didn't exist, and we made it.
    Created,
    /// It was there.
    Adopted,
    /// Nothing of it stays on a host, so there is nothing to own: a command.
    Transient,
}

/// A refresh that is owed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwedRefresh {
    /// How; the strongest of what its causes ask for.
    pub action: RefreshAction,
    /// When.
    pub timing: Timing,
    /// What becomes of it when something failed.
    pub after_failure: AfterFailure,
    /// What caused it, and the digest of its state before, as long as the target can't have read another one; a list of
    /// [`RefreshCause`] on disk.
    #[serde(with = "causes")]
    pub because: BTreeMap<ResourceId, Option<String>>,
    /// The boot during which it last came to be owed.
    pub boot: Option<String>,
}

impl Ledger {
    /// Why a resource differs that is desired with this digest.
    #[must_use]
    pub fn cause(&self, id: &ResourceId, desired: &str) -> ChangeCause {
        match self.owned.get(id).and_then(|owned| owned.desired.as_deref()) {
            None => ChangeCause::New,
            Some(known) if known == desired => ChangeCause::Drift,
            Some(_) => ChangeCause::Definition,
        }
    }

    /// Whether a target is owed a refresh because this changed.
    #[must_use]
    pub fn owes(&self, target: &ResourceId, cause: &ResourceId) -> bool {
        let owed = self.owed.get(target);
        owed.is_some_and(|owed| owed.because.contains_key(cause))
    }

    /// What we own and the catalog doesn't have, in the order in which it would be removed: what was made last goes first.
    #[must_use]
    pub fn orphans(&self, catalog: &Catalog) -> Vec<Orphan> {
        let desired: BTreeSet<&ResourceId> = catalog.entries.iter().map(|entry| &entry.id).collect();
        let is_left = |(id, owned): &(&ResourceId, &OwnedResource)| {
            owned.ownership != Ownership::Transient && !desired.contains(id)
        };
        let mut left: Vec<_> = self.owned.iter().filter(is_left).collect();
        left.sort_by(|(id, owned), (other, others)| (others.place, *other).cmp(&(owned.place, *id)));
        let orphan = |(id, owned): (&ResourceId, &OwnedResource)| Orphan {
            id: id.clone(),
            ownership: owned.ownership,
            inverse: owned.inverse.clone(),
        };
        left.into_iter().map(orphan).collect()
    }

    /// Takes in what a run says.
    pub(crate) fn take(&mut self, record: &LedgerRecord) {
        match record {
            LedgerRecord::Began => {}
            LedgerRecord::Changing {
                id,
                ownership,
                place,
                inverse,
            } => {
                let owned = self.owned.entry(id.clone()).or_insert_with(|| OwnedResource {
                    ownership: *ownership,
                    desired: None,
                    place: *place,
                    inverse: inverse.clone(),
                });
                // The definition has come to desire more of what is ours, such as that a service is enabled too.
                if owned.ownership == Ownership::Created && inverse.is_some() {
                    owned.inverse.clone_from(inverse);
                }
            }
            LedgerRecord::Owed {
                target,
                action,
                timing,
                after_failure,
                cause,
                boot,
            } => {
                let owed = self.owed.entry(target.clone()).or_insert_with(|| OwedRefresh {
                    action: *action,
                    timing: *timing,
                    after_failure: *after_failure,
                    because: BTreeMap::new(),
                    boot: None,
                });
                owed.action = owed.action.max(*action);
                owed.timing = owed.timing.max(*timing);
                owed.after_failure = owed.after_failure.max(*after_failure);
                owed.boot.clone_from(boot);
                // What was there before the first change of several is what would have to come back.
                owed.because
                    .entry(cause.id.clone())
                    .or_insert_with(|| cause.before.clone());
            }
            LedgerRecord::Reading { target } => {
                if let Some(owed) = self.owed.get_mut(target) {
                    owed.because.values_mut().for_each(|before| *before = None);
                }
            }
            LedgerRecord::Forgiven { target, cause } => self.forgive(target, cause),
            LedgerRecord::Cleared { target } => {
                self.owed.remove(target);
            }
            LedgerRecord::Settled {
                id,
                desired,
                ownership,
                place,
            } => {
                let owned = self.owned.entry(id.clone()).or_insert_with(|| OwnedResource {
                    ownership: *ownership,
                    desired: None,
                    place: *place,
                    inverse: None,
                });
                owned.desired = Some(desired.clone());
                owned.place = *place;
            }
            LedgerRecord::Forgotten { id } => {
                self.owned.remove(id);
            }
        }
    }

    /// Whether a record is no news.
    pub(crate) fn says(&self, record: &LedgerRecord) -> bool {
        match record {
            LedgerRecord::Began => false,
            LedgerRecord::Changing { id, inverse, .. } => self.owned.get(id).is_some_and(|owned| {
                owned.ownership != Ownership::Created || inverse.is_none() || owned.inverse == *inverse
            }),
            LedgerRecord::Owed {
                target,
                action,
                timing,
                after_failure,
                cause,
                boot,
            } => self.owed.get(target).is_some_and(|owed| {
                owed.action >= *action
                    && owed.timing >= *timing
                    && owed.after_failure >= *after_failure
                    && owed.boot == *boot
                    && owed.because.contains_key(&cause.id)
            }),
            LedgerRecord::Reading { target } => {
                let owed = self.owed.get(target);
                !owed.is_some_and(|owed| owed.because.values().any(Option::is_some))
            }
            LedgerRecord::Forgiven { target, cause } => {
                let owed = self.owed.get(target);
                !owed.is_some_and(|owed| owed.because.contains_key(cause))
            }
            LedgerRecord::Cleared { target } => !self.owed.contains_key(target),
            LedgerRecord::Settled { id, desired, place, .. } => self
                .owned
                .get(id)
                .is_some_and(|owned| owned.desired.as_ref() == Some(desired) && owned.place == *place),
            LedgerRecord::Forgotten { id } => !self.owned.contains_key(id),
        }
    }

    fn forgive(&mut self, target: &ResourceId, cause: &ResourceId) {
        if let Some(owed) = self.owed.get_mut(target) {
            owed.because.remove(cause);
            if owed.because.is_empty() {
                self.owed.remove(target);
            }
        }
    }
}

/// One thing that a run promises or has done, as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub enum LedgerRecord {
    /// A run is about to make its first change. A journal that says so and goes no further is of a run that broke off.
    Began,
    /// A resource is about to be changed.
    Changing {
        /// Which.
        id: ResourceId,
        /// How we come to own it, if we don't yet.
        ownership: Ownership,
        /// Its place in the catalog.
        place: usize,
        /// What undoes it; only if it is created.
        inverse: Option<Inverse>,
    },
    /// A refresh is about to be owed; durable before the change that causes it.
    Owed {
        /// What is to be refreshed.
        target: ResourceId,
        /// How.
        action: RefreshAction,
        /// When.
        timing: Timing,
        /// What becomes of it when something failed.
        after_failure: AfterFailure,
        /// What causes it.
        cause: RefreshCause,
        /// The boot during which it came to be owed, if the system knows.
        boot: Option<String>,
    },
    /// A target is about to be refreshed or changed, and may read what its causes have become; durable before that. From
    /// then on putting the causes back doesn't do: the target doesn't know of it. Only a refresh clears what is owed.
    Reading {
        /// What may read.
        target: ResourceId,
    },
    /// A change that would have caused a refresh wasn't made, or was undone.
    Forgiven {
        /// What would have been refreshed.
        target: ResourceId,
        /// What didn't change.
        cause: ResourceId,
    },
    /// A refresh was delivered, or isn't needed any more.
    Cleared {
        /// What was to be refreshed.
        target: ResourceId,
    },
    /// A resource is as the definition with this digest desires.
    Settled {
        /// Which.
        id: ResourceId,
        /// The digest of what is desired.
        desired: String,
        /// How we come to own it, if we don't yet.
        ownership: Ownership,
        /// Its place in the catalog.
        place: usize,
    },
    /// A resource isn't ours any more: it was removed, or whoever runs us said so.
    Forgotten {
        /// Which.
        id: ResourceId,
    },
}

/// A change that causes a refresh, and what was there before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefreshCause {
    /// What changes.
    pub id: ResourceId,
    /// The digest of its state before. `None`: its kind has no such digest, or the target may have read another state
    /// since, so the refresh is delivered whatever happens.
    pub before: Option<String>,
}

/// The form of causes on disk, where no key of a map is a structure.
mod causes {
    use super::RefreshCause;
    use crate::words::ResourceId;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::collections::BTreeMap;

    pub(super) fn serialize<S: Serializer>(
        causes: &BTreeMap<ResourceId, Option<String>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(causes.iter().map(|(id, before)| RefreshCause {
            id: id.clone(),
            before: before.clone(),
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<ResourceId, Option<String>>, D::Error> {
        let causes = Vec::<RefreshCause>::deserialize(deserializer)?;
        Ok(causes.into_iter().map(|cause| (cause.id, cause.before)).collect())
    }
}

/// Why a host differs from what is desired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ChangeCause {
    /// No run has brought the resource to the definition before.
    New,
    /// The definition desires something else than it did.
    Definition,
    /// The host was as desired, and something else than a run changed it.
    Drift,
}

impl fmt::Display for ChangeCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::Definition => "the definition changed",
            Self::Drift => "the host drifted",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owed(cause: &str, before: &str) -> LedgerRecord {
        LedgerRecord::Owed {
            target: "service[zookeeper]".parse().unwrap(),
            action: RefreshAction::Restart,
            timing: Timing::Delayed,
            after_failure: AfterFailure::default(),
            cause: RefreshCause {
                id: cause.parse().unwrap(),
                before: Some(before.to_owned()),
            },
            boot: None,
        }
    }

    #[test]
    fn causes_stand_on_disk_as_a_list_each_once_with_what_was_there_first() {
        let mut ledger = Ledger::default();
        for (cause, before) in [("file[/b]", "1"), ("file[/a]", "2"), ("file[/b]", "3")] {
            ledger.take(&owed(cause, before));
        }
        assert!(ledger.says(&owed("file[/a]", "4")) && !ledger.says(&owed("file[/c]", "4")));
        let owed = ledger.owed.values().next().unwrap();
        let json = serde_json::to_value(owed).unwrap();
        assert_eq!(
            json["because"],
            serde_json::json!([
                { "id": { "kind": "core.file", "key": "/a" }, "before": "2" },
                { "id": { "kind": "core.file", "key": "/b" }, "before": "1" },
            ])
        );
        assert_eq!(serde_json::from_value::<OwedRefresh>(json).unwrap(), *owed);
    }

    #[test]
    fn what_a_target_may_have_read_is_owed_whatever_was_there_before() {
        let mut ledger = Ledger::default();
        let target: ResourceId = "service[zookeeper]".parse().unwrap();
        let reading = LedgerRecord::Reading { target: target.clone() };
        assert!(ledger.says(&reading));
        ledger.take(&owed("file[/a]", "1"));
        assert!(!ledger.says(&reading));
        ledger.take(&reading);
        assert!(ledger.says(&reading));
        // It changes once more, with the first run's state as the one before: that isn't what the target knows.
        ledger.take(&owed("file[/a]", "1"));
        ledger.take(&owed("file[/b]", "2"));
        let before: Vec<_> = ledger.owed[&target].because.values().cloned().collect();
        assert_eq!(before, [None, Some("2".to_owned())]);
    }
}
