//! Two resources that a link leads to one place: told where the definition is built if the link is declared, else on the
//! host, before the second of them is written.

use crate::compile::{compile, mistakes};
use mesos_iac::Ledger;
use mesos_iac::converge::{ConvergeOptions, Event, Outcome, converge};
use mesos_iac::fleet::{FleetEvent, HostResult, Traffic};
use mesos_iac::plan::{Planned, plan};
use mesos_iac::prelude::*;
use mesos_iac::report::Declared;
use mesos_iac::state::Store;
use mesos_iac::system::Sandbox;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::os::unix::fs::symlink as link;
use std::path::PathBuf;
use tempfile::TempDir;

/// Makes a link that nobody declared, as Debian's packages do.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "it.conf-package", key = path)]
struct ConfPackage {
    path: AbsPath,
    target: String,
}

impl Converge for ConfPackage {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let mut diff = Diff::new();
        if system.entry(&self.path)?.is_none() {
            diff.push("link", Shown::Absent, self.target.as_str());
        }
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
        Ok(system.write_symlink(&self.path, &self.target)?)
    }
}

fn conf_package() -> ConfPackage {
    ConfPackage {
        path: AbsPath::new("/etc/zookeeper/conf").unwrap(),
        target: "conf_example".into(),
    }
}

/// A sandbox with real files and real links.
struct Place {
    directory: TempDir,
    catalog: Catalog,
    store: Store,
}

impl Place {
    fn new(declare: fn(&mut Cx<'_>)) -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            catalog: compile(declare).hosts.remove(0).catalog,
            store: Store::in_memory(),
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        let at = self.directory.path().join("a").join(path);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        at
    }

    fn sandbox(&self) -> Sandbox {
        Sandbox::open(self.directory.path(), &self.catalog, true).unwrap()
    }

    fn plan(&self) -> BTreeMap<String, Planned> {
        let plan = plan(&self.catalog, &self.sandbox(), &Ledger::default());
        let planned = plan.resources.into_iter();
        planned.map(|one| (one.id.to_string(), one.planned)).collect()
    }

    fn run(&mut self) -> BTreeMap<String, Outcome> {
        let mut outcomes = BTreeMap::new();
        let sandbox = self.sandbox();
        let options = ConvergeOptions::default();
        converge(&self.catalog, &sandbox, &mut self.store, &options, &mut |event| {
            if let Event::ResourceFinished { id, outcome, .. } = event {
                outcomes.insert(id.to_string(), outcome);
            }
        });
        outcomes
    }
}

fn failed(why: &str) -> Outcome {
    Outcome::Failed(why.into())
}

#[test]
fn two_writers_through_a_declared_link_are_a_mistake_with_all_three_places() {
    let text = mistakes(|cx| {
        cx.add(symlink("/etc/link", "/etc/real"));
        cx.add(file("/etc/link/x").content("one\n"));
        cx.add(file("/etc/real/x").content("two\n"));
    });
    assert!(
        text.contains(
            "[two-writers] a: file[/etc/real/x]: path /etc/real/x is owned by file[/etc/link/x] as well, since \
             symlink[/etc/link] leads to /etc/real/x"
        ),
        "{text}"
    );
    assert_eq!(
        text.matches("by role test-recipe at tests/it/links.rs:").count(),
        3,
        "{text}"
    );
    // A link by a relative path, through another link, and a directory at the end.
    let text = mistakes(|cx| {
        cx.add(symlink("/srv/a", "b"));
        cx.add(symlink("/etc/link", "/srv/a/c"));
        cx.add(directory("/etc/link/d"));
        cx.add(directory("/srv/b/c/d"));
    });
    assert!(
        text.contains("path /srv/b/c/d is owned by directory[/etc/link/d] as well"),
        "{text}"
    );
    // Below the same link nothing is shared.
    compile(|cx| {
        cx.add(symlink("/etc/link", "/etc/real"));
        cx.add(file("/etc/link/x"));
        cx.add(file("/etc/real/y"));
        cx.add(symlink("/etc/round", "/etc/round/about"));
        cx.add(file("/etc/round/x"));
    });
}

#[test]
fn a_declared_link_into_an_exclusive_directory_is_a_mistake() {
    let text = mistakes(|cx| {
        cx.add(symlink("/etc/flags", "/etc/mesos-master"));
        cx.add(directory("/etc/mesos-master").exclusive());
        cx.add(file("/etc/flags/quorum").content("2\n"));
    });
    assert!(
        text.contains(
            "path /etc/flags/quorum is /etc/mesos-master/quorum on the host, since symlink[/etc/flags] leads there, where \
             directory[/etc/mesos-master] removes what it doesn't know"
        ),
        "{text}"
    );
    assert!(text.contains("hint: declare it as /etc/mesos-master/quorum"), "{text}");
}

#[test]
fn a_link_that_came_with_a_package_is_seen_before_the_second_writer_writes() {
    let mut place = Place::new(|cx| {
        let package = cx.add(conf_package());
        let one = cx.add(file("/etc/zookeeper/conf/zoo.cfg").content("one\n").after(package));
        cx.add(file("/etc/zookeeper/conf_example/zoo.cfg").content("two\n").after(one));
    });
    place.at("etc/zookeeper/conf_example/log4j");
    let first = place.run();
    assert!(matches!(
        first["file[/etc/zookeeper/conf/zoo.cfg]"],
        Outcome::Changed(_)
    ));
    assert_eq!(
        first["file[/etc/zookeeper/conf_example/zoo.cfg]"],
        failed(
            "tell it from file[/etc/zookeeper/conf/zoo.cfg]: on this host both are \
             /etc/zookeeper/conf_example/zoo.cfg"
        )
    );
    let written = place.at("etc/zookeeper/conf_example/zoo.cfg");
    let content = || std::fs::read_to_string(&written).unwrap();
    assert_eq!(content(), "one\n");
    // From now on nobody knows which is right.
    let planned = place.plan();
    let second = place.run();
    // The one waits for the other, so it isn't even looked at.
    let [one, two] = ["conf", "conf_example"].map(|name| format!("file[/etc/zookeeper/{name}/zoo.cfg]"));
    let why = "tell it from file[/etc/zookeeper/conf_example/zoo.cfg]: on this host both are \
               /etc/zookeeper/conf_example/zoo.cfg";
    assert_eq!(
        (&second[&one], &planned[&one]),
        (&failed(why), &Planned::Failed(why.into()))
    );
    assert!(matches!(second[&two], Outcome::Skipped { .. }) && matches!(planned[&two], Planned::Skipped { .. }));
    assert_eq!(content(), "one\n");
}

#[test]
fn two_that_are_reached_together_are_both_left_alone() {
    let mut place = Place::new(|cx| {
        let package = cx.add(conf_package());
        cx.add(file("/etc/zookeeper/conf/zoo.cfg").content("one\n").after(package));
        cx.add(
            file("/etc/zookeeper/conf_example/zoo.cfg")
                .content("two\n")
                .after(package),
        );
    });
    place.at("etc/zookeeper/conf_example/log4j");
    let outcomes = place.run();
    let failed = outcomes
        .values()
        .filter(|outcome| matches!(outcome, Outcome::Failed(_)));
    assert_eq!(failed.count(), 2, "{outcomes:?}");
    assert!(!place.at("etc/zookeeper/conf_example/zoo.cfg").exists());
}

#[test]
fn a_plan_knows_where_the_links_of_the_catalog_will_lead() {
    // The host's own link is between the two.
    let mut place = Place::new(|cx| {
        cx.add(symlink("/etc/link", "/etc/alias"));
        cx.add(file("/etc/link/x").content("one\n"));
        cx.add(file("/etc/real/x").content("two\n"));
    });
    link("real", place.at("etc/alias")).unwrap();
    let why = "tell it from file[/etc/real/x]: on this host both are /etc/real/x";
    assert_eq!(place.plan()["file[/etc/link/x]"], Planned::Failed(why.into()));
    let outcomes = place.run();
    assert_eq!(outcomes["file[/etc/link/x]"], failed(why));
    assert!(matches!(outcomes["file[/etc/real/x]"], Outcome::Failed(_)));
    assert!(!place.at("etc/real/x").exists());

    // The link leads elsewhere today.
    let mut place = Place::new(|cx| {
        cx.add(symlink("/etc/link", "/etc/real"));
        cx.add(file("/etc/link/x").content("new\n"));
        cx.add(file("/etc/old/x").content("other\n"));
    });
    std::fs::write(place.at("etc/real/x"), "old\n").unwrap();
    std::fs::write(place.at("etc/old/x"), "other\n").unwrap();
    link("old", place.at("etc/link")).unwrap();
    let planned = place.plan();
    let outcomes = place.run();
    for id in ["symlink[/etc/link]", "file[/etc/link/x]"] {
        let (Planned::WouldChange(planned), Outcome::Changed(made)) = (&planned[id], &outcomes[id]) else {
            panic!("{id}: {:?}, {:?}", planned[id], outcomes[id]);
        };
        assert_eq!(planned, made, "{id}");
    }
    assert_eq!(std::fs::read_to_string(place.at("etc/real/x")).unwrap(), "new\n");
    assert_eq!(place.plan()["file[/etc/old/x]"], Planned::NoChange);
    assert!(place.run().values().all(|outcome| *outcome == Outcome::NoChange));
}

#[test]
fn the_report_says_who_declared_each_of_the_two() {
    let host = compile(|cx| {
        cx.add(file("/etc/link/x").content("one\n"));
        cx.add(file("/etc/real/x").content("two\n"));
    })
    .hosts
    .remove(0);
    let place = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::open(place.path(), &host.catalog, true).unwrap();
    std::fs::create_dir_all(place.path().join("a/etc")).unwrap();
    link("real", place.path().join("a/etc/link")).unwrap();
    let event = FleetEvent::HostFinished {
        host: host.name().clone(),
        result: HostResult::Planned(plan(&host.catalog, &sandbox, &Ledger::default())),
        traffic: Traffic::default(),
    };
    let declared = Declared::new().host(host.name(), &host.provenance);
    let FleetEvent::HostFinished {
        result: HostResult::Planned(plan),
        ..
    } = declared.complete(event)
    else {
        panic!("another event");
    };
    for resource in plan.resources {
        let Planned::Failed(why) = resource.planned else {
            panic!("{}", resource.id)
        };
        assert!(why.starts_with("tell it from file["), "{why}");
        assert_eq!(
            why.matches("is declared by role test-recipe at tests/it/links.rs:")
                .count(),
            2,
            "{why}"
        );
    }
}
