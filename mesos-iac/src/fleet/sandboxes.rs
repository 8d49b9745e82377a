use super::error::HostError;
use super::event::{FleetEvent, HostResult, Traffic};
use super::stop::Stop;
use crate::agent::{Mode, RunOptions, Workplace, carry_out};
use crate::converge::{Control, Event};
use crate::model::{Catalog, Redactor};
use crate::system::Sandbox;
use crate::words::{SecretSource, SecretText};
use std::collections::BTreeMap;
use std::path::Path;

/// Plans or converges hosts in directories below `directory`, one after the other, and tells what happens as a run over
/// SSH does. Needs no host and no root.
pub fn run_sandboxes(
    catalogs: &[Catalog],
    directory: &Path,
    mode: Mode,
    options: &dyn Fn(&Catalog) -> RunOptions,
    secrets: &BTreeMap<SecretSource, SecretText>,
    stop: &Stop,
    tell: &mut dyn FnMut(FleetEvent),
) {
    let redactor = Redactor::new(secrets);
    for catalog in catalogs {
        let host = &catalog.host;
        tell(FleetEvent::HostStarted { host: host.clone() });
        if stop.is_requested() {
            tell(FleetEvent::HostFinished {
                host: host.clone(),
                result: HostResult::Failed(HostError::Stopped),
                traffic: Traffic::default(),
            });
            continue;
        }
        let result = match Sandbox::open(directory, catalog, !mode.only_looks()) {
            Err(error) => HostResult::Failed(error.into()),
            Ok(sandbox) => {
                let sandbox = sandbox.with_secrets(secrets.clone());
                let tell = &mut |event| {
                    tell(FleetEvent::Host {
                        host: host.clone(),
                        event,
                    });
                };
                let how = (mode, &options(catalog), stop.control());
                work_in(&sandbox, catalog, how, &redactor, tell).unwrap_or_else(HostResult::Failed)
            }
        };
        tell(FleetEvent::HostFinished {
            host: host.clone(),
            result,
            traffic: Traffic::default(),
        });
    }
}

fn work_in(
    sandbox: &Sandbox,
    catalog: &Catalog,
    (mode, options, control): (Mode, &RunOptions, Control),
    redactor: &Redactor,
    tell: &mut dyn FnMut(Event),
) -> Result<HostResult, HostError> {
    let state = sandbox.state_directory();
    let workplace = Workplace {
        system: sandbox,
        state: Some(&*state).filter(|_| !options.leaves_state),
        machine: None,
        redactor,
    };
    let mut result = None;
    let done = carry_out(&workplace, mode, catalog, options, control, &mut |event| match event {
        Event::Planned(plan) => result = Some(HostResult::Planned(plan)),
        event => {
            if let Event::RunFinished(summary) = &event {
                result = Some(HostResult::Converged(*summary));
            }
            tell(event);
        }
    });
    done.map_err(HostError::Refused)?;
    if !mode.only_looks() {
        sandbox.save()?;
    }
    result.ok_or_else(|| HostError::Lost("the run ended without a word".into()))
}
