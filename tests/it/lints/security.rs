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
    ]
}
