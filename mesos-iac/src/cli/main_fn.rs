use super::args::{Cli, Command, Format};
use super::commands;
use super::environment::Environment;
use super::error::CliError;
use super::exit_code;
use super::inputs_file;
use super::session::Session;
use crate::compile::Compiled;
use crate::model::{Cluster, Code, Error, Inputs, Problem, Problems, Result};
use clap::Parser as _;
use std::process::ExitCode;

/// The program of a cluster: what `fn main` of every cluster is made of.
///
/// ```no_run
/// use mesos_iac::prelude::*;
///
/// fn cluster() -> Result<Cluster> {
///     Cluster::new("lab").hosts(host("zk1").addr("10.0.0.1")).build()
/// }
///
/// fn main() -> std::process::ExitCode {
///     mesos_iac::main(cluster)
/// }
/// ```
///
/// It reads the command line, has `cluster` make the definition, adds the inputs and does what it is told; see `--help`
/// and [`exit_code`]. When the program was brought to a host to be its agent, `cluster` isn't called.
pub fn main(cluster: impl FnOnce() -> Result<Cluster>) -> ExitCode {
    let environment = Environment::read();
    if let Some(status) = crate::agent_main::run_as_agent() {
        return status;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Printing can only fail if nobody reads; the status says the same.
            let _unheard = error.print();
            // clap's own status for a mistake is 2, which here means "changed".
            return if error.use_stderr() {
                ExitCode::from(exit_code::USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    environment.start_log(cli.global.verbose);
    match run(cli, cluster, &environment) {
        Ok(status) => status,
        Err(error) => {
            if !error.is_broken_pipe() {
                Environment::complain(&error.render(environment.paint_errors()));
            }
            error.exit_code()
        }
    }
}

/// The cluster with its inputs, compiled; or every mistake in it.
fn define(
    cluster: impl FnOnce() -> Result<Cluster>,
    inputs: &Inputs,
) -> std::result::Result<(Cluster, Compiled), Problems> {
    let cluster = cluster().map_err(|error| match error {
        Error::Problems(problems) => problems,
        error => Problem::new(Code::FailedDeclaration, format!("failed to {error}")).into(),
    })?;
    let cluster = cluster.with_inputs(inputs)?;
    let compiled = cluster.compile()?;
    Ok((cluster, compiled))
}

fn run(
    cli: Cli,
    cluster: impl FnOnce() -> Result<Cluster>,
    environment: &Environment,
) -> std::result::Result<ExitCode, CliError> {
    let inputs = inputs_file::gather(&cli.global.set, &cli.global.inputs)?;
    let (cluster, compiled) = match define(cluster, &inputs) {
        Ok(defined) => defined,
        Err(problems) if matches!(cli.command, Command::Check) && cli.global.format == Format::Json => {
            return commands::check_failed(&problems);
        }
        Err(problems) => return Err(problems.into()),
    };
    let session = Session {
        cluster,
        compiled,
        format: cli.global.format,
        verbose: cli.global.verbose > 0,
        environment,
    };
    match cli.command {
        Command::Check => commands::check(&session),
        Command::List { what, selection } => commands::list(&session, what, &selection),
        Command::Explain { host, subject } => commands::explain(&session, &host, subject.as_deref()),
        Command::Render { output, selection } => commands::render(&session, output.as_deref(), &selection),
        Command::Graph { language, selection } => commands::graph(&session, language, &selection),
        Command::Plan {
            place,
            takeover,
            outcome,
        } => commands::plan(&session, &place, &takeover, &outcome),
        Command::Apply {
            place,
            takeover,
            fail_fast,
            outcome,
        } => commands::apply(&session, &place, &takeover, fail_fast, &outcome),
        Command::Run {
            selection,
            connection,
            time_out,
            command,
        } => commands::run(&session, &selection, &connection, time_out, command),
        Command::Trust {
            selection,
            connection,
            yes,
        } => commands::trust(&session, &selection, &connection, yes),
    }
}
