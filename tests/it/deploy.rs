//! Deployments against a server that speaks Marathon's API: created, updated, scaled, removed, and everything that goes wrong.

use crate::fake_marathon::{FakeMarathon, Mood};
use crate::support::{Lab, assert_snapshot};
use mesos_iac::SecretSource;
use mesos_iac::converge::{ConvergeOptions, Event, Outcome, converge};
use mesos_iac::model::{Deployment, Ledger};
use mesos_iac::plan::{Plan, Planned, plan};
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::marathon::MarathonApi;
use mesos_iac::state::Store;
use mesos_iac::system::{FakeSystem, PlanningSystem};
use mesos_iac::workloads::marathon::{App, Constraint, HealthCheck, PortMapping, app, docker};
use serde_json::json;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A host on whose loopback interface Marathon answers at this address.
#[derive(Role, Clone)]
#[role(name = "deploy-marathon")]
struct Marathon(SocketAddr, Version);

impl Declares for Marathon {
    fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
        cx.expose(MarathonApi::at(self.0, self.1).credentials(Secret::from_env("DEPLOY_CREDENTIALS")));
        Ok(())
    }

    fn declare(&self, _: &mut Cx<'_>) -> Result<()> {
        Ok(())
    }
}

fn deployment(addr: SocketAddr, apps: &[App]) -> Deployment {
    deployment_to(addr, (1, 5), apps)
}

fn deployment_to(addr: SocketAddr, (major, minor): (u16, u16), apps: &[App]) -> Deployment {
    let version = Version::new(major, minor, 2);
    let cluster = Cluster::new("lab")
        .hosts(host("m-0").role(Marathon(addr, version)))
        .workloads(apps.to_vec());
    let compiled = cluster.build().unwrap().compile().unwrap();
    compiled.deployments[0].clone()
}

/// Both on this machine, so that the questions go to the server of the test.
fn fake_host() -> FakeSystem {
    FakeSystem::new()
        .with_real_http()
        .with_secret(SecretSource::Environment("DEPLOY_CREDENTIALS".into()), "anna:hunter2")
        .with_secret(SecretSource::Environment("DEPLOY_TOKEN".into()), "hunter3")
}

pub(crate) fn planned(marathon: &FakeMarathon, apps: &[App]) -> Plan {
    let version = marathon.state().version;
    let deployment = deployment_to(marathon.addr, version, apps);
    let system = fake_host();
    plan(
        &deployment.catalogs[0].catalog,
        &PlanningSystem(&system),
        &Ledger::default(),
    )
}

pub(crate) fn deployed(marathon: &FakeMarathon, apps: &[App], prune: bool) -> Vec<(String, Outcome)> {
    deployed_on(&fake_host(), marathon, apps, prune)
}

fn deployed_on(system: &FakeSystem, marathon: &FakeMarathon, apps: &[App], prune: bool) -> Vec<(String, Outcome)> {
    let version = marathon.state().version;
    let mut deployment = deployment_to(marathon.addr, version, apps);
    let mut catalog = deployment.catalogs.remove(0);
    if prune {
        catalog.catalog.entries.extend(catalog.leftovers);
    }
    let mut outcomes = Vec::new();
    let mut tell = |event| {
        if let Event::ResourceFinished { id, outcome, .. } = event {
            outcomes.push((id.key, outcome));
        }
    };
    let options = ConvergeOptions::default();
    converge(&catalog.catalog, system, &mut Store::in_memory(), &options, &mut tell);
    outcomes
}

fn shop() -> Vec<App> {
    vec![
        app("/web")
            .cmd("./web")
            .instances(2)
            .env("MODE", "production")
            .env_secret("TOKEN", Secret::from_env("DEPLOY_TOKEN"))
            .constraint(Constraint::unique("hostname"))
            .depends_on("/db"),
        app("/db").cmd("./db").mem(256),
    ]
}

fn failure(marathon: &FakeMarathon) -> String {
    failure_on(&fake_host(), marathon)
}

fn failure_on(system: &FakeSystem, marathon: &FakeMarathon) -> String {
    let quick = |app: App| app.deploy_within(Duration::from_millis(500));
    let outcomes = deployed_on(system, marathon, &[quick(app("/web").cmd("x").instances(2))], false);
    match &outcomes[0].1 {
        Outcome::Failed(why) => why.clone(),
        other => panic!("it didn't fail: {other:?}"),
    }
}

#[test]
fn apps_are_created_in_order_and_a_second_run_finds_nothing_to_do() {
    let marathon = FakeMarathon::start();
    let foreseen = planned(&marathon, &shop());
    assert!(
        foreseen
            .resources
            .iter()
            .all(|resource| matches!(resource.planned, Planned::WouldChange(_)))
    );
    assert_eq!(marathon.changes(), [""; 0], "a plan changes nothing");
    let outcomes = deployed(&marathon, &shop(), false);
    let keys: Vec<&str> = outcomes.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["/db", "/web"]);
    assert!(
        outcomes
            .iter()
            .all(|(_, outcome)| matches!(outcome, Outcome::Changed(_))),
        "{outcomes:?}"
    );
    assert_eq!(marathon.changes(), ["POST /v2/apps", "POST /v2/apps"]);
    {
        let state = marathon.state();
        assert_eq!(
            state.apps["/web"]["env"],
            json!({ "MODE": "production", "TOKEN": "hunter3" })
        );
        assert_eq!(state.apps["/web"]["tasksRunning"], 2, "its deployment is over");
        assert_eq!(state.apps["/db"]["labels"], json!({ "mesos-iac.cluster": "lab" }));
        assert!(state.authorization.iter().all(|said| said == "Basic YW5uYTpodW50ZXIy"));
    }
    let outcomes = deployed(&marathon, &shop(), true);
    assert!(
        outcomes.iter().all(|(_, outcome)| *outcome == Outcome::NoChange),
        "{outcomes:?}"
    );
    assert_eq!(marathon.changes(), [""; 0]);
}

#[test]
fn an_edit_changes_that_app_alone_and_exactly_what_was_edited() {
    let marathon = FakeMarathon::start();
    deployed(&marathon, &shop(), false);
    marathon.changes();
    let mut edited = shop();
    edited[1] = edited[1].clone().instances(3).env("LEVEL", "2");
    let foreseen = planned(&marathon, &edited);
    let Planned::WouldChange(diff) = &foreseen.resources[0].planned else {
        panic!("{foreseen:?}")
    };
    let told: Vec<String> = diff
        .changes
        .iter()
        .map(|change| format!("{}: {} → {}", change.property, change.from, change.to))
        .collect();
    assert_eq!(told, ["env.LEVEL: absent → 2", "instances: 1 → 3"]);
    assert_eq!(foreseen.resources[1].planned, Planned::NoChange);
    deployed(&marathon, &edited, false);
    assert_eq!(marathon.changes(), ["PUT /v2/apps/db"]);
    assert_eq!(marathon.state().apps["/db"]["instances"], 3);
}

#[test]
fn what_marathon_shows_in_its_own_way_settles() {
    for version in [(1, 4), (1, 5)] {
        let marathon = FakeMarathon::of_version(version);
        let web = app("/web")
            .container(
                docker("nginx:1.25")
                    .bridge()
                    .map(PortMapping::new(80).host_port(31_080)),
            )
            .require_ports()
            .health_check(HealthCheck::http("/a").port_index(0))
            .health_check(HealthCheck::http("/b").port_index(0).grace_seconds(10))
            .health_check(HealthCheck::http("/a").port_index(0));
        let first = deployed(&marathon, std::slice::from_ref(&web), false);
        assert!(matches!(first[0].1, Outcome::Changed(_)), "{version:?}: {first:?}");
        let second = deployed(&marathon, &[web], false);
        assert_eq!(second[0].1, Outcome::NoChange, "{version:?}");
        assert_eq!(marathon.changes(), ["POST /v2/apps"], "{version:?}");
    }
}

#[test]
fn what_somebody_changed_by_hand_is_a_difference_and_its_values_are_not_shown() {
    let marathon = FakeMarathon::start();
    deployed(&marathon, &shop(), false);
    marathon.state().apps.get_mut("/web").unwrap()["env"] =
        json!({ "MODE": "production", "TOKEN": "stolen", "OTHER": "hidden" });
    let foreseen = planned(&marathon, &shop());
    let text = serde_json::to_string(&foreseen).unwrap();
    for secret in ["stolen", "hidden", "hunter3", "hunter2"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let Planned::WouldChange(diff) = &foreseen.resources[1].planned else {
        panic!("{foreseen:?}")
    };
    let properties: Vec<&str> = diff.changes.iter().map(|change| change.property.as_str()).collect();
    assert_eq!(properties, ["env.TOKEN", "env.OTHER"]);
    // What a definition doesn't say is Marathon's affair, or an autoscaler's.
    marathon.state().apps.get_mut("/db").unwrap()["instances"] = json!(7);
    assert_eq!(planned(&marathon, &shop()).resources[0].planned, Planned::NoChange);
}

#[test]
fn what_left_the_definition_goes_with_prune_and_what_others_run_stays() {
    let marathon = FakeMarathon::start();
    deployed(&marathon, &shop(), false);
    marathon.state().apps.insert(
        "/theirs".into(),
        json!({ "id": "/theirs", "labels": { "mesos-iac.cluster": "other" } }),
    );
    marathon
        .state()
        .apps
        .insert("/by-hand".into(), json!({ "id": "/by-hand", "labels": {} }));
    marathon.changes();
    let left = &shop()[1..];
    deployed(&marathon, left, false);
    assert_eq!(marathon.changes(), [""; 0]);
    deployed(&marathon, left, true);
    assert_eq!(marathon.changes(), ["DELETE /v2/apps/web"]);
    let state = marathon.state();
    assert_eq!(state.apps.keys().collect::<Vec<_>>(), ["/by-hand", "/db", "/theirs"]);
}

#[test]
fn a_deployment_that_was_begun_before_is_waited_for() {
    let marathon = FakeMarathon::start();
    marathon.mood(Mood::Stuck);
    let quick: Vec<App> = shop()
        .into_iter()
        .map(|app| app.deploy_within(Duration::from_millis(300)))
        .collect();
    let outcomes = deployed(&marathon, &quick[1..], false);
    assert!(matches!(outcomes[0].1, Outcome::Failed(_)));
    marathon.mood(Mood::Well);
    marathon.changes();
    let foreseen = planned(&marathon, &shop()[1..]);
    let Planned::WouldChange(diff) = &foreseen.resources[0].planned else {
        panic!("{foreseen:?}")
    };
    assert_eq!(diff.changes[0].property, "deployment");
    let outcomes = deployed(&marathon, &shop()[1..], false);
    assert!(matches!(outcomes[0].1, Outcome::Changed(_)), "{outcomes:?}");
    assert_eq!(marathon.changes(), [""; 0], "nothing is sent again");
}

#[test]
fn a_standby_sends_to_the_leader() {
    let (leader, standby) = (FakeMarathon::start(), FakeMarathon::start());
    for location in [format!("http://{}", leader.addr), format!("//{}", leader.addr)] {
        standby.mood(Mood::RedirectTo(location));
        let outcomes = deployed(&standby, &shop()[1..], false);
        assert!(!matches!(outcomes[0].1, Outcome::Failed(_)), "{outcomes:?}");
    }
    assert_eq!(leader.changes(), ["POST /v2/apps"]);
    standby.mood(Mood::RedirectTo(format!("http://{}", standby.addr)));
    assert!(
        failure(&standby).contains("redirected more than 3 times"),
        "{}",
        failure(&standby)
    );
    standby.mood(Mood::RedirectTo("https://leader.lab".into()));
    assert!(
        failure(&standby).contains("only http is spoken"),
        "{}",
        failure(&standby)
    );
}

#[test]
fn whatever_goes_wrong_is_told_in_words() {
    let cases = [
        (Mood::Locked("d-77"), "create app /web: deployment d-77 holds it"),
        (
            Mood::Invalid,
            "create app /web: Marathon refuses: status 422: Object is not valid: /container/docker: must not be empty",
        ),
        (
            Mood::NoLeader,
            "read app /web: Marathon refuses: status 503: Could not determine the current leader",
        ),
        (Mood::Garbage, "something else than HTTP answered"),
        (Mood::NoJson, "the answer is no JSON"),
        (Mood::Huge, "the answer has more than 33554432 bytes"),
        (Mood::CutOff, "the answer was cut off"),
        (
            Mood::Stuck,
            "deploy app /web: not done within 500ms: deployment d-1 is at step 1 of 2; of 2 instances 0 run",
        ),
    ];
    for (mood, words) in cases {
        let marathon = FakeMarathon::start();
        marathon.mood(mood.clone());
        let why = failure(&marathon);
        assert!(why.contains(words), "{mood:?}: {why}");
        assert!(!why.contains('\x1b'), "{mood:?}: {why:?}");
    }
    let marathon = FakeMarathon::start();
    marathon.mood(Mood::RollsBack);
    let rolled = app("/web").cmd("x").cpus(0.5);
    let outcomes = deployed(&marathon, &[rolled], false);
    let Outcome::Failed(why) = &outcomes[0].1 else {
        panic!("{outcomes:?}")
    };
    assert!(
        why.contains("the deployment is over, and it still differs (cpus)"),
        "{why}"
    );
    // Nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    drop(listener);
    let nobody = deployment(addr, &[app("/web").cmd("x")]);
    let system = fake_host();
    let plan = plan(
        &nobody.catalogs[0].catalog,
        &PlanningSystem(&system),
        &Ledger::default(),
    );
    let Planned::Failed(why) = &plan.resources[0].planned else {
        panic!("{plan:?}")
    };
    assert!(why.contains("Connection refused"), "{why}");
}

#[test]
fn a_secret_that_a_refusal_repeats_is_taken_out_before_the_refusal_is_shortened() {
    // The cut is after 300 characters: within the value, and where several spaces would become one.
    for (before, value) in [(297, "hunter3"), (298, "hun  ter3"), (10, "hun  ter3")] {
        let marathon = FakeMarathon::start();
        marathon.mood(Mood::Says(format!("{} {value} is wrong", "x".repeat(before - 1))));
        let secret = SecretSource::Environment("DEPLOY_TOKEN".into());
        let system = fake_host().with_secret(secret, value);
        let why = failure_on(&system, &marathon);
        assert!(why.contains("«") && !why.contains("hu"), "{why}");
    }
}

#[test]
fn a_secret_that_no_variable_can_carry_is_refused_before_anything_is_sent() {
    let marathon = FakeMarathon::start();
    let token = SecretSource::Environment("DEPLOY_TOKEN".into());
    let system = fake_host().with_secret(token, "h\0u\0");
    let web = app("/web")
        .cmd("x")
        .env_secret("TOKEN", Secret::from_env("DEPLOY_TOKEN"));
    let deployment = deployment(marathon.addr, std::slice::from_ref(&web));
    let plan = plan(
        &deployment.catalogs[0].catalog,
        &PlanningSystem(&system),
        &Ledger::default(),
    );
    let Planned::Failed(why) = &plan.resources[0].planned else {
        panic!("{plan:?}")
    };
    assert!(why.contains("env:DEPLOY_TOKEN: it has a NUL byte"), "{why}");
    let outcomes = deployed_on(&system, &marathon, &[web], false);
    assert!(matches!(outcomes[0].1, Outcome::Failed(_)), "{outcomes:?}");
    assert_eq!(marathon.changes(), [""; 0]);
}

#[test]
fn a_server_that_hangs_holds_nobody_up_for_ever() {
    use mesos_iac::model::{HttpQuestion, ReadSystem as _};
    let marathon = FakeMarathon::start();
    marathon.mood(Mood::Hangs);
    let started = Instant::now();
    let question = HttpQuestion {
        address: marathon.addr,
        target: "/v2/apps".into(),
        credentials: None,
        time_out: Duration::from_millis(300),
    };
    let error = fake_host().http_get(&question).unwrap_err().to_string();
    assert!(error.contains("no answer within 300ms"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn what_a_fake_host_cannot_know_it_says() {
    let deployment = deployment("127.0.0.1:1".parse().unwrap(), &[app("/web").cmd("x")]);
    let system = FakeSystem::new().with_secret(SecretSource::Environment("DEPLOY_CREDENTIALS".into()), "a:b");
    let plan = plan(
        &deployment.catalogs[0].catalog,
        &PlanningSystem(&system),
        &Ledger::default(),
    );
    assert!(matches!(plan.resources[0].planned, Planned::Unknown { .. }), "{plan:?}");
    assert_eq!(system.changes(), 0);
}

#[test]
fn a_deployment_leaves_the_state_of_the_host_alone() {
    use mesos_iac::agent::{Mode, RunOptions};
    use mesos_iac::fleet::{FleetEvent, HostResult, Stop, run_sandboxes};
    let directory = tempfile::tempdir().unwrap();
    let deployment = deployment("127.0.0.1:1".parse().unwrap(), &[app("/web").cmd("x")]);
    let catalogs = [deployment.catalogs[0].catalog.clone()];
    let secret = SecretSource::Environment("DEPLOY_CREDENTIALS".into());
    let secrets = [(secret, mesos_iac::SecretText::new(b"a:b".to_vec()))].into();
    for (leaves_state, is_there) in [(true, false), (false, true)] {
        let options = |_: &Catalog| RunOptions {
            leaves_state,
            ..RunOptions::default()
        };
        let mut ended = false;
        let mut tell = |event| {
            ended |= matches!(
                event,
                FleetEvent::HostFinished {
                    result: HostResult::Converged(_),
                    ..
                }
            );
        };
        run_sandboxes(
            &catalogs,
            directory.path(),
            Mode::Apply,
            &options,
            &secrets,
            &Stop::new(),
            &mut tell,
        );
        assert!(ended);
        assert_eq!(directory.path().join("m-0/.mesos-iac/state").exists(), is_there);
    }
}

/// What users see of it, where nothing runs.
#[test]
fn the_commands_show_what_would_run() {
    for (name, arguments, status) in [
        ("check", &["check"][..], 0),
        ("list", &["list", "workloads"], 0),
        ("render", &["render"], 0),
        (
            "plan",
            &["deploy", "--plan", "--sandbox", "lab", "--detailed-exitcode"],
            2,
        ),
        ("apply", &["deploy", "--sandbox", "lab"], 0),
        ("not_selected", &["deploy", "--plan", "--limit", "agent-0"], 1),
    ] {
        let ran = Lab::new("marathon_apps").run_with(arguments, |command| {
            command.env("DB_PASSWORD", "hunter2");
        });
        assert_snapshot(&format!("deploy__{name}"), ran.expect(status));
    }
    assert_snapshot("deploy__nothing", Lab::new("stacki_mesos").run(&["deploy"]).expect(1));
}
