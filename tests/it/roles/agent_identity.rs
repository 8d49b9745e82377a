//! What a Mesos agent tells of itself changes in ways that it bears, or with consent, and never in silence.

use mesos_iac::converge::{ConvergeOptions, Event, Outcome, converge};
use mesos_iac::model::Ledger;
use mesos_iac::plan::{Planned, plan};
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::flags::{ReconfigurationPolicy, agent};
use mesos_iac::roles::mesos::{Mesos, MesosAgent, MesosLayout};
use mesos_iac::state::Store;
use mesos_iac::system::{FakeSystem, PlanningSystem};

const IDENTITY: &str = "mesos-agent-identity[/var/lib/mesos]";
const LATEST: &str = "/var/lib/mesos/meta/slaves/latest";
const RECORD: &str = "/var/lib/mesos/meta/mesos-iac.json";
const RACK: &str = "/etc/mesos-slave/attributes/rack";

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

fn agent_of(version: Version, rack: &str) -> MesosAgent {
    let mesos = Mesos::new(version, MesosLayout::mesosphere()).zookeeper("zk://10.0.0.1:2181/mesos".parse().unwrap());
    mesos.agent().attribute("rack", rack.to_owned())
}

fn catalog(agent: MesosAgent) -> Catalog {
    let cluster = Cluster::new("lab").hosts(host("a").addr("10.0.0.2").role(agent));
    cluster.build().unwrap().compile().unwrap().hosts.remove(0).catalog
}

/// How each resource ended that didn't stay as it was, as `kind[key]: how`.
fn apply(system: &FakeSystem, agent: MesosAgent) -> Vec<String> {
    let mut outcomes = Vec::new();
    let mut tell = |event| {
        if let Event::ResourceFinished { id, outcome, .. } = event {
            let how = match outcome {
                Outcome::NoChange => return,
                Outcome::Changed(_) => "changed".to_owned(),
                Outcome::Failed(why) => why,
                Outcome::Skipped { .. } => "skipped".to_owned(),
                other => format!("{other:?}"),
            };
            outcomes.push(format!("{id}: {how}"));
        }
    };
    let options = ConvergeOptions::default();
    converge(&catalog(agent), system, &mut Store::in_memory(), &options, &mut tell);
    outcomes
}

/// What a plan says of the identity: its changes, or why it fails.
fn planned(system: &FakeSystem, agent: MesosAgent) -> String {
    let plan = plan(&catalog(agent), &PlanningSystem(system), &Ledger::default());
    let entry = plan.resources.iter().find(|entry| entry.id.to_string() == IDENTITY);
    match &entry.expect("the role declares it").planned {
        Planned::NoChange => "as it is".to_owned(),
        Planned::WouldChange(diff) => {
            let shown = diff
                .changes
                .iter()
                .map(|change| format!("{}: {} → {}", change.property, change.from, change.to));
            shown.collect::<Vec<_>>().join("; ")
        }
        other => format!("{other:?}"),
    }
}

/// A host whose agent was started in rack `r1` and got an id.
fn started(version: Version) -> FakeSystem {
    let system = FakeSystem::new().with_directories_of([&path("/etc/mesos/zk"), &path("/var/lib/mesos/meta/slaves")]);
    let done = apply(&system, agent_of(version, "r1"));
    assert!(done.iter().all(|outcome| outcome.ends_with(": changed")), "{done:?}");
    assert_eq!(
        system.read(&path(RECORD)).unwrap(),
        None,
        "an agent without an id is bound by nothing"
    );
    system
        .create_directory(&path("/var/lib/mesos/meta/slaves"), &PathAttributes::default())
        .unwrap();
    system.write_symlink(&path(LATEST), "S0").unwrap();
    assert_eq!(planned(&system, agent_of(version, "r1")), "as it is");
    assert_eq!(apply(&system, agent_of(version, "r1")), [""; 0]);
    system
}

#[test]
fn a_change_that_loses_tasks_is_refused_by_plans_and_runs() {
    let version = Version::new(1, 11, 0);
    let system = started(version);
    let why = "attribute rack: r1 → r2 (the agent refuses to start: it needs a new id, and its tasks are lost); drain the agent, \
               and say `.tasks_may_be_lost()` in the definition for the run that is to do it";
    let plan = planned(&system, agent_of(version, "r2"));
    assert!(plan.contains(why), "{plan}");
    let outcomes = apply(&system, agent_of(version, "r2"));
    let of = |id: &str| {
        outcomes
            .iter()
            .find(|outcome| outcome.starts_with(id))
            .cloned()
            .unwrap_or_default()
    };
    assert!(of(IDENTITY).contains(why), "{outcomes:?}");
    // The file that says it waits behind, and so does the restart.
    assert_eq!(of(&format!("file[{RACK}]")), format!("file[{RACK}]: skipped"));
    assert_eq!(of("service[mesos-slave]"), "service[mesos-slave]: skipped");
    assert_eq!(system.read(&path(RACK)).unwrap().unwrap(), b"r1\n");
    assert!(system.entry(&path(LATEST)).unwrap().is_some());
}

#[test]
fn with_consent_the_agent_gets_a_new_id_and_the_plan_says_what_that_costs() {
    let version = Version::new(0, 22, 1);
    let system = started(version);
    let consenting = || agent_of(version, "r2").tasks_may_be_lost();
    assert_eq!(
        planned(&system, consenting()),
        "attribute rack: r1 → r2; agent id: kept → new: the tasks under the old one are lost"
    );
    assert!(system.entry(&path(LATEST)).unwrap().is_some(), "a plan touches nothing");
    let outcomes = apply(&system, consenting());
    assert!(outcomes.contains(&format!("{IDENTITY}: changed")), "{outcomes:?}");
    assert!(outcomes.contains(&format!("file[{RACK}]: changed")), "{outcomes:?}");
    assert_eq!(system.entry(&path(LATEST)).unwrap(), None);

    // The agent started anew and has an id; what was approved is what it told.
    system.write_symlink(&path(LATEST), "S1").unwrap();
    assert_eq!(apply(&system, consenting()), [""; 0]);
    // The consent was for that change, and holds nothing of the next back: without it, the next is refused again.
    assert!(planned(&system, agent_of(version, "r3")).contains("rack: r2 → r3"));
}

#[test]
fn what_is_only_added_keeps_the_tasks_where_the_version_bears_it() {
    let version = Version::new(1, 11, 0);
    // The role asks for that policy wherever the version has it.
    let more = || agent_of(version, "r1").attribute("ssd", "true");
    let system = started(version);
    assert_eq!(planned(&system, more()), "attribute ssd: absent → true");
    let outcomes = apply(&system, more());
    assert!(outcomes.contains(&format!("{IDENTITY}: changed")), "{outcomes:?}");
    assert!(system.entry(&path(LATEST)).unwrap().is_some(), "the id stays");
    assert_eq!(apply(&system, more()), [""; 0]);

    // The same on an agent that bears nothing, by its flag or by its version.
    let equal = more().flag(agent::RECONFIGURATION_POLICY, ReconfigurationPolicy::Equal);
    let older = Version::new(1, 4, 0);
    for (version, agent) in [
        (version, equal),
        (older, agent_of(older, "r1").attribute("ssd", "true")),
    ] {
        let plan = planned(&started(version), agent);
        assert!(
            plan.contains("attribute ssd: true is new (the agent refuses to start"),
            "{plan}"
        );
    }
}

#[test]
fn a_record_that_can_t_be_read_refuses_by_its_name() {
    let version = Version::new(1, 11, 0);
    for (text, why) in [
        ("nonsense", "remove the file"),
        (
            r#"{"format":9,"hostname":null,"port":1,"attributes":"","resources":""}"#,
            "use a newer one",
        ),
    ] {
        let system = started(version).with_file(&path(RECORD), text);
        let plan = planned(&system, agent_of(version, "r1"));
        assert!(plan.contains(RECORD) && plan.contains(why), "{plan}");
    }
}
