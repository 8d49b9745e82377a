use super::builder::{Mistake, attribute_methods, compare_attributes};
use super::exclusive::{self, Exclusive};
use super::file::{in_the_way, location};
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, Error, HostView, OwnedPaths, PathAttributes, PathKind, ReadSystem,
    Resource, Result, Shown, System, Work,
};
use crate::words::{AbsPath, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// What is refused for a directory that others use too.
const CLEARING: &str = "remove what nothing owns in";

/// Ensures that a directory exists with an owner, a group and a mode; or that there is none, if it is empty.
///
/// What isn't set is left as it is. A directory that doesn't exist yet is made with mode 0755 and belongs to root. Neither
/// makes the directories above it nor touches what is in it, unless it is exclusive.
///
/// # Exclusive directories
/// A program that reads every file of a directory (`/etc/mesos-master`, where each file is a flag) obeys what earlier
/// definitions, packages and people left there. Of an [exclusive](DirectoryBuilder::exclusive) directory, whatever no
/// resource of the catalog owns or brings along is removed:
///
/// ```
/// # use mesos_iac::prelude::*;
/// # fn declare(cx: &mut Cx<'_>) -> Result<()> {
/// cx.add(package("mesos").provides_path("/etc/mesos-master"));
/// let flags = cx.add(directory("/etc/mesos-master").exclusive().keeping(["*.local"]));
/// let quorum = cx.add(file("/etc/mesos-master/quorum").content("2\n"));
/// // Restarted when a flag changes, and when one goes.
/// cx.add(service("mesos-master").running().restart_on((flags, quorum)));
/// # Ok(())
/// # }
/// ```
///
/// * What is removed stands in the plan, entry by entry; a run removes that and nothing else. Links are removed, never
///   followed, and the directory itself must be none.
/// * The files of a package, its conffiles too, are removed if no resource owns them: that is what it is for. Say which
///   package brings the directory, so that it comes first; its next upgrade won't bring a removed conffile back. What a
///   package is said to bring along *in* the directory stays, as does what a command `.creates(…)` there.
/// * An entry stays whole if something below it is owned: `sub/x` keeps all of `sub`, which may be exclusive itself.
/// * `/`, top-level directories, home directories, and what packages share (`/etc/default`, `/usr/bin`, `/var/lib`, …)
///   can't be exclusive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.directory", key = path, version = 2)]
pub struct Directory {
    path: AbsPath,
    present: bool,
    attributes: PathAttributes,
    #[serde(default)]
    exclusive: Option<Exclusive>,
}

/// A directory in the making; see [`Directory`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct DirectoryBuilder {
    path: String,
    present: bool,
    attributes: PathAttributes,
    is_exclusive: bool,
    keeping: Vec<String>,
    mistake: Mistake,
}

/// The directory at this path.
pub fn directory(path: impl Into<String>) -> DirectoryBuilder {
    DirectoryBuilder {
        path: path.into(),
        present: true,
        attributes: PathAttributes::default(),
        is_exclusive: false,
        keeping: Vec::new(),
        mistake: Mistake::default(),
    }
}

impl DirectoryBuilder {
    attribute_methods!();

    /// Ensures that nothing is in it but what the catalog owns; see [`Directory`].
    pub const fn exclusive(mut self) -> Self {
        self.is_exclusive = true;
        self
    }

    /// Lets entries of an exclusive directory stay whose names match one of these: `*` is any text, `?` any character.
    pub fn keeping<W: Into<String>>(mut self, names: impl IntoIterator<Item = W>) -> Self {
        self.keeping.extend(names.into_iter().map(Into::into));
        self
    }

    /// Ensures that there is no such directory. One that isn't empty is an error, not a loss.
    pub const fn absent(mut self) -> Self {
        self.present = false;
        self
    }
}

impl Declare for DirectoryBuilder {
    type Out = Directory;

    fn identity(&self) -> Result<ResourceId> {
        let path = AbsPath::new(&self.path)?;
        Ok(ResourceId::new("core.directory", path.as_str())?)
    }

    fn build(self, _: &HostView<'_>) -> Result<Directory> {
        self.mistake.check()?;
        if !self.present && self.attributes != PathAttributes::default() {
            return Err(Error::message(format!(
                "declare {}: an absent directory has no owner, group or mode",
                self.path
            )));
        }
        let path = AbsPath::new(&self.path)?;
        let exclusive = match self.is_exclusive {
            true if !self.present => {
                let why = "an absent directory is neither exclusive nor anything else";
                return Err(Error::message(format!("declare {path}: {why}")));
            }
            true => {
                exclusive::refuse_shared(CLEARING, &path)?;
                Some(Exclusive::keeping(self.keeping)?)
            }
            false if !self.keeping.is_empty() => {
                let why = "only from an exclusive directory anything is removed that could be kept: add `.exclusive()`";
                return Err(Error::message(format!("declare {path}: {why}")));
            }
            false => None,
        };
        Ok(Directory {
            path,
            present: self.present,
            attributes: self.attributes,
            exclusive,
        })
    }
}

impl Directory {
    /// The path.
    #[must_use]
    pub const fn path(&self) -> &AbsPath {
        &self.path
    }

    /// Its owner, group and mode, as far as they are managed.
    #[must_use]
    pub const fn attributes(&self) -> &PathAttributes {
        &self.attributes
    }

    /// Whether the directory is to exist.
    #[must_use]
    pub const fn is_present(&self) -> bool {
        self.present
    }

    /// Whether what nothing owns is removed from it.
    #[must_use]
    pub const fn is_exclusive(&self) -> bool {
        self.exclusive.is_some()
    }

    /// Whether an entry of this name stays; in a catalog, that is.
    #[must_use]
    pub fn keeps(&self, name: &str) -> bool {
        self.exclusive.as_ref().is_none_or(|exclusive| exclusive.keeps(name))
    }

    /// Adds what is to go. Nothing is removed through a link: where it leads, others may have their files.
    fn compare_entries(&self, exclusive: &Exclusive, diff: &mut Diff, system: &dyn ReadSystem) -> Result<()> {
        if let Some(PathKind::Symlink(target)) = system.entry(&self.path)?.map(|entry| entry.kind) {
            return Err(Error::message(format!(
                "remove what nothing owns in {}: it is a link to {target}; declare the directory that is meant",
                self.path
            )));
        }
        exclusive::refuse_shared(CLEARING, &system.resolve(&self.path)?)?;
        exclusive.compare(diff, &self.path, system)
    }
}

impl Converge for Directory {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let mut entry = system.entry(&self.path)?;
        if self.present
            && let Some(link) = entry.take_if(|found| matches!(found.kind, PathKind::Symlink(_)))
        {
            entry = system.entry(&system.resolve(&self.path)?)?;
            // A directory isn't made through a link that leads nowhere.
            if entry.is_none() {
                return Err(in_the_way(&self.path, &link.kind, "a directory").into());
            }
        }
        let mut diff = Diff::new();
        match &entry {
            Some(found) if found.kind != PathKind::Directory => {
                return Err(in_the_way(&self.path, &found.kind, "a directory").into());
            }
            Some(_) if !self.present => diff.push("exists", true, false),
            Some(_) => {
                compare_attributes(&mut diff, entry.as_ref(), &self.attributes);
                if let Some(exclusive) = &self.exclusive {
                    self.compare_entries(exclusive, &mut diff, system)?;
                }
            }
            None if self.present => {
                diff.push("exists", Shown::Absent, true);
                compare_attributes(&mut diff, None, &self.attributes);
            }
            None => {}
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        if !self.present {
            system.remove(&self.path)?;
        } else if diff.has("exists") {
            system.create_directory(&self.path, &self.attributes)?;
        } else {
            if ["mode", "owner", "group"].iter().any(|property| diff.has(property)) {
                system.set_attributes(&system.resolve(&self.path)?, &self.attributes)?;
            }
            exclusive::remove(&self.path, diff, system)?;
        }
        Ok(())
    }

    fn work(&self, _: &Diff) -> Work {
        Work::Beside
    }

    fn location(&self, system: &dyn ReadSystem) -> Result<Option<AbsPath>> {
        location(system, &self.path, self.present)
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        self.present.then(|| {
            Box::new(Self {
                path: self.path.clone(),
                present: false,
                attributes: PathAttributes::default(),
                exclusive: None,
            }) as _
        })
    }

    fn touches(&self, diff: &Diff) -> Vec<AbsPath> {
        exclusive::removed(&self.path, diff)
    }

    fn completed(&self, paths: &OwnedPaths) -> Option<Box<dyn Resource>> {
        let exclusive = self.exclusive.as_ref()?.told(&self.path, paths);
        Some(Box::new(Self {
            exclusive: Some(exclusive),
            ..self.clone()
        }))
    }

    fn makes(&self, diff: &Diff) -> Option<&AbsPath> {
        (self.present && diff.has("exists")).then_some(&self.path)
    }

    fn effects(&self) -> Effects {
        // What a package puts into an exclusive directory has to be there before it is looked at.
        let entries = self.exclusive.as_ref().map(|_| Effect::Entries(self.path.clone()));
        Effects::none()
            .write(Effect::Path(self.path.clone()))
            .read_if(entries)
            .read_if(self.attributes.owner.clone().map(Effect::User))
            .read_if(self.attributes.group.clone().map(Effect::Group))
            .removing(!self.present)
    }
}
