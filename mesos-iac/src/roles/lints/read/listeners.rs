use super::mesos::{Daemon, mesos};
use super::{haproxy, marathon, zoo_cfg};
use crate::lint::LintHost;
use crate::words::ResourceId;
use std::ops::RangeInclusive;

/// Something of a host that listens on a TCP port, or on all of a range.
#[derive(Debug)]
pub(in super::super) struct Listener<'c> {
    pub(in super::super) ports: RangeInclusive<u16>,
    /// The address that it binds; none: all of them.
    pub(in super::super) address: Option<String>,
    /// What listens, and why it is known to: `Marathon, by default`.
    pub(in super::super) who: String,
    /// The resource that says so; none where it is a default.
    pub(in super::super) id: Option<&'c ResourceId>,
}

/// The TCP ports on which the daemons of a host listen, by what their configuration says and what they do without it.
pub(in super::super) fn listeners<'c>(host: &LintHost<'c>) -> Vec<Listener<'c>> {
    let mut found = Vec::new();
    for daemon in Daemon::BOTH {
        let Some(mesos) = mesos(host, daemon) else { continue };
        let set = mesos.get("port");
        found.extend(mesos.port().map(|port| Listener {
            ports: port..=port,
            address: None,
            who: match set {
                Some(setting) => format!("the Mesos {daemon}, by {}", setting.place),
                None => format!("the Mesos {daemon}, by default"),
            },
            id: set.and_then(|setting| setting.id),
        }));
    }
    if let Some(marathon) = marathon::marathon(host) {
        let set = marathon.get("http_port");
        let port = set.map_or(Some(8080), |setting| setting.value.trim().parse().ok());
        let off = marathon.get("disable_http").is_some();
        found.extend(port.filter(|_| !off).map(|port| Listener {
            ports: port..=port,
            address: None,
            who: match set {
                Some(setting) => format!("Marathon, by {}", setting.place),
                None => "Marathon, by default".to_owned(),
            },
            id: set.and_then(|setting| setting.id),
        }));
    }
    for config in zoo_cfg::configs(host) {
        let mut add = |port: Option<u16>, who: &str| {
            found.extend(port.map(|port| Listener {
                ports: port..=port,
                address: None,
                who: format!("ZooKeeper, {who}"),
                id: Some(config.file.id),
            }));
        };
        add(config.client_port(), "for clients");
        let own = config
            .id()
            .and_then(|id| config.servers.iter().find(|server| server.id == id));
        add(own.map(|server| server.ports.0), "for peers");
        add(own.map(|server| server.ports.1), "for elections");
        let admin = config.get("admin.serverPort").and_then(|(port, _)| port.parse().ok());
        let off = config
            .get("admin.enableServer")
            .is_some_and(|(value, _)| value == "false");
        add(admin.filter(|_| !off), "its AdminServer");
    }
    for (file, sections) in haproxy::configs(host) {
        for section in &sections {
            found.extend(section.binds().map(|(line, address, ports)| Listener {
                ports,
                address: (!matches!(address, "" | "*" | "0.0.0.0" | "::" | "[::]")).then(|| address.to_owned()),
                who: format!("HAProxy, by line {} of {}", line.number, file.path),
                id: Some(file.id),
            }));
        }
    }
    found
}
