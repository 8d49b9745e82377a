use super::credentials::{CREDENTIALS_MISMATCH, credentials};
use super::read::mesos::{Daemon, Mesos, mesos};
use super::read::zk_url;
use super::{found, of_hosts};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use std::collections::BTreeMap;

lints! {
    MESOS_QUORUM = Error "mesos-quorum": "the quorum isn't the majority of the masters";
    TWO_MASTERS = Warning "two-masters": "two masters stand still as soon as one is lost";
    EVEN_MASTERS = Warning "even-masters": "an even number of masters bears no more than one less";
    AGENT_NEWER_THAN_MASTER = Warning "agent-newer-than-master": "an agent is of a newer release than a master";
}

lint_rule!(masters => [
    &MESOS_QUORUM, &TWO_MASTERS, &EVEN_MASTERS, &AGENT_NEWER_THAN_MASTER, &CREDENTIALS_MISMATCH
]);

/// The daemons that find each other, each with its host.
#[derive(Default)]
pub(super) struct Group<'a, 'c> {
    pub(super) masters: Vec<(&'a LintHost<'c>, Mesos<'c>)>,
    pub(super) agents: Vec<(&'a LintHost<'c>, Mesos<'c>)>,
}

fn masters(cx: &LintCx<'_>) {
    let mut groups: BTreeMap<String, Group<'_, '_>> = BTreeMap::new();
    for host in cx.hosts() {
        for daemon in Daemon::BOTH {
            let Some(mesos) = mesos(host, daemon) else { continue };
            // Without ZooKeeper a master is alone, and an agent is told one master.
            let Some(zk) = mesos.zk().map(|zk| meeting_point(host, &zk.behind(host).value)) else {
                continue;
            };
            let group = groups.entry(zk).or_default();
            match daemon {
                Daemon::Master => group.masters.push((host, mesos)),
                Daemon::Agent => group.agents.push((host, mesos)),
            }
        }
    }
    for group in groups.values() {
        number(cx, group);
        quorum(cx, group);
        releases(cx, group);
        credentials(cx, group);
    }
}

/// What is the same for those that find each other.
fn meeting_point(host: &LintHost<'_>, zk: &str) -> String {
    match zk_url::known(zk) {
        Some(Ok(url)) if url.is_loopback() => format!("{} {zk}", host.name()),
        Some(Ok(url)) => {
            let servers: Vec<_> = url.servers.iter().map(String::as_str).collect();
            format!("{}{}", servers.join(","), url.path.trim_end_matches('/'))
        }
        _ => zk.to_owned(),
    }
}

fn number(cx: &LintCx<'_>, group: &Group<'_, '_>) {
    let hosts = group.masters.iter().map(|(host, _)| *host);
    let names: Vec<&str> = group.masters.iter().map(|(host, _)| host.name().as_str()).collect();
    let count = names.len();
    let names = names.join(", ");
    if count == 2 {
        let message = format!("there are two masters ({names}), and both must be there for one to lead");
        let finding = TWO_MASTERS.finding(message).hint("take three, or one");
        cx.report(of_hosts(finding, hosts));
    } else if count > 2 && count.is_multiple_of(2) {
        let message = format!(
            "of {count} masters ({names}) {} may be lost, as of {}",
            (count - 1) / 2,
            count - 1
        );
        let finding = EVEN_MASTERS
            .finding(message)
            .hint(format!("take {} or {}", count - 1, count + 1));
        cx.report(of_hosts(finding, hosts));
    }
}

fn quorum(cx: &LintCx<'_>, group: &Group<'_, '_>) {
    let count = group.masters.len();
    let majority = count / 2 + 1;
    for (host, mesos) in &group.masters {
        let Some(set) = mesos.get("quorum") else {
            if mesos.release.is_none_or(|release| release.since(0, 19)) {
                let message = format!("no quorum is set, and of {count} masters it is {majority}");
                cx.report(found(&MESOS_QUORUM, host, None, message).hint(format!("set `--quorum={majority}`")));
            }
            continue;
        };
        if set.is_found_at_start() || set.value.trim().parse() == Ok(majority) {
            continue;
        }
        let value = set.value.trim();
        let message = format!(
            "the quorum is {value} by {}, and of {count} masters it is {majority}",
            set.place
        );
        let hint = match set.id {
            Some(_) => format!("write {majority}"),
            None => format!("write {majority} to {}/quorum", mesos.directory()),
        };
        cx.report(found(&MESOS_QUORUM, host, set.id, message).hint(hint));
    }
}

fn releases(cx: &LintCx<'_>, group: &Group<'_, '_>) {
    let oldest = group
        .masters
        .iter()
        .filter_map(|(host, mesos)| Some((mesos.release?, host)))
        .min_by_key(|(release, _)| *release);
    let Some((oldest, master)) = oldest else { return };
    for (host, mesos) in &group.agents {
        let Some(release) = mesos.release else { continue };
        if release.0[..2] > oldest.0[..2] {
            let message = format!("the agent is of {release}, the master of {} of {oldest}", master.name());
            cx.report(found(&AGENT_NEWER_THAN_MASTER, host, None, message).hint("upgrade the masters first"));
        }
    }
}
