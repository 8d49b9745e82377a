use crate::agent::{Mode, RunOptions};
use crate::cli::args::Looking;
use crate::cli::error::CliError;
use crate::cli::plan_file::PlanFile;
use crate::cli::run_over::{What, run_over};
use crate::cli::session::Session;
use crate::report::View;
use std::path::Path;
use std::process::ExitCode;

/// `plan`, `status`, `pending` and `orphans`: shows what a run would change, or a part of it, and changes nothing.
pub(in super::super) fn plan(
    session: &Session<'_>,
    looking: &Looking,
    view: View,
    output: Option<&Path>,
    tells_lasting: bool,
) -> Result<ExitCode, CliError> {
    let what = What {
        command: match view {
            View::Changes => "plan",
            View::Status => "status",
            View::Pending => "pending",
            View::Orphans => "orphans",
        },
        mode: match view {
            View::Orphans => Mode::Orphans,
            View::Changes | View::Status | View::Pending => Mode::Plan,
        },
        options: RunOptions {
            takeover: looking.takeover.takeover(),
            ..RunOptions::default()
        },
        view,
        plan: output.map_or(PlanFile::None, PlanFile::Write),
        tells_lasting,
    };
    let verdict = run_over(session, &looking.place, &what)?;
    Ok(verdict.exit(looking.outcome.detailed_exitcode))
}
