use crate::cli::args::Format;
use crate::cli::error::CliError;
use crate::cli::exit_code;
use crate::cli::session::Session;
use crate::model::Problems;
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;

/// `check`: the definition was made and compiled before this is called, so there is only to say that it was.
pub(in super::super) fn check(session: &Session<'_>) -> Result<ExitCode, CliError> {
    let hosts = session.compiled.hosts.len();
    let resources: usize = session
        .compiled
        .hosts
        .iter()
        .map(|host| host.catalog.resources().count())
        .sum();
    let mut out = std::io::stdout().lock();
    match session.format {
        Format::Json => {
            let value =
                json!({ "cluster": session.cluster.name(), "hosts": hosts, "resources": resources, "problems": [] });
            writeln!(out, "{value}")?;
        }
        Format::Human => writeln!(
            out,
            "check: {}: {hosts} hosts, {resources} resources, 0 problems",
            session.cluster.name()
        )?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `check --format json` of a definition with mistakes: all of them, and the status that says so.
pub(in super::super) fn check_failed(problems: &Problems) -> Result<ExitCode, CliError> {
    writeln!(std::io::stdout().lock(), "{}", json!({ "problems": problems }))?;
    Ok(ExitCode::from(exit_code::USAGE))
}
