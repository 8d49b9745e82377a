//! What left the definition: listed, removed where that is asked for and we made it, released otherwise.

use crate::support::{Lab, Ran, assert_snapshot};
use mesos_iac::converge::{ConvergeOptions, Event, OrphanOutcome, Summary, converge};
use mesos_iac::prelude::*;
use mesos_iac::state::Store;
use mesos_iac::system::FakeSystem;
use mesos_iac::{Ledger, UnitState, plan};

/// The host 0-1 was a slave and becomes the master.
const PROMOTED: &str = "[host.backend-0-0]\nset.is_mesos_master = false\n\
                        [host.backend-0-1]\nset.is_mesos_master = true\nset.is_mesos_slave = false\n";

/// A lab that was applied; from then on, a host has another role.
fn promoted() -> Lab {
    let lab = Lab::new("stacki_mesos");
    lab.run(&["apply", "--sandbox", "{lab}/hosts"]).expect(0);
    std::fs::write(lab.path("promoted.toml"), PROMOTED).unwrap();
    lab
}

fn promoted_run(lab: &Lab, words: &[&str]) -> Ran {
    let mut all = words.to_vec();
    all.extend([
        "--sandbox",
        "{lab}/hosts",
        "--inputs",
        "{lab}/promoted.toml",
        "--limit",
        "backend-0-[1-2]",
    ]);
    lab.run(&all)
}

#[test]
fn a_plan_lists_what_left_the_definition_and_counts_it_as_a_change() {
    let lab = promoted();
    promoted_run(&lab, &["apply"]).expect(0);
    let plan = promoted_run(&lab, &["plan", "--detailed-exitcode"]).expect(2);
    assert_snapshot("plan_orphans", plan);
    assert_snapshot("orphans", promoted_run(&lab, &["orphans"]).expect(0));
    assert_snapshot("status", promoted_run(&lab, &["status"]).expect(0));
}

#[test]
fn prune_removes_what_we_made() {
    let lab = promoted();
    assert!(lab.exists("hosts/backend-0-1/etc/mesos-slave/ip"));
    assert_snapshot("apply_prune", promoted_run(&lab, &["apply", "--prune"]).expect(0));
    assert!(!lab.exists("hosts/backend-0-1/etc/mesos-slave/ip"));
    assert!(lab.exists("hosts/backend-0-2/etc/mesos-slave/ip"));
    promoted_run(&lab, &["plan", "--detailed-exitcode"]).expect(0);
}

#[test]
fn what_is_forgotten_stays_and_isn_t_listed_any_more() {
    let lab = promoted();
    promoted_run(&lab, &["apply"]).expect(0);
    let said = promoted_run(&lab, &["forget", "file[/etc/mesos-slave/ip]"]).expect(0);
    assert_snapshot("forget", said);
    assert!(lab.exists("hosts/backend-0-1/etc/mesos-slave/ip"));
    let orphans = promoted_run(&lab, &["orphans"]).expect(0);
    assert!(!orphans.stdout.contains("/etc/mesos-slave/ip"), "{}", orphans.stdout);
    assert_snapshot(
        "forget_what_is_desired",
        promoted_run(&lab, &["forget", "file[/etc/mesos/zk]"]).expect(1),
    );
}

#[test]
fn what_no_host_knows_is_not_forgotten() {
    let lab = promoted();
    promoted_run(&lab, &["apply"]).expect(0);
    let said = promoted_run(
        &lab,
        &["forget", "file[/etc/mesos-slave/ip]", "file[/etc/mesos-slave/ipp]"],
    )
    .expect(1);
    assert_snapshot("forget_what_is_unknown", said);
    // Nothing was: what was named beside it is an orphan still.
    let orphans = promoted_run(&lab, &["orphans"]).expect(0);
    assert!(
        orphans.stdout.contains("file[/etc/mesos-slave/ip]"),
        "{}",
        orphans.stdout
    );
}

#[derive(Role, Clone, PartialEq)]
#[role(name = "tenant")]
struct Tenant {
    has_left: bool,
}

impl Declares for Tenant {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(file("/etc/stays").content("stays\n"));
        if !self.has_left {
            cx.add(directory("/srv/ours"));
            cx.add(file("/srv/ours/file").content("made\n"));
            cx.add(directory("/srv/shared"));
            cx.add(file("/etc/adopted").content("adopted\n"));
            cx.add(package("nginx"));
            cx.add(service("nginx").enabled().running());
            // Nothing of it stays on the host.
            cx.add(command(["true"]).name("once").only_if(["true"]));
        }
        Ok(())
    }
}

fn catalog(has_left: bool) -> Catalog {
    let cluster = Cluster::new("orphans").hosts(host("one").role(Tenant { has_left }));
    cluster.build().unwrap().compile().unwrap().hosts.remove(0).catalog
}

fn run(
    catalog: &Catalog,
    system: &FakeSystem,
    store: &mut Store,
    prune: bool,
) -> (Vec<(String, OrphanOutcome)>, Summary) {
    let options = ConvergeOptions {
        prune,
        ..ConvergeOptions::default()
    };
    let mut orphans = Vec::new();
    let summary = converge(catalog, system, store, &options, &mut |event| {
        if let Event::OrphanFinished { id, outcome, .. } = event {
            orphans.push((id.to_string(), outcome));
        }
    });
    (orphans, summary)
}

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

#[test]
fn adopted_things_and_directories_with_something_in_them_stay() {
    let system = FakeSystem::new()
        .with_file(&path("/etc/adopted"), "adopted\n")
        .with_command(["true"], 0);
    let mut store = Store::in_memory();
    run(&catalog(false), &system, &mut store, false);
    system
        .write_file(&path("/srv/shared/theirs"), &FileWrite::new(b"theirs"))
        .unwrap();
    let (orphans, summary) = run(&catalog(true), &system, &mut store, true);
    let words: Vec<String> = orphans
        .iter()
        .map(|(id, outcome)| {
            let word = match outcome {
                OrphanOutcome::Kept(why) => format!("kept: {why}"),
                OrphanOutcome::Removed(_) => "removed".to_owned(),
                OrphanOutcome::Released(why) => format!("released: {why}"),
                OrphanOutcome::Failed(why) => format!("failed to {why}"),
                other => format!("{other:?}"),
            };
            format!("{id} {word}")
        })
        .collect();
    assert_eq!(
        words,
        [
            "service[nginx] removed",
            "package[nginx] removed",
            "file[/etc/adopted] released: it was there before us",
            "directory[/srv/shared] failed to remove /srv/shared: the directory isn't empty; it stays, and is ours until it is \
             removed or forgotten",
            "file[/srv/ours/file] removed",
            "directory[/srv/ours] removed",
        ]
    );
    // Something that was asked for wasn't done.
    assert_eq!((summary.pruned, summary.changed, summary.failed), (4, 0, 1));
    assert_eq!(system.text("/etc/adopted").as_deref(), Some("adopted\n"));
    assert_eq!(system.text("/srv/shared/theirs").as_deref(), Some("theirs"));
    // What was kept is an orphan still; once it is empty, it goes.
    system.remove(&path("/srv/shared/theirs")).unwrap();
    let (orphans, _) = run(&catalog(true), &system, &mut store, true);
    assert!(matches!(orphans.as_slice(), [(id, OrphanOutcome::Removed(_))] if id == "directory[/srv/shared]"));
    assert_eq!(run(&catalog(true), &system, &mut store, true).0, []);
}

#[test]
fn nothing_is_removed_in_a_run_in_which_something_failed() {
    let system = FakeSystem::new();
    let mut store = Store::in_memory();
    run(&catalog(false), &system, &mut store, false);
    system.remove(&path("/etc/stays")).unwrap();
    let system = system.failing_at(1);
    let (orphans, summary) = run(&catalog(true), &system, &mut store, true);
    assert_eq!((summary.failed, summary.pruned), (1, 0));
    assert!(
        !orphans.is_empty()
            && orphans
                .iter()
                .all(|(_, outcome)| matches!(outcome, OrphanOutcome::Kept(_)))
    );
}

/// dpkg fails for as long as anything on the host can't be configured.
#[test]
fn an_orphan_that_is_gone_is_removed_whatever_its_removal_says() {
    let system = FakeSystem::new().with_command(["true"], 0);
    let mut store = Store::in_memory();
    run(&catalog(false), &system, &mut store, false);
    let system = system.with_unconfigured_package("theirs");
    let (orphans, summary) = run(&catalog(true), &system, &mut store, true);
    let package = orphans.iter().find(|(id, _)| id == "package[nginx]");
    assert!(matches!(package, Some((_, OrphanOutcome::Removed(_)))), "{orphans:?}");
    assert_eq!(summary.failed, 0);
    assert!(!system.machine().packages.contains_key("nginx"));
}

#[test]
fn a_plan_of_orphans_is_what_prune_does() {
    let system = FakeSystem::new().with_file(&path("/etc/adopted"), "adopted\n");
    let mut store = Store::in_memory();
    run(&catalog(false), &system, &mut store, false);
    let ledger: Ledger = store.ledger().clone();
    let planned = plan::plan(&catalog(true), &system, &ledger);
    let would_go: Vec<String> = planned
        .orphans
        .iter()
        .filter(|orphan| matches!(orphan.removal, plan::Planned::WouldChange(_)))
        .map(|orphan| orphan.id.to_string())
        .collect();
    let (orphans, _) = run(&catalog(true), &system, &mut store, true);
    let gone: Vec<String> = orphans
        .into_iter()
        .filter(|(_, outcome)| matches!(outcome, OrphanOutcome::Removed(_)))
        .map(|(id, _)| id)
        .collect();
    assert_eq!(would_go, gone);
}

#[derive(Role, Clone, PartialEq)]
#[role(name = "leaver")]
struct Owner {
    has_left: bool,
}

impl Declares for Owner {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        if !self.has_left {
            cx.add(user("app").home("/srv/app"));
            cx.add(user("other"));
            cx.add(group("data"));
            cx.add(directory("/srv/app"));
            cx.add(directory("/srv/data").owner("other").group("data"));
        }
        Ok(())
    }
}

#[test]
fn whose_directory_could_not_be_removed_stays() {
    let catalog = |has_left: bool| {
        let cluster = Cluster::new("orphans").hosts(host("one").role(Owner { has_left }));
        cluster.build().unwrap().compile().unwrap().hosts.remove(0).catalog
    };
    let system = FakeSystem::new();
    let mut store = Store::in_memory();
    run(&catalog(false), &system, &mut store, false);
    for left in ["/srv/app/theirs", "/srv/data/theirs"] {
        system.write_file(&path(left), &FileWrite::new(b"theirs")).unwrap();
    }
    let (orphans, summary) = run(&catalog(true), &system, &mut store, true);
    assert_eq!((summary.pruned, summary.failed), (0, 2), "{orphans:?}");
    let why = |what: &str| OrphanOutcome::Kept(format!("{what} couldn't be removed, and belongs to it"));
    for (id, what) in [
        ("user[app]", "/srv/app"),
        ("user[other]", "/srv/data"),
        ("group[data]", "/srv/data"),
    ] {
        assert!(orphans.contains(&(id.to_owned(), why(what))), "{id}: {orphans:?}");
    }
    // Once the directories are empty, everything goes.
    for left in ["/srv/app/theirs", "/srv/data/theirs"] {
        system.remove(&path(left)).unwrap();
    }
    let (orphans, summary) = run(&catalog(true), &system, &mut store, true);
    assert_eq!((summary.pruned, summary.failed), (5, 0), "{orphans:?}");
}

/// A service with its unit file, and what becomes of it after `before` was done to the host.
fn pruned_service(before: &[UnitAction], brought: bool) -> (OrphanOutcome, UnitState, bool) {
    let unit = "tenant.service";
    let system = FakeSystem::new();
    if !brought {
        let file = path("/etc/systemd/system/tenant.service");
        system.write_file(&file, &FileWrite::new(SERVICE.as_bytes())).unwrap();
    }
    for action in before {
        system.control_unit(unit, *action).unwrap();
    }
    let catalog = |has_left: bool| {
        let cluster = Cluster::new("orphans").hosts(host("one").role(Daemon { has_left }));
        cluster.build().unwrap().compile().unwrap().hosts.remove(0).catalog
    };
    let mut store = Store::in_memory();
    run(&catalog(false), &system, &mut store, false);
    let (orphans, _) = run(&catalog(true), &system, &mut store, true);
    let (first, outcome) = orphans.into_iter().next().unwrap();
    assert_eq!(first, "service[tenant]", "it goes before its unit file");
    let has_file = system.text("/etc/systemd/system/tenant.service").is_some();
    (outcome, system.unit(unit).unwrap(), has_file)
}

const SERVICE: &str = "[Service]\nExecStart=/bin/true\n";

#[derive(Role, Clone, PartialEq)]
#[role(name = "switched-on")]
struct Daemon {
    has_left: bool,
}

impl Declares for Daemon {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        if !self.has_left {
            cx.add(file("/etc/systemd/system/tenant.service").content(SERVICE));
            cx.add(service("tenant").enabled().running());
        }
        Ok(())
    }
}

#[test]
fn a_service_that_we_switched_on_is_switched_off_before_its_unit_file_goes() {
    for (before, brought) in [
        (&[][..], true),
        (&[][..], false),
        // A package's own scripts enable what it brings.
        (&[UnitAction::Enable], true),
    ] {
        let (outcome, state, has_file) = pruned_service(before, brought);
        assert!(matches!(outcome, OrphanOutcome::Removed(_)), "{outcome:?}");
        assert_eq!(
            (state.active.as_str(), state.file_state.as_str()),
            ("inactive", "disabled")
        );
        assert_eq!(has_file, !brought);
    }
}

#[test]
fn a_service_that_was_on_before_us_stays_so() {
    for (before, brought) in [
        (&[UnitAction::Start][..], true),
        (&[UnitAction::Enable, UnitAction::Start], false),
        (&[UnitAction::Enable], false),
    ] {
        let (outcome, state, _) = pruned_service(before, brought);
        assert_eq!(outcome, OrphanOutcome::Released("it was there before us".to_owned()));
        assert_eq!(
            (state.active.as_str(), state.file_state.as_str()),
            ("active", "enabled")
        );
    }
}
