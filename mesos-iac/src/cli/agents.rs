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

/// This program without its debugging symbols, made with `strip` where there is one. It stands beside the program, so
/// that it is made once for each build. A symbol table of fifty megabytes would else travel to every host.
fn stripped(own: &Path) -> Option<PathBuf> {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let copy = own.with_extension("agent");
    if modified(&copy).is_some_and(|made| modified(own).is_some_and(|built| made > built)) {
        return Some(copy);
    }
    // Two programs that start at once must not write into one file.
    let fresh = own.with_extension(format!("agent-{}", std::process::id()));
    let made = Command::new("strip")
        .arg("-o")
        .args([&fresh, own])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if made && std::fs::rename(&fresh, &copy).is_ok() {
        return Some(copy);
    }
    // There may be nothing to remove, and it matters to nobody if it stays.
    let _left_over = std::fs::remove_file(&fresh);
    None
}
