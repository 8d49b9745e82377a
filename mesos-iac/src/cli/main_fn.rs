use super::args::{Cli, Command, Format, Listed};
use super::commands;
use super::environment::Environment;
use super::error::CliError;
use super::exit_code;
use super::inputs_file;
use super::other_tools;
use super::selection;
use super::session::{Session, Terminal};
use crate::lint::{self, Findings};
use crate::model::{Cluster, Inputs, Problems, Result};
use crate::report::View;
use crate::words::visible_lines;
use clap::Parser as _;
use std::io::Write as _;
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
        Err(error) => return instead_of_a_command(&other_tools::explained(error), &environment),
    };
    environment.start_log(cli.global.verbose);
    end(run(cli, cluster, &environment), &environment)
}

/// What clap says: help, which was asked for, or what is wrong with the command line.
fn instead_of_a_command(said: &clap::Error, environment: &Environment) -> ExitCode {
    if !said.use_stderr() {
        let printed = said.print().map_err(CliError::from);
        return end(printed.map(|()| ExitCode::SUCCESS), environment);
    }
    // It repeats arguments as they are, among escapes of its own; without these nothing is left that may not be escaped.
    let repeated = said.context().map(|(_, value)| value.to_string());
    if repeated.into_iter().any(|value| visible_lines(&value) != value) {
        Environment::complain(&visible_lines(&said.render().to_string()));
    } else {
        // If standard error is closed there is nobody to tell; the status says the same.
        let _unheard = said.print();
    }
    // clap's own status for a mistake is 2, which here means "changed".
    ExitCode::from(exit_code::USAGE)
}

/// The status of a command, once all that it said is out.
fn end(outcome: std::result::Result<ExitCode, CliError>, environment: &Environment) -> ExitCode {
    // What is written at the very end of a program can fail without anybody being told. A status that tells of something
    // else stays.
    let told = outcome.and_then(|status| {
        if status == ExitCode::SUCCESS {
            std::io::stdout().flush()?;
        }
        Ok(status)
    });
    told.unwrap_or_else(|error| {
        if !error.is_broken_pipe() {
            Environment::complain(&error.render(environment.paint_errors()));
        }
        error.exit_code()
    })
}

/// The cluster with its inputs, or every mistake in it.
fn define(cluster: impl FnOnce() -> Result<Cluster>, inputs: &Inputs) -> std::result::Result<Cluster, Problems> {
    let cluster = cluster().map_err(|error| error.into_problems(None))?;
    cluster.with_inputs(inputs)
}

/// The cluster compiled, and looked through by lints if they are needed; or every mistake in it.
fn compile(cluster: Cluster, terminal: Terminal<'_>, needs_lints: bool) -> std::result::Result<Session<'_>, Problems> {
    let compiled = cluster.compile()?;
    let findings = match needs_lints {
        true => lint::check(&cluster, &compiled),
        false => Findings::default(),
    };
    Ok(Session {
        cluster,
        compiled,
        findings,
        terminal,
    })
}

fn run(
    cli: Cli,
    cluster: impl FnOnce() -> Result<Cluster>,
    environment: &Environment,
) -> std::result::Result<ExitCode, CliError> {
    let terminal = Terminal {
        format: cli.global.format,
        verbose: cli.global.verbose > 0,
        environment,
    };
    let inputs = inputs_file::gather(&cli.global.set, &cli.global.inputs)?;
    let needs_lints = cli.command.needs_lints();
    let define = || define(cluster, &inputs);
    let compiled = |cluster: Cluster| -> std::result::Result<Session<'_>, CliError> {
        let session = compile(cluster, terminal, needs_lints)?;
        session.heed_lints()?;
        Ok(session)
    };
    match cli.command {
        Command::Check { deny_warnings } => {
            // What lints find is shown by it in a way of its own.
            match define().and_then(|cluster| compile(cluster, terminal, needs_lints)) {
                Err(problems) if terminal.format == Format::Json => commands::check_failed(&problems),
                session => commands::check(&session?, deny_warnings),
            }
        }
        // Whoever looks for what is still to be set has no cluster that compiles.
        Command::Lints { name } => commands::lints(&terminal, name.as_deref()),
        Command::List {
            what: Listed::Attributes,
            all,
            selection,
        } => commands::list_attributes(&terminal, &define()?, all, &selection),
        Command::List { what, all, selection } => commands::list(&compiled(define()?)?, what, all, &selection),
        Command::Explain { host, subject } => {
            let cluster = define()?;
            let index = selection::index_of(&cluster, &host)?;
            match subject.as_deref().and_then(|subject| cluster.attributes().get(subject)) {
                Some(spec) => commands::explain_attribute(&terminal, &cluster, index, spec),
                None => commands::explain(&compiled(cluster)?, &host, subject.as_deref()),
            }
        }
        Command::Render { output, selection } => commands::render(&compiled(define()?)?, output.as_deref(), &selection),
        Command::Graph { language, selection } => commands::graph(&compiled(define()?)?, language, &selection),
        Command::Plan {
            output,
            looking,
            confirm,
        } => commands::plan(
            &compiled(define()?)?,
            &looking,
            View::Changes,
            output.as_deref(),
            confirm,
        ),
        Command::Show { plan, language } => commands::show(&terminal, &plan, language),
        Command::Status(looking) => commands::plan(&compiled(define()?)?, &looking, View::Status, None, false),
        Command::Pending(looking) => commands::plan(&compiled(define()?)?, &looking, View::Pending, None, false),
        Command::Orphans(looking) => commands::plan(&compiled(define()?)?, &looking, View::Orphans, None, false),
        Command::Forget { place, resources } => commands::forget(&compiled(define()?)?, &place, resources),
        Command::Apply {
            place,
            takeover,
            how,
            outcome,
        } => commands::apply(&compiled(define()?)?, &place, &takeover, &how, &outcome),
        Command::Deploy { place, how, outcome } => commands::deploy(&compiled(define()?)?, &place, &how, &outcome),
        Command::Facts {
            selection,
            connection,
            agent,
        } => commands::facts(&compiled(define()?)?, &selection, &connection, &agent),
        Command::Run {
            selection,
            connection,
            time_out,
            command,
        } => commands::run(&compiled(define()?)?, &selection, &connection, time_out, command),
        Command::Trust {
            selection,
            connection,
            yes,
        } => commands::trust(&terminal, &define()?, &selection, &connection, yes),
    }
}
