use super::builder::{Mistake, account_name};
use crate::model::{
    AccountChange, Check, Converge, Declare, Diff, Effect, Effects, Error, HostView, ReadSystem, Resource, Result,
    Shown, System,
};
use crate::words::{AbsPath, ResourceId};
use mesos_iac_macros::Resource;
use serde::{Deserialize, Serialize};

/// Ensures that a user exists with an id, groups, a home and a shell; or that it doesn't exist.
///
/// What isn't set is left as it is. Sets no password, and never removes a home directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Resource)]
#[serde(deny_unknown_fields)]
#[resource(kind = "core.user", key = name)]
pub struct User {
    name: String,
    present: bool,
    uid: Option<u32>,
    group: Option<String>,
    groups: Option<Vec<String>>,
    comment: Option<String>,
    home: Option<AbsPath>,
    shell: Option<AbsPath>,
    system: bool,
    create_home: bool,
}

/// A user in the making; see [`User`].
#[derive(Debug, Clone)]
#[must_use = "a declaration takes effect when it is given to `cx.add`"]
pub struct UserBuilder {
    user: User,
    mistake: Mistake,
}

/// The user of this name.
pub fn user(name: impl Into<String>) -> UserBuilder {
    UserBuilder {
        user: User {
            name: name.into(),
            present: true,
            uid: None,
            group: None,
            groups: None,
            comment: None,
            home: None,
            shell: None,
            system: false,
            create_home: false,
        },
        mistake: Mistake::default(),
    }
}

impl UserBuilder {
    /// Sets the numeric id.
    pub const fn uid(mut self, uid: u32) -> Self {
        self.user.uid = Some(uid);
        self
    }

    /// Sets the primary group. Without one, a new user gets a group of its own name.
    pub fn group(mut self, group: &str) -> Self {
        self.user.group = self.mistake.keep(account_name(group));
        self
    }

    /// Sets the supplementary groups, all of them.
    pub fn groups<'a>(mut self, groups: impl IntoIterator<Item = &'a str>) -> Self {
        let names: Result<Vec<String>> = groups.into_iter().map(account_name).collect();
        self.user.groups = self.mistake.keep(names).map(|mut names| {
            names.sort();
            names.dedup();
            names
        });
        self
    }

    /// Sets the full name.
    pub fn comment(mut self, comment: impl Into<String>) -> Self {
        self.user.comment = Some(comment.into());
        self
    }

    /// Sets the home directory; see [`UserBuilder::create_home`].
    pub fn home(mut self, path: &str) -> Self {
        self.user.home = self.mistake.keep(AbsPath::new(path));
        self
    }

    /// Makes the home directory when the user is made.
    pub const fn create_home(mut self) -> Self {
        self.user.create_home = true;
        self
    }

    /// Sets the login shell.
    pub fn shell(mut self, path: &str) -> Self {
        self.user.shell = self.mistake.keep(AbsPath::new(path));
        self
    }

    /// Makes a system account, which gets an id below those of people. Counts only when the user is made.
    pub const fn system(mut self) -> Self {
        self.user.system = true;
        self
    }

    /// Ensures that there is no such user. The home directory is kept.
    pub const fn absent(mut self) -> Self {
        self.user.present = false;
        self
    }
}

impl Declare for UserBuilder {
    type Out = User;

    fn identity(&self) -> Result<ResourceId> {
        Ok(ResourceId::new("core.user", &*self.user.name)?)
    }

    fn build(self, _: &HostView<'_>) -> Result<User> {
        self.mistake.check()?;
        account_name(&self.user.name)?;
        if let Some(comment) = &self.user.comment
            && comment.chars().any(|c| c.is_control() || c == ':')
        {
            return Err(Error::message(format!(
                "declare user {}: a full name can't hold `:` or control characters",
                self.user.name
            )));
        }
        Ok(self.user)
    }
}

impl User {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    fn change(&self) -> AccountChange {
        AccountChange {
            uid: self.uid,
            group: self.group.clone(),
            comment: self.comment.clone(),
            home: self.home.clone(),
            shell: self.shell.clone(),
            groups: self.groups.clone(),
            system: self.system,
            create_home: self.create_home,
        }
    }
}

impl Converge for User {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let account = system.user(&self.name)?;
        let mut diff = Diff::new();
        let Some(account) = account else {
            if self.present {
                diff.push("exists", Shown::Absent, true);
            }
            return Ok(diff.into());
        };
        if !self.present {
            diff.push("exists", true, Shown::Absent);
            return Ok(diff.into());
        }
        let text = |value: Option<&AbsPath>| value.map(ToString::to_string);
        let number = |value: Option<u32>| value.map(|n| n.to_string());
        diff.compare("uid", Some(account.uid.to_string()), number(self.uid));
        diff.compare("group", Some(account.group), self.group.clone());
        diff.compare(
            "groups",
            Some(account.groups.join(",")),
            self.groups.as_ref().map(|groups| groups.join(",")),
        );
        diff.compare("comment", Some(account.comment), self.comment.clone());
        diff.compare("home", Some(account.home), text(self.home.as_ref()));
        diff.compare("shell", Some(account.shell), text(self.shell.as_ref()));
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, diff: &Diff) -> Result<()> {
        if !self.present {
            system.remove_user(&self.name)?;
        } else if diff.has("exists") {
            system.create_user(&self.name, &self.change())?;
        } else {
            system.change_user(&self.name, &self.change())?;
        }
        Ok(())
    }

    fn inverse(&self) -> Option<Box<dyn Resource>> {
        self.present.then(|| {
            Box::new(Self {
                present: false,
                ..user(&*self.name).user
            }) as _
        })
    }

    fn effects(&self) -> Effects {
        let mut effects = Effects::none()
            .write(Effect::User(self.name.clone()))
            .removing(!self.present);
        if !self.present {
            // A group that is to go away can't while it is somebody's primary group.
            effects.reads.push(Effect::Group(self.name.clone()));
            return effects;
        }
        // A package may bring the user along; then it comes first.
        effects.reads.push(Effect::User(self.name.clone()));
        effects.writes.extend(self.uid.map(Effect::Uid));
        effects.reads.extend(self.group.clone().map(Effect::Group));
        effects
            .reads
            .extend(self.groups.iter().flatten().cloned().map(Effect::Group));
        effects.reads.extend(self.shell.clone().map(Effect::Path));
        if self.group.is_none() {
            effects = effects.provide(Effect::Group(self.name.clone()));
        }
        match &self.home {
            // It is made in the directory above, which isn't made along with it.
            Some(home) if self.create_home => effects
                .read_if(home.parent().map(Effect::Path))
                .provide(Effect::Path(home.clone())),
            _ => effects,
        }
    }
}
