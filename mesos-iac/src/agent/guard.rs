//! Waits on a host for a run to be confirmed, and undoes it if nobody does.

use super::serve::Machinery;
use crate::converge::{Event, UndoOptions, undo_log};
use crate::model::System;
use crate::state::{Armed, Hold, KeptReport, Reports, UndoLog, take_back};
use std::collections::BTreeMap;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How often is looked whether the run is confirmed.
const LOOK: Duration = Duration::from_millis(200);

/// How often it is tried to undo everything.
const TRIES: u32 = 5;

/// Waits for the end of the run, then as long as it says for its confirmation, and undoes it if there is none.
///
/// # Errors
/// The state can't be read or written. Whoever started this tries again.
pub(crate) fn guard(machinery: &dyn Machinery) -> Result<(), String> {
    let Some(state) = machinery.state_directory() else {
        return Ok(());
    };
    let log = UndoLog::of(state);
    let armed = || log.armed().map_err(|error| error.to_string());
    let Some(own) = armed()? else { return Ok(()) };
    // Whoever waited for an earlier run may still be about to leave.
    let _waiting = log.wait_for_confirmation().map_err(|error| error.to_string())?;
    // A run that was killed has ended too.
    drop(Hold::wait(state).map_err(|error| error.to_string())?);
    let ended = Instant::now();
    while armed()?.is_some_and(|armed| armed.token == own.token) {
        if ended.elapsed() >= own.within.0 {
            return undo_run(machinery, state, Some(&own), false);
        }
        sleep(LOOK);
    }
    let _hold = Hold::wait(state).map_err(|error| error.to_string())?;
    // The boot unit may be that of the next run by now.
    match armed()? {
        Some(_) => Ok(()),
        None => system(machinery)?.end_guard().map_err(|error| error.to_string()),
    }
}

/// Undoes a run that nobody had confirmed when the host went down.
///
/// # Errors
/// The state can't be read or written.
pub(crate) fn undo_at_boot(machinery: &dyn Machinery) -> Result<(), String> {
    match machinery.state_directory() {
        Some(state) => undo_run(machinery, state, None, true),
        None => Ok(()),
    }
}

fn system(machinery: &dyn Machinery) -> Result<Box<dyn System>, String> {
    machinery.system(BTreeMap::new()).map_err(|error| error.to_string())
}

/// Undoes the run that waits; if one is named, only that one.
fn undo_run(machinery: &dyn Machinery, state: &Path, own: Option<&Armed>, is_boot: bool) -> Result<(), String> {
    let system = system(machinery)?;
    let hold = Hold::wait(state).map_err(|error| error.to_string())?;
    let log = UndoLog::of(state);
    let armed = log.armed().map_err(|error| error.to_string())?;
    // It may have been confirmed at the last moment, and another one begun.
    if armed.is_some() && own.is_some_and(|own| armed.as_ref().is_some_and(|armed| armed.token != own.token)) {
        return Ok(());
    }
    if let Some(Armed { who, began, .. }) = armed {
        let mut lines = Vec::new();
        for run in hold.runs() {
            // What it started could change again what is put back.
            if let Err(error) = system.end_run(&run) {
                lines.push(format!("failed to {error}"));
            }
        }
        let options = UndoOptions { is_boot, tries: TRIES };
        let undone = undo_log(&log, &*system, options, &mut |ledger| take_back(state, ledger));
        lines.splice(0..0, undone);
        let events = lines.into_iter().map(Event::Noted).collect();
        // What was put back is worth more than what is told of it.
        Reports::of(state).keep(&KeptReport::new(who, began, events)).ok();
    }
    system.end_guard().map_err(|error| error.to_string())
}
