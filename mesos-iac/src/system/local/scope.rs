//! A cgroup for each run, which is a scope of systemd's: whatever a run starts is in it, also what left its process group,
//! so that the next run finds what is left of one that was killed.

use super::bus_message::{Argument, MethodCall, Property};
use super::convert::command;
use super::process::Call;
use super::systemd::{MANAGER, Systemd};
use crate::model::SystemError;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

type Result<T> = std::result::Result<T, SystemError>;

/// How long systemd may take to move us.
const MOVE: Duration = Duration::from_secs(5);

/// How long what is ended has until it is killed, in microseconds.
const MERCY: u64 = 5_000_000;

/// How long ending may take in all.
const PATIENCE: Duration = Duration::from_secs(60);

/// Where cgroups stand: those of version 2, and systemd's own of version 1.
const HIERARCHIES: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/systemd"];

/// Moves this process to a scope of its own. Returns whether there is such a thing: systemd has to run.
pub(super) fn enclose(systemd: &Systemd, run: &str) -> Result<bool> {
    if !Path::new("/run/systemd/system").is_dir() {
        return Ok(false);
    }
    let name = unit(run);
    let properties = [
        ("PIDs", Property::Numbers(&[std::process::id()])),
        ("Description", Property::Text("A run of mesos-iac")),
        ("CollectMode", Property::Text("inactive-or-failed")),
        ("TimeoutStopUSec", Property::Microseconds(MERCY)),
    ];
    let call = MethodCall {
        destination: MANAGER,
        path: "/org/freedesktop/systemd1",
        interface: "org.freedesktop.systemd1.Manager",
        member: "StartTransientUnit",
        arguments: &[
            Argument::Text(&name),
            Argument::Text("fail"),
            Argument::Properties(&properties),
            Argument::NoUnits,
        ],
    };
    for reply in systemd.ask(&[call])? {
        reply.map_err(|(_, text)| SystemError::Other(format!("make the scope {name}: {text}")))?;
    }
    // The answer is that of a job which was begun.
    let deadline = Instant::now() + MOVE;
    while !is_in(&fs::read_to_string("/proc/self/cgroup").unwrap_or_default(), &name) {
        if Instant::now() > deadline {
            return Err(SystemError::Other(format!(
                "enter the scope {name}: systemd doesn't move us"
            )));
        }
        sleep(Duration::from_millis(1));
    }
    Ok(true)
}

/// Ends what is left of a run that broke off. Returns its processes.
pub(super) fn end(run: &str) -> Result<Vec<String>> {
    if !Path::new("/run/systemd/system").is_dir() {
        return Ok(Vec::new());
    }
    let name = unit(run);
    let processes = processes(&name);
    // A scope goes away with its last process.
    if processes.is_empty() {
        return Ok(processes);
    }
    let stop = command(["systemctl", "--no-ask-password", "--quiet", "stop", "--", &name])?;
    Call::new(&stop, PATIENCE).run_checked()?;
    let left = self::processes(&name);
    match left.is_empty() {
        true => Ok(processes),
        false => Err(SystemError::Other(format!(
            "end what an earlier run left running: {} can't be killed",
            left.join(", ")
        ))),
    }
}

/// The processes of a run beside this one.
pub(super) fn others(run: &str) -> Vec<String> {
    let us = format!("({})", std::process::id());
    let mut others = processes(&unit(run));
    others.retain(|process| !process.ends_with(&us));
    others
}

fn unit(run: &str) -> String {
    format!("mesos-iac-run-{run}.scope")
}

/// Whether `/proc/self/cgroup` says so.
fn is_in(cgroups: &str, name: &str) -> bool {
    cgroups.lines().any(|line| line.rsplit('/').next() == Some(name))
}

/// The processes of a scope, as people know them.
fn processes(name: &str) -> Vec<String> {
    let lists = HIERARCHIES.map(|root| format!("{root}/system.slice/{name}/cgroup.procs"));
    let ids = lists
        .iter()
        .find_map(|list| fs::read_to_string(list).ok())
        .unwrap_or_default();
    let named = ids.lines().map(|id| {
        let name = fs::read_to_string(format!("/proc/{id}/comm")).unwrap_or_default();
        format!("{} ({id})", name.trim_end())
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn we_are_where_the_kernel_says() {
        let name = unit("7-1");
        assert!(is_in("0::/system.slice/mesos-iac-run-7-1.scope\n", &name));
        let old = "12:pids:/\n1:name=systemd:/system.slice/mesos-iac-run-7-1.scope\n";
        assert!(is_in(old, &name));
        assert!(!is_in("0::/system.slice/mesos-iac-run-7-11.scope\n", &name));
        assert!(!is_in("0::/user.slice/session-1.scope\n", &name));
    }

    #[test]
    fn of_a_run_that_never_was_nothing_is_left() {
        assert_eq!(processes(&unit("no-such-run")), [""; 0]);
    }
}
