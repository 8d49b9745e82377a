use crate::agent::{Mode, RunOptions};
use crate::cli::args::{ApplyArguments, Outcome, Place, TakeoverArguments};
use crate::cli::error::CliError;
use crate::cli::plan_file::{PlanFile, load};
use crate::cli::run_over::{What, run_over};
use crate::cli::session::Session;
use crate::report::View;
use std::process::ExitCode;

/// `apply`: brings the hosts to what the definition says.
pub(in super::super) fn apply(
    session: &Session<'_>,
    place: &Place,
    takeover: &TakeoverArguments,
    arguments: &ApplyArguments,
    outcome: &Outcome,
) -> Result<ExitCode, CliError> {
    let saved = arguments.plan.as_deref().map(load).transpose()?;
    let what = What {
        command: "apply",
        mode: Mode::Apply,
        options: RunOptions {
            takeover: takeover.takeover(),
            fail_fast: arguments.fail_fast,
            prune: arguments.prune,
            force: arguments.force,
            ..RunOptions::default()
        },
        view: View::Changes,
        plan: saved.map_or(PlanFile::None, PlanFile::Obey),
    };
    let verdict = run_over(session, place, &what)?;
    Ok(verdict.exit(outcome.detailed_exitcode))
}
