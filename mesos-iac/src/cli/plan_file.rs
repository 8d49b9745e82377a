//! Plans in files: written by `plan`, shown by `show`, obeyed by `apply`.

use super::error::CliError;
use super::session::Session;
use crate::agent::lacking;
use crate::compile::CompiledHost;
use crate::model::{Catalog, registry};
use crate::plan::{Plan, SavedHost, SavedPlan};
use crate::words::{HostName, fold_names};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What a file with a plan is for.
pub(super) enum PlanFile<'f> {
    /// There is none.
    None,
    /// The plan is written to it.
    Write(&'f Path),
    /// The run does what it says and nothing else.
    Obey(SavedPlan),
}

impl PlanFile<'_> {
    /// The plan that bounds a run on this host.
    pub(super) fn bounds(&self, host: &HostName) -> Option<Plan> {
        match self {
            Self::Obey(saved) => saved.hosts.get(host).map(|saved| saved.plan.clone()),
            Self::None | Self::Write(_) => None,
        }
    }
}

/// What to do where there is no plan.
const MADE: &str = "`plan -o FILE` makes one";

/// The plan in a file.
pub(super) fn load(file: &Path) -> Result<SavedPlan, CliError> {
    let of_file = |why: String| CliError::usage(format!("{}: failed to {why}", file.display()));
    let json = std::fs::read(file).map_err(|error| of_file(format!("read the plan: {error}")).hinted(MADE))?;
    SavedPlan::from_json(&json).map_err(|error| of_file(error.to_string()).hinted(MADE))
}

/// Takes a host's plan into what will be saved.
pub(super) fn keep(planned: &mut SavedPlan, session: &Session<'_>, host: &HostName, plan: &Plan) {
    let compiled = session.compiled.host(host.as_str());
    if let (Some(catalog), Some(compiled)) = (digest(session, host), compiled) {
        let saved = SavedHost {
            catalog,
            kinds: kinds_of(&compiled.catalog),
            plan: plan.clone(),
        };
        planned.hosts.insert(host.clone(), saved);
    }
}

/// Writes a plan to its file.
pub(super) fn save(planned: &SavedPlan, file: &Path) -> Result<(), CliError> {
    let of_file = |why: String| {
        let error = CliError::usage(format!("{}: failed to {why}", file.display()));
        error.hinted("nothing was changed, and the plan isn't saved; name a file that can be written")
    };
    let json = planned.to_json().map_err(|error| of_file(error.to_string()))?;
    std::fs::write(file, json).map_err(|error| of_file(format!("write the plan: {error}")))
}

/// The kinds that a catalog uses, in the versions that this program has.
pub(super) fn kinds_of(catalog: &Catalog) -> BTreeMap<String, u32> {
    let ours = registry::kinds();
    let version = |kind: &str| ours.get(kind).copied().unwrap_or(0);
    let kinds = catalog.kinds();
    kinds.into_iter().map(|kind| (kind.to_owned(), version(kind))).collect()
}

/// A plan is of one definition, and of kinds as they were: where either has changed since, nobody has seen what a run would
/// do. A program that was built anew, from the same definition and the same versions of its kinds, is no such change.
pub(super) fn check_definition(saved: &SavedPlan, session: &Session<'_>) -> Result<(), CliError> {
    let ours = session.cluster.name();
    if saved.cluster != ours {
        let theirs = &saved.cluster;
        let why = format!("failed to apply the plan: it is of the cluster {theirs:?}, and this is {ours:?}");
        return Err(CliError::usage(why));
    }
    let kinds = registry::kinds();
    let planned = saved.hosts.values();
    let lacking: BTreeSet<String> = planned.flat_map(|host| lacking(&host.kinds, &kinds)).collect();
    if !lacking.is_empty() {
        let lacking = Vec::from_iter(lacking).join(", ");
        let why = format!("failed to apply the plan: it was made with kinds that this program doesn't have: {lacking}");
        return Err(CliError::usage(why).hinted("make a new plan with `plan -o FILE`, and have it reviewed"));
    }
    let is_changed = |(name, host): &(&HostName, &SavedHost)| digest(session, name).as_ref() != Some(&host.catalog);
    let changed: Vec<&HostName> = saved.hosts.iter().filter(is_changed).map(|(name, _)| name).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let names = fold_names(changed);
    let why = format!("failed to apply the plan: the definition of {names} has changed since it was made");
    Err(CliError::usage(why).hinted("make a new plan with `plan -o FILE`, with the same inputs as `apply`"))
}

/// Leaves the hosts that a plan is of.
pub(super) fn retain_planned(
    saved: &SavedPlan,
    hosts: &mut Vec<&CompiledHost>,
    limit: Option<&str>,
) -> Result<(), CliError> {
    hosts.retain(|host| saved.hosts.contains_key(host.name()));
    match limit {
        Some(limit) if hosts.is_empty() => {
            let why = format!("failed to apply the plan: `--limit {limit}` selects none of its hosts");
            let names = fold_names(saved.hosts.keys());
            Err(CliError::usage(why).hinted(format!("it is a plan of {names}")))
        }
        _ => Ok(()),
    }
}

fn digest(session: &Session<'_>, host: &HostName) -> Option<String> {
    session.compiled.host(host.as_str())?.catalog.digest().ok()
}
