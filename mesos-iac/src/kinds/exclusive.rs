//! What is removed from an exclusive directory, and which directories can't be one.

use crate::model::{Diff, Error, OwnedPaths, PathKind, ReadSystem, Result, Shown, System};
use crate::words::AbsPath;
use serde::{Deserialize, Serialize};

/// The most entries that are removed at once: more are no stray files, but somebody's data.
const MOST: usize = 10_000;

/// How a diff names an entry: this and its path below the directory.
const PROPERTY: &str = "entry ";

/// Directories in whose subdirectories everything belongs to packages or to the kernel.
const CLOSED: [&str; 10] = [
    "/bin", "/boot", "/dev", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/usr",
];

/// Directories that many share: those in them may be exclusive, they themselves not.
const SHARED: [&str; 39] = [
    "/etc/alternatives",
    "/etc/apt",
    "/etc/default",
    "/etc/dpkg",
    "/etc/init.d",
    "/etc/network",
    "/etc/pam.d",
    "/etc/security",
    "/etc/ssh",
    "/etc/ssl",
    "/etc/ssl/certs",
    "/etc/ssl/private",
    "/etc/sysconfig",
    "/etc/systemd",
    "/etc/systemd/system",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/etc",
    "/usr/local/games",
    "/usr/local/include",
    "/usr/local/lib",
    "/usr/local/lib64",
    "/usr/local/libexec",
    "/usr/local/man",
    "/usr/local/sbin",
    "/usr/local/share",
    "/usr/local/src",
    "/var/backups",
    "/var/cache",
    "/var/lib",
    "/var/lib/apt",
    "/var/lib/dpkg",
    "/var/lib/mesos-iac",
    "/var/lib/systemd",
    "/var/local",
    "/var/log",
    "/var/mail",
    "/var/opt",
    "/var/spool",
];

/// That only what the catalog owns stands in a directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exclusive {
    /// Patterns of names that stay.
    keeping: Vec<String>,
    /// The names that resources of the host own, once the catalog is compiled.
    owned: Vec<String>,
}

impl Exclusive {
    /// Keeps the entries that match one of these patterns.
    ///
    /// # Errors
    /// One can't match a name.
    pub(super) fn keeping(patterns: Vec<String>) -> Result<Self> {
        for pattern in &patterns {
            if pattern.is_empty() || pattern.contains('/') || pattern.chars().any(char::is_control) {
                return Err(Error::message(format!(
                    "keep {pattern:?}: expected the name of an entry of the directory, with `*` and `?` as wildcards"
                )));
            }
        }
        Ok(Self {
            keeping: patterns,
            owned: Vec::new(),
        })
    }

    /// The same, told what resources own.
    pub(super) fn told(&self, directory: &AbsPath, paths: &OwnedPaths) -> Self {
        Self {
            keeping: self.keeping.clone(),
            owned: paths.names_in(directory),
        }
    }

    /// Whether an entry of this name stays.
    pub(super) fn keeps(&self, name: &str) -> bool {
        self.owned.iter().any(|owned| owned == name) || self.keeping.iter().any(|pattern| matches(pattern, name))
    }

    /// Adds what is to go: each entry with all that is below it, so that a plan tells everything that is lost.
    pub(super) fn compare(&self, diff: &mut Diff, directory: &AbsPath, system: &dyn ReadSystem) -> Result<()> {
        let mut found = 0;
        let mut pending = system.list(directory)?.unwrap_or_default();
        pending.retain(|name| !self.keeps(name));
        pending.reverse();
        while let Some(name) = pending.pop() {
            let path = directory.join(&name)?;
            let Some(entry) = system.entry(&path)? else { continue };
            found += 1;
            if found > MOST {
                return Err(Error::message(format!(
                    "remove what nothing owns in {directory}: it is more than {MOST} entries; look at them and remove them by hand"
                )));
            }
            diff.push(&format!("{PROPERTY}{name}"), shown(&entry.kind), Shown::Absent);
            if entry.kind == PathKind::Directory {
                let inside = system.list(&path)?.unwrap_or_default();
                pending.extend(inside.into_iter().rev().map(|inner| format!("{name}/{inner}")));
            }
        }
        Ok(())
    }
}

/// Contents aren't shown: a stray file may hold a secret.
fn shown(kind: &PathKind) -> Shown {
    match kind {
        PathKind::Symlink(target) => Shown::Value(format!("a link to {target}")),
        kind => Shown::Value(kind.to_string()),
    }
}

/// The paths that the diff says are to go, what is in a directory before it.
pub(super) fn removed(directory: &AbsPath, diff: &Diff) -> Vec<AbsPath> {
    let names = diff
        .changes
        .iter()
        .rev()
        .filter_map(|change| change.property.strip_prefix(PROPERTY));
    names.filter_map(|name| directory.join(name).ok()).collect()
}

/// Removes what the diff says, and nothing that came since.
pub(super) fn remove(directory: &AbsPath, diff: &Diff, system: &dyn System) -> Result<()> {
    for path in removed(directory, diff) {
        system.remove(&path)?;
    }
    Ok(())
}

/// Refuses a directory of which nobody can say who else has files there. `action` is for the message.
///
/// # Errors
/// It is one.
pub(super) fn refuse_shared(action: &str, path: &AbsPath) -> Result<()> {
    let text = path.as_str();
    let depth = text.split('/').filter(|part| !part.is_empty()).count();
    let is_within = |directory: &&str| text.strip_prefix(*directory).is_some_and(|rest| rest.starts_with('/'));
    let is_local = is_within(&"/usr/local") && depth > 2;
    let why = if depth < 2 {
        "it is a top-level directory"
    } else if SHARED.contains(&text) {
        "many packages have files there"
    } else if !is_local && CLOSED.iter().any(is_within) {
        "what is there belongs to packages and to the system"
    } else if is_within(&"/home") && depth == 2 {
        "it is a home directory"
    } else {
        return Ok(());
    };
    Err(Error::message(format!(
        "{action} {path}: {why}, and what others have there would be removed; name a directory of its own"
    )))
}

/// Whether a name matches a pattern in which `*` is any text and `?` any character.
fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // reached[n]: the pattern so far matches the first n characters.
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for sign in pattern {
        let mut next = vec![false; name.len() + 1];
        for at in 0..=name.len() {
            next[at] = match sign {
                '*' => reached[..=at].contains(&true),
                sign => at > 0 && reached[at - 1] && (sign == '?' || sign == name[at - 1]),
            };
        }
        reached = next;
    }
    reached.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_a_shell() {
        for (pattern, name, is_match) in [
            ("*", "", true),
            ("*.local", "zk.local", true),
            ("*.local", "zk.local~", false),
            ("?", "ä", true),
            ("?", "", false),
            ("a*b*c", "aXbbYc", true),
            ("a*b*c", "aXc", false),
            ("README", "readme", false),
        ] {
            assert_eq!(matches(pattern, name), is_match, "{pattern} {name}");
        }
        for bad in ["", "a/b", "a\n"] {
            let error = Exclusive::keeping(vec![bad.to_owned()]).unwrap_err().to_string();
            assert!(error.contains("expected the name of an entry"), "{error}");
        }
    }

    #[test]
    fn directories_that_many_share_are_refused() {
        let refused = |text: &str| refuse_shared("x", &AbsPath::new(text).unwrap()).is_err();
        let shared = [
            "/",
            "/etc",
            "/usr",
            "/var",
            "/root",
            "/home",
            "/home/alice",
            "/srv",
            "/opt",
            "/tmp",
            "/usr/share/doc",
            "/usr/local/bin",
            "/lib/systemd",
            "/boot/grub",
            "/var/lib",
            "/var/lib/dpkg",
            "/var/lib/mesos-iac",
            "/etc/apt",
            "/etc/systemd/system",
            "/run/lock",
            "/dev/shm",
        ];
        for path in shared {
            assert!(refused(path), "{path}");
        }
        let own = [
            "/etc/mesos-master",
            "/etc/marathon/conf",
            "/etc/apt/sources.list.d",
            "/opt/marathon",
            "/home/alice/.ssh",
            "/usr/local/etc/mesos",
            "/usr/local/mesos",
            "/etc/systemd/system/mesos-master.service.d",
            "/var/lib/mesos/meta",
        ];
        for path in own {
            assert!(!refused(path), "{path}");
        }
    }
}
