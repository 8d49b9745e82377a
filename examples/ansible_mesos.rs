//! A multi-node Mesos with Docker, HAProxy and Marathon, after "Setting up a Multi-Node Mesos Cluster running Docker,
//! HAProxy and Marathon with Ansible": three masters, each with ZooKeeper, Marathon and HAProxy, and two slaves with
//! Docker. A wildcard name of the domain leads to the masters, and the app `www` answers at `www.example.com`.
//!
//! The document's releases are of its time, Mesos 0.21 with Docker 1.6. Debian 12 has Docker 20.10, which Mesos reads from
//! 0.23 on ([`docker::clash`](mesos_iac::roles::docker::clash)), so these are the last ones of Mesos and of Marathon 1.4.
//!
//! ```text
//! cargo run --example ansible_mesos -- apply --sandbox target/ansible
//! cargo run --example ansible_mesos -- deploy --plan
//! ```

use mesos_iac::prelude::*;
use mesos_iac::roles::docker::Docker;
use mesos_iac::roles::flags::agent;
use mesos_iac::roles::haproxy::HaProxy;
use mesos_iac::roles::lints;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Mesos, MesosLayout};
use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
use mesos_iac::roles::{Source, Version};
use mesos_iac::workloads::marathon::{PortMapping, app, docker};
use std::process::ExitCode;
use std::time::Duration;

/// The definition.
///
/// # Errors
/// The definition has a mistake.
pub fn cluster() -> Result<Cluster> {
    // Since 0.20 Mesos runs Docker's containers itself; the document's Deimos is gone.
    let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere().pinned("1.11.0-1"));
    let marathon = MarathonLayout::mesosphere().pinned("1.4.13-1");
    let marathon = Marathon::new(Version::new(1, 4, 13), marathon, &mesos);
    let slave = mesos
        .agent()
        .flag(agent::CONTAINERIZERS, ["docker", "mesos"])
        // An image takes longer to fetch than an executor may take to register, unless told otherwise.
        .flag(agent::EXECUTOR_REGISTRATION_TIMEOUT, Duration::from_secs(5 * 60));

    // The document's `POST /v2/apps`: four of them, a quarter of a CPU each.
    let www = app("/www")
        .container(docker("mhamrah/mesos-sample").bridge().map(PortMapping::new(80)))
        .cpus(0.25)
        .mem(512)
        .instances(4);

    Cluster::new("ansible-mesos")
        .appliance(
            appliance("mesos_masters")
                .role(ZooKeeper::new())
                .role(mesos.master().cluster("mesos_cluster"))
                .role(marathon)
                .role(HaProxy::new().by_host_name("example.com")),
        )
        .appliance(
            appliance("mesos_slaves")
                .role(Docker::new(Version::new(20, 10, 24), Source::packages(["docker.io"])))
                .role(slave),
        )
        .hosts(
            hosts("master-[1-3]")
                .appliance("mesos_masters")
                .os(Os::debian("12"))
                .addrs(["198.18.0.1", "198.18.0.2", "198.18.0.3"])
                // The inventory's `zoo_id`.
                .set_each(ZooKeeperHost::ID, [1, 2, 3]),
        )
        .hosts(
            hosts("slave-[1-2]")
                .appliance("mesos_slaves")
                .os(Os::debian("12"))
                .addrs(["198.18.0.11", "198.18.0.12"])
                .allow(
                    &lints::UNPINNED_VERSION,
                    "Docker is Debian's, whose security updates are wanted",
                ),
        )
        .workload(www)
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
