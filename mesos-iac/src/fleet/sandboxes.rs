use super::event::{FleetEvent, HostResult, Traffic};
use crate::agent::Mode;
use crate::converge::{Control, Redactor, converge};
use crate::model::Catalog;
use crate::plan::plan;
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
    secrets: &BTreeMap<SecretSource, SecretText>,
    tell: &mut dyn FnMut(FleetEvent),
) {
    let redactor = Redactor::new(secrets);
    for catalog in catalogs {
        let host = &catalog.host;
        tell(FleetEvent::HostStarted { host: host.clone() });
        let result = match Sandbox::open(directory, host, &catalog.declared, mode == Mode::Apply) {
            Err(error) => HostResult::Failed(error.into()),
            Ok(sandbox) => {
                let sandbox = sandbox.with_secrets(secrets.clone());
                match mode {
                    Mode::Plan => HostResult::Planned(redactor.plan(plan(catalog, &PlanningSystem(&sandbox)))),
                    Mode::Apply => {
                        let summary = converge(catalog, &sandbox, &Control::new(), &mut |event| {
                            let event = redactor.event(event);
                            tell(FleetEvent::Host {
                                host: host.clone(),
                                event,
                            });
                        });
                        sandbox.save().map_or_else(
                            |error| HostResult::Failed(error.into()),
                            |()| HostResult::Converged(summary),
                        )
                    }
                }
            }
        };
        tell(FleetEvent::HostFinished {
            host: host.clone(),
            result,
            traffic: Traffic::default(),
        });
    }
}
