//! The layers of a private cloud, after "Building on Project Photon & Project Lightwave": tenants choose the orchestration
//! layer that their developers talk to (Mesos alone, with Marathon, with Chronos, or with both), and operations brings each
//! of them up the same way, from one definition.
//!
//! ```text
//! cargo run --example cloud_native_stack -- list roles
//! ```

use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::chronos::{Chronos, ChronosLayout};
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Mesos, MesosLayout};
use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
use std::process::ExitCode;

/// What a tenant's developers can talk to beside Mesos itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Long-running services.
    Marathon,
    /// Jobs at their times.
    Chronos,
}

/// A tenant: a cluster of its own on the same hosts' network.
#[derive(Debug, Clone, Copy)]
pub struct Tenant {
    name: &'static str,
    /// None: Mesos alone, for frameworks that the tenant brings.
    layers: &'static [Layer],
    masters: [&'static str; 3],
    agents: &'static [&'static str],
}

/// The tenants. A new one is a few lines here.
const TENANTS: [Tenant; 3] = [
    Tenant {
        name: "retail",
        layers: &[Layer::Marathon, Layer::Chronos],
        masters: ["198.18.1.1", "198.18.1.2", "198.18.1.3"],
        agents: &["198.18.1.11", "198.18.1.12", "198.18.1.13"],
    },
    Tenant {
        name: "research",
        layers: &[Layer::Chronos],
        masters: ["198.18.2.1", "198.18.2.2", "198.18.2.3"],
        agents: &["198.18.2.11"],
    },
    Tenant {
        name: "analytics",
        layers: &[],
        masters: ["198.18.3.1", "198.18.3.2", "198.18.3.3"],
        agents: &["198.18.3.11"],
    },
];

impl Tenant {
    /// Its hosts: three masters with the layer, and its agents. Each tenant has an ensemble of its own.
    fn hosts(self) -> Hosts {
        let layout = MesosLayout::mesosphere().pinned("1.11.0-1");
        let mesos = Mesos::new(Version::new(1, 11, 0), layout).ensemble(self.name);
        let mut masters = hosts(&format!("{}-master-[1-3]", self.name))
            .addrs(self.masters)
            .set_each(ZooKeeperHost::ID, [1, 2, 3])
            .role(ZooKeeper::new().ensemble(self.name))
            .role(mesos.master().cluster(self.name));
        for layer in self.layers {
            masters = match layer {
                Layer::Marathon => {
                    let layout = MarathonLayout::mesosphere().pinned("1.5.15-1");
                    masters.role(Marathon::new(Version::new(1, 5, 15), layout, &mesos))
                }
                Layer::Chronos => {
                    let layout = ChronosLayout::mesosphere().pinned("3.0.2-1");
                    masters.role(Chronos::new(Version::new(3, 0, 2), &mesos).layout(layout))
                }
            };
        }
        let agents = hosts(&format!("{}-agent-[1-{}]", self.name, self.agents.len()))
            .addrs(self.agents.iter().copied())
            .role(mesos.agent().attribute("tenant", self.name));
        masters.and(agents).os(Os::debian("12"))
    }
}

/// The definition.
///
/// # Errors
/// The definition has a mistake.
pub fn cluster() -> Result<Cluster> {
    let cloud = Cluster::new("cloud-native-stack");
    TENANTS
        .into_iter()
        .fold(cloud, |cloud, tenant| cloud.hosts(tenant.hosts()))
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
