use crate::agent::{Hello, Mode, PROTOCOL, Request, RunOptions, encode_requests, kinds_digest};
use crate::cli::agents::agents;
use crate::cli::args::{Connection, Selection};
use crate::cli::environment::Environment;
use crate::cli::error::CliError;
use crate::cli::exit_code::{Grade, Verdict};
use crate::cli::run_over::{fleet_options, task};
use crate::cli::selection;
use crate::cli::session::Session;
use crate::cli::table::{self, Cell, Row};
use crate::fleet::{FleetEvent, FleetOptions, HostError, HostResult, HostTask, run_hosts};
use crate::model::{CATALOG_FORMAT, Catalog, DeclaredFacts, Facts};
use crate::transport::SshThreadError;
use crate::words::{HostName, visible};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::channel;

/// `facts`: what is true of hosts, whatever the definition says of them.
pub(in super::super) fn facts(
    session: &Session<'_>,
    selected: &Selection,
    connection: &Connection,
    agent: &[PathBuf],
) -> Result<ExitCode, CliError> {
    let mut tasks = Vec::new();
    let mut names = Vec::new();
    for compiled in selection::select(session, selected.limit.as_deref())? {
        let (host, _) = selection::host(session, compiled.name().as_str())?;
        names.push(compiled.name().clone());
        tasks.push(HostTask {
            requests: question(&compiled.catalog)?,
            ..task(host, connection)
        });
    }
    let options = FleetOptions {
        agents: agents(agent, &BTreeSet::new())?,
        ..fleet_options(session.terminal.environment, connection)
    };
    let mut found = BTreeMap::<HostName, Facts>::new();
    let mut failed = BTreeMap::<HostName, HostError>::new();
    let (events, received) = channel();
    std::thread::scope(|scope| {
        let run = scope.spawn(move || run_hosts(tasks, &options, &events));
        for event in &received {
            match event {
                FleetEvent::HostWelcomed { host, facts } => drop(found.insert(host, facts)),
                FleetEvent::HostFinished {
                    host,
                    result: HostResult::Failed(error),
                    ..
                } => drop(failed.insert(host, error)),
                _ => {}
            }
        }
        run.join()
            .unwrap_or_else(|_| Err(SshThreadError::Panicked("without a message".into())))
    })?;
    let rows: Vec<Row> = names
        .iter()
        .filter_map(|host| Some(row(host, found.get(host)?)))
        .collect();
    table::write(&session.terminal, &rows)?;
    let mut verdict = Verdict::new();
    for (host, error) in &failed {
        let paint = session.terminal.environment.paint_errors();
        let hint = error
            .hint()
            .map(|hint| format!("\n  {} {}", paint.cyan("hint:"), visible(&hint)));
        let (word, grade) = match error.is_unreachable() {
            true => ("UNREACHABLE", Grade::Unreachable),
            false => ("REFUSED", Grade::Failed),
        };
        let why = visible(&error.to_string());
        Environment::complain(&format!(
            "{host}  {} failed to {why}{}\n",
            paint.red(word),
            hint.unwrap_or_default()
        ));
        verdict.add(grade);
    }
    Ok(verdict.exit(false))
}

/// What is said to an agent that is to tell nothing but its host's facts: that nothing is expected of the host.
fn question(of: &Catalog) -> Result<Vec<u8>, CliError> {
    let catalog = Catalog {
        format: CATALOG_FORMAT,
        cluster: of.cluster.clone(),
        host: of.host.clone(),
        declared: DeclaredFacts::default(),
        entries: Vec::new(),
    };
    let requests = [
        Request::Hello(Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kinds_digest: kinds_digest([]),
            kinds: BTreeMap::new(),
            declared: DeclaredFacts::default(),
        }),
        Request::Run {
            mode: Mode::Look,
            catalog,
            options: RunOptions::default(),
        },
    ];
    encode_requests(&requests).map_err(|error| CliError::usage(format!("{}: failed to ask: {error}", of.host)))
}

fn row(host: &HostName, facts: &Facts) -> Row {
    Row(vec![
        ("host", Cell::text(host)),
        ("hostname", Cell::text(&facts.hostname)),
        ("os", Cell::text(&facts.os)),
        ("arch", Cell::text(&facts.arch)),
        ("init", Cell::text(&facts.init)),
        (
            "addresses",
            Cell::List(facts.addresses.iter().map(ToString::to_string).collect()),
        ),
    ])
}
