//! What a run does once it is known what is wanted: the same on a host and in a sandbox.

use super::protocol::{Mode, Refusal, RunOptions};
use crate::converge::{Control, Event, Summary, converge, forget};
use crate::model::{Catalog, Ledger, Redactor, System};
use crate::plan::{Plan, beyond, lasting_text, plan, plan_orphans};
use crate::state::{Hold, Holder, HostIdentity, HostKey, StateError, Store, UndoLog};
use crate::system::PlanningSystem;
use std::path::Path;

/// A machine, and what is kept of it from run to run.
pub(crate) struct Workplace<'a> {
    pub(crate) system: &'a dyn System,
    /// Where its state stands. `None`: it is kept no longer than the run.
    pub(crate) state: Option<&'a Path>,
    /// What no other machine has, if the machine has it.
    pub(crate) machine: Option<String>,
    pub(crate) redactor: &'a Redactor,
}

/// Plans, looks for orphans, applies or forgets, and tells what happens, without the values of secrets.
///
/// # Errors
/// The machine's state can't be worked with, or it isn't as the plan says that bounds the run. Nothing was changed.
pub(crate) fn carry_out(
    workplace: &Workplace<'_>,
    mode: Mode,
    catalog: &Catalog,
    options: &RunOptions,
    control: Control,
    tell: &mut dyn FnMut(Event),
) -> Result<(), Refusal> {
    let identity = HostIdentity {
        cluster: catalog.cluster.clone(),
        host: catalog.host.clone(),
        machine: workplace.machine.clone(),
    };
    let Workplace { system, redactor, .. } = *workplace;
    let planned = |ledger: &Ledger| -> Result<Plan, Refusal> {
        let system = PlanningSystem(system);
        let mut plan = redactor.plan(plan(catalog, &system, ledger));
        if let Some(directory) = workplace.state
            && let Some(key) = HostKey::look(directory).map_err(Refusal::State)?
        {
            plan.seal(catalog, &system, key.bytes());
        }
        Ok(plan)
    };
    let tell = &mut |event| tell(redactor.event(event));
    if mode.only_looks() {
        if let Some(holder) = workplace.state.and_then(Holder::at_work) {
            tell(Event::Noted(format!(
                "another run is at work: {holder}; this is how things stand in the midst of it"
            )));
        }
        let ledger = match workplace.state {
            Some(directory) => Store::look(directory, &identity, &options.takeover).map_err(Refusal::State)?,
            None => Ledger::default(),
        };
        if !ledger.damage.is_none() {
            tell(Event::Damaged(ledger.damage.told(catalog)));
        }
        let plan = match mode {
            Mode::Plan => planned(&ledger)?,
            _ => redactor.plan(plan_orphans(catalog, &PlanningSystem(system), &ledger)),
        };
        tell(Event::Planned(plan));
        return Ok(());
    }
    if mode == Mode::Confirm {
        confirm(workplace, options)?;
        tell(Event::RunFinished(Summary::default()));
        return Ok(());
    }
    let mut store = match workplace.state {
        Some(directory) => {
            Store::open(directory, &identity, &options.takeover, &options.who).map_err(Refusal::State)?
        }
        None => Store::in_memory(),
    };
    if let Some((_, own)) = store.runs() {
        system.announce_run(own);
    }
    if mode == Mode::Forget {
        forget(catalog, &mut store, &options.forget, tell);
        return Ok(());
    }
    if let Some(bounds) = &options.bounds {
        if let Some(armed) = store.unconfirmed() {
            return Err(Refusal::State(StateError::UndoDue(armed.who.clone())));
        }
        within(bounds, &planned(store.ledger())?, catalog, options.force)?;
    }
    if options.confirm.is_some() {
        tell_lasting(catalog, &planned(store.ledger())?, tell);
    }
    converge(catalog, system, &mut store, &options.how(catalog, control), tell);
    Ok(())
}

/// Says what stays even if the run is undone, before anything is changed.
fn tell_lasting(catalog: &Catalog, plan: &Plan, tell: &mut dyn FnMut(Event)) {
    if let Some(lasting) = lasting_text(catalog, plan) {
        tell(Event::Noted(lasting));
    }
}

/// Confirms the run that waits for it, if it is the one that is meant.
fn confirm(workplace: &Workplace<'_>, options: &RunOptions) -> Result<(), Refusal> {
    let state = workplace.state.ok_or(Refusal::State(StateError::NotWaiting))?;
    let confirm = || -> Result<(), StateError> {
        let _hold = Hold::take(state)?;
        let token = options.confirm.as_ref().map(|confirm| confirm.token.as_str());
        UndoLog::of(state).confirm(token.unwrap_or_default())?;
        // Whoever waits does it too; what is left of it finds nothing to undo.
        workplace.system.end_guard().ok();
        Ok(())
    };
    confirm().map_err(Refusal::State)
}

/// Refuses a run that could do what the plan doesn't say.
fn within(bounds: &Plan, now: &Plan, catalog: &Catalog, force: bool) -> Result<(), Refusal> {
    // A later generation isn't refused: a run that broke off can be repeated with its plan, and whatever else was done since
    // and matters differs below. An earlier one is another ledger, of a host that lost its own; what it owned isn't known.
    if now.generation < bounds.generation {
        return Err(Refusal::LostState {
            planned: bounds.generation,
            now: now.generation,
        });
    }
    let is_newer = now.applied != bounds.applied && now.applied != catalog.digest().ok();
    if is_newer && !force {
        return Err(Refusal::Outdated);
    }
    match beyond(bounds, now, catalog) {
        differences if differences.is_empty() => Ok(()),
        differences => Err(Refusal::Plan(differences)),
    }
}
