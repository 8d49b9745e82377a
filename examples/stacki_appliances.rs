//! The cluster of `stacki_mesos.rs`, told the other way that its document proposes: one appliance for each part that a host
//! can play, instead of attributes with conditions. With the role library it is a page.
//!
//! ```text
//! cargo run --example stacki_appliances -- plan --sandbox target/appliances
//! ```

use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Mesos, MesosLayout};
use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
use std::process::ExitCode;

/// The definition.
///
/// # Errors
/// The definition has a mistake.
pub fn cluster() -> Result<Cluster> {
    let mesos = Mesos::new(Version::new(0, 22, 1), MesosLayout::mesosphere().pinned("0.22.1-1"));
    let marathon = MarathonLayout::mesosphere().pinned("0.8.2-1");
    let marathon = Marathon::new(Version::new(0, 8, 2), marathon, &mesos);
    Cluster::new("stacki-appliances")
        .appliance(
            appliance("mesos-master")
                .role(ZooKeeper::new())
                .role(mesos.master().cluster("MesosCluster"))
                .role(marathon),
        )
        .appliance(appliance("mesos-slave").role(mesos.agent()))
        .hosts(
            host("backend-0-0")
                .appliance("mesos-master")
                .os(Os::debian("12"))
                .addr("10.1.255.254")
                .set(ZooKeeperHost::ID, 1),
        )
        .hosts(
            hosts("backend-0-[1-4]")
                .appliance("mesos-slave")
                .os(Os::debian("12"))
                .addrs(["10.1.255.253", "10.1.255.252", "10.1.255.251", "10.1.255.250"]),
        )
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
