use super::args::Format;
use super::environment::Environment;
use crate::compile::Compiled;
use crate::model::Cluster;
use crate::report::Paint;

/// What the commands work with.
pub(super) struct Session<'e> {
    pub(super) cluster: Cluster,
    pub(super) compiled: Compiled,
    pub(super) format: Format,
    pub(super) verbose: bool,
    pub(super) environment: &'e Environment,
}

impl Session<'_> {
    /// Colours for standard output, if it is a terminal.
    pub(super) fn paint(&self) -> Paint {
        self.environment.paint_output()
    }
}
