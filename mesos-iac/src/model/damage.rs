use super::Catalog;
use crate::words::ResourceId;
use std::collections::BTreeSet;

/// What of a host's state couldn't be read. What it said is unknown, and never taken to be nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong, a part of the state each: `ledger.json: …`.
    pub parts: Vec<String>,
    /// Targets whose record can't be read. They are taken to be owed a refresh.
    pub owing: BTreeSet<ResourceId>,
    /// Whether anything else may be owed a refresh without our knowing.
    pub may_owe_more: bool,
}

impl Damage {
    /// Whether everything could be read.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.parts.is_empty()
    }

    /// All of it in words, with the targets of this catalog of which nobody knows what they are owed.
    #[must_use]
    pub fn told(&self, catalog: &Catalog) -> String {
        let mut told = vec![self.parts.join("; ")];
        if !self.owing.is_empty() {
            let owing: Vec<String> = self.owing.iter().map(ToString::to_string).collect();
            let owing = owing.join(", ");
            told.push(format!("taken to be owed a refresh, since nobody knows: {owing}"));
        }
        if self.may_owe_more {
            let unknown: Vec<String> = self.unknown(catalog).map(ToString::to_string).collect();
            told.push(match unknown.is_empty() {
                true => "nothing of the definition can be owed a refresh besides".to_owned(),
                false => format!(
                    "unknown whether they are owed a refresh, restart them if in doubt: {}",
                    unknown.join(", ")
                ),
            });
        }
        told.push("nothing is removed until a run has put the state in order".to_owned());
        told.join("; ")
    }

    /// What may be owed a refresh, and nobody knows.
    pub fn unknown<'c>(&self, catalog: &'c Catalog) -> impl Iterator<Item = &'c ResourceId> {
        let entries = catalog.entries.iter().filter(|_| self.may_owe_more);
        let targets = entries.filter(|entry| !entry.refresh_on.is_empty() && !self.owing.contains(&entry.id));
        targets.map(|entry| &entry.id)
    }
}
