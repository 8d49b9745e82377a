//! Packages are installed and removed together, and asked for one by one what became of them.

use super::executor::Change;
use crate::model::{Check, Diff, Entry, Error, PackageRequest, Result, System, SystemError, Work};
use crate::plan::guarded;
use crate::words::ResourceId;
use std::collections::BTreeMap;
use std::time::Instant;

/// Makes all changes in one transaction, or two where some packages go. What the package database says afterwards
/// counts, also after a failure: dpkg reports one for as long as any package of the host can't be configured. Members that
/// a failed transaction left behind are tried one by one, so that a bad one fails alone.
///
/// The versions that are given count where the catalog leaves them open.
///
/// Returns also why the transaction failed, if all its members are as desired in the end: no failure of theirs tells it.
pub(super) fn transact<'c>(
    system: &dyn System,
    changes: Vec<Change<'c>>,
    versions: &BTreeMap<ResourceId, String>,
) -> (Vec<(Change<'c>, Result<()>)>, Option<SystemError>) {
    let began = Instant::now();
    let (mut installed, mut removed) = (Vec::new(), Vec::new());
    for change in &changes {
        match work(change.entry, &change.diff, versions) {
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
            (Ok(()), Ok(false)) => Err(not_as_desired()),
            (Err(error), Ok(false)) if is_alone || !is_worth_another_try(error) => Err(error.clone().into()),
            (Err(_), Ok(false)) => transact_alone(system, &change, versions),
            (_, Err(error)) => Err(error),
        };
        change.took += took;
        (change, done)
    });
    let tried: Vec<_> = tried.collect();
    let are_all_settled = tried.iter().all(|(_, done)| done.is_ok());
    (tried, whole.err().filter(|_| are_all_settled))
}

/// Makes one change, of a package or not, in the version that is given if the catalog leaves it open.
pub(super) fn change_one(
    system: &dyn System,
    entry: &Entry,
    diff: &Diff,
    versions: &BTreeMap<ResourceId, String>,
) -> Result<()> {
    match work(entry, diff, versions) {
        Work::Install(request) => Ok(system.install_packages(&[request])?),
        Work::Remove(name) => Ok(system.remove_packages(&[name])?),
        Work::Alone | Work::Beside => guarded("apply", || entry.resource.behavior().apply(system, diff)),
    }
}

/// The difference that a change made away with: of a package that was installed it tells the version that it got.
pub(super) fn as_made(system: &dyn System, entry: &Entry, diff: Diff) -> Diff {
    match entry.resource.behavior().work(&diff) {
        Work::Install(request) => match system.package(&request.name) {
            Ok(Some(version)) => diff.at_version(&version),
            _ => diff,
        },
        _ => diff,
    }
}

fn work(entry: &Entry, diff: &Diff, versions: &BTreeMap<ResourceId, String>) -> Work {
    match entry.resource.behavior().work(diff) {
        Work::Install(request) => Work::Install(PackageRequest {
            version: request.version.or_else(|| versions.get(&entry.id).cloned()),
            ..request
        }),
        work => work,
    }
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

/// A transaction of one member.
fn transact_alone(system: &dyn System, change: &Change<'_>, versions: &BTreeMap<ResourceId, String>) -> Result<()> {
    let done = change_one(system, change.entry, &change.diff, versions);
    match settled(system, change)? {
        true => Ok(()),
        false => done.and_then(|()| Err(not_as_desired())),
    }
}

/// Whether a member of the transaction is as desired now.
fn settled(system: &dyn System, change: &Change<'_>) -> Result<bool> {
    let behavior = change.entry.resource.behavior();
    Ok(guarded("check", || behavior.check(system))? == Check::NoChange)
}

fn not_as_desired() -> Error {
    Error::message("change it: the transaction succeeded, and the package isn't as desired all the same")
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Ended;
    use crate::words::CommandLine;

    #[test]
    fn a_failure_of_the_network_or_the_disk_isn_t_tried_again_for_each_package() {
        let failed = |stderr: &str| SystemError::Tool {
            command: CommandLine::new(["apt-get", "install"]).unwrap(),
            ended: Ended::Exit(100),
            stderr: stderr.to_owned(),
        };
        for everywhere in [
            "E: Failed to fetch http://deb.debian.org/pool/z.deb  Could not connect to deb.debian.org:80",
            "W: x\nTemporary failure: Could not resolve 'deb.debian.org'",
            "E: Unable to fetch some archives, maybe run apt-get update",
            "dpkg: error: cannot copy: No space left on device",
        ] {
            assert!(!is_worth_another_try(&failed(everywhere)), "{everywhere}");
        }
        for alone in [
            "E: Unable to locate package mesoss",
            "dpkg: error processing package marathon (--configure): exit status 1",
        ] {
            assert!(is_worth_another_try(&failed(alone)), "{alone}");
        }
    }
}
