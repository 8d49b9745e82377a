use crate::agent::Mode;
use crate::cli::args::{Outcome, Place, TakeoverArguments};
use crate::cli::error::CliError;
use crate::cli::run_over::run_over;
use crate::cli::session::Session;
use std::process::ExitCode;

/// `plan`: shows what a run would change, and changes nothing.
pub(in super::super) fn plan(
    session: &Session<'_>,
    place: &Place,
    takeover: &TakeoverArguments,
    outcome: &Outcome,
) -> Result<ExitCode, CliError> {
    let verdict = run_over(session, place, Mode::Plan, takeover.takeover(), false)?;
    Ok(verdict.exit(outcome.detailed_exitcode))
}
