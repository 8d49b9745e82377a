//! Photon OS as Mesos slaves, after the document on Photon TP2 and Mesos: the masters are elsewhere, and the
//! hosts of this definition are slaves that find out their own address and join. An nginx runs on port 80.
//!
//! The document's slave doesn't start at first: Mesos 0.22 can't read the version that Docker 1.8 prints. Here that is
//! a finding of `check` ([`docker::DOCKER_VERSION`](mesos_iac::roles::docker::DOCKER_VERSION)); the definition has the
//! versions that the document ended with. Its unit also removes the agent's memory at every start, and with it the tasks
//! that were running; this one doesn't. The names of hosts, which its author wished for from DHCP, are the definition's.
//!
//! ```text
//! cargo run --example photon_agents -- check
//! ```

use mesos_iac::prelude::*;
use mesos_iac::roles::docker::Docker;
use mesos_iac::roles::flags::agent;
use mesos_iac::roles::marathon::MarathonElsewhere;
use mesos_iac::roles::mesos::{AgentAddress, AgentResource, Mesos, MesosAgent, MesosLayout, Resources};
use mesos_iac::roles::{Source, Version};
use mesos_iac::workloads::marathon::{PortMapping, app, docker};
use std::process::ExitCode;
use std::time::Duration;

/// The Mesos of the image that the document builds: the one behind the bug.
const MESOS: Version = Version::new(0, 23, 0);

/// The Docker of Photon TP2.
const DOCKER: Version = Version::new(1, 8, 1);

/// The host's own name, which a machine that was cloned from a template doesn't have. A slave that isn't told what to call
/// itself tells the masters this name.
#[derive(Role, Clone)]
#[role(name = "host-name")]
struct HostName;

impl Declares for HostName {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let name = format!("{}\n", cx.host().name());
        let name = cx.add(file("/etc/hostname").content(name));
        let set = command(["hostname", "--file", "/etc/hostname"]).refresh_only();
        cx.add(set.rerun_on(name).immediately().before(role::<MesosAgent>()));
        Ok(())
    }
}

/// The definition.
///
/// # Errors
/// The definition has a mistake.
pub fn cluster() -> Result<Cluster> {
    // The image has the binaries and no configuration; the unit is ours.
    let mesos = Mesos::new(MESOS, MesosLayout::command_line())
        .zookeeper("zk://198.18.0.1:2181,198.18.0.2:2181/mesos".parse()?)
        .work_dir("/var/lib/mesos")
        .log_dir("/var/log/mesos_slave");
    let slave = mesos
        .agent()
        .address(AgentAddress::OfInterface("eno*".to_owned()))
        .flag(agent::CONTAINERIZERS, ["docker", "mesos"])
        .flag(agent::DOCKER, "/usr/bin/docker")
        // The nginx is to have port 80, which no agent offers by itself.
        .resources(Resources::from([AgentResource::ports([80..=80, 31_000..=32_000])]))
        .flag(agent::EXECUTOR_REGISTRATION_TIMEOUT, Duration::from_secs(5 * 60))
        .unit("Unit", "After", "docker.service")
        .unit("Service", "TimeoutStartSec", "0");

    let nginx = app("/nginx")
        .container(docker("nginx").bridge().map(PortMapping::new(80).host_port(80)))
        .mem(64)
        .instances(2);

    Cluster::new("photon")
        .role(HostName)
        .role(Docker::new(DOCKER, Source::present()))
        .role(slave)
        .hosts(
            hosts("photon-[1-3]")
                .os(Os::any("photon"))
                .addrs(["198.18.0.11", "198.18.0.12", "198.18.0.13"]),
        )
        // Marathon is with the masters; this host asks it.
        .hosts_matching("photon-1", |host| {
            host.role(MarathonElsewhere::at(([198, 18, 0, 1], 8080), Version::new(0, 9, 0)))
        })
        .workload(nginx)
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
