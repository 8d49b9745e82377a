use crate::model::{Diff, Effect, Effects, Entry, ReadSystem, SystemError, Work};
use crate::words::{AbsPath, ResourceId};
use std::collections::{HashMap, HashSet};

/// Which directories a run would make by the time that it comes to an entry.
#[derive(Default)]
pub(super) struct Directories<'c> {
    /// The paths that would be made, or might.
    coming: HashSet<AbsPath>,
    /// The entries by whose time something may have been done that touches any path: a command, a package. An anchor is so
    /// in the name of what it comes after.
    open: HashMap<&'c ResourceId, &'c ResourceId>,
}

impl<'c> Directories<'c> {
    /// Takes note of an entry that would change, or might; or not, and then of what comes before it only.
    pub(super) fn note(&mut self, entry: &'c Entry, change: Option<&Diff>) {
        let mut is_open = self.opened_by(entry).is_some();
        if let Some(diff) = change {
            let behavior = entry.resource.behavior();
            let effects = behavior.effects();
            is_open |= match behavior.work(diff) {
                Work::Beside => false,
                Work::Alone => !is_contained(&effects),
                Work::Install(_) | Work::Remove(_) => true,
            };
            if !effects.removes {
                self.coming
                    .extend(effects.writes.into_iter().filter_map(|effect| match effect {
                        Effect::Path(path) => Some(path),
                        _ => None,
                    }));
            }
        }
        if is_open {
            self.open.insert(&entry.id, &entry.id);
        }
    }

    /// Something that comes before the entry and may do anything to the host: a command, a package.
    pub(super) fn opened_by(&self, entry: &Entry) -> Option<&'c ResourceId> {
        entry.after.iter().find_map(|edge| self.open.get(&edge.on).copied())
    }

    /// Takes note of an anchor.
    pub(super) fn pass(&mut self, anchor: &'c Entry) {
        if let Some(open) = self.opened_by(anchor) {
            self.open.insert(&anchor.id, open);
        }
    }

    /// The error of a change that makes something in a directory which isn't there, and which nothing makes: it fails,
    /// unless something comes first that may make any directory.
    pub(super) fn missing(&self, entry: &Entry, diff: &Diff, system: &dyn ReadSystem) -> Option<SystemError> {
        let path = entry.resource.behavior().makes(diff)?;
        let directory = path.parent()?;
        if self.coming.contains(&directory) || system.makes_directories() {
            return None;
        }
        // What can't be looked up now, the run tells.
        let found = system.entry(&system.resolve(&directory).ok()?).ok()?;
        found.is_none().then(|| SystemError::NoDirectory {
            path: path.clone(),
            directory,
        })
    }
}

/// Whether all that a resource does is in what it owns: nobody makes directories by adding a user.
fn is_contained(effects: &Effects) -> bool {
    let is_elsewhere = |effect: &Effect| {
        matches!(
            effect,
            Effect::User(_) | Effect::Uid(_) | Effect::Group(_) | Effect::Gid(_) | Effect::Unit(_)
        )
    };
    !effects.writes.is_empty() && effects.writes.iter().all(is_elsewhere)
}
