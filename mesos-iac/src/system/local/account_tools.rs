//! Users and groups, changed by the tools of the shadow suite, which know about locks, shadow files and audit.

use super::accounts::Accounts;
use super::convert::command;
use super::process::Call;
use crate::model::{AccountChange, SystemError};
use crate::words::check_account_name;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

type Result<T> = std::result::Result<T, SystemError>;

/// How long a tool may take: making a home directory copies files, and changing a number walks through one.
const TIME_OUT: Duration = Duration::from_secs(600);

/// Held by whoever changes accounts: the tools don't wait long for each other.
static CHANGING: Mutex<()> = Mutex::new(());

/// Makes the user. Without a group, it gets one of its own name.
pub(super) fn create_user(accounts: &Accounts, name: &str, change: &AccountChange) -> Result<()> {
    check_name("user", name)?;
    let mut words = Words::new("useradd");
    words.account(change)?;
    if change.group.is_none() {
        // useradd refuses a user whose own group is there already, and only then.
        match accounts.group(name)? {
            Some(_) => words.option("--gid", name),
            None => words.flag("--user-group"),
        }
    }
    if change.system {
        words.flag("--system");
    }
    words.flag(if change.create_home {
        "--create-home"
    } else {
        "--no-create-home"
    });
    words.run(name)
}

/// Changes the user. A changed home directory is neither made nor moved.
pub(super) fn change_user(name: &str, change: &AccountChange) -> Result<()> {
    check_name("user", name)?;
    let mut words = Words::new("usermod");
    words.account(change)?;
    if words.0.len() == 1 { Ok(()) } else { words.run(name) }
}

/// Removes the user and keeps the home directory; nobody there is success.
pub(super) fn remove_user(accounts: &Accounts, name: &str) -> Result<()> {
    check_name("user", name)?;
    if accounts.user(name)?.is_none() {
        Ok(())
    } else {
        Words::new("userdel").run(name)
    }
}

/// Makes the group.
pub(super) fn create_group(name: &str, gid: Option<u32>, system: bool) -> Result<()> {
    check_name("group", name)?;
    let mut words = Words::new("groupadd");
    if let Some(gid) = gid {
        words.option("--gid", &gid.to_string());
    }
    if system {
        words.flag("--system");
    }
    words.run(name)
}

/// Changes the group's number.
pub(super) fn change_group(name: &str, gid: u32) -> Result<()> {
    check_name("group", name)?;
    let mut words = Words::new("groupmod");
    words.option("--gid", &gid.to_string());
    words.run(name)
}

/// Removes the group; none there is success.
pub(super) fn remove_group(accounts: &Accounts, name: &str) -> Result<()> {
    check_name("group", name)?;
    if accounts.group(name)?.is_none() {
        Ok(())
    } else {
        Words::new("groupdel").run(name)
    }
}

/// A tool and its arguments in the making.
struct Words(Vec<String>);

impl Words {
    fn new(tool: &str) -> Self {
        Self(vec![tool.to_owned()])
    }

    fn flag(&mut self, name: &str) {
        self.0.push(name.to_owned());
    }

    fn option(&mut self, name: &str, value: &str) {
        // As one word, so that no value is taken for an option.
        self.0.push(format!("{name}={value}"));
    }

    fn account(&mut self, change: &AccountChange) -> Result<()> {
        if let Some(uid) = change.uid {
            self.option("--uid", &uid.to_string());
        }
        if let Some(group) = &change.group {
            check_name("group", group)?;
            self.option("--gid", group);
        }
        if let Some(comment) = &change.comment {
            self.option("--comment", field("full name", comment)?);
        }
        if let Some(home) = &change.home {
            self.option("--home-dir", field("home directory", home.as_str())?);
        }
        if let Some(shell) = &change.shell {
            self.option("--shell", field("login shell", shell.as_str())?);
        }
        if let Some(groups) = &change.groups {
            for group in groups {
                check_name("group", group)?;
            }
            self.option("--groups", &groups.join(","));
        }
        Ok(())
    }

    fn run(mut self, name: &str) -> Result<()> {
        // usermod calls it by another name than useradd does.
        if self.0.first().is_some_and(|tool| tool == "usermod") {
            for word in &mut self.0 {
                if let Some(home) = word.strip_prefix("--home-dir=") {
                    *word = format!("--home={home}");
                }
            }
        }
        self.0.extend(["--".to_owned(), name.to_owned()]);
        let command = command(self.0)?;
        let changing = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
        let done = Call::new(&command, TIME_OUT).run_checked().map(drop);
        drop(changing);
        done
    }
}

/// Refuses what Debian's tools would refuse, or take for an option or a field of its own.
pub(super) fn check_name(what: &str, name: &str) -> Result<()> {
    // Samba's machine accounts end in a dollar sign.
    check_account_name(name.strip_suffix('$').unwrap_or(name))
        .map_err(|error| SystemError::Other(format!("name a {what} to a tool: {error}")))
}

/// Refuses what would be another field, or another line, of `/etc/passwd`.
fn field<'a>(what: &str, text: &'a str) -> Result<&'a str> {
    if text.contains(':') || text.contains(char::is_control) {
        return Err(SystemError::Other(format!(
            "take {text:?} for a {what}: it has a colon or a control character in it"
        )));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::AbsPath;

    #[test]
    fn names_are_debian_s() {
        for name in ["root", "_apt", "systemd-network", "host1$", "a"] {
            assert!(check_name("user", name).is_ok(), "{name}");
        }
        for name in [
            "",
            "-r",
            "Root",
            "a.b",
            "a b",
            "a:b",
            "1a",
            "$",
            "a$b",
            &"a".repeat(33),
            "ä",
            "a\n",
        ] {
            assert!(check_name("user", name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn values_can_be_neither_options_nor_fields() {
        let mut words = Words::new("useradd");
        let mut change = AccountChange {
            comment: Some("--root=/x, Esq.".into()),
            home: Some(AbsPath::new("/srv/a b").unwrap()),
            groups: Some(vec!["adm".into(), "wheel".into()]),
            ..AccountChange::default()
        };
        words.account(&change).unwrap();
        assert_eq!(
            words.0,
            [
                "useradd",
                "--comment=--root=/x, Esq.",
                "--home-dir=/srv/a b",
                "--groups=adm,wheel"
            ]
        );
        for comment in ["a:b", "a\nroot::0:0:::"] {
            change.comment = Some(comment.into());
            assert!(Words::new("usermod").account(&change).is_err(), "{comment:?}");
        }
        change.comment = None;
        change.groups = Some(vec!["adm,root".into()]);
        assert!(Words::new("usermod").account(&change).is_err());
    }
}
