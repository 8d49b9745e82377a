use crate::agent::{Mode, RunOptions};
use crate::cli::args::Place;
use crate::cli::error::CliError;
use crate::cli::plan_file::PlanFile;
use crate::cli::run_over::{What, run_over};
use crate::cli::selection;
use crate::cli::session::Session;
use crate::report::View;
use crate::words::ResourceId;
use std::process::ExitCode;

/// `forget`: takes resources that left the definition out of the hosts' ledgers, and leaves them where they are.
pub(in super::super) fn forget(
    session: &Session<'_>,
    place: &Place,
    resources: Vec<ResourceId>,
) -> Result<ExitCode, CliError> {
    for resource in &resources {
        let hosts = selection::select(session, place.selection.limit.as_deref())?;
        if hosts.iter().all(|host| host.catalog.entry(resource).is_some()) {
            let why = format!("failed to forget {resource}: every selected host has it in the definition");
            return Err(
                CliError::usage(why).hinted("take it out of the definition first; `orphans` lists what left it")
            );
        }
    }
    let what = What {
        command: "forget",
        mode: Mode::Forget,
        options: RunOptions {
            forget: resources,
            ..RunOptions::default()
        },
        view: View::Changes,
        plan: PlanFile::None,
    };
    Ok(run_over(session, place, &what)?.exit(false))
}
