use super::found;
use super::read::mesos::{Daemon, Mesos, Way, mesos};
use crate::kinds::{Directory, File};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use std::any::Any;
use std::collections::BTreeMap;

lints! {
    FLAG_GIVEN_TWICE = Error "flag-given-twice": "a flag of Mesos stands on the command line twice";
    ENVIRONMENT_BEATEN_BY_FILE = Warning "environment-beaten-by-file": "a variable of Mesos has no effect, for a file sets the same flag";
    STRAY_FLAG_FILE = Error "stray-flag-file": "a file among the flag files is none, and is passed on as a flag";
    EMPTY_FLAG_FILE = Warning "empty-flag-file": "a flag file is empty, and so is the flag's value";
    FLAG_FILES_UNREAD = Warning "flag-files-unread": "flag files are written where nothing reads them";
    DEPLOY_COMMENT = Warning "deploy-comment": "the words of a comment are taken for hosts by the scripts that start Mesos everywhere";
    DIRECTORY_WITHIN_ATTRIBUTES = Error "directory-within-attributes": "a directory within the directory of attributes or resources keeps the agent from starting";
}

lint_rule!(flag_files => [
    &FLAG_GIVEN_TWICE, &ENVIRONMENT_BEATEN_BY_FILE, &STRAY_FLAG_FILE, &EMPTY_FLAG_FILE, &FLAG_FILES_UNREAD,
    &DEPLOY_COMMENT, &DIRECTORY_WITHIN_ATTRIBUTES
]);

const DIRECTORIES: [&str; 3] = ["/etc/mesos-master", "/etc/mesos-slave", "/etc/mesos-agent"];

fn flag_files(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for directory in DIRECTORIES {
            names(cx, host, directory);
            for within in ["attributes", "resources"] {
                keys(cx, host, &format!("{directory}/{within}"));
            }
        }
        names(cx, host, "/etc/marathon/conf");
        for mesos in Daemon::BOTH.into_iter().filter_map(|daemon| mesos(host, daemon)) {
            twice(cx, host, &mesos);
            unread(cx, host, &mesos);
        }
        nested(cx, host);
        hosts_of_scripts(cx, host);
    }
}

/// The files from which `mesos-start-cluster.sh` and its kin take the hosts: below `/usr/etc` from 0.21 on, before that where
/// state is.
fn hosts_of_scripts(cx: &LintCx<'_>, host: &LintHost<'_>) {
    const DIRECTORIES: [&str; 5] = [
        "/usr/etc/mesos",
        "/usr/local/etc/mesos",
        "/etc/mesos",
        "/usr/var/mesos/deploy",
        "/usr/local/var/mesos/deploy",
    ];
    for directory in DIRECTORIES {
        for (_, file) in host
            .files_in(directory)
            .filter(|(name, _)| matches!(*name, "masters" | "agents" | "slaves"))
        {
            let is_comment = |line: &str| line.contains('#') && !line.starts_with('#');
            if let Some(number) = file.text.lines().position(is_comment) {
                let message = format!(
                    "line {} of {} has a comment that isn't known as one",
                    number + 1,
                    file.path
                );
                cx.report(
                    found(&DEPLOY_COMMENT, host, Some(file.id), message)
                        .hint("write it on a line of its own, with `#` in the first column"),
                );
            }
        }
    }
}

fn twice(cx: &LintCx<'_>, host: &LintHost<'_>, mesos: &Mesos<'_>) {
    let mut by_name: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for setting in &mesos.settings {
        by_name
            .entry(mesos.daemon.newest(&setting.name))
            .or_default()
            .push(setting);
    }
    for settings in by_name.values() {
        let on_line: Vec<_> = settings.iter().filter(|setting| setting.way == Way::Line).collect();
        if let [first, .., last] = on_line[..] {
            let names = match first.name == last.name {
                true => format!("`--{}`", first.name),
                false => format!("`--{}` and `--{}`, its other name,", first.name, last.name),
            };
            let message = format!(
                "{names} of the {} stands on the command line by {} and by {}",
                mesos.daemon, first.place, last.place
            );
            let hint = match (first.id, last.id) {
                (None, _) => "write the package's file without it, and say it in one place",
                _ => "say it in one place",
            };
            cx.report(found(&FLAG_GIVEN_TWICE, host, last.id.or(first.id), message).hint(hint));
        }
        let variable = settings.iter().find(|setting| setting.way == Way::Environment);
        if let (Some(file), Some(variable)) = (on_line.first(), variable)
            && file.value.trim() != variable.value.trim()
        {
            let message = format!(
                "`{}` by {} has no effect: {} puts `{}` on the command line",
                variable.value,
                variable.place,
                file.place,
                file.value.trim(),
            );
            cx.report(found(&ENVIRONMENT_BEATEN_BY_FILE, host, variable.id, message).hint("say it in one place"));
        }
    }
}

/// What editors, packages and version control leave beside a file.
fn is_left_over(name: &str) -> bool {
    const ENDS: [&str; 14] = [
        "~",
        ".bak",
        ".backup",
        ".orig",
        ".old",
        ".save",
        ".swp",
        ".rpmsave",
        ".rpmnew",
        ".rpmorig",
        ".dpkg-old",
        ".dpkg-new",
        ".dpkg-dist",
        ",v",
    ];
    ENDS.iter().any(|end| name.ends_with(end))
}

fn names(cx: &LintCx<'_>, host: &LintHost<'_>, directory: &str) {
    for (name, file) in host.files_in(directory).filter(|(name, _)| !name.starts_with('.')) {
        let flag = name.strip_prefix('?').unwrap_or(name);
        let flag = flag
            .strip_prefix("no-")
            .filter(|_| name.starts_with('?'))
            .unwrap_or(flag);
        let is_flag = !flag.is_empty() && flag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_flag {
            let message = format!("{} is passed on as `--{name}`, which is no flag", file.path);
            cx.report(
                found(&STRAY_FLAG_FILE, host, Some(file.id), message)
                    .hint("keep it somewhere else; only names that begin with a dot are passed over"),
            );
        } else if !name.starts_with('?') && file.text.trim().is_empty() {
            let message = format!("{} is empty, which makes `--{name}=`", file.path);
            let hint = format!("write the value, or make the file absent; a switch is `{directory}/?{name}`");
            cx.report(found(&EMPTY_FLAG_FILE, host, Some(file.id), message).hint(hint));
        }
    }
}

fn keys(cx: &LintCx<'_>, host: &LintHost<'_>, directory: &str) {
    for (name, file) in host.files_in(directory).filter(|(name, _)| is_left_over(name)) {
        let message = format!("{} is passed on as `{name}:…`, among what is meant", file.path);
        cx.report(found(&STRAY_FLAG_FILE, host, Some(file.id), message).hint("keep it somewhere else"));
    }
}

fn unread(cx: &LintCx<'_>, host: &LintHost<'_>, mesos: &Mesos<'_>) {
    let directory = mesos.directory();
    let roles: &[&str] = match mesos.daemon {
        Daemon::Master => &["master"],
        Daemon::Agent => &["slave", "agent"],
    };
    for unread in roles.iter().map(|role| format!("/etc/mesos-{role}")) {
        if mesos.by_wrapper && unread == directory {
            continue;
        }
        if let Some((_, file)) = host.files_in(&unread).next() {
            let message = match mesos.by_wrapper {
                true => format!("the agent reads {directory}, and {} stands beside it", file.path),
                false => format!(
                    "the unit starts the {} itself, and so nothing reads {}",
                    mesos.daemon, file.path
                ),
            };
            let hint = match mesos.by_wrapper {
                true => format!("write it to {directory}"),
                false => "set the flag in the unit, or start `mesos-init-wrapper` there".to_owned(),
            };
            cx.report(found(&FLAG_FILES_UNREAD, host, Some(file.id), message).hint(hint));
        }
    }
}

/// What stands deeper than the directory, and directories right in it.
fn nested(cx: &LintCx<'_>, host: &LintHost<'_>) {
    let within = |path: &str| {
        DIRECTORIES.iter().find_map(|directory| {
            let rest = path.strip_prefix(directory)?;
            let rest = rest
                .strip_prefix("/attributes/")
                .or_else(|| rest.strip_prefix("/resources/"))?;
            (!rest.is_empty()).then(|| rest.contains('/'))
        })
    };
    for entry in host.catalog().resources() {
        let resource: &dyn Any = &*entry.resource;
        let directory = resource
            .downcast_ref::<Directory>()
            .filter(|directory| directory.is_present());
        let file = resource.downcast_ref::<File>().filter(|file| file.is_present());
        let path = match (directory, file) {
            (Some(directory), _) if within(directory.path().as_str()).is_some() => directory.path().as_str(),
            (_, Some(file)) if within(file.path().as_str()) == Some(true) => file.path().as_str(),
            _ => continue,
        };
        let message = format!("{path} makes a directory where the start script reads files, and it ends there");
        cx.report(found(&DIRECTORY_WITHIN_ATTRIBUTES, host, Some(&entry.id), message).hint("keep it somewhere else"));
    }
}
