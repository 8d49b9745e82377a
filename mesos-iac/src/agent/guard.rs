//! Waits on a host for a run to be confirmed, and undoes it if nobody does.

use super::serve::Machinery;
use crate::converge::{Event, undo};
use crate::model::System;
use crate::state::{Armed, Hold, KeptReport, Reports, UndoLog, UndoStep};
use std::collections::BTreeMap;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often is looked whether the run is confirmed.
const LOOK: Duration = Duration::from_millis(200);

/// How often it is tried to undo everything: a unit may be starting just then.
const TRIES: u32 = 5;

/// How long is waited between two tries.
const PAUSE: Duration = Duration::from_secs(2);

/// Waits for the end of the run, then as long as it says for its confirmation, and undoes it if there is none.
///
/// # Errors
/// The state can't be read or written. Whoever started this tries again.
pub(crate) fn guard(machinery: &dyn Machinery) -> Result<(), String> {
    let Some(state) = machinery.state_directory() else {
        return Ok(());
    };
    let log = UndoLog::of(state);
    let Some(_waiting) = log.wait_for_confirmation().map_err(|error| error.to_string())? else {
        return Ok(());
    };
    // A run that was killed has ended too.
    drop(Hold::wait(state).map_err(|error| error.to_string())?);
    let ended = Instant::now();
    while let Some(armed) = log.armed().map_err(|error| error.to_string())? {
        if ended.elapsed() >= armed.within.0 {
            return undo_run(machinery, state, false);
        }
        sleep(LOOK);
    }
    system(machinery)?.end_guard().map_err(|error| error.to_string())
}

/// Undoes a run that nobody had confirmed when the host went down.
///
/// # Errors
/// The state can't be read or written.
pub(crate) fn undo_at_boot(machinery: &dyn Machinery) -> Result<(), String> {
    match machinery.state_directory() {
        Some(state) => undo_run(machinery, state, true),
        None => Ok(()),
    }
}

fn system(machinery: &dyn Machinery) -> Result<Box<dyn System>, String> {
    machinery.system(BTreeMap::new()).map_err(|error| error.to_string())
}

fn undo_run(machinery: &dyn Machinery, state: &Path, is_boot: bool) -> Result<(), String> {
    let system = system(machinery)?;
    let _hold = Hold::wait(state).map_err(|error| error.to_string())?;
    let log = UndoLog::of(state);
    let read = || Ok::<_, crate::state::StateError>((log.armed()?, log.steps()?));
    let (armed, steps) = read().map_err(|error| error.to_string())?;
    // It may have been confirmed at the last moment.
    if let Some(armed) = armed {
        let events = report(put_back(&steps, &*system, is_boot));
        // What was put back is worth more than what is told of it.
        let Armed { who, began, .. } = armed;
        Reports::of(state).keep(&KeptReport::new(who, began, events)).ok();
        log.disarm().map_err(|error| error.to_string())?;
    }
    system.end_guard().map_err(|error| error.to_string())
}

fn put_back(steps: &[UndoStep], system: &dyn System, is_boot: bool) -> Vec<String> {
    let mut lines = Vec::new();
    for _ in 0..TRIES {
        let undone = undo(steps, system, is_boot);
        lines.extend(undone.lines);
        if undone.is_whole {
            break;
        }
        sleep(PAUSE);
    }
    lines
}

fn report(undone: Vec<String>) -> Vec<Event> {
    let why = "nobody confirmed the run over a new connection, so it was undone".to_owned();
    std::iter::once(why).chain(undone).map(Event::Noted).collect()
}
