use crate::agent::Mode;
use crate::cli::args::{Outcome, Place, TakeoverArguments};
use crate::cli::error::CliError;
use crate::cli::run_over::run_over;
use crate::cli::session::Session;
use std::process::ExitCode;

/// `apply`: brings the hosts to what the definition says.
pub(in super::super) fn apply(
    session: &Session<'_>,
    place: &Place,
    takeover: &TakeoverArguments,
    fail_fast: bool,
    outcome: &Outcome,
) -> Result<ExitCode, CliError> {
    let verdict = run_over(session, place, Mode::Apply, takeover.takeover(), fail_fast)?;
    Ok(verdict.exit(outcome.detailed_exitcode))
}
