use crate::kinds::{Command, Directory, File, Package, Symlink};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::model::{Effect, Entry, Level, Lint};
use crate::words::AbsPath;
use std::any::Any;
use std::collections::BTreeSet;

/// Nothing makes the directory that a file is written to.
pub static MISSING_DIRECTORY: Lint = Lint {
    name: "missing-directory",
    level: Level::Warning,
    summary: "nothing makes or brings the directory that something is written to",
    page: include_str!("../pages/missing-directory.md"),
};

lint_rule!(directories => [&MISSING_DIRECTORY]);

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
        let entries = || host.catalog().resources();
        let made: BTreeSet<&str> = entries()
            .filter_map(placed)
            .filter(|(_, holds)| *holds)
            .map(|(path, _)| path.as_str())
            .collect();
        let is_there = |path: &AbsPath| INSTALLED.binary_search(&path.as_str()).is_ok() || made.contains(path.as_str());
        let lacking = entries().filter_map(|entry| {
            let above = placed(entry)?.0.parent()?;
            (!is_there(&above)).then_some((entry, above))
        });
        let lacking: Vec<(&Entry, AbsPath)> = lacking.collect();
        if lacking.is_empty() {
            continue;
        }
        let brought = brought(host);
        let mut told = BTreeSet::new();
        for (entry, above) in lacking {
            let is_brought = brought.iter().any(|path| above.is_within(path)) || waits_for_a_program(host, entry);
            if !is_brought && told.insert(above.clone()) {
                let message = format!("nothing makes {above}, where {} is written", entry.id);
                let finding = MISSING_DIRECTORY.finding(message).on(host.name()).of(&entry.id);
                cx.report(finding.hint(format!(
                    "add `directory(\"{above}\")`, or say what brings it: `package(…).provides_path(\"{above}\")`"
                )));
            }
        }
    }
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
