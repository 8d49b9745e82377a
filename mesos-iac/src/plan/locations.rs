//! Resources that get in each other's way on a host, because a link leads from one to the other.

use super::guarded::guarded;
use crate::model::{Catalog, Effect, Entry, ReadSystem};
use crate::words::{AbsPath, ResourceId};
use std::collections::{BTreeMap, HashMap};

/// Where the resources of a catalog are on this host. Two that are in one place differ in the definition only: Debian's
/// `/etc/zookeeper/conf` is a link, so what is declared below it may be declared a second time below where it leads. Which of
/// the two is right nobody can know, so neither is changed.
pub(crate) struct Locations<'c> {
    catalog: &'c Catalog,
    places: BTreeMap<AbsPath, Vec<&'c ResourceId>>,
    /// The directories that remove what they don't know.
    exclusive: Vec<(&'c Entry, AbsPath)>,
}

impl<'c> Locations<'c> {
    /// Nothing is anywhere yet.
    pub(crate) fn new(catalog: &'c Catalog) -> Self {
        let directories = |entry: &'c Entry| {
            let reads = entry.resource.behavior().effects().reads.into_iter();
            reads.filter_map(move |effect| match effect {
                Effect::Entries(directory) => Some((entry, directory)),
                _ => None,
            })
        };
        Self {
            catalog,
            places: BTreeMap::new(),
            exclusive: catalog.entries.iter().flat_map(directories).collect(),
        }
    }

    /// All of the catalog, as this system has it.
    pub(crate) fn all(catalog: &'c Catalog, system: &dyn ReadSystem) -> Self {
        let mut all = Self::new(catalog);
        for entry in &catalog.entries {
            if let Some(place) = location(entry, system) {
                all.add(&entry.id, place);
            }
        }
        all
    }

    /// Where each of them is.
    pub(crate) fn of_each(&self) -> HashMap<&'c ResourceId, AbsPath> {
        let each = self.places.iter();
        each.flat_map(|(place, ids)| ids.iter().map(move |id| (*id, place.clone())))
            .collect()
    }

    /// Takes note of where one is.
    pub(crate) fn add(&mut self, id: &'c ResourceId, place: AbsPath) {
        self.places.entry(place).or_default().push(id);
    }

    /// Forgets where everything is.
    pub(crate) fn clear(&mut self) {
        self.places.clear();
    }

    /// Those that can't be had, each with why.
    pub(crate) fn shared(&self, system: &dyn ReadSystem) -> HashMap<&'c ResourceId, String> {
        let mut shared = self.hidden(system);
        for (place, ids) in &self.places {
            for id in ids {
                if let Some(why) = why_not(id, place, ids) {
                    shared.insert(*id, why);
                }
            }
        }
        shared
    }

    /// As [`Locations::shared`], for what stands in these places alone.
    pub(crate) fn shared_at(&self, places: &[AbsPath], system: &dyn ReadSystem) -> HashMap<&'c ResourceId, String> {
        let mut shared = match places.is_empty() {
            true => HashMap::new(),
            false => self.hidden(system),
        };
        for place in places {
            let ids = self.places.get(place).map(Vec::as_slice).unwrap_or_default();
            for id in ids {
                if let Some(why) = why_not(id, place, ids) {
                    shared.insert(*id, why);
                }
            }
        }
        shared
    }

    /// The exclusive directories into which a link leads that they don't know of, and what stands there.
    fn hidden(&self, system: &dyn ReadSystem) -> HashMap<&'c ResourceId, String> {
        let mut hidden = HashMap::new();
        for (entry, directory) in &self.exclusive {
            hidden.extend(hidden_entries(self.catalog, entry, directory, &self.places, system));
        }
        hidden
    }
}

/// Why one can't be had in a place where these are.
fn why_not(id: &ResourceId, place: &AbsPath, ids: &[&ResourceId]) -> Option<String> {
    let others: Vec<String> = ids
        .iter()
        .filter(|other| **other != id)
        .map(ToString::to_string)
        .collect();
    let others = others.join(", ");
    (!others.is_empty()).then(|| format!("tell it from {others}: on this host both are {place}"))
}

/// Where a resource is. `None`: it has no path of its own, or its path can't be resolved, and then it fails by itself when it
/// is checked.
pub(crate) fn location(entry: &Entry, system: &dyn ReadSystem) -> Option<AbsPath> {
    guarded("check", || entry.resource.behavior().location(system))
        .ok()
        .flatten()
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
