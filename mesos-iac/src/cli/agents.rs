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
    for candidate in beside(&own) {
        if candidate.is_file() && covers(&candidate, kinds) {
            tracing::debug!(agent = %candidate.display(), "found a kinds-only agent");
            return Ok(AgentPrograms::new([AgentProgram::read(&candidate)?]));
        }
    }
    let shipped = stripped(&own).unwrap_or(own);
    tracing::debug!(agent = %shipped.display(), "ships itself");
    Ok(AgentPrograms::new([AgentProgram::read(&shipped)?]))
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
    kinds
        .iter()
        .all(|kind| theirs.get(*kind).copied() == ours.get(kind).copied())
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
