use crate::model::{Draft, Effects, Reason, Subscription};
use crate::words::{Location, ResourceId};
use std::collections::BTreeSet;

/// A resource of the host under construction, known by its place in the order of declaration.
pub(super) struct Node {
    pub(super) draft: Draft,
    pub(super) effects: Effects,
    pub(super) also: Vec<(Location, String)>,
    pub(super) subscriptions: BTreeSet<Subscription>,
}

impl Node {
    pub(super) const fn id(&self) -> &ResourceId {
        &self.draft.parts.id
    }
}

/// An edge between two nodes: `first` comes before `then`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Wire {
    pub(super) first: usize,
    pub(super) then: usize,
    pub(super) reason: Reason,
}
