use super::apt_source;
use super::apt_words::{complaints, is_locked, may_be_stale, operand, plain_operand, simulated, with_gist};
use super::convert::command;
use super::debian_version;
use super::dpkg::Dpkg;
use super::dpkg_status::PackageState;
use super::files::Files;
use super::process::Call;
use super::services_denied::{Denied, ServicesDenied};
use crate::model::{Ended, Output, PackageChange, PackageRequest, PackageSource, SystemError};
use crate::words::CommandLine;
use std::cmp::Ordering;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

type Result<T> = std::result::Result<T, SystemError>;

/// How long a transaction may take, its downloads included. Ending dpkg halfway is worse than waiting.
const TIME_OUT: Duration = Duration::from_secs(2 * 3600);

/// How often, and after what pause, we try again for the lock of the package lists; for the other locks apt-get waits.
const TRIES: usize = 60;
const PAUSE: Duration = Duration::from_secs(2);

/// A simulation's output has a line for each package.
const SIMULATION_KEPT: usize = 8 * 1024 * 1024;

/// How apt-get is always run: asking nothing, keeping changed configuration files, removing and purging nothing by itself,
/// and taking names as names and never as patterns.
const OPTIONS: [&str; 16] = [
    "-y",
    "-q",
    "-o",
    "Dpkg::Options::=--force-confdef",
    "-o",
    "Dpkg::Options::=--force-confold",
    "-o",
    "Dpkg::Use-Pty=0",
    "-o",
    "DPkg::Lock::Timeout=600",
    "-o",
    "APT::Get::AutomaticRemove=false",
    "-o",
    "APT::Get::Purge=false",
    "-o",
    "APT::Cmd::Pattern-Only=true",
];

/// What every maintainer script and hook finds: nobody to ask, nothing to show, no services to restart.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("DEBIAN_FRONTEND", "noninteractive"),
    ("APT_LISTCHANGES_FRONTEND", "none"),
    ("APT_LISTBUGS_FRONTEND", "none"),
    ("NEEDRESTART_SUSPEND", "1"),
];

/// Package transactions by apt-get, one at a time.
#[derive(Debug, Default)]
pub(super) struct Apt {
    /// Whether the lists of packages were fetched in this run.
    has_updated: Mutex<bool>,
}

impl Apt {
    /// Installs the packages in one transaction that removes nothing and starts no service.
    pub(super) fn install(&self, files: &Files, dpkg: &Dpkg, packages: &[PackageRequest]) -> Result<()> {
        let operands = packages.iter().map(operand).collect::<Result<Vec<_>>>()?;
        if operands.is_empty() {
            return Ok(());
        }
        let mut has_updated = self.has_updated.lock().unwrap_or_else(PoisonError::into_inner);
        let denied = ServicesDenied::begin(files, Denied::Everything)?;
        finish_interrupted(&denied, dpkg)?;
        let words = install_words(dpkg, packages, &operands)?;
        let command = denied.apt_get(&words)?;
        let mut output = call(&command, &denied).run()?;
        if output.ended != Ended::Exit(0) && may_be_stale(&output) && !*has_updated {
            let complaints = update(&denied, &["update"])?;
            *has_updated = complaints.is_empty();
            output = call(&command, &denied).run()?;
            // What is still missing may be in a repository that couldn't be asked.
            output.stderr.extend(
                complaints
                    .iter()
                    .flat_map(|line| format!("\nE: update: {line}").into_bytes()),
            );
        }
        let ended = if output.ended == Ended::Exit(0) {
            Ok(())
        } else {
            Err(failed(&words, &output))
        };
        let lifted = denied.end();
        drop(has_updated);
        ended.and(lifted)?;
        require(dpkg, packages)
    }

    /// Reads what a repository offers.
    pub(super) fn read(&self, files: &Files, source: &PackageSource) -> Result<()> {
        let transaction = self.has_updated.lock().unwrap_or_else(PoisonError::into_inner);
        let denied = ServicesDenied::begin(files, Denied::Everything)?;
        let words = apt_source::words(source);
        let read = update(&denied, &words.iter().map(String::as_str).collect::<Vec<_>>());
        let lifted = denied.end();
        drop(transaction);
        let complaints = read?;
        lifted?;
        match complaints.is_empty() {
            true => Ok(()),
            false => Err(SystemError::Other(format!(
                "read the repository of {}: {}",
                source.file,
                complaints.join("; ")
            ))),
        }
    }

    /// Removes the packages and nothing else, and keeps their configuration.
    pub(super) fn remove(&self, files: &Files, dpkg: &Dpkg, names: &[String]) -> Result<()> {
        let (mut present, mut operands) = (Vec::new(), Vec::new());
        for name in names {
            let operand = plain_operand(name)?;
            if dpkg
                .record(name)?
                .is_some_and(|record| record.state != PackageState::Absent)
            {
                present.push(name.as_str());
                operands.push(operand);
            }
        }
        if present.is_empty() {
            return Ok(());
        }
        let transaction = self.has_updated.lock().unwrap_or_else(PoisonError::into_inner);
        let denied = ServicesDenied::begin(files, Denied::AllButStop)?;
        finish_interrupted(&denied, dpkg)?;
        let words: Vec<&str> = ["remove", "--"]
            .into_iter()
            .chain(operands.iter().map(String::as_str))
            .collect();
        nothing_unasked(&present, simulate(&words)?)?;
        let command = denied.apt_get(&words)?;
        let output = call(&command, &denied).run()?;
        let ended = if output.ended == Ended::Exit(0) {
            Ok(())
        } else {
            Err(failed(&words, &output))
        };
        let lifted = denied.end();
        drop(transaction);
        ended.and(lifted)?;
        for name in present {
            if dpkg
                .record(name)?
                .is_some_and(|record| record.state != PackageState::Absent)
            {
                return Err(SystemError::Other(format!(
                    "remove {name}: apt-get ended well, but dpkg still has it"
                )));
            }
        }
        Ok(())
    }
}

impl ServicesDenied<'_> {
    /// The command that runs apt-get with these words while services are denied.
    fn apt_get(&self, words: &[&str]) -> Result<CommandLine> {
        command(self.wrap(apt_get(words)))
    }
}

fn apt_get(words: &[&str]) -> Vec<String> {
    std::iter::once("apt-get")
        .chain(OPTIONS)
        .chain(words.iter().copied())
        .map(str::to_owned)
        .collect()
}

fn call<'a>(command: &'a CommandLine, denied: &'a ServicesDenied<'_>) -> Call<'a> {
    let mut call = Call::new(command, TIME_OUT);
    call.environment.extend(ENVIRONMENT);
    call.inherited = Some(denied.lock());
    call.outlives_us = true;
    call
}

/// The error that apt-get ended so. It is told without the options that it always gets, which would bury the rest.
fn failed(words: &[&str], output: &Output) -> SystemError {
    match command(["apt-get"].iter().chain(words).copied()) {
        Ok(command) => SystemError::Tool {
            command,
            ended: output.ended,
            stderr: with_gist(output),
        },
        Err(error) => error,
    }
}

/// Finishes what a killed transaction left; apt-get refuses to work before that is done.
fn finish_interrupted(denied: &ServicesDenied<'_>, dpkg: &Dpkg) -> Result<()> {
    if dpkg.unfinished()?.is_empty() {
        return Ok(());
    }
    let words = ["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"];
    let command = command(denied.wrap(words.into_iter().map(str::to_owned).collect()))?;
    // How it ended doesn't matter: what is still broken, apt-get tells better, or mends if it is what is asked for.
    call(&command, denied).run().map(drop)
}

/// Fetches the lists of packages, and tells what couldn't be fetched. That is no error yet: what is needed may be elsewhere.
fn update(denied: &ServicesDenied<'_>, words: &[&str]) -> Result<Vec<String>> {
    let command = command(apt_get(words))?;
    let mut output = call(&command, denied).run()?;
    for _ in 1..TRIES {
        if !is_locked(&output) {
            break;
        }
        std::thread::sleep(PAUSE);
        output = call(&command, denied).run()?;
    }
    Ok(complaints(&output))
}

/// What apt-get is told to install these packages, removing nothing.
pub(super) fn install_words<'a>(
    dpkg: &Dpkg,
    packages: &[PackageRequest],
    operands: &'a [String],
) -> Result<Vec<&'a str>> {
    let mut words = vec!["--no-remove"];
    if asks_for_downgrade(dpkg, packages)? {
        words.push("--allow-downgrades");
    }
    words.extend(["install", "--"]);
    words.extend(operands.iter().map(String::as_str));
    Ok(words)
}

/// Refuses a removal that takes more along than what is to go.
pub(super) fn nothing_unasked(asked: &[&str], changes: Vec<PackageChange>) -> Result<Vec<PackageChange>> {
    let unasked: Vec<String> = changes
        .iter()
        .filter(|change| !is_asked(change, asked))
        .map(described)
        .collect();
    if unasked.is_empty() {
        return Ok(changes);
    }
    let (asked, unasked) = (asked.join(", "), unasked.join(", "));
    Err(SystemError::Other(format!(
        "remove {asked}: that would {unasked}, which nobody asked for"
    )))
}

/// What apt-get says that it would change, told so.
pub(super) fn simulate(words: &[&str]) -> Result<Vec<PackageChange>> {
    let simulation = ["--simulate", "-o", "Debug::NoLocking=true"];
    let all: Vec<&str> = simulation.iter().chain(words).copied().collect();
    let command = command(apt_get(&all))?;
    let mut call = Call::new(&command, TIME_OUT);
    call.environment.extend(ENVIRONMENT);
    call.kept = SIMULATION_KEPT;
    let output = call.run()?;
    if output.ended == Ended::Exit(0) {
        Ok(simulated(&output.stdout))
    } else {
        Err(failed(words, &output))
    }
}

/// Whether an exact version is older than the one that is installed; apt-get wants to be told that this is meant.
fn asks_for_downgrade(dpkg: &Dpkg, packages: &[PackageRequest]) -> Result<bool> {
    for package in packages {
        if let (Some(wanted), Some(record)) = (&package.version, dpkg.record(&package.name)?)
            && record.state != PackageState::Absent
            && debian_version::compare(wanted, &record.version) == Ordering::Less
        {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_asked(change: &PackageChange, names: &[&str]) -> bool {
    let base = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
    change.to.is_none() && names.iter().any(|name| base(name) == base(&change.name))
}

fn described(change: &PackageChange) -> String {
    match &change.to {
        None => format!("remove {}", change.name),
        Some(version) => format!("install {} {version}", change.name),
    }
}

/// apt-get's word isn't enough: each package must be there, in the version that was asked for.
fn require(dpkg: &Dpkg, packages: &[PackageRequest]) -> Result<()> {
    let mut wrong = Vec::new();
    for package in packages {
        let name = &package.name;
        let found = match dpkg.record(name)? {
            Some(record) if record.state == PackageState::Installed => match &package.version {
                Some(wanted) if *wanted != record.version => format!("{name} is there in version {}", record.version),
                _ => continue,
            },
            Some(record) if record.state != PackageState::Absent => {
                format!("the installation of {name} isn't finished")
            }
            _ => format!("{name} isn't there: is it the name of a virtual package?"),
        };
        wrong.push(found);
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(SystemError::Other(format!(
        "install packages: apt-get ended well, but {}",
        wrong.join(", and ")
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn packages_are_installed_without_questions_keep_their_files_and_remove_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let root = crate::system::local::Root::below(directory.path()).unwrap();
        let dpkg = Dpkg::new(std::sync::Arc::new(root));
        let operands = ["mesos=1.9.0".to_owned(), "marathon".to_owned()];
        let words = apt_get(&install_words(&dpkg, &[], &operands).unwrap());
        // One transaction of all of them, whose names no option can follow.
        assert!(
            words.ends_with(&["install", "--", "mesos=1.9.0", "marathon"].map(str::to_owned)),
            "{words:?}"
        );
        for option in [
            "-y",
            "--no-remove",
            "Dpkg::Options::=--force-confold",
            "APT::Get::AutomaticRemove=false",
            "APT::Get::Purge=false",
        ] {
            assert_eq!(
                words.iter().filter(|word| *word == option).count(),
                1,
                "{option} in {words:?}"
            );
        }
        assert!(
            !words
                .iter()
                .any(|word| word.contains("force-confnew") || word.contains("allow-remove"))
        );
        assert!(ENVIRONMENT.contains(&("DEBIAN_FRONTEND", "noninteractive")));
        // A removal that takes another package along is refused by what apt-get says that it would do.
        let change = |name: &str| PackageChange {
            name: name.to_owned(),
            from: Some("1".to_owned()),
            to: None,
        };
        assert!(nothing_unasked(&["mesos"], vec![change("mesos")]).is_ok());
        let error = nothing_unasked(&["mesos"], vec![change("mesos"), change("marathon")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "remove mesos: that would remove marathon, which nobody asked for"
        );
    }

    /// Asks the apt-get of this machine, where there is one.
    #[test]
    fn no_name_is_an_order_to_apt_get() {
        if !Path::new("/usr/bin/apt-get").exists() {
            return;
        }
        // dpkg is known to every apt-get; a package of its name and a sign is known to none.
        for name in ["dpkg+", "dpkg-"] {
            let operand = plain_operand(name).unwrap();
            for verb in ["install", "remove"] {
                let error = simulate(&[verb, "--", &operand]).unwrap_err().to_string();
                assert!(
                    error.ends_with(&format!("Unable to locate package {name}:native")),
                    "{verb} {operand}: {error}"
                );
            }
        }
        assert!(simulate(&["install", "--", "dpkg:native"]).is_ok());
    }
}
