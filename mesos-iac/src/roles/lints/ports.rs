use super::found;
use super::read::listeners::{Listener, listeners};
use super::read::mesos::{Daemon, mesos};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::roles::mesos::{AgentResource, Resources, Value};
use std::collections::HashMap;
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
            let overlaps = |range: &&RangeInclusive<u16>| overlap(&listener.ports, range).is_some();
            if let Some(range) = offered.iter().find(overlaps) {
                let message = format!(
                    "{} takes {}, and the agent offers {}-{} to tasks",
                    listener.who,
                    shown(&listener.ports),
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

/// Looks at listeners by the first of their ports: which of those before reaches furthest is all that has to be known, so
/// that a configuration of a whole range, or of thousands of ports, costs no more than it is long.
fn clashes(cx: &LintCx<'_>, host: &LintHost<'_>, listeners: &[Listener<'_>]) {
    let mut listeners: Vec<&Listener<'_>> = listeners.iter().collect();
    listeners.sort_by_key(|listener| *listener.ports.start());
    let mut furthest_of: HashMap<Option<&str>, &Listener<'_>> = HashMap::new();
    let mut furthest: Option<&Listener<'_>> = None;
    let reaches = |known: &&Listener<'_>, listener: &Listener<'_>| known.ports.end() >= listener.ports.end();
    for listener in listeners {
        let address = listener.address.as_deref();
        let others = match address {
            // Who binds all addresses meets everybody.
            None => [furthest, None],
            Some(_) => [furthest_of.get(&address).copied(), furthest_of.get(&None).copied()],
        };
        let clash = others
            .into_iter()
            .flatten()
            .find_map(|other| Some((other, overlap(&other.ports, &listener.ports)?)));
        if let Some((other, ports)) = clash {
            let are = if ports.start() == ports.end() { "is" } else { "are" };
            let message = format!("{} {are} for {} and for {}", shown(&ports), other.who, listener.who);
            cx.report(
                found(&PORT_CLASH, host, listener.id.or(other.id), message)
                    .hint("give one of them another port, or another host"),
            );
        }
        let known = furthest_of.entry(address).or_insert(listener);
        if !reaches(known, listener) {
            *known = listener;
        }
        if furthest.is_none_or(|known| !reaches(&known, listener)) {
            furthest = Some(listener);
        }
    }
}

/// The ports that two ranges share.
fn overlap(one: &RangeInclusive<u16>, other: &RangeInclusive<u16>) -> Option<RangeInclusive<u16>> {
    let (start, end) = (*one.start().max(other.start()), *one.end().min(other.end()));
    (start <= end).then_some(start..=end)
}

/// `port 80`, or `ports 80-90`.
fn shown(ports: &RangeInclusive<u16>) -> String {
    match ports.start() == ports.end() {
        true => format!("port {}", ports.start()),
        false => format!("ports {}-{}", ports.start(), ports.end()),
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
