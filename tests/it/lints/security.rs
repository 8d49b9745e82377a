//! Lints of secrets, passwords, Docker's and the host's doors.

use super::{Case, by_hand, one, with_files};
use mesos_iac::lint;
use mesos_iac::prelude::*;
use mesos_iac::roles::lints;

/// A credential that others than root may read, or may not.
#[derive(Role, Clone)]
#[role(name = "credential")]
struct Credential(Option<&'static str>);

impl Declares for Credential {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let credential = file("/etc/mesos/credential").content(Secret::<String>::from_env("CREDENTIAL"));
        match self.0 {
            Some(mode) => cx.add(credential.mode(mode)),
            None => cx.add(credential),
        };
        Ok(())
    }
}

fn credential(mode: Option<&'static str>) -> ClusterBuilder {
    Cluster::new("lab").hosts(host("a").role(Credential(mode)))
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            lint: &lint::SECRET_READABLE,
            bad: || credential(Some("0644")),
            near: || credential(None),
        },
        Case {
            lint: &lint::PRIVATE_KEY_IN_DEFINITION,
            bad: || with_files([("/etc/mesos/tls.key", "-----BEGIN PRIVATE KEY-----\nMIG\n")]),
            near: || with_files([("/etc/mesos/tls.pem", "-----BEGIN CERTIFICATE-----\nMIG\n")]),
        },
        Case {
            lint: &lint::DEFAULT_PASSWORD,
            bad: || with_files([("/etc/haproxy/haproxy.cfg", "listen stats\n  stats auth admin:admin\n")]),
            near: || {
                with_files([(
                    "/etc/haproxy/haproxy.cfg",
                    "listen stats\n  stats auth operator:correct-horse\n",
                )])
            },
        },
        Case {
            lint: &lints::DOCKER_INSECURE_NETWORK,
            bad: || with_files([("/etc/sysconfig/docker", "other_args='--insecure-registry 10.0.0.0/8'\n")]),
            near: || {
                with_files([(
                    "/etc/sysconfig/docker",
                    "other_args='--insecure-registry registry.lan:5000'\n",
                )])
            },
        },
        Case {
            lint: &lints::DOCKER_OPEN_API,
            bad: || {
                with_files([(
                    "/etc/docker/daemon.json",
                    r#"{"hosts": ["unix:///run/docker.sock", "tcp://0.0.0.0:2375"]}"#,
                )])
            },
            near: || {
                with_files([(
                    "/etc/docker/daemon.json",
                    r#"{"hosts": ["tcp://0.0.0.0:2376"], "tlsverify": true}"#,
                )])
            },
        },
        Case {
            lint: &lints::FIREWALL_OFF,
            bad: || one(by_hand().command(&["/sbin/iptables", "-F"])),
            near: || {
                one(by_hand()
                    .command(&["/sbin/iptables", "-F", "MESOS"])
                    .stops("iptables")
                    .runs("firewalld"))
            },
        },
        // A script that begins anew, and one that leaves it at that.
        Case {
            lint: &lints::FIREWALL_OFF,
            bad: || script("iptables -F\niptables -P INPUT ACCEPT\niptables -t nat -A POSTROUTING -j MASQUERADE\n"),
            near: || script("iptables -F; iptables -P INPUT DROP; iptables -A INPUT -i lo -j ACCEPT\n"),
        },
        Case {
            lint: &lints::FIREWALL_OFF,
            bad: || script("iptables -F\nip6tables -A INPUT -j DROP\n"),
            near: || script("iptables -F\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -A INPUT -j DROP\n"),
        },
        // Each line of cron runs by itself.
        Case {
            lint: &lints::FIREWALL_OFF,
            bad: || {
                with_files([(
                    "/etc/cron.d/rules",
                    "@reboot root iptables -A INPUT -j DROP\n@daily root iptables -F\n",
                )])
            },
            near: || {
                with_files([(
                    "/etc/cron.d/rules",
                    "@reboot root iptables -F; iptables -A INPUT -j DROP\n",
                )])
            },
        },
    ]
}

/// A script of a host's that sets up its rules.
fn script(lines: &str) -> ClusterBuilder {
    one(by_hand().file_of_mode("/usr/local/sbin/rules", "0755", &format!("#!/bin/sh\n{lines}")))
}
