use super::{Edge, Rollout};
use crate::words::{Location, ResourceId};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// Where and why: what stands beside a host's catalog and outside its equality.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// How each resource came into the catalog.
    pub declared: BTreeMap<ResourceId, Declaration>,
    /// What a condition left out, in the order of declaration.
    pub left_out: Vec<LeftOut>,
    /// Automatic edges that were dropped because they would have closed a cycle.
    pub dropped: Vec<DroppedEdge>,
    /// The roles of the host, in the order in which they declare.
    pub roles: Vec<RoleOrigin>,
}

/// How a resource came into the catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Declaration {
    /// Where it was declared.
    pub at: Location,
    /// By which role.
    pub role: String,
    /// The conditions that held, outermost first.
    pub conditions: Vec<String>,
    /// Where else the same resource was declared, word for word, and by which role.
    pub also: Vec<(Location, String)>,
}

/// What a condition left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The resource; none for a whole block.
    pub resource: Option<ResourceId>,
    /// The condition that didn't hold.
    pub condition: String,
    /// The attributes that the condition reads.
    pub attributes: Vec<String>,
    /// The role that would have declared it.
    pub role: String,
    /// Where the condition stands.
    pub at: Location,
}

/// An automatic edge that would have closed a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DroppedEdge {
    /// The resource that would have waited.
    pub of: ResourceId,
    /// For what, and why.
    pub edge: Edge,
    /// Why it can't: a way by which what it would have waited for comes after it. Begins with the one and ends with the other.
    pub way: Vec<ResourceId>,
}

impl DroppedEdge {
    /// The way in words: `a after b after c`.
    #[must_use]
    pub fn way_in_words(&self) -> String {
        let names: Vec<String> = self.way.iter().map(ToString::to_string).collect();
        names.join(" after ")
    }
}

impl fmt::Display for DroppedEdge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (of, Edge { on, because }) = (&self.of, &self.edge);
        write!(f, "{of} after {on} ({because}), since {}", self.way_in_words())
    }
}

/// A role of a host, and how the host came by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleOrigin {
    /// The role's qualified name.
    pub role: String,
    /// Where it was given or included.
    pub at: Location,
    /// The role that included it.
    pub included_by: Option<String>,
    /// What changing its hosts one after the other has to heed.
    pub rollout: Option<Rollout>,
}
