use super::args::Format;
use super::environment::Environment;
use super::error::CliError;
use crate::compile::Compiled;
use crate::lint::Findings;
use crate::model::Cluster;
use crate::report::Paint;
use std::collections::BTreeSet;

/// How a command speaks, and with what around it.
#[derive(Clone, Copy)]
pub(super) struct Terminal<'e> {
    pub(super) format: Format,
    pub(super) verbose: bool,
    pub(super) environment: &'e Environment,
}

impl Terminal<'_> {
    /// Colours for standard output, if it is a terminal.
    pub(super) fn paint(&self) -> Paint {
        self.environment.paint_output()
    }
}

/// What the commands work with that need to know what each host gets.
pub(super) struct Session<'e> {
    pub(super) cluster: Cluster,
    pub(super) compiled: Compiled,
    /// What lints found; only looked for where a command wants it.
    pub(super) findings: Findings,
    pub(super) terminal: Terminal<'e>,
}

impl Session<'_> {
    /// Tells that lints found something, shortly; what keeps hosts from being touched ends the command.
    pub(super) fn heed_lints(&self) -> Result<(), CliError> {
        let errors = self.findings.errors();
        if !errors.is_empty() {
            return Err(CliError::from(errors).hinted(
                "`lints NAME` says more of each, `.allow(…)` in the definition allows what is meant that way",
            ));
        }
        let names: BTreeSet<&str> = self.findings.found.iter().map(|finding| finding.lint.name).collect();
        if !names.is_empty() {
            let names: Vec<&str> = names.into_iter().collect();
            Environment::complain(&format!(
                "warning: lints found something ({}); `check` shows it\n",
                names.join(", ")
            ));
        }
        Ok(())
    }
}
