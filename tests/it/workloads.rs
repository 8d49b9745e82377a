//! Apps: what is refused offline, what each version of Marathon gets, and whether Marathon's own schemas take it.

use crate::support::{assert_snapshot, repository};
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::marathon::MarathonApi;
use mesos_iac::workloads::AgentView;
use mesos_iac::workloads::marathon::{
    App, Constraint, HealthCheck, HealthProtocol, KillSelection, Network, Port, PortMapping, ReadinessCheck, Volume,
    app, app_group, docker, mesos_container,
};
use serde_json::json;
use std::fmt::Write as _;

const V08: Version = Version::new(0, 8, 2);
const V011: Version = Version::new(0, 11, 1);
const V015: Version = Version::new(0, 15, 3);
const V11: Version = Version::new(1, 1, 7);
const V13: Version = Version::new(1, 3, 14);
const V14: Version = Version::new(1, 4, 13);
const V15: Version = Version::new(1, 5, 15);
const V110: Version = Version::new(1, 10, 26);

/// Something that every version takes, to make mistakes with.
fn sound() -> App {
    app("/web").cmd("./serve").cpus(0.5).mem(64).instances(2)
}

fn bridged() -> App {
    app("/web").container(docker("nginx:1.25").bridge().map(80))
}

/// The rule, a version, an app that breaks it and one beside it that doesn't.
type Rule = (&'static str, App, App);

fn rules() -> Vec<Rule> {
    let id = |id: &str| App::clone(&app(id).cmd("x"));
    let constrained = |constraint: Constraint| sound().constraint(constraint);
    let checked = |check: HealthCheck| sound().port(0).health_check(check);
    let single = || sound().instances(1).label("MARATHON_SINGLE_INSTANCE_APP", "true");
    let named = Network::Named("weave".into());
    vec![
        ("id: absolute", V15, id("web"), id("/web")),
        ("id: characters", V15, id("/Shop/web_1"), id("/shop/web-1")),
        ("id: segments", V15, id("/shop//web"), id("/shop/web")),
        ("id: ends", V15, id("/shop/-web"), id("/shop/web")),
        ("id: dots", V15, id("/shop/../web"), id("/shop/web.lab")),
        ("cmd xor args", V15, sound().args(["x"]), bridged().args(["x"])),
        ("cmd, or an image", V15, app("/web"), bridged()),
        ("cmd not empty", V15, app("/web").cmd(" "), sound()),
        ("cpus", V15, sound().cpus(0.0), sound().cpus(0.001)),
        ("mem", V08, sound().mem(-1), sound().mem(0)),
        (
            "gpus: containerizer",
            V15,
            bridged().gpus(1),
            sound().container(mesos_container()).gpus(1),
        ),
        ("gpus: version", V11, sound().gpus(1), sound()),
        (
            "accepted roles: not empty",
            V15,
            sound().accepted_resource_roles([""; 0]),
            sound().accepted_resource_roles(["*"]),
        ),
        (
            "accepted roles: version",
            V08,
            sound().accepted_resource_roles(["*"]),
            sound(),
        ),
        (
            "ports: only on the host's network",
            V15,
            bridged().port(80),
            bridged().no_ports(),
        ),
        ("ports: unique", V15, sound().port(80).port(80), sound().port(0).port(0)),
        (
            "ports: names",
            V15,
            sound().port(Port::new(0).name("Web")),
            sound().port(Port::new(0).name("web")),
        ),
        (
            "ports: unique names",
            V15,
            sound().port(Port::new(0).name("a")).port(Port::new(0).name("a")),
            sound(),
        ),
        (
            "ports: definitions by version",
            V015,
            sound().port(Port::new(0).udp()),
            sound().port(0),
        ),
        (
            "mappings: only on other networks",
            V15,
            sound().container(docker("a").map(80)),
            bridged(),
        ),
        (
            "mappings: unique service ports",
            V15,
            app("/web").container(
                docker("a")
                    .bridge()
                    .map(PortMapping::new(1).service_port(9))
                    .map(PortMapping::new(2).service_port(9)),
            ),
            bridged(),
        ),
        (
            "mappings: unique host ports",
            V15,
            app("/web").container(
                docker("a")
                    .bridge()
                    .map(PortMapping::new(1).host_port(9))
                    .map(PortMapping::new(2).host_port(9)),
            ),
            bridged(),
        ),
        (
            "mappings: a bridge leads to the host",
            V15,
            app("/web").container(docker("a").bridge().map(PortMapping::new(1).not_on_host())),
            app("/web").container(
                docker("a")
                    .network(named.clone())
                    .map(PortMapping::new(1).not_on_host()),
            ),
        ),
        (
            "mappings: names by version",
            V015,
            app("/web").container(docker("a").bridge().map(PortMapping::new(1).name("web"))),
            bridged(),
        ),
        (
            "mesos containers by version",
            V015,
            sound().container(mesos_container()),
            sound(),
        ),
        (
            "mesos containers: bridges by version",
            V14,
            sound().container(mesos_container().bridge()),
            sound().container(mesos_container()),
        ),
        (
            "mesos containers: no options of docker",
            V15,
            sound().container(mesos_container().privileged()),
            bridged().container(docker("a").privileged()),
        ),
        (
            "docker's options by version",
            V08,
            sound().container(docker("a").privileged()),
            sound().container(docker("a")),
        ),
        (
            "named networks by version",
            V11,
            sound().container(docker("a").network(named.clone())),
            sound(),
        ),
        (
            "named networks: names",
            V15,
            sound().container(docker("a").network(Network::Named("My Net".into()))),
            sound().container(docker("a").network(named)),
        ),
        (
            "volumes: persistent ones stand in the sandbox",
            V15,
            sound().container(mesos_container().volume(Volume::persistent("/data", 10))),
            sound().container(mesos_container().volume(Volume::persistent("data", 10))),
        ),
        (
            "volumes: persistent ones by version",
            V015,
            sound().container(docker("a").volume(Volume::persistent("data", 10))),
            sound().container(docker("a").volume(Volume::host("/srv", "/data"))),
        ),
        (
            "constraints: a regular expression",
            V15,
            constrained(Constraint::like("rack", "r(")),
            constrained(Constraint::like("rack", "r.*")),
        ),
        (
            "constraints: a number",
            V15,
            constrained(Constraint::max_per("rack", 0)),
            constrained(Constraint::max_per("rack", 1)),
        ),
        (
            "constraints: characters of IS",
            V110,
            constrained(Constraint::is("rack", "r 1")),
            constrained(Constraint::is("rack", "r1")),
        ),
        (
            "constraints: once",
            V15,
            sound()
                .constraint(Constraint::unique("hostname"))
                .constraint(Constraint::unique("hostname")),
            sound()
                .constraint(Constraint::unique("hostname"))
                .constraint(Constraint::unique("rack")),
        ),
        (
            "constraints: MAX_PER by version",
            V11,
            constrained(Constraint::max_per("rack", 2)),
            constrained(Constraint::group_by("rack", 2)),
        ),
        (
            "constraints: IS by version",
            V15,
            constrained(Constraint::is("rack", "r1")),
            constrained(Constraint::cluster("rack", "r1")),
        ),
        (
            "constraints: @fields by version",
            V15,
            constrained(Constraint::unique("@hostname")),
            constrained(Constraint::unique("hostname")),
        ),
        (
            "health: one of Mesos",
            V15,
            checked(HealthCheck::command("true")).health_check(HealthCheck::new(HealthProtocol::MesosTcp)),
            checked(HealthCheck::command("true")).health_check(HealthCheck::tcp()),
        ),
        (
            "health: port index",
            V15,
            checked(HealthCheck::tcp().port_index(1)),
            checked(HealthCheck::tcp().port_index(0)),
        ),
        (
            "health: a port to ask",
            V15,
            sound().no_ports().health_check(HealthCheck::tcp()),
            checked(HealthCheck::tcp()),
        ),
        (
            "health: one way to name a port",
            V15,
            checked(HealthCheck::tcp().port(1).port_index(0)),
            checked(HealthCheck::tcp().port(1)),
        ),
        (
            "health: paths",
            V15,
            checked(HealthCheck::http("health")),
            checked(HealthCheck::http("/health")),
        ),
        (
            "health: commands",
            V15,
            checked(HealthCheck::new(HealthProtocol::Command)),
            checked(HealthCheck::command("true")),
        ),
        (
            "health: of Mesos by version",
            V13,
            checked(HealthCheck::new(HealthProtocol::MesosTcp)),
            checked(HealthCheck::tcp()),
        ),
        (
            "health: delay by version",
            V13,
            checked(HealthCheck::tcp().delay_seconds(1)),
            checked(HealthCheck::tcp()),
        ),
        (
            "health: port by version",
            V011,
            checked(HealthCheck::tcp().port(1)),
            checked(HealthCheck::tcp()),
        ),
        (
            "readiness: one",
            V15,
            sound()
                .port(Port::new(0).name("web"))
                .readiness_check(ReadinessCheck::http("web", "/"))
                .readiness_check(ReadinessCheck::http("web", "/a")),
            sound()
                .port(Port::new(0).name("web"))
                .readiness_check(ReadinessCheck::http("web", "/")),
        ),
        (
            "readiness: a port of that name",
            V15,
            sound().port(0).readiness_check(ReadinessCheck::http("web", "/")),
            sound()
                .port(Port::new(0).name("web"))
                .readiness_check(ReadinessCheck::http("web", "/")),
        ),
        (
            "upgrade: parts",
            V15,
            sound().minimum_health_capacity(1.5),
            sound().minimum_health_capacity(1.0),
        ),
        (
            "upgrade: over capacity by version",
            V08,
            sound().maximum_over_capacity(0.5),
            sound().minimum_health_capacity(0.5),
        ),
        (
            "single instance: instances",
            V15,
            single()
                .instances(2)
                .minimum_health_capacity(0.0)
                .maximum_over_capacity(0.0),
            single().minimum_health_capacity(0.0).maximum_over_capacity(0.0),
        ),
        (
            "single instance: 0/0",
            V15,
            single().minimum_health_capacity(0.5).maximum_over_capacity(0.0),
            single().minimum_health_capacity(0.0).maximum_over_capacity(0.0),
        ),
        ("backoff", V15, sound().backoff(1, 0.5), sound().backoff(1, 1.15)),
        (
            "launch delay by version",
            V08,
            sound().max_launch_delay_seconds(60),
            sound(),
        ),
        ("kill grace by version", V11, sound().kill_grace_seconds(5), sound()),
        (
            "kill selection by version",
            V13,
            sound().kill_selection(KillSelection::OldestFirst),
            sound(),
        ),
        (
            "dependencies: absolute",
            V15,
            sound().depends_on("db"),
            sound().depends_on("/db"),
        ),
        (
            "dependencies: another",
            V15,
            sound().depends_on("/web"),
            sound().depends_on("/web2"),
        ),
        ("variables", V15, sound().env("A=B", "1"), sound().env("A", "1")),
        (
            "labels of ours",
            V15,
            sound().label("mesos-iac.cluster", "x"),
            sound().label("cluster", "x"),
        ),
        (
            "unchecked fields: once",
            V15,
            sound().unchecked_field("cpus", json!(1)),
            sound().unchecked_field("residency", json!({})),
        ),
        (
            "unchecked fields: by version",
            V15,
            sound().unchecked_field("uris", json!([])),
            sound().fetch("http://a/b.tgz"),
        ),
    ]
}

#[test]
fn what_marathon_would_refuse_is_refused_with_reason_place_and_hint() {
    let mut told = String::new();
    for (rule, version, wrong, right) in rules() {
        let problems = wrong.problems(version);
        assert!(!problems.is_empty(), "{rule}: nothing is found");
        let near = right.problems(version);
        assert!(near.is_empty(), "{rule}: the near one is refused:\n{near}");
        writeln!(told, "{rule}").unwrap();
        for problem in problems.iter() {
            assert!(
                problem
                    .places
                    .iter()
                    .any(|place| place.at.file.ends_with("workloads.rs")),
                "{rule}"
            );
            writeln!(
                told,
                "  {}\n    hint: {}",
                problem.message,
                problem.hint.as_deref().unwrap_or("none")
            )
            .unwrap();
        }
    }
    writeln!(told, "\n{} rules", rules().len()).unwrap();
    assert_snapshot("workloads__mistakes", told);
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

fn rendered() -> Vec<(String, serde_json::Value)> {
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

fn lab() -> mesos_iac::ClusterBuilder {
    Cluster::new("lab")
        .hosts(hosts("master-[0-1]").role(Master))
        .hosts(hosts("agent-[0-2]").role(Agent))
        .hosts_matching("agent-2", |host| host.set(Lab::RACK, "r2"))
}

fn mistakes(cluster: mesos_iac::ClusterBuilder) -> String {
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
            "outside its group",
            mistakes(lab().workload(app_group("/shop").app(plain("/web")))),
        ),
        (
            "no marathon",
            mistakes(Cluster::new("lab").hosts(hosts("a")).workload(plain("/web"))),
        ),
    ];
    let told: String = cases.iter().map(|(name, told)| format!("{name}\n{told}\n")).collect();
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
