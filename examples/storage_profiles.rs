//! Two storage profiles in one cluster, after "Multiple Storage I/O Profiles in Apache Mesos & Mesosphere Marathon":
//! each slave says what its datastore is good for, and each app says what it wants. HAProxy runs on all nodes.
//!
//! The same document moves the cluster from Mesos 0.21 to 0.22 and Marathon to 0.8, where the packages' files moved from
//! `/usr/local` to `/usr`. Here that is one word, [`RELEASE`]: the packages are upgraded, what names their files follows (on
//! the document's hosts the jobs of Upstart do; with systemd nothing has to), and what ran the old ones is restarted.
//!
//! ```text
//! cargo run --example storage_profiles -- apply --sandbox target/storage
//! ```

use mesos_iac::prelude::*;
use mesos_iac::roles::haproxy::HaProxy;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Init, Mesos, MesosLayout};
use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
use mesos_iac::roles::{Source, Version};
use mesos_iac::workloads::marathon::{Constraint, PortMapping, app, docker};
use serde::{Deserialize, Serialize};
use std::process::ExitCode;

/// What the cluster runs. The upgrade of the document is to write `V0_22` here, to look at `plan`, and to apply.
pub const RELEASE: Release = Release::V0_22;

/// What is released together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// Mesos 0.21 with Marathon 0.7.
    V0_21,
    /// Mesos 0.22 with Marathon 0.8.
    V0_22,
}

impl Release {
    /// Mesos and Marathon: each its version, and what the mirror calls its package.
    fn software(self) -> [(Version, Source); 2] {
        let (mesos, marathon) = match self {
            Self::V0_21 => (Version::new(0, 21, 0), Version::new(0, 7, 5)),
            Self::V0_22 => (Version::new(0, 22, 0), Version::new(0, 8, 0)),
        };
        let pinned = |name: &str, version| (version, Source::packages([name]).version(format!("{version}-1")));
        [pinned("mesos", mesos), pinned("marathon", marathon)]
    }
}

/// What the datastore is good for on which a slave's disk lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageProfile {
    /// Shared storage of high throughput: the document's profile 1, on VSAN.
    Shared,
    /// What every host has: profile 2.
    Local,
}

impl AttributeValue for StorageProfile {}

/// What a host says of itself.
#[derive(Attributes)]
struct Site {
    /// Where its disk lies.
    storage_profile: StorageProfile,
}

/// The definition, for a release and for what starts the hosts' services.
///
/// # Errors
/// The definition has a mistake.
pub fn cluster(release: Release, init: Init) -> Result<Cluster> {
    let [(version, source), (marathon, its)] = release.software();
    let mesos = Mesos::new(version, MesosLayout::mesosphere().init(init).source(source));
    let marathon = Marathon::new(marathon, MarathonLayout::mesosphere().init(init).source(its), &mesos);

    // A framework that is hard on its disks, and one that gets by on any.
    let hadoop = app("/hadoop")
        .cmd("hadoop datanode")
        .cpus(2.0)
        .mem(4096)
        .instances(2)
        .constraint(Constraint::cluster("storage_profile", "shared"));
    let nginx = app("/nginx")
        .container(docker("nginx").bridge().map(PortMapping::new(80).service_port(10_080)))
        .mem(64)
        .instances(10)
        .constraint(Constraint::like("storage_profile", "shared|local"));

    Cluster::new("storage-profiles")
        .role(HaProxy::new())
        .appliance(
            appliance("master")
                .role(ZooKeeper::new())
                .role(mesos.master().cluster("storage-profiles"))
                .role(marathon),
        )
        .appliance(appliance("slave").role(mesos.agent().attribute("storage_profile", Site::STORAGE_PROFILE)))
        .hosts(
            hosts("master-[0-2]")
                .appliance("master")
                .os(Os::debian("12"))
                .addrs(["198.18.0.10", "198.18.0.11", "198.18.0.12"])
                .set_each(ZooKeeperHost::ID, [1, 2, 3]),
        )
        .hosts(
            hosts("shared-[0-1]")
                .appliance("slave")
                .os(Os::debian("12"))
                .addrs(["198.18.0.20", "198.18.0.21"])
                .set(Site::STORAGE_PROFILE, StorageProfile::Shared),
        )
        .hosts(
            hosts("local-[0-1]")
                .appliance("slave")
                .os(Os::debian("12"))
                .addrs(["198.18.0.30", "198.18.0.31"])
                .set(Site::STORAGE_PROFILE, StorageProfile::Local),
        )
        .workload(hadoop)
        .workload(nginx)
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(|| cluster(RELEASE, Init::Systemd))
}
