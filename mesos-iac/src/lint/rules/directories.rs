use crate::kinds::{Command, Directory, File, Package, Symlink};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::model::{DroppedEdge, Effect, Entry, Level, Lint, Reason};
use crate::words::{AbsPath, ResourceId};
use std::any::Any;
use std::collections::BTreeSet;

/// Nothing makes the directory that a file is written to.
pub static MISSING_DIRECTORY: Lint = Lint {
    name: "missing-directory",
    level: Level::Warning,
    summary: "nothing makes or brings the directory that something is written to",
    page: include_str!("../pages/missing-directory.md"),
};

/// A directory is made after what is written to it.
pub static DIRECTORY_AFTER_ITS_CONTENT: Lint = Lint {
    name: "directory-after-its-content",
    level: Level::Warning,
    summary: "a directory is made after what is written to it",
    page: include_str!("../pages/directory-after-its-content.md"),
};

lint_rule!(directories => [&MISSING_DIRECTORY, &DIRECTORY_AFTER_ITS_CONTENT]);

/// What a host has when it is installed: the directories of Debian's smallest system with systemd and sshd, and what
/// everybody expects of a Unix.
const INSTALLED: [&str; 82] = [
    "/",
    "/boot",
    "/dev",
    "/dev/shm",
    "/etc",
    "/etc/apt",
    "/etc/apt/apt.conf.d",
    "/etc/apt/auth.conf.d",
    "/etc/apt/keyrings",
    "/etc/apt/preferences.d",
    "/etc/apt/sources.list.d",
    "/etc/apt/trusted.gpg.d",
    "/etc/binfmt.d",
    "/etc/cron.d",
    "/etc/cron.daily",
    "/etc/cron.hourly",
    "/etc/cron.monthly",
    "/etc/cron.weekly",
    "/etc/default",
    "/etc/init",
    "/etc/init.d",
    "/etc/ld.so.conf.d",
    "/etc/logrotate.d",
    "/etc/modprobe.d",
    "/etc/modules-load.d",
    "/etc/network",
    "/etc/network/interfaces.d",
    "/etc/opt",
    "/etc/pam.d",
    "/etc/pki",
    "/etc/pki/rpm-gpg",
    "/etc/profile.d",
    "/etc/rsyslog.d",
    "/etc/security",
    "/etc/security/limits.d",
    "/etc/skel",
    "/etc/ssh",
    "/etc/ssh/ssh_config.d",
    "/etc/ssh/sshd_config.d",
    "/etc/ssl",
    "/etc/ssl/certs",
    "/etc/ssl/private",
    "/etc/sudoers.d",
    "/etc/sysconfig",
    "/etc/sysctl.d",
    "/etc/systemd",
    "/etc/systemd/network",
    "/etc/systemd/system",
    "/etc/systemd/user",
    "/etc/tmpfiles.d",
    "/etc/udev",
    "/etc/udev/rules.d",
    "/etc/yum.repos.d",
    "/home",
    "/lib/systemd/system",
    "/media",
    "/mnt",
    "/opt",
    "/root",
    "/run",
    "/srv",
    "/tmp",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib/systemd/system",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/etc",
    "/usr/local/lib",
    "/usr/local/sbin",
    "/usr/local/share",
    "/usr/local/src",
    "/usr/sbin",
    "/usr/share",
    "/usr/share/keyrings",
    "/var",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/opt",
    "/var/spool",
    "/var/tmp",
];

/// A path that is to be there, and whether it can have others in it.
fn placed(entry: &Entry) -> Option<(&AbsPath, bool)> {
    let resource: &dyn Any = &*entry.resource;
    if let Some(file) = resource.downcast_ref::<File>() {
        return file.is_present().then_some((file.path(), false));
    }
    if let Some(directory) = resource.downcast_ref::<Directory>() {
        return directory.is_present().then_some((directory.path(), true));
    }
    let link = resource.downcast_ref::<Symlink>()?;
    // What it leads to may be a directory, and whoever made that one knows what is in it.
    link.target().map(|_| (link.path(), true))
}

fn directories(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        let lacking = lacking(host);
        let late = late(host);
        if lacking.is_empty() && late.is_empty() {
            continue;
        }
        let brought = brought(host);
        let comes_by_itself = |entry, above: &AbsPath| {
            brought.iter().any(|path| above.is_within(path)) || waits_for_a_program(host, entry)
        };
        let mut told = BTreeSet::new();
        for (entry, above) in lacking {
            if !comes_by_itself(entry, &above) && told.insert(above.clone()) {
                let message = format!("nothing makes {above}, where {} is written", entry.id);
                let finding = MISSING_DIRECTORY.finding(message).on(host.name()).of(&entry.id);
                cx.report(finding.hint(format!(
                    "add `directory(\"{above}\")`, or say what brings it: `package(…).provides_path(\"{above}\")`"
                )));
            }
        }
        let mut told = BTreeSet::new();
        for (entry, above, dropped) in late {
            if !comes_by_itself(entry, above) && told.insert(above) {
                let message = format!("{} is made after {}, which is written to it", dropped.edge.on, entry.id);
                let finding = DIRECTORY_AFTER_ITS_CONTENT.finding(message);
                cx.report(finding.on(host.name()).of(&dropped.edge.on).hint(format!(
                    "take away what has the directory wait: {}",
                    dropped.way_in_words()
                )));
            }
        }
    }
}

/// What is written to a directory that nothing makes.
fn lacking<'c>(host: &LintHost<'c>) -> Vec<(&'c Entry, AbsPath)> {
    let entries = || host.catalog().resources();
    let made: BTreeSet<&str> = entries()
        .filter_map(placed)
        .filter(|(_, holds)| *holds)
        .map(|(path, _)| path.as_str())
        .collect();
    let lacking = entries().filter_map(|entry| {
        let above = placed(entry)?.0.parent()?;
        let is_there = is_installed(&above) || made.contains(above.as_str());
        (!is_there).then_some((entry, above))
    });
    lacking.collect()
}

/// What is written to a directory that is made later. The compiler found that the directory has to come first, and gave way
/// to what the definition says.
fn late<'c>(host: &LintHost<'c>) -> Vec<(&'c Entry, &'c AbsPath, &'c DroppedEdge)> {
    let directories = host.provenance().dropped.iter();
    let directories = directories.filter(|dropped| dropped.edge.because == Reason::Directory);
    let find = |id: &ResourceId| host.catalog().resources().find(|entry| entry.id == *id);
    let late = directories.filter_map(|dropped| {
        let (entry, directory) = (find(&dropped.of)?, find(&dropped.edge.on)?);
        let (above, _) = placed(directory)?;
        (writes_below(entry, above) && !is_installed(above)).then_some((entry, above, dropped))
    });
    late.collect()
}

/// Whether something is made below this directory: reading there needs the directory too, and may do without.
fn writes_below(entry: &Entry, directory: &AbsPath) -> bool {
    let effects = entry.resource.behavior().effects();
    let below = |effect: &Effect| matches!(effect, Effect::Path(path) if path.is_within(directory));
    !effects.removes && effects.writes.iter().any(below)
}

fn is_installed(path: &AbsPath) -> bool {
    INSTALLED.binary_search(&path.as_str()).is_ok()
}

/// The paths that packages, archives, users and commands bring along.
fn brought(host: &LintHost<'_>) -> Vec<AbsPath> {
    let mut paths = Vec::new();
    for entry in host.catalog().resources() {
        paths.extend(
            entry
                .resource
                .behavior()
                .effects()
                .provides
                .into_iter()
                .filter_map(|effect| match effect {
                    Effect::Path(path) => Some(path),
                    _ => None,
                }),
        );
    }
    paths
}

/// Whether it comes after something that may well make directories which nobody can know of: a command, a package.
fn waits_for_a_program(host: &LintHost<'_>, entry: &Entry) -> bool {
    entry.after.iter().any(|edge| {
        let first = host.catalog().resources().find(|first| first.id == edge.on);
        first.is_some_and(|first| {
            let first: &dyn Any = &*first.resource;
            first.is::<Package>() || first.is::<Command>()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_in_order() {
        assert!(INSTALLED.is_sorted());
    }
}
