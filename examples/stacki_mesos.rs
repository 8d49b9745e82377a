//! The cluster of the Stacki use case "Mesos, Marathon, ZooKeeper": five hosts, one master, four slaves, told apart by
//! attributes. Names, addresses, attributes, conditions, packages, files and services are those of the document, on
//! Debian's packages of ZooKeeper.
//!
//! ```text
//! cargo run --example stacki_mesos -- apply --sandbox target/lab
//! ```

use mesos_iac::prelude::*;
use std::net::IpAddr;
use std::process::ExitCode;

/// The document's attributes, under the document's names.
#[derive(Attributes)]
struct Lab {
    /// Whether the host runs the Mesos master, Marathon and ZooKeeper.
    #[attr(default = false)]
    is_mesos_master: bool,
    /// Whether the host runs a Mesos slave.
    #[attr(default = false)]
    is_mesos_slave: bool,
    /// The name that the Mesos master gives the cluster.
    mesos_cluster_name: String,
    /// Where ZooKeeper answers: the master, which is the only one.
    zookeeper_ip: IpAddr,
}

/// What the document's `extend-base.xml` says of Mesos: one definition for every host, with conditions.
#[derive(Role, Clone)]
#[role(name = "mesos", attributes = Lab)]
#[resource(package("mesos")
    .provides_path("/etc/mesos-master")
    .provides_path("/etc/mesos-slave")
    .provides_unit("mesos-master")
    .provides_unit("mesos-slave"))]
#[resource(zk = file("/etc/mesos/zk").content(template!("mesos_zk.j2", Lab)))]
#[resource(cluster = file("/etc/mesos-master/cluster").content(template!("mesos_cluster.j2", Lab)), when = is_mesos_master)]
#[resource(master_ip = file("/etc/mesos-master/ip").content(template!("host_address.j2", Lab)), when = is_mesos_master)]
#[resource(slave_ip = file("/etc/mesos-slave/ip").content(template!("host_address.j2", Lab)), when = is_mesos_slave)]
#[resource(service("mesos-master").enabled().running().restart_on((zk, cluster, master_ip)), when = is_mesos_master)]
#[resource(service("mesos-slave").enabled().running().restart_on((zk, slave_ip)), when = is_mesos_slave)]
// The package starts both daemons at boot; a host that has one role must not run the other.
#[resource(service("mesos-master").disabled().stopped(), when = !is_mesos_master)]
#[resource(service("mesos-slave").disabled().stopped(), when = !is_mesos_slave)]
#[resource(package("marathon"), when = is_mesos_master)]
#[resource(service("marathon").enabled().running().restart_on(zk), when = is_mesos_master)]
struct Mesos;

/// A ZooKeeper of one server, on the master.
#[derive(Role, Clone)]
#[role(name = "zookeeper")]
struct ZooKeeper {
    id: u8,
}

/// What `zoo.cfg` is made of.
#[derive(Template)]
#[template("zoo.cfg.j2")]
struct ZooCfg<'a> {
    data_dir: &'a str,
    client_port: u16,
}

impl Declares for ZooKeeper {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.when(Lab::IS_MESOS_MASTER, |cx| {
            cx.add(
                package("zookeeperd")
                    .provides_unit("zookeeper")
                    .provides_path("/etc/zookeeper"),
            );
            let config = cx.add(file("/etc/zookeeper/conf/zoo.cfg").content(ZooCfg {
                data_dir: "/var/lib/zookeeper",
                client_port: 2181,
            }));
            // Debian's package has the link `/var/lib/zookeeper/myid` lead here.
            let id = cx.add(file("/etc/zookeeper/conf/myid").content(format!("{}\n", self.id)));
            cx.add(service("zookeeper").enabled().running().restart_on((config, id)));
        });
        Ok(())
    }
}

/// The definition. It does no I/O; where the hosts really are can be given from outside with `--inputs`.
///
/// # Errors
/// The definition has a mistake.
pub fn cluster() -> Result<Cluster> {
    Cluster::new("stacki-lab")
        .set(Lab::ZOOKEEPER_IP, "10.1.255.254")
        .set(Lab::MESOS_CLUSTER_NAME, "MesosCluster")
        .appliance(appliance("backend").role(ZooKeeper { id: 1 }).role(Mesos))
        .hosts(
            hosts("backend-0-[0-4]")
                .appliance("backend")
                .os(Os::debian("12"))
                // Stacki counts a rack's addresses down from the top of the private network.
                .addrs([
                    "10.1.255.254",
                    "10.1.255.253",
                    "10.1.255.252",
                    "10.1.255.251",
                    "10.1.255.250",
                ]),
        )
        .hosts_matching("backend-0-0", |host| host.set(Lab::IS_MESOS_MASTER, true))
        .hosts_matching("backend-0-[1-4]", |host| host.set(Lab::IS_MESOS_SLAVE, true))
        .allow(
            &mesos_iac::roles::lints::AUTOPURGE_OFF,
            "the document leaves ZooKeeper as its package has it",
        )
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
