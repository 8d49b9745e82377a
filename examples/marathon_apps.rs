//! What runs on a cluster: apps of Marathon, checked against the agents that are declared, deployed through its API.
//!
//! `check` finds what Marathon would refuse and what no agent could run; `render` shows what is sent; `deploy --plan` shows
//! what would change, and `deploy` makes it so, asking Marathon on the first master that answers.

use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::marathon::MarathonApi;
use mesos_iac::workloads::AgentView;
use mesos_iac::workloads::marathon::{App, AppGroup, Constraint, HealthCheck, PortMapping, app, app_group, docker};
use std::process::ExitCode;

/// Attributes of the lab.
#[derive(Attributes)]
struct Lab {
    /// What an agent's disks are; its agent publishes it under this name.
    #[attr(default = "hdd")]
    storage: String,
}

/// Ensures that Marathon runs, and says where it answers.
#[derive(Role, Clone)]
#[role(name = "marathon")]
struct Marathon;

impl Declares for Marathon {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        cx.expose(MarathonApi::at(([127, 0, 0, 1], 8080).into(), Version::new(1, 5, 15)));
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(service("marathon").enabled().running());
        Ok(())
    }
}

/// Ensures that an agent publishes its storage class.
#[derive(Role, Clone)]
#[role(name = "agent", attributes = Lab)]
struct Agent;

impl Declares for Agent {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let storage = cx.get(Lab::STORAGE)?;
        let view = AgentView::new(cx.name().as_str());
        cx.expose(view.attribute(Lab::STORAGE.name(), &storage));
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let storage = cx.get(Lab::STORAGE)?;
        cx.add(file("/etc/mesos-slave/attributes/storage").content(storage));
        Ok(())
    }
}

fn database() -> App {
    app("db")
        .container(
            docker("postgres:9.6")
                .bridge()
                .map(PortMapping::new(5432).service_port(15432)),
        )
        .mem(1024)
        .constraint(Constraint::cluster(Lab::STORAGE, "ssd"))
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
    Cluster::new("lab")
        .hosts(hosts("master-[0-1]").role(Marathon))
        .hosts(hosts("agent-[0-2]").role(Agent))
        .hosts_matching("agent-2", |host| host.set(Lab::STORAGE, "ssd"))
        .workload(shop())
        .build()
}

fn main() -> ExitCode {
    mesos_iac::main(cluster)
}
