use super::found;
use super::read::marathon::{Marathon, marathon};
use super::read::mesos::Way;
use super::read::variables::variables;
use super::read::{release, zk_url};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::roles::Version;

lints! {
    MARATHON_CONF_IGNORED = Error "marathon-conf-ignored": "Marathon is configured by files that its release doesn't read";
    MARATHON_NO_MASTER = Error "marathon-no-master": "Marathon isn't told where the masters are, and won't start";
    MARATHON_ZK_PATH = Error "marathon-zk-path": "Marathon keeps its state at ZooKeeper's root, or where Mesos keeps its own";
    MARATHON_MESOS_USER = Warning "marathon-mesos-user": "Marathon starts tasks as a user that agents don't have";
    MARATHON_VARIABLES_UNREAD = Warning "marathon-variables-unread": "Marathon is given variables that nothing reads";
    MARATHON_FLAG_AND_VARIABLE = Error "marathon-flag-and-variable": "a flag of Marathon is given by a file and by a variable, and it won't start";
}

lint_rule!(of_marathon => [
    &MARATHON_CONF_IGNORED, &MARATHON_NO_MASTER, &MARATHON_ZK_PATH, &MARATHON_MESOS_USER, &MARATHON_VARIABLES_UNREAD,
    &MARATHON_FLAG_AND_VARIABLE
]);

fn of_marathon(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        if let Some(release) = release::of_marathon(host).filter(|release| release.since(1, 5))
            && let Some((_, file)) = host.files_in("/etc/marathon/conf").next()
        {
            let message = format!("Marathon {release} doesn't read {}", file.path);
            cx.report(
                found(&MARATHON_CONF_IGNORED, host, Some(file.id), message)
                    .hint("set `MARATHON_FLAG=value` in /etc/default/marathon, in capitals"),
            );
        }
        unread(cx, host);
        if let Some(marathon) = marathon(host) {
            packaged(cx, host, &marathon);
            path(cx, host, &marathon);
            twice(cx, host, &marathon);
        }
    }
}

/// Start scripts before 0.8.2 don't read variables; a unit, a drop-in or a job of Upstart may.
fn unread(cx: &LintCx<'_>, host: &LintHost<'_>) {
    const PATH: &str = "/etc/default/marathon";
    let first = Version::new(0, 8, 2);
    let release = release::of_marathon(host).filter(|release| release.version() < first);
    let (Some(release), Some(file)) = (release, host.file(PATH)) else {
        return;
    };
    let is_start = |path: &str| path.starts_with("/etc/init") || path.contains("/systemd/system/");
    let is_read = host
        .files()
        .iter()
        .any(|other| is_start(other.path) && other.text.contains(PATH));
    if !is_read && variables(&file.text).next().is_some() {
        let message = format!("nothing reads {PATH}: the start script of Marathon {release} doesn't");
        cx.report(
            found(&MARATHON_VARIABLES_UNREAD, host, Some(file.id), message)
                .hint("write a file for each flag to /etc/marathon/conf"),
        );
    }
}

/// What packages from 1.5 on don't do by themselves any more.
fn packaged(cx: &LintCx<'_>, host: &LintHost<'_>, marathon: &Marathon<'_>) {
    let Some(release) = marathon.release.filter(|release| release.since(1, 5)) else {
        return;
    };
    // Variables may stand in a file that isn't text, or isn't ours.
    let Some(file) = host.file("/etc/default/marathon") else {
        return;
    };
    if marathon.get("master").is_none() {
        let message = format!(
            "{} doesn't set MARATHON_MASTER, and {release} doesn't look into /etc/mesos/zk",
            file.path
        );
        cx.report(
            found(&MARATHON_NO_MASTER, host, Some(file.id), message)
                .hint("set `MARATHON_MASTER=zk://HOST:2181/mesos` and `MARATHON_ZK=zk://HOST:2181/marathon`"),
        );
    }
    // A unit of the definition's own runs it as root, unless it says otherwise.
    let own = host.file("/etc/systemd/system/marathon.service");
    let is_roots = own.is_some_and(|unit| !unit.text.lines().any(|line| line.starts_with("User=")));
    if marathon.get("mesos_user").is_none() && !is_roots {
        let message = format!(
            "{} doesn't set MARATHON_MESOS_USER, and {release} runs as `marathon`",
            file.path
        );
        cx.report(
            found(&MARATHON_MESOS_USER, host, Some(file.id), message)
                .hint("set `MARATHON_MESOS_USER=root`, or a user that every agent has"),
        );
    }
}

fn path(cx: &LintCx<'_>, host: &LintHost<'_>, marathon: &Marathon<'_>) {
    let url = |name| {
        let setting = marathon.get(name)?;
        Some((setting, zk_url::known(&setting.behind(host).value)?.ok()?))
    };
    let Some((setting, own)) = url("zk") else { return };
    let path = own.path.trim_end_matches('/');
    let of_mesos = match url("master") {
        Some((_, url)) => Some(url),
        None if marathon.takes_from_mesos() => host
            .file("/etc/mesos/zk")
            .and_then(|file| zk_url::known(&file.text)?.ok()),
        None => None,
    };
    let message = if path.is_empty() {
        format!(
            "`{}` by {} has no path",
            zk_url::without_login(&setting.value),
            setting.place
        )
    } else if of_mesos
        .is_some_and(|mesos| mesos.path.trim_end_matches('/') == path && !mesos.servers.is_disjoint(&own.servers))
    {
        format!(
            "`{}` by {} is where Mesos keeps its own",
            zk_url::without_login(&setting.value),
            setting.place
        )
    } else {
        return;
    };
    cx.report(found(&MARATHON_ZK_PATH, host, setting.id, message).hint("end it in `/marathon`"));
}

fn twice(cx: &LintCx<'_>, host: &LintHost<'_>, marathon: &Marathon<'_>) {
    for variable in marathon
        .settings
        .iter()
        .filter(|setting| setting.way == Way::Environment)
    {
        let file = marathon
            .settings
            .iter()
            .find(|other| other.way != Way::Environment && other.name == variable.name);
        if let Some(file) = file {
            let message = format!(
                "`--{}` is set by {} and by {}",
                variable.name, file.place, variable.place
            );
            cx.report(found(&MARATHON_FLAG_AND_VARIABLE, host, variable.id, message).hint("say it in one place"));
        }
    }
}
