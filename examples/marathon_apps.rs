//! What runs on a cluster: apps of Marathon, checked against the agents that are declared, deployed through its API.
//!
//! `check` finds what Marathon would refuse and what no agent could run; `render` shows what is sent; `deploy --plan` shows
//! what would change, and `deploy` makes it so, asking Marathon on the first master that answers.

use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
use mesos_iac::roles::mesos::{Mesos, MesosLayout};
use mesos_iac::workloads::marathon::{App, AppGroup, Constraint, HealthCheck, PortMapping, app, app_group, docker};
use std::process::ExitCode;

/// Attributes of the lab.
#[derive(Attributes)]
struct Lab {
    /// What an agent's disks are; its agent publishes it under this name.
    #[attr(default = "hdd")]
    storage: String,
}

fn database() -> App {
    app("db")
        .container(
            docker("postgres:9.6")
                .bridge()
                .map(PortMapping::new(5432).service_port(15432)),
        )
        .mem(1024)
        .constraint(Constraint::cluster("storage", "ssd"))
        .env_secret("POSTGRES_PASSWORD", Secret::from_env("DB_PASSWORD"))
}

fn shop() -> AppGroup {
    let web = app("web")
        .container(
            docker("registry.lab/shop:4")
                .bridge()
                .map(PortMapping::new(8080).service_port(10000)),
        )
        .instances(3)
        .constraint(Constraint::unique("hostname"))
        .health_check(HealthCheck::http("/health").port_index(0).grace_seconds(30))
        .label("HAPROXY_GROUP", "external")
        .depends_on("/shop/db");
    app_group("/shop").app(web).app(database())
}

/// The definition. It does no I/O; where the hosts really are can be given from outside with `--inputs`.
///
/// # Errors
/// The definition has a mistake.
pub fn cluster() -> Result<Cluster> {
    let mesos = Mesos::new(Version::new(1, 4, 0), MesosLayout::mesosphere().pinned("1.4.0-1"))
        .zookeeper("zk://10.1.0.9:2181/mesos".parse()?);
    let marathon = MarathonLayout::mesosphere().pinned("1.4.13-1");
    let marathon = Marathon::new(Version::new(1, 4, 13), marathon, &mesos);
    let agent = mesos.agent().attribute("storage", Lab::STORAGE);
    Cluster::new("lab")
        .hosts(hosts("master-[0-1]").addrs(["10.1.0.10", "10.1.0.11"]).role(marathon))
        .hosts(
            hosts("agent-[0-2]")
                .addrs(["10.1.0.20", "10.1.0.21", "10.1.0.22"])
                .role(agent),
        )
        .hosts_matching("agent-2", |host| host.set(Lab::STORAGE, "ssd"))
        .workload(shop())
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
