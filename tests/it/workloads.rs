//! Apps: what all of them together may not be, what each version of Marathon gets, and whether its own schemas take it.

use crate::support::{assert_snapshot, repository};
use crate::workload_rules::sound;
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::marathon::{Marathon, MarathonApi, MarathonLayout};
use mesos_iac::roles::mesos::{AgentResource, Mesos, MesosAgent, MesosLayout, Resources};
use mesos_iac::workloads::AgentView;
use mesos_iac::workloads::marathon::{
    App, Constraint, HealthCheck, HealthProtocol, KillSelection, Network, Port, PortMapping, ReadinessCheck, Volume,
    app, app_group, docker, mesos_container,
};
use std::fmt::Write as _;

const V08: Version = Version::new(0, 8, 2);
const V011: Version = Version::new(0, 11, 1);
const V015: Version = Version::new(0, 15, 3);
const V11: Version = Version::new(1, 1, 7);
const V13: Version = Version::new(1, 3, 14);
const V14: Version = Version::new(1, 4, 13);
const V15: Version = Version::new(1, 5, 15);
const V110: Version = Version::new(1, 10, 26);

/// Ports of an agent that are asked for by number are held against what the declared agents offer.
#[test]
fn a_port_that_no_agent_offers_is_told() {
    let mesos = Mesos::new(Version::new(1, 4, 0), MesosLayout::mesosphere())
        .zookeeper("zk://10.0.0.9:2181/mesos".parse().unwrap());
    let marathon = Marathon::new(V14, MarathonLayout::mesosphere(), &mesos);
    let with = |agent: MesosAgent, app: App| {
        let cluster = Cluster::new("lab")
            .hosts(host("m").addr("10.0.0.1").role(marathon.clone()))
            .hosts(host("a").addr("10.0.0.2").role(agent))
            .workload(app);
        cluster
            .build()
            .unwrap()
            .compile()
            .map(drop)
            .map_err(|problems| problems.to_string())
    };
    let nginx = || app("/nginx").container(docker("nginx").bridge().map(PortMapping::new(80).host_port(80)));
    let told = with(mesos.agent(), nginx()).unwrap_err();
    assert!(told.contains("no declared agent offers port 80"), "{told}");
    assert!(told.contains("a offers 31000-32000"), "{told}");
    let wide = mesos
        .agent()
        .resources(Resources::from([AgentResource::ports([80..=80, 31_000..=32_000])]));
    with(wide, nginx()).unwrap();
    let required = |port| app("/x").cmd("x").port(Port::new(port)).require_ports();
    assert!(with(mesos.agent(), required(8000)).is_err());
    with(mesos.agent(), required(31_500)).unwrap();
}

#[test]
fn a_constraint_as_json_is_read_as_marathon_reads_it() {
    let refused = |parts: &[&str]| Constraint::read(parts).unwrap_err().to_string();
    let all = [
        refused(&["rack"]),
        refused(&["rack", "LIKE", "a", "b"]),
        refused(&["", "UNIQUE"]),
        refused(&["rack", "GROUPBY", "2"]),
        refused(&["hostname", "UNIQUE", "x"]),
        refused(&["rack", "LIKE"]),
        refused(&["rack", "UNLIKE"]),
        refused(&["rack", "IS"]),
        refused(&["rack", "MAX_PER"]),
        refused(&["rack", "MAX_PER", "two"]),
        refused(&["rack", "GROUP_BY", "0"]),
        refused(&["rack", "IS", "a b"]),
        refused(&["rack", "LIKE", "r(1"]),
    ];
    assert_snapshot("workloads__constraints", all.join("\n") + "\n");
}

/// An app that says as much as every version can have.
fn everywhere() -> App {
    app("/web")
        .cmd("./serve --port $PORT0")
        .cpus(0.25)
        .mem(128)
        .disk(64)
        .instances(3)
        .user("www")
        .env("MODE", "production")
        .label("HAPROXY_GROUP", "external")
        .fetch("http://files.lab/site.tgz")
        .container(
            docker("registry.lab/site:4")
                .bridge()
                .map(PortMapping::new(8080).service_port(10000))
                .map(PortMapping::new(9090).host_port(31500))
                .volume(Volume::host("/srv/site", "/data").read_only()),
        )
        .constraint(Constraint::unique("hostname"))
        .constraint(Constraint::like("rack", "r[12]"))
        .health_check(
            HealthCheck::http("/health")
                .port_index(0)
                .grace_seconds(30)
                .interval_seconds(10)
                .max_failures(3),
        )
        .minimum_health_capacity(0.5)
        .backoff(1, 1.15)
}

/// The same with what the later ones can have, too.
fn from_1_5() -> App {
    everywhere()
        .constraint(Constraint::max_per("rack", 2))
        .accepted_resource_roles(["*"])
        .health_check(
            HealthCheck::new(HealthProtocol::MesosHttp)
                .path("/live")
                .port_index(1)
                .delay_seconds(5),
        )
        .maximum_over_capacity(0.25)
        .max_launch_delay_seconds(300)
        .kill_grace_seconds(20)
        .kill_selection(KillSelection::OldestFirst)
        .depends_on("/db")
}

fn on_the_host() -> App {
    app("/agent")
        .cmd("./agent")
        .port(8125)
        .port(0)
        .require_ports()
        .constraint(Constraint::cluster("rack", "r1"))
}

fn on_a_named_network() -> App {
    app("/mesh").container(
        docker("mesh:1")
            .network(Network::Named("weave".into()))
            .map(PortMapping::new(80).name("web")),
    )
}

fn rendered() -> Vec<(String, Version, serde_json::Value)> {
    let mut all = Vec::new();
    for version in [V08, V011, V015, V11, V13, V14, V15, V110] {
        all.push(("everywhere".to_owned(), version, everywhere().render(version).unwrap()));
        all.push((
            "on-the-host".to_owned(),
            version,
            on_the_host().render(version).unwrap(),
        ));
        if version >= V13 {
            all.push((
                "named-network".to_owned(),
                version,
                on_a_named_network().render(version).unwrap(),
            ));
        }
        if version >= V14 {
            all.push(("later".to_owned(), version, from_1_5().render(version).unwrap()));
        }
        if version >= V11 {
            let mesos = sound()
                .container(
                    mesos_container()
                        .image("busybox")
                        .volume(Volume::persistent("data", 64)),
                )
                .port(Port::new(0).name("web").label("VIP", "/web:80"))
                .readiness_check(
                    ReadinessCheck::http("web", "/ready")
                        .interval_seconds(30)
                        .time_out_seconds(10),
                );
            all.push(("mesos-container".to_owned(), version, mesos.render(version).unwrap()));
        }
    }
    all
}

#[test]
fn one_value_is_written_as_each_version_takes_it() {
    for (name, version, json) in rendered() {
        if name == "everywhere" && [V08, V14, V15].contains(&version) || name == "later" && version == V15 {
            let text = serde_json::to_string_pretty(&json).unwrap() + "\n";
            assert_snapshot(&format!("workloads__{name}_{version}"), text);
        }
    }
}

/// `MARATHON_SCHEMAS` is a directory with Marathon's own schemas, `vVERSION/AppDefinition.json`, from its repository.
#[test]
fn marathons_own_schemas_take_what_is_written() {
    let Some(schemas) = std::env::var_os("MARATHON_SCHEMAS") else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    for (name, version, json) in rendered() {
        let path = directory.path().join(format!("v{version}"));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join(format!("{name}.app.json")), json.to_string()).unwrap();
    }
    let group = app_group("/shop").app(app("db").cmd("./db")).group(
        app_group("front")
            .depends_on("/shop/db")
            .app(app("web").cmd("./web").fetch("http://files.lab/web.tgz")),
    );
    for version in [V015, V11, V13, V14, V15] {
        let path = directory.path().join(format!("v{version}/shop.group.json"));
        std::fs::write(path, group.render(version).unwrap().to_string()).unwrap();
    }
    let script = repository().join("tests/schemas.py");
    let ran = std::process::Command::new("python3")
        .arg(script)
        .arg(schemas)
        .arg(directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    println!("{said}");
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
}

/// A Marathon, and agents whose racks are these.
#[derive(Role, Clone)]
#[role(name = "workloads-master")]
struct Master;

impl Declares for Master {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        cx.expose(MarathonApi::at(([127, 0, 0, 1], 8080).into(), V15));
        Ok(())
    }

    fn declare(&self, _: &mut Cx<'_>) -> Result<()> {
        Ok(())
    }
}

#[derive(Attributes)]
#[attributes(prefix = "workloads")]
struct Lab {
    /// Where an agent stands.
    #[attr(default = "r1")]
    rack: String,
}

#[derive(Role, Clone)]
#[role(name = "workloads-agent")]
struct Agent;

impl Declares for Agent {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        let rack: String = cx.get(Lab::RACK)?;
        let view = AgentView::new(cx.name().as_str()).attribute(Lab::RACK.name(), &rack);
        cx.expose(view);
        Ok(())
    }

    fn declare(&self, _: &mut Cx<'_>) -> Result<()> {
        Ok(())
    }
}

fn lab() -> ClusterBuilder {
    Cluster::new("lab")
        .hosts(hosts("master-[0-1]").role(Master))
        .hosts(hosts("agent-[0-2]").role(Agent))
        .hosts_matching("agent-2", |host| host.set(Lab::RACK, "r2"))
}

fn fixed(id: &str) -> App {
    app(id).cmd("x").port(Port::new(31_000)).require_ports()
}

fn mistakes(cluster: ClusterBuilder) -> String {
    let problems = cluster.build().unwrap().compile().unwrap_err();
    let mut told = String::new();
    for problem in problems.iter() {
        let places = problem.places.len();
        let hint = problem.hint.as_deref().unwrap_or("none");
        writeln!(
            told,
            "[{}] {}\n  {places} places, hint: {hint}",
            problem.code, problem.message
        )
        .unwrap();
    }
    told
}

#[test]
fn mistakes_that_only_all_apps_together_show() {
    let plain = |id: &str| app(id).cmd("x");
    let cases = [
        (
            "twice",
            mistakes(
                lab()
                    .workload(plain("/web"))
                    .workload(app_group("/").app(plain("/web"))),
            ),
        ),
        (
            "an app above an app",
            mistakes(lab().workloads([plain("/shop"), plain("/shop/web")])),
        ),
        (
            "comes after nothing",
            mistakes(lab().workload(plain("/web").depends_on("/dbs")).workload(plain("/db"))),
        ),
        (
            "a circle",
            mistakes(lab().workloads([
                plain("/a").depends_on("/b"),
                plain("/b").depends_on("/c"),
                plain("/c").depends_on("/a"),
                plain("/d").depends_on("/a"),
            ])),
        ),
        (
            "no agent",
            mistakes(lab().workload(plain("/web").constraint(Constraint::cluster(Lab::RACK, "r3")))),
        ),
        (
            "no agent has it",
            mistakes(lab().workload(plain("/web").constraint(Constraint::like("storage", "ssd")))),
        ),
        (
            "too little room",
            mistakes(lab().workload(plain("/web").instances(3).constraint(Constraint::unique(Lab::RACK)))),
        ),
        (
            "no room on hosts",
            mistakes(lab().workload(plain("/web").instances(4).constraint(Constraint::unique("hostname")))),
        ),
        (
            "fewer groups than are asked for",
            mistakes(
                lab().workload(
                    plain("/web")
                        .instances(3)
                        .constraint(Constraint::group_by(Lab::RACK, 3)),
                ),
            ),
        ),
        (
            "a port of each agent, once",
            mistakes(lab().workloads([fixed("/web").instances(2), fixed("/shop").instances(2)])),
        ),
        (
            "outside its group",
            mistakes(lab().workload(app_group("/shop").app(plain("/web")))),
        ),
        (
            "no marathon",
            mistakes(Cluster::new("lab").hosts(hosts("a")).workload(plain("/web"))),
        ),
    ];
    let mut told = String::new();
    for (name, said) in cases {
        writeln!(
            told,
            "{name}
{said}"
        )
        .unwrap();
    }
    assert_snapshot("workloads__together", told);
}

#[test]
fn what_fits_compiles_in_the_order_of_dependencies() {
    let compiled = lab()
        .workload(
            app("/web")
                .cmd("x")
                .instances(3)
                .constraint(Constraint::unique("hostname"))
                .depends_on("/data"),
        )
        .workload(
            app_group("/data")
                .app(app("db").cmd("x"))
                .app(app("cache").cmd("x").depends_on("/data/db")),
        )
        .build()
        .unwrap()
        .compile()
        .unwrap();
    let deployment = &compiled.deployments[0];
    let names: Vec<&str> = deployment
        .workloads
        .iter()
        .map(|workload| workload.name.as_str())
        .collect();
    assert_eq!(names, ["/data/db", "/data/cache", "/web"]);
    assert_eq!(deployment.catalogs.len(), 2);
    let entries = &deployment.catalogs[0].catalog.entries;
    let after: Vec<String> = entries[2].after.iter().map(|edge| edge.on.to_string()).collect();
    assert_eq!(after, ["marathon-app[/data/cache]", "marathon-app[/data/db]"]);
    assert_eq!(deployment.workloads[2].json["labels"]["mesos-iac.cluster"], "lab");
    // The hosts' own catalogs know nothing of them.
    assert!(compiled.hosts.iter().all(|host| host.catalog.entries.is_empty()));
}

#[test]
fn agents_of_the_role_library_are_seen_as_they_describe_themselves() {
    use mesos_iac::roles::mesos::{Mesos, MesosLayout};
    let zookeeper = "zk://10.0.0.1:2181/mesos".parse().unwrap();
    let mesos = Mesos::new(Version::new(1, 4, 0), MesosLayout::mesosphere()).zookeeper(zookeeper);
    let with = |rack: &str| {
        let agent = host("agent-0")
            .addr("10.0.0.11")
            .role(mesos.agent().attribute("rack", Lab::RACK));
        Cluster::new("lab")
            .hosts(host("master-0").role(Master))
            .hosts(agent)
            .workload(app("/web").cmd("x").constraint(Constraint::cluster("rack", rack)))
    };
    assert!(with("r1").build().unwrap().compile().is_ok());
    let told = mistakes(with("r2"));
    assert!(
        told.contains("the nearest is agent-0: rack is `r1`, not `r2`"),
        "{told}"
    );
}

/// An app that asks for more than any agent has waits for ever; where one doesn't say what it has, there is no saying.
#[test]
fn apps_that_ask_for_more_than_any_agent_has_are_told() {
    let zookeeper = "zk://10.0.0.1:2181/mesos".parse().unwrap();
    let mesos = Mesos::new(Version::new(1, 4, 0), MesosLayout::mesosphere()).zookeeper(zookeeper);
    let agent = |name: &'static str, address: &'static str, resources| {
        let agent = mesos.agent().attribute("rack", Lab::RACK).resources(resources);
        host(name).addr(address).role(agent)
    };
    let with = |app: App| {
        let small = Resources::from([AgentResource::cpus(4.0), AgentResource::mem(8192)]);
        let large = Resources::from([AgentResource::cpus(8.0), AgentResource::mem(4096)]);
        Cluster::new("lab")
            .hosts(host("master-0").role(Master))
            .hosts(agent("agent-0", "10.0.0.11", small))
            .hosts(agent("agent-1", "10.0.0.12", large))
            .workload(app.cmd("x"))
    };
    let is_fine = |cluster: ClusterBuilder| cluster.build().unwrap().compile().is_ok();
    assert!(is_fine(with(app("/web").cpus(8.0).mem(4096))));
    // Nobody says what disks there are.
    assert!(is_fine(with(app("/web").cpus(0.5).disk(1_000_000))));
    let told = mistakes(with(app("/web").cpus(8.5).mem(4096)));
    assert!(
        told.contains("app `/web`: no declared agent has what each instance asks for, and it would wait for ever"),
        "{told}"
    );
    assert!(
        told.contains("the nearest is agent-1: it has 8 cpus, not 8.5;"),
        "{told}"
    );
    // Each has the one, and none has both.
    let told = mistakes(with(app("/web").cpus(5.0).mem(8192)));
    assert!(told.contains("the nearest is agent-0: it has 4 cpus, not 5;"), "{told}");
    // An agent that says nothing may have it.
    let unknown = host("agent-2")
        .addr("10.0.0.13")
        .role(mesos.agent().attribute("rack", Lab::RACK));
    assert!(is_fine(with(app("/web").cpus(64.0)).hosts(unknown)));
}
