use super::found;
use super::read::mesos::{Daemon, Mesos, mesos};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;

lints! {
    DEPRECATED_FLAG = Warning "deprecated-flag": "a flag has a name or a value that its release only just puts up with";
    MISSING_WORK_DIR = Error "missing-work-dir": "a daemon of Mesos has no working directory, and won't start";
    REGISTRY_STRICT = Error "registry-strict": "the master is told to keep a strict registry, and won't start";
    OBSOLETE_ROLES_FLAG = Warning "obsolete-roles-flag": "the master is given a list of roles, which nobody needs any more";
    PLAIN_TEXT_CREDENTIALS = Warning "plain-text-credentials": "Mesos' credentials are in the form of old releases";
    CREDENTIALS_READABLE = Warning "credentials-readable": "every user of a host can read Mesos' credentials";
}

lint_rule!(flag_values => [
    &DEPRECATED_FLAG, &MISSING_WORK_DIR, &REGISTRY_STRICT, &OBSOLETE_ROLES_FLAG, &PLAIN_TEXT_CREDENTIALS,
    &CREDENTIALS_READABLE
]);

fn flag_values(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for mesos in Daemon::BOTH.into_iter().filter_map(|daemon| mesos(host, daemon)) {
            deprecated(cx, host, &mesos);
            work_dir(cx, host, &mesos);
            master(cx, host, &mesos);
            credentials(cx, host, &mesos);
        }
    }
}

fn deprecated(cx: &LintCx<'_>, host: &LintHost<'_>, mesos: &Mesos<'_>) {
    let Some(release) = mesos.release else { return };
    for setting in &mesos.settings {
        let old = &setting.name;
        if let Some((new, since)) = mesos.daemon.deprecated(old, release) {
            let message = format!("`--{old}` by {} is called `--{new}` since {since}", setting.place);
            cx.report(found(&DEPRECATED_FLAG, host, setting.id, message).hint(format!("set `{new}`")));
        }
    }
}

fn work_dir(cx: &LintCx<'_>, host: &LintHost<'_>, mesos: &Mesos<'_>) {
    let Some(release) = mesos.release else { return };
    let needed = match mesos.daemon {
        Daemon::Master => release.since(0, 19) && mesos.get("zk").is_some(),
        Daemon::Agent => release.since(1, 0),
    };
    let set = mesos.get("work_dir");
    if needed && set.is_none_or(|setting| setting.value.trim().is_empty()) {
        let message = format!(
            "the {} of {release} is told no `--work_dir`, and there is no default",
            mesos.daemon
        );
        let id = set.and_then(|setting| setting.id);
        cx.report(found(&MISSING_WORK_DIR, host, id, message).hint("set it: `/var/lib/mesos` is usual"));
    }
}

fn master(cx: &LintCx<'_>, host: &LintHost<'_>, mesos: &Mesos<'_>) {
    let Some(release) = mesos.release.filter(|_| mesos.daemon == Daemon::Master) else {
        return;
    };
    if let Some(strict) = mesos.get("registry_strict")
        && release.since(1, 0)
        && matches!(strict.value.trim(), "true" | "1")
    {
        let message = format!("`--registry_strict` by {} is refused since 1.0", strict.place);
        cx.report(found(&REGISTRY_STRICT, host, strict.id, message).hint("leave it out"));
    }
    if let Some(roles) = mesos.get("roles")
        && release.since(0, 27)
    {
        let message = format!(
            "`--roles` by {} forbids all other roles, which any framework may name since 0.27",
            roles.place
        );
        cx.report(
            found(&OBSOLETE_ROLES_FLAG, host, roles.id, message)
                .hint("leave it out; who may have which role is said by `--acls`, how much by quotas"),
        );
    }
}

fn credentials(cx: &LintCx<'_>, host: &LintHost<'_>, mesos: &Mesos<'_>) {
    let flag = match mesos.daemon {
        Daemon::Master => "credentials",
        Daemon::Agent => "credential",
    };
    let Some(setting) = mesos.get(flag) else { return };
    let path = setting.value.trim();
    let Some(file) = host.file(path.strip_prefix("file://").unwrap_or(path)) else {
        return;
    };
    // A secret can't be looked into; it says what it is when it is the whole of the file.
    if !file.text.trim_start().starts_with(['{', '«']) && mesos.release.is_none_or(|release| release.since(1, 0)) {
        let message = format!(
            "{} has names and secrets as plain text, which 1.0 began to advise against",
            file.path
        );
        cx.report(found(&PLAIN_TEXT_CREDENTIALS, host, Some(file.id), message).hint("write them as JSON"));
    }
    let mode = file.file.attributes().mode.map_or(0o644, crate::words::Mode::bits);
    if mode & 0o044 != 0
        && file
            .file
            .attributes()
            .group
            .as_deref()
            .is_none_or(|group| group == "root" || mode & 0o004 != 0)
    {
        let message = format!("{} has mode {mode:04o}", file.path);
        cx.report(
            found(&CREDENTIALS_READABLE, host, Some(file.id), message)
                .hint("`.mode(\"0400\")`: the daemon reads it as root"),
        );
    }
}
