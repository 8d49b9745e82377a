//! The reference workload of the bench: ten hosts of 62 resources each. Three packages that are there already, a system
//! user, five directories, fifty templated files of about 25 lines, a unit, its service (restarted when a file
//! changed), a cron job. `--set rev=N` changes all fifty files.

use mesos_iac::prelude::*;
use std::net::IpAddr;
use std::process::ExitCode;

/// What the files are made of.
#[derive(Attributes)]
struct Workload {
    /// The name of the cluster.
    #[attr(default = "MesosCluster")]
    mesos_cluster_name: String,
    /// Where ZooKeeper would answer; nobody asks.
    #[attr(default = "198.18.0.11")]
    zookeeper_ip: IpAddr,
    /// A number that is in each of the fifty files.
    #[attr(default = 1)]
    rev: u32,
}

/// One of the fifty files.
#[derive(Template)]
#[template("flag.j2")]
struct Flag {
    number: u32,
    cluster_name: String,
    zookeeper_ip: IpAddr,
    rev: u32,
    lines: Vec<u32>,
}

/// A slave with far more flags than one has.
#[derive(Role, Clone)]
#[role(name = "slave")]
struct Slave;

impl Declares for Slave {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        for name in ["sudo", "cron", "procps"] {
            cx.add(package(name));
        }
        cx.add(user("mesos").system().shell("/usr/sbin/nologin"));
        for path in [
            "/etc/mesos",
            "/etc/mesos-slave",
            "/etc/mesos-slave/attributes",
            "/var/lib/mesos",
            "/var/log/mesos",
        ] {
            cx.add(directory(path).owner("mesos").mode("0755"));
        }
        let mut flags = Vec::new();
        for number in 0..50 {
            let content = Flag {
                number,
                cluster_name: cx.get(Workload::MESOS_CLUSTER_NAME)?,
                zookeeper_ip: cx.get(Workload::ZOOKEEPER_IP)?,
                rev: cx.get(Workload::REV)?,
                lines: (0..20).collect(),
            };
            flags.push(
                cx.add(
                    file(format!("/etc/mesos-slave/flag{number}"))
                        .content(content)
                        .mode("0644"),
                ),
            );
        }
        let unit = cx.add(
            file("/etc/systemd/system/mesos-slave.service").content(template!("mesos-slave.service.j2", Workload)),
        );
        cx.add(service("mesos-slave").enabled().running().restart_on((flags, unit)));
        cx.add(file("/etc/cron.d/bridge").content("* * * * * root /bin/true\n"));
        Ok(())
    }
}

fn cluster() -> Result<Cluster> {
    Cluster::new("reference-workload")
        .appliance(appliance("slave").role(Slave))
        .hosts(hosts("bench-0-[0-9]").appliance("slave").os(Os::any("debian")))
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
