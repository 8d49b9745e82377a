//! Lints of Mesos' agents, of units and of ports.

use super::{ByHand, Case, by_hand, lab, one};
use mesos_iac::prelude::*;
use mesos_iac::roles::mesos::{Init, Mesos, MesosLayout};
use mesos_iac::roles::{Version, lints};

const ZK: &str = "zk://10.0.0.1:2181,10.0.0.2:2181,10.0.0.3:2181/mesos\n";

/// An agent as the packages set one up.
fn agent() -> ByHand {
    by_hand()
        .package("mesos")
        .runs("mesos-slave")
        .stops("mesos-master")
        .file("/etc/mesos/zk", ZK)
}

/// An agent of the role, started by Upstart.
fn upstart_on(os: Os) -> ClusterBuilder {
    let layout = MesosLayout::mesosphere().init(Init::Upstart);
    let mesos = Mesos::new(Version::new(0, 22, 1), layout).zookeeper("zk://10.0.0.1:2181/mesos".parse().unwrap());
    Cluster::new("lab").hosts(host("a").addr("10.0.0.2").os(os).role(mesos.agent()))
}

/// An agent of the role, from packages.
fn of_package(layout: MesosLayout) -> ClusterBuilder {
    let mesos = Mesos::new(Version::new(0, 22, 1), layout).zookeeper("zk://10.0.0.1:2181/mesos".parse().unwrap());
    Cluster::new("lab").hosts(host("a").addr("10.0.0.2").role(mesos.agent()))
}

/// The same in a release.
fn agent_of(version: &'static str) -> ByHand {
    by_hand()
        .pinned("mesos", version)
        .runs("mesos-slave")
        .stops("mesos-master")
        .file("/etc/mesos/zk", ZK)
}

/// An agent with Docker.
fn with_docker(timeout: &str) -> ByHand {
    agent()
        .file("/etc/mesos-slave/containerizers", "docker,mesos\n")
        .file("/etc/mesos-slave/executor_registration_timeout", format!("{timeout}\n"))
}

/// The unit of a host of Photon, without what some forget.
fn unit(before: &str, after: &str) -> ByHand {
    let text = format!(
        "[Unit]\nAfter=network.target docker.service\n\n[Service]\n{before}ExecStart=/usr/sbin/mesos-slave \
         --master=zk://10.0.0.1:2181/mesos --work_dir=/var/lib/mesos\n{after}"
    );
    by_hand().file("/etc/systemd/system/mesos-slave.service", text)
}

const GOOD: &str = "Restart=on-failure\nRestartSec=10\nKillMode=process\n";

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            lint: &lints::WIPED_AGENT_METADATA,
            bad: || {
                one(unit(
                    "ExecStartPre=/usr/bin/rm -f /tmp/mesos/meta/slaves/latest\n",
                    GOOD,
                ))
            },
            near: || one(unit("ExecStartPre=/usr/bin/rm -f /var/log/mesos/old.log\n", GOOD)),
        },
        Case {
            lint: &lints::WORK_DIR_IN_TMP,
            bad: || one(agent().file("/etc/mesos-slave/work_dir", "/tmp/mesos\n")),
            near: || one(agent().file("/etc/mesos-slave/work_dir", "/srv/mesos\n")),
        },
        Case {
            lint: &lints::OTHER_DAEMON_RUNS,
            bad: || one(by_hand().package("mesos").runs("mesos-slave").file("/etc/mesos/zk", ZK)),
            near: || one(agent()),
        },
        Case {
            lint: &lints::CGROUP_V2,
            bad: || one(agent_of("1.11.0-2.0.1").file("/etc/mesos-slave/isolation", "cgroups/cpu,cgroups/mem\n")),
            near: || {
                let agent = agent_of("1.11.0-2.0.1").file("/etc/mesos-slave/isolation", "cgroups/cpu,cgroups/mem\n");
                one(agent.file(
                    "/etc/default/grub",
                    "GRUB_CMDLINE_LINUX=\"systemd.unified_cgroup_hierarchy=0\"\n",
                ))
            },
        },
        Case {
            lint: &lints::DOCKER_TIMEOUT,
            bad: || one(with_docker("90secs").package("docker.io")),
            near: || one(with_docker("5mins").package("docker.io")),
        },
        Case {
            lint: &lints::NO_DOCKER,
            bad: || one(with_docker("5mins")),
            near: || one(with_docker("5mins").runs("docker")),
        },
        Case {
            lint: &mesos_iac::roles::docker::DOCKER_VERSION,
            bad: || {
                let agent = agent_of("0.22.1-1.0").file("/etc/mesos-slave/containerizers", "docker,mesos\n");
                one(agent.pinned("docker-engine", "1.8.1-0~jessie"))
            },
            near: || {
                let agent = agent_of("0.22.1-1.0").file("/etc/mesos-slave/containerizers", "docker,mesos\n");
                one(agent.pinned("docker-engine", "1.7.1-0~jessie"))
            },
        },
        Case {
            lint: &lints::AGENT_UNIT_KILLS_TASKS,
            bad: || one(unit("", "Restart=always\nRestartSec=20\n")),
            near: || one(unit("", GOOD)),
        },
        Case {
            lint: &lints::UNIT_WITHOUT_RESTART,
            bad: || one(unit("", "KillMode=process\n")),
            near: || one(unit("", GOOD)),
        },
        Case {
            lint: &lints::UNPINNED_VERSION,
            bad: || of_package(MesosLayout::mesosphere()),
            near: || of_package(MesosLayout::mesosphere().pinned("0.22.1-1.0.debian78")),
        },
        Case {
            lint: &lints::PIN_WITHOUT_PACKAGES,
            bad: || of_package(MesosLayout::environment_file().pinned("0.22.1-1.0.debian78")),
            near: || of_package(MesosLayout::environment_file()),
        },
        Case {
            lint: &lints::VERSION_DIFFERS,
            bad: || of_package(MesosLayout::mesosphere().pinned("0.22.0-1.0.debian78")),
            near: || of_package(MesosLayout::mesosphere().pinned("0.22.1-1.0.debian78")),
        },
        Case {
            lint: &lints::INIT_MISMATCH,
            bad: || upstart_on(Os::debian("12")),
            near: || upstart_on(Os::ubuntu("14.04")),
        },
        Case {
            lint: &lints::PORT_CLASH,
            // One variable for both daemons: the agent takes the master's port.
            bad: || {
                one(by_hand()
                    .runs("mesos-master")
                    .runs("mesos-slave")
                    .file("/etc/default/mesos", "export MESOS_PORT=5050\n"))
            },
            near: || {
                let both = by_hand()
                    .runs("mesos-master")
                    .runs("mesos-slave")
                    .file("/etc/default/mesos", "LOGS=/var/log/mesos\n");
                // On a loopback address another daemon's port is free, if that binds one address only.
                let proxy = "listen one\n bind 127.0.0.1:9090\nlisten other\n bind 198.18.0.1:9090\n";
                one(both.file("/etc/haproxy/haproxy.cfg", proxy))
            },
        },
        Case {
            lint: &lints::PORT_AMONG_TASKS,
            bad: || one(agent().file("/etc/haproxy/haproxy.cfg", "listen web\n bind :31080\n")),
            near: || one(agent().file("/etc/haproxy/haproxy.cfg", "listen web\n bind :10080\n")),
        },
        Case {
            lint: &lints::PORT_AMONG_TASKS,
            // Ports of several roles are all for tasks.
            bad: || {
                let ports = "ports(web):[31000-31999];ports(lab):[10000-10999]\n";
                one(agent()
                    .file("/etc/mesos-slave/resources", ports)
                    .file("/etc/haproxy/haproxy.cfg", "listen web\n bind :10080\n"))
            },
            near: || {
                let ports = "ports(web):[31000-31999];ports(lab):[12000-12999]\n";
                one(agent()
                    .file("/etc/mesos-slave/resources", ports)
                    .file("/etc/haproxy/haproxy.cfg", "listen web\n bind :10080\n"))
            },
        },
        Case {
            lint: &lints::LOOPBACK_ADDRESS,
            bad: || {
                lab([
                    ("a", agent().file("/etc/mesos-slave/ip", "127.0.1.1\n")),
                    ("b", agent()),
                ])
            },
            near: || {
                lab([
                    ("a", agent().file("/etc/mesos-slave/ip", "198.18.0.1\n")),
                    ("b", agent()),
                ])
            },
        },
        Case {
            lint: &lints::FOREIGN_ADDRESS,
            bad: || lab(["a", "b"].map(|name| (name, agent().file("/etc/mesos-slave/hostname", "198.18.0.1\n")))),
            near: || {
                lab(["a", "b"].map(|name| (name, agent().file("/etc/mesos-slave/hostname", format!("{name}.lan\n")))))
            },
        },
        Case {
            lint: &lints::MISSING_JRE,
            bad: || one(by_hand().package("marathon").file("/etc/mesos/zk", ZK)),
            near: || {
                one(by_hand()
                    .package("marathon")
                    .package("default-jre-headless")
                    .file("/etc/mesos/zk", ZK))
            },
        },
        Case {
            lint: &lints::ATTRIBUTE_GRAMMAR,
            bad: || one(agent().file("/etc/mesos-slave/attributes/storage", "{ssd,shared}\n")),
            near: || one(agent().file("/etc/mesos-slave/attributes/storage", "ssd/shared\n")),
        },
        // Spaces are taken out, and the agent starts.
        Case {
            lint: &lints::ATTRIBUTE_GRAMMAR,
            bad: || one(agent().file("/etc/mesos-slave/attributes", "rack:r1;\n:s2\n")),
            near: || one(agent().file("/etc/mesos-slave/attributes", "rack:r1 s2\nlevel: 3\n")),
        },
        Case {
            lint: &lints::ATTRIBUTE_SPACES,
            bad: || one(agent().file("/etc/mesos-slave/attributes", "rack:r1 s2\n")),
            near: || one(agent().file("/etc/mesos-slave/attributes", "rack: r1;ports:[1-9, 11-19]\n")),
        },
        Case {
            lint: &lints::ATTRIBUTE_SPACES,
            bad: || one(agent().file("/etc/mesos-slave/attributes/level", "1 2\n")),
            near: || one(agent().file("/etc/mesos-slave/attributes/level", "12\n")),
        },
        Case {
            lint: &lints::ATTRIBUTE_GIVEN_TWICE,
            bad: || one(agent().file("/etc/mesos-slave/attributes", "rack:r1;storage:ssd;rack:r2\n")),
            near: || one(agent().file("/etc/mesos-slave/attributes", "rack:r1;storage:ssd\n")),
        },
        Case {
            lint: &lints::RESOURCE_GRAMMAR,
            bad: || one(agent().file("/etc/mesos-slave/resources", "cpus:4;mem:8GB\n")),
            near: || {
                one(agent().file(
                    "/etc/mesos-slave/resources",
                    "cpus:4;mem(web):8192;ports:[31000-31999]\n",
                ))
            },
        },
        Case {
            lint: &lints::RESOURCE_GRAMMAR,
            bad: || one(agent().file("/etc/mesos-slave/resources", "disks:{a,b,a}\n")),
            near: || one(agent().file("/etc/mesos-slave/resources", "disks:{a,b}\n")),
        },
        Case {
            lint: &lints::RESOURCE_GRAMMAR,
            bad: || one(agent().file("/etc/mesos-slave/resources", "cpus:0.5;gpus:0.5\n")),
            near: || one(agent().file("/etc/mesos-slave/resources", "cpus:0.5; gpus:1\n")),
        },
        Case {
            lint: &lints::RESOURCE_GRAMMAR,
            // Each could be read; together they can't be had.
            bad: || one(agent().file("/etc/mesos-slave/resources", "disks(a):{a,b};disks(b):2\n")),
            near: || one(agent().file("/etc/mesos-slave/resources", "disks(a):{a,b};disks(b):{c}\n")),
        },
    ]
}

/// A range is one thing to say, however many ports it has.
#[test]
fn a_range_of_ports_is_told_as_one() {
    let proxy = "listen all\n bind *:1-65535\nlisten web\n bind 198.18.0.1:80\n";
    let cluster = one(agent().file("/etc/haproxy/haproxy.cfg", proxy)).build().unwrap();
    let found = super::findings(&cluster).found;
    let of_ports = |lint| {
        let of = found.iter().filter(move |finding| finding.lint == lint);
        of.map(|finding| finding.problem.message.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(
        of_ports(&lints::PORT_CLASH),
        [
            "port 80 is for HAProxy, by line 2 of /etc/haproxy/haproxy.cfg and for HAProxy, by line 4 of /etc/haproxy/haproxy.cfg",
            "port 5051 is for HAProxy, by line 2 of /etc/haproxy/haproxy.cfg and for the Mesos agent, by default",
        ]
    );
    assert_eq!(
        of_ports(&lints::PORT_AMONG_TASKS),
        [
            "HAProxy, by line 2 of /etc/haproxy/haproxy.cfg takes ports 1-65535, and the agent offers 31000-32000 to tasks"
        ]
    );
}
