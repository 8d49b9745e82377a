use super::found;
use super::read::mesos::{Daemon, mesos};
use crate::lint::{LintCx, LintHost};
use crate::lint_rule;
use std::collections::HashMap;

lints! {
    LOOPBACK_ADDRESS = Error "loopback-address": "a daemon of Mesos tells others to find it on their own host";
    FOREIGN_ADDRESS = Error "foreign-address": "a daemon of Mesos is given the address of another host";
}

lint_rule!(addresses => [&LOOPBACK_ADDRESS, &FOREIGN_ADDRESS]);

fn addresses(cx: &LintCx<'_>) {
    if cx.hosts().len() < 2 {
        return;
    }
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
                let is_loopback = value == "localhost" || value == "::1" || value.starts_with("127.");
                if is_loopback {
                    let message = format!("the {} says `--{flag}={value}` by {}", mesos.daemon, setting.place);
                    cx.report(
                        found(&LOOPBACK_ADDRESS, host, setting.id, message)
                            .hint("set the address by which the other hosts reach it"),
                    );
                } else if let Some(owner) = owners.get(value)
                    && owner.name() != host.name()
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
