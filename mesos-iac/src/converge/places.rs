//! No two resources are in one place: what is declared below a link may be declared a second time below where it leads.

use super::event::Outcome;
use super::executor::Run;
use super::pool;
use crate::model::{Catalog, Entry, System};
use crate::plan::{Linked, Locations, location};
use crate::words::{AbsPath, ResourceId};
use std::collections::HashMap;
use std::time::Duration;

/// Where everything is, as far as a run knows.
///
/// It is looked at twice: at the start, as a plan does, and again when a resource is reached, since what was changed by then
/// may have made links that nobody could foresee, as packages do.
pub(super) struct Places<'c> {
    catalog: &'c Catalog,
    /// Where each was at the start.
    first: HashMap<&'c ResourceId, AbsPath>,
    /// Whether links are to come, so that `first` is a forecast.
    is_forecast: bool,
    /// What can't be had, as it was known at the start.
    shared: HashMap<&'c ResourceId, String>,
    /// What was reached, and where that is.
    reached: Vec<&'c Entry>,
    at: Locations<'c>,
    /// Whether packages came since `at` was looked at: they replace directories by links.
    is_stale: bool,
}

impl<'c> Places<'c> {
    /// Nothing is known yet.
    pub(super) fn new(catalog: &'c Catalog) -> Self {
        Self {
            catalog,
            first: HashMap::new(),
            is_forecast: false,
            shared: HashMap::new(),
            reached: Vec::new(),
            at: Locations::new(catalog),
            is_stale: false,
        }
    }

    /// Looks where everything is, or will be once the catalog's links are in place.
    pub(super) fn look(&mut self, system: &dyn System) {
        let linked = Linked::new(self.catalog, system);
        let all = Locations::all(self.catalog, linked.system());
        self.shared = all.shared(linked.system());
        self.is_forecast = !linked.is_as_today();
        self.first = all.of_each();
    }

    /// What was reached is looked at anew before anything else is.
    pub(super) const fn may_have_moved(&mut self) {
        self.is_stale = true;
    }
}

impl<'c> Run<'c, '_> {
    /// Those of what is reached that are in a place of their own. The others fail, with nothing changed.
    pub(super) fn tell_apart(&mut self, reached: Vec<(usize, &'c Entry)>) -> Vec<(usize, &'c Entry)> {
        let system = self.system;
        let places = &mut self.places;
        if places.is_stale {
            places.is_stale = false;
            places.at.clear();
            for entry in &places.reached {
                if let Some(place) = location(entry, system) {
                    places.at.add(&entry.id, place);
                }
            }
        }
        let has_moved = self.has_begun || places.is_forecast;
        let located: Vec<_> = if has_moved {
            pool::map(self.options.workers, reached, |(at, entry): (usize, &'c Entry)| {
                (at, entry, location(entry, system))
            })
        } else {
            let place = |(at, entry): (usize, &'c Entry)| (at, entry, places.first.remove(&entry.id));
            reached.into_iter().map(place).collect()
        };
        let mut apart = Vec::with_capacity(located.len());
        let mut taken = Vec::new();
        for (at, entry, place) in located {
            if let Some(place) = place {
                places.at.add(&entry.id, place.clone());
                places.reached.push(entry);
                taken.push(place);
            }
            apart.push((at, entry));
        }
        // What stood still since the start was told apart then.
        let mut shared = match has_moved {
            true => places.at.shared_at(&taken, system),
            false => HashMap::new(),
        };
        for (_, entry) in &apart {
            if let Some(why) = places.shared.remove(&entry.id) {
                shared.insert(&entry.id, why);
            }
        }
        let (apart, together): (Vec<_>, Vec<_>) = apart
            .into_iter()
            .partition(|(_, entry)| !shared.contains_key(&entry.id));
        for (at, entry) in together {
            let why = shared.remove(&entry.id).unwrap_or_default();
            self.settle(at, entry, Outcome::Failed(why), Duration::ZERO);
        }
        apart
    }
}
