use crate::cli::args::{Format, PlanLanguage};
use crate::cli::error::CliError;
use crate::cli::plan_file::load;
use crate::cli::session::Terminal;
use crate::plan::Plan;
use crate::report::{write_markdown, write_plans};
use crate::words::HostName;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// `show`: a plan that was saved, for people or programs. Needs neither a host nor a definition.
pub(in super::super) fn show(
    terminal: &Terminal<'_>,
    file: &Path,
    language: PlanLanguage,
) -> Result<ExitCode, CliError> {
    let saved = load(file)?;
    let mut out = std::io::stdout().lock();
    let plans: Vec<(HostName, Plan)> = saved
        .hosts
        .iter()
        .map(|(host, saved)| (host.clone(), saved.plan.clone()))
        .collect();
    match (terminal.format, language) {
        (Format::Json, _) => out.write_all(std::fs::read(file)?.as_slice())?,
        (Format::Human, PlanLanguage::Markdown) => write_markdown(&mut out, &saved.cluster, &plans)?,
        (Format::Human, PlanLanguage::Text) => write_plans(&mut out, terminal.paint(), &plans, terminal.verbose)?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
