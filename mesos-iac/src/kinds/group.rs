use super::builder::account_name;
use crate::model::{
    Check, Converge, Declare, Diff, Effect, Effects, HostView, ReadSystem, Resource, Result, Shown, System,
};
use crate::words::ResourceId;
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Ensures that a group exists, with an id if one is given; or that it doesn't exist.
///
/// Its members are what users say of their groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.group", key = name)]
pub struct Group {
    name: String,
    present: bool,
    gid: Option<u32>,
    system: bool,
}

/// A group in the making; see [`Group`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct GroupBuilder(Group);

/// The group of this name.
pub fn group(name: impl Into<String>) -> GroupBuilder {
    GroupBuilder(Group {
        name: name.into(),
        present: true,
        gid: None,
        system: false,
    })
}

impl GroupBuilder {
    /// Sets the numeric id.
    pub const fn gid(mut self, gid: u32) -> Self {
        self.0.gid = Some(gid);
        self
    }

    /// Makes a system group, which gets an id below those of people. Counts only when the group is made.
    pub const fn system(mut self) -> Self {
        self.0.system = true;
        self
    }

    /// Ensures that there is no such group.
    pub const fn absent(mut self) -> Self {
        self.0.present = false;
        self
    }
}

impl Declare for GroupBuilder {
    type Out = Group;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.group", &*self.0.name)?)
    }

    fn build(self, _: &HostView<'_>) -> Result<Group> {
        account_name(&self.0.name)?;
        Ok(self.0)
    }
}

impl Group {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Converge for Group {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let current = system.group(&self.name)?;
        let mut diff = Diff::new();
        match (current, self.present) {
            (None, true) => diff.push("exists", Shown::Absent, true),
            (Some(_), false) => diff.push("exists", true, Shown::Absent),
            (Some(group), true) => {
                diff.compare("gid", Some(group.gid.to_string()), self.gid.map(|gid| gid.to_string()));
            }
            (None, false) => {}
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        match self.gid {
            _ if !self.present => system.remove_group(&self.name)?,
            gid if diff.has("exists") => system.create_group(&self.name, gid, self.system)?,
            Some(gid) => system.change_group(&self.name, gid)?,
            None => {}
        }
        Ok(())
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        self.present.then(|| {
            Box::new(Self {
                name: self.name.clone(),
                present: false,
                gid: None,
                system: false,
            }) as _
        })
    }

    fn effects(&self) -> Effects {
        let mut effects = Effects::none()
            .write(Effect::Group(self.name.clone()))
            .removing(!self.present);
        if self.present {
            effects.writes.extend(self.gid.map(Effect::Gid));
        }
        effects
    }
}
