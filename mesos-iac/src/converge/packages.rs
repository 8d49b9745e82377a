//! Packages are installed and removed together, and asked for one by one what became of them.

use super::executor::Change;
use crate::model::{Check, Error, PackageRequest, Result, System, SystemError, Work};
use crate::plan::guarded;
use crate::words::ResourceId;
use std::collections::BTreeMap;
use std::time::Instant;

/// Makes all changes in one transaction, or two where some packages go. What the package database says afterwards
/// counts; members that a failed transaction left behind are tried one by one, so that a bad one fails alone.
///
/// The versions that are given count where the catalog leaves them open. What is told of a package that was installed is
/// the version that it got.
pub(super) fn transact<'c>(
    system: &dyn System,
    changes: Vec<Change<'c>>,
    versions: &BTreeMap<ResourceId, String>,
) -> Vec<(Change<'c>, Result<()>)> {
    let began = Instant::now();
    let (mut installed, mut removed) = (Vec::new(), Vec::new());
    let work = |change: &Change<'_>| match change.entry.resource.behavior().work(&change.diff) {
        Work::Install(request) => Work::Install(PackageRequest {
            version: request.version.or_else(|| versions.get(&change.entry.id).cloned()),
            ..request
        }),
        work => work,
    };
    for change in &changes {
        match work(change) {
            Work::Install(request) => installed.push(request),
            Work::Remove(name) => removed.push(name),
            Work::Alone | Work::Beside => {}
        }
    }
    let whole = run(system, &removed, &installed);
    let took = began.elapsed();
    let is_alone = changes.len() == 1;
    let tried = changes.into_iter().map(|mut change| {
        let done = match (&whole, settled(system, &change)) {
            (_, Ok(true)) => Ok(()),
            (Ok(()), Ok(false)) => Err(Error::message(
                "install it: the transaction succeeded, and the package isn't as desired all the same",
            )),
            (Err(error), Ok(false)) if is_alone || !is_worth_another_try(error) => Err(error.clone().into()),
            (Err(_), Ok(false)) => match work(&change) {
                Work::Install(request) => system.install_packages(&[request]).map_err(Error::from),
                Work::Remove(name) => system.remove_packages(&[name]).map_err(Error::from),
                Work::Alone | Work::Beside => {
                    let behavior = change.entry.resource.behavior();
                    guarded("apply", || behavior.apply(system, &change.diff))
                }
            },
            (_, Err(error)) => Err(error),
        };
        if let (Ok(()), Work::Install(request)) = (&done, work(&change))
            && let Ok(Some(version)) = system.package(&request.name)
        {
            change.diff = change.diff.at_version(&version);
        }
        change.took += took;
        (change, done)
    });
    tried.collect()
}

fn run(system: &dyn System, removed: &[String], installed: &[PackageRequest]) -> std::result::Result<(), SystemError> {
    if !removed.is_empty() {
        system.remove_packages(removed)?;
    }
    if !installed.is_empty() {
        system.install_packages(installed)?;
    }
    Ok(())
}

/// Whether a member of the transaction is as desired now.
fn settled(system: &dyn System, change: &Change<'_>) -> Result<bool> {
    let behavior = change.entry.resource.behavior();
    Ok(guarded("check", || behavior.check(system))? == Check::NoChange)
}

/// A failure that every member would meet again by itself isn't worth trying each of them for.
fn is_worth_another_try(error: &SystemError) -> bool {
    match error {
        SystemError::Tool { stderr, .. } => {
            let everywhere = [
                "Could not resolve",
                "Failed to fetch",
                "Unable to fetch",
                "Could not connect",
                "No space left",
            ];
            !everywhere.iter().any(|sign| stderr.contains(sign))
        }
        SystemError::TimedOut { .. } | SystemError::Start { .. } | SystemError::Unsupported { .. } => false,
        _ => true,
    }
}
