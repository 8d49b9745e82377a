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
use std::time::Duration;

/// `apply`: brings the hosts to what the definition says.
pub(in super::super) fn apply(
    session: &Session<'_>,
    place: &Place,
    takeover: &TakeoverArguments,
    arguments: &ApplyArguments,
    outcome: &Outcome,
) -> Result<ExitCode, CliError> {
    let saved = arguments.plan.as_deref().map(|file| {
        let hosts = &session.compiled.hosts;
        let is_host = hosts.iter().any(|host| file.as_os_str() == host.name().as_str());
        load(file).map_err(|error| match is_host {
            true => error.hinted(format!(
                "`--limit {}` selects that host; what stands here is a plan",
                file.display()
            )),
            false => error,
        })
    });
    let saved = saved.transpose()?;
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
        tells_lasting: false,
    };
    let verdict = run_over(session, place, &what)?;
    Ok(verdict.exit(outcome.detailed_exitcode))
}

/// Under a token that nobody else knows: a host undoes the run unless it is told that.
fn confirm(within: HumanDuration) -> Result<Confirm, CliError> {
    const LEAST: HumanDuration = HumanDuration(Duration::from_secs(5));
    const MOST: HumanDuration = HumanDuration(Duration::from_secs(24 * 3600));
    if !(LEAST..=MOST).contains(&within) {
        let error = CliError::usage(format!(
            "failed to read --confirm {within}: it is {LEAST} at the least and {MOST} at the most"
        ));
        return Err(error.hinted("a new connection takes a second or two; `--confirm 60s` leaves time for a slow host"));
    }
    let mut token = [0; 16];
    let made = rustix::rand::getrandom(&mut token, GetRandomFlags::empty());
    made.map_err(|error| CliError::from(io::Error::from(error)))?;
    Ok(Confirm {
        within,
        token: BASE64.encode(token),
    })
}
