//! Exclusive directories: what nothing in the catalog owns is planned to go, goes, and comes back if the run is undone.

use crate::compile::{compile, mistakes};
use mesos_iac::converge::{ConvergeOptions, Event, Outcome, UndoOptions, converge, undo};
use mesos_iac::plan::{Planned, plan};
use mesos_iac::prelude::*;
use mesos_iac::state::{Armed, HostIdentity, Store, Takeover, UndoLog};
use mesos_iac::system::{FakeSystem, Sandbox};
use mesos_iac::{HostName, HumanDuration, Ledger, ResourceId};
use std::time::Duration;

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

/// The flags of a master, one of which is desired, one is another kind's, and one stays by its name.
fn flags(cx: &mut Cx<'_>) {
    let directory = cx.add(directory("/etc/mesos-master").exclusive().keeping(["*.local"]));
    let quorum = cx.add(file("/etc/mesos-master/quorum").content("2\n"));
    cx.add(command(["make-ip"]).name("ip").creates("/etc/mesos-master/ip"));
    cx.add(file("/etc/mesos-master/attributes/rack").content("1\n"));
    cx.add(file("/etc/mesos-master/gone").absent());
    cx.add(service("mesos-master").running().restart_on((directory, quorum)));
}

fn catalog(declare: fn(&mut Cx<'_>)) -> Catalog {
    compile(declare).hosts.remove(0).catalog
}

/// A host whose earlier definition, package and operator left things behind.
fn host_before() -> FakeSystem {
    let mut system = FakeSystem::new().with_command(["make-ip"], 0);
    for (at, content) in [
        ("/etc/mesos-master/quorum", "2\n"),
        ("/etc/mesos-master/ip", "10.0.0.1\n"),
        ("/etc/mesos-master/attributes/rack", "1\n"),
        ("/etc/mesos-master/attributes/theirs", "x\n"),
        ("/etc/mesos-master/zk.local", "kept\n"),
        ("/etc/mesos-master/gone", "the file's own\n"),
        ("/etc/mesos-master/work_dir", "/var/lib/mesos\n"),
        ("/etc/mesos-master/old.d/a", "a\n"),
        ("/etc/mesos-master/old.d/sub/b", "b\n"),
        ("/srv/elsewhere", "not ours\n"),
    ] {
        system = system.with_file(&path(at), content);
    }
    system.write_symlink(&path("/etc/mesos-master/link"), "/srv").unwrap();
    system
}

/// The first field of what a plan or a run says of the directory.
fn removed(diff: &Diff) -> Vec<String> {
    let shown = diff.changes.iter().map(|change| {
        assert_eq!(change.to, Shown::Absent);
        format!("{}: {}", change.property, change.from)
    });
    shown.collect()
}

const STRAYS: [&str; 6] = [
    "entry link: a link to /srv",
    "entry old.d: a directory",
    "entry old.d/a: a file",
    "entry old.d/sub: a directory",
    "entry old.d/sub/b: a file",
    "entry work_dir: a file",
];

fn planned(catalog: &Catalog, system: &FakeSystem) -> Planned {
    let id: ResourceId = "directory[/etc/mesos-master]".parse().unwrap();
    let plan = plan(catalog, system, &Ledger::default());
    let found = plan.resources.into_iter().find(|resource| resource.id == id);
    found.unwrap().planned
}

fn run(catalog: &Catalog, system: &FakeSystem, store: &mut Store, options: &ConvergeOptions) -> Vec<Event> {
    let mut events = Vec::new();
    converge(catalog, system, store, options, &mut |event| events.push(event));
    events
}

fn changes(events: &[Event]) -> Vec<(String, Diff)> {
    let changed = events.iter().filter_map(|event| match event {
        Event::ResourceFinished {
            id,
            outcome: Outcome::Changed(diff),
            ..
        } => Some((id.to_string(), diff.clone())),
        Event::ResourceFinished {
            outcome: Outcome::Failed(why),
            ..
        } => panic!("{why}"),
        _ => None,
    });
    changed.collect()
}

#[test]
fn what_is_owned_stands_in_the_catalog() {
    let flags = catalog(flags);
    let json = flags.to_canonical_json().unwrap();
    let owned = r#""exclusive":{"keeping":["*.local"],"owned":["attributes","gone","ip","quorum"]}"#;
    assert!(json.contains(owned), "{json}");
    let flags: &Directory = flags.get("/etc/mesos-master").unwrap();
    assert!(flags.is_exclusive() && flags.keeps("ip") && flags.keeps("x.local") && !flags.keeps("zk"));
    // Equal declarations are one, though each was made before anyone knew what is owned.
    catalog(|cx| {
        for _ in 0..2 {
            cx.add(directory("/etc/mesos-master").exclusive());
        }
    });
}

#[test]
fn a_plan_tells_every_entry_and_a_run_removes_those_and_restarts_once() {
    let (catalog, system) = (catalog(flags), host_before());
    let Planned::WouldChange(diff) = planned(&catalog, &system) else {
        panic!("{:?}", planned(&catalog, &system));
    };
    assert_eq!(removed(&diff), STRAYS);

    system.control_unit("mesos-master.service", UnitAction::Start).unwrap();
    let mut store = Store::in_memory();
    let events = run(&catalog, &system, &mut store, &ConvergeOptions::default());
    let (first, diff) = &changes(&events)[0];
    assert_eq!(
        (first.as_str(), removed(diff)),
        ("directory[/etc/mesos-master]", STRAYS.map(str::to_owned).to_vec())
    );
    let left = system.list(&path("/etc/mesos-master")).unwrap().unwrap();
    assert_eq!(left, ["attributes", "ip", "quorum", "zk.local"]);
    assert_eq!(
        system.text("/etc/mesos-master/attributes/theirs").as_deref(),
        Some("x\n")
    );
    assert_eq!(system.text("/srv/elsewhere").as_deref(), Some("not ours\n"));
    assert_eq!(system.machine().actions.get("restart mesos-master.service"), Some(&1));

    let again = run(&catalog, &system, &mut store, &ConvergeOptions::default());
    assert_eq!(changes(&again), []);
    assert_eq!(system.machine().actions.get("restart mesos-master.service"), Some(&1));
}

#[test]
fn what_came_after_the_check_stays() {
    let (catalog, system) = (catalog(flags), host_before());
    let directory: &Directory = catalog.get("/etc/mesos-master").unwrap();
    let Check::Change(diff) = directory.check(&system).unwrap() else {
        panic!("nothing is to be done");
    };
    let system = system.with_file(&path("/etc/mesos-master/new"), "new\n");
    directory.apply(&system, &diff).unwrap();
    assert_eq!(system.text("/etc/mesos-master/new").as_deref(), Some("new\n"));
    let Check::Change(diff) = directory.check(&system).unwrap() else {
        panic!("the new one is to go");
    };
    assert_eq!(removed(&diff), ["entry new: a file"]);
}

#[test]
fn a_run_that_nobody_confirms_puts_everything_back() {
    let state = tempfile::tempdir().unwrap();
    let (catalog, system) = (catalog(flags), host_before());
    let seen = |system: &FakeSystem| {
        let entries = [
            "link",
            "old.d",
            "old.d/a",
            "old.d/sub",
            "old.d/sub/b",
            "work_dir",
            "gone",
        ];
        let seen = entries.map(|name| {
            let at = format!("/etc/mesos-master/{name}");
            format!("{at}: {:?} {:?}", system.entry(&path(&at)).unwrap(), system.text(&at))
        });
        seen.join("\n")
    };
    let before = seen(&system);
    let identity = HostIdentity {
        cluster: "x".to_owned(),
        host: HostName::new("a").unwrap(),
        machine: None,
    };
    let mut store = Store::open(state.path(), &identity, &Takeover::default(), "anna@workstation").unwrap();
    let within = HumanDuration(Duration::from_secs(60));
    let options = ConvergeOptions {
        confirm: Some(Armed::new("anna@workstation".to_owned(), "token".to_owned(), within, 0)),
        ..ConvergeOptions::default()
    };
    changes(&run(&catalog, &system, &mut store, &options));
    assert_ne!(seen(&system), before);
    let (steps, _) = UndoLog::of(state.path()).steps().unwrap();
    let undone = undo(&steps, &system, UndoOptions::default());
    assert!(undone.is_whole, "{undone:?}");
    assert_eq!(seen(&system), before);
}

#[test]
fn what_a_package_brings_there_is_looked_at_when_it_is_there() {
    fn with_package(cx: &mut Cx<'_>) {
        flags(cx);
        cx.add(package("mesos").provides_path("/etc/mesos-master"));
    }
    let catalog = catalog(with_package);
    // The package isn't installed: nobody knows what it puts there, whether or not something is there already.
    assert!(matches!(planned(&catalog, &host_before()), Planned::Unknown { .. }));
    let tidy = FakeSystem::new().with_file(&path("/etc/mesos-master/quorum"), "2\n");
    assert!(matches!(planned(&catalog, &tidy), Planned::Unknown { .. }));
    // It is: then everything is known.
    let installed = tidy.with_package("mesos", "1.11.0");
    assert_eq!(planned(&catalog, &installed), Planned::NoChange);
}

#[test]
fn links_are_not_followed_in_either_direction() {
    let catalog = catalog(|cx| {
        cx.add(directory("/etc/mesos-master").exclusive());
        cx.add(file("/etc/flags/quorum").content("2\n"));
    });
    let elsewhere = || FakeSystem::new().with_file(&path("/srv/elsewhere"), "not ours\n");
    let system = elsewhere();
    system.write_symlink(&path("/etc/mesos-master"), "/srv").unwrap();
    let Planned::Failed(why) = planned(&catalog, &system) else {
        panic!("it is removed through a link");
    };
    assert!(why.contains("/etc/mesos-master: it is a link to /srv"), "{why}");

    // A link that leads into the directory hides who owns what it leads to. (The fake follows links at the end only.)
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("a");
    std::fs::create_dir_all(root.join("etc/mesos-master")).unwrap();
    std::fs::write(root.join("etc/mesos-master/quorum"), "1\n").unwrap();
    std::os::unix::fs::symlink("mesos-master", root.join("etc/flags")).unwrap();
    let sandbox = Sandbox::open(place.path(), &catalog, true).unwrap();
    let plan = plan(&catalog, &sandbox, &Ledger::default());
    let failed = plan.resources.iter().filter_map(|resource| match &resource.planned {
        Planned::Failed(why) => Some(format!("{}: {why}", resource.id)),
        _ => None,
    });
    assert_eq!(
        failed.collect::<Vec<_>>(),
        [
            "directory[/etc/mesos-master]: remove what nothing owns: on this host file[/etc/flags/quorum] is \
             /etc/mesos-master/quorum, through a link",
            "file[/etc/flags/quorum]: tell it from what nothing owns in directory[/etc/mesos-master]: on this host it \
             is /etc/mesos-master/quorum",
        ]
    );
}

#[test]
fn a_sandbox_does_the_same_with_real_files() {
    let place = tempfile::tempdir().unwrap();
    let catalog = catalog(|cx| {
        cx.add(directory("/etc/mesos-master").exclusive());
        cx.add(file("/etc/mesos-master/quorum").content("2\n"));
    });
    let flags = place.path().join("a/etc/mesos-master");
    std::fs::create_dir_all(flags.join("old.d/sub")).unwrap();
    std::fs::write(flags.join("work_dir"), "x\n").unwrap();
    std::os::unix::fs::symlink(place.path(), flags.join("link")).unwrap();
    let sandbox = Sandbox::open(place.path(), &catalog, true).unwrap();
    let mut store = Store::in_memory();
    let summary = converge(&catalog, &sandbox, &mut store, &ConvergeOptions::default(), &mut |_| {});
    assert_eq!((summary.changed, summary.failed), (2, 0));
    assert_eq!(sandbox.list(&path("/etc/mesos-master")).unwrap().unwrap(), ["quorum"]);
    let again = converge(&catalog, &sandbox, &mut store, &ConvergeOptions::default(), &mut |_| {});
    assert_eq!((again.changed, again.failed), (0, 0));
}

#[test]
fn mistakes_are_told_before_any_host_is_touched() {
    for (why, told) in [
        (
            mistakes(|cx| {
                cx.add(directory("/etc").exclusive());
            }),
            "remove what nothing owns in /etc: it is a top-level directory",
        ),
        (
            mistakes(|cx| {
                cx.add(directory("/home/alice").exclusive());
            }),
            "remove what nothing owns in /home/alice: it is a home directory",
        ),
        (
            mistakes(|cx| {
                cx.add(directory("/etc/mesos").keeping(["x"]));
            }),
            "add `.exclusive()`",
        ),
        (
            mistakes(|cx| {
                cx.add(directory("/etc/mesos").exclusive().keeping(["a/b"]));
            }),
            "keep \"a/b\": expected the name of an entry of the directory",
        ),
        (
            mistakes(|cx| {
                cx.add(directory("/etc/mesos").exclusive().absent());
            }),
            "an absent directory is neither exclusive nor anything else",
        ),
    ] {
        assert!(why.contains(told), "{why}");
    }
}
