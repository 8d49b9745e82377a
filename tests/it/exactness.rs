//! A plan is what a run does: random catalogs on random hosts whose files are real, planned, applied and compared.

use mesos_iac::converge::{ConvergeOptions, Event, Outcome, RefreshOutcome, converge};
use mesos_iac::plan::{Planned, plan};
use mesos_iac::prelude::*;
use mesos_iac::state::Store;
use mesos_iac::system::PlanningSystem;
use mesos_iac::system::local::LocalSystem;
use mesos_iac::{Diff, RefreshAction, Refreshed, Rerun, ResourceId};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink as make_symlink};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What a path is desired to be, or is.
#[derive(Debug, Clone, PartialEq)]
enum Thing {
    File { content: u8, mode: Option<u8> },
    Directory { mode: Option<u8> },
    Link { target: u8 },
    Nothing,
}

/// One path of a host: what is there, and what is desired.
#[derive(Debug, Clone, PartialEq)]
struct Spot {
    /// In which of the directories it is.
    parent: u8,
    found: Thing,
    desired: Thing,
    /// Whether the watcher is rerun when it changes.
    is_watched: bool,
}

const MODES: [u32; 3] = [0o644, 0o600, 0o755];

fn thing() -> impl Strategy<Value = Thing> {
    let mode = || proptest::option::of(0_u8..3);
    prop_oneof![
        3 => (0_u8..3, mode()).prop_map(|(content, mode)| Thing::File { content, mode }),
        1 => mode().prop_map(|mode| Thing::Directory { mode }),
        1 => (0_u8..3).prop_map(|target| Thing::Link { target }),
        1 => Just(Thing::Nothing),
    ]
}

fn spots() -> impl Strategy<Value = Vec<Spot>> {
    let spot = (0_u8..3, thing(), thing(), any::<bool>()).prop_map(|(parent, found, desired, is_watched)| Spot {
        parent,
        found,
        desired,
        is_watched,
    });
    vec(spot, 1..20)
}

/// Notes that something changed.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "it.watcher", key = name)]
struct Watcher {
    name: String,
}

impl Converge for Watcher {
    fn check(&self, _: &dyn ReadSystem) -> Result<Check> {
        Ok(Check::NoChange)
    }

    fn apply(&self, _: &dyn System, _: &Diff) -> Result<()> {
        Ok(())
    }

    fn refresh(&self, _: &dyn System, _: RefreshAction) -> Result<Refreshed> {
        Ok(Refreshed::Done)
    }
}

impl Rerun for Watcher {}

#[derive(Role, Clone, PartialEq)]
#[role(name = "spots")]
struct Spots(Vec<Spot>);

fn path(number: usize, spot: &Spot) -> String {
    // The first directory is there, the second one is made by the catalog, the third by nobody.
    format!("/srv/{}/{number}", spot.parent)
}

impl Declares for Spots {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        cx.add(directory("/srv/0"));
        cx.add(directory("/srv/1"));
        let octal = |mode: u8| format!("{:04o}", MODES[usize::from(mode)]);
        for (number, spot) in self.0.iter().enumerate() {
            let path = path(number, spot);
            let watcher = |name: String| Watcher { name };
            macro_rules! add {
                ($declared:expr) => {{
                    let handle = cx.add($declared);
                    if spot.is_watched {
                        cx.add(watcher(number.to_string()).rerun_on(handle));
                    }
                }};
            }
            match &spot.desired {
                Thing::File { content, mode } => {
                    let file = file(path).content(format!("content {content}\n"));
                    add!(match mode {
                        Some(mode) => file.mode(octal(*mode).as_str()),
                        None => file,
                    });
                }
                Thing::Directory { mode } => {
                    let directory = directory(path);
                    add!(match mode {
                        Some(mode) => directory.mode(octal(*mode).as_str()),
                        None => directory,
                    });
                }
                Thing::Link { target } => add!(symlink(path, format!("target-{target}"))),
                Thing::Nothing => add!(file(path).absent()),
            }
        }
        Ok(())
    }
}

/// Makes what is found on the host before anything runs.
fn furnish(root: &Path, spots: &[Spot]) {
    for directory in ["srv", "srv/0"] {
        std::fs::create_dir(root.join(directory)).unwrap();
    }
    for (number, spot) in spots.iter().enumerate().filter(|(_, spot)| spot.parent == 0) {
        let path = root.join(path(number, spot).trim_start_matches('/'));
        let chmod = |mode: &Option<u8>| {
            if let Some(mode) = mode {
                let mode = MODES[usize::from(*mode)];
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            }
        };
        match &spot.found {
            Thing::File { content, mode } => {
                std::fs::write(&path, format!("content {content}\n")).unwrap();
                chmod(mode);
            }
            Thing::Directory { mode } => {
                std::fs::create_dir(&path).unwrap();
                chmod(mode);
            }
            Thing::Link { target } => make_symlink(format!("target-{target}"), &path).unwrap(),
            Thing::Nothing => {}
        }
    }
}

static PLANNED: AtomicUsize = AtomicUsize::new(0);
static UNKNOWN: AtomicUsize = AtomicUsize::new(0);

fn compare(spots: &[Spot]) -> std::result::Result<(), TestCaseError> {
    let root = tempfile::tempdir().unwrap();
    furnish(root.path(), spots);
    let cluster = Cluster::new("exactness").hosts(host("one").role(Spots(spots.to_vec())));
    let catalog = cluster.build().unwrap().compile().unwrap().hosts.remove(0).catalog;
    let system = LocalSystem::with_root(root.path()).unwrap();
    let mut store = Store::in_memory();
    let planned = plan(&catalog, &PlanningSystem(&system), store.ledger());
    let mut happened = BTreeMap::<ResourceId, Outcome>::new();
    let mut refreshed = Vec::new();
    converge(
        &catalog,
        &system,
        &mut store,
        &ConvergeOptions::default(),
        &mut |event| match event {
            Event::ResourceFinished { id, outcome, .. } => drop(happened.insert(id, outcome)),
            Event::RefreshFinished {
                target,
                outcome: RefreshOutcome::Done,
                ..
            } => refreshed.push(target),
            _ => {}
        },
    );
    for resource in &planned.resources {
        PLANNED.fetch_add(1, Ordering::Relaxed);
        let outcome = &happened[&resource.id];
        match &resource.planned {
            Planned::NoChange => prop_assert_eq!(outcome, &Outcome::NoChange, "{}", resource.id),
            Planned::WouldChange(diff) => prop_assert_eq!(outcome, &Outcome::Changed(diff.clone()), "{}", resource.id),
            Planned::Unknown { .. } => drop(UNKNOWN.fetch_add(1, Ordering::Relaxed)),
            Planned::Failed(why) => prop_assert_eq!(outcome, &Outcome::Failed(why.clone()), "{}", resource.id),
            Planned::Skipped { because } => {
                prop_assert_eq!(
                    outcome,
                    &Outcome::Skipped {
                        because: because.clone()
                    },
                    "{}",
                    resource.id
                );
            }
            _ => panic!("a plan has no other outcomes"),
        }
    }
    let mut told: Vec<ResourceId> = planned
        .refreshes
        .iter()
        .filter(|refresh| refresh.held.is_none())
        .map(|refresh| refresh.target.clone())
        .collect();
    told.sort();
    refreshed.sort();
    prop_assert_eq!(told, refreshed);
    // On a converged host nothing is unknown, and nothing would change but what failed.
    let again = plan(&catalog, &PlanningSystem(&system), store.ledger());
    for resource in &again.resources {
        let is_known = !matches!(resource.planned, Planned::Unknown { .. });
        prop_assert!(is_known, "{} is unknown on a converged host", resource.id);
        let failed = matches!(happened[&resource.id], Outcome::Failed(_) | Outcome::Skipped { .. });
        prop_assert!(
            failed || resource.planned == Planned::NoChange,
            "{}: {:?}",
            resource.id,
            resource.planned
        );
    }
    Ok(())
}

#[test]
fn a_plan_is_what_a_run_does() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(150)
    });
    runner.run(&spots(), |spots| compare(&spots)).unwrap();
    let (planned, unknown) = (PLANNED.load(Ordering::Relaxed), UNKNOWN.load(Ordering::Relaxed));
    println!(
        "exactness: 150 random catalogs planned, applied and compared: {planned} resources, {unknown} of them unknown; 0 unknown on converged hosts"
    );
}
