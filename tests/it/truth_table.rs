//! Every row of the published truth table of refreshes, for every relation between cause and target.

use mesos_iac::converge::{Control, ConvergeOptions, Event, Outcome, RefreshOutcome, converge};
use mesos_iac::prelude::*;
use mesos_iac::state::{HostIdentity, Store, Takeover};
use mesos_iac::system::FakeSystem;
use mesos_iac::{Declared, HostName, RefreshAction, Refreshed, Reload, Rerun, ResourceId, Restart};
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

const TABLE: &str = include_str!("../../mesos-iac/src/converge/refreshes.md");

/// Ensures that a file says something, and refuses to as long as there is a trap.
#[derive(Debug, Clone, Serialize, Deserialize, Resource)]
#[resource(kind = "it.actor", key = name)]
struct Actor {
    name: String,
    text: String,
}

impl Actor {
    fn file(&self) -> AbsPath {
        path(&format!("/srv/{}", self.name))
    }
}

fn path(text: &str) -> AbsPath {
    AbsPath::new(text).unwrap()
}

fn is_trapped(system: &dyn System, what: &str) -> Result<bool> {
    Ok(system.entry(&path(&format!("/tmp/{what}")))?.is_some())
}

impl Converge for Actor {
    fn check(&self, system: &dyn ReadSystem) -> Result<Check> {
        let found = system.read(&self.file())?.map(|text| String::from_utf8(text).unwrap());
        let mut diff = Diff::new();
        diff.compare("text", Some(found.unwrap_or_default()), Some(self.text.clone()));
        Ok(diff.into())
    }

    fn apply(&self, system: &dyn System, _: &Diff) -> Result<()> {
        system.write_file(&self.file(), &FileWrite::new(self.text.as_bytes()))?;
        if is_trapped(system, &self.name)? {
            return Err(Error::message("get to the end: there is a trap"));
        }
        Ok(())
    }

    fn image(&self, system: &dyn ReadSystem) -> Result<Option<String>> {
        Ok(Some(format!("{:?}", system.read(&self.file())?)))
    }

    fn refresh(&self, system: &dyn System, _: RefreshAction) -> Result<Refreshed> {
        if is_trapped(system, &format!("refresh-{}", self.name))? {
            return Err(Error::message("refresh: there is a trap"));
        }
        Ok(Refreshed::Done)
    }

    fn satisfies(&self, _: &Diff, _: RefreshAction) -> bool {
        true
    }

    fn is_refreshed_by_boot(&self, action: RefreshAction) -> bool {
        action != RefreshAction::Rerun
    }
}

impl Restart for Actor {}
impl Reload for Actor {}
impl Rerun for Actor {}

struct Act(&'static str, String);

impl Declare for Act {
    type Out = Actor;

    fn identity(&self) -> Result<ResourceId> {
        Ok(id(self.0))
    }

    fn build(self, _: &HostView<'_>) -> Result<Actor> {
        Ok(Actor {
            name: self.0.to_owned(),
            text: self.1,
        })
    }
}

fn id(name: &str) -> ResourceId {
    ResourceId::new("it.actor", name).unwrap()
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Relation {
    action: RefreshAction,
    is_immediate: bool,
}

#[derive(Role, Clone, PartialEq)]
#[role(name = "play")]
struct Play {
    relation: Relation,
    policy: &'static str,
    text: &'static str,
}

impl Declares for Play {
    fn declare(&self, cx: &mut Cx<'_>) -> Result<()> {
        let root = cx.add(Act("root", "root".into()));
        let other = cx.add(Act("other", "other".into()));
        let _apart = cx.add(Act("apart", "apart".into()));
        let cause = cx.add(Act("cause", self.text.into()).after(root));
        let target = Act("target", "target".into()).after(other);
        let target: Declared<Act> = match self.relation.action {
            RefreshAction::Restart => target.restart_on(cause),
            RefreshAction::Reload => target.reload_on(cause),
            RefreshAction::Rerun => target.rerun_on(cause),
        };
        let target = match self.policy {
            "despite_failures" => target.despite_failures(),
            "unless_anything_failed" => target.unless_anything_failed(),
            _ => target,
        };
        cx.add(if self.relation.is_immediate {
            target.immediately()
        } else {
            target
        });
        Ok(())
    }
}

/// A host, its state on disk, and the definition that it is brought to.
struct Stage {
    system: FakeSystem,
    state: tempfile::TempDir,
    play: Play,
}

impl Stage {
    /// Everything is as desired, but for the cause, which is as an earlier definition wanted it.
    fn new(relation: Relation, policy: &'static str) -> Self {
        let mut system = FakeSystem::new().with_boot("first");
        for name in ["root", "other", "apart", "target"] {
            system = system.with_file(&path(&format!("/srv/{name}")), name);
        }
        Self {
            system: system.with_file(&path("/srv/cause"), "old"),
            state: tempfile::tempdir().unwrap(),
            play: Play {
                relation,
                policy,
                text: "new",
            },
        }
    }

    fn spoil(&self, name: &str) {
        let file = path(&format!("/srv/{name}"));
        self.system.write_file(&file, &FileWrite::new(b"spoiled")).unwrap();
    }

    fn trap(&self, name: &str) {
        let trap = path(&format!("/tmp/{name}"));
        self.system.write_file(&trap, &FileWrite::new(b"")).unwrap();
    }

    /// A run; what became of the target's refresh. `at` is asked at each event whether the run is to end there.
    fn run(&self, mut at: impl FnMut(&Event, &Control) -> bool) -> String {
        let cluster = Cluster::new("theatre").hosts(host("stage").role(self.play.clone()));
        let catalog = cluster.build().unwrap().compile().unwrap().hosts.remove(0).catalog;
        let identity = HostIdentity {
            cluster: "theatre".into(),
            host: HostName::new("stage").unwrap(),
            machine: None,
        };
        let options = ConvergeOptions::default();
        let mut said = Vec::new();
        let ended = catch_unwind(AssertUnwindSafe(|| {
            let mut store = Store::open(self.state.path(), &identity, &Takeover::default(), "the test").unwrap();
            converge(&catalog, &self.system, &mut store, &options, &mut |event| {
                if at(&event, &options.control) {
                    // As good as SIGKILL: nothing that the executor does later happens.
                    std::panic::resume_unwind(Box::new("killed"));
                }
                if let Event::RefreshFinished { outcome, .. } = event {
                    said.push(match outcome {
                        RefreshOutcome::Done => "delivered",
                        RefreshOutcome::Satisfied => "satisfied",
                        RefreshOutcome::Failed(_) => "failed",
                        RefreshOutcome::Held { .. } => "held",
                        RefreshOutcome::NotReached => "not reached",
                        _ => "unknown",
                    });
                }
            })
        }));
        match (ended, said.as_slice()) {
            (Err(_), _) => "killed".into(),
            (Ok(_), []) => "nothing".into(),
            (Ok(_), [once]) => (*once).into(),
            (Ok(_), more) => format!("several: {more:?}"),
        }
    }

    fn undisturbed(&self) -> String {
        self.run(|_, _| false)
    }

    fn run_killed_after_the_cause(&self) -> String {
        self.run(|event, _| is_change_of_cause(event))
    }

    /// A run that is killed before it can say that the target has got what it is owed: what stands on the disk then is what
    /// stood there when the target got it.
    fn run_killed_behind(&self, begins: impl Fn(&Event) -> bool, ends: impl Fn(&Event) -> bool) -> String {
        let journal = self.state.path().join("journal");
        let mut then = None;
        let ended = self.run(|event, _| {
            if begins(event) {
                then = Some(std::fs::read(&journal).unwrap());
            }
            ends(event)
        });
        std::fs::write(&journal, then.unwrap()).unwrap();
        ended
    }

    /// The definition and the host are as they were before the cause changed.
    fn go_back(&mut self) {
        self.play.text = "old";
        let file = path("/srv/cause");
        self.system.write_file(&file, &FileWrite::new(b"old")).unwrap();
    }

    /// Nothing stands in the way any more.
    fn clear(&mut self) {
        for trap in ["root", "other", "apart", "cause", "refresh-target"] {
            self.system.remove(&path(&format!("/tmp/{trap}"))).unwrap();
        }
    }
}

fn is_change_of_cause(event: &Event) -> bool {
    matches!(event, Event::ResourceFinished { id: found, outcome: Outcome::Changed(_), .. } if *found == id("cause"))
}

/// Plays what a row of the table says, and what comes of it: in the run, and in the next one.
fn play(row: &str, relation: Relation) -> (String, String) {
    let policy = row.split('`').nth(1).unwrap_or_default();
    let policy = ["despite_failures", "unless_anything_failed"]
        .into_iter()
        .find(|known| *known == policy);
    let mut stage = Stage::new(relation, policy.unwrap_or_default());
    let needed_fails = |stage: &Stage| {
        stage.spoil("other");
        stage.trap("other");
    };
    let unneeded_fails = |stage: &Stage| {
        stage.spoil("apart");
        stage.trap("apart");
    };
    let row: String = row.split(", `").next().unwrap().to_owned();
    let first = match row.as_str() {
        "is as desired" => {
            stage.play.text = "old";
            stage.undisturbed()
        }
        "is changed" => stage.undisturbed(),
        "fails while it is changed" => {
            stage.trap("cause");
            stage.undisturbed()
        }
        "is skipped" => {
            stage.spoil("root");
            stage.trap("root");
            stage.undisturbed()
        }
        "is changed, and the target is started after that" => {
            stage.spoil("target");
            stage.undisturbed()
        }
        "is changed, and the refresh fails" => {
            stage.trap("refresh-target");
            stage.undisturbed()
        }
        "is changed, and something else that the target needs fails"
        | "is changed, something that the target needs fails" => {
            needed_fails(&stage);
            stage.undisturbed()
        }
        "is changed, and something that the target doesn't need fails"
        | "is changed, something that the target doesn't need fails" => {
            unneeded_fails(&stage);
            stage.undisturbed()
        }
        "is changed, and the run is stopped" => stage.run(|event, control| {
            if is_change_of_cause(event) {
                control.stop();
            }
            false
        }),
        "is changed, and the run is killed" => stage.run_killed_after_the_cause(),
        "is promised to be changed, and the run is killed before it is" => {
            // The promise stands, and then nothing that the run writes gets anywhere.
            stage.system = std::mem::take(&mut stage.system).failing_at(1);
            stage.run(|event, _| {
                matches!(
                    event,
                    Event::ResourceFinished {
                        outcome: Outcome::Failed(_),
                        ..
                    }
                )
            })
        }
        "is changed, the run is killed, and the host boots" => {
            let first = stage.run_killed_after_the_cause();
            stage.system = std::mem::take(&mut stage.system).with_boot("second");
            first
        }
        "is changed, the run is killed, and the definition and the host go back to what was before" => {
            let first = stage.run_killed_after_the_cause();
            stage.go_back();
            first
        }
        "is changed, the run is killed behind the delivery, and the definition and the host go back to what was before" =>
        {
            let refresh = format!("{} {}", relation.action, id("target"));
            let first = stage.run_killed_behind(
                |event| matches!(event, Event::Working(phase) if *phase == refresh),
                |event| matches!(event, Event::RefreshFinished { .. }),
            );
            stage.go_back();
            first
        }
        "is changed, the run is killed behind the target's start, and the definition and the host go back to what was before" =>
        {
            stage.spoil("target");
            let target = id("target").to_string();
            let first = stage.run_killed_behind(
                |event| matches!(event, Event::ResourceFinished { id: found, .. } if found.to_string() == target),
                |event| matches!(event, Event::RefreshFinished { .. }),
            );
            stage.go_back();
            first
        }
        unknown => panic!("a row that no test plays: {unknown}"),
    };
    stage.clear();
    (first, stage.undisturbed())
}

/// The cells of the table's rows.
fn rows() -> Vec<[&'static str; 3]> {
    let lines = TABLE.lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = |line: &'static str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        cells.try_into().unwrap()
    };
    lines.map(cells).collect()
}

fn relations() -> impl Iterator<Item = Relation> {
    let actions = [RefreshAction::Restart, RefreshAction::Reload, RefreshAction::Rerun];
    actions
        .into_iter()
        .flat_map(|action| [false, true].map(|is_immediate| Relation { action, is_immediate }))
}

#[test]
fn every_row_is_so_for_every_relation() {
    let rows = rows();
    assert!(rows.len() > 10, "the table wasn't found in {TABLE}");
    let mut wrong = Vec::new();
    println!(
        "truth-table: {} rows, each for {} relations",
        rows.len(),
        relations().count()
    );
    for [row, first, next] in rows {
        for relation in relations() {
            let booted_for_nothing = row.ends_with("boots") && relation.action == RefreshAction::Rerun;
            let next = if booted_for_nothing { "delivered" } else { next };
            let found = play(row, relation);
            if found != (first.to_owned(), next.to_owned()) {
                wrong.push(format!(
                    "{relation:?}: the cause {row}: {found:?} instead of {:?}",
                    (first, next)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_state_of_the_table_is_kept_on_disk() {
    let stage = Stage::new(relations().next().unwrap(), "");
    stage.run_killed_after_the_cause();
    assert!(Path::new(&stage.state.path().join("journal")).exists());
}
