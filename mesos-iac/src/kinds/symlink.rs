use super::file::{in_the_way, location};
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, Error, HostView, PathKind, ReadSystem, Resource, Result, Shown,
    System, Work,
};
use crate::words::{AbsPath, LONGEST_PATH, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Ensures that a symbolic link says a target; or that there is none.
///
/// The target is what the link says, absolute or relative, and need not exist. A file or directory at the path is an
/// error: it isn't replaced by a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.symlink", key = path)]
pub struct Symlink {
    path: AbsPath,
    target: Option<String>,
}

/// A link in the making; see [`Symlink`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct SymlinkBuilder {
    path: String,
    target: Option<String>,
}

/// The link at `path` that says `target`.
pub fn symlink(path: impl Into<String>, target: impl Into<String>) -> SymlinkBuilder {
    SymlinkBuilder {
        path: path.into(),
        target: Some(target.into()),
    }
}

impl SymlinkBuilder {
    /// Ensures that there is no such link, whatever it says.
    pub fn absent(mut self) -> Self {
        self.target = None;
        self
    }
}

impl Declare for SymlinkBuilder {
    type Out = Symlink;

    fn identity(&self) -> Result<ResourceId> {
        let path = AbsPath::new(&self.path)?;
        Ok(ResourceId::new("core.symlink", path.as_str())?)
    }

    fn build(self, _: &HostView<'_>) -> Result<Symlink> {
        if let Some(target) = &self.target
            && (target.is_empty() || target.chars().any(char::is_control))
        {
            return Err(Error::message(format!(
                "declare link {}: {target:?} can't be a link's target",
                self.path
            )));
        }
        if let Some(target) = &self.target
            && target.len() > LONGEST_PATH
        {
            return Err(Error::message(format!(
                "declare link {}: its target has {} bytes, and {LONGEST_PATH} are the most that Linux takes",
                self.path,
                target.len()
            )));
        }
        Ok(Symlink {
            path: AbsPath::new(&self.path)?,
            target: self.target,
        })
    }
}

impl Symlink {
    /// The path.
    #[must_use]
    pub const fn path(&self) -> &AbsPath {
        &self.path
    }

    /// What the link says; none if it is to be absent.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }

    /// The path that it leads to. None for a target with `..` in it: what it climbs out of may be a link on the host.
    fn leads_to(&self) -> Option<AbsPath> {
        let target = self.target.as_deref()?;
        match target.starts_with('/') {
            true => AbsPath::new(target).ok(),
            false => self.path.parent()?.join(target).ok(),
        }
    }
}

impl Converge for Symlink {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let current = match system.entry(&self.path)?.map(|entry| entry.kind) {
            Some(PathKind::Symlink(target)) => Some(target),
            Some(other) => return Err(in_the_way(&self.path, &other, "a link").into()),
            None => None,
        };
        let mut diff = Diff::new();
        if current != self.target {
            let shown = |target: Option<&String>| target.map_or(Shown::Absent, |target| target.as_str().into());
            diff.push("target", shown(current.as_ref()), shown(self.target.as_ref()));
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
        match &self.target {
            Some(target) => system.write_symlink(&self.path, target)?,
            None => system.remove(&self.path)?,
        }
        Ok(())
    }

    fn work(&self, _: &Diff) -> Work {
        Work::Beside
    }

    fn makes(&self, diff: &Diff) -> Option<&AbsPath> {
        (self.target.is_some() && diff.has("target")).then_some(&self.path)
    }

    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        let entry = system.entry(&self.path)?;
        Ok(Some(entry.map_or_else(
            || "absent".to_owned(),
            |entry| format!("{:?}", entry.kind),
        )))
    }

    fn location(&self, system: &dyn ReadSystem) -> Result<Option<AbsPath>> {
        location(system, &self.path, false)
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        self.target.is_some().then(|| {
            Box::new(Self {
                path: self.path.clone(),
                target: None,
            }) as _
        })
    }

    fn effects(&self) -> Effects {
        let effects = Effects::none()
            .write(Effect::Path(self.path.clone()))
            .removing(self.target.is_none());
        match self.leads_to() {
            Some(target) => effects
                .read(Effect::Path(target.clone()))
                .link(self.path.clone(), target),
            None => effects,
        }
    }
}
