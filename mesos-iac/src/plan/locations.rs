//! Two resources that are one path on a host, because a link leads from one to the other.

use super::guarded::guarded;
use crate::model::{Catalog, ReadSystem};
use crate::words::{AbsPath, ResourceId};
use std::collections::{BTreeMap, HashMap};

/// The resources whose paths are one on this host though they differ in the definition, each with why it can't be had.
///
/// Debian's `/etc/zookeeper/conf` is a link, so what is declared below it may be declared a second time below where it
/// leads. Which of the two is right nobody can know, so neither is changed.
pub(crate) fn shared_locations<'c>(catalog: &'c Catalog, system: &dyn ReadSystem) -> HashMap<&'c ResourceId, String> {
    let mut at = BTreeMap::<AbsPath, Vec<&ResourceId>>::new();
    for entry in &catalog.entries {
        // What can't be resolved fails by itself when it is checked.
        let location = guarded("check", || entry.resource.behavior().location(system));
        if let Ok(Some(location)) = location {
            at.entry(location).or_default().push(&entry.id);
        }
    }
    let mut shared = HashMap::new();
    for (location, ids) in at {
        for id in ids.iter().filter(|_| ids.len() > 1) {
            let others: Vec<String> = ids
                .iter()
                .filter(|other| other != &id)
                .map(ToString::to_string)
                .collect();
            let others = others.join(", ");
            shared.insert(*id, format!("tell it from {others}: on this host both are {location}"));
        }
    }
    shared
}
