use super::read::mesos::{Daemon, mesos};
use super::{found, of_hosts};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use crate::words::fold_names;
use std::collections::{BTreeMap, HashMap};

lints! {
    LOOPBACK_ADDRESS = Error "loopback-address": "a daemon of Mesos tells others to find it on their own host";
    ADDRESS_TWICE = Error "address-twice": "two hosts are said to have one address";
    FOREIGN_ADDRESS = Error "foreign-address": "a daemon of Mesos is given the address of another host";
}

lint_rule!(addresses => [&LOOPBACK_ADDRESS, &FOREIGN_ADDRESS, &ADDRESS_TWICE]);

fn addresses(cx: &LintCx<'_>) {
    if cx.hosts().len() < 2 {
        return;
    }
    twice(cx);
    let mut owners: HashMap<&str, &LintHost<'_>> = HashMap::new();
    for host in cx.hosts() {
        owners.insert(host.name().as_str(), host);
        owners.extend(host.view().addr().ok().map(|address| (address, host)));
    }
    for host in cx.hosts() {
        for mesos in Daemon::BOTH.into_iter().filter_map(|daemon| mesos(host, daemon)) {
            for flag in ["ip", "advertise_ip", "hostname"] {
                let Some(setting) = mesos.get(flag) else { continue };
                let value = setting.value.trim();
                // It may be that of another, too, which is a finding of its own.
                let is_own = host.view().addr().is_ok_and(|own| own == value);
                if is_loopback(value) {
                    let message = format!("the {} says `--{flag}={value}` by {}", mesos.daemon, setting.place);
                    cx.report(
                        found(&LOOPBACK_ADDRESS, host, setting.id, message)
                            .hint("set the address by which the other hosts reach it"),
                    );
                } else if let Some(owner) = owners.get(value)
                    && owner.name() != host.name()
                    && !is_own
                {
                    let message = format!(
                        "the {} says `--{flag}={value}` by {}, and that is {}",
                        mesos.daemon,
                        setting.place,
                        owner.name()
                    );
                    cx.report(
                        found(&FOREIGN_ADDRESS, host, setting.id, message)
                            .hint("take the host's own: `cx.host().addr()?`, or `{{ host.address }}` in a template"),
                    );
                }
            }
        }
    }
}

fn is_loopback(address: &str) -> bool {
    address == "localhost" || address == "::1" || address.starts_with("127.")
}

fn twice(cx: &LintCx<'_>) {
    let mut owners: BTreeMap<&str, Vec<&LintHost<'_>>> = BTreeMap::new();
    for host in cx.hosts() {
        if let Ok(address) = host.view().addr() {
            owners.entry(address).or_default().push(host);
        }
    }
    for (address, hosts) in owners {
        if hosts.len() > 1 && !is_loopback(address) {
            // Many hosts behind one gateway are likely, and have numbers.
            let names = fold_names(hosts.iter().map(|host| host.name()));
            let message = format!("{names} are said to have one address, {address}");
            let finding = ADDRESS_TWICE
                .finding(message)
                .hint("give each its own; where they are reached by another one, say that by `.connect(…)`");
            cx.report(of_hosts(finding, hosts));
        }
    }
}
