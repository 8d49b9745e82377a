//! Undoes a run that nobody confirmed: what stood at its paths, its units, and what they are refreshed for.

use crate::model::{
    Converge, Diff, Effect, Error, FileWrite, Ledger, PathAttributes, PathEntry, PathKind, RefreshAction, Resource,
    Result, System, SystemError, UnitAction,
};
use crate::plan::guarded;
use crate::state::{PathBefore, StateError, UndoLog, UndoStep};
use crate::words::{AbsPath, ResourceId};
use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::Duration;

/// How what this resource owns is at the moment, and what else this change of it reaches. Empty: it owns nothing that could
/// be undone.
pub(super) fn before(system: &dyn System, resource: &dyn Resource, change: Option<&Diff>) -> Result<Vec<UndoStep>> {
    let behavior = resource.behavior();
    let mut steps = Vec::new();
    if behavior.lasts() {
        return Ok(steps);
    }
    let owned = behavior.effects().writes;
    let paths = owned.iter().filter(|effect| matches!(effect, Effect::Path(_))).count();
    for effect in owned {
        match effect {
            Effect::Path(path) => {
                // Where a link is followed, what it leads to is what changes.
                let location = if paths == 1 { behavior.location(system)? } else { None };
                let path = location.unwrap_or(path);
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
    for path in change.map(|diff| behavior.touches(diff)).unwrap_or_default() {
        let before = path_before(system, &path)?;
        steps.push(UndoStep::Path { path, before });
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

/// How long is waited before what couldn't be undone is tried again: a unit may be starting just then.
const PAUSE: Duration = Duration::from_secs(2);

/// What was undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What was put back and what couldn't be, a line each.
    pub lines: Vec<String>,
    /// Whether nothing is left to be put back.
    pub is_whole: bool,
}

/// How a run is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UndoOptions {
    /// Whether the host is booting. Units are started later then, and read what was put back, so none is refreshed.
    pub is_boot: bool,
    /// How often it is tried to put everything back.
    pub tries: u32,
}

impl Default for UndoOptions {
    /// Once, on a host that is up.
    fn default() -> Self {
        Self {
            is_boot: false,
            tries: 1,
        }
    }
}

/// Puts everything back. Doing it twice restarts at the most what was restarted before.
pub fn undo(steps: &[UndoStep], system: &dyn System, options: UndoOptions) -> Undone {
    let mut undo = Undo {
        system,
        is_boot: options.is_boot,
        done: Vec::new(),
        failed: Vec::new(),
        is_left: false,
        is_reload_due: false,
        refreshed: BTreeSet::new(),
    };
    undo.everything(steps);
    for _ in 1..options.tries {
        if !undo.is_left {
            break;
        }
        sleep(PAUSE);
        undo.failed.clear();
        undo.is_left = false;
        undo.everything(steps);
    }
    Undone {
        is_whole: !undo.is_left,
        lines: undo.done.into_iter().chain(undo.failed).collect(),
    }
}

/// Undoes the run that the log tells of, takes the ledger back, and ends the log. Returns what was done, a line each, the
/// first of which says why.
pub fn undo_log(
    log: &UndoLog,
    system: &dyn System,
    options: UndoOptions,
    take_back: &mut dyn FnMut(Ledger) -> std::result::Result<(), StateError>,
) -> Vec<String> {
    let read = || Ok::<_, StateError>((log.steps()?, log.ledger()?));
    let ((steps, unreadable), ledger) = match read() {
        Ok(read) => read,
        Err(error) => {
            return vec![format!(
                "nobody confirmed the run, and it isn't undone: failed to {error}"
            )];
        }
    };
    let undone = undo(&steps, system, options);
    let is_whole = undone.is_whole && unreadable.is_empty();
    // What was put back has to survive a power failure before it is forgotten how it was.
    let synced = system.sync();
    let ended = match (is_whole, &synced) {
        (true, Ok(())) => take_back(ledger).and_then(|()| log.disarm()).map(|()| None),
        // A disk that can't be flushed is nothing that another try mends: it is for people to look at.
        (true, Err(_)) => take_back(ledger).and_then(|()| log.give_up()).map(Some),
        (false, _) => log.give_up().map(Some),
    };
    let first = match &ended {
        Ok(kept) => {
            let undone = match is_whole {
                true => "so it was undone",
                false => "and it could be undone only in part",
            };
            let stands = kept
                .as_ref()
                .map(|kept| format!("; how everything was stands in {}", kept.display()));
            format!(
                "nobody confirmed the run over a new connection, {undone}{}",
                stands.unwrap_or_default()
            )
        }
        Err(error) => format!("nobody confirmed the run over a new connection; undoing it failed to {error}"),
    };
    let unsynced = synced
        .err()
        .map(|error| format!("what was put back may not survive a power failure: failed to {error}"));
    let unreadable = unreadable.into_iter().map(|why| format!("not undone: {why}"));
    let lines = std::iter::once(first).chain(undone.lines);
    lines.chain(unreadable).chain(unsynced).collect()
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
    done: Vec<String>,
    failed: Vec<String>,
    /// Whether another try could put back more.
    is_left: bool,
    is_reload_due: bool,
    /// What has read what was put back.
    refreshed: BTreeSet<ResourceId>,
}

impl Undo<'_> {
    fn everything(&mut self, steps: &[UndoStep]) {
        let (paths, units) = firsts(steps);
        for (name, was_running, file_state) in units.iter().rev() {
            // What is started at each boot is started at this one too.
            let starts_at_boot = self.is_boot && *file_state == "enabled";
            if !was_running && !starts_at_boot {
                self.stop(name);
            }
            if file_state.is_empty() {
                self.forget(name);
            }
        }
        for (path, before) in paths.iter().rev() {
            self.put_back(path, before);
        }
        if self.is_reload_due {
            let done = self.system.reload_units().map(|()| false);
            self.is_reload_due = done.is_err();
            self.tell("the manager reads its unit files", done.map_err(Error::from));
        }
        for (name, was_running, file_state) in &units {
            let is_due = self.enable(name, file_state);
            if self.is_boot && is_due && *was_running {
                self.start(name);
            }
        }
        if self.is_boot {
            return;
        }
        let stopped = units.iter().filter(|(_, was_running, _)| !was_running);
        let stopped: BTreeSet<&str> = stopped.map(|(name, ..)| *name).collect();
        self.refresh(steps, &stopped);
        for (name, was_running, _) in &units {
            if *was_running {
                self.start(name);
            }
        }
    }

    /// Returns whether anything was done.
    fn tell(&mut self, what: &str, done: Result<bool>) -> bool {
        match done {
            Ok(false) => false,
            Ok(true) => {
                self.done.push(format!("undone: {what}"));
                true
            }
            Err(error) => {
                // Whoever undoes it has no secrets, and won't have any at another try.
                self.is_left |= !matches!(error, Error::System(SystemError::NoSecret(_)));
                self.failed.push(format!("not undone: {what}: failed to {error}"));
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
        let done = start(self.system, name, self.is_boot);
        self.tell(&format!("{name} is started"), done);
    }

    fn enable(&mut self, name: &str, file_state: &str) -> bool {
        let done = enable(self.system, name, file_state);
        self.tell(&format!("{name} is {file_state}"), done)
    }

    /// A unit that wasn't there isn't started at the next boot, whether or not it goes away with its file.
    fn forget(&mut self, name: &str) {
        let done = enable(self.system, name, "disabled");
        self.tell(&format!("{name} is disabled"), done);
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
            if self.refreshed.contains(&id) {
                continue;
            }
            let behavior: &dyn Converge = target.behavior();
            let units = behavior.effects().writes;
            let is_stopped = |effect: &Effect| matches!(effect, Effect::Unit(name) if stopped.contains(name.as_str()));
            if !units.iter().any(is_stopped) {
                let done = guarded("refresh", || behavior.refresh(self.system, action));
                if self.tell(&format!("{action} {id}"), done.map(|_| true)) {
                    self.refreshed.insert(id);
                }
            }
        }
    }
}

// Each of these returns whether anything had to be done.

fn stop(system: &dyn System, name: &str, is_boot: bool) -> Result<bool> {
    let state = system.unit(name)?;
    // While the host boots, its start is only queued.
    let is_due = state.exists && (is_boot || is_running(&state.active));
    if is_due {
        let action = if is_boot {
            UnitAction::QueueStop
        } else {
            UnitAction::Stop
        };
        system.control_unit(name, action)?;
    }
    Ok(is_due)
}

fn start(system: &dyn System, name: &str, is_boot: bool) -> Result<bool> {
    let is_due = !is_running(&system.unit(name)?.active);
    if is_due {
        let action = if is_boot {
            UnitAction::QueueStart
        } else {
            UnitAction::Start
        };
        system.control_unit(name, action)?;
    }
    Ok(is_due)
}

fn enable(system: &dyn System, name: &str, file_state: &str) -> Result<bool> {
    let state = system.unit(name)?;
    let now = state.file_state;
    if !state.exists || now == file_state {
        return Ok(false);
    }
    if now == "masked" {
        system.control_unit(name, UnitAction::Unmask)?;
    }
    let action = match file_state {
        "enabled" => UnitAction::Enable,
        // What has no state to be put in isn't enabled either.
        "disabled" if now != "enabled" && now != "masked" => return Ok(false),
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
            let content = before
                .content()
                .ok_or_else(|| Error::message(format!("read what stood in {path}")))?;
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
