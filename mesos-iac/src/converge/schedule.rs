use crate::model::Catalog;
use std::collections::{BTreeSet, HashMap};

/// Which entries of a catalog can be taken, by their places in it.
pub(super) struct Schedule {
    /// How many of an entry's dependencies aren't done with.
    waits_for: Vec<usize>,
    dependents: Vec<Vec<usize>>,
    ready: BTreeSet<usize>,
}

impl Schedule {
    pub(super) fn new(catalog: &Catalog) -> Self {
        let places: HashMap<_, _> = catalog
            .entries
            .iter()
            .enumerate()
            .map(|(at, entry)| (&entry.id, at))
            .collect();
        let mut schedule = Self {
            waits_for: vec![0; catalog.entries.len()],
            dependents: vec![Vec::new(); catalog.entries.len()],
            ready: BTreeSet::new(),
        };
        for (at, entry) in catalog.entries.iter().enumerate() {
            // A catalog that was tampered with may name what it lacks; nothing can wait for that.
            for first in entry.after.iter().filter_map(|edge| places.get(&edge.on)) {
                schedule.waits_for[at] += 1;
                schedule.dependents[*first].push(at);
            }
            if schedule.waits_for[at] == 0 {
                schedule.ready.insert(at);
            }
        }
        schedule
    }

    /// All entries whose dependencies are done with, in the catalog's order. Each is returned once.
    pub(super) fn take_ready(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.ready).into_iter().collect()
    }

    /// An entry is done with, well or not.
    pub(super) fn finish(&mut self, at: usize) {
        for dependent in std::mem::take(&mut self.dependents[at]) {
            self.waits_for[dependent] -= 1;
            if self.waits_for[dependent] == 0 {
                self.ready.insert(dependent);
            }
        }
    }
}
