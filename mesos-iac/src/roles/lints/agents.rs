use super::found;
use super::read::mesos::{Daemon, Mesos, mesos};
use super::read::release::{self, Release};
use super::read::runs::{By, Run, runs};
use super::read::shell;
use super::read::system;
use crate::kinds::{Package, Service};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::roles::docker::{DOCKER_VERSION, clash};
use crate::roles::flags::MesosDuration;
use std::time::Duration;

lints! {
    WIPED_AGENT_METADATA = Warning "wiped-agent-metadata": "an agent forgets its tasks whenever it starts";
    WORK_DIR_IN_TMP = Warning "work-dir-in-tmp": "a daemon of Mesos keeps its state where hosts clear away";
    OTHER_DAEMON_RUNS = Warning "other-daemon-runs": "a host of one role starts the other daemon of Mesos, too";
    CGROUP_V2 = Error "cgroup-v2": "an agent isolates by control groups that its operating system hasn't any more";
    DOCKER_TIMEOUT = Warning "docker-timeout": "an agent gives up on images before they are there";
    NO_DOCKER = Warning "no-docker": "an agent is to run containers of Docker, and its host has no Docker";
}

lint_rule!(agents => [
    &WIPED_AGENT_METADATA, &WORK_DIR_IN_TMP, &OTHER_DAEMON_RUNS, &CGROUP_V2, &DOCKER_TIMEOUT, &NO_DOCKER,
    &DOCKER_VERSION
]);

/// What brings Docker along.
pub(super) const DOCKER_PACKAGES: [&str; 8] = [
    "docker-ce",
    "docker-ee",
    "docker.io",
    "docker-engine",
    "docker-io",
    "docker",
    "lxc-docker",
    "moby-engine",
];

fn agents(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        for run in runs(host).iter().filter(|run| run.by != By::Definition) {
            wiped(cx, host, run);
        }
        for mesos in Daemon::BOTH.into_iter().filter_map(|daemon| mesos(host, daemon)) {
            in_tmp(cx, host, &mesos);
            other_daemon(cx, host, mesos.daemon);
            if mesos.daemon == Daemon::Agent {
                control_groups(cx, host, &mesos);
                docker(cx, host, &mesos);
            }
        }
    }
}

fn wiped(cx: &LintCx<'_>, host: &LintHost<'_>, run: &Run<'_>) {
    let [program, arguments @ ..] = run.program() else {
        return;
    };
    let is_meta = |word: &String| {
        word.contains("/meta/slaves")
            || (word.contains("mesos") && word.trim_end_matches(['/', '*']).ends_with("/meta"))
    };
    if matches!(shell::base(program), "rm" | "unlink") && arguments.iter().any(is_meta) {
        let message = format!(
            "{} removes what the agent remembers, by which it finds its tasks again",
            run.place
        );
        cx.report(
            found(&WIPED_AGENT_METADATA, host, Some(run.id), message)
                .hint("take it out; when attributes change, remove it once, knowing what is lost"),
        );
    }
}

fn in_tmp(cx: &LintCx<'_>, host: &LintHost<'_>, mesos: &Mesos<'_>) {
    let is_tmp = |path: &str| ["/tmp/", "/run/", "/dev/shm/"].iter().any(|tmp| path.starts_with(tmp)) || path == "/tmp";
    match mesos.get("work_dir") {
        Some(setting) if is_tmp(setting.value.trim()) => {
            let message = format!(
                "the {} works in {} by {}",
                mesos.daemon,
                setting.value.trim(),
                setting.place
            );
            cx.report(found(&WORK_DIR_IN_TMP, host, setting.id, message).hint("take `/var/lib/mesos`"));
        }
        None if mesos.daemon == Daemon::Agent && mesos.release.is_some_and(|release| !release.since(1, 0)) => {
            let message = "the agent is told no `--work_dir`, and works in /tmp/mesos before 1.0";
            cx.report(found(&WORK_DIR_IN_TMP, host, None, message).hint("set it: `/var/lib/mesos`"));
        }
        _ => {}
    }
}

fn other_daemon(cx: &LintCx<'_>, host: &LintHost<'_>, daemon: Daemon) {
    let other = daemon.other();
    let packaged = host.get::<Package>("mesos").is_some_and(Package::is_present);
    if packaged && mesos(host, other).is_none() && other.is_said_to_run(host).is_none() {
        let unit = other.units()[0];
        let message =
            format!("the host is for the {daemon}, and the package `mesos` has the {other} started at boot, too");
        cx.report(
            found(&OTHER_DAEMON_RUNS, host, None, message)
                .hint(format!("declare `service(\"{unit}\").disabled().stopped()`")),
        );
    }
}

fn control_groups(cx: &LintCx<'_>, host: &LintHost<'_>, agent: &Mesos<'_>) {
    let Some(isolation) = agent
        .get("isolation")
        .filter(|setting| setting.value.contains("cgroups/"))
    else {
        return;
    };
    let (Some(release), Some(os)) = (agent.release, host.view().os()) else {
        return;
    };
    let version = system::version(os);
    // The first release that mounts the second version alone.
    let since = match os.id.as_str() {
        "debian" => (11, 0),
        "ubuntu" => (21, 10),
        "fedora" => (31, 0),
        "centos" | "rhel" | "rocky" | "almalinux" | "ol" => (9, 0),
        _ => return,
    };
    let kept_back = host
        .files()
        .iter()
        .any(|file| file.text.contains("systemd.unified_cgroup_hierarchy=0"));
    if version.is_some_and(|version| version >= since) && release <= Release([1, 11, u32::MAX]) && !kept_back {
        let message = format!(
            "isolation by {} needs version 1 of control groups, and {} {} has version 2; Mesos {release} knows the first",
            isolation.place,
            os.id,
            os.version.as_deref().unwrap_or_default()
        );
        cx.report(found(&CGROUP_V2, host, isolation.id, message).hint(
            "isolate by `posix/cpu,posix/mem`, or have the kernel started with `systemd.unified_cgroup_hierarchy=0`",
        ));
    }
}

fn docker(cx: &LintCx<'_>, host: &LintHost<'_>, agent: &Mesos<'_>) {
    if !agent.has_containerizer("docker") {
        return;
    }
    let by = agent.get("containerizers").and_then(|setting| setting.id);
    let least = Duration::from_secs(300);
    let time_out = agent.get("executor_registration_timeout");
    let set = time_out.map(|setting| setting.value.trim().parse::<MesosDuration>());
    let is_short = match &set {
        None => true,
        Some(Ok(set)) => set.get() < least,
        // Another lint tells that it is none.
        Some(Err(_)) => false,
    };
    if is_short {
        let message = match time_out {
            Some(setting) => format!(
                "tasks have {} by {} until they must have begun",
                setting.value.trim(),
                setting.place
            ),
            None => "tasks have one minute until they must have begun, and pulling an image counts".to_owned(),
        };
        cx.report(
            found(
                &DOCKER_TIMEOUT,
                host,
                time_out.and_then(|setting| setting.id).or(by),
                message,
            )
            .hint("set `--executor_registration_timeout=5mins` or more"),
        );
    }
    let has_service = host.get::<Service>("docker").is_some();
    if !has_service && release::package(host, &DOCKER_PACKAGES).is_none() {
        let message = "the agent's containerizers have `docker`, and nothing brings Docker to the host";
        cx.report(
            found(&NO_DOCKER, host, by, message).hint("declare the package, or the service where it is there already"),
        );
    }
    if let (Some(docker), Some(release)) = (release::of_docker(host), agent.release)
        && let Some(why) = clash(release.version(), docker.version())
    {
        // In the words of the agent's role, so that it is told once.
        let message = format!("Mesos {release} with Docker {docker}: {why}");
        cx.report(found(&DOCKER_VERSION, host, None, message).hint("change one of the two versions"));
    }
}
