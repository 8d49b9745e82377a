//! A plan promises what a run does, and foresees what one would refuse.

use crate::compile::compile;
use mesos_iac::Ledger;
use mesos_iac::converge::{Event, Outcome};
use mesos_iac::plan::{Because, Planned, plan};
use mesos_iac::prelude::*;
use mesos_iac::system::{FakeSystem, PlanningSystem};
use mesos_iac::testing::FakeHost;
use std::collections::BTreeMap;

/// What the plan of a fresh host says of each resource, and with what error a run of it fails.
fn planned_and_failed(
    recipe: impl Fn(&mut Cx<'_>) + Send + Sync + 'static,
) -> (BTreeMap<String, Planned>, BTreeMap<String, String>) {
    let compiled = compile(recipe);
    let mut host = FakeHost::with_system(FakeSystem::new());
    let planned = plan(
        &compiled.hosts[0].catalog,
        &PlanningSystem(host.system()),
        &Ledger::default(),
    );
    host.converge(&compiled.hosts[0]);
    let failed = host.events().iter().filter_map(|event| match event {
        Event::ResourceFinished {
            id,
            outcome: Outcome::Failed(why),
            ..
        } => Some((id.to_string(), why.clone())),
        _ => None,
    });
    let planned = planned
        .resources
        .into_iter()
        .map(|resource| (resource.id.to_string(), resource.planned));
    (planned.collect(), failed.collect())
}

#[test]
fn a_directory_that_is_missing_and_that_nobody_makes_is_an_error_of_the_plan() {
    let (planned, failed) = planned_and_failed(|cx| {
        cx.add(file("/srv/a/file").content("x"));
        cx.add(directory("/srv/b/directory"));
        cx.add(symlink("/srv/c/link", "/srv"));
        // The nearest managed directory isn't the one that is missing.
        cx.add(directory("/srv/d"));
        cx.add(file("/srv/d/missing/file").content("x"));
        cx.add(file("/srv/a/file.d").absent());
    });
    let refused = [
        "directory[/srv/b/directory]",
        "file[/srv/a/file]",
        "file[/srv/d/missing/file]",
        "symlink[/srv/c/link]",
    ];
    assert_eq!(failed.keys().map(String::as_str).collect::<Vec<_>>(), refused);
    for (id, why) in &failed {
        assert_eq!(planned[id], Planned::Failed(why.clone()), "{id}");
    }
    assert_eq!(
        failed["file[/srv/a/file]"],
        "create /srv/a/file: its directory /srv/a doesn't exist"
    );
    assert!(matches!(planned["directory[/srv/d]"], Planned::WouldChange(_)));
    assert_eq!(planned["file[/srv/a/file.d]"], Planned::NoChange);
}

#[test]
fn a_directory_that_a_run_makes_first_is_no_error_of_the_plan() {
    let (planned, failed) = planned_and_failed(|cx| {
        cx.add(directory("/srv/a"));
        cx.add(directory("/srv/a/b"));
        cx.add(file("/srv/a/b/file").content("x"));
    });
    assert!(failed.is_empty(), "{failed:?}");
    for (id, planned) in &planned {
        assert!(matches!(planned, Planned::WouldChange(_)), "{id}: {planned:?}");
    }
}

#[test]
fn a_directory_that_a_package_or_command_may_make_first_is_unknown() {
    let (planned, _) = planned_and_failed(|cx| {
        let brings = cx.add(package("brings"));
        cx.add(file("/srv/a/file").content("x").after(brings));
        // What comes before it needn't be the command itself.
        let makes = cx.add(command(["make"]).creates("/srv/made"));
        let between = cx.add(file("/srv/between").content("x").after(makes));
        cx.add(file("/srv/b/file").content("x").after(between));
        // The package comes first, and isn't said to bring anything along.
        cx.add(file("/srv/c/file").content("x"));
    });
    for (id, first) in [
        ("file[/srv/a/file]", "package[brings]"),
        ("file[/srv/b/file]", "file[/srv/between]"),
    ] {
        let Planned::Unknown {
            because: Because::Upstream(upstream),
            as_it_stands: Some(_),
            ..
        } = &planned[id]
        else {
            panic!("{id}: {:?}", planned[id]);
        };
        assert_eq!(upstream.to_string(), first, "{id}");
    }
    assert!(matches!(planned["file[/srv/c/file]"], Planned::Failed(_)));
}
