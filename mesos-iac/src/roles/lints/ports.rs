use super::found;
use super::read::listeners::{Listener, listeners};
use super::read::mesos::{Daemon, mesos};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

lints! {
    PORT_CLASH = Error "port-clash": "two daemons of a host are to listen on one port";
    PORT_AMONG_TASKS = Warning "port-among-tasks": "a daemon listens on a port that the agent gives to tasks";
}

lint_rule!(ports => [&PORT_CLASH, &PORT_AMONG_TASKS]);

fn ports(cx: &LintCx<'_>) {
    for host in cx.hosts() {
        let listeners = listeners(host);
        clashes(cx, host, &listeners);
        let offered = offered(host);
        for listener in &listeners {
            if let Some(range) = offered.iter().find(|range| range.contains(&listener.port)) {
                let message = format!(
                    "{} takes port {}, and the agent offers {}-{} to tasks",
                    listener.who,
                    listener.port,
                    range.start(),
                    range.end()
                );
                cx.report(
                    found(&PORT_AMONG_TASKS, host, listener.id, message)
                        .hint("take another port, or leave it out of the agent's resources"),
                );
            }
        }
    }
}

fn clashes(cx: &LintCx<'_>, host: &LintHost<'_>, listeners: &[Listener<'_>]) {
    let mut by_port: BTreeMap<u16, Vec<&Listener<'_>>> = BTreeMap::new();
    for listener in listeners {
        by_port.entry(listener.port).or_default().push(listener);
    }
    for (port, listeners) in by_port {
        for (index, listener) in listeners.iter().enumerate() {
            let shared = |other: &&&Listener<'_>| match (&listener.address, &other.address) {
                (Some(one), Some(other)) => one == other,
                _ => true,
            };
            if let Some(other) = listeners[..index].iter().find(shared) {
                let message = format!("port {port} is for {} and for {}", other.who, listener.who);
                cx.report(
                    found(&PORT_CLASH, host, listener.id.or(other.id), message)
                        .hint("give one of them another port, or another host"),
                );
            }
        }
    }
}

/// The ports that the host's agent offers to tasks.
fn offered(host: &LintHost<'_>) -> Vec<RangeInclusive<u16>> {
    let Some(agent) = mesos(host, Daemon::Agent) else {
        return Vec::new();
    };
    let set = agent.get("resources").map_or("", |setting| setting.value.as_str());
    if set.trim_start().starts_with(['[', '{', '/']) || set.starts_with("file://") {
        return Vec::new();
    }
    let ports = set.split(';').find_map(|item| {
        let (name, value) = item.trim().split_once(':')?;
        (name.split('(').next() == Some("ports")).then_some(value.trim())
    });
    let ranges = ports.unwrap_or("[31000-32000]").trim_matches(['[', ']']).split(',');
    ranges
        .filter_map(|range| {
            let (from, to) = range.trim().split_once('-')?;
            Some(from.trim().parse().ok()?..=to.trim().parse().ok()?)
        })
        .collect()
}
