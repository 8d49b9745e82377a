//! Plans of packages: exact versions, what comes along, and what nobody can know before they are there.

use crate::compile::compile;
use mesos_iac::converge::{ConvergeOptions, Event, Outcome, RefreshOutcome, converge};
use mesos_iac::plan::{Difference, Doubt, Plan, Planned, beyond, plan};
use mesos_iac::prelude::*;
use mesos_iac::state::Store;
use mesos_iac::system::{FakeSystem, PlanningSystem};
use mesos_iac::testing::FakeHost;
use mesos_iac::{Compiled, Diff, Ledger};
use std::time::Duration;

/// Repositories in which the daemon's package needs the program's.
fn offered() -> FakeSystem {
    FakeSystem::new()
        .with_candidate("zookeeperd", "3.8.0-11", &["zookeeper"])
        .with_candidate("zookeeper", "3.8.0-11", &["libzookeeper"])
        .with_candidate("libzookeeper", "3.8.0-9", &[])
}

fn planned(compiled: &Compiled, system: &FakeSystem) -> Plan {
    plan(&compiled.hosts[0].catalog, &PlanningSystem(system), &Ledger::default())
}

fn of<'p>(plan: &'p Plan, id: &str) -> &'p Planned {
    let resource = plan.resources.iter().find(|one| one.id.to_string() == id);
    &resource.unwrap_or_else(|| panic!("{id} isn't in the plan")).planned
}

fn outcomes(host: &FakeHost) -> Vec<(String, Outcome)> {
    let outcome = |event: &Event| match event {
        Event::ResourceFinished { id, outcome, .. } => Some((id.to_string(), outcome.clone())),
        _ => None,
    };
    host.events().iter().filter_map(outcome).collect()
}

fn version(from: Option<&str>, to: &str) -> Diff {
    let mut diff = Diff::new();
    diff.push("version", from, to);
    diff
}

/// Why a resource is unknown, and whether it is sure to change.
fn doubt(planned: &Planned) -> (Doubt, String) {
    match planned {
        Planned::Unknown { doubt, because, .. } => (*doubt, because.to_string()),
        planned => panic!("that is known: {planned:?}"),
    }
}

#[test]
fn packages_that_can_go_together_are_one_transaction_each_time() {
    let compiled = compile(|cx| {
        for name in ["zookeeper", "mesos", "marathon", "openjdk"] {
            cx.add(package(name));
        }
        let conf = cx.add(file("/etc/apt.conf").content("x\n").after(resource::<Package>("mesos")));
        // Both can go no earlier than the file, and so together.
        cx.add(package("chronos").after(conf));
        cx.add(package("haproxy").after(conf));
    });
    let system = FakeSystem::new().with_directories_of([&AbsPath::new("/etc/apt.conf").unwrap()]);
    let mut store = Store::in_memory();
    let options = ConvergeOptions::default();
    let catalog = &compiled.hosts[0].catalog;
    let summary = converge(catalog, &system, &mut store, &options, &mut |_| {});
    assert_eq!((summary.changed, summary.failed), (7, 0));
    assert_eq!(system.changes(), 3, "two transactions of packages and a file");
}

/// dpkg reports a failure for as long as anything on the host can't be configured: what it installed all the same counts as
/// changed, and what is gone as removed.
#[test]
fn what_is_installed_counts_whatever_its_transaction_says() {
    let compiled = compile(|cx| {
        cx.add(package("nosuch"));
        cx.add(package("zookeeper"));
        cx.add(package("libzookeeper"));
    });
    let mut host = FakeHost::with_system(offered().with_unconfigured_package("theirs"));
    host.converge(&compiled.hosts[0]);
    let failed = outcomes(&host)
        .into_iter()
        .filter(|(_, outcome)| matches!(outcome, Outcome::Failed(_)));
    let failed: Vec<String> = failed.map(|(id, _)| id).collect();
    assert_eq!(failed, ["package[nosuch]"]);
    assert!(host.system().machine().packages.contains_key("zookeeper"));

    let compiled = compile(|cx| {
        cx.add(package("zookeeper"));
        cx.add(package("old").absent());
    });
    let system = offered().with_unconfigured_package("theirs").with_package("old", "1");
    let mut host = FakeHost::with_system(system);
    host.converge(&compiled.hosts[0]);
    let outcomes = outcomes(&host);
    let all_changed = |all: &[(String, Outcome)]| all.iter().all(|(_, one)| matches!(one, Outcome::Changed(_)));
    assert!(outcomes.len() == 2 && all_changed(&outcomes), "{outcomes:?}");
    let noted = |event: &&Event| matches!(event, Event::Noted(why) if why.contains("configure theirs"));
    assert_eq!(host.events().iter().filter(noted).count(), 1, "{:?}", host.events());
}

#[test]
fn a_plan_names_the_versions_that_a_run_then_installs_and_what_comes_along() {
    let compiled = compile(|cx| {
        cx.add(package("zookeeperd"));
        cx.add(package("old").absent());
    });
    let mut host = FakeHost::with_system(offered().with_package("old", "1"));
    let plan = planned(&compiled, host.system());
    assert_eq!(
        of(&plan, "package[zookeeperd]"),
        &Planned::WouldChange(version(None, "3.8.0-11"))
    );
    let [transaction] = &*plan.transactions else {
        panic!("one transaction: {:?}", plan.transactions);
    };
    let told: Vec<String> = transaction.along.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["libzookeeper 3.8.0-9", "zookeeper 3.8.0-11"]);
    host.converge(&compiled.hosts[0]);
    for (id, outcome) in outcomes(&host) {
        let Planned::WouldChange(diff) = of(&plan, &id) else {
            panic!("{id} isn't planned to change");
        };
        assert_eq!(outcome, Outcome::Changed(diff.clone()), "{id}");
    }
    assert!(
        planned(&compiled, host.system()).transactions.is_empty(),
        "nothing changes, so nobody is asked"
    );
}

#[test]
fn a_package_that_no_repository_has_is_an_error_of_the_plan_and_the_others_are_planned() {
    let compiled = compile(|cx| {
        let bad = cx.add(package("nosuch"));
        cx.add(package("zookeeper"));
        cx.add(package("zookeeperd").after(bad));
    });
    let mut host = FakeHost::with_system(offered());
    let plan = planned(&compiled, host.system());
    let Planned::Failed(why) = of(&plan, "package[nosuch]") else {
        panic!("{:?}", of(&plan, "package[nosuch]"));
    };
    assert!(matches!(of(&plan, "package[zookeeperd]"), Planned::Skipped { .. }));
    // What is skipped takes no part in any transaction.
    let [transaction] = &*plan.transactions else {
        panic!("one transaction: {:?}", plan.transactions);
    };
    assert!(!transaction.of.iter().any(|id| id.key == "zookeeperd"));
    host.converge(&compiled.hosts[0]);
    for (id, outcome) in outcomes(&host) {
        match of(&plan, &id) {
            Planned::WouldChange(diff) => assert_eq!(outcome, Outcome::Changed(diff.clone())),
            Planned::Failed(_) => assert_eq!(outcome, Outcome::Failed(why.clone())),
            _ => assert!(matches!(outcome, Outcome::Skipped { .. })),
        }
    }
}

#[test]
fn a_repository_that_changes_first_may_bring_a_package_or_another_version_of_it() {
    let compiled = compile(|cx| {
        cx.add(file("/etc/apt/sources.list.d/lab.list").content("deb …\n"));
        cx.add(package("nosuch"));
        cx.add(package("zookeeper"));
        cx.add(package("libzookeeper").version("3.8.0-9"));
    });
    let plan = planned(&compiled, &offered());
    let source = "file[/etc/apt/sources.list.d/lab.list] would change first";
    assert_eq!(doubt(of(&plan, "package[nosuch]")), (Doubt::Whether, source.to_owned()));
    assert_eq!(doubt(of(&plan, "package[zookeeper]")), (Doubt::How, source.to_owned()));
    // Whatever the repository brings, a version that is named is that one.
    let exact = Planned::WouldChange(version(None, "3.8.0-9"));
    assert_eq!(of(&plan, "package[libzookeeper]"), &exact);
}

#[test]
fn a_package_that_comes_along_with_an_earlier_transaction_is_no_certain_change() {
    let compiled = compile(|cx| {
        let daemon = cx.add(package("zookeeperd"));
        let between = cx.add(file("/srv/between").content("x").after(daemon));
        cx.add(package("libzookeeper").after(between));
    });
    let mut host = FakeHost::with_system(offered());
    let plan = planned(&compiled, host.system());
    assert_eq!(plan.transactions.len(), 2);
    let first = "package[zookeeperd] would change first";
    assert_eq!(
        doubt(of(&plan, "package[libzookeeper]")),
        (Doubt::Whether, first.to_owned())
    );
    host.converge(&compiled.hosts[0]);
    assert!(outcomes(&host).contains(&("package[libzookeeper]".into(), Outcome::NoChange)));
}

#[test]
fn what_a_changing_package_provides_is_unknown_and_an_error_without_one() {
    let recipe = |cx: &mut Cx<'_>, with_package: bool| {
        if with_package {
            cx.add(
                package("zookeeperd")
                    .provides_unit("zookeeper")
                    .provides_user("zookeeper"),
            );
        }
        cx.add(service("zookeeper").enabled().running());
        cx.add(file("/etc/zookeeperd/zoo.cfg").content("x"));
        cx.add(file("/srv/data").content("x").owner("zookeeper"));
        cx.add(file("/etc/zookeeperd/old").absent());
        cx.add(service("other").running());
    };
    let bare = || {
        offered()
            .without_unit("zookeeper.service")
            .without_unit("other.service")
    };
    let plan = planned(&compile(move |cx| recipe(cx, true)), &bare());
    let because = (Doubt::Whether, "package[zookeeperd] would change first".to_owned());
    for id in [
        "service[zookeeper]",
        "file[/etc/zookeeperd/zoo.cfg]",
        "file[/srv/data]",
        "file[/etc/zookeeperd/old]",
    ] {
        assert_eq!(doubt(of(&plan, id)), because, "{id}");
    }
    // Nothing brings this unit.
    let missing = "find the unit `other.service` on the host: there is none";
    assert_eq!(of(&plan, "service[other]"), &Planned::Failed(missing.into()));

    let compiled = compile(move |cx| recipe(cx, false));
    let mut host = FakeHost::with_system(bare());
    let plan = planned(&compiled, host.system());
    host.converge(&compiled.hosts[0]);
    for (id, outcome) in outcomes(&host) {
        match (of(&plan, &id), outcome) {
            (Planned::Failed(planned), Outcome::Failed(why)) => assert_eq!(planned, &why, "{id}"),
            (Planned::NoChange, Outcome::NoChange) => {}
            (planned, outcome) => panic!("{id}: planned {planned:?}, came to {outcome:?}"),
        }
    }
}

#[test]
fn a_guard_is_asked_again_after_what_changes_first_so_its_answer_is_no_promise() {
    let compiled = compile(|cx| {
        let input = cx.add(file("/srv/input").content("x"));
        let guard = || probe(["test", "-e", "/srv/output"]).map(mesos_iac::Probe::read_only);
        cx.add(command(["convert"]).unless(guard()).after(input));
        cx.add(command(["other"]).unless(guard()));
    });
    let system = FakeSystem::new()
        .with_command(["test", "-e", "/srv/output"], 1)
        .with_command(["convert"], 0);
    let plan = planned(&compiled, &system);
    let because = (Doubt::Whether, "file[/srv/input] would change first".to_owned());
    assert_eq!(doubt(of(&plan, "command[convert]")), because);
    assert!(matches!(of(&plan, "command[other]"), Planned::WouldChange(_)));
}

#[test]
fn a_system_without_versions_says_so() {
    let compiled = compile(|cx| {
        cx.add(package("zookeeperd"));
    });
    let plan = planned(&compiled, &FakeSystem::new());
    let open = version(None, "the repository's candidate");
    assert_eq!(of(&plan, "package[zookeeperd]"), &Planned::WouldChange(open));
    let why = plan.transactions[0].unknown.as_deref();
    assert_eq!(
        why,
        Some("a fake host can't know what a transaction of packages brings along")
    );
}

#[test]
fn a_saved_plan_is_bound_to_its_versions() {
    let compiled = compile(|cx| {
        // Another try is bound as the first one is.
        cx.add(package("zookeeperd").retry(1, Duration::from_millis(1)));
    });
    let catalog = &compiled.hosts[0].catalog;
    let saved = planned(&compiled, &offered());
    assert!(beyond(&saved, &planned(&compiled, &offered()), catalog).is_empty());

    // Another version of the package, and of what comes along.
    let newer = || offered().with_candidate("zookeeperd", "3.8.0-12", &["zookeeper"]);
    let told = |system: &FakeSystem| {
        let differences = beyond(&saved, &planned(&compiled, system), catalog);
        let lines: Vec<String> = differences.iter().flat_map(Difference::lines).collect();
        lines.join("\n")
    };
    assert_eq!(
        told(&newer()),
        "package[zookeeperd]\nthe plan says:\n  version: absent → 3.8.0-11\nnow:\n  version: absent → 3.8.0-12"
    );
    assert_eq!(
        told(
            &offered()
                .with_candidate("libzookeeper", "3.8.0-10", &["libssl"])
                .with_candidate("libssl", "3", &[])
        ),
        "package[zookeeperd]\nthe plan says:\n  libssl doesn't come along\nnow:\n  along with it: libssl 3\n\
         package[zookeeperd]\nthe plan says:\n  along with it: libzookeeper 3.8.0-9\nnow:\n  along with it: libzookeeper 3.8.0-10"
    );

    // The repositories change between the look at them and the transaction: nothing else than the plan says is installed.
    let host = newer();
    let options = ConvergeOptions {
        bounds: Some(saved.bounds(catalog)),
        versions: saved.versions(),
        ..ConvergeOptions::default()
    };
    let summary = converge(catalog, &host, &mut Store::in_memory(), &options, &mut |_| {});
    assert_eq!((summary.changed, summary.failed), (0, 1));
    assert!(host.machine().packages.is_empty());
}

#[test]
fn refreshes_that_would_be_held_or_needless_are_told_so() {
    let compiled = compile(|cx| {
        let cause = cx.add(file("/srv/cause").content("x"));
        let fails = cx.add(file("/nowhere/file").content("x"));
        // What it needs fails, so it would be held, or delivered all the same.
        cx.add(service("held").running().restart_on(cause).after(fails));
        cx.add(service("careful").running().restart_on(cause).unless_anything_failed());
        cx.add(
            service("despite")
                .running()
                .restart_on(cause)
                .despite_failures()
                .after(fails),
        );
        // Nothing reads the file again in what doesn't run.
        cx.add(service("stopped").restart_on(cause));
        cx.add(service("plain").running().restart_on(cause));
        cx.add(command(["always"]).refresh_only().rerun_on(cause));
    });
    let mut host = FakeHost::with_system(FakeSystem::new().with_command(["always"], 0));
    for unit in ["held", "careful", "despite", "plain"] {
        host.system()
            .control_unit(&format!("{unit}.service"), UnitAction::Start)
            .unwrap();
    }
    let plan = planned(&compiled, host.system());
    let told: Vec<(String, bool)> = plan
        .refreshes
        .iter()
        .map(|refresh| (refresh.target.key.clone(), refresh.held.is_some()))
        .collect();
    host.converge(&compiled.hosts[0]);
    let mut happened: Vec<(String, bool)> = host
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::RefreshFinished { target, outcome, .. } => match outcome {
                RefreshOutcome::Done => Some((target.key.clone(), false)),
                RefreshOutcome::Held { .. } => Some((target.key.clone(), true)),
                _ => None,
            },
            _ => None,
        })
        .collect();
    happened.sort();
    let mut sorted = told.clone();
    sorted.sort();
    assert_eq!(sorted, happened);
    assert_eq!(sorted.iter().filter(|(_, held)| *held).count(), 2, "{sorted:?}");
}

#[test]
fn a_refresh_is_told_for_what_fails_once_it_is_tried() {
    let compiled = compile(|cx| {
        // Its check finds a difference, so the refresh is owed before the change fails.
        let cause = cx.add(file("/nowhere/file").content("x"));
        cx.add(service("held").running().restart_on(cause));
        cx.add(service("despite").running().restart_on(cause).despite_failures());
    });
    let mut host = FakeHost::with_system(FakeSystem::new());
    for unit in ["held", "despite"] {
        let start = UnitAction::Start;
        host.system().control_unit(&format!("{unit}.service"), start).unwrap();
    }
    let plan = planned(&compiled, host.system());
    let told: Vec<(&str, bool)> = plan
        .refreshes
        .iter()
        .map(|refresh| (&*refresh.target.key, refresh.held.is_some()))
        .collect();
    assert_eq!(told, [("held", true), ("despite", false)]);
    host.converge(&compiled.hosts[0]);
    let happened: Vec<(&str, bool)> = host
        .events()
        .iter()
        .filter_map(|event| match event {
            Event::RefreshFinished { target, outcome, .. } => {
                Some((&*target.key, matches!(outcome, RefreshOutcome::Held { .. })))
            }
            _ => None,
        })
        .collect();
    assert_eq!(happened, told);
}

#[test]
fn a_service_whose_unit_file_is_made_first_is_unknown() {
    let compiled = compile(|cx| {
        cx.add(file("/etc/systemd/system/own.service").content("[Service]\n"));
        cx.add(service("own").enabled());
        cx.add(file("/etc/default/other").content("x"));
        cx.add(service("other").enabled());
    });
    let plan = planned(&compiled, &FakeSystem::new());
    let first = "file[/etc/systemd/system/own.service] would change first";
    assert_eq!(doubt(of(&plan, "service[own]")), (Doubt::Whether, first.to_owned()));
    assert!(matches!(of(&plan, "service[other]"), Planned::WouldChange(_)));
}
