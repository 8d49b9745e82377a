use super::found;
use super::read::listeners::{Listener, listeners};
use super::read::mesos::{Daemon, mesos};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::roles::mesos::{AgentResource, Resources, Value};
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
    let Some(set) = agent.get("resources") else {
        return vec![BY_DEFAULT];
    };
    // What can't be read has a lint of its own; what a file of the host's has isn't known here.
    let Ok(resources) = set.value.parse::<Resources>() else {
        return Vec::new();
    };
    let mut ports = resources
        .iter()
        .filter(|resource| resource.name() == "ports")
        .peekable();
    if ports.peek().is_none() {
        return vec![BY_DEFAULT];
    }
    ports
        .filter_map(AgentResource::value)
        .flat_map(|value| match value {
            Value::Ranges(ranges) => ranges.as_slice(),
            _ => &[],
        })
        .filter_map(|(from, to)| Some(u16::try_from(*from).ok()?..=u16::try_from(*to).unwrap_or(u16::MAX)))
        .collect()
}

/// What an agent offers that is told no ports.
const BY_DEFAULT: RangeInclusive<u16> = 31_000..=32_000;
