use crate::model::{Layer, Probe, ReadSystem, SystemError};
use std::sync::atomic::{AtomicBool, Ordering};

/// A system that takes note of whether a command was asked. What a command looks at nobody knows, so whatever changes
/// before it may change its answer.
pub(super) struct Witness<'s> {
    system: &'s dyn ReadSystem,
    has_probed: AtomicBool,
}

impl<'s> Witness<'s> {
    pub(super) const fn new(system: &'s dyn ReadSystem) -> Self {
        Self {
            system,
            has_probed: AtomicBool::new(false),
        }
    }

    pub(super) fn has_probed(&self) -> bool {
        self.has_probed.load(Ordering::Relaxed)
    }
}

impl Layer for Witness<'_> {
    fn below(&self) -> &dyn ReadSystem {
        self.system
    }

    fn ask(&self, probe: &Probe) -> Result<bool, SystemError> {
        self.has_probed.store(true, Ordering::Relaxed);
        self.system.probe(probe)
    }
}
