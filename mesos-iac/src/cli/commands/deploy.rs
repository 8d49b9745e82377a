use crate::agent::{Mode, RunOptions};
use crate::cli::args::{DeployArguments, Format, Outcome, Place};
use crate::cli::environment::Environment;
use crate::cli::error::CliError;
use crate::cli::exit_code::{Grade, Verdict};
use crate::cli::plan_file::PlanFile;
use crate::cli::run_over::{Secrets, Telling, What, look_at, run_on, secrets_of, stoppable};
use crate::cli::selection::select;
use crate::cli::session::Session;
use crate::compile::CompiledHost;
use crate::fleet::{FleetEvent, HostResult, Stop};
use crate::model::{Deployment, DeploymentCatalog, Edge, Provenance, Reason};
use crate::plan::{Plan, Planned};
use crate::report::View;
use crate::words::{ResourceId, visible};
use serde_json::json;
use std::io::Write as _;
use std::process::ExitCode;

/// `deploy`: makes the cluster's apps and jobs so, through the APIs of their schedulers, asked on hosts of the cluster.
pub(in super::super) fn deploy(
    session: &Session<'_>,
    place: &Place,
    arguments: &DeployArguments,
    outcome: &Outcome,
) -> Result<ExitCode, CliError> {
    let mut verdict = Verdict::new();
    let selected = select(session, place.selection.limit.as_deref())?;
    let mode = if arguments.plan { Mode::Plan } else { Mode::Apply };
    let stop = stoppable(mode);
    if session.compiled.deployments.is_empty() {
        let hint = "give the cluster some: `.workload(app(\"/web\"))`";
        return Err(
            CliError::usage("failed to deploy: the definition has no apps and no jobs".to_owned()).hinted(hint),
        );
    }
    let chosen = chosen(session, &selected)?;
    // All schedulers' secrets, before the first of them is asked: one that is missing doesn't leave half of it done.
    let hosts: Vec<CompiledHost> = chosen
        .iter()
        .flat_map(|(_, hosts)| hosts)
        .copied()
        .map(with_leftovers)
        .collect();
    let secrets = secrets_of(&hosts.iter().collect::<Vec<_>>(), mode)?;
    for (deployment, candidates) in &chosen {
        let run = Deploying {
            session,
            place,
            arguments,
            deployment,
            secrets: &secrets,
            stop: &stop,
        };
        run.one(candidates, &mut verdict)?;
    }
    Ok(verdict.exit(outcome.detailed_exitcode))
}

/// Each scheduler's workloads, with the selected hosts on which it can be asked: one at the least.
fn chosen<'s>(
    session: &'s Session<'_>,
    selected: &[&CompiledHost],
) -> Result<Vec<(&'s Deployment, Vec<&'s DeploymentCatalog>)>, CliError> {
    let mut chosen = Vec::new();
    for deployment in &session.compiled.deployments {
        let is_selected =
            |catalog: &&DeploymentCatalog| selected.iter().any(|host| *host.name() == catalog.catalog.host);
        let candidates: Vec<&DeploymentCatalog> = deployment.catalogs.iter().filter(is_selected).collect();
        if candidates.is_empty() {
            let hosts: Vec<&str> = deployment
                .catalogs
                .iter()
                .map(|each| each.catalog.host.as_str())
                .collect();
            let message = format!(
                "failed to deploy: {} is asked on {}",
                deployment.scheduler,
                hosts.join(", ")
            );
            return Err(CliError::usage(message).hinted("let `--limit` leave one of them"));
        }
        chosen.push((deployment, candidates));
    }
    Ok(chosen)
}

/// The workloads of one scheduler.
struct Deploying<'d> {
    session: &'d Session<'d>,
    place: &'d Place,
    arguments: &'d DeployArguments,
    deployment: &'d Deployment,
    secrets: &'d Secrets,
    stop: &'d Stop,
}

impl Deploying<'_> {
    fn one(&self, candidates: &[&DeploymentCatalog], verdict: &mut Verdict) -> Result<(), CliError> {
        for (index, candidate) in candidates.iter().enumerate() {
            let host = with_leftovers(candidate);
            let events = look_at(self.session, self.place, &[&host], &what(Mode::Plan), self.secrets)?;
            let is_last = index + 1 == candidates.len();
            match silence_of(&events) {
                // The last one's silence is told as a run of its own.
                Some(why) if !is_last => {
                    let name = &candidate.catalog.host;
                    let scheduler = &self.deployment.scheduler;
                    let next = &candidates[index + 1].catalog.host;
                    Environment::complain(&format!(
                        "{name}: no {scheduler} here ({}); trying {next}\n",
                        visible(&why)
                    ));
                }
                _ => return self.at(candidate, events, verdict),
            }
        }
        Ok(())
    }

    /// Plans or applies on the host whose plan this is.
    fn at(
        &self,
        candidate: &DeploymentCatalog,
        events: Vec<FleetEvent>,
        verdict: &mut Verdict,
    ) -> Result<(), CliError> {
        let prune = self.arguments.prune;
        let leftovers = candidate.leftovers.as_ref().map(|entry| &entry.id);
        let left = events
            .iter()
            .find_map(plan_of)
            .map(|plan| names(plan, leftovers))
            .unwrap_or_default();
        let host = if prune {
            with_leftovers(candidate)
        } else {
            compiled(candidate)
        };
        if self.arguments.plan {
            let mut telling = Telling::new(self.session, &[&host], &what(Mode::Plan));
            for event in events {
                let event = match (prune, leftovers) {
                    (false, Some(id)) => without(event, id),
                    _ => event,
                };
                telling.take(&event);
            }
            let (grade, told) = telling.finish();
            told?;
            verdict.merge(grade);
        } else {
            verdict.merge(run_on(
                self.session,
                self.place,
                &[&host],
                &what(Mode::Apply),
                self.secrets,
                self.stop,
            )?);
        }
        if !prune && !left.is_empty() {
            self.tell_left(&candidate.catalog.host, &left)?;
            // What left the definition is a difference, also while nobody asks to have it removed.
            verdict.add(Grade::Changed);
        }
        Ok(())
    }

    fn tell_left(&self, host: &crate::words::HostName, left: &[String]) -> Result<(), CliError> {
        let mut out = std::io::stdout().lock();
        let scheduler = &self.deployment.scheduler;
        match self.session.terminal.format {
            Format::Json => {
                let value = json!({ "leftovers": left, "scheduler": scheduler, "host": host });
                writeln!(out, "{value}")?;
            }
            Format::Human => writeln!(
                out,
                "{scheduler} still runs what the definition doesn't have any more: {}; `deploy --prune` removes it",
                visible(&left.join(", "))
            )?,
        }
        Ok(())
    }
}

/// A run that is about the scheduler's state and not about the host's.
fn what(mode: Mode) -> What<'static> {
    What {
        command: "deploy",
        mode,
        options: RunOptions {
            leaves_state: true,
            ..RunOptions::default()
        },
        view: View::Changes,
        plan: PlanFile::None,
        tells_lasting: false,
    }
}

fn compiled(candidate: &DeploymentCatalog) -> CompiledHost {
    CompiledHost {
        catalog: candidate.catalog.clone(),
        provenance: Provenance::default(),
        findings: Vec::new(),
    }
}

/// With the removal of what left the definition, after everything else.
fn with_leftovers(candidate: &DeploymentCatalog) -> CompiledHost {
    let mut host = compiled(candidate);
    if let Some(leftovers) = &candidate.leftovers {
        let mut entry = leftovers.clone();
        entry.after = (host.catalog.entries.iter())
            .map(|before| Edge {
                on: before.id.clone(),
                because: Reason::Declared,
            })
            .collect();
        entry.after.sort();
        host.catalog.entries.push(entry);
    }
    host
}

fn plan_of(event: &FleetEvent) -> Option<&Plan> {
    match event {
        FleetEvent::HostFinished {
            result: HostResult::Planned(plan),
            ..
        } => Some(plan),
        _ => None,
    }
}

/// Why nothing was heard of the scheduler there; `None`: something was.
fn silence_of(events: &[FleetEvent]) -> Option<String> {
    let result = events.iter().find_map(|event| match event {
        FleetEvent::HostFinished { result, .. } => Some(result),
        _ => None,
    })?;
    match result {
        HostResult::Failed(error) => Some(format!("failed to {error}")),
        HostResult::Converged(_) => None,
        HostResult::Planned(plan) => {
            let mut failed = plan.resources.iter().map(|resource| match &resource.planned {
                Planned::Failed(why) => Some(why),
                _ => None,
            });
            // Whatever comes after something that fails is skipped, and says nothing.
            let first = failed.next().flatten()?;
            let rest_is_silent = (plan.resources.iter())
                .all(|resource| matches!(resource.planned, Planned::Failed(_) | Planned::Skipped { .. }));
            rest_is_silent.then(|| format!("failed to {first}"))
        }
    }
}

/// What the scheduler runs and the definition doesn't have any more.
fn names(plan: &Plan, leftovers: Option<&ResourceId>) -> Vec<String> {
    let planned = plan.resources.iter().find(|resource| Some(&resource.id) == leftovers);
    match planned.map(|resource| &resource.planned) {
        Some(Planned::WouldChange(diff)) => diff.changes.iter().map(|change| change.property.clone()).collect(),
        Some(Planned::Unknown {
            as_it_stands: Some(diff),
            ..
        }) => diff.changes.iter().map(|change| change.property.clone()).collect(),
        _ => Vec::new(),
    }
}

/// The event without this resource in its plan.
fn without(event: FleetEvent, id: &ResourceId) -> FleetEvent {
    match event {
        FleetEvent::HostFinished {
            host,
            result: HostResult::Planned(mut plan),
            traffic,
        } => {
            plan.resources.retain(|resource| resource.id != *id);
            FleetEvent::HostFinished {
                host,
                result: HostResult::Planned(plan),
                traffic,
            }
        }
        other => other,
    }
}

#[cfg(all(test, feature = "roles"))]
mod tests {
    use super::*;
    use crate::cli::args::{Cli, Command};
    use crate::cli::session::Terminal;
    use crate::lint::Findings;
    use crate::model::{Declares, ExposeCx, Result, host};
    use crate::prelude::{Cluster, Cx, Role, Secret};
    use crate::roles::Version;
    use crate::roles::chronos::ChronosApi;
    use crate::roles::marathon::MarathonApi;
    use crate::workloads::chronos::job;
    use crate::workloads::marathon::app;
    use clap::Parser as _;

    /// A host where both answer; Marathon wants to know who asks.
    #[derive(Role, Clone)]
    #[role(name = "test-two-schedulers")]
    struct Schedulers;

    impl Declares for Schedulers {
        fn expose(&self, cx: &mut ExposeCx<'_>) -> Result<()> {
            let at = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
            cx.expose(ChronosApi::at(at(1), Version::new(3, 0, 2)));
            let credentials = Secret::from_env("MESOS_IAC_TEST_THAT_NOBODY_SETS");
            cx.expose(MarathonApi::at(at(2), Version::new(1, 5, 15)).credentials(credentials));
            Ok(())
        }

        fn declare(&self, _: &mut Cx<'_>) -> Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_scheduler_is_asked_before_the_secrets_of_all_are_known() {
        let cluster = Cluster::new("lab")
            .hosts(host("m-0").role(Schedulers))
            .workload(job("tidy").command("true").schedule("R/2026-01-01T00:00:00Z/P1D"))
            .workload(app("/web").cmd("./web"))
            .build()
            .unwrap();
        let compiled = cluster.compile().unwrap();
        let names: Vec<&str> = compiled
            .deployments
            .iter()
            .map(|each| each.scheduler.as_str())
            .collect();
        assert_eq!(names, ["chronos", "marathon"], "the one without secrets comes first");
        let environment = Environment::read();
        let session = Session {
            cluster,
            compiled,
            findings: Findings::default(),
            terminal: Terminal {
                format: Format::Human,
                verbose: false,
                environment: &environment,
            },
        };
        let directory = tempfile::tempdir().unwrap();
        for more in [&["--plan"][..], &[]] {
            let words = ["lab", "deploy", "--sandbox", directory.path().to_str().unwrap()];
            let cli = Cli::try_parse_from(words.iter().chain(more)).unwrap();
            let Command::Deploy { place, how, outcome } = cli.command else {
                panic!("another command")
            };
            let error = deploy(&session, &place, &how, &outcome).unwrap_err();
            let text = error.render(crate::report::Paint::plain());
            assert!(text.contains("env:MESOS_IAC_TEST_THAT_NOBODY_SETS"), "{text}");
            assert_eq!(
                std::fs::read_dir(directory.path()).unwrap().count(),
                0,
                "nothing was asked"
            );
        }
    }
}
