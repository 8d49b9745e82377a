use super::builder::compare_attributes;
use super::file::{File, in_the_way, location, path_image};
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, FileDraft, FileWrite, HostView, PathAttributes, PathKind,
    ReadSystem, Resource, Result, Shown, System, Work,
};
use crate::words::{AbsPath, Mode, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Ensures that the agent which converges the host also stands at a path of its own, for units of the host to start:
/// executable, mode 0755, root's.
///
/// A copy that differs from the agent at work, byte by byte, is replaced in one step. With a kinds-only agent (`--agent
/// FILE`) that is when the agent was built anew; a cluster program that ships itself is another agent after each edit. A
/// sandbox gets a placeholder that says so. Does not make the directory above.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.installed-agent", key = path)]
pub struct InstalledAgent {
    path: AbsPath,
}

/// An installed agent in the making; see [`InstalledAgent`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct InstalledAgentBuilder {
    path: String,
}

/// The agent at this path.
pub fn installed_agent(path: impl Into<String>) -> InstalledAgentBuilder {
    InstalledAgentBuilder { path: path.into() }
}

impl Declare for InstalledAgentBuilder {
    type Out = InstalledAgent;

    fn identity(&self) -> Result<ResourceId> {
        let path = AbsPath::new(&self.path)?;
        Ok(ResourceId::new("core.installed-agent", path.as_str())?)
    }

    fn build(self, _: &HostView<'_>) -> Result<InstalledAgent> {
        Ok(InstalledAgent {
            path: AbsPath::new(&self.path)?,
        })
    }
}

impl InstalledAgent {
    /// The path.
    #[must_use]
    pub const fn path(&self) -> &AbsPath {
        &self.path
    }

    fn attributes() -> PathAttributes {
        PathAttributes {
            mode: Mode::new(0o755).ok(),
            owner: Some("root".to_owned()),
            group: Some("root".to_owned()),
        }
    }
}

impl Converge for InstalledAgent {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let entry = system.entry(&self.path)?;
        let desired = system.own_program()?;
        let mut diff = Diff::new();
        match &entry {
            None => diff.push("content", Shown::Absent, Shown::content(&desired)),
            Some(found) if found.kind == PathKind::File => {
                let current = system.read(&self.path)?.unwrap_or_default();
                if current != desired {
                    diff.push("content", Shown::content(&current), Shown::content(&desired));
                }
            }
            // A program that root starts is no place for a link.
            Some(found) => return Err(in_the_way(&self.path, &found.kind, "the agent").into()),
        }
        compare_attributes(&mut diff, entry.as_ref(), &Self::attributes());
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        let attributes = Self::attributes();
        if !diff.has("content") {
            return Ok(system.set_attributes(&self.path, &attributes)?);
        }
        let content = system.own_program()?;
        let write = FileWrite {
            content: &content,
            attributes: &attributes,
            verify: None,
        };
        Ok(system.write_file(&self.path, &write)?)
    }

    fn work(&self, _: &Diff) -> Work {
        Work::Beside
    }

    fn makes(&self, diff: &Diff) -> Option<&AbsPath> {
        diff.has("content").then_some(&self.path)
    }

    fn draft<'s>(&self, system: &'s dyn System, diff: &Diff) -> Result<Option<Box<dyn FileDraft + 's>>> {
        if !diff.has("content") {
            return Ok(None);
        }
        let (content, attributes) = (system.own_program()?, Self::attributes());
        let write = FileWrite {
            content: &content,
            attributes: &attributes,
            verify: None,
        };
        Ok(system.draft_file(&self.path, &write)?)
    }

    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        path_image(system, &self.path).map(Some)
    }

    fn location(&self, system: &dyn ReadSystem) -> Result<Option<AbsPath>> {
        location(system, &self.path, false)
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        Some(Box::new(File::absent_at(self.path.clone())))
    }

    fn effects(&self) -> Effects {
        Effects::none().write(Effect::Path(self.path.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::FakeSystem;

    #[test]
    fn the_agent_at_work_is_copied_once_and_mended() {
        let host = FakeSystem::new();
        let agent = InstalledAgent {
            path: AbsPath::new("/usr/local/bin/agent").unwrap(),
        };
        let converge = |host: &FakeSystem| match agent.check(host).unwrap() {
            Check::NoChange => Vec::new(),
            Check::Change(diff) => {
                agent.apply(host, &diff).unwrap();
                diff.changes.into_iter().map(|change| change.property).collect()
            }
        };
        assert_eq!(converge(&host), ["content", "mode", "owner", "group"]);
        assert_eq!(converge(&host), [""; 0]);
        assert_eq!(host.read(&agent.path).unwrap(), Some(host.own_program().unwrap()));
        host.write_file(&agent.path, &FileWrite::new(b"of another build"))
            .unwrap();
        assert_eq!(converge(&host), ["content"]);
        host.set_attributes(
            &agent.path,
            &PathAttributes {
                mode: Mode::new(0o777).ok(),
                ..PathAttributes::UNMANAGED
            },
        )
        .unwrap();
        assert_eq!(converge(&host), ["mode"]);
        assert_eq!(converge(&host), [""; 0]);
    }

    #[test]
    fn a_link_is_no_place_for_it() {
        let host = FakeSystem::new();
        let agent = InstalledAgent {
            path: AbsPath::new("/usr/local/bin/agent").unwrap(),
        };
        host.write_symlink(&agent.path, "/tmp/x").unwrap();
        assert!(agent.check(&host).is_err());
    }
}
