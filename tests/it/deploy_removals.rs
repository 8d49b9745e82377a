//! What leaves an app's definition: the plan tells it, the deployment does it, and the next one finds nothing to do.

use crate::deploy::{deployed, planned};
use crate::fake_marathon::FakeMarathon;
use mesos_iac::converge::Outcome;
use mesos_iac::plan::Planned;
use mesos_iac::workloads::marathon::{
    App, Container, HealthCheck, Network, Port, PortMapping, ReadinessCheck, Volume, app, docker,
};
use serde_json::{Value as Json, json};

const V08: (u16, u16) = (0, 8);
const V14: (u16, u16) = (1, 4);
const V15: (u16, u16) = (1, 5);

fn in_container(container: Container) -> App {
    app("/web").cmd("./web").container(container)
}

fn told(marathon: &FakeMarathon, app: &App) -> Vec<String> {
    let plan = planned(marathon, std::slice::from_ref(app));
    let Planned::WouldChange(diff) = &plan.resources[0].planned else {
        return vec![format!("{:?}", plan.resources[0].planned)];
    };
    diff.changes.iter().map(|change| change.property.clone()).collect()
}

/// Deploys the one, then the other: what the plan told of the second, what was sent, and what there is in the end.
fn edited(version: (u16, u16), before: App, after: &App) -> (Vec<String>, Vec<String>, Json) {
    let marathon = FakeMarathon::of_version(version);
    let outcomes = deployed(&marathon, std::slice::from_ref(&before), false);
    assert!(
        matches!(outcomes[0].1, Outcome::Changed(_)),
        "{version:?}: {outcomes:?}"
    );
    assert_eq!(told(&marathon, &before), ["NoChange"], "{version:?}");
    // Somebody scaled it, which the definition doesn't speak of.
    marathon.state().apps.get_mut("/web").unwrap()["instances"] = json!(5);
    marathon.changes();
    let plan = told(&marathon, after);
    let outcomes = deployed(&marathon, std::slice::from_ref(after), false);
    assert!(
        matches!(outcomes[0].1, Outcome::Changed(_)),
        "{version:?}: {outcomes:?}"
    );
    let sent = marathon.changes();
    let outcomes = deployed(&marathon, std::slice::from_ref(after), false);
    assert_eq!(outcomes[0].1, Outcome::NoChange, "{version:?}");
    assert_eq!(marathon.changes(), [""; 0], "{version:?}");
    let app = marathon.state().apps["/web"].clone();
    assert_eq!(app["instances"], 5, "{version:?}: what isn't spoken of stays");
    (plan, sent, app)
}

#[test]
fn an_app_that_isnt_privileged_any_more() {
    for version in [V14, V15] {
        let with = docker("web:1").privileged().force_pull().parameter("hostname", "web");
        let (plan, sent, app) = edited(version, in_container(with), &in_container(docker("web:1")));
        let docker = &app["container"]["docker"];
        assert_eq!(
            plan,
            [
                "container.docker.forcePullImage",
                "container.docker.parameters",
                "container.docker.privileged"
            ]
        );
        assert_eq!(sent, ["PUT /v2/apps/web"]);
        assert_eq!(
            (&docker["privileged"], &docker["parameters"]),
            (&json!(false), &json!([]))
        );
    }
}

#[test]
fn a_volume_that_left() {
    for version in [V08, V14, V15] {
        let with = docker("web:1").volume(Volume::host("/srv", "/data"));
        let (plan, sent, app) = edited(version, in_container(with), &in_container(docker("web:1")));
        assert_eq!(plan, ["container.volumes"], "{version:?}");
        assert_eq!(sent, ["PUT /v2/apps/web"]);
        assert_eq!(app["container"]["volumes"], json!([]));
    }
}

#[test]
fn a_bridge_that_left_and_one_that_came() {
    for (version, properties) in [
        (V08, ["container.docker.network", "container.docker.portMappings"]),
        (V14, ["container.docker.network", "container.docker.portMappings"]),
        (V15, ["container.portMappings", "networks"]),
    ] {
        let with = in_container(docker("web:1").bridge().map(80));
        let without = in_container(docker("web:1"));
        let (plan, sent, app) = edited(version, with.clone(), &without);
        assert_eq!(plan, properties, "{version:?}");
        assert_eq!(sent, ["PUT /v2/apps/web"]);
        if version == V15 {
            assert_eq!(app["networks"], json!([{ "mode": "host" }]));
        }
        let (mut plan, ..) = edited(version, without, &with);
        plan.sort();
        assert_eq!(plan, properties, "{version:?}");
    }
}

#[test]
fn a_named_network_that_left() {
    let with = docker("web:1").network(Network::Named("weave".into()));
    let (plan, sent, app) = edited(V14, in_container(with), &in_container(docker("web:1")));
    assert_eq!(plan, ["container.docker.network", "ipAddress"]);
    assert_eq!(sent, ["PUT /v2/apps/web?partialUpdate=false"]);
    assert_eq!(app["ipAddress"], Json::Null);
}

#[test]
fn from_a_command_to_arguments_and_back() {
    let anew = ["DELETE /v2/apps/web", "POST /v2/apps"];
    let whole = ["PUT /v2/apps/web?partialUpdate=false"];
    for (version, properties, requests) in [
        (V08, &["args", "cmd", "app"][..], &anew[..]),
        (V14, &["args", "cmd"], &whole),
        (V15, &["args", "cmd"], &whole),
    ] {
        let command = app("/web").cmd("./web").container(docker("web:1"));
        let arguments = app("/web").args(["--port", "80"]).container(docker("web:1"));
        let (plan, sent, json) = edited(version, command.clone(), &arguments);
        assert_eq!((plan, sent), (texts(properties), texts(requests)), "{version:?}");
        assert_eq!(json["cmd"], Json::Null);
        let (mut plan, sent, json) = edited(version, arguments, &command);
        plan[..2].sort();
        assert_eq!((plan, sent), (texts(properties), texts(requests)), "{version:?}");
        assert_eq!(json["args"].as_array().map_or(0, Vec::len), 0);
        // What the image runs by itself.
        let (_, sent, json) = edited(version, command, &app("/web").container(docker("web:1")));
        assert_eq!((&json["cmd"], sent), (&Json::Null, texts(requests)), "{version:?}");
        // And without the container.
        let (plan, sent, json) = edited(version, in_container(docker("web:1")), &app("/web").cmd("./web"));
        assert_eq!(
            (&json["container"], sent),
            (&Json::Null, texts(requests)),
            "{version:?}"
        );
        assert_eq!(plan[0], "container");
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_would_cost_persistent_volumes_is_refused_before_1_4() {
    let with = docker("web:1").volume(Volume::persistent("data", 64));
    let marathon = FakeMarathon::of_version((1, 1));
    deployed(&marathon, &[in_container(with.clone())], false);
    marathon.changes();
    let without = app("/web").container(with);
    let plan = planned(&marathon, std::slice::from_ref(&without));
    let Planned::Failed(why) = &plan.resources[0].planned else {
        panic!("{plan:?}")
    };
    assert!(
        why.contains(
            "update app /web: Marathon can't take its `cmd` away before 1.4, and to remove the app would remove"
        ),
        "{why}"
    );
    deployed(&marathon, &[without], false);
    assert_eq!(marathon.changes(), [""; 0]);
}

#[test]
fn checks_names_and_asked_ports_that_left() {
    for version in [V14, V15] {
        let plain = app("/web").cmd("./web").port(Port::new(80).name("web"));
        let with = plain
            .clone()
            .require_ports()
            .readiness_check(ReadinessCheck::http("web", "/ready"))
            .health_check(HealthCheck::http("/health"));
        let (plan, sent, _) = edited(version, with, &plain);
        assert_eq!(plan, ["healthChecks", "readinessChecks", "requirePorts"], "{version:?}");
        assert_eq!(sent, ["PUT /v2/apps/web"]);
        let mapped = |mapping| in_container(docker("web:1").bridge().map(mapping));
        let (plan, ..) = edited(
            version,
            mapped(PortMapping::new(80).name("web")),
            &mapped(PortMapping::new(80)),
        );
        assert!(plan[0].ends_with("portMappings"), "{plan:?}");
    }
}

/// Marathon's numbers for what a check doesn't say aren't the same in all versions.
#[test]
fn numbers_of_a_check_stay_as_they_are() {
    for version in [V08, V14, V15] {
        let with = |check, mem| app("/web").cmd("./web").mem(mem).health_check(check);
        let before = with(HealthCheck::http("/").interval_seconds(7), 64);
        let marathon = FakeMarathon::of_version(version);
        deployed(&marathon, &[before], false);
        assert_eq!(told(&marathon, &with(HealthCheck::http("/"), 64)), ["NoChange"]);
        let after = with(HealthCheck::http("/"), 128);
        assert_eq!(told(&marathon, &after), ["mem"]);
        deployed(&marathon, &[after], false);
        let check = marathon.state().apps["/web"]["healthChecks"][0].clone();
        assert_eq!(
            check["intervalSeconds"], 7,
            "{version:?}: what wasn't told isn't changed"
        );
        // Another check has none of them.
        deployed(&marathon, &[with(HealthCheck::http("/health"), 128)], false);
        let check = marathon.state().apps["/web"]["healthChecks"][0].clone();
        assert_eq!(check["intervalSeconds"], 60, "{version:?}");
    }
}
