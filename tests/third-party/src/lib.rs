//! Exporters for Prometheus, written as somebody else would write them: a role, a kind of resource, an endpoint and
//! attributes, with `mesos-iac` and `serde` as the only dependencies.

mod cluster_exporters;

pub use cluster_exporters::{ClusterExporters, UNWATCHED};
use mesos_iac::prelude::*;
use serde::{Deserialize, Serialize};

/// Attributes of the exporters.
#[derive(Attributes)]
#[attributes(prefix = "exporters")]
pub struct Exporters {
    /// The port that the node exporter listens on.
    #[attr(default = 9100)]
    pub port: u16,
    /// Whether Prometheus itself runs here.
    #[attr(default = false)]
    pub is_prometheus: bool,
}

/// Where a node exporter answers, for whoever scrapes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metrics {
    /// Host and port.
    pub address: String,
}

impl Endpoint for Metrics {}

/// Ensures that the node exporter runs, and that Prometheus knows all of them.
#[derive(Role, Clone)]
#[role(name = "node-exporter")]
pub struct NodeExporter;

/// What Prometheus scrapes.
#[derive(Template)]
#[template("targets.yml.j2")]
struct Targets {
    targets: Vec<String>,
}

impl Declares for NodeExporter {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let address = format!("{}:{}", cx.addr()?, cx.get(Exporters::PORT)?);
        cx.expose(Metrics { address });
        Ok(())
    }

    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let exporter = cx.add(package("prometheus-node-exporter"));
        cx.add(
            TextMetric {
                name: "role".into(),
                value: 1,
            }
            .after(exporter),
        );
        cx.add(service("prometheus-node-exporter").enabled().running().after(exporter));
        cx.when(Exporters::IS_PROMETHEUS, |cx| {
            let targets = cx
                .endpoints::<Metrics>()
                .into_iter()
                .map(|(_, metrics)| metrics.address)
                .collect();
            let prometheus = cx.add(package("prometheus"));
            let scraped = cx.add(
                file("/etc/prometheus/targets.yml")
                    .content(Targets { targets })
                    .after(prometheus),
            );
            cx.add(service("prometheus").enabled().running().reload_on(scraped));
        });
        Ok(())
    }
}

/// Ensures that the node exporter reports a constant, by a file in its text directory.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "exporters.text-metric", key = name)]
pub struct TextMetric {
    /// The metric's name, without the prefix `node_text_`.
    pub name: String,
    /// Its value.
    pub value: i64,
}

impl TextMetric {
    fn path(&self) -> Result<AbsPath> {
        Ok(AbsPath::new(format!(
            "/var/lib/prometheus/node-exporter/{}.prom",
            self.name
        ))?)
    }

    fn text(&self) -> String {
        format!("node_text_{} {}\n", self.name, self.value)
    }
}

impl Converge for TextMetric {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let current = system.read(&self.path()?)?;
        let mut diff = Diff::new();
        if current.as_deref() != Some(self.text().as_bytes()) {
            let from = current.map_or(Shown::Absent, |bytes| Shown::content(&bytes));
            diff.push("content", from, Shown::content(self.text().as_bytes()));
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
        Ok(system.write_file(&self.path()?, &FileWrite::new(self.text().as_bytes()))?)
    }

    fn effects(&self) -> Effects {
        self.path()
            .map_or_else(|_| Effects::none(), |path| Effects::none().write(Effect::Path(path)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mesos_iac::testing::{FakeHost, FakeSystem, assert_idempotent, render_every_template};

    fn cluster() -> Result<Cluster> {
        Cluster::new("monitored")
            .role(NodeExporter)
            .hosts(hosts("node[1-3]").addrs(["10.0.0.1", "10.0.0.2", "10.0.0.3"]))
            .hosts_matching("node1", |host| host.set(Exporters::IS_PROMETHEUS, true))
            .build()
    }

    #[test]
    fn prometheus_scrapes_every_host() {
        let compiled = cluster().unwrap().compile().unwrap();
        let catalog = &compiled.host("node1").unwrap().catalog;
        let targets = catalog
            .get::<File>("/etc/prometheus/targets.yml")
            .unwrap()
            .text()
            .unwrap();
        assert_eq!(
            targets,
            "- targets:\n  - 10.0.0.1:9100\n  - 10.0.0.2:9100\n  - 10.0.0.3:9100\n"
        );
        assert!(!compiled.host("node2").unwrap().catalog.has::<Package>("prometheus"));
    }

    #[test]
    fn the_kind_converges_and_stays() {
        let compiled = cluster().unwrap().compile().unwrap();
        let path = AbsPath::new("/var/lib/prometheus/node-exporter/x").unwrap();
        let mut host = FakeHost::with_system(FakeSystem::new().with_directories_of([&path]));
        let summary = host.converge(compiled.host("node2").unwrap());
        assert!(summary.is_success(), "{:?}", host.events());
        assert_eq!(
            host.system()
                .text("/var/lib/prometheus/node-exporter/role.prom")
                .unwrap(),
            "node_text_role 1\n"
        );
        host.converge(compiled.host("node2").unwrap());
        assert!(host.changed().is_empty());
    }

    #[test]
    fn templates_render() {
        // Those of the role library too, which this crate is built on.
        assert!(render_every_template().unwrap() >= 2);
    }

    #[test]
    fn a_cluster_of_it_is_idempotent() {
        assert_idempotent!(cluster());
    }
}
