use crate::agent::{Mode, RunOptions};
use crate::cli::args::Place;
use crate::cli::error::CliError;
use crate::cli::plan_file::PlanFile;
use crate::cli::run_over::{What, look_at, run_over, secrets_of};
use crate::cli::selection;
use crate::cli::session::Session;
use crate::compile::CompiledHost;
use crate::fleet::{FleetEvent, HostResult};
use crate::model::nearest;
use crate::report::View;
use crate::words::{HostName, ResourceId, fold_names};
use std::collections::BTreeSet;
use std::process::ExitCode;

/// `forget`: takes resources that left the definition out of the hosts' ledgers, and leaves them where they are.
///
/// The hosts are asked first: a name that none of them knows is a mistake, and nothing is forgotten then.
pub(in super::super) fn forget(
    session: &Session<'_>,
    place: &Place,
    resources: Vec<ResourceId>,
) -> Result<ExitCode, CliError> {
    let (mut orphans, mut unasked) = (BTreeSet::new(), Vec::new());
    let hosts = selection::select(session, place.selection.limit.as_deref())?;
    let what = What {
        command: "forget",
        mode: Mode::Orphans,
        options: RunOptions::default(),
        view: View::Orphans,
        plan: PlanFile::None,
        tells_lasting: false,
    };
    let secrets = secrets_of(&hosts, what.mode)?;
    for event in look_at(session, place, &hosts, &what, &secrets)? {
        match event {
            FleetEvent::HostFinished {
                result: HostResult::Planned(plan),
                ..
            } => orphans.extend(plan.orphans.into_iter().map(|orphan| orphan.id)),
            // The run over the hosts says what it is about them.
            FleetEvent::HostFinished { host, .. } => unasked.push(host),
            _ => {}
        }
    }
    if let Some(resource) = resources.iter().find(|resource| !orphans.contains(resource)) {
        return Err(no_orphan(&hosts, resource, &orphans, &unasked));
    }
    let what = What {
        command: "forget",
        mode: Mode::Forget,
        options: RunOptions {
            forget: resources,
            ..RunOptions::default()
        },
        view: View::Changes,
        ..what
    };
    Ok(run_over(session, place, &what)?.exit(false))
}

/// Why a resource can't be forgotten.
fn no_orphan(
    hosts: &[&CompiledHost],
    resource: &ResourceId,
    orphans: &BTreeSet<ResourceId>,
    unasked: &[HostName],
) -> CliError {
    let desired = hosts.iter().filter(|host| host.catalog.entry(resource).is_some());
    let desired: Vec<&HostName> = desired.map(|host| host.name()).collect();
    let (why, hint) = match desired.is_empty() {
        false => (
            format!("it is in the definition of {}", fold_names(desired)),
            "take it out of the definition first; `orphans` lists what left it".to_owned(),
        ),
        true => {
            let known: Vec<String> = orphans.iter().map(ToString::to_string).collect();
            let known = known.iter().map(String::as_str);
            let otherwise = "`orphans` lists what left the definition";
            (
                "no selected host has it in its ledger".to_owned(),
                nearest(&resource.to_string(), known, otherwise),
            )
        }
    };
    let unasked = match unasked {
        [] => String::new(),
        unasked => format!(" ({} couldn't be asked)", fold_names(unasked)),
    };
    CliError::usage(format!(
        "failed to forget {resource}: {why}{unasked}; nothing was forgotten"
    ))
    .hinted(hint)
}
