use super::{Entry, Ownership, Resource};
use crate::words::ResourceId;
use serde::{Deserialize, Serialize};

/// A resource that we own and that isn't in the definition any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orphan {
    /// Which.
    pub id: ResourceId,
    /// How we came to own it. What was adopted is never removed.
    pub ownership: Ownership,
    /// The resource that undoes it, if its kind has one.
    pub inverse: Option<Inverse>,
}

/// The resource that undoes another, in the form in which it stands in a ledger: whoever reads that may not have its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Inverse(String);

impl Inverse {
    /// What undoes an entry; `None` if its kind has no inverse.
    #[must_use]
    pub fn of(entry: &Entry) -> Option<Self> {
        let inverse = entry.resource.behavior().inverse()?;
        serde_json::to_string(&inverse).ok().map(Self)
    }

    /// The resource.
    ///
    /// # Errors
    /// This program doesn't have its kind, or has it in another form.
    pub fn resource(&self) -> Result<Box<dyn Resource>, String> {
        serde_json::from_str(&self.0).map_err(|error| format!("this agent doesn't know how to undo it: {error}"))
    }
}
