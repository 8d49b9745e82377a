use crate::cli::args::Format;
use crate::cli::error::{CliError, group};
use crate::cli::exit_code;
use crate::cli::session::Session;
use crate::lint::Allowed;
use crate::model::Problems;
use crate::words::visible;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::ExitCode;

/// `check`: the definition was made and compiled before this is called, so what is left to say is what lints found.
pub(in super::super) fn check(session: &Session<'_>, deny_warnings: bool) -> Result<ExitCode, CliError> {
    let (errors, warnings) = (session.findings.errors(), session.findings.warnings());
    match session.terminal.format {
        Format::Json => {
            let value = json!({
                "cluster": session.cluster.name(),
                "hosts": session.compiled.hosts.len(),
                "resources": resources(session),
                "workloads": workloads(session),
                "problems": errors,
                "warnings": warnings,
                "allowed": session.findings.allowed.iter().map(allowed).collect::<Vec<_>>(),
            });
            writeln!(std::io::stdout().lock(), "{value}")?;
        }
        Format::Human => show(session, &errors, &warnings)?,
    }
    let wrong = !errors.is_empty() || (deny_warnings && !warnings.is_empty());
    Ok(ExitCode::from(if wrong {
        exit_code::USAGE
    } else {
        exit_code::SUCCESS
    }))
}

/// `check --format json` of a definition with mistakes: all of them, and the status that says so.
pub(in super::super) fn check_failed(problems: &Problems) -> Result<ExitCode, CliError> {
    writeln!(std::io::stdout().lock(), "{}", json!({ "problems": problems }))?;
    Ok(ExitCode::from(exit_code::USAGE))
}

fn resources(session: &Session<'_>) -> usize {
    let hosts = session.compiled.hosts.iter();
    hosts.map(|host| host.catalog.resources().count()).sum()
}

fn workloads(session: &Session<'_>) -> usize {
    let deployments = session.compiled.deployments.iter();
    deployments.map(|deployment| deployment.workloads.len()).sum()
}

fn show(session: &Session<'_>, errors: &Problems, warnings: &Problems) -> Result<(), CliError> {
    let paint = session.terminal.paint();
    let mut out = std::io::stdout().lock();
    let marks = [(errors, paint.red("error:")), (warnings, paint.yellow("warning:"))];
    for (problems, mark) in marks {
        for line in group(problems.clone()) {
            match line.starts_with("  ") {
                true => writeln!(out, "{}", visible(&line))?,
                false => writeln!(out, "{mark} {}", visible(&line))?,
            }
        }
    }
    if session.terminal.verbose {
        for allowed in &session.findings.allowed {
            writeln!(
                out,
                "allowed: {}",
                visible(&format!("{}: {}", allowed.finding.problem.message, allowed.by.reason))
            )?;
        }
    }
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let mut summary = vec![
        count(session.compiled.hosts.len(), "host"),
        count(resources(session), "resource"),
    ];
    // Most clusters are declared without what runs on them.
    if workloads(session) > 0 {
        summary.push(count(workloads(session), "workload"));
    }
    summary.push(count(errors.len(), "problem"));
    if !warnings.is_empty() {
        summary.push(count(warnings.len(), "warning"));
    }
    if !session.findings.allowed.is_empty() {
        summary.push(format!("{} allowed", session.findings.allowed.len()));
    }
    writeln!(out, "check: {}: {}", session.cluster.name(), summary.join(", "))?;
    if !(errors.is_empty() && warnings.is_empty()) {
        writeln!(
            out,
            "`lints NAME` says more of each, `.allow(…)` in the definition allows what is meant that way"
        )?;
    }
    Ok(())
}

fn allowed(allowed: &Allowed) -> Value {
    json!({ "problem": allowed.finding.problem, "reason": allowed.by.reason, "at": allowed.by.at })
}
