//! Which executable is brought to hosts.

use super::error::CliError;
use crate::fleet::{AgentProgram, AgentPrograms};
use crate::model::registry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The agents to bring to hosts: those that were named, else a kinds-only one that was built beside this program and has
/// every kind that is needed, else this program.
pub(super) fn agents(named: &[PathBuf], kinds: &BTreeSet<&str>) -> Result<AgentPrograms, CliError> {
    if !named.is_empty() {
        let programs: Result<Vec<AgentProgram>, _> = named.iter().map(|path| AgentProgram::read(path)).collect();
        return Ok(AgentPrograms::new(programs?));
    }
    let own = std::env::current_exe()?;
    if let Some(agent) = kinds_only(&own, kinds) {
        tracing::debug!(agent = %agent.display(), "found a kinds-only agent");
        return Ok(AgentPrograms::new([AgentProgram::read(&agent)?]));
    }
    let shipped = stripped(&own).unwrap_or(own);
    tracing::debug!(agent = %shipped.display(), "ships itself");
    Ok(AgentPrograms::new([AgentProgram::read(&shipped)?]))
}

/// The kinds-only agent beside this program that has every kind that is needed.
fn kinds_only(own: &Path, kinds: &BTreeSet<&str>) -> Option<PathBuf> {
    let agents = beside(own).into_iter();
    agents
        .filter(|agent| agent.is_file())
        .find(|agent| covers(agent, kinds))
}

/// Where `cargo agent` puts a kinds-only agent, and where an installed one stands.
fn beside(own: &Path) -> Vec<PathBuf> {
    const NAME: &str = "mesos-iac-agent";
    let mut places: Vec<PathBuf> = own.parent().map(|directory| directory.join(NAME)).into_iter().collect();
    let target = own
        .ancestors()
        .find(|directory| directory.file_name().is_some_and(|name| name == "target"));
    if let Some(target) = target {
        let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        places.push(target.join(triple).join("agent").join(NAME));
    }
    places
}

/// Whether an agent has every kind that is needed. It is asked, since it is an executable for this machine or it isn't
/// the one that is looked for.
fn covers(agent: &Path, kinds: &BTreeSet<&str>) -> bool {
    let Ok(output) = Command::new(agent).arg("kinds").output() else {
        return false;
    };
    let Ok(theirs) = serde_json::from_slice::<BTreeMap<String, u32>>(&output.stdout) else {
        return false;
    };
    let ours = registry::kinds();
    let is_theirs = |kind: &&str| theirs.get(*kind).is_some_and(|version| ours.get(kind) == Some(version));
    kinds.iter().all(is_theirs)
}

/// This program without its debugging symbols, made with `strip` where there is one. A symbol table of fifty megabytes would
/// else travel to every host.
///
/// The copy stands beside the program under a name that tells which build it is of, since a build that comes back from a
/// cache may be older than a copy of another one.
fn stripped(own: &Path) -> Option<PathBuf> {
    let metadata = std::fs::metadata(own).ok()?;
    let built = metadata.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    let stem = format!("{}.agent-", own.file_name()?.to_str()?);
    let copy = own.with_file_name(format!("{stem}{:x}-{:x}", metadata.len(), built.as_nanos()));
    if copy.is_file() {
        return Some(copy);
    }
    // Two programs that start at once must not write into one file.
    let fresh = own.with_file_name(format!("{stem}new-{}", std::process::id()));
    let made = Command::new("strip")
        .arg("-o")
        .args([&fresh, own])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    remove_copies(own, &stem, &fresh);
    if made && std::fs::rename(&fresh, &copy).is_ok() {
        return Some(copy);
    }
    // There may be nothing to remove, and it matters to nobody if it stays.
    let _left_over = std::fs::remove_file(&fresh);
    None
}

/// Removes the copies of earlier builds, which nobody will ask for again.
fn remove_copies(own: &Path, stem: &str, but: &Path) {
    let entries = own.parent().and_then(|directory| std::fs::read_dir(directory).ok());
    for path in entries.into_iter().flatten().flatten().map(|entry| entry.path()) {
        let is_copy = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with(stem));
        if is_copy && path != but {
            // Another program may have been faster.
            let _gone = std::fs::remove_file(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that says this when it is asked for its kinds. Another process writes it: a descriptor of ours would be
    /// copied into whatever the other tests start at that moment, and what is open for writing can't be run.
    fn agent(place: &Path, says: &str) {
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        let script = "printf '#!/bin/sh\\ncat <<END\\n%s\\nEND\\n' \"$1\" >\"$0\" && chmod 755 \"$0\"";
        let made = Command::new("sh").args(["-c", script]).arg(place).arg(says).status();
        assert!(made.unwrap().success());
    }

    #[test]
    fn an_agent_is_brought_if_it_has_every_kind_that_is_needed() {
        let directory = tempfile::tempdir().unwrap();
        let own = directory.path().join("target/debug/examples/lab");
        let built = beside(&own).pop().unwrap();
        assert!(
            built.starts_with(directory.path().join("target")),
            "{}",
            built.display()
        );
        let needed = BTreeSet::from(["core.file", "core.package"]);
        assert_eq!(kinds_only(&own, &needed), None, "there is none");

        let ours: BTreeMap<&str, u32> = needed.iter().map(|kind| (*kind, registry::kinds()[kind])).collect();
        agent(&built, &serde_json::to_string(&ours).unwrap());
        assert_eq!(kinds_only(&own, &needed), Some(built.clone()));
        let beyond = BTreeSet::from(["core.file", "site.own"]);
        assert_eq!(kinds_only(&own, &beyond), None, "a kind that only this program has");

        let mut later = ours.clone();
        later.insert("core.file", ours["core.file"] + 1);
        for says in [serde_json::to_string(&later).unwrap(), "no kinds".to_owned()] {
            agent(&built, &says);
            assert_eq!(kinds_only(&own, &needed), None, "{says}");
        }

        // One that was installed beside the program comes first.
        let installed = own.with_file_name("mesos-iac-agent");
        agent(&installed, &serde_json::to_string(&ours).unwrap());
        assert_eq!(kinds_only(&own, &needed), Some(installed));
    }
}
