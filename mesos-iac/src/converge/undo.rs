//! Undoes a run that nobody confirmed: what stood at its paths, its units, and what they are refreshed for.

use crate::model::{
    Converge, Effect, Error, FileWrite, PathAttributes, PathEntry, PathKind, RefreshAction, Resource, Result, System,
    SystemError, UnitAction,
};
use crate::plan::guarded;
use crate::state::{PathBefore, UndoStep};
use crate::words::{AbsPath, ResourceId};
use std::collections::{BTreeMap, BTreeSet};

/// How what this resource owns is at the moment. Empty: it owns nothing that could be undone.
pub(super) fn before(system: &dyn System, resource: &dyn Resource) -> Result<Vec<UndoStep>> {
    let behavior = resource.behavior();
    let mut steps = Vec::new();
    for effect in behavior.effects().writes {
        match effect {
            Effect::Path(path) => {
                // Where a link is followed, what it leads to is what changes.
                let path = behavior.location(system)?.unwrap_or(path);
                let before = path_before(system, &path)?;
                steps.push(UndoStep::Path { path, before });
            }
            Effect::Unit(name) => {
                let state = system.unit(&name)?;
                steps.push(UndoStep::Unit {
                    name,
                    was_running: is_running(&state.active),
                    file_state: state.file_state,
                });
            }
            _ => {}
        }
    }
    Ok(steps)
}

fn path_before(system: &dyn System, path: &AbsPath) -> Result<PathBefore> {
    let Some(entry) = system.entry(path)? else {
        return Ok(PathBefore::Absent);
    };
    let PathEntry {
        kind,
        mode,
        owner,
        group,
    } = entry;
    let attributes = PathAttributes { mode, owner, group };
    Ok(match kind {
        PathKind::File => PathBefore::file(&system.read(path)?.unwrap_or_default(), attributes),
        PathKind::Directory => PathBefore::Directory(attributes),
        PathKind::Symlink(target) => PathBefore::Symlink(target),
        PathKind::Other => {
            return Err(Error::message(format!(
                "undo a change of {path}: a device, socket or pipe"
            )));
        }
    })
}

/// What was undone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undone {
    /// What was put back and what couldn't be, a line each.
    pub lines: Vec<String>,
    /// Whether nothing is left to be put back.
    pub is_whole: bool,
}

impl Undone {
    fn failed(&mut self, what: &str) {
        self.is_whole = false;
        self.lines.push(format!("not undone: {what}"));
    }
}

/// Puts everything back. Doing it twice restarts at the most what was restarted before.
///
/// While the host boots, units are started later and read then what was put back; so none is refreshed.
pub fn undo(steps: &[UndoStep], system: &dyn System, is_boot: bool) -> Undone {
    let mut undo = Undo {
        system,
        is_boot,
        told: Undone {
            lines: Vec::new(),
            is_whole: true,
        },
        is_reload_due: false,
    };
    let (paths, units) = firsts(steps);
    for (name, was_running, _) in units.iter().rev() {
        if !was_running {
            undo.stop(name);
        }
    }
    for (path, before) in paths.iter().rev() {
        undo.put_back(path, before);
    }
    if undo.is_reload_due
        && !is_boot
        && let Err(error) = system.reload_units()
    {
        undo.told.failed(&format!("failed to {error}"));
    }
    for (name, _, file_state) in &units {
        undo.enable(name, file_state);
    }
    if !is_boot {
        let stopped: BTreeSet<&str> = units
            .iter()
            .filter(|(_, was_running, _)| !was_running)
            .map(|(name, ..)| *name)
            .collect();
        undo.refresh(steps, &stopped);
        for (name, was_running, _) in &units {
            if *was_running {
                undo.start(name);
            }
        }
    }
    undo.told
}

type Units<'s> = Vec<(&'s str, bool, &'s str)>;

/// How each path and each unit was first of all, in the order in which they were changed.
fn firsts(steps: &[UndoStep]) -> (Vec<(&AbsPath, &PathBefore)>, Units<'_>) {
    let (mut paths, mut units) = (Vec::new(), Vec::new());
    let (mut seen_paths, mut seen_units) = (BTreeSet::new(), BTreeSet::new());
    for step in steps {
        match step {
            UndoStep::Path { path, before } if seen_paths.insert(path) => paths.push((path, before)),
            UndoStep::Unit {
                name,
                was_running,
                file_state,
            } if seen_units.insert(name) => units.push((name.as_str(), *was_running, file_state.as_str())),
            _ => {}
        }
    }
    (paths, units)
}

struct Undo<'a> {
    system: &'a dyn System,
    is_boot: bool,
    told: Undone,
    is_reload_due: bool,
}

impl Undo<'_> {
    fn tell(&mut self, what: &str, done: Result<bool>) -> bool {
        match done {
            Ok(false) => false,
            Ok(true) => {
                self.told.lines.push(format!("undone: {what}"));
                true
            }
            Err(error) => {
                self.told.failed(&format!("{what}: failed to {error}"));
                false
            }
        }
    }

    fn put_back(&mut self, path: &AbsPath, before: &PathBefore) {
        let done = put_back(self.system, path, before);
        let is_unit_file = path.as_str().starts_with("/etc/systemd/system/");
        self.is_reload_due |= self.tell(path.as_str(), done) && is_unit_file;
    }

    fn stop(&mut self, name: &str) {
        let done = stop(self.system, name, self.is_boot);
        self.tell(&format!("{name} is stopped"), done);
    }

    fn start(&mut self, name: &str) {
        let done = start(self.system, name);
        self.tell(&format!("{name} is started"), done);
    }

    fn enable(&mut self, name: &str, file_state: &str) {
        let done = enable(self.system, name, file_state);
        self.tell(&format!("{name} is {file_state}"), done);
    }

    /// Has everything read what was put back, once each, but for what was stopped.
    fn refresh(&mut self, steps: &[UndoStep], stopped: &BTreeSet<&str>) {
        let mut targets = BTreeMap::<ResourceId, (&dyn Resource, RefreshAction)>::new();
        for step in steps {
            if let UndoStep::Refresh { target, action } = step
                && let Ok(id) = target.id()
            {
                let entry = targets.entry(id).or_insert((&**target, *action));
                entry.1 = entry.1.max(*action);
            }
        }
        for (id, (target, action)) in targets {
            let behavior: &dyn Converge = target.behavior();
            let units = behavior.effects().writes;
            let is_stopped = |effect: &Effect| matches!(effect, Effect::Unit(name) if stopped.contains(name.as_str()));
            if !units.iter().any(is_stopped) {
                let done = guarded("refresh", || behavior.refresh(self.system, action));
                self.tell(&format!("{action} {id}"), done.map(|_| true));
            }
        }
    }
}

// Each of these returns whether anything had to be done.

fn stop(system: &dyn System, name: &str, is_boot: bool) -> Result<bool> {
    // While the host boots, its start is only queued.
    let is_due = is_boot || is_running(&system.unit(name)?.active);
    if is_due {
        system.control_unit(name, UnitAction::Stop)?;
    }
    Ok(is_due)
}

fn start(system: &dyn System, name: &str) -> Result<bool> {
    let is_due = !is_running(&system.unit(name)?.active);
    if is_due {
        system.control_unit(name, UnitAction::Start)?;
    }
    Ok(is_due)
}

fn enable(system: &dyn System, name: &str, file_state: &str) -> Result<bool> {
    let now = system.unit(name)?.file_state;
    if now == file_state {
        return Ok(false);
    }
    if now == "masked" {
        system.control_unit(name, UnitAction::Unmask)?;
    }
    let action = match file_state {
        "enabled" => UnitAction::Enable,
        "disabled" => UnitAction::Disable,
        "masked" => UnitAction::Mask,
        // The others are no states that a unit can be put in.
        _ => return Ok(now == "masked"),
    };
    system.control_unit(name, action)?;
    Ok(true)
}

fn put_back(system: &dyn System, path: &AbsPath, before: &PathBefore) -> Result<bool> {
    if path_before(system, path)? == *before {
        return Ok(false);
    }
    // What can't be replaced by another sort of thing makes room for it.
    let is_in_the_way = match (system.entry(path)?.map(|entry| entry.kind), before) {
        (None, _) => false,
        (Some(kind), PathBefore::File { .. }) => kind != PathKind::File,
        (Some(kind), PathBefore::Directory(_)) => kind != PathKind::Directory,
        (Some(kind), PathBefore::Symlink(_)) => !matches!(kind, PathKind::Symlink(_)),
        (Some(_), PathBefore::Absent) => true,
    };
    if is_in_the_way {
        match system.remove(path) {
            // Somebody has put something there since.
            Err(SystemError::NotEmpty { .. }) if *before == PathBefore::Absent => return Ok(false),
            removed => removed?,
        }
    }
    match before {
        PathBefore::Absent => {}
        PathBefore::File { attributes, .. } => {
            let content = before.content().unwrap_or_default();
            let write = FileWrite {
                content: &content,
                attributes,
                verify: None,
            };
            system.write_file(path, &write)?;
        }
        PathBefore::Directory(attributes) => system.create_directory(path, attributes)?,
        PathBefore::Symlink(target) => system.write_symlink(path, target)?,
    }
    Ok(true)
}

fn is_running(active: &str) -> bool {
    matches!(active, "active" | "activating" | "reloading")
}
