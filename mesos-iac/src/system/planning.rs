use crate::model::{Layer, Probe, ReadSystem, SystemError};

/// A machine as a plan sees it: nothing runs on it that isn't marked as read-only.
pub struct PlanningSystem<'a>(pub &'a dyn ReadSystem);

impl Layer for PlanningSystem<'_> {
    fn below(&self) -> &dyn ReadSystem {
        self.0
    }

    fn ask(&self, probe: &Probe) -> Result<bool, SystemError> {
        if probe.read_only {
            return self.0.probe(probe);
        }
        Err(SystemError::GuardNotRun {
            command: probe.invocation.command.clone(),
        })
    }
}
