//! Users and groups, as `/etc/passwd` and `/etc/group` know them, and where the host says so the services beyond them.

use super::account_files::{Group, Groups, Passwd, Sources, User};
use super::cache::Parsed;
use super::convert::command;
use super::process::{Call, Login};
use super::root::Root;
use crate::model::{Account, Ended, GroupEntry, SystemError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

type Result<T> = std::result::Result<T, SystemError>;

/// How long a directory service may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The users and groups of a file system.
///
/// A name that the files don't know is asked of `getent`, once, if `/etc/nsswitch.conf` names a source beyond the files
/// (SSSD, LDAP) and the file system is that of the running host.
#[derive(Debug)]
pub(super) struct Accounts {
    root: Arc<Root>,
    passwd: Parsed<Passwd>,
    groups: Parsed<Groups>,
    sources: Parsed<Sources>,
    answers: Mutex<HashMap<(Database, String), Option<String>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Database {
    Passwd,
    Group,
}

impl Accounts {
    pub(super) fn new(root: Arc<Root>) -> Self {
        Self {
            root,
            passwd: Parsed::new("/etc/passwd", Passwd::parse),
            groups: Parsed::new("/etc/group", Groups::parse),
            sources: Parsed::new("/etc/nsswitch.conf", Sources::parse),
            answers: Mutex::default(),
        }
    }

    /// The account of the user.
    pub(super) fn user(&self, name: &str) -> Result<Option<Account>> {
        let Some(user) = self.find_user(name)? else {
            return Ok(None);
        };
        let groups = self.groups.get(&self.root)?;
        Ok(Some(Account {
            uid: user.uid,
            gid: user.gid,
            group: self.group_name(user.gid)?,
            groups: groups.with_member(name),
            comment: user.comment,
            home: user.home,
            shell: user.shell,
        }))
    }

    /// The group.
    pub(super) fn group(&self, name: &str) -> Result<Option<GroupEntry>> {
        let group = self.find_group(name)?;
        Ok(group.map(|Group { gid, mut members, .. }| {
            members.sort_unstable();
            members.dedup();
            GroupEntry { gid, members }
        }))
    }

    /// All that is needed to run a program as the user.
    ///
    /// # Errors
    /// There is no such user.
    pub(super) fn login(&self, name: &str) -> Result<Login> {
        let user = self.find_user(name)?.ok_or_else(|| missing("user", name))?;
        Ok(Login {
            name: user.name,
            uid: user.uid,
            gid: user.gid,
            home: user.home,
        })
    }

    /// The user's number. A number that is no user's name stands for itself.
    ///
    /// # Errors
    /// There is no such user.
    pub(super) fn uid(&self, name: &str) -> Result<u32> {
        match self.find_user(name)? {
            Some(user) => Ok(user.uid),
            None => number(name).ok_or_else(|| missing("user", name)),
        }
    }

    /// The group's number. A number that is no group's name stands for itself.
    ///
    /// # Errors
    /// There is no such group.
    pub(super) fn gid(&self, name: &str) -> Result<u32> {
        match self.find_group(name)? {
            Some(group) => Ok(group.gid),
            None => number(name).ok_or_else(|| missing("group", name)),
        }
    }

    /// The name of the user with the number, or the number.
    pub(super) fn user_name(&self, uid: u32) -> Result<String> {
        let passwd = self.passwd.get(&self.root)?;
        if let Some(user) = passwd.by_number(uid) {
            return Ok(user.name.clone());
        }
        let answer = self.ask(Database::Passwd, &uid.to_string())?;
        Ok(answer
            .and_then(|line| User::parse(&line))
            .map_or_else(|| uid.to_string(), |user| user.name))
    }

    /// The name of the group with the number, or the number.
    pub(super) fn group_name(&self, gid: u32) -> Result<String> {
        let groups = self.groups.get(&self.root)?;
        if let Some(group) = groups.by_number(gid) {
            return Ok(group.name.clone());
        }
        let answer = self.ask(Database::Group, &gid.to_string())?;
        Ok(answer
            .and_then(|line| Group::parse(&line))
            .map_or_else(|| gid.to_string(), |group| group.name))
    }

    fn find_user(&self, name: &str) -> Result<Option<User>> {
        if let Some(user) = self.passwd.get(&self.root)?.by_name(name) {
            return Ok(Some(user.clone()));
        }
        let answer = self.ask(Database::Passwd, name)?;
        Ok(answer
            .and_then(|line| User::parse(&line))
            .filter(|user| user.name == name))
    }

    fn find_group(&self, name: &str) -> Result<Option<Group>> {
        if let Some(group) = self.groups.get(&self.root)?.by_name(name) {
            return Ok(Some(group.clone()));
        }
        let answer = self.ask(Database::Group, name)?;
        Ok(answer
            .and_then(|line| Group::parse(&line))
            .filter(|group| group.name == name))
    }

    /// The line that `getent` has for the key, if the files aren't all there is.
    fn ask(&self, database: Database, key: &str) -> Result<Option<String>> {
        if self.root.place().is_some() || !self.sources.get(&self.root)?.go_beyond_files(database.name()) {
            return Ok(None);
        }
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = answers.get(&(database, key.to_owned())) {
            return Ok(answer.clone());
        }
        let answer = getent(database.name(), key)?;
        answers.insert((database, key.to_owned()), answer.clone());
        drop(answers);
        Ok(answer)
    }
}

impl Database {
    const fn name(self) -> &'static str {
        match self {
            Self::Passwd => "passwd",
            Self::Group => "group",
        }
    }
}

fn getent(database: &str, key: &str) -> Result<Option<String>> {
    let command = command(["getent", "--", database, key])?;
    let call = Call::new(&command, PATIENCE);
    let output = call.run()?;
    match output.ended {
        Ended::Exit(0) => Ok(String::from_utf8_lossy(&output.stdout)
            .lines()
            .next()
            .map(str::to_owned)),
        Ended::Exit(2) => Ok(None),
        _ => Err(call.failed(&output)),
    }
}

fn number(name: &str) -> Option<u32> {
    // The last number stands for "none" in `chown(2)`.
    let is_number = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        .then(|| name.parse().ok())
        .flatten()
        .filter(|number| *number != u32::MAX)
}

pub(super) fn missing(what: &str, name: &str) -> SystemError {
    SystemError::Missing {
        what: what.to_owned(),
        name: name.to_owned(),
    }
}
