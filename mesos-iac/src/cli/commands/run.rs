use crate::cli::args::{Connection, Format, Selection};
use crate::cli::error::CliError;
use crate::cli::exit_code::{Grade, Verdict};
use crate::cli::run_over::{fleet_options, task};
use crate::cli::selection;
use crate::cli::session::Session;
use crate::fleet::{CommandResult, run_command};
use crate::words::{CommandLine, HumanDuration, visible};
use serde_json::json;
use std::io::Write;
use std::process::ExitCode;

/// `run -- CMD`: runs a command on the hosts and shows what each says, behind its name.
pub(in super::super) fn run(
    session: &Session<'_>,
    selected: &Selection,
    connection: &Connection,
    time_out: HumanDuration,
    command: Vec<String>,
) -> Result<ExitCode, CliError> {
    let command = CommandLine::new(command).map_err(|error| CliError::usage(error.to_string()))?;
    let mut tasks = Vec::new();
    for compiled in selection::select(session, selected.limit.as_deref())? {
        let (host, _) = selection::host(session, compiled.name().as_str())?;
        tasks.push(task(host, connection));
    }
    let results = run_command(
        tasks,
        &command,
        &fleet_options(session.terminal.environment, connection),
        time_out.0,
    )?;
    let mut verdict = Verdict::new();
    let mut out = std::io::stdout().lock();
    for result in &results {
        match session.terminal.format {
            Format::Json => writeln!(out, "{}", to_json(result))?,
            Format::Human => show(&mut out, session, result, time_out)?,
        }
        match &result.result {
            Ok(captured) if captured.status.success() && !result.timed_out => {}
            Ok(_) => verdict.add(Grade::Failed),
            Err(_) => verdict.add(Grade::Unreachable),
        }
    }
    Ok(verdict.exit(false))
}

fn show(
    out: &mut impl Write,
    session: &Session<'_>,
    result: &CommandResult,
    time_out: HumanDuration,
) -> Result<(), CliError> {
    let (host, paint) = (&result.host, session.terminal.paint());
    match &result.result {
        Ok(captured) => {
            for line in String::from_utf8_lossy(&captured.stdout).lines() {
                writeln!(out, "{host}  {}", visible(line))?;
            }
            for line in String::from_utf8_lossy(&captured.stderr).lines() {
                writeln!(out, "{host}  {}", paint.dim(&visible(line)))?;
            }
            if captured.truncated {
                writeln!(out, "{host}  {}", paint.yellow("(the rest of the output was cut)"))?;
            }
            if result.timed_out {
                let words = format!("not done after {time_out}, so it was ended ({})", captured.status);
                writeln!(out, "{host}  {}", paint.red(&words))?;
                writeln!(
                    out,
                    "{host}  {} give it more time with `--time-out`",
                    paint.cyan("hint:")
                )?;
            } else if !captured.status.success() {
                writeln!(out, "{host}  {}", paint.red(&format!("{}", captured.status)))?;
            }
        }
        Err(error) => {
            writeln!(
                out,
                "{host}  {} failed to {}",
                paint.red("UNREACHABLE"),
                visible(&error.to_string())
            )?;
            if let Some(hint) = error.hint() {
                writeln!(out, "{host}  {} {}", paint.cyan("hint:"), visible(&hint))?;
            }
        }
    }
    Ok(())
}

fn to_json(result: &CommandResult) -> serde_json::Value {
    match &result.result {
        Ok(captured) => json!({
            "host": result.host,
            "exit_status": captured.status.code,
            "signal": captured.status.signal,
            "stdout": String::from_utf8_lossy(&captured.stdout),
            "stderr": String::from_utf8_lossy(&captured.stderr),
            "truncated": captured.truncated,
            "timed_out": result.timed_out,
        }),
        Err(error) => json!({ "host": result.host, "error": format!("failed to {error}"), "hint": error.hint() }),
    }
}
