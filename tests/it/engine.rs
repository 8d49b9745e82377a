//! Sentences of what a run does that no other test holds: when a refresh comes and how strong it is, why a host differs, and
//! that what is done at the same time is.

use mesos_iac::converge::{ConvergeOptions, Event, RefreshOutcome, converge};
use mesos_iac::plan::{Plan, Planned, beyond, plan};
use mesos_iac::prelude::*;
use mesos_iac::state::Store;
use mesos_iac::system::FakeSystem;
use mesos_iac::{ChangeCause, RefreshAction, UnitAction, Work};
use serde::{Deserialize, Serialize};
use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// A service with a file for which it is restarted and one for which it is reloaded, and what comes after the service.
#[derive(Role, Clone, PartialEq)]
#[role(name = "engine")]
struct Server {
    is_immediate: bool,
    /// The contents of the two files.
    restarts: &'static str,
    reloads: &'static str,
    /// Whether the file for which it is reloaded comes last.
    is_reload_last: bool,
}

const OLD: Server = Server {
    is_immediate: false,
    restarts: "old",
    reloads: "old",
    is_reload_last: false,
};

impl Declares for Server {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let restarts = file("/etc/restarts").content(self.restarts);
        let reloads = file("/etc/reloads").content(self.reloads);
        let (restarts, reloads) = if self.is_reload_last {
            let restarts = cx.add(restarts);
            (restarts, cx.add(reloads.after(restarts)))
        } else {
            let reloads = cx.add(reloads);
            (cx.add(restarts.after(reloads)), reloads)
        };
        let server = service("server").restart_on(restarts).reload_on(reloads);
        let server = cx.add(if self.is_immediate {
            server.immediately()
        } else {
            server
        });
        cx.add(file("/etc/needs-the-server").content("there").after(server));
        Ok(())
    }
}

fn catalog<R: Role>(role: R) -> Catalog {
    let cluster = Cluster::new("engine").hosts(host("one").role(role));
    cluster.build().unwrap().compile().unwrap().hosts.remove(0).catalog
}

fn run(catalog: &Catalog, system: &FakeSystem, store: &mut Store) -> Vec<Event> {
    let mut events = Vec::new();
    let summary = converge(catalog, system, store, &ConvergeOptions::default(), &mut |event| {
        events.push(event);
    });
    assert!(summary.is_success(), "{events:#?}");
    events
}

/// A host that was brought to the old definition, on which the server runs.
fn converged() -> (FakeSystem, Store) {
    let (system, mut store) = (FakeSystem::new(), Store::in_memory());
    system.control_unit("server.service", UnitAction::Start).unwrap();
    run(&catalog(OLD), &system, &mut store);
    (system, store)
}

/// The refreshes that were done, and where among the events.
fn refreshes(events: &[Event]) -> Vec<(usize, RefreshAction)> {
    let done = |(at, event): (usize, &Event)| match event {
        Event::RefreshFinished {
            action,
            outcome: RefreshOutcome::Done,
            ..
        } => Some((at, *action)),
        _ => None,
    };
    events.iter().enumerate().filter_map(done).collect()
}

fn done_with(events: &[Event], wanted: &str) -> usize {
    let is_wanted = |event: &Event| matches!(event, Event::ResourceFinished { id, .. } if id.to_string() == wanted);
    events.iter().position(is_wanted).unwrap()
}

#[test]
fn an_immediate_refresh_comes_before_what_depends_on_its_target_and_a_delayed_one_at_the_end() {
    for is_immediate in [true, false] {
        let (system, mut store) = converged();
        system
            .write_file(
                &AbsPath::new("/etc/needs-the-server").unwrap(),
                &FileWrite::new(b"edited"),
            )
            .unwrap();
        let edited = Server {
            is_immediate,
            restarts: "new",
            ..OLD
        };
        let events = run(&catalog(edited), &system, &mut store);
        let [(at, RefreshAction::Restart)] = refreshes(&events)[..] else {
            panic!("{events:#?}");
        };
        assert!(done_with(&events, "service[server]") < at);
        assert_eq!(at < done_with(&events, "file[/etc/needs-the-server]"), is_immediate);
    }
}

#[test]
fn a_restart_includes_a_reload_whichever_is_asked_for_first() {
    for (is_immediate, is_reload_last) in [(false, false), (false, true), (true, false), (true, true)] {
        let actions = |restarts, reloads| {
            let (system, mut store) = converged();
            let before = system.machine().actions;
            let edited = Server {
                is_immediate,
                restarts,
                reloads,
                is_reload_last,
            };
            let told = refreshes(&run(&catalog(edited), &system, &mut store));
            let done = ["restart", "reload"].map(|verb| {
                let count = |actions: &std::collections::BTreeMap<String, u32>| {
                    actions
                        .get(&format!("{verb} server.service"))
                        .copied()
                        .unwrap_or_default()
                };
                count(&system.machine().actions) - count(&before)
            });
            (told.into_iter().map(|(_, action)| action).collect::<Vec<_>>(), done)
        };
        assert_eq!(actions("new", "new"), (vec![RefreshAction::Restart], [1, 0]));
        assert_eq!(actions("new", "old"), (vec![RefreshAction::Restart], [1, 0]));
        assert_eq!(actions("old", "new"), (vec![RefreshAction::Reload], [0, 1]));
        assert_eq!(actions("old", "old"), (vec![], [0, 0]));
    }
}

/// Brings the host to the catalog as far as an earlier plan says; what it tells of refreshes, and what is owed afterwards.
fn run_within(
    bounds: &Plan,
    catalog: &Catalog,
    system: &FakeSystem,
    store: &mut Store,
) -> (Vec<RefreshOutcome>, usize) {
    let options = ConvergeOptions {
        bounds: Some(bounds.bounds(catalog)),
        ..ConvergeOptions::default()
    };
    let mut told = Vec::new();
    let summary = converge(catalog, system, store, &options, &mut |event| {
        if let Event::RefreshFinished { outcome, .. } = event {
            told.push(outcome);
        }
    });
    assert!(summary.is_success(), "{summary:?}");
    (told, store.ledger().owed.len())
}

#[test]
fn a_plan_with_a_reload_allows_no_restart() {
    let (system, mut store) = converged();
    let edited = catalog(Server { reloads: "new", ..OLD });
    let planned = plan(&edited, &system, store.ledger());
    // Another definition restarts the server and fails to, and its file is put back.
    let other = catalog(Server { restarts: "new", ..OLD });
    let system = system.failing_at(2);
    let options = ConvergeOptions::default();
    assert_eq!(
        converge(&other, &system, &mut store, &options, &mut |_| {}).refreshes_failed,
        1
    );
    let restarts = AbsPath::new("/etc/restarts").unwrap();
    system.write_file(&restarts, &FileWrite::new(b"old")).unwrap();

    let now = plan(&edited, &system, store.ledger());
    let differences = beyond(&planned, &now, &edited);
    let [difference] = &differences[..] else {
        panic!("{differences:?}");
    };
    assert_eq!(
        difference.lines().join("\n"),
        "service[server]\nthe plan says:\n  it gets a reload\nnow:\n  it would get a restart"
    );
    // The same for what comes to be owed between that look at the host and the run.
    let before = system.machine().actions;
    let outcome = run_within(&planned, &edited, &system, &mut store);
    assert_eq!(outcome, (vec![RefreshOutcome::OutOfBounds], 1));
    assert_eq!(system.machine().actions, before);
}

#[test]
fn a_refresh_with_nothing_to_do_is_within_any_plan() {
    let (system, mut store) = converged();
    system.control_unit("server.service", UnitAction::Stop).unwrap();
    let edited = catalog(Server { restarts: "new", ..OLD });
    let planned = plan(&edited, &system, store.ledger());
    assert_eq!(planned.refreshes, []);
    let outcome = run_within(&planned, &edited, &system, &mut store);
    assert_eq!(outcome, (vec![RefreshOutcome::Satisfied], 0));
}

/// A file of which it is to be told why it differs.
#[derive(Role, Clone, PartialEq)]
#[role(name = "differs")]
struct Differs(&'static str);

impl Declares for Differs {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(file("/etc/a").content(self.0));
        Ok(())
    }
}

#[test]
fn drift_is_told_from_a_changed_definition() {
    let (system, mut store) = (FakeSystem::new(), Store::in_memory());
    let by_hand = |text: &str| {
        let path = AbsPath::new("/etc/a").unwrap();
        system.write_file(&path, &FileWrite::new(text.as_bytes())).unwrap();
    };
    // Why it differs, as a plan tells it and as the run does that follows.
    let mut cause = |text: &'static str| {
        let catalog = catalog(Differs(text));
        let planned = plan(&catalog, &system, store.ledger()).resources.remove(0);
        let told = run(&catalog, &system, &mut store)
            .into_iter()
            .find_map(|event| match event {
                Event::ResourceFinished { cause, .. } => Some(cause),
                _ => None,
            });
        assert_eq!(told, Some(planned.cause));
        assert_eq!(planned.cause.is_none(), planned.planned == Planned::NoChange);
        planned.cause
    };
    assert_eq!(cause("one"), Some(ChangeCause::New));
    assert_eq!(cause("one"), None);
    by_hand("edited");
    assert_eq!(cause("one"), Some(ChangeCause::Drift));
    assert_eq!(cause("two"), Some(ChangeCause::Definition));
    // Edited, and to be something else than before: that it was edited is no news any more.
    by_hand("edited");
    assert_eq!(cause("three"), Some(ChangeCause::Definition));
    // Somebody was quicker than the run: it is as desired now, and drifts from that.
    by_hand("four");
    assert_eq!(cause("four"), None);
    by_hand("three");
    assert_eq!(cause("four"), Some(ChangeCause::Drift));
}

/// A place where nobody gets through alone.
struct Meeting {
    inside: Mutex<usize>,
    met: Condvar,
}

impl Meeting {
    const fn new() -> Self {
        Self {
            inside: Mutex::new(0),
            met: Condvar::new(),
        }
    }

    /// Waits until somebody else is here, too. How long nobody comes says only when to give up.
    fn meet(&self, what: &str) -> Result<()> {
        let mut inside = self.inside.lock().unwrap();
        *inside += 1;
        self.met.notify_all();
        let alone = self
            .met
            .wait_timeout_while(inside, Duration::from_secs(60), |inside| *inside < 2);
        if alone.unwrap().1.timed_out() {
            return Err(Error::message(format!("{what}: nobody else does at the same time")));
        }
        Ok(())
    }
}

static CHECKS: Meeting = Meeting::new();
static DRAFTS: Meeting = Meeting::new();
static CHANGES: Meeting = Meeting::new();

/// Ensures that a file is there; of several, no one is checked or made while no other one is.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "it.sociable", key = name)]
struct Sociable {
    name: String,
}

impl Sociable {
    fn path(&self) -> AbsPath {
        AbsPath::new(format!("/srv/{}", self.name)).unwrap()
    }
}

impl Converge for Sociable {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        CHECKS.meet("check")?;
        let mut diff = Diff::new();
        diff.compare("there", Some(system.entry(&self.path())?.is_some()), Some(true));
        Ok(diff.into())
    }

    fn work(&self, _: &Diff) -> Work {
        Work::Beside
    }

    fn draft<'s>(&self, _: &'s dyn System, _: &Diff) -> Result<Option<Box<dyn mesos_iac::FileDraft + 's>>> {
        DRAFTS.meet("draft")?;
        Ok(None)
    }

    fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
        CHANGES.meet("change")?;
        Ok(system.write_file(&self.path(), &FileWrite::new(b""))?)
    }
}

#[derive(Role, Clone)]
#[role(name = "crowd")]
struct Crowd;

impl Declares for Crowd {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        for number in 0..16 {
            cx.add(Sociable {
                name: number.to_string(),
            });
        }
        Ok(())
    }
}

#[test]
fn checks_and_changes_of_files_are_made_at_the_same_time() {
    let options = ConvergeOptions {
        workers: NonZeroUsize::new(2).unwrap(),
        ..ConvergeOptions::default()
    };
    let mut events = Vec::new();
    let catalog = catalog(Crowd);
    let system = FakeSystem::new();
    let summary = converge(&catalog, &system, &mut Store::in_memory(), &options, &mut |event| {
        events.push(event);
    });
    assert!(summary.is_success() && summary.changed == 16, "{events:#?}");
}

/// The kinds whose changes are made so.
#[derive(Role, Clone)]
#[role(name = "beside")]
struct Beside;

impl Declares for Beside {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(file("/srv/file").content(""));
        cx.add(directory("/srv/directory"));
        cx.add(symlink("/srv/link", "file"));
        Ok(())
    }
}

#[test]
fn files_directories_and_links_are_changed_beside_each_other() {
    let system = FakeSystem::new();
    for entry in catalog(Beside).resources() {
        let behavior = entry.resource.behavior();
        let Check::Change(diff) = behavior.check(&system).unwrap() else {
            panic!("{} is there", entry.id);
        };
        assert_eq!(behavior.work(&diff), Work::Beside, "{}", entry.id);
    }
}
