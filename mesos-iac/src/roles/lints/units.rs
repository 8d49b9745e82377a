use super::found;
use super::read::mesos::Daemon;
use super::read::release;
use super::read::shell;
use super::read::system;
use super::read::unit::{Unit, units};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;

lints! {
    AGENT_UNIT_KILLS_TASKS = Warning "agent-unit-kills-tasks": "stopping the agent's unit kills its tasks";
    UNIT_WITHOUT_RESTART = Warning "unit-without-restart": "a daemon that ends by design isn't started again";
    INIT_MISMATCH = Error "init-mismatch": "what is to start a daemon isn't what starts services on that operating system";
}

lint_rule!(of_units => [&AGENT_UNIT_KILLS_TASKS, &UNIT_WITHOUT_RESTART, &INIT_MISMATCH]);

fn of_units(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for unit in units(host).iter().filter(|unit| unit.is_whole) {
            match daemon(unit) {
                Some("agent") => {
                    kills(cx, host, unit);
                    restarts(cx, host, unit, "a Mesos agent");
                }
                Some(daemon) => restarts(cx, host, unit, daemon),
                None => {}
            }
        }
        init(cx, host);
    }
}

/// Units where nothing reads them, and jobs of Upstart where nothing does.
fn init(cx: &LintCx<'_>, host: &LintHost<'_>) {
    let Some(os) = host.view().os() else { return };
    // The first release that systemd starts, and the last one that Upstart started.
    let since = match os.id.as_str() {
        "debian" => (8, 0),
        "ubuntu" => (15, 4),
        "centos" | "rhel" | "ol" => (7, 0),
        _ => return,
    };
    let Some(version) = system::version(os) else { return };
    for file in host.files() {
        let (what, starts) = match file.path {
            path if path.starts_with("/etc/init/") => ("a job of Upstart", "systemd"),
            path if path.starts_with("/etc/systemd/system/") => ("a unit of systemd", "something else"),
            _ => continue,
        };
        if (starts == "systemd") == (version >= since) {
            let (id, number) = (&os.id, os.version.as_deref().unwrap_or_default());
            let message = format!(
                "{} is {what}, and {starts} starts the services of {id} {number}",
                file.path
            );
            let hint = "choose the layout's `.init(…)` for the operating system";
            cx.report(found(&INIT_MISMATCH, host, Some(file.id), message).hint(hint));
        }
    }
}

/// What a unit starts that must be started again when it ends.
fn daemon(unit: &Unit<'_, '_>) -> Option<&'static str> {
    unit.starts().iter().find_map(|words| {
        let words = shell::from_program(words);
        let role = words.get(1).map(String::as_str);
        match (shell::base(words.first()?), role) {
            ("mesos-agent" | "mesos-slave", _) | ("mesos-init-wrapper", Some("slave" | "agent")) => Some("agent"),
            ("mesos-master", _) | ("mesos-init-wrapper", Some("master")) => Some("a Mesos master"),
            ("marathon", _) => Some("Marathon"),
            ("chronos", _) => Some("Chronos"),
            ("zkServer.sh", Some("start-foreground")) => Some("ZooKeeper"),
            _ => None,
        }
    })
}

fn kills(cx: &LintCx<'_>, host: &LintHost<'_>, unit: &Unit<'_, '_>) {
    let spares = matches!(unit.last("KillMode"), Some("process" | "none"));
    let delegates = unit
        .last("Delegate")
        .is_some_and(|value| !matches!(value, "no" | "false" | "0" | "off"));
    // From 0.28 on an agent that knows of systemd moves executors into a slice of their own.
    let moves = release::of_mesos(host, Daemon::Agent).is_some_and(|release| release.since(0, 28))
        && !unit.starts().concat().iter().any(|word| {
            matches!(
                word.as_str(),
                "--no-systemd_enable_support" | "--systemd_enable_support=false"
            )
        });
    if !spares && !delegates && !moves {
        let message = format!(
            "{} ends everything that the agent started when it is stopped or restarted",
            unit.name
        );
        cx.report(
            found(&AGENT_UNIT_KILLS_TASKS, host, Some(unit.file.id), message)
                .hint("set `KillMode=process` in `[Service]`"),
        );
    }
}

fn restarts(cx: &LintCx<'_>, host: &LintHost<'_>, unit: &Unit<'_, '_>, daemon: &str) {
    if matches!(unit.last("Restart"), None | Some("no")) {
        let message = format!("{} starts {daemon}, and doesn't start it again when it ends", unit.name);
        cx.report(
            found(&UNIT_WITHOUT_RESTART, host, Some(unit.file.id), message)
                .hint("set `Restart=always` and `RestartSec=20` in `[Service]`"),
        );
    }
}
