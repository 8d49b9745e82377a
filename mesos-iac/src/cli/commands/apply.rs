use crate::agent::{Confirm, Mode, RunOptions};
use crate::cli::args::{ApplyArguments, Outcome, Place, TakeoverArguments};
use crate::cli::error::CliError;
use crate::cli::plan_file::{PlanFile, load};
use crate::cli::run_over::{What, run_over};
use crate::cli::session::Session;
use crate::report::View;
use crate::words::HumanDuration;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustix::rand::GetRandomFlags;
use std::io;
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
            confirm: arguments.confirm.map(confirm).transpose()?,
            ..RunOptions::default()
        },
        view: View::Changes,
        plan: saved.map_or(PlanFile::None, PlanFile::Obey),
    };
    let verdict = run_over(session, place, &what)?;
    Ok(verdict.exit(outcome.detailed_exitcode))
}

/// Under a token that nobody else knows: a host undoes the run unless it is told that.
fn confirm(within: HumanDuration) -> Result<Confirm, CliError> {
    let mut token = [0; 16];
    let made = rustix::rand::getrandom(&mut token, GetRandomFlags::empty());
    made.map_err(|error| CliError::from(io::Error::from(error)))?;
    Ok(Confirm {
        within,
        token: BASE64.encode(token),
    })
}
