//! Exporters for a whole cluster of ZooKeeper, Mesos and Marathon: what the role library exposes is all that they need to
//! know of it.

use crate::Exporters;
use mesos_iac::lint::{Level, Lint, LintCx};
use mesos_iac::prelude::*;
use mesos_iac::roles::marathon::MarathonApi;
use mesos_iac::roles::mesos::{MesosAgent, MesosAgentAt, MesosMaster, MesosMasterAt};
use mesos_iac::roles::zookeeper::ZooKeeperServer;

/// Ensures that each host with a daemon of the cluster has the exporter for it, and that Prometheus scrapes all of them.
#[derive(Role, Clone)]
#[role(name = "cluster-exporters")]
pub struct ClusterExporters;

/// The file of one job of Prometheus.
#[derive(Template)]
#[template("targets.yml.j2")]
struct Targets {
    targets: Vec<String>,
}

impl Declares for ClusterExporters {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        if cx.has_role::<MesosMaster>() || cx.has_role::<MesosAgent>() {
            let exporter = cx.add(package("prometheus-mesos-exporter"));
            cx.add(
                service("prometheus-mesos-exporter")
                    .enabled()
                    .running()
                    .after(exporter)
                    // It ends itself when the daemon doesn't answer.
                    .after((role::<MesosMaster>().if_any(), role::<MesosAgent>().if_any())),
            );
        }
        cx.when(Exporters::IS_PROMETHEUS, |cx| {
            let of = |hosts: Vec<String>| Targets { targets: hosts };
            let masters = cx.endpoints::<MesosMasterAt>().into_iter();
            let masters = of(masters.map(|(_, at)| format!("{}:{}", at.address, at.port)).collect());
            let agents = cx.endpoints::<MesosAgentAt>().into_iter();
            let agents = of(agents.map(|(_, at)| format!("{}:{}", at.hostname, at.port)).collect());
            let ensemble = cx.endpoints::<ZooKeeperServer>().into_iter();
            let ensemble = of(ensemble.map(|(_, at)| format!("{}:7000", at.address)).collect());
            let marathons = cx.endpoints::<MarathonApi>().into_iter();
            let marathons = of(marathons.map(|(_, at)| at.addr.to_string()).collect());
            let prometheus = cx.add(package("prometheus"));
            cx.add(directory("/etc/prometheus/targets.d").after(prometheus));
            let jobs = [
                ("masters", masters),
                ("agents", agents),
                ("zookeeper", ensemble),
                ("marathon", marathons),
            ];
            let files = jobs
                .map(|(job, targets)| cx.add(file(format!("/etc/prometheus/targets.d/{job}.yml")).content(targets)));
            cx.add(service("prometheus").enabled().running().reload_on(files));
        });
        Ok(())
    }
}

/// A cluster is watched by nobody.
pub static UNWATCHED: Lint = Lint {
    name: "unwatched",
    level: Level::Warning,
    summary: "hosts have exporters, and no host is the Prometheus that scrapes them",
    page: "Exporters that nobody scrapes cost ports and tell nobody anything. Set `exporters.is_prometheus` on a host.",
};

fn unwatched(cx: &LintCx<'_>) {
    let with_exporters = |kind: &str| cx.hosts().iter().any(|host| host.catalog().has::<Package>(kind));
    if with_exporters("prometheus-mesos-exporter") && !with_exporters("prometheus") {
        cx.report(UNWATCHED.finding("the exporters of this cluster are scraped by nobody"));
    }
}

mesos_iac::lint_rule!(unwatched => [&UNWATCHED]);

#[cfg(test)]
mod tests {
    use super::*;
    use mesos_iac::lint;
    use mesos_iac::roles::Version;
    use mesos_iac::roles::marathon::{Marathon, MarathonLayout};
    use mesos_iac::roles::mesos::{Mesos, MesosLayout};
    use mesos_iac::roles::zookeeper::{ZooKeeper, ZooKeeperHost};
    use mesos_iac::testing::assert_idempotent;

    /// The library's roles and this crate's, neither of which knows of the other beyond what is exposed.
    fn cluster(watched: bool) -> Result<Cluster> {
        let mesos = Mesos::new(Version::new(1, 11, 0), MesosLayout::mesosphere());
        let marathon = Marathon::new(Version::new(1, 5, 15), MarathonLayout::mesosphere(), &mesos);
        Cluster::new("lab")
            .role(ClusterExporters)
            .appliance(
                appliance("master")
                    .role(ZooKeeper::new())
                    .role(mesos.master())
                    .role(marathon),
            )
            .appliance(appliance("agent").role(mesos.agent()))
            .hosts(
                hosts("m[1-3]")
                    .appliance("master")
                    .addrs(["10.0.0.1", "10.0.0.2", "10.0.0.3"])
                    .set_each(ZooKeeperHost::ID, [1, 2, 3]),
            )
            .hosts(hosts("a[1-2]").appliance("agent").addrs(["10.0.0.11", "10.0.0.12"]))
            .hosts(
                host("prometheus")
                    .addr("10.0.0.99")
                    .set(Exporters::IS_PROMETHEUS, watched),
            )
            .build()
    }

    #[test]
    fn prometheus_scrapes_what_the_library_exposes() {
        let compiled = cluster(true).unwrap().compile().unwrap();
        let targets = |job: &str| {
            let catalog = &compiled.host("prometheus").unwrap().catalog;
            catalog
                .get::<File>(&format!("/etc/prometheus/targets.d/{job}.yml"))
                .unwrap()
                .text()
                .unwrap()
        };
        assert_eq!(
            targets("masters"),
            "- targets:\n  - 10.0.0.1:5050\n  - 10.0.0.2:5050\n  - 10.0.0.3:5050\n"
        );
        assert_eq!(
            targets("agents"),
            "- targets:\n  - 10.0.0.11:5051\n  - 10.0.0.12:5051\n"
        );
        assert_eq!(targets("marathon").lines().count(), 4);
        assert_eq!(targets("zookeeper").lines().count(), 4);
    }

    #[test]
    fn an_exporter_comes_after_the_daemon_that_it_asks() {
        let compiled = cluster(true).unwrap().compile().unwrap();
        let entries: Vec<String> = compiled
            .host("m1")
            .unwrap()
            .catalog
            .resources()
            .map(|entry| entry.id.to_string())
            .collect();
        let place = |id: &str| entries.iter().position(|entry| entry == id).unwrap();
        assert!(
            place("service[mesos-master]") < place("service[prometheus-mesos-exporter]"),
            "{entries:#?}"
        );
    }

    #[test]
    fn a_lint_of_this_crate_is_one_of_the_program() {
        let found = |watched| {
            let cluster = cluster(watched).unwrap();
            let compiled = cluster.compile().unwrap();
            lint::check(&cluster, &compiled)
                .found
                .iter()
                .any(|finding| finding.lint == &UNWATCHED)
        };
        assert!(found(false) && !found(true));
        assert!(lint::all().contains(&&UNWATCHED));
    }

    #[test]
    fn all_of_it_is_idempotent() {
        assert_idempotent!(cluster(true));
    }
}
