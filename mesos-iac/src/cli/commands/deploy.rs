use crate::agent::{Mode, RunOptions};
use crate::cli::args::{DeployArguments, Format, Outcome, Place};
use crate::cli::environment::Environment;
use crate::cli::error::CliError;
use crate::cli::exit_code::{Grade, Verdict};
use crate::cli::plan_file::PlanFile;
use crate::cli::run_over::{Telling, What, look_at, run_on, stoppable};
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
        let run = Deploying {
            session,
            place,
            arguments,
            deployment,
            stop: &stop,
        };
        run.one(&candidates, &mut verdict)?;
    }
    Ok(verdict.exit(outcome.detailed_exitcode))
}

/// The workloads of one scheduler.
struct Deploying<'d> {
    session: &'d Session<'d>,
    place: &'d Place,
    arguments: &'d DeployArguments,
    deployment: &'d Deployment,
    stop: &'d Stop,
}

impl Deploying<'_> {
    fn one(&self, candidates: &[&DeploymentCatalog], verdict: &mut Verdict) -> Result<(), CliError> {
        for (index, candidate) in candidates.iter().enumerate() {
            let host = with_leftovers(candidate);
            let events = look_at(self.session, self.place, &[&host], &what(Mode::Plan))?;
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
        match self.session.format {
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
