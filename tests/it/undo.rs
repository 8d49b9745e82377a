//! A run that waits to be confirmed can be undone, whatever it changed that can be put back.

use mesos_iac::converge::{ConvergeOptions, Event, Outcome, UndoOptions, converge, undo, undo_log};
use mesos_iac::plan::{lasting, lasting_text, plan};
use mesos_iac::prelude::*;
use mesos_iac::state::{Armed, HostIdentity, StateError, Store, Takeover, UndoLog};
use mesos_iac::system::FakeSystem;
use mesos_iac::{HostName, HumanDuration, Ledger, Mode as Bits, UnitAction};
use std::path::Path;
use std::time::Duration;

/// What an operator locks himself out with, and everything else that can be undone.
#[derive(Role, Clone)]
#[role(name = "lockout")]
struct Lockout;

impl Declares for Lockout {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let config = cx.add(
            file("/etc/ssh/sshd_config")
                .content("Port 2222\n")
                .mode(Bits::new(0o600).unwrap()),
        );
        cx.add(service("ssh").restart_on(config));
        let rules = cx.add(file("/etc/nftables.conf").content("table inet drop\n"));
        cx.add(service("nftables").enabled().running().restart_on(rules));
        cx.add(symlink("/etc/current", "/opt/new"));
        cx.add(directory("/etc/rules.d"));
        cx.add(file("/etc/rules.d/one").content("one\n"));
        cx.add(file("/etc/old").absent());
        cx.add(package("nftables"));
        Ok(())
    }
}

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

fn host_before() -> FakeSystem {
    let system = FakeSystem::new().with_directories_of([&path("/etc/ssh/sshd_config")]);
    let system = system.with_file(&path("/etc/ssh/sshd_config"), "Port 22\n");
    let system = system.with_file(&path("/etc/old"), "old\n");
    system.write_symlink(&path("/etc/current"), "/opt/old").unwrap();
    for action in [UnitAction::Enable, UnitAction::Start] {
        system.control_unit("ssh.service", action).unwrap();
    }
    system
}

fn catalog() -> Catalog {
    let cluster = Cluster::new("x").hosts(host("a").role(Lockout)).build().unwrap();
    cluster.compile().unwrap().hosts.remove(0).catalog
}

fn open(state: &Path) -> Result<Store, StateError> {
    let identity = HostIdentity {
        cluster: "x".to_owned(),
        host: HostName::new("a").unwrap(),
        machine: None,
    };
    Store::open(state, &identity, &Takeover::default(), "anna@workstation")
}

fn run(state: &Path, system: &FakeSystem) -> Vec<Event> {
    let within = HumanDuration(Duration::from_secs(60));
    let options = ConvergeOptions {
        confirm: Some(Armed::new("anna@workstation".to_owned(), "token".to_owned(), within, 0)),
        ..ConvergeOptions::default()
    };
    let mut events = Vec::new();
    let mut store = open(state).unwrap();
    converge(&catalog(), system, &mut store, &options, &mut |event| {
        events.push(event);
    });
    events
}

/// What an undone run leaves as it was: not packages.
fn seen(system: &FakeSystem) -> String {
    let paths = [
        "/etc/ssh/sshd_config",
        "/etc/nftables.conf",
        "/etc/current",
        "/etc/rules.d",
        "/etc/rules.d/one",
        "/etc/old",
    ];
    let paths = paths.map(|text| {
        format!(
            "{text}: {:?} {:?}",
            system.entry(&path(text)).unwrap(),
            system.text(text)
        )
    });
    let units = ["ssh.service", "nftables.service"].map(|name| format!("{name}: {:?}", system.unit(name).unwrap()));
    paths.into_iter().chain(units).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_plan_lists_what_can_t_be_put_back() {
    #[derive(Role, Clone)]
    #[role(name = "lasting")]
    struct Lasting;
    impl Declares for Lasting {
        fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
            cx.add(user("mesos"));
            let conf = cx.add(file("/etc/conf").content("x\n"));
            cx.add(command(["build"]).name("build").creates("/srv/built"));
            cx.add(command(["again"]).name("again").refresh_only().rerun_on(conf));
            cx.add(package("there"));
            Ok(())
        }
    }
    let cluster = Cluster::new("x").hosts(host("a").role(Lockout).role(Lasting)).build();
    let catalog = cluster.unwrap().compile().unwrap().hosts.remove(0).catalog;
    let system = host_before().with_package("there", "1");
    let plan = plan(&catalog, &system, &Ledger::default());
    let mut lasting: Vec<String> = lasting(&catalog, &plan).iter().map(ToString::to_string).collect();
    lasting.sort();
    assert_eq!(
        lasting,
        ["command[again]", "command[build]", "package[nftables]", "user[mesos]"]
    );
    let text = lasting_text(&catalog, &plan).unwrap();
    assert!(
        text.starts_with("`--confirm` couldn't undo these, they stay: "),
        "{text}"
    );
}

#[test]
fn everything_that_can_be_put_back_is_and_the_rest_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let system = host_before();
    let before = seen(&system);
    let events = run(directory.path(), &system);
    assert_ne!(seen(&system), before);
    assert!(
        events.iter().any(|event| matches!(event, Event::Armed(_))),
        "{events:?}"
    );
    let lasting = "if the run isn't confirmed, these changes stay all the same: package[nftables]";
    assert!(events.contains(&Event::Noted(lasting.to_owned())), "{events:?}");

    let (steps, _) = UndoLog::of(directory.path()).steps().unwrap();
    let restarts = |system: &FakeSystem| system.machine().actions.get("restart ssh.service").copied();
    let restarted = restarts(&system);
    let told = undo(&steps, &system, UndoOptions::default());
    assert_eq!(seen(&system), before, "{told:#?}");
    assert!(told.is_whole, "{told:#?}");
    assert_eq!(
        restarts(&system),
        restarted.map(|times| times + 1),
        "sshd reads its old file again"
    );
    // A second time, as after a kill in the middle, restarts at the most.
    undo(&steps, &system, UndoOptions::default());
    assert_eq!(seen(&system), before);
}

#[test]
fn a_kill_at_any_moment_leaves_enough_to_undo_it() {
    let whole = {
        let directory = tempfile::tempdir().unwrap();
        let system = host_before();
        let at_first = system.changes();
        run(directory.path(), &system);
        system.changes() - at_first
    };
    for nth in 1..=2 * whole {
        let directory = tempfile::tempdir().unwrap();
        let system = host_before();
        let before = seen(&system);
        let at_first = system.changes();
        let system = system.failing_at(at_first + nth);
        let events = run(directory.path(), &system);
        let (steps, _) = UndoLog::of(directory.path()).steps().unwrap();
        let mut undone = undo(&steps, &system, UndoOptions::default());
        if !undone.is_whole {
            // The change that was to fail was one that undid something.
            undone = undo(&steps, &system, UndoOptions::default());
        }
        assert!(undone.is_whole);
        assert_eq!(
            seen(&system),
            before,
            "change {nth} of {whole} failed: {events:#?} {undone:#?}"
        );
    }
}

#[test]
fn nobody_works_on_a_host_that_waits_and_whoever_comes_after_undoes_it() {
    let directory = tempfile::tempdir().unwrap();
    let system = host_before();
    let before = seen(&system);
    run(directory.path(), &system);
    let waiting = UndoLog::of(directory.path()).wait_for_confirmation().unwrap();
    let refused = open(directory.path()).unwrap_err();
    assert_eq!(refused, StateError::Unconfirmed("anna@workstation".to_owned()));
    // Whoever waited was killed.
    drop(waiting);
    let mut store = open(directory.path()).unwrap();
    let empty = Catalog {
        entries: Vec::new(),
        ..catalog()
    };
    let (mut notes, mut orphans) = (Vec::new(), 0);
    converge(
        &empty,
        &system,
        &mut store,
        &ConvergeOptions::default(),
        &mut |event| match event {
            Event::Noted(note) => notes.push(note),
            Event::OrphanFinished { .. } => orphans += 1,
            _ => {}
        },
    );
    assert_eq!(seen(&system), before, "{notes:#?}");
    // What was undone isn't ours: an admin may make it, and no run removes it.
    assert_eq!((orphans, store.ledger().owned.len()), (0, 0));
    assert!(
        notes[0].starts_with("nobody confirmed the run over a new connection, so it was undone"),
        "{notes:#?}"
    );
    assert_eq!(UndoLog::of(directory.path()).armed().unwrap(), None);
}

/// What was put back stands in memory alone then: it isn't forgotten how everything was.
#[test]
fn how_it_was_is_kept_where_what_was_put_back_may_be_lost() {
    let directory = tempfile::tempdir().unwrap();
    let system = host_before();
    let before = seen(&system);
    run(directory.path(), &system);
    let system = system.failing_to_sync();
    let log = UndoLog::of(directory.path());
    let mut taken_back = None;
    let told = undo_log(&log, &system, UndoOptions::default(), &mut |ledger| {
        taken_back = Some(ledger.owned.len());
        Ok(())
    });
    assert_eq!((seen(&system), taken_back), (before, Some(0)));
    let kept = directory.path().join("undo/not-undone");
    let first = format!(
        "nobody confirmed the run over a new connection, so it was undone; how everything was stands in {}",
        kept.display()
    );
    assert_eq!(told.first(), Some(&first));
    assert!(
        told.last()
            .unwrap()
            .starts_with("what was put back may not survive a power failure: failed to flush the disk"),
        "{told:#?}"
    );
    assert!(std::fs::read_to_string(kept).unwrap().contains("/etc/ssh/sshd_config"));
    assert_eq!(log.armed().unwrap(), None);
}

#[test]
fn a_run_that_could_not_be_undone_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let system = host_before();
    let changes = system.changes();
    // Where it would write down how the host was stands something else.
    std::fs::write(directory.path().join("undo"), "").unwrap();
    let refused = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(directory.path(), &system)));
    if let Ok(events) = refused {
        let failed = |event: &Event| {
            matches!(
                event,
                Event::ResourceFinished {
                    outcome: Outcome::Failed(_),
                    ..
                }
            )
        };
        assert!(events.iter().any(failed), "{events:?}");
    }
    assert_eq!(system.changes(), changes);
}
