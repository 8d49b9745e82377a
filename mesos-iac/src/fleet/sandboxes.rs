use super::error::HostError;
use super::event::{FleetEvent, HostResult, Traffic};
use crate::agent::{Mode, Refusal, RunOptions};
use crate::converge::{Control, Event, Redactor, Summary, converge, forget};
use crate::model::Catalog;
use crate::plan::{Plan, plan};
use crate::state::{HostIdentity, Store, Takeover};
use crate::system::{PlanningSystem, Sandbox};
use crate::words::{SecretSource, SecretText};
use std::collections::BTreeMap;
use std::path::Path;

/// Plans or converges hosts in directories below `directory`, one after the other, and tells what happens as a run over
/// SSH does. Needs no host and no root.
pub fn run_sandboxes(
    catalogs: &[Catalog],
    directory: &Path,
    mode: Mode,
    options: &RunOptions,
    secrets: &BTreeMap<SecretSource, SecretText>,
    tell: &mut dyn FnMut(FleetEvent),
) {
    let redactor = Redactor::new(secrets);
    for catalog in catalogs {
        let host = &catalog.host;
        tell(FleetEvent::HostStarted { host: host.clone() });
        let result = match Sandbox::open(directory, catalog, mode != Mode::Plan) {
            Err(error) => HostResult::Failed(error.into()),
            Ok(sandbox) => {
                let sandbox = sandbox.with_secrets(secrets.clone());
                let happened = &mut |event| {
                    tell(FleetEvent::Host {
                        host: host.clone(),
                        event: redactor.event(event),
                    });
                };
                match mode {
                    Mode::Plan => plan_one(catalog, &sandbox).map(|plan| HostResult::Planned(redactor.plan(plan))),
                    Mode::Apply | Mode::Forget => {
                        converge_one(catalog, &sandbox, mode, options, happened).map(HostResult::Converged)
                    }
                }
                .unwrap_or_else(HostResult::Failed)
            }
        };
        tell(FleetEvent::HostFinished {
            host: host.clone(),
            result,
            traffic: Traffic::default(),
        });
    }
}

fn identity(catalog: &Catalog) -> HostIdentity {
    HostIdentity {
        cluster: catalog.cluster.clone(),
        host: catalog.host.clone(),
        machine: None,
    }
}

fn plan_one(catalog: &Catalog, sandbox: &Sandbox) -> Result<Plan, HostError> {
    let ledger = Store::look(&sandbox.state_directory(), &identity(catalog), &Takeover::default());
    let ledger = ledger.map_err(Refusal::State).map_err(HostError::Refused)?;
    Ok(plan(catalog, &PlanningSystem(sandbox), &ledger))
}

fn converge_one(
    catalog: &Catalog,
    sandbox: &Sandbox,
    mode: Mode,
    options: &RunOptions,
    tell: &mut dyn FnMut(Event),
) -> Result<Summary, HostError> {
    let store = Store::open(
        &sandbox.state_directory(),
        &identity(catalog),
        &options.takeover,
        &options.who,
    );
    let mut store = store.map_err(Refusal::State).map_err(HostError::Refused)?;
    if mode == Mode::Forget {
        return Ok(forget(catalog, &mut store, &options.forget, tell));
    }
    let summary = converge(catalog, sandbox, &mut store, &options.how(Control::new()), tell);
    sandbox.save()?;
    Ok(summary)
}
