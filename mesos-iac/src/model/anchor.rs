use super::{Check, Converge, Diff, ReadSystem, Result, System};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// A point in a catalog's order that many resources come before or after: the end of a role, say. It is nothing on a host.
///
/// A thousand resources before a thousand others are two thousand edges to and from an anchor, and would be a million
/// without one. An anchor is passed when all that it comes after is done with, and what failed there fails through it.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.anchor", key = name)]
pub(crate) struct Anchor {
    name: String,
}

impl Anchor {
    pub(crate) const fn new(name: String) -> Self {
        Self { name }
    }
}

impl Converge for Anchor {
    fn check(&self, _: &dyn ReadSystem) -> Result<Check> {
        Ok(Check::NoChange)
    }

    fn apply(&self, _: &dyn System, _: &Diff) -> Result<()> {
        Ok(())
    }
}
