//! State that can't be read: told by target as unknown and set aside, and never taken to be nothing.

use crate::compile::compile;
use mesos_iac::HostName;
use mesos_iac::converge::{ConvergeOptions, Event, OrphanOutcome, RefreshOutcome, converge};
use mesos_iac::prelude::*;
use mesos_iac::state::{HostIdentity, Store, Takeover};
use mesos_iac::system::FakeSystem;
use std::path::Path;
use tempfile::TempDir;

fn services(cx: &mut Cx<'_>) {
    let conf = cx.add(file("/etc/zoo.cfg").content("new\n"));
    cx.add(service("zookeeper").running().restart_on(conf));
    cx.add(service("mesos-slave").running().reload_on(conf));
    cx.add(command(["rebuild"]).name("rebuild").refresh_only().rerun_on(conf));
    cx.add(service("cron").running());
}

/// What was in the definition before, and was made by us.
fn once(cx: &mut Cx<'_>) {
    services(cx);
    cx.add(file("/etc/left").content("left\n"));
}

struct Host {
    system: FakeSystem,
    state: TempDir,
}

impl Host {
    /// A host that was brought to its definition once.
    fn new() -> Self {
        let system = FakeSystem::new()
            .with_directories_of([&path("/etc/zoo.cfg")])
            .with_command(["rebuild"], 0);
        let host = Self {
            system,
            state: tempfile::tempdir().unwrap(),
        };
        host.run(once, false);
        host
    }

    fn ledger(&self) -> std::path::PathBuf {
        self.state.path().join("ledger.json")
    }

    fn run(&self, declare: fn(&mut Cx<'_>), prune: bool) -> Vec<Event> {
        let catalog = compile(declare).hosts.remove(0).catalog;
        let mut store = open(self.state.path());
        let options = ConvergeOptions {
            prune,
            ..ConvergeOptions::default()
        };
        let mut events = Vec::new();
        converge(&catalog, &self.system, &mut store, &options, &mut |event| {
            events.push(event);
        });
        events
    }
}

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

fn open(state: &Path) -> Store {
    let identity = HostIdentity {
        cluster: "test".to_owned(),
        host: HostName::new("a").unwrap(),
        machine: None,
    };
    Store::open(state, &identity, &Takeover::default(), "anna@here").unwrap()
}

/// Each refresh that was told, and how it went.
fn refreshes(events: &[Event]) -> Vec<String> {
    let told = events.iter().filter_map(|event| match event {
        Event::RefreshFinished {
            target,
            action,
            is_recovered,
            outcome,
            ..
        } => {
            let outcome = match outcome {
                RefreshOutcome::Unknown(_) => "unknown",
                RefreshOutcome::Done => "done",
                other => panic!("{target}: {other:?}"),
            };
            assert!(is_recovered, "{target}");
            Some(format!("{action} {target}: {outcome}"))
        }
        _ => None,
    });
    told.collect()
}

fn damage(events: &[Event]) -> Option<&str> {
    events.iter().find_map(|event| match event {
        Event::Damaged(what) => Some(&**what),
        _ => None,
    })
}

fn is_success(events: &[Event]) -> bool {
    let Some(Event::RunFinished(summary)) = events.last() else {
        panic!("no end")
    };
    summary.is_success()
}

#[test]
fn a_target_whose_record_is_damaged_gets_what_it_may_be_owed() {
    let host = Host::new();
    let text = std::fs::read_to_string(host.ledger()).unwrap();
    let owed = r#""owed":[[{"kind":"core.service","key":"zookeeper"},{"action":"Bananas"}],[{"kind":"core.command","key":"rebuild"},7]]"#;
    let damaged = text.replace(r#""owed":[]"#, owed);
    assert_ne!(damaged, text);
    std::fs::write(host.ledger(), &damaged).unwrap();
    let events = host.run(services, true);
    assert_eq!(
        refreshes(&events),
        ["restart service[zookeeper]: done", "rerun command[rebuild]: done"]
    );
    let what = damage(&events).unwrap();
    assert!(
        what.starts_with("ledger.json: what service[zookeeper] is owed: "),
        "{what}"
    );
    assert!(
        what.contains("taken to be owed a refresh, since nobody knows: command[rebuild], service[zookeeper];"),
        "{what}"
    );
    assert!(!is_success(&events));
    // Nothing is removed by a run that can't read everything.
    let is_kept = |event: &Event| matches!(event, Event::OrphanFinished { outcome: OrphanOutcome::Kept(why), .. } if why.contains("can't be read"));
    assert!(events.iter().any(is_kept));
    assert_eq!(
        std::fs::read_to_string(host.state.path().join("ledger.json.damaged")).unwrap(),
        damaged
    );
    // The state is in order again.
    let events = host.run(services, true);
    assert_eq!(
        (damage(&events), refreshes(&events).len(), is_success(&events)),
        (None, 0, true)
    );
    let is_removed = |event: &Event| {
        matches!(
            event,
            Event::OrphanFinished {
                outcome: OrphanOutcome::Removed(_),
                ..
            }
        )
    };
    assert!(events.iter().any(is_removed));
}

#[test]
fn of_a_cut_ledger_each_target_is_told_as_unknown_and_nothing_is_restarted() {
    let host = Host::new();
    let text = std::fs::read_to_string(host.ledger()).unwrap();
    std::fs::write(host.ledger(), &text[..40]).unwrap();
    let events = host.run(services, true);
    assert_eq!(
        refreshes(&events),
        [
            "restart service[zookeeper]: unknown",
            "reload service[mesos-slave]: unknown",
            "rerun command[rebuild]: unknown",
        ]
    );
    let what = damage(&events).unwrap();
    assert!(what.starts_with("ledger.json: all of it is lost: EOF"), "{what}");
    assert!(
        what.contains("restart them if in doubt: service[zookeeper], service[mesos-slave], command[rebuild];"),
        "{what}"
    );
    assert!(!is_success(&events));
    let events = host.run(services, true);
    assert_eq!((damage(&events), is_success(&events)), (None, true));
    assert!(
        host.system.entry(&path("/etc/left")).unwrap().is_some(),
        "nobody knows any more that it is ours"
    );
}
