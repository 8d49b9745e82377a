//! Resources that get in each other's way on a host, because a link leads from one to the other.

use super::guarded::guarded;
use crate::model::{Catalog, Effect, Entry, ReadSystem};
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
    for entry in &catalog.entries {
        for effect in entry.resource.behavior().effects().reads {
            if let Effect::Entries(directory) = effect {
                shared.extend(hidden_entries(catalog, entry, &directory, &at, system));
            }
        }
    }
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

/// The resources that a link puts into an exclusive directory, which therefore doesn't know of them and would remove what
/// they make.
fn hidden_entries<'c>(
    catalog: &'c Catalog,
    exclusive: &'c Entry,
    directory: &AbsPath,
    at: &BTreeMap<AbsPath, Vec<&'c ResourceId>>,
    system: &dyn ReadSystem,
) -> HashMap<&'c ResourceId, String> {
    let mut hidden = HashMap::new();
    let Ok(resolved) = system.resolve(directory) else {
        return hidden;
    };
    let is_known = |id: &ResourceId| {
        let writes = catalog
            .entry(id)
            .map(|entry| entry.resource.behavior().effects().writes);
        let is_within = |effect: &Effect| matches!(effect, Effect::Path(path) if path.is_within(directory));
        writes.into_iter().flatten().any(|effect| is_within(&effect))
    };
    let within = at.iter().filter(|(location, _)| location.is_within(&resolved));
    for (location, id) in within.flat_map(|(location, ids)| ids.iter().map(move |id| (location, *id))) {
        if *id != exclusive.id && !is_known(id) {
            let why = format!(
                "tell it from what nothing owns in {}: on this host it is {location}",
                exclusive.id
            );
            hidden.insert(id, why);
            let why = format!("remove what nothing owns: on this host {id} is {location}, through a link");
            hidden.insert(&exclusive.id, why);
        }
    }
    hidden
}
