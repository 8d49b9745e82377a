//! What a Mesos agent tells of itself changes in ways that it bears, or with consent, and never in silence.

use mesos_iac::converge::{ConvergeOptions, Event, Outcome, converge};
use mesos_iac::model::Ledger;
use mesos_iac::plan::{Planned, plan};
use mesos_iac::prelude::*;
use mesos_iac::roles::Version;
use mesos_iac::roles::flags::{ReconfigurationPolicy, agent};
use mesos_iac::roles::mesos::{AgentResource, DiskSource, Mesos, MesosAgent, MesosLayout, Resources, RoleName};
use mesos_iac::state::Store;
use mesos_iac::system::{FakeSystem, PlanningSystem};

const IDENTITY: &str = "mesos-agent-identity[agent]";
const LATEST: &str = "/var/lib/mesos/meta/slaves/latest";
const RECORD: &str = "/var/lib/mesos-iac-mesos-agent.json";
const RACK: &str = "/etc/mesos-slave/attributes/rack";

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

fn agent_in(layout: MesosLayout, version: Version, rack: &str) -> MesosAgent {
    let mesos = Mesos::new(version, layout).zookeeper("zk://10.0.0.1:2181/mesos".parse().unwrap());
    mesos.agent().attribute("rack", rack.to_owned())
}

fn agent_of(version: Version, rack: &str) -> MesosAgent {
    agent_in(MesosLayout::mesosphere(), version, rack)
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
    started_in(&MesosLayout::mesosphere(), version)
}

fn started_in(layout: &MesosLayout, version: Version) -> FakeSystem {
    let system = empty_host();
    let agent = || agent_in(layout.clone(), version, "r1");
    let done = apply(&system, agent());
    assert!(done.iter().all(|outcome| outcome.ends_with(": changed")), "{done:?}");
    system.write_symlink(&path(LATEST), "S0").unwrap();
    assert_eq!(planned(&system, agent()), "as it is");
    assert_eq!(apply(&system, agent()), [""; 0]);
    system
}

fn empty_host() -> FakeSystem {
    FakeSystem::new().with_directories_of([
        &path("/etc/mesos/zk"),
        &path(LATEST),
        &path("/srv/mesos/meta/slaves/latest"),
        &path("/var/lib/x"),
    ])
}

/// Wherever the agent reads its flags.
#[test]
fn every_layout_is_guarded() {
    let version = Version::new(1, 11, 0);
    for layout in [
        MesosLayout::mesosphere(),
        MesosLayout::apache_rpm(),
        MesosLayout::default_files(),
        MesosLayout::environment_file(),
        MesosLayout::command_line(),
    ] {
        let system = started_in(&layout, version);
        let agent = |rack| agent_in(layout.clone(), version, rack);
        let plan = planned(&system, agent("r2"));
        assert!(
            plan.contains("attribute rack: r1 → r2 (the agent refuses"),
            "{layout:?}: {plan}"
        );
        let outcomes = apply(&system, agent("r2"));
        assert!(
            outcomes.iter().all(|outcome| !outcome.ends_with(": changed")),
            "{layout:?}: {outcomes:?}"
        );
        assert_eq!(apply(&system, agent("r1")), [""; 0], "{layout:?}");
    }
}

/// Its flags can change what it tells of its resources, and a directory what it finds of itself.
#[test]
fn a_default_role_and_a_work_directory_are_part_of_it() {
    let version = Version::new(1, 11, 0);
    let system = started(version);
    let web = || agent_of(version, "r1").flag(agent::DEFAULT_ROLE, "web".parse::<RoleName>().unwrap());
    let plan = planned(&system, web());
    assert!(
        plan.contains("role of what it finds out: web is new (the agent refuses"),
        "{plan}"
    );

    let mesos = Mesos::new(version, MesosLayout::mesosphere()).work_dir("/srv/mesos");
    let moved = mesos.zookeeper("zk://10.0.0.1:2181/mesos".parse().unwrap()).agent();
    let moved = || moved.clone().attribute("rack", "r1");
    let plan = planned(&system, moved());
    assert!(
        plan.contains("work directory: /var/lib/mesos → /srv/mesos (the agent finds no id there"),
        "{plan}"
    );
    let outcomes = apply(&system, moved().tasks_may_be_lost());
    assert!(outcomes.contains(&format!("{IDENTITY}: changed")), "{outcomes:?}");
    system
        .write_symlink(&path("/srv/mesos/meta/slaves/latest"), "S1")
        .unwrap();
    assert_eq!(apply(&system, moved()), [""; 0]);
}

/// Disks are a flag of their own in a directory of flag files, since only JSON can say them.
#[test]
fn an_agent_with_disks_stays_as_it_is() {
    let version = Version::new(1, 11, 0);
    let disk = AgentResource::disk(1024).source(DiskSource::Mount("/mnt/disk1".to_owned()));
    let agent = || agent_of(version, "r1").resources(Resources::new().with(disk.clone()));
    let system = empty_host();
    apply(&system, agent());
    system.write_symlink(&path(LATEST), "S0").unwrap();
    assert_eq!(apply(&system, agent()), [""; 0]);
    // Also where nothing was approved yet, and the files of the host say it.
    system.remove(&path(RECORD)).unwrap();
    assert!(
        planned(&system, agent()).starts_with("approved: absent → "),
        "{}",
        planned(&system, agent())
    );
    assert_eq!(apply(&system, agent()), [format!("{IDENTITY}: changed")]);
}

/// A host that was set up by other means: what its agent told is read where it can be, and asked for where it can't.
#[test]
fn an_agent_of_which_nothing_is_known_is_not_taken_for_the_same() {
    let version = Version::new(1, 11, 0);
    let by_hand = empty_host().with_package("mesos", "1.11.0");
    by_hand.write_symlink(&path(LATEST), "S0").unwrap();
    let agent = || agent_in(MesosLayout::environment_file(), version, "r1");
    let plan = planned(&by_hand, agent());
    assert!(
        plan.contains("nobody knows what it told under it") && plan.contains("`.told_before()`"),
        "{plan}"
    );
    assert!(planned(&by_hand, agent().told_before()).starts_with("approved: absent → "));
    apply(&by_hand, agent().told_before());
    assert!(by_hand.entry(&path(LATEST)).unwrap().is_some(), "the id stays");
    assert_eq!(apply(&by_hand, agent()), [""; 0]);

    let with_files = empty_host()
        .with_package("mesos", "1.11.0")
        .with_file(&path(RACK), "r0\n");
    with_files.write_symlink(&path(LATEST), "S0").unwrap();
    let plan = planned(&with_files, agent_of(version, "r1"));
    assert!(plan.contains("attribute rack: r0 → r1"), "{plan}");
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
            r#"{"format":9,"work_dir":"/x","hostname":null,"port":1,"domain":null,"default_role":null,"attributes":"","resources":""}"#,
            "use a newer one",
        ),
    ] {
        let system = started(version).with_file(&path(RECORD), text);
        let plan = planned(&system, agent_of(version, "r1"));
        assert!(plan.contains(RECORD) && plan.contains(why), "{plan}");
    }
}
