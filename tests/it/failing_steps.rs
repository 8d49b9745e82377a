//! A run fails at each of its steps, one after the other, and is repeated: it comes to the same end as one that nothing
//! disturbed, and what is owed a refresh gets it. What `tests/kills` does with a run that is killed.

use mesos_iac::converge::{ConvergeOptions, Event, Outcome, RefreshOutcome, Summary, converge};
use mesos_iac::prelude::*;
use mesos_iac::state::Store;
use mesos_iac::system::{FakeSystem, Machine};
use mesos_iac::{RefreshAction, Refreshed, ResourceId, Restart};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

/// Servers, each of ten resources.
const SERVERS: usize = 6;

/// Ensures that a daemon runs. What it read when it was started stands in `/run/NAME`.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "it.daemon", key = name)]
struct Daemon {
    name: String,
    files: Vec<AbsPath>,
}

impl Daemon {
    fn mark(&self) -> AbsPath {
        path(&format!("/run/{}", self.name))
    }

    fn start(&self, system: &dyn System) -> Result<()> {
        let mut read = Vec::new();
        for file in &self.files {
            read.extend(system.read(file)?.unwrap_or_default());
        }
        Ok(system.write_file(&self.mark(), &FileWrite::new(&read))?)
    }
}

impl Converge for Daemon {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let mut diff = Diff::new();
        diff.compare("running", Some(system.entry(&self.mark())?.is_some()), Some(true));
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
        self.start(system)
    }

    fn refresh(&self, system: &dyn System, _: RefreshAction) -> Result<Refreshed> {
        self.start(system)?;
        Ok(Refreshed::Done)
    }

    fn satisfies(&self, diff: &Diff, _: RefreshAction) -> bool {
        diff.has("running")
    }
}

impl Restart for Daemon {}

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

#[derive(Role, Clone)]
#[role(name = "servers")]
struct Servers {
    edition: usize,
}

impl Declares for Servers {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        for server in 0..SERVERS {
            let name = format!("server-{server}");
            let directory = format!("/etc/{name}");
            let installed = cx.add(package(&*name));
            let account = cx.add(user(&*name));
            cx.add(mesos_iac::prelude::directory(&*directory).after(installed));
            let files = [0, 1, 2].map(|number| {
                let edition = if number == 1 { 1 } else { self.edition };
                let text = format!("{name}, file {number}, edition {edition}\n");
                cx.add(file(format!("{directory}/{number}")).content(text))
            });
            cx.add(symlink(format!("{directory}/current"), self.edition.to_string()));
            let daemon = Daemon {
                name: name.clone(),
                files: [0, 1].map(|number| path(&format!("{directory}/{number}"))).to_vec(),
            };
            cx.add(daemon.after(account).restart_on([files[0], files[1]]));
            cx.add(service(&*name).enabled().running().restart_on(files[0]));
            cx.add(command(["index", &*name]).refresh_only().rerun_on(files[2]));
        }
        Ok(())
    }
}

fn catalog(edition: usize) -> Catalog {
    let cluster = Cluster::new("failures").hosts(host("one").role(Servers { edition }));
    let catalog = cluster.build().unwrap().compile().unwrap().hosts.remove(0).catalog;
    assert_eq!(catalog.entries.len(), 10 * SERVERS);
    catalog
}

fn run(catalog: &Catalog, system: &FakeSystem, store: &mut Store) -> (Summary, Vec<Event>) {
    // On one thread, so that the steps are the same each time.
    let options = ConvergeOptions {
        workers: NonZeroUsize::MIN,
        ..ConvergeOptions::default()
    };
    let mut events = Vec::new();
    let summary = converge(catalog, system, store, &options, &mut |event| events.push(event));
    (summary, events)
}

/// A host before the run that fails.
fn prepared(start: Option<&Catalog>) -> (FakeSystem, Store) {
    let system = (0..SERVERS).fold(FakeSystem::new(), |system, server| {
        system.with_command(["index", &*format!("server-{server}")], 0)
    });
    let mut store = Store::in_memory();
    if let Some(start) = start {
        assert!(run(start, &system, &mut store).0.is_success());
    }
    (system, store)
}

/// What is on the host, but for how often something was done, and in which order accounts got their numbers.
fn end(system: &FakeSystem) -> (Machine, Vec<String>, BTreeMap<String, Option<String>>) {
    let found = system.machine();
    let accounts = found.users.keys().chain(found.groups.keys()).cloned().collect();
    let machine = Machine {
        actions: BTreeMap::new(),
        commands: Vec::new(),
        users: BTreeMap::new(),
        groups: BTreeMap::new(),
        ..found
    };
    let files = (0..SERVERS).flat_map(|server| {
        let within = (0..3).map(move |number| format!("/etc/server-{server}/{number}"));
        within.chain([format!("/run/server-{server}")])
    });
    let files = files.map(|file| (file.clone(), system.text(&file))).collect();
    (machine, accounts, files)
}

/// The targets whose causes changed and that got nothing since.
fn left_out(catalog: &Catalog, events: &[Event]) -> BTreeSet<ResourceId> {
    let mut left_out = BTreeSet::new();
    for event in events {
        match event {
            Event::ResourceFinished {
                id,
                outcome: Outcome::Changed(_),
                ..
            } => {
                let asks =
                    |entry: &&mesos_iac::Entry| entry.refresh_on.iter().any(|subscription| subscription.on == *id);
                left_out.extend(catalog.entries.iter().filter(asks).map(|entry| entry.id.clone()));
            }
            Event::RefreshFinished {
                target,
                outcome: RefreshOutcome::Done | RefreshOutcome::Satisfied,
                ..
            } => {
                left_out.remove(target);
            }
            _ => {}
        }
    }
    left_out
}

/// What fails at a step: a change, or a look at the host.
#[derive(Debug, Clone, Copy)]
enum Step {
    Change,
    Look,
}

impl Step {
    fn count(self, system: &FakeSystem) -> usize {
        match self {
            Self::Change => system.changes(),
            Self::Look => system.looks(),
        }
    }

    fn fail(self, system: FakeSystem, nth: usize) -> FakeSystem {
        match self {
            Self::Change => system.failing_at(nth),
            Self::Look => system.failing_to_look_at(nth),
        }
    }
}

/// Makes each step of one sort fail, one run for each. Returns how many there are, and how many refreshes the runs that
/// failed left to the next ones.
fn fail_at_each(what: Step, start: Option<&Catalog>, wanted: &Catalog) -> (usize, usize) {
    let (undisturbed, mut store) = prepared(start);
    let before = what.count(&undisturbed);
    assert!(run(wanted, &undisturbed, &mut store).0.is_success());
    let steps = what.count(&undisturbed) - before;
    let mut owed = 0;
    for nth in 1..=steps {
        let (system, mut store) = prepared(start);
        let system = what.fail(system, nth);
        let (failed, mut events) = run(wanted, &system, &mut store);
        // Packages are tried one by one after their transaction failed; and not every look is needed.
        assert!(
            !failed.is_success() || end(&system) == end(&undisturbed),
            "{what:?} {nth} failed, and nobody said so"
        );
        owed += store.ledger().owed.len();
        let (summary, more) = run(wanted, &system, &mut store);
        assert!(summary.is_success(), "{what:?} {nth}: {summary:?}");
        events.extend(more);
        assert_eq!(end(&system), end(&undisturbed), "{what:?} {nth}");
        assert_eq!(left_out(wanted, &events), BTreeSet::new(), "{what:?} {nth}");
        assert!(store.ledger().owed.is_empty(), "{what:?} {nth}");
        let (summary, _) = run(wanted, &system, &mut store);
        assert!(!summary.changed_anything(), "{what:?} {nth}: {summary:?}");
    }
    (steps, owed)
}

#[test]
fn a_run_that_fails_at_any_step_is_repeated_to_the_same_end() {
    let (first, edited) = (catalog(1), catalog(2));
    let mut told = Vec::new();
    for (run, start, wanted) in [
        ("a first run", None, &first),
        ("one with an edited definition", Some(&first), &edited),
    ] {
        let (changes, owed) = fail_at_each(Step::Change, start, wanted);
        let (looks, more) = fail_at_each(Step::Look, start, wanted);
        assert!(changes >= 4 * SERVERS && looks > changes && owed + more > 0);
        told.push(format!(
            "{run} fails at each of {changes} changes and {looks} looks, {} refreshes left to the next one",
            owed + more
        ));
    }
    println!("failures: {}; all repeated to the same end", told.join("; "));
}
