//! The rules that Marathon holds of an app: for each one an app that breaks it and is refused, and a near one that isn't.

use crate::support::assert_snapshot;
use mesos_iac::roles::Version;
use mesos_iac::workloads::marathon::{
    App, Constraint, HealthCheck, HealthProtocol, KillSelection, Network, Port, PortMapping, ReadinessCheck, Volume,
    app, docker, mesos_container,
};
use serde_json::json;
use std::fmt::Write as _;
use std::time::Duration;

const V08: Version = Version::new(0, 8, 2);
const V011: Version = Version::new(0, 11, 1);
const V015: Version = Version::new(0, 15, 3);
const V11: Version = Version::new(1, 1, 7);
const V13: Version = Version::new(1, 3, 14);
const V14: Version = Version::new(1, 4, 13);
const V15: Version = Version::new(1, 5, 15);
const V110: Version = Version::new(1, 10, 26);

/// Something that every version takes, to make mistakes with.
pub(crate) fn sound() -> App {
    app("/web").cmd("./serve").cpus(0.5).mem(64).instances(2)
}

fn bridged() -> App {
    app("/web").container(docker("nginx:1.25").bridge().map(80))
}

/// The rule, a version, an app that breaks it and one beside it that doesn't.
type Rule = (&'static str, Version, App, App);

fn rules() -> Vec<Rule> {
    let id = |id: &str| App::clone(&app(id).cmd("x"));
    let constrained = |constraint: Constraint| sound().constraint(constraint);
    let mapped = |mapping: PortMapping| app("/web").container(docker("a").bridge().map(mapping));
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
        ("no NUL byte", V15, sound().env("A", "a\0b"), sound().env("A", "a b")),
        (
            "labels: not a secret's",
            V15,
            sound().label("mesos_iac.secret", "x"),
            sound().label("mesos-secret", "x"),
        ),
        (
            "env: not a secret's",
            V15,
            sound().env("mesos_iac.secret_forms", "x"),
            sound().env("MESOS_SECRET", "x"),
        ),
        (
            "labels of ports: not a secret's",
            V15,
            sound().port(Port::new(0).label("mesos_iac.secret", "x")),
            sound().port(Port::new(0).label("VIP_0", "x")),
        ),
        (
            "labels of mappings: not a secret's",
            V15,
            mapped(PortMapping::new(1).label("mesos_iac.secret", "x")),
            mapped(PortMapping::new(1).label("VIP_0", "x")),
        ),
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
            "deployments: a week",
            V15,
            sound().deploy_within(Duration::from_secs(7 * 24 * 3600 + 1)),
            sound().deploy_within(Duration::from_secs(7 * 24 * 3600)),
        ),
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
        ("users", V15, sound().user("www\n"), sound().user("www-data")),
        ("fetched: something", V15, sound().fetch(""), sound().fetch("file:///a")),
        ("labels: named", V15, sound().label("", "x"), sound().label("x", "")),
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
                    .any(|place| place.at.file.ends_with("workload_rules.rs")),
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
