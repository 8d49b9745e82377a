use crate::model::{Catalog, Layer, PathKind, ReadSystem, SystemError};
use crate::words::AbsPath;
use std::collections::BTreeMap;

type Result<T> = std::result::Result<T, SystemError>;

/// As many links in a row as Linux follows.
const MOST_LINKS: usize = 40;

/// A system as it looks once the links of a catalog are in place: what is declared below a link stands where the link will
/// lead, and not where the path leads today.
pub(crate) struct Linked<'s> {
    system: &'s dyn ReadSystem,
    /// The links that aren't there yet or lead elsewhere today: where each stands, and where it will lead.
    links: BTreeMap<AbsPath, AbsPath>,
}

impl<'s> Linked<'s> {
    pub(crate) fn new(catalog: &Catalog, system: &'s dyn ReadSystem) -> Self {
        let mut linked = Self {
            system,
            links: BTreeMap::new(),
        };
        for entry in &catalog.entries {
            for (path, target) in entry.resource.behavior().effects().links {
                // What can't be resolved fails by itself when it is checked. The order of the catalog sees to it that a link
                // below a link comes after it.
                let Ok(place) = linked.place(&path) else { continue };
                if !linked.leads(&place, &target) {
                    linked.links.insert(place, target);
                }
            }
        }
        linked
    }

    /// What to look at: the system itself, if all links are in place.
    pub(crate) fn system(&self) -> &dyn ReadSystem {
        if self.is_as_today() { self.system } else { self }
    }

    /// Whether all links are in place, so that every path leads where it will.
    pub(crate) fn is_as_today(&self) -> bool {
        self.links.is_empty()
    }

    fn leads(&self, place: &AbsPath, target: &AbsPath) -> bool {
        let entry = self.system.entry(place).ok().flatten().map(|entry| entry.kind);
        let Some(PathKind::Symlink(found)) = entry else {
            return false;
        };
        let found = match found.starts_with('/') {
            true => AbsPath::new(&found).ok(),
            false => place.parent().and_then(|parent| parent.join(&found).ok()),
        };
        found.as_ref() == Some(target)
    }

    /// The path with every link in it followed, those that aren't there yet among them.
    fn walk(&self, path: &AbsPath) -> Result<AbsPath> {
        let mut path = path.clone();
        for _ in 0..MOST_LINKS {
            let Some(moved) = self.step(&path)? else {
                return self.system.resolve(&path);
            };
            path = moved;
        }
        Err(SystemError::Path {
            action: "follow".into(),
            path,
            why: "its links go in circles".into(),
        })
    }

    /// The path with what leads to its first link that is to come replaced by where that will lead. `None`: no such link
    /// is on its way.
    fn step(&self, path: &AbsPath) -> Result<Option<AbsPath>> {
        let mut prefixes: Vec<AbsPath> = path.ancestors().collect();
        prefixes.reverse();
        prefixes.push(path.clone());
        for prefix in prefixes {
            let Some(parent) = prefix.parent() else { continue };
            // Nothing on the way to the parent is to come, or an earlier prefix would have been it.
            let place = join(&self.system.resolve(&parent)?, prefix.file_name(), path)?;
            if let Some(target) = self.links.get(&place) {
                let rest = path.as_str().get(prefix.as_str().len()..).unwrap_or_default();
                return join(target, rest, path).map(Some);
            }
        }
        Ok(None)
    }
}

fn join(directory: &AbsPath, name: &str, path: &AbsPath) -> Result<AbsPath> {
    directory.join(name).map_err(|error| SystemError::Path {
        action: "resolve".into(),
        path: path.clone(),
        why: error.to_string(),
    })
}

impl Layer for Linked<'_> {
    fn below(&self) -> &dyn ReadSystem {
        self.system
    }

    /// Where the path itself stands, a link at its end not followed: it is as it is today, and that a plan compares.
    fn place(&self, path: &AbsPath) -> Result<AbsPath> {
        match path.parent() {
            Some(parent) => join(&self.walk(&parent)?, path.file_name(), path),
            None => Ok(path.clone()),
        }
    }

    fn leads_to(&self, path: &AbsPath) -> Result<AbsPath> {
        self.walk(path)
    }

    fn content_at(&self, path: &AbsPath) -> Result<AbsPath> {
        self.walk(path)
    }
}
