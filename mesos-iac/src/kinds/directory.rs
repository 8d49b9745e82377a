use super::builder::{Mistake, attribute_methods, compare_attributes};
use super::file::{in_the_way, location};
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, Error, HostView, PathAttributes, PathKind, ReadSystem, Resource,
    Result, Shown, System, Work,
};
use crate::words::{AbsPath, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Ensures that a directory exists with an owner, a group and a mode; or that there is none, if it is empty.
///
/// What isn't set is left as it is. A directory that doesn't exist yet is made with mode 0755 and belongs to root. Neither
/// makes the directories above it nor touches what is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.directory", key = path)]
pub struct Directory {
    path: AbsPath,
    present: bool,
    attributes: PathAttributes,
}

/// A directory in the making; see [`Directory`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct DirectoryBuilder {
    path: String,
    present: bool,
    attributes: PathAttributes,
    mistake: Mistake,
}

/// The directory at this path.
pub fn directory(path: impl Into<String>) -> DirectoryBuilder {
    DirectoryBuilder {
        path: path.into(),
        present: true,
        attributes: PathAttributes::default(),
        mistake: Mistake::default(),
    }
}

impl DirectoryBuilder {
    attribute_methods!();

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
        Ok(Directory {
            path: AbsPath::new(&self.path)?,
            present: self.present,
            attributes: self.attributes,
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
            Some(_) => compare_attributes(&mut diff, entry.as_ref(), &self.attributes),
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
            system.set_attributes(&system.resolve(&self.path)?, &self.attributes)?;
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
            }) as _
        })
    }

    fn makes(&self, diff: &Diff) -> Option<&AbsPath> {
        (self.present && diff.has("exists")).then_some(&self.path)
    }

    fn effects(&self) -> Effects {
        Effects::none()
            .write(Effect::Path(self.path.clone()))
            .read_if(self.attributes.owner.clone().map(Effect::User))
            .read_if(self.attributes.group.clone().map(Effect::Group))
            .removing(!self.present)
    }
}
