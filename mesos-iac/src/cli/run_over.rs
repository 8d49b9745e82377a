//! What `plan` and `apply` have in common: a run over hosts or sandboxes, and its report.

use super::agents::agents;
use super::args::{Connection, Format, Place};
use super::environment::Environment;
use super::error::CliError;
use super::exit_code::{Grade, Verdict};
use super::plan_file::{self, PlanFile};
use super::selection;
use super::session::Session;
use super::signals::stop_on_signals;
use crate::agent::{Hello, Mode, PROTOCOL, Request, RunOptions, SecretValue, encode_requests, kinds_digest};
use crate::compile::CompiledHost;
use crate::converge::Event;
use crate::fleet::{
    AgentPrograms, Confirmation, FleetEvent, FleetOptions, HostResult, HostTask, SecretError, Stop, resolve_secrets,
    run_hosts, run_sandboxes,
};
use crate::model::{Catalog, Host, UnfitSecret};
use crate::plan::{SavedPlan, lasting_text};
use crate::report::{Declared, JsonReporter, Reporter, RunReporter, Tally, View};
use crate::transport::{SshOptions, Target};
use crate::words::{HostName, SecretSource, SecretText, fold_names, visible_lines};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::mpsc::channel;

pub(super) type Secrets = BTreeMap<SecretSource, SecretText>;

/// What is to be done on the hosts, and what is told of it.
pub(super) struct What<'f> {
    /// The command's name, which begins the last line.
    pub(super) command: &'static str,
    pub(super) mode: Mode,
    pub(super) options: RunOptions,
    pub(super) view: View,
    pub(super) plan: PlanFile<'f>,
    /// Whether it is told of each plan what couldn't be undone.
    pub(super) tells_lasting: bool,
}

/// Plans or applies, tells what happens, and returns the verdict.
pub(super) fn run_over(session: &Session<'_>, place: &Place, what: &What<'_>) -> Result<Verdict, CliError> {
    let mut hosts = selection::select(session, place.selection.limit.as_deref())?;
    if let PlanFile::Obey(saved) = &what.plan {
        plan_file::check_definition(saved, session)?;
        plan_file::retain_planned(saved, &mut hosts, place.selection.limit.as_deref())?;
    }
    let secrets = secrets_of(&hosts, what.mode)?;
    run_on(session, place, &hosts, what, &secrets, &stoppable(what.mode))
}

/// What a signal asks to stop, if the run changes anything.
pub(super) fn stoppable(mode: Mode) -> Stop {
    let stop = Stop::new();
    if !mode.only_looks() && stop_on_signals(&stop).is_err() {
        Environment::complain(
            "no signal is listened to: one ends the program at once, and the hosts stop by themselves\n",
        );
    }
    stop
}

/// Plans or applies these catalogs, tells what happens, and returns the verdict.
pub(super) fn run_on(
    session: &Session<'_>,
    place: &Place,
    hosts: &[&CompiledHost],
    what: &What<'_>,
    secrets: &Secrets,
    stop: &Stop,
) -> Result<Verdict, CliError> {
    let mode = what.mode;
    let mut telling = Telling::new(session, hosts, what);
    let mut planned = SavedPlan::new(session.cluster.name());
    let declared = hosts
        .iter()
        .fold(Declared::new(), |all, host| all.host(host.name(), &host.provenance));
    let mut take = |event: FleetEvent| {
        if let FleetEvent::HostFinished { host, result, .. } = &event
            && let HostResult::Planned(plan) = result
        {
            plan_file::keep(&mut planned, session, host, plan);
        }
        if let Some(note) = Some(&event)
            .filter(|_| what.tells_lasting)
            .and_then(|event| lasting(hosts, event))
        {
            telling.take(&note);
        }
        telling.take(&declared.complete(event));
    };
    carry(session, place, hosts, what, secrets, stop, &mut take)?;
    let (mut verdict, told) = telling.finish();
    if let PlanFile::Write(file) = what.plan {
        plan_file::save(&planned, file)?;
        Environment::complain(&visible_lines(&format!("saved in {}\n", file.display())));
    }
    if stop.is_requested() {
        verdict.add(Grade::Stopped);
    }
    if let Err(error) = told
        // The status is still worth having for whoever read enough of the report.
        && error.kind() != std::io::ErrorKind::BrokenPipe
    {
        verdict.add(Grade::Failed);
        let hint = match mode {
            Mode::Plan | Mode::Orphans | Mode::Look => "nothing was changed; have the plan written where there is room",
            Mode::Apply | Mode::Forget | Mode::Confirm => {
                "the run went on to its end all the same; `plan` shows what is left to do"
            }
        };
        let error = CliError::from(error).hinted(hint);
        Environment::complain(&error.render(session.terminal.environment.paint_errors()));
    }
    Ok(verdict)
}

/// Looks at these catalogs' hosts and tells nobody: everything that happened.
pub(super) fn look_at(
    session: &Session<'_>,
    place: &Place,
    hosts: &[&CompiledHost],
    what: &What<'_>,
    secrets: &Secrets,
) -> Result<Vec<FleetEvent>, CliError> {
    let mut events = Vec::new();
    let mut take = |event| events.push(event);
    carry(session, place, hosts, what, secrets, &Stop::new(), &mut take)?;
    Ok(events)
}

/// What a run comes to for people or programs, while it goes on.
pub(super) struct Telling {
    reporter: Box<dyn Reporter>,
    tally: Tally,
    broken: Option<std::io::Error>,
}

impl Telling {
    pub(super) fn new(session: &Session<'_>, hosts: &[&CompiledHost], what: &What<'_>) -> Self {
        let names: Vec<HostName> = hosts.iter().map(|host| host.name().clone()).collect();
        Self {
            reporter: reporter(session, &names, what),
            tally: Tally::default(),
            broken: None,
        }
    }

    pub(super) fn take(&mut self, event: &FleetEvent) {
        self.tally.count(event);
        // A reader that goes away doesn't end a run; it is told of once the run is over.
        if self.broken.is_none() {
            self.broken = self.reporter.take(event).err();
        }
    }

    /// The last line, and the verdict; an error if not all of it could be told.
    pub(super) fn finish(mut self) -> (Verdict, std::io::Result<()>) {
        let told = self.broken.map_or_else(|| self.reporter.finish(&self.tally), Err);
        (verdict(&self.tally), told)
    }
}

/// The values of the secrets that are needed for this.
pub(super) fn secrets_of(hosts: &[&CompiledHost], mode: Mode) -> Result<Secrets, CliError> {
    let mut needed = BTreeSet::new();
    for host in hosts.iter().filter(|_| mode.needs_secrets()) {
        needed.extend(host.catalog.secrets()?);
    }
    match resolve_secrets(&needed, Environment::variable) {
        Ok(values) => {
            if !values.is_empty() {
                check_fit(hosts, &values)?;
            }
            Ok(values)
        }
        Err(errors) => {
            let errors = errors.into_iter().map(|error| with_users(error, hosts));
            Err(errors
                .reduce(CliError::and)
                .unwrap_or_else(|| CliError::usage("failed to read secrets")))
        }
    }
}

/// Holds the values against the places that they are to be written to.
fn check_fit(hosts: &[&CompiledHost], values: &Secrets) -> Result<(), CliError> {
    let mut unfit = BTreeMap::<UnfitSecret, BTreeMap<String, Vec<&HostName>>>::new();
    for host in hosts {
        for (id, wrong) in host.catalog.unfit_secrets(values)? {
            let users = unfit.entry(wrong).or_default();
            users.entry(id.to_string()).or_default().push(host.name());
        }
    }
    let errors = unfit.into_iter().map(|(wrong, users)| needed_by(wrong.into(), users));
    errors.reduce(CliError::and).map_or(Ok(()), Err)
}

/// Does it on the hosts or in sandboxes.
fn carry(
    session: &Session<'_>,
    place: &Place,
    hosts: &[&CompiledHost],
    what: &What<'_>,
    secrets: &Secrets,
    stop: &Stop,
    take: &mut dyn FnMut(FleetEvent),
) -> Result<(), CliError> {
    let mode = what.mode;
    let options = |catalog: &Catalog| RunOptions {
        who: session.terminal.environment.who(),
        bounds: what.plan.bounds(&catalog.host),
        ..what.options.clone()
    };
    let Some(directory) = &place.sandbox else {
        let encode = |catalog: &Catalog, mode: Mode| requests(catalog, secrets, mode, options(catalog));
        let within = what.options.confirm.as_ref().map(|confirm| confirm.within.0);
        let confirmation = |catalog: &Catalog| -> Result<Option<Confirmation>, CliError> {
            let Some(within) = within else { return Ok(None) };
            let requests = encode(catalog, Mode::Confirm)?;
            Ok(Some(Confirmation { requests, within }))
        };
        let task = |catalog: &Catalog, task: HostTask| {
            Ok(HostTask {
                requests: encode(catalog, mode)?,
                confirmation: confirmation(catalog)?,
                ..task
            })
        };
        return over_ssh(session, place, hosts, &task, stop, take);
    };
    let catalogs: Vec<Catalog> = hosts.iter().map(|host| host.catalog.clone()).collect();
    run_sandboxes(&catalogs, directory, mode, &options, secrets, stop, take);
    Ok(())
}

/// What of a plan couldn't be undone.
fn lasting(hosts: &[&CompiledHost], event: &FleetEvent) -> Option<FleetEvent> {
    let FleetEvent::HostFinished {
        host,
        result: HostResult::Planned(plan),
        ..
    } = event
    else {
        return None;
    };
    let compiled = hosts.iter().find(|compiled| compiled.name() == host)?;
    Some(FleetEvent::Host {
        host: host.clone(),
        event: Event::Noted(lasting_text(&compiled.catalog, plan)?),
    })
}

/// The error, with what needs the secret.
fn with_users(error: SecretError, hosts: &[&CompiledHost]) -> CliError {
    let mut users = BTreeMap::<String, Vec<&HostName>>::new();
    for host in hosts {
        for id in host.catalog.users_of(&error.secret).unwrap_or_default() {
            users.entry(id.to_string()).or_default().push(host.name());
        }
    }
    needed_by(error.into(), users)
}

/// The error, with the resources that it concerns and their hosts.
fn needed_by(error: CliError, users: BTreeMap<String, Vec<&HostName>>) -> CliError {
    let lines: Vec<String> = users
        .into_iter()
        .map(|(id, hosts)| format!("needed by {id} on {}", fold_names(hosts)))
        .collect();
    error.detailed(&lines.join("\n"))
}

fn reporter(session: &Session<'_>, names: &[HostName], what: &What<'_>) -> Box<dyn Reporter> {
    let out = std::io::LineWriter::new(std::io::stdout());
    match session.terminal.format {
        Format::Json => Box::new(JsonReporter::new(out, what.command)),
        Format::Human => {
            let progress = Environment::shows_progress();
            let paint = session.terminal.paint();
            let reporter = RunReporter::new(out, paint, names, session.terminal.verbose, what.command, progress);
            Box::new(reporter.showing(what.view))
        }
    }
}

fn verdict(tally: &Tally) -> Verdict {
    let mut verdict = Verdict::new();
    for (grade, hosts) in [
        (Grade::Changed, tally.hosts_changed + tally.hosts_unknown),
        (Grade::Locked, tally.hosts_locked),
        // A run that stops by itself, at its first failure or without its controller, didn't do all that it was to do.
        (Grade::Failed, tally.hosts_failed + tally.hosts_stopped),
        (Grade::Failed, tally.hosts_damaged),
        (Grade::Unreachable, tally.hosts_unreachable),
    ] {
        if hosts > 0 {
            verdict.add(grade);
        }
    }
    verdict
}

fn over_ssh(
    session: &Session<'_>,
    place: &Place,
    hosts: &[&CompiledHost],
    with_requests: &dyn Fn(&Catalog, HostTask) -> Result<HostTask, CliError>,
    stop: &Stop,
    take: &mut dyn FnMut(FleetEvent),
) -> Result<(), CliError> {
    let kinds: BTreeSet<&str> = hosts.iter().flat_map(|host| host.catalog.kinds()).collect();
    let options = FleetOptions {
        agents: agents(&place.agent, &kinds)?,
        stop: stop.clone(),
        ..fleet_options(session.terminal.environment, &place.connection)
    };
    let mut tasks = Vec::new();
    for host in hosts {
        let (declared, _) = selection::host(session, host.name().as_str())?;
        tasks.push(with_requests(&host.catalog, task(declared, &place.connection))?);
    }
    let (events, received) = channel();
    std::thread::scope(|scope| {
        let run = scope.spawn(move || run_hosts(tasks, &options, &events));
        received.iter().for_each(&mut *take);
        run.join()
            .unwrap_or_else(|_| Err(crate::transport::SshThreadError::Panicked("without a message".into())))
    })?;
    Ok(())
}

/// Where a host is and how it is logged in to; what is said to its agent is left open.
pub(super) fn task(host: &Host, connection: &Connection) -> HostTask {
    HostTask {
        host: host.name().clone(),
        target: Target {
            host: host.name().to_string(),
            address: host.reached_at().to_owned(),
            port: host.ssh_port(),
            user: connection.user.clone().or_else(|| host.login().map(ToOwned::to_owned)),
            host_keys: host.pinned_keys().to_vec(),
        },
        arch: host.declared_arch().cloned(),
        requests: Vec::new(),
        confirmation: None,
    }
}

/// How hosts are reached; without agents.
pub(super) fn fleet_options(environment: &Environment, connection: &Connection) -> FleetOptions {
    let or_usual = |given: &[PathBuf], usual: Vec<PathBuf>| if given.is_empty() { usual } else { given.to_vec() };
    FleetOptions {
        method: connection.transport.into(),
        ssh: SshOptions {
            known_hosts: or_usual(&connection.known_hosts, environment.usual_known_hosts()),
            identities: or_usual(&connection.identity, environment.usual_identities()),
            // Keys that were named are the only ones: an agent with many keys would use up the attempts of a login.
            agent_socket: if connection.identity.is_empty() {
                environment.agent_socket()
            } else {
                None
            },
            connect_timeout: connection.connect_timeout.0,
            openssh_program: PathBuf::from("ssh"),
            openssh_config: connection.ssh_config.clone(),
            fresh_connection: false,
        },
        agents: AgentPrograms::default(),
        parallel: connection.parallel.get(),
        silence: connection.silence.0,
        stop: Stop::new(),
    }
}

fn requests(catalog: &Catalog, secrets: &Secrets, mode: Mode, options: RunOptions) -> Result<Vec<u8>, CliError> {
    let kinds = plan_file::kinds_of(catalog);
    let of_host = catalog.secrets()?;
    // Only the hosts that use a secret receive it.
    let values = of_host.into_iter().filter_map(|source| {
        let base64 = BASE64.encode(secrets.get(&source)?.expose());
        Some(SecretValue { source, base64 })
    });
    let requests = [
        Request::Hello(Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kinds_digest: kinds_digest(kinds.iter().map(|(name, version)| (name.as_str(), *version))),
            kinds,
            declared: catalog.declared.clone(),
        }),
        Request::Secrets(values.collect()),
        Request::Run {
            mode,
            catalog: catalog.clone(),
            options,
        },
    ];
    encode_requests(&requests)
        .map_err(|error| CliError::usage(format!("{}: failed to encode the catalog: {error}", catalog.host)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit_code;
    use crate::kinds::file;
    use crate::model::{Cluster, FormedSecret, SecretForm, host};
    use crate::report::Paint;
    use crate::words::Secret;
    use mesos_iac_macros::Role;

    #[derive(Role, Clone)]
    #[role(name = "login")]
    #[resource(file("/etc/login").content(login()))]
    #[resource(file("/etc/login.json").content(SecretForm::Json.of(&Secret::from_env("LOGIN"))))]
    struct Login;

    fn login() -> FormedSecret {
        SecretForm::Word.of(&Secret::from_env("LOGIN"))
    }

    #[test]
    fn a_secret_that_its_place_cannot_carry_is_told_with_the_place_and_without_its_value() {
        let cluster = Cluster::new("x")
            .hosts(host("a").role(Login))
            .hosts(host("b").role(Login));
        let compiled = cluster.build().unwrap().compile().unwrap();
        let hosts: Vec<&CompiledHost> = compiled.hosts.iter().collect();
        let with = |value: &str| {
            let source = SecretSource::Environment("LOGIN".into());
            check_fit(&hosts, &BTreeMap::from([(source, SecretText::new(value.into()))]))
        };
        assert!(with("hunter\"2").is_ok());
        let told = with("hunter 2").unwrap_err().render(Paint::plain());
        assert_eq!(
            told,
            "error: failed to write the secret env:LOGIN as a word: expected one word: text without white space and control \
             characters; give it such a value\n  needed by file[/etc/login] on a,b\n"
        );
    }

    #[test]
    fn what_may_change_is_not_nothing_to_change() {
        let tally = Tally {
            hosts: 1,
            hosts_unknown: 1,
            ..Tally::default()
        };
        let verdict = verdict(&tally);
        assert_eq!(
            (verdict.status(true), verdict.status(false)),
            (exit_code::CHANGED, exit_code::SUCCESS)
        );
    }
}
