use crate::model::{
    Account, AccountChange, GroupEntry, PackageRequest, PackageSource, PathAttributes, SystemError, UnitAction,
    UnitState,
};
use crate::words::{AbsPath, CommandLine};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of a machine's serialised form.
pub(super) const MACHINE_FORMAT: u32 = 1;

/// What a package is said to be at where nobody can know its version.
const SOME_VERSION: &str = "the repository's candidate";

/// A model of the parts of a machine that aren't files: packages, units, users, groups, and who owns what.
///
/// It is honest in that it holds only what it was told. It assumes what it must: that a package which is installed exists,
/// and that a unit which is started does. It never pretends to know a version, a pid or the effect of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// The version of this form, 1.
    pub format: u32,
    /// Installed packages and their versions.
    pub packages: BTreeMap<String, String>,
    /// Units that were controlled.
    pub units: BTreeMap<String, UnitState>,
    /// Users.
    pub users: BTreeMap<String, Account>,
    /// Groups.
    pub groups: BTreeMap<String, GroupEntry>,
    /// Owner, group and mode of the paths that were made.
    pub attributes: BTreeMap<AbsPath, PathAttributes>,
    /// How often each unit was started, restarted or reloaded.
    pub actions: BTreeMap<String, u32>,
    /// Commands that were run.
    pub commands: Vec<CommandLine>,
    /// The lists that the package manager keeps of repositories, by how their names begin.
    #[serde(default)]
    pub package_lists: BTreeSet<String>,
}

impl Default for Machine {
    /// A machine with nothing but root on it.
    fn default() -> Self {
        let root = Account {
            uid: 0,
            gid: 0,
            group: "root".into(),
            comment: "root".into(),
            home: "/root".into(),
            shell: "/bin/bash".into(),
            groups: Vec::new(),
        };
        Self {
            format: MACHINE_FORMAT,
            packages: BTreeMap::new(),
            units: BTreeMap::new(),
            users: BTreeMap::from([("root".to_owned(), root)]),
            groups: BTreeMap::from([(
                "root".to_owned(),
                GroupEntry {
                    gid: 0,
                    members: Vec::new(),
                },
            )]),
            attributes: BTreeMap::new(),
            actions: BTreeMap::new(),
            commands: Vec::new(),
            package_lists: BTreeSet::new(),
        }
    }
}

impl Machine {
    pub(super) fn install(&mut self, packages: &[PackageRequest]) {
        for package in packages {
            let version = package.version.clone().unwrap_or_else(|| SOME_VERSION.to_owned());
            self.packages.insert(package.name.clone(), version);
        }
    }

    pub(super) fn remove_packages(&mut self, names: &[String]) {
        names.iter().for_each(|name| {
            self.packages.remove(name);
        });
    }

    pub(super) fn knows_package_source(&self, source: &PackageSource) -> bool {
        source.lists.iter().all(|list| self.package_lists.contains(list))
    }

    pub(super) fn read_package_source(&mut self, source: &PackageSource) {
        self.package_lists.extend(source.lists.iter().cloned());
    }

    /// A unit that nobody touched is taken to exist, and neither to be enabled nor to run.
    pub(super) fn unit(&self, name: &str) -> UnitState {
        self.units.get(name).cloned().unwrap_or_else(|| UnitState {
            exists: true,
            file_state: "disabled".into(),
            active: "inactive".into(),
            needs_reload: false,
        })
    }

    pub(super) fn control(&mut self, name: &str, action: UnitAction) -> Result<(), SystemError> {
        let mut state = self.unit(name);
        if state.file_state == "masked"
            && matches!(action, UnitAction::Start | UnitAction::Restart | UnitAction::Enable)
        {
            return Err(SystemError::Other(format!(
                "{} {name}: the unit is masked",
                action.verb()
            )));
        }
        match action {
            UnitAction::Start | UnitAction::QueueStart | UnitAction::Restart | UnitAction::Reload => {
                state.active = "active".into();
            }
            UnitAction::Stop | UnitAction::QueueStop => state.active = "inactive".into(),
            UnitAction::Enable => state.file_state = "enabled".into(),
            UnitAction::Disable | UnitAction::Unmask => state.file_state = "disabled".into(),
            UnitAction::Mask => state.file_state = "masked".into(),
        }
        self.units.insert(name.to_owned(), state);
        *self.actions.entry(format!("{} {name}", action.verb())).or_default() += 1;
        Ok(())
    }

    pub(super) fn create_user(&mut self, name: &str, change: &AccountChange) -> Result<(), SystemError> {
        let group = match &change.group {
            Some(group) => group.clone(),
            None => {
                self.create_group(name, None);
                name.to_owned()
            }
        };
        let uid = change
            .uid
            .unwrap_or_else(|| free_number(self.users.values().map(|user| user.uid), change.system));
        self.users.insert(
            name.to_owned(),
            Account {
                uid,
                gid: self.groups.get(&group).map_or(uid, |entry| entry.gid),
                group,
                comment: String::new(),
                home: format!("/home/{name}"),
                shell: "/bin/sh".into(),
                groups: Vec::new(),
            },
        );
        self.change_user(name, change)
    }

    pub(super) fn change_user(&mut self, name: &str, change: &AccountChange) -> Result<(), SystemError> {
        let gid = change
            .group
            .as_ref()
            .and_then(|group| self.groups.get(group))
            .map(|entry| entry.gid);
        let user = self.users.get_mut(name).ok_or_else(|| missing("user", name))?;
        user.uid = change.uid.unwrap_or(user.uid);
        user.gid = gid.unwrap_or(user.gid);
        if let Some(group) = &change.group {
            user.group.clone_from(group);
        }
        if let Some(comment) = &change.comment {
            user.comment.clone_from(comment);
        }
        if let Some(home) = &change.home {
            user.home = home.to_string();
        }
        if let Some(shell) = &change.shell {
            user.shell = shell.to_string();
        }
        if let Some(groups) = &change.groups {
            user.groups.clone_from(groups);
        }
        Ok(())
    }

    pub(super) fn create_group(&mut self, name: &str, gid: Option<u32>) {
        let gid = gid.unwrap_or_else(|| free_number(self.groups.values().map(|group| group.gid), false));
        self.groups.insert(
            name.to_owned(),
            GroupEntry {
                gid,
                members: Vec::new(),
            },
        );
    }

    pub(super) fn change_group(&mut self, name: &str, gid: u32) -> Result<(), SystemError> {
        self.groups.get_mut(name).ok_or_else(|| missing("group", name))?.gid = gid;
        Ok(())
    }

    /// Keeps what was said of a path; what wasn't said stays as it was said before.
    pub(super) fn keep_attributes(&mut self, path: &AbsPath, said: &PathAttributes) {
        let kept = self.attributes.entry(path.clone()).or_default();
        kept.mode = said.mode.or(kept.mode);
        if said.owner.is_some() {
            kept.owner.clone_from(&said.owner);
        }
        if said.group.is_some() {
            kept.group.clone_from(&said.group);
        }
    }
}

fn missing(what: &str, name: &str) -> SystemError {
    SystemError::Missing {
        what: what.to_owned(),
        name: name.to_owned(),
    }
}

fn free_number(taken: impl Iterator<Item = u32>, system: bool) -> u32 {
    let taken: Vec<u32> = taken.collect();
    let from = if system { 100 } else { 1000 };
    (from..u32::MAX).find(|number| !taken.contains(number)).unwrap_or(from)
}
