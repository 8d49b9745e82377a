use crate::model::{Draft, Effects, Reason, Subscription};
use crate::words::{Location, ResourceId};
use std::collections::BTreeSet;

/// A resource of the host under construction, known by its place in the order of declaration; or an anchor.
pub(super) struct Node {
    pub(super) draft: Draft,
    pub(super) effects: Effects,
    pub(super) also: Vec<(Location, String)>,
    pub(super) subscriptions: BTreeSet<Subscription>,
    /// What an anchor stands for; none for a resource.
    pub(super) anchor: Option<Label>,
}

/// How messages tell of an anchor.
pub(super) struct Label {
    /// What it is called among resources that wait for each other; none if it goes without saying.
    pub(super) called: Option<String>,
    /// What its place in the source is called.
    pub(super) place: String,
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
