use super::refreshes::Fate;
use crate::model::{ChangeCause, Diff, Ownership, PackageChange, RefreshAction};
use crate::words::ResourceId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a run would do to one host, in the order in which it would.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The resources, all of them.
    pub resources: Vec<PlannedResource>,
    /// The package transactions, in their order.
    pub transactions: Vec<PlannedTransaction>,
    /// The refreshes that would follow.
    pub refreshes: Vec<PlannedRefresh>,
    /// What we own and the definition doesn't have any more, in the order in which it would be removed if that is asked
    /// for.
    pub orphans: Vec<PlannedOrphan>,
    /// How many times the host's ledger was written. A run that the plan bounds is refused where it was written fewer times
    /// by then.
    pub generation: u64,
    /// The digest of the catalog that the host was brought to last.
    pub applied: Option<String>,
}

/// What a run would do to one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedResource {
    /// The resource.
    pub id: ResourceId,
    /// What would be done.
    pub planned: Planned,
    /// Why it differs, if it does.
    pub cause: Option<ChangeCause>,
    /// A digest of what a secret is and is to be, with a key that stays on the host. It says nothing, and differs when one of
    /// the two does. `None`: there is no secret in it, or no run has given the host a key yet.
    pub seal: Option<String>,
}

/// Packages that would be installed and removed together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedTransaction {
    /// The packages of the definition among them. Their versions stand with them.
    pub of: Vec<ResourceId>,
    /// The packages that nobody declared and that would come along, be upgraded or go, sorted.
    pub along: Vec<PackageChange>,
    /// Why that can't be known, if it can't.
    pub unknown: Option<String>,
}

/// What would be done to a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
#[non_exhaustive]
pub enum Planned {
    /// Nothing: the host is as desired.
    NoChange,
    /// Exactly this.
    WouldChange(Diff),
    /// It can't be known yet.
    Unknown {
        /// Whether it would change at all, or only how.
        doubt: Doubt,
        /// Why not.
        because: Because,
        /// What would be done if nothing before it changed anything that matters to it.
        as_it_stands: Option<Diff>,
    },
    /// The comparison failed, and nothing before it could mend that.
    Failed(String),
    /// Nothing, because something that it needs fails.
    Skipped {
        /// What fails.
        because: ResourceId,
    },
}

/// What it is that can't be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// Whether anything would be done.
    Whether,
    /// Something would be done, and nobody knows exactly what.
    How,
}

/// Why something can't be known before a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Because {
    /// Something that it depends on would change first.
    Upstream(ResourceId),
    /// Its guard isn't marked as read-only, so a plan doesn't run it.
    GuardNotRun,
    /// The host has no lists of what its repositories hold, so nobody knows whether they have it.
    NoLists,
    /// The system has no way to know.
    Unknowable(String),
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upstream(id) => write!(f, "{id} would change first"),
            Self::GuardNotRun => f.write_str("its guard isn't marked as read-only, so a plan doesn't run it"),
            Self::NoLists => f.write_str("the host has no lists of packages yet, a run fetches them first"),
            Self::Unknowable(why) => f.write_str(why),
        }
    }
}

/// Something that we own and the definition doesn't have any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedOrphan {
    /// Which.
    pub id: ResourceId,
    /// How we came to own it.
    pub ownership: Ownership,
    /// What removing it would do: nothing to what was adopted, is gone already, or has nothing that undoes it.
    pub removal: Planned,
}

/// A refresh that would follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedRefresh {
    /// What would be refreshed.
    pub target: ResourceId,
    /// How.
    pub action: RefreshAction,
    /// Whether it is sure to happen.
    pub certainty: Certainty,
    /// Whose changes cause it.
    pub because: Vec<ResourceId>,
    /// What fails so that it would be held, and stay owed.
    pub held: Option<ResourceId>,
}

/// Whether a refresh is sure to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Certainty {
    /// It is owed already: an earlier run didn't get to it.
    Pending,
    /// It is.
    Certain,
    /// It happens if something that can't be known yet changes.
    IfChanged,
    /// It happens if there is work for it by then, which can't be known yet: a command's guard is asked again, a service may
    /// be started first.
    IfNeeded,
}

impl Planned {
    /// What it means for those that depend on it.
    pub(super) const fn fate(&self) -> Fate {
        match self {
            Self::WouldChange(_) | Self::Unknown { doubt: Doubt::How, .. } => Fate::Changes,
            Self::NoChange
            | Self::Unknown {
                because: Because::Unknowable(_),
                ..
            } => Fate::Same,
            Self::Unknown { .. } => Fate::Open,
            Self::Failed(_) | Self::Skipped { .. } => Fate::Fails,
        }
    }
}

impl Plan {
    /// Whether a run would change anything, or might.
    #[must_use]
    pub fn changes_anything(&self) -> bool {
        let changes = |resource: &PlannedResource| matches!(resource.planned.fate(), Fate::Changes | Fate::Open);
        !self.refreshes.is_empty() || !self.orphans.is_empty() || self.resources.iter().any(changes)
    }

    /// Whether there is something that can't be known yet, in a sandbox what a command would do.
    #[must_use]
    pub fn is_uncertain(&self) -> bool {
        let is_unknown = |resource: &PlannedResource| matches!(resource.planned, Planned::Unknown { .. });
        self.resources.iter().any(is_unknown)
    }

    /// Whether something would fail.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.resources
            .iter()
            .any(|resource| matches!(resource.planned, Planned::Failed(_)))
    }
}
